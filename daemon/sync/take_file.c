/* take_file.c - one segment file: checked in the order of section 5, applied, refused, or left for
 * later. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "sync/apply.h"
#include "sync/aside.h"
#include "sync/incarnation.h"
#include "sync/take_inner.h"

static enum pmj_code
take_refuse(struct take *take, enum segment_fault fault, bool kept, struct pmj_error *err)
{
	take->verdict = TAKE_ASIDE;
	return aside_note(
	    take->sync, &take->file->place, take->file->name, segment_fault_name(fault), kept, err);
}

/* A signed segment that cannot be read: it is kept, its lane stands still, the writer is told. */
static enum pmj_code
take_stop(struct take *take, enum segment_fault fault, struct pmj_error *err)
{
	struct lane_point point = {.segno = take->header.segno};
	enum pmj_code rc;

	if (take->begins && (rc = lane_start(take->sync, &take->lane, err)) != PMJ_OK)
		return rc;
	(void)snprintf(
	    take->lane.stopped, sizeof(take->lane.stopped), "%s", segment_fault_name(fault));
	take->lane.nack = 1;
	memcpy(point.id, take->id, sizeof(point.id));
	if ((rc = lane_point_put(take->sync, &take->lane, &point, err)) != PMJ_OK)
		return rc;
	if ((rc = lane_save(take->sync, &take->lane, err)) != PMJ_OK)
		return rc;
	return take_refuse(take, fault, true, err);
}

static const uint8_t *
take_own_pk(const struct sync *sync, const struct sync_peer *peer)
{
	struct ring *ring = journal_ring(sync->journal);

	return peer->signs == RING_KEY_OP ? ring_op_pk(ring) : ring_sign_pk(ring);
}

/* A file under our own writing: did we write it, and do we still hold that we did? */
static enum pmj_code
take_own(struct take *take, struct pmj_error *err)
{
	struct sync *sync = take->sync;
	struct segment_open opened = {0};
	struct segment_expect expect = {.lane = (uint8_t)take->peer.writes,
	    .mailbox = take->peer.mailbox,
	    .writer_pk = take_own_pk(sync, &take->peer)};
	struct lane lane;
	struct lane_point point;
	enum segment_fault fault;
	enum pmj_code rc;
	bool found, over;

	fault = take_unseal(take, &expect, &opened, &over);
	segment_open_close(&opened);
	if (!over)
		return PMJ_OK;
	rc = lane_find(sync, &lane, take->peer.mailbox, take->file->place.lane,
	    take->header.incarnation, &found, err);
	if (rc != PMJ_OK)
		return rc;
	if (fault != SEGMENT_OK && !segment_fault_is_signed(fault)) {
		if (found && !lane.closed &&
		    (rc = incarnation_blocked(sync, &take->peer, err)) != PMJ_OK)
			return rc;
		return take_refuse(take, fault, false, err);
	}
	take->verdict = TAKE_DROP;
	if (found) {
		rc = lane_point(sync, &point, &lane, take->header.segno, &found, err);
		if (rc != PMJ_OK || (found && memcmp(point.id, take->id, sizeof(point.id)) == 0))
			return rc;
	}
	return incarnation_copy(
	    sync, &take->peer, take->header.incarnation, take->header.segno, err);
}

/* What the name alone decides, so that a file which must wait is not read at every step. */
static enum pmj_code
take_by_name(struct take *take, bool *decided, struct pmj_error *err)
{
	const struct sync_place_of *place = &take->file->place;
	struct lane *lanes = NULL;
	size_t count = 0;
	uint64_t reach = 0;
	bool known = false;
	bool shut = false;
	enum pmj_code rc;

	*decided = true;
	take->verdict = TAKE_WAIT;
	rc = lane_list(take->sync, &lanes, &count, place->mailbox, false, err);
	for (size_t i = 0; i < count; i++) {
		if (lanes[i].lane != place->lane ||
		    memcmp(lanes[i].real, place->inc, sizeof(place->inc)) != 0)
			continue;
		known = true;
		shut = lanes[i].stopped[0] != '\0' || (lanes[i].closed && place->lane == LANE_DOWN);
		if (lanes[i].segno > reach)
			reach = lanes[i].segno;
	}
	free(lanes);
	if (known && shut)
		take->verdict = TAKE_DROP;
	else if (place->segno <= reach + 1)
		*decided = false;
	return rc;
}

/* Does the outside say what the name says? A name is nothing but a hint where to look. */
static enum segment_fault
take_outside(struct take *take)
{
	const struct sync_place_of *place = &take->file->place;
	const struct segment_header *header = &take->header;
	enum segment_fault fault = segment_peek(&take->header, take->bytes.bytes, take->bytes.len);

	if (fault != SEGMENT_OK)
		return fault;
	if (header->lane != place->lane ||
	    memcmp(header->mailbox, place->mailbox, sizeof(place->mailbox)) != 0 ||
	    memcmp(header->incarnation, place->inc, sizeof(place->inc)) != 0)
		return SEGMENT_WRONG_LANE;
	if (header->segno != place->segno)
		return header->segno < place->segno ? SEGMENT_REPLAYED : SEGMENT_OUT_OF_ORDER;
	return SEGMENT_OK;
}

static enum segment_fault
take_unseal_lane(struct take *take, struct segment_open *opened, bool *over)
{
	const struct lane *lane = &take->lane;
	struct segment_expect expect = {.lane = lane->lane,
	    .mailbox = lane->mailbox,
	    .incarnation = lane->real,
	    .writer_pk = take->peer.writer_pk,
	    .segno = lane->segno + 1};
	bool fresh = take->begins && !take->fork;

	if (!fresh) {
		expect.prev = lane->segment_id;
		expect.first_seq = lane->seq - lane->part + 1;
		expect.chain = lane->part > 0 ? lane->part_chain : lane->chain;
	}
	return take_unseal(take, &expect, opened, over);
}

static enum pmj_code
take_apply(struct take *take, struct segment_open *opened, struct pmj_error *err)
{
	struct sync *sync = take->sync;
	bool whole;
	enum pmj_code rc;

	rc = apply_segment(
	    sync, &take->peer, &take->lane, opened, take->until_ms, take->taken, &whole, err);
	if (rc != PMJ_OK)
		return rc;
	take->verdict = whole ? TAKE_DROP : TAKE_PART;
	if (whole || sync->open != NULL)
		return PMJ_OK;
	sync->open = mem_new(sizeof(*sync->open));
	sync->open->name = mem_strdup(take->file->name);
	sync->open->opened = *opened;
	sync->open->lane = take->lane;
	memset(opened, 0, sizeof(*opened));
	return PMJ_OK;
}

static enum pmj_code
take_read_lane(struct take *take, struct pmj_error *err)
{
	struct segment_open opened = {0};
	enum segment_fault fault;
	bool duplicate;
	bool ready = true;
	bool over;
	enum pmj_code rc;

	if ((rc = take_find_lane(take, &fault, &duplicate, err)) != PMJ_OK)
		return rc;
	if (duplicate) {
		take->sync->duplicates++;
		take->verdict = TAKE_DROP;
		return PMJ_OK;
	}
	if (fault != SEGMENT_OK)
		return take_refuse(take, fault, false, err);
	fault = take_unseal_lane(take, &opened, &over);
	if (!over)
		return PMJ_OK;
	if (fault == SEGMENT_NO_MEMORY) {
		take->verdict = TAKE_WAIT;
		return PMJ_OK;
	}
	if (fault != SEGMENT_OK)
		return segment_fault_is_signed(fault) && !take->fork
		           ? take_stop(take, fault, err)
		           : take_refuse(take, fault, false, err);
	(void)ring_reader_pk(
	    journal_ring(take->sync->journal), take->header.reader_kid, take->lane.reader_pk);
	if (take->lane.seq == 0 || take->fork)
		rc = take_begin(take, &opened, &ready, err);
	take->verdict = TAKE_WAIT;
	if (rc == PMJ_OK && ready)
		rc = take_apply(take, &opened, err);
	segment_open_close(&opened);
	return rc;
}

/* Go on with the segment that is open since the last step; its lane row says from which line. */
static enum pmj_code
take_resume(struct take *take, struct pmj_error *err)
{
	const struct sync_place_of *place = &take->file->place;
	bool found;
	enum pmj_code rc;

	rc = lane_find(take->sync, &take->lane, place->mailbox, place->lane,
	    take->sync->open->lane.inc, &found, err);
	if (rc != PMJ_OK)
		return rc;
	if (!found || take->lane.part == 0 || take->lane.segno + 1 != place->segno) {
		take_open_drop(take->sync);
		take->verdict = TAKE_WAIT;
		return PMJ_OK;
	}
	return take_apply(take, &take->sync->open->opened, err);
}

/* The file's bytes; *decided: that they cannot be had, or are not what the name says. */
static enum pmj_code
take_read(struct take *take, bool *decided, struct pmj_error *err)
{
	struct sync *sync = take->sync;
	char *path = fs_join(sync->in, take->file->name);
	enum segment_fault fault;
	struct stat st;
	enum pmj_code rc;

	*decided = true;
	if (sync->os->stat(sync->os->ctx, path, &st) == 0 && !S_ISREG(st.st_mode)) {
		free(path);
		return take_refuse(take, SEGMENT_BAD_FORM, false, err);
	}
	rc = fs_read(&take->bytes, sync->os, path, PMJ_SEGMENT_FILE_MAX, err);
	free(path);
	if (rc == PMJ_TOO_BIG)
		return take_refuse(take, SEGMENT_BAD_SIZE, false, err);
	if (rc == PMJ_NOT_FOUND) {
		take->verdict = TAKE_DROP;
		return PMJ_OK;
	}
	if (rc != PMJ_OK)
		return rc;
	if ((fault = take_outside(take)) != SEGMENT_OK)
		return take_refuse(take, fault, false, err);
	segment_id(take->id, take->bytes.bytes, take->bytes.len);
	*decided = false;
	return PMJ_OK;
}

/* With the bytes that are being opened since an earlier step. */
static void
take_go_on(struct take *take)
{
	const struct take_opening *at = take->sync->opening;

	take->bytes = at->bytes;
	take->lent = true;
	take->header = at->header;
	memcpy(take->id, at->id, sizeof(take->id));
}

static enum pmj_code
take_known_peer(struct take *take, struct pmj_error *err)
{
	struct sync *sync = take->sync;
	const struct take_file *file = take->file;
	enum pmj_code rc;
	bool decided = false;

	if (sync->open != NULL && strcmp(sync->open->name, file->name) == 0)
		return take_resume(take, err);
	if (file->place.lane == take->peer.reads) {
		if ((rc = take_by_name(take, &decided, err)) != PMJ_OK || decided)
			return rc;
	} else if (file->place.lane != take->peer.writes) {
		return take_refuse(take, SEGMENT_WRONG_LANE, false, err);
	}
	if (sync->opening != NULL && strcmp(sync->opening->name, file->name) == 0)
		take_go_on(take);
	else if ((rc = take_read(take, &decided, err)) != PMJ_OK || decided)
		return rc;
	if (file->place.lane == take->peer.writes)
		return take_own(take, err);
	return take_read_lane(take, err);
}

enum pmj_code
take_file(struct sync *sync, const struct take_file *file, int64_t until_ms, int64_t *taken,
    enum take_verdict *verdict, struct pmj_error *err)
{
	struct take take = {.sync = sync, .file = file, .until_ms = until_ms, .taken = taken};
	struct sync_place_of nobody = {0};
	enum pmj_code rc;

	*verdict = TAKE_ASIDE;
	if (!file->named)
		return aside_note(sync, &nobody, file->name, "bad_name", false, err);
	buf_init(&take.bytes, PMJ_SEGMENT_FILE_MAX);
	rc = sync->hooks.peer(sync->hooks.ctx, &take.peer, file->place.mailbox, err);
	if (rc == PMJ_NOT_FOUND || rc == PMJ_NOT_ENROLLED)
		rc = aside_note(
		    sync, &nobody, file->name, segment_fault_name(SEGMENT_WRONG_LANE), false, err);
	else if (rc == PMJ_OK) {
		rc = take_known_peer(&take, err);
		*verdict = take.verdict;
	}
	if (!take.lent)
		buf_close(&take.bytes);
	return rc;
}

enum pmj_code
take_bytes(struct sync *sync, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct take_file file = {.name = (char *)(uintptr_t) "invitation", .named = true};
	int64_t taken = 0;
	struct take take = {.sync = sync, .file = &file, .until_ms = INT64_MAX, .taken = &taken};
	enum segment_fault fault;
	enum pmj_code rc;

	buf_init(&take.bytes, PMJ_SEGMENT_FILE_MAX);
	buf_put(&take.bytes, bytes, len);
	if ((rc = buf_check(&take.bytes, err)) != PMJ_OK)
		goto out;
	fault = segment_peek(&take.header, bytes, len);
	if (fault != SEGMENT_OK) {
		rc = pmj_fail(
		    err, PMJ_INTEGRITY, "the segment is damaged (%s)", segment_fault_name(fault));
		goto out;
	}
	file.place.lane = take.header.lane;
	file.place.segno = take.header.segno;
	memcpy(file.place.mailbox, take.header.mailbox, sizeof(file.place.mailbox));
	memcpy(file.place.inc, take.header.incarnation, sizeof(file.place.inc));
	segment_id(take.id, bytes, len);
	rc = sync->hooks.peer(sync->hooks.ctx, &take.peer, take.header.mailbox, err);
	if (rc == PMJ_OK)
		rc = take_read_lane(&take, err);
	if (rc == PMJ_OK && take.verdict != TAKE_DROP)
		rc = pmj_fail(err, PMJ_INTEGRITY, "the segment could not be taken in");
out:
	if (!take.lent)
		buf_close(&take.bytes);
	return rc;
}
