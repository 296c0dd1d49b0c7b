/* epochs.c - our own seal keys (7.4): each is used for 90 days, the next is published 30 days
 * before its use, and a secret is destroyed when nobody seals to it any more. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "store/sql.h"
#include "sync/lane.h"
#include "sync/lines.h"

#define USE_DAYS 90
#define PUBLISHED_DAYS 30
#define KEPT_DAYS 60                   /* after its end, for a peer that seals to no later one */
#define USED_SINCE "epochs.used_since" /* the present one, ms */
#define LOOK_MS HOUR_MS
/* Something was erased that may lie sealed to the present one: it ends as early as it may (11.3).
 */
#define EARLY "epochs.early"

/* Those of one state, of which there is one or none but for the ended ones. */
static bool
epoch_in(struct sync *sync, int state, struct ring_epoch *out)
{
	struct ring_epoch all[RING_EPOCHS_MAX];
	size_t count = ring_epochs(journal_ring(sync->journal), all, RING_EPOCHS_MAX);

	for (size_t i = 0; i < count; i++)
		if (all[i].state == state) {
			*out = all[i];
			return true;
		}
	return false;
}

/* Is this the key of a later epoch than `epoch`? */
static bool
is_later(struct sync *sync, const uint8_t *pk, uint32_t epoch)
{
	struct ring_epoch all[RING_EPOCHS_MAX];
	size_t count = ring_epochs(journal_ring(sync->journal), all, RING_EPOCHS_MAX);

	for (size_t i = 0; i < count; i++)
		if (all[i].epoch > epoch && memcmp(all[i].pk, pk, sizeof(all[i].pk)) == 0)
			return true;
	return false;
}

/* Does what this peer wrote last seal to a later epoch? A new epoch is a new incarnation, and what
 * was not acked of the ones before it comes again in it. */
static enum pmj_code
has_moved(
    struct sync *sync, const uint8_t *mailbox, uint32_t epoch, bool *moved, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT reader_pk FROM pmj_lane WHERE mailbox=?1 AND ours=0 AND closed=0 AND inc=real"
	    " AND segno>0 ORDER BY id DESC LIMIT 1");
	uint8_t pk[32];
	enum pmj_code rc;
	bool row;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK)
		*moved = row && sql_col_copy(sql, 0, pk, sizeof(pk)) && is_later(sync, pk, epoch);
	sql_done(sql);
	return rc;
}

static enum pmj_code
all_moved(struct sync *sync, uint32_t epoch, bool *moved, struct pmj_error *err)
{
	uint8_t(*mailboxes)[PMJ_MAILBOX_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc = sync->hooks.mailboxes(sync->hooks.ctx, &mailboxes, &count, err);

	*moved = true;
	for (size_t i = 0; i < count && rc == PMJ_OK && *moved; i++) {
		struct sync_peer peer;

		if ((rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailboxes[i], err)) == PMJ_OK &&
		    !peer.gone)
			rc = has_moved(sync, mailboxes[i], epoch, moved, err);
	}
	free(mailboxes);
	return rc;
}

/* The present one ends, and the next is in use. */
static enum pmj_code
take_turn(struct sync *sync, const struct ring_epoch *now, const struct ring_epoch *next,
    int64_t now_ms, struct pmj_error *err)
{
	struct ring *ring = journal_ring(sync->journal);
	enum pmj_code rc = journal_put_int(sync->journal, USED_SINCE, now_ms, err);

	if (rc != PMJ_OK || (rc = journal_put_int(sync->journal, EARLY, 0, err)) != PMJ_OK)
		return rc;
	ring_epoch_state(ring, now->epoch, 3);
	ring_epoch_state(ring, next->epoch, 2);
	return journal_event(
	    sync->journal, "epoch", "ok", "a new seal key is in use from now on", err);
}

static enum pmj_code
destroy_old(
    struct sync *sync, int64_t since_ms, int64_t now_ms, bool *destroyed, struct pmj_error *err)
{
	struct ring_epoch old;
	bool moved = now_ms - since_ms >= KEPT_DAYS * DAY_MS;
	enum pmj_code rc = PMJ_OK;

	if (!epoch_in(sync, 3, &old) ||
	    (!moved && (rc = all_moved(sync, old.epoch, &moved, err)) != PMJ_OK) || !moved)
		return rc;
	ring_epoch_destroy(journal_ring(sync->journal), old.epoch);
	*destroyed = true;
	return journal_event(sync->journal, "epoch", "ok", "an old seal key was destroyed", err);
}

static enum pmj_code
epochs_inside(struct sync *sync, int64_t now_ms, bool may_destroy, struct sync_epochs *out,
    struct pmj_error *err)
{
	struct ring *ring = journal_ring(sync->journal);
	int64_t since_ms = journal_int(sync->journal, USED_SINCE, 0);
	bool early = journal_int(sync->journal, EARLY, 0) != 0;
	struct ring_epoch now, next;
	enum pmj_code rc = PMJ_OK;

	ring_epoch_current(ring, &now);
	if (since_ms == 0) { /* counted from the first look, by the hub's time */
		since_ms = now_ms;
		if ((rc = journal_put_int(sync->journal, USED_SINCE, since_ms, err)) != PMJ_OK)
			return rc;
	}
	if (!epoch_in(sync, 1, &next)) {
		if (early || now_ms - since_ms >= (USE_DAYS - PUBLISHED_DAYS) * DAY_MS) {
			ring_epoch_add(ring, (uint64_t)now_ms);
			if (epoch_in(sync, 1, &next))
				out->made = next.epoch;
		}
	} else if ((early || now_ms - since_ms >= USE_DAYS * DAY_MS) &&
	           now_ms - (int64_t)next.created_ms >= PUBLISHED_DAYS * DAY_MS) {
		rc = take_turn(sync, &now, &next, now_ms, err);
		since_ms = now_ms;
		out->turned = true;
	}
	return rc == PMJ_OK && may_destroy
	           ? destroy_old(sync, since_ms, now_ms, &out->destroyed, err)
	           : rc;
}

enum pmj_code
sync_epochs_early(struct journal *journal, struct pmj_error *err)
{
	return journal_put_int(journal, EARLY, 1, err);
}

enum pmj_code
sync_epochs(struct sync *sync, int64_t now_ms, bool may_destroy, struct sync_epochs *out,
    struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (now_ms <= 0 || (now_ms >= sync->epochs_ms && now_ms - sync->epochs_ms < LOOK_MS))
		return PMJ_OK;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	rc = sync_end(sync, epochs_inside(sync, now_ms, may_destroy, out, err), err);
	if (rc == PMJ_OK)
		sync->epochs_ms = now_ms;
	return rc;
}

void
sync_epochs_undo(struct sync *sync, const struct sync_epochs *done)
{
	if (done->made != 0)
		ring_epoch_destroy(journal_ring(sync->journal), done->made);
	sync->epochs_ms = 0;
}

enum pmj_code
sync_say_key(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	enum pmj_code rc = journal_begin(sync->journal, err);

	return rc == PMJ_OK ? sync_end(sync, lines_queue_hello(sync, mailbox, false, err), err)
	                    : rc;
}
