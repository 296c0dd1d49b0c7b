/* lines.c - own control lines. */
#include "sync/lines.h"
#include "sync/device_inner.h"

#include <stdlib.h>
#include <string.h>

enum pmj_code
lines_own(struct sync *sync, struct buf *out, const char *kind, json_t *more, struct pmj_error *err)
{
	struct line_draft draft = {.kind = kind, .kv = 0, .rv = -1, .more = more};

	sync->os->random(sync->os->ctx, draft.n, sizeof(draft.n));
	draft.by = ring_device_id(journal_ring(sync->journal));
	sync->hooks.stamp(sync->hooks.ctx, &draft.pt, &draft.counter);
	line_write(out, &draft);
	json_decref(more);
	return buf_check(out, err);
}

enum pmj_code
sync_line_own(
    struct sync *sync, struct buf *out, const char *kind, json_t *more, struct pmj_error *err)
{
	return lines_own(sync, out, kind, more, err);
}

static bool
lines_owe(const struct lane *lane)
{
	return lane->count_seq > lane->told_seq;
}

static json_t *
lines_receipt(const struct lane *lane)
{
	return json_pack("{s:o,s:I,s:o}", "inc", json_hex(lane->inc, sizeof(lane->inc)), "seq",
	    (json_int_t)lane->seq, "chain", json_hex(lane->chain, sizeof(lane->chain)));
}

enum pmj_code
lines_ack(struct sync *sync, const struct sync_peer *peer, json_t **more, int64_t *from,
    struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	json_t *list = json_array();
	enum pmj_code rc;

	*more = NULL;
	*from = 0;
	if ((rc = lane_list(sync, &lanes, &count, peer->mailbox, false, err)) != PMJ_OK)
		goto out;
	/* What was not told yet before all else, or it never has room beside many that are open. */
	for (int again = 0; again < 2; again++)
		for (size_t i = count;
		     i-- > 0 && json_array_size(list) < PMJ_LIVE_INCARNATIONS_MAX;) {
			const struct lane *lane = &lanes[i];

			/* A fork's id is ours, not its writer's. A closed lane is told of once
			 * more, when lines of it came in. */
			if (memcmp(lane->inc, lane->real, sizeof(lane->inc)) != 0 ||
			    lane->seq == 0 || lines_owe(lane) != (again == 0) ||
			    (again == 1 && lane->closed))
				continue;
			json_array_append_new(list, lines_receipt(lane));
			if (again == 0 && json_array_size(list) == PMJ_LIVE_INCARNATIONS_MAX)
				*from = lane->id;
		}
	if (json_array_size(list) > 0) {
		*more = json_object();
		json_object_set(*more, "lanes", list);
		if (sync->hooks.ack_more != NULL)
			sync->hooks.ack_more(sync->hooks.ctx, peer, *more);
		link_tell(sync, *more);
	}
out:
	json_decref(list);
	free(lanes);
	return rc;
}

json_t *
lines_hello(struct journal *journal)
{
	char *name = journal_text(journal, "name");
	char *role = journal_text(journal, "role");
	json_t *more = json_object();
	uint8_t came[PMJ_ENTRY_BYTES];
	struct ring_epoch epoch, all[RING_EPOCHS_MAX];
	size_t count = ring_epochs(journal_ring(journal), all, RING_EPOCHS_MAX);

	ring_epoch_current(journal_ring(journal), &epoch);
	if (name != NULL)
		json_object_set_new(more, "name", json_string(name));
	if (role != NULL)
		json_object_set_new(more, "role", json_string(role));
	if (journal_blob(journal, DEVICE_CAME_BY, came, sizeof(came)))
		json_object_set_new(more, "place", json_hex(came, sizeof(came)));
	json_object_set_new(more, "version", json_string(PAMOJA_VERSION));
	json_object_set_new(more, "epochs",
	    json_pack("[{s:I,s:o,s:I}]", "epoch", (json_int_t)epoch.epoch, "pk",
	        json_hex(epoch.pk, sizeof(epoch.pk)), "from", (json_int_t)epoch.created_ms));
	for (size_t i = 0; i < count; i++)
		if (all[i].state == 1)
			json_object_set_new(more, "next",
			    json_pack("{s:I,s:o,s:I}", "epoch", (json_int_t)all[i].epoch, "pk",
			        json_hex(all[i].pk, sizeof(all[i].pk)), "from",
			        (json_int_t)all[i].created_ms));
	free(name);
	free(role);
	return more;
}

enum pmj_code
lines_queue_hello(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool urgent,
    struct pmj_error *err)
{
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_MAX);
	rc = lines_own(sync, &line, "ctl.hello", lines_hello(sync->journal), err);
	if (rc == PMJ_OK)
		rc = sync_queue_line(sync, mailbox, buf_text(&line), line.len, urgent, err);
	buf_close(&line);
	return rc;
}

/* With `recv` where it is for a laptop. */
static enum pmj_code
lines_wrap(struct sync *sync, struct buf *out, int64_t n, const char *kind, bool recv,
    struct pmj_error *err)
{
	struct entry_raw raw;
	json_t *more;
	enum pmj_code rc;

	if ((rc = entries_raw(sync->journal, &raw, n, err)) != PMJ_OK)
		return rc;
	if (raw.line == NULL)
		return pmj_fail(err, PMJ_NOT_FOUND, "entry %lld is only a stub", (long long)n);
	more = json_object();
	json_object_set_new(more, "line", json_stringn(raw.line, raw.len));
	if (recv)
		json_object_set_new(more, "recv",
		    json_pack("[I,i]", (json_int_t)raw.recv_ms, (int)raw.recv_counter));
	free(raw.line);
	return lines_own(sync, out, kind, more, err);
}

enum pmj_code
lines_forward(struct sync *sync, struct buf *out, int64_t n, struct pmj_error *err)
{
	return lines_wrap(sync, out, n, "ctl.fwd", true, err);
}

enum pmj_code
lines_return(struct sync *sync, struct buf *out, int64_t n, struct pmj_error *err)
{
	return lines_wrap(sync, out, n, "ctl.return", false, err);
}
