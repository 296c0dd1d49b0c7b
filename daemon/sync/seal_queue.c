/* seal_queue.c - what waits for a mailbox becomes the lines of a segment, and is taken off the
 * queue. */
#include <stdlib.h>

#include "base/mem.h"
#include "sync/lines.h"
#include "sync/seal_inner.h"

/* May this entry travel in this lane at all? A kind of scope author never leaves; whatever was
 * queued. */
static bool
seal_may_leave(const struct seal *seal, const struct entry_raw *raw)
{
	const struct kind *kind;

	if (seal->peer.writes != LANE_UP || raw->control)
		return true;
	kind = kinds_get(journal_kinds(seal->sync->journal), raw->kind);
	return kind != NULL && kind->scope != SCOPE_AUTHOR;
}

/* The bytes of one waiting item, and what becomes of it. Writes nothing. */
static enum pmj_code
seal_item_bytes(struct seal *seal, const struct queue_item *item, struct buf *line,
    struct seal_taken *taken, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	struct entry_raw raw;
	enum pmj_code rc;

	*taken = (struct seal_taken){.id = item->id, .n = item->n, .forward = item->forward};
	if (item->forward && !sync->hooks.may_have(sync->hooks.ctx, &seal->peer, item->n)) {
		taken->as = SEAL_WITHDRAWN;
		return PMJ_OK;
	}
	if (item->line != NULL) {
		buf_put(line, item->line, item->len);
		return buf_check(line, err);
	}
	if (item->forward) {
		rc = seal->peer.writes == LANE_UP ? lines_return(sync, line, item->n, err)
		                                  : lines_forward(sync, line, item->n, err);
	} else if ((rc = entries_raw(sync->journal, &raw, item->n, err)) == PMJ_OK) {
		if (raw.line == NULL || !seal_may_leave(seal, &raw))
			taken->as = SEAL_NO_MORE;
		else
			buf_put(line, raw.line, raw.len);
		free(raw.line);
		if (taken->as == SEAL_SENT)
			rc = buf_check(line, err);
	}
	if (rc == PMJ_NOT_FOUND) { /* erased since it was queued */
		taken->as = SEAL_NO_MORE;
		return PMJ_OK;
	}
	return rc;
}

/* It is no longer in the queue. */
static enum pmj_code
seal_take(struct seal *seal, const struct seal_taken *taken, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	const uint8_t *mailbox = seal->peer.mailbox;
	enum pmj_code rc = queue_drop(sync, taken->id, err);

	if (rc == PMJ_OK && taken->as == SEAL_WITHDRAWN)
		rc = sync_forget_sent(sync, mailbox, taken->n, err);
	if (rc == PMJ_OK && taken->as == SEAL_SENT && taken->forward)
		rc = queue_done_put(sync, mailbox, taken->n, true, 0, 0, err);
	return rc;
}

enum pmj_code
seal_take_all(struct seal *seal, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < seal->taken_count && rc == PMJ_OK; i++)
		rc = seal_take(seal, &seal->taken[i], err);
	return rc;
}

static void
seal_note(struct seal *seal, const struct seal_taken *taken)
{
	if (seal->taken_count == seal->taken_room) {
		seal->taken_room = seal->taken_room * 2 + 64;
		seal->taken = mem_grow(seal->taken, seal->taken_room, sizeof(*seal->taken));
	}
	seal->taken[seal->taken_count++] = *taken;
}

#define PHOTO_FILE_MOST ((size_t)64 * 1024) /* what follows is not to wait for more */

/* Photos go in segments of their own, so that none makes one with records any longer; of a file's
 * size, though they hardly pack; and no more than there is room for. */
static bool
seal_photo_fits(struct seal *seal, size_t len)
{
	size_t file =
	    seal->sync->file_most < PHOTO_FILE_MOST ? seal->sync->file_most : PHOTO_FILE_MOST;
	size_t most = file + file / 5;

	if (seal->count > seal->head && (!seal->photos || seal->raw + len > most))
		return false;
	if (seal->room <= 0)
		return false;
	seal->photos = true;
	seal->room -= (int64_t)len;
	return true;
}

/* The first always does, whatever stands at the head: there is none that it would fit better. */
static bool
seal_fits(struct seal *seal, const struct queue_item *item, size_t len)
{
	if (item->place.rank == QUEUE_PHOTO)
		return seal_photo_fits(seal, len);
	return seal->count == seal->head || seal->raw + len + 1 <= seal->raw_max;
}

static enum pmj_code
seal_item(struct seal *seal, const struct queue_item *item, bool *full, struct pmj_error *err)
{
	struct queue_sent sent = {.n = item->n, .forward = item->forward, .counts = true};
	struct seal_taken taken;
	struct buf line; /* its bytes stay where they are when the seal takes it over */
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_WRAPPED_MAX);
	if ((rc = seal_item_bytes(seal, item, &line, &taken, err)) != PMJ_OK)
		goto out;
	*full = taken.as == SEAL_SENT && !seal_fits(seal, item, line.len);
	if (*full)
		goto out;
	seal->at = item->place;
	taken.line = seal->count;
	seal_note(seal, &taken);
	if (taken.as != SEAL_SENT)
		goto out;
	if (item->n == 0) { /* the journal has all others; what is forwarded is wrapped anew */
		sent.line = (const char *)line.bytes;
		sent.len = line.len;
	}
	seal_add(seal, &line, &sent);
	return PMJ_OK;
out:
	buf_close(&line);
	return rc;
}

/* Is there room for another line, and time in this step? */
static bool
seal_goes_on(const struct seal *seal, size_t until)
{
	return seal->count < seal->count_max && seal->taken_count < PMJ_SEGMENT_ENTRIES_MAX &&
	       seal->raw < until;
}

static bool
seal_time_is_up(const struct seal *seal)
{
	const struct os *os = seal->sync->os;

	return seal->until_ms != 0 && os->mono_ms(os->ctx) >= seal->until_ms;
}

enum pmj_code
seal_queue(struct seal *seal, struct pmj_error *err)
{
	size_t until = seal->piece > 0 ? seal->raw + seal->piece : SIZE_MAX;
	bool full = false, late = false;
	enum pmj_code rc = PMJ_OK;

	while (!full && !late && rc == PMJ_OK && seal_goes_on(seal, until)) {
		struct queue_item *items = NULL;
		size_t count = 0;

		rc = queue_items(seal->sync, &items, &count, seal->peer.mailbox, &seal->at,
		    seal->room > 0 ? QUEUE_PHOTO : QUEUE_ROUTINE, 64, err);
		for (size_t i = 0; i < count && rc == PMJ_OK && !full && seal_goes_on(seal, until);
		     i++)
			rc = seal_item(seal, &items[i], &full, err);
		queue_items_free(items, count);
		if (count == 0) {
			seal->partial = false;
			return rc;
		}
		late = seal_time_is_up(seal);
	}
	seal->partial = !full && (seal->raw >= until || (late && seal_goes_on(seal, until)));
	seal->waits = true;
	return rc;
}

void
seal_queue_packed(struct seal *seal, struct seal *packed)
{
	for (size_t i = 0; i < packed->taken_count; i++)
		seal_note(seal, &packed->taken[i]);
	for (size_t i = packed->head; i < packed->count; i++) {
		seal_add(seal, &packed->bytes[i], &packed->sent[i]);
		buf_init(&packed->bytes[i], 0);
	}
	seal->waits = packed->waits;
	seal->photos = packed->photos;
}
