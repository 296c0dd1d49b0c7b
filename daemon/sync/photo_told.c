/* photo_told.c - what a laptop asks its hub of photos, and is told: that a receipt covers the parts
 * says that they were read, not that they were taken, nor that they still stand there. Only the
 * hub's own word does; and what it lacks by that goes again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/lines.h"
#include "sync/photo.h"
#include "sync/queue.h"

#define ASKED_AT_ONCE 8

struct asked {
	uint8_t rec[PMJ_RECORD_BYTES];
	struct photo_word word;
};

static struct sql *
bind_asked(struct sql *sql, const struct asked *asked)
{
	sql_blob(sql_blob(sql, 1, asked->rec, sizeof(asked->rec)), 2, asked->word.hash,
	    sizeof(asked->word.hash));
	return sql_blob(sql, 3, asked->word.of, sizeof(asked->word.of));
}

/* ---- to be asked ---- */

/* Whole ones of which no part waits or is on its way, and of which the hub did not say that it has
 * them; one that was asked for is asked for again a day later. Of those that others wrote only what
 * a hub that was restored may lack has a row. */
static enum pmj_code
to_ask(struct sync *sync, struct asked *out, size_t *count, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT p.rec,p.hash,p.by,p.parts FROM pmj_photo p LEFT JOIN pmj_photo_told t ON"
	    " t.rec=p.rec AND t.hash=p.hash AND t.by=p.by WHERE p.part=1 AND p.whole=1 AND (p.own=1"
	    " OR t.rec IS NOT NULL) AND coalesce(t.state,?1)=?1 AND (coalesce(t.asked_ms,0)=0 OR"
	    " t.asked_ms>?2 OR t.asked_ms<=?2-?3) AND NOT EXISTS(SELECT 1 FROM pmj_photo q WHERE"
	    " q.rec=p.rec AND q.hash=p.hash AND q.by=p.by AND (EXISTS(SELECT 1 FROM pmj_queue w"
	    " WHERE w.n=q.n) OR EXISTS(SELECT 1 FROM pmj_sent s WHERE s.n=q.n))) LIMIT ?4");
	enum pmj_code rc;
	bool row;

	*count = 0;
	sql_int(sql_int(sql, 1, PHOTO_TO_ASK), 2, os_now(sync->os));
	sql_int(sql_int(sql, 3, DAY_MS), 4, ASKED_AT_ONCE);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		struct asked *asked = &out[(*count)++];

		*asked = (struct asked){.word = {.asks = true, .parts = sql_col_int(sql, 3)}};
		(void)sql_col_copy(sql, 0, asked->rec, sizeof(asked->rec));
		(void)sql_col_copy(sql, 1, asked->word.hash, sizeof(asked->word.hash));
		(void)sql_col_copy(sql, 2, asked->word.of, sizeof(asked->word.of));
	}
	sql_done(sql);
	return rc;
}

static enum pmj_code
ask(struct sync *sync, const uint8_t *mailbox, const struct asked *asked, struct pmj_error *err)
{
	struct sql *sql;
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_MAX);
	rc = lines_own(sync, &line, PHOTO_KIND, photo_word_line(&asked->word, asked->rec), err);
	if (rc == PMJ_OK)
		rc = sync_queue_line(sync, mailbox, buf_text(&line), line.len, false, err);
	buf_close(&line);
	if (rc != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal,
	    "INSERT INTO pmj_photo_told(rec,hash,by,state,asked_ms,gave_ms) VALUES(?1,?2,?3,?4,?5,"
	    "0) ON CONFLICT(rec,hash,by) DO UPDATE SET asked_ms=?5");
	(void)sql_int(bind_asked(sql, asked), 4, PHOTO_TO_ASK);
	return sql_run(sql_int(sql, 5, os_now(sync->os)), err);
}

/* ---- told ---- */

enum pmj_code
photo_answered(
    struct journal *journal, const struct entry *entry, const char **refused, struct pmj_error *err)
{
	struct asked asked;
	struct pmj_error unread;
	struct sql *sql;

	*refused = NULL;
	memcpy(asked.rec, entry->rec, sizeof(asked.rec));
	if (photo_word_read(&asked.word, entry->json, &unread) != PMJ_OK || asked.word.asks) {
		*refused = "it says nothing of a photo";
		return PMJ_OK;
	}
	/* Only of what was asked for: it may be gone from here since. */
	sql = sql_get(journal, "UPDATE pmj_photo_told SET state=?4,lacks=?5"
	                       " WHERE rec=?1 AND hash=?2 AND by=?3 AND asked_ms>0");
	(void)sql_int(
	    bind_asked(sql, &asked), 4, asked.word.lack_count == 0 ? PHOTO_AT_HUB : PHOTO_LACKS);
	return sql_run(sql_blob(sql, 5, asked.word.lacks, asked.word.lack_count), err);
}

/* One of which parts are to go again. */
static enum pmj_code
next_lacked(
    struct sync *sync, struct asked *out, int64_t *gave_ms, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT rec,hash,by,gave_ms,lacks FROM pmj_photo_told WHERE state=?1 LIMIT 1");
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = sql_row(sql_int(sql, 1, PHOTO_LACKS), found, err)) == PMJ_OK && *found) {
		const uint8_t *lacks = sql_col_blob(sql, 4, &out->word.lack_count);

		(void)sql_col_copy(sql, 0, out->rec, sizeof(out->rec));
		(void)sql_col_copy(sql, 1, out->word.hash, sizeof(out->word.hash));
		(void)sql_col_copy(sql, 2, out->word.of, sizeof(out->word.of));
		*gave_ms = sql_col_int(sql, 3);
		if (out->word.lack_count > sizeof(out->word.lacks))
			out->word.lack_count = sizeof(out->word.lacks);
		if (out->word.lack_count > 0)
			memcpy(out->word.lacks, lacks, out->word.lack_count);
	}
	sql_done(sql);
	return rc;
}

/* What others wrote goes back as it was (ctl.return). */
static enum pmj_code
give_part(struct sync *sync, const uint8_t *mailbox, int64_t n, bool own, struct pmj_error *err)
{
	enum pmj_code rc;

	if (own)
		return photo_again(sync, mailbox, n, err);
	if ((rc = queue_forget_sent(sync, mailbox, n, err)) != PMJ_OK)
		return rc;
	return photo_queue(sync, mailbox, n, true, err);
}

static enum pmj_code
give_parts(
    struct sync *sync, const uint8_t *mailbox, const struct asked *asked, struct pmj_error *err)
{
	bool own = memcmp(asked->word.of, ring_device_id(journal_ring(sync->journal)),
	               sizeof(asked->word.of)) == 0;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < asked->word.lack_count && rc == PMJ_OK; i++) {
		struct photo_part part = {.part = asked->word.lacks[i]};
		int64_t n;

		memcpy(part.hash, asked->word.hash, sizeof(part.hash));
		if ((n = photo_number(sync->journal, asked->rec, &part, asked->word.of)) != 0)
			rc = give_part(sync, mailbox, n, own, err);
	}
	return rc;
}

/* At once the first time; what it lacks then too, once a day: a hub that takes no more of them (or
 * of this record) costs no more than that. */
static enum pmj_code
give_lacked(struct sync *sync, const uint8_t *mailbox, bool *found, struct pmj_error *err)
{
	int64_t now_ms = os_now(sync->os), gave_ms = 0;
	struct asked asked;
	struct sql *sql;
	bool now;
	enum pmj_code rc = next_lacked(sync, &asked, &gave_ms, found, err);

	if (rc != PMJ_OK || !*found)
		return rc;
	now = gave_ms == 0 || gave_ms > now_ms || now_ms - gave_ms >= DAY_MS;
	if (now && (rc = give_parts(sync, mailbox, &asked, err)) != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal,
	    "UPDATE pmj_photo_told SET state=?4,asked_ms=CASE WHEN ?5 THEN 0 ELSE asked_ms END,"
	    "gave_ms=CASE WHEN ?5 THEN ?6 ELSE gave_ms END,lacks=NULL"
	    " WHERE rec=?1 AND hash=?2 AND by=?3");
	(void)sql_int(bind_asked(sql, &asked), 4, PHOTO_TO_ASK);
	return sql_run(sql_int(sql_int(sql, 5, now), 6, now_ms), err);
}

enum pmj_code
photo_ask(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool *queued,
    struct pmj_error *err)
{
	struct asked asked[ASKED_AT_ONCE];
	int64_t gave_ms;
	size_t count;
	bool lacks;
	enum pmj_code rc;

	*queued = false;
	if (ring_is_hub(journal_ring(sync->journal)) || !photo_hub_tells(sync->journal) ||
	    !photo_hub_takes(sync->journal))
		return PMJ_OK;
	if ((rc = next_lacked(sync, &asked[0], &gave_ms, &lacks, err)) != PMJ_OK ||
	    (rc = to_ask(sync, asked, &count, err)) != PMJ_OK || (count == 0 && !lacks))
		return rc;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	if (lacks)
		rc = give_lacked(sync, mailbox, &lacks, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = ask(sync, mailbox, &asked[i], err);
	*queued = rc == PMJ_OK;
	return sync_end(sync, rc, err);
}

enum pmj_code
photo_untold(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "DELETE FROM pmj_photo_told WHERE rec=?1");

	return sql_run(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), err);
}
