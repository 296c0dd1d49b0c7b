/* photo_says.c - a laptop asks whether a photo is whole here, and is told which parts are not. What
 * others wrote is taken back from it where this hub was restored from a backup and lacks it (9). */
#include <string.h>

#include "base/text.h"
#include "hub/hub_inner.h"
#include "sync/erase.h"
#include "sync/photo.h"

#define AUTHOR_MS DAY_MS      /* so long its author may come by, before another gives it back */
#define GIVER_MS (3 * DAY_MS) /* so long one laptop has to, before another is asked for it */

static struct sql *
bind_word(struct sql *q, const uint8_t *rec, const struct photo_word *word)
{
	(void)sql_blob(sql_blob(q, 1, rec, PMJ_RECORD_BYTES), 2, word->hash, sizeof(word->hash));
	return sql_blob(q, 3, word->of, sizeof(word->of));
}

/* Whoever's copy: that it gives the hash is all that counts. */
static bool
is_whole_here(struct hub *hub, const uint8_t *rec, const struct photo_word *word)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT 1 FROM pmj_photo WHERE rec = ?1 AND hash = ?2 AND part = 1 AND whole = 1");

	(void)sql_blob(sql_blob(q, 1, rec, PMJ_RECORD_BYTES), 2, word->hash, sizeof(word->hash));
	return sql_any(q, false);
}

/* Where all of them are here and were not read through, all: with the next one that is. */
static enum pmj_code
look_up_lacks(struct hub *hub, const uint8_t *rec, struct photo_word *word, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT part FROM pmj_photo WHERE rec = ?1 AND hash = ?2 AND by = ?3");
	bool here[PHOTO_PARTS_MAX + 1] = {false}, row;
	int64_t count = 0;
	enum pmj_code rc;

	(void)bind_word(q, rec, word);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		here[sql_col_int(q, 0)] = true;
		count++;
	}
	sql_done(q);
	for (int64_t part = 1; part <= word->parts; part++)
		if (!here[part] || count == word->parts)
			word->lacks[word->lack_count++] = (uint8_t)part;
	return rc;
}

static bool
author_may_come(struct hub *hub, const uint8_t *author)
{
	struct hub_device device;

	return office_device(hub, &device, author, NULL) == PMJ_OK &&
	       strcmp(device.state, "live") == 0;
}

/* One laptop at a time gives back what another wrote: all that were assigned a person have it. */
static enum pmj_code
is_wanted_of(struct hub *hub, bool *wanted, const uint8_t *rec, const struct photo_word *word,
    const uint8_t *giver, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_photo_wanted(rec, hash, by, since_ms, giver, at_ms)"
	    " VALUES(?1, ?2, ?3, ?4, x'', 0) ON CONFLICT(rec, hash, by) DO NOTHING");
	int64_t now = os_now(hub->os), wait = author_may_come(hub, word->of) ? AUTHOR_MS : 0;
	enum pmj_code rc;

	*wanted = false;
	if ((rc = sql_run(sql_int(bind_word(q, rec, word), 4, now), err)) != PMJ_OK)
		return rc;
	q = sql_get(hub->journal,
	    "UPDATE pmj_photo_wanted SET giver = ?4, at_ms = ?5 WHERE rec = ?1 AND hash = ?2 AND"
	    " by = ?3 AND since_ms <= ?5 - ?6 AND (giver IN (?4, x'') OR at_ms <= ?5 - ?7)");
	(void)sql_int(sql_blob(bind_word(q, rec, word), 4, giver, PMJ_DEVICE_BYTES), 5, now);
	if ((rc = sql_run(sql_int(sql_int(q, 6, wait), 7, GIVER_MS), err)) == PMJ_OK)
		*wanted = sql_changes(hub->journal) > 0;
	return rc;
}

static enum pmj_code
say(struct hub *hub, const struct sync_peer *peer, const uint8_t *rec, struct photo_word *word,
    struct pmj_error *err)
{
	struct buf line;
	enum pmj_code rc;

	word->asks = false;
	buf_init(&line, PMJ_LINE_MAX);
	rc = sync_line_own(hub->sync, &line, PHOTO_KIND, photo_word_line(word, rec), err);
	if (rc == PMJ_OK)
		rc = sync_queue_line(
		    hub->sync, peer->mailbox, buf_text(&line), line.len, false, err);
	buf_close(&line);
	return rc;
}

enum pmj_code
photo_asked(
    struct hub *hub, const struct sync_peer *peer, const struct entry *entry, struct pmj_error *err)
{
	struct photo_word word;
	struct pmj_error unread;
	enum pmj_code rc = PMJ_OK;
	bool wanted = true;

	if (photo_word_read(&word, entry->json, &unread) != PMJ_OK || !word.asks)
		return journal_event(hub->journal, "line_refused", "refused",
		    "a laptop asked for a photo, and did not say for which", err);
	if (erase_is_gone(hub->journal, entry->rec))
		return PMJ_OK;
	if (!is_whole_here(hub, entry->rec, &word)) {
		if (memcmp(word.of, peer->device, sizeof(word.of)) != 0)
			rc = is_wanted_of(hub, &wanted, entry->rec, &word, peer->device, err);
		if (rc == PMJ_OK && wanted)
			rc = look_up_lacks(hub, entry->rec, &word, err);
	}
	return rc == PMJ_OK && wanted ? say(hub, peer, entry->rec, &word, err) : rc;
}

/* Only of whom it was asked for: who could give back anything could spoil what its author sends. */
bool
photo_may_return(
    struct hub *hub, const struct entry *entry, const uint8_t giver[static PMJ_DEVICE_BYTES])
{
	struct sql *q = sql_get(hub->journal, "SELECT 1 FROM pmj_photo_wanted WHERE rec = ?1 AND"
	                                      " hash = ?2 AND by = ?3 AND giver = ?4");
	struct photo_part part;
	struct pmj_error unread;
	struct photo_word word;

	if (photo_read(&part, NULL, entry->json, &unread) != PMJ_OK)
		return false;
	memcpy(word.hash, part.hash, sizeof(word.hash));
	memcpy(word.of, entry->by, sizeof(word.of));
	(void)bind_word(q, entry->rec, &word);
	return sql_any(sql_blob(q, 4, giver, PMJ_DEVICE_BYTES), false);
}

/* It is here: nobody is asked for it any more. */
enum pmj_code
photo_not_wanted(struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "DELETE FROM pmj_photo_wanted WHERE rec = ?1 AND EXISTS (SELECT 1 FROM pmj_photo p"
	    " WHERE p.rec = ?1 AND p.hash = pmj_photo_wanted.hash AND p.whole = 1)");

	return sql_run(sql_blob(q, 1, rec, PMJ_RECORD_BYTES), err);
}
