/* take.c - spool/in, in steps: the lines of several steps and files share a transaction, which is
 * committed in a step of its own; a file is deleted when what it held is durable. */
#include "sync/take.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/mem.h"
#include "sync/aside.h"
#include "sync/files.h"
#include "sync/incarnation.h"

struct take_list {
	char **names;
	struct take_file *files;
	enum take_verdict *verdicts; /* of each before `at` */
	size_t count;
	size_t at;    /* the next to be looked at */
	size_t tidy;  /* those before it are durable, and their files seen to */
	size_t held;  /* that wait, of the lane of the last one */
	bool moved;   /* something was taken since it was listed */
	bool resting; /* what was taken since `tidy` is in a transaction that rests */
	uint64_t transaction;
	int64_t lines;   /* in it */
	int64_t took_ms; /* to take them in */
};

static int
take_by_place(const void *left, const void *right)
{
	const struct take_file *a = left;
	const struct take_file *b = right;
	int order = memcmp(a->place.mailbox, b->place.mailbox, sizeof(a->place.mailbox));

	if (order != 0)
		return order;
	if (a->place.lane != b->place.lane)
		return a->place.lane < b->place.lane ? -1 : 1;
	if ((order = memcmp(a->place.inc, b->place.inc, sizeof(a->place.inc))) != 0)
		return order;
	if (a->place.segno != b->place.segno)
		return a->place.segno < b->place.segno ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Unfinished names (.part) are carry's until it renames them. */
static bool
take_is_unfinished(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".part") == 0;
}

/* Names of spool/in, by place. NULL: could not be listed, or nothing there. */
static struct take_list *
list_new(struct sync *sync)
{
	struct take_list *list;
	struct stat st;
	char **names = NULL;
	size_t count = 0;

	/* Before the listing: what comes while it runs is seen by the next. */
	if (sync->os->stat(sync->os->ctx, sync->in, &st) != 0)
		return NULL;
	sync->in_seen = st.st_mtim;
	if (fs_list(&names, &count, sync->in, NULL) != PMJ_OK)
		return NULL;
	list = mem_new(sizeof(*list));
	list->names = names;
	list->files = mem_array(count + 1, sizeof(*list->files));
	list->verdicts = mem_array(count + 1, sizeof(*list->verdicts));
	for (size_t i = 0; i < count; i++) {
		struct take_file *file = &list->files[list->count];

		if (take_is_unfinished(names[i])) {
			free(names[i]);
			continue;
		}
		file->name = names[i];
		file->named = files_parse(&file->place, names[i]);
		if (!file->named)
			memset(&file->place, 0, sizeof(file->place));
		list->count++;
	}
	free(list->names);
	qsort(list->files, list->count, sizeof(*list->files), take_by_place);
	return list;
}

void
take_list_free(struct take_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->files[i].name);
	free(list->files);
	free(list->verdicts);
	free(list);
}

/* Two files of one place and lane? */
static bool
take_same_lane(const struct take_file *a, const struct take_file *b)
{
	return a->place.lane == b->place.lane &&
	       memcmp(a->place.mailbox, b->place.mailbox, sizeof(a->place.mailbox)) == 0 &&
	       memcmp(a->place.inc, b->place.inc, sizeof(a->place.inc)) == 0;
}

/* After the commit: what is in, goes; what was refused, is put away; of what waits, 256 a lane stay
 * (carry brings the rest again). */
static void
take_tidy(struct sync *sync, struct take_list *list)
{
	for (; list->tidy < list->at; list->tidy++) {
		const struct take_file *file = &list->files[list->tidy];

		if (list->tidy > 0 && !take_same_lane(file, &list->files[list->tidy - 1]))
			list->held = 0;
		switch (list->verdicts[list->tidy]) {
		case TAKE_DROP:
			fs_drop(sync->os, sync->in, file->name);
			break;
		case TAKE_ASIDE:
			aside_move(sync, file->name);
			break;
		case TAKE_WAIT:
			if (++list->held > PMJ_OUT_OF_ORDER_MAX)
				fs_drop(sync->os, sync->in, file->name);
			break;
		case TAKE_PART:
			break;
		}
	}
	list->lines = 0;
	list->took_ms = 0;
	list->resting = false;
}

/* Some milliseconds of files from list->at on. The transaction stays open. */
static enum pmj_code
take_run(struct sync *sync, struct take_list *list, int64_t *taken, struct pmj_error *err)
{
	int64_t began_ms = sync->os->mono_ms(sync->os->ctx), until_ms = began_ms + SYNC_PIECE_MS;
	bool late = false;
	enum pmj_code rc;

	if ((rc = journal_begin_more(sync->journal, err)) != PMJ_OK)
		return rc;
	while (!late && list->at < list->count && list->at - list->tidy < SYNC_SHARED_MAX) {
		enum take_verdict *verdict = &list->verdicts[list->at];

		rc = take_file(sync, &list->files[list->at], until_ms, taken, verdict, err);
		if (rc != PMJ_OK) {
			journal_rollback(sync->journal);
			return rc;
		}
		list->moved = list->moved || *verdict == TAKE_DROP || *verdict == TAKE_PART;
		late = *verdict == TAKE_PART || sync->os->mono_ms(sync->os->ctx) >= until_ms;
		if (*verdict == TAKE_PART)
			break; /* the same file again */
		take_open_drop(sync);
		list->at++;
	}
	list->lines += *taken;
	list->took_ms += sync->os->mono_ms(sync->os->ctx) - began_ms;
	list->resting = true;
	list->transaction = journal_rest(sync->journal);
	return PMJ_OK;
}

/* A step of its own, for it has a sync to wait for. */
static enum pmj_code
take_commit(struct sync *sync, struct take_list *list, struct pmj_error *err)
{
	int64_t began_ms = sync->os->mono_ms(sync->os->ctx);
	int64_t frames = journal_wal_frames(sync->journal), lines = list->lines;
	enum pmj_code rc;

	if ((rc = journal_settle(sync->journal, err)) != PMJ_OK)
		return rc;
	pace_learn(&sync->share, lines, sync->os->mono_ms(sync->os->ctx) - began_ms);
	/* The checkpoint that follows takes the whole commit at once. */
	frames = journal_wal_frames(sync->journal) - frames;
	if (frames > SYNC_SHARED_FRAMES && sync->share.amount > lines * SYNC_SHARED_FRAMES / frames)
		sync->share.amount = lines * SYNC_SHARED_FRAMES / frames;
	if (sync->share.amount < sync->share.least)
		sync->share.amount = sync->share.least;
	take_tidy(sync, list);
	sync_tell(sync);
	return PMJ_OK;
}

/* A pass is over: what it took may have freed what waited. */
static void
take_next_pass(struct sync *sync)
{
	bool again = sync->list->moved;

	take_list_free(sync->list);
	sync->list = again ? list_new(sync) : NULL;
	if (sync->list != NULL && sync->list->count == 0) {
		take_list_free(sync->list);
		sync->list = NULL;
	}
}

/* Is what rests enough for a commit, or all there is? How many lines that is was learned from the
 * last ones; where these cost more, the time they took says so before the commit does. */
static bool
take_is_due(const struct sync *sync, const struct take_list *list)
{
	return list->resting && (list->at >= list->count || list->lines >= sync->share.amount ||
	                            list->took_ms >= SYNC_SHARED_MS ||
	                            list->at - list->tidy >= SYNC_SHARED_MAX || sync->tell);
}

/* Somebody's own transaction came between: it committed what rested, or could not. */
static bool
take_settled(struct sync *sync, struct take_list *list)
{
	enum journal_fate fate =
	    list->resting ? journal_fate(sync->journal, list->transaction) : JOURNAL_RESTS;

	if (fate == JOURNAL_DURABLE) {
		take_tidy(sync, list);
		sync_tell(sync);
	}
	return fate != JOURNAL_LOST;
}

static void
take_drop_all(struct sync *sync)
{
	sync->tell = false;
	take_open_drop(sync);
	take_list_free(sync->list);
	sync->list = NULL;
}

enum pmj_code
sync_take_step(struct sync *sync, bool *more, int64_t *taken, struct pmj_error *err)
{
	struct take_list *list;
	enum pmj_code rc;

	*more = false;
	*taken = 0;
	if (sync->list == NULL && (sync->list = list_new(sync)) == NULL)
		return PMJ_OK;
	list = sync->list;
	*more = true;
	if (!take_settled(sync, list)) { /* from the start: the files are still there */
		take_drop_all(sync);
		return PMJ_OK;
	}
	rc = take_is_due(sync, list) ? take_commit(sync, list, err)
	                             : take_run(sync, list, taken, err);
	if (rc != PMJ_OK) {
		take_drop_all(sync);
		*more = false;
		return rc;
	}
	if (list->at >= list->count && !list->resting)
		take_next_pass(sync);
	*more = sync->list != NULL;
	return PMJ_OK;
}

/* Does a file wait for one before it that is not here? */
static bool
take_is_gap(const struct take_list *list, const struct lane *lane)
{
	bool later = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct take_file *file = &list->files[i];

		if (!file->named || file->place.lane != lane->lane ||
		    memcmp(file->place.mailbox, lane->mailbox, sizeof(lane->mailbox)) != 0)
			continue;
		if (memcmp(file->place.inc, lane->real, sizeof(lane->real)) != 0)
			later = true; /* a newer incarnation that waits for this one */
		else if (file->place.segno == lane->segno + 1)
			return false;
		else if (file->place.segno > lane->segno)
			later = true;
	}
	return later;
}

/* Ask for everything. If we are a copy that does not know it, our present incarnation holds other
 * segments at the hub, and no carrier would bring these: the request goes in a new one. */
static enum pmj_code
take_ask_again(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	struct sync_peer peer = {0};
	enum pmj_code rc;

	if ((rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err)) != PMJ_OK ||
	    (rc = incarnation_begin(sync, &peer, INCARNATION_SIZE, err)) != PMJ_OK)
		return rc;
	return journal_put_int(sync->journal, "sync.resend", 1, err);
}

static enum pmj_code
take_note_gaps(
    struct sync *sync, const struct take_list *list, const uint8_t *mailbox, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	int64_t now_ms = os_now(sync->os);
	enum pmj_code rc;

	rc = lane_list(sync, &lanes, &count, mailbox, false, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct lane *lane = &lanes[i];
		bool gap = lane->lane == LANE_DOWN && !lane->closed && take_is_gap(list, lane);

		if (!gap && lane->gap_ms == 0)
			continue;
		if (!gap) {
			lane->gap_ms = 0;
		} else if (lane->gap_ms == 0 || now_ms < lane->gap_ms) {
			lane->gap_ms = now_ms;
		} else if (now_ms - lane->gap_ms >= DAY_MS) {
			lane->gap_ms = 0;
			rc = take_ask_again(sync, mailbox, err);
		} else {
			continue;
		}
		if (rc == PMJ_OK)
			rc = lane_move(sync, lane, err);
	}
	free(lanes);
	return rc;
}

enum pmj_code
sync_exchanged(struct sync *sync, struct pmj_error *err)
{
	uint8_t(*mailboxes)[PMJ_MAILBOX_BYTES] = NULL;
	struct take_list *list;
	size_t count = 0;
	enum pmj_code rc;

	if ((list = list_new(sync)) == NULL)
		return PMJ_OK;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		goto out;
	rc = sync->hooks.mailboxes(sync->hooks.ctx, &mailboxes, &count, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = take_note_gaps(sync, list, mailboxes[i], err);
	rc = sync_end(sync, rc, err);
out:
	free(mailboxes);
	take_list_free(list);
	return rc;
}
