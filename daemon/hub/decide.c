/* decide.c - the hub's own lines: into the journal first, with the hub's stamp. */
#include <stdlib.h>
#include <string.h>

#include "hub/hub_inner.h"
#include "log/chain.h"
#include "log/roster.h"
#include "log/vouch.h"

/* Read back what was written, hash and append it. */
static enum pmj_code
append_line(struct hub *hub, const struct buf *line, enum entry_status status, int64_t *n,
    uint8_t *e_out, struct pmj_error *err)
{
	uint8_t e[PMJ_ENTRY_BYTES];
	struct entry entry = {.json = NULL};
	struct entries_new new_entry = {.entry = &entry, .origin = ENTRY_OWN, .status = status};
	enum pmj_code rc;
	bool known;

	if ((rc = buf_check(line, err)) != PMJ_OK)
		return rc;
	chain_entry(e, line->bytes, line->len);
	if ((rc = line_read(&entry, buf_text(line), line->len, e, err)) != PMJ_OK)
		return rc;
	new_entry.line = buf_text(line);
	new_entry.len = line->len;
	rc = entries_append(hub->journal, &new_entry, n, &known, err);
	if (e_out != NULL)
		memcpy(e_out, e, sizeof(e));
	entry_close(&entry);
	return rc;
}

static void
draft_begin(struct hub *hub, struct line_draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	hub->os->random(hub->os->ctx, draft->n, sizeof(draft->n));
	draft->by = ring_device_id(hub->ring);
	draft->rv = -1;
}

/* `more` is stolen. */
static enum pmj_code
put_control(struct hub *hub, struct line_draft *draft, const char *kind, json_t *more, int64_t *n,
    uint8_t *e, struct pmj_error *err)
{
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_MAX);
	draft->kind = kind;
	draft->more = more;
	line_write(&line, draft);
	if (strcmp(kind, "ctl.release") == 0 || strcmp(kind, "ctl.hold") == 0)
		/* its reader may have to prove it (returned.c) */
		vouch_put(&line, hub->ring);
	rc = append_line(hub, &line, ENTRY_CONTROL, n, e, err);
	buf_close(&line);
	json_decref(more);
	return rc;
}

enum pmj_code
decide_control(
    struct hub *hub, const char *kind, json_t *more, int64_t *n, uint8_t *e, struct pmj_error *err)
{
	struct line_draft draft;
	enum pmj_code rc;

	draft_begin(hub, &draft);
	if ((rc = hub_stamp(hub, &draft.pt, &draft.counter, err)) != PMJ_OK) {
		json_decref(more);
		return rc;
	}
	return put_control(hub, &draft, kind, more, n, e, err);
}

enum pmj_code
decide_follow(
    struct hub *hub, const char *kind, json_t *more, int64_t *n, uint8_t *e, struct pmj_error *err)
{
	struct line_draft draft;

	draft_begin(hub, &draft);
	hub_stamp_or_last(hub, &draft.pt, &draft.counter);
	return put_control(hub, &draft, kind, more, n, e, err);
}

enum pmj_code
decide_entry(struct hub *hub, const struct kind *kind, const uint8_t rec[static PMJ_RECORD_BYTES],
    const json_t *set, const json_t *was, int64_t *n, struct pmj_error *err)
{
	struct line_draft draft;
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_MAX);
	draft_begin(hub, &draft);
	if ((rc = hub_stamp(hub, &draft.pt, &draft.counter, err)) != PMJ_OK)
		goto out;
	draft.kind = kind->name;
	draft.kv = kind->version;
	draft.rec = rec;
	draft.rv = hub_roster_version(hub);
	draft.set = set;
	draft.was = was;
	line_write(&line, &draft);
	vouch_put(&line, hub->ring);
	rc = append_line(hub, &line, ENTRY_ADMITTED, n, NULL, err);
out:
	buf_close(&line);
	return rc;
}

/* Version and hash of the last statement: 0 and zeros before the first. */
static enum pmj_code
roster_head(struct hub *hub, int64_t *ver, uint8_t head[static 32], struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT ver, hash FROM pmj_roster ORDER BY ver DESC LIMIT 1");
	enum pmj_code rc;
	bool row;

	*ver = 0;
	memset(head, 0, 32);
	if ((rc = sql_row(q, &row, err)) != PMJ_OK || !row)
		return rc;
	*ver = sql_col_int(q, 0);
	(void)sql_col_copy(q, 1, head, 32);
	sql_done(q);
	return PMJ_OK;
}

enum pmj_code
roster_keep(
    struct hub *hub, const struct roster_statement *statement, int64_t n, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_roster(ver, hash, n, op, device) VALUES(?1, ?2, ?3, ?4, ?5)");
	uint8_t device[PMJ_DEVICE_BYTES];
	bool named = json_unhex(statement->p, "device", device, sizeof(device));

	(void)sql_int(q, 1, (int64_t)statement->ver);
	(void)sql_blob(q, 2, statement->hash, sizeof(statement->hash));
	(void)sql_int(q, 3, n);
	(void)sql_text(q, 4, statement->op);
	(void)sql_blob(q, 5, named ? device : NULL, sizeof(device));
	return sql_run(q, err);
}

/* Coordinators and supervisors get every statement; whom it is about gets it from whoever decides.
 */
static enum pmj_code
tell_office(
    struct hub *hub, const struct roster_statement *statement, int64_t n, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT mailbox FROM pmj_device WHERE mailbox IS NOT NULL AND state = 'live' AND role"
	    " IN ('supervisor', 'coordinator') AND device IS NOT ?1");
	uint8_t device[PMJ_DEVICE_BYTES], mailbox[PMJ_MAILBOX_BYTES];
	bool named = json_unhex(statement->p, "device", device, sizeof(device)), row;
	enum pmj_code rc;

	(void)sql_blob(q, 1, named ? device : NULL, sizeof(device));
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		(void)sql_col_copy(q, 0, mailbox, sizeof(mailbox));
		if ((rc = sync_queue(hub->sync, mailbox, n, false, err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	return rc;
}

enum pmj_code
decide_statement(struct hub *hub, json_t *fields, int64_t *n, int64_t *ver, struct pmj_error *err)
{
	struct roster_statement statement = {.p = NULL};
	uint8_t head[32];
	json_t *line = NULL;
	enum pmj_code rc;

	if ((rc = roster_head(hub, ver, head, err)) != PMJ_OK)
		goto out;
	if (*ver < hub_roster_floor(hub))
		*ver = hub_roster_floor(hub);
	*ver += 1;
	line = roster_make(hub->ring, (uint64_t)*ver, head, os_now(hub->os), fields);
	if ((rc = roster_read(&statement, line, ring_op_pk(hub->ring), err)) != PMJ_OK)
		goto out;
	if ((rc = decide_control(
	         hub, "ctl.roster", json_pack("{s:O}", "statement", line), n, NULL, err)) != PMJ_OK)
		goto out;
	if ((rc = roster_keep(hub, &statement, *n, err)) == PMJ_OK) {
		ring_set_roster(hub->ring, (uint64_t)*ver, statement.hash);
		rc = tell_office(hub, &statement, *n, err);
	}
out:
	roster_statement_close(&statement);
	json_decref(line);
	json_decref(fields);
	return rc;
}

int64_t
hub_roster_version(struct hub *hub)
{
	uint8_t head[32];
	int64_t ver;

	return roster_head(hub, &ver, head, NULL) == PMJ_OK ? ver : 0;
}

enum pmj_code
decide_end(struct hub *hub, enum pmj_code rc, struct pmj_error *err)
{
	if (rc == PMJ_OK)
		return journal_commit(hub->journal, err);
	journal_rollback(hub->journal);
	return rc;
}
