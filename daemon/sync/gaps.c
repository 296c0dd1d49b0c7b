/* gaps.c - how far the other end's lanes are read, and what of them must be somewhere and is not
 * here: a later segment, which its writer signed, lies in the spool. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "store/sql.h"
#include "sync/files.h"

struct gaps_file {
	struct sync_place_of place;
	char *name;
};

static int
gaps_order(const void *a, const void *b)
{
	const struct sync_place_of *one = &((const struct gaps_file *)a)->place;
	const struct sync_place_of *other = &((const struct gaps_file *)b)->place;
	int order = memcmp(one->mailbox, other->mailbox, sizeof(one->mailbox));

	if (order == 0)
		order = memcmp(one->inc, other->inc, sizeof(one->inc));
	return order != 0 ? order : (one->segno > other->segno) - (one->segno < other->segno);
}

/* The files in the spool that claim to come from the other end, in the order of their places. */
static enum pmj_code
gaps_files(struct sync *sync, struct gaps_file **out, size_t *count, struct pmj_error *err)
{
	char **names = NULL;
	size_t name_count = 0;
	enum pmj_code rc = fs_list(&names, &name_count, sync->in, err);

	*out = mem_array(name_count + 1, sizeof(**out));
	*count = 0;
	for (size_t i = 0; rc == PMJ_OK && i < name_count; i++) {
		struct gaps_file *file = &(*out)[*count];

		if (!files_parse(&file->place, names[i]))
			continue;
		file->name = mem_strdup(names[i]);
		(*count)++;
	}
	fs_list_free(names, name_count);
	qsort(*out, *count, sizeof(**out), gaps_order);
	return rc;
}

static void
gaps_files_free(struct gaps_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i].name);
	free(files);
}

/* A name is only a hint: did the writer of this lane sign a segment of that place? */
static bool
gaps_signed(struct sync *sync, const struct sync_peer *peer, const struct gaps_file *file)
{
	struct segment_expect expect = {.lane = file->place.lane,
	    .mailbox = peer->mailbox,
	    .incarnation = file->place.inc,
	    .writer_pk = peer->writer_pk,
	    .segno = file->place.segno};
	struct segment_opening *opening = NULL;
	struct segment_open opened = {0};
	enum segment_fault fault = SEGMENT_OK;
	char *path = fs_join(sync->in, file->name);
	struct buf bytes;
	bool good = false;

	buf_init(&bytes, PMJ_SEGMENT_FILE_MAX);
	if (fs_read(&bytes, sync->os, path, PMJ_SEGMENT_FILE_MAX, NULL) == PMJ_OK)
		opening = segment_opening_new(
		    bytes.bytes, bytes.len, &expect, journal_ring(sync->journal));
	if (opening != NULL) /* its first piece ends with the signature */
		good = !segment_opening_step(opening, &opened, &fault);
	segment_opening_free(opening);
	segment_open_close(&opened);
	buf_close(&bytes);
	free(path);
	return good;
}

/* The last segment of this incarnation that was read, by whichever branch of it. */
static enum pmj_code
gaps_reach(
    struct sync *sync, const struct sync_place_of *place, uint64_t *reach, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT coalesce(max(segno),0) FROM pmj_lane WHERE mailbox=?1 AND real=?2 AND ours=0");
	enum pmj_code rc;
	bool row;

	*reach = 0;
	sql_blob(sql, 1, place->mailbox, sizeof(place->mailbox));
	sql_blob(sql, 2, place->inc, sizeof(place->inc));
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		*reach = (uint64_t)sql_col_int(sql, 0);
	sql_done(sql);
	return rc;
}

static void
gaps_add(struct sync_gap **out, size_t *count, const struct sync_place_of *place, uint64_t from,
    uint64_t to)
{
	struct sync_gap *gap;

	*out = mem_grow(*out, *count + 1, sizeof(**out));
	gap = &(*out)[(*count)++];
	memset(gap, 0, sizeof(*gap));
	memcpy(gap->mailbox, place->mailbox, sizeof(gap->mailbox));
	memcpy(gap->incarnation, place->inc, sizeof(gap->incarnation));
	gap->from = from;
	gap->to = to;
}

/* The files of one incarnation. Its chain has every number up to the highest that was signed. */
static enum pmj_code
gaps_of(struct sync *sync, const struct gaps_file *files, size_t file_count, struct sync_gap **out,
    size_t *count, struct pmj_error *err)
{
	struct sync_peer peer = {0};
	uint64_t next;
	enum pmj_code rc = sync->hooks.peer(sync->hooks.ctx, &peer, files[0].place.mailbox, NULL);

	if (rc == PMJ_NOT_FOUND || rc == PMJ_NOT_ENROLLED || peer.reads != files[0].place.lane)
		return PMJ_OK;
	if ((rc = gaps_reach(sync, &files[0].place, &next, err)) != PMJ_OK)
		return rc;
	while (file_count > 0 && (files[file_count - 1].place.segno <= next ||
	                             !gaps_signed(sync, &peer, &files[file_count - 1])))
		file_count--;
	for (size_t i = 0; i < file_count; i++) {
		uint64_t segno = files[i].place.segno;

		if (segno > next + 1)
			gaps_add(out, count, &files[i].place, next + 1, segno - 1);
		next = segno > next ? segno : next;
	}
	return PMJ_OK;
}

enum pmj_code
sync_gaps(struct sync *sync, struct sync_gap **out, size_t *count, struct pmj_error *err)
{
	struct gaps_file *files = NULL;
	size_t file_count = 0, end;
	enum pmj_code rc = gaps_files(sync, &files, &file_count, err);

	*out = NULL;
	*count = 0;
	for (size_t at = 0; at < file_count && rc == PMJ_OK; at = end) {
		for (end = at + 1;
		     end < file_count &&
		     memcmp(files[end].place.mailbox, files[at].place.mailbox, PMJ_MAILBOX_BYTES) ==
		         0 &&
		     memcmp(files[end].place.inc, files[at].place.inc, PMJ_INCARNATION_BYTES) == 0;
		     end++)
			;
		rc = gaps_of(sync, files + at, end - at, out, count, err);
	}
	gaps_files_free(files, file_count);
	return rc;
}

json_t *
sync_standing(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool ours)
{
	/* Of forks none: what came by one is in, and its writer goes on elsewhere. */
	struct sql *sql = sql_get(sync->journal,
	    "SELECT real,segno,seq,chain,stopped,part FROM pmj_lane WHERE mailbox=?1 AND ours=?2"
	    " AND inc=real AND segno+part>0 ORDER BY closed,id DESC LIMIT 1");
	uint8_t inc[PMJ_INCARNATION_BYTES], chain[32];
	json_t *out = NULL;
	bool row = false;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, ours);
	if (sql_row(sql, &row, NULL) == PMJ_OK && row && sql_col_copy(sql, 0, inc, sizeof(inc)) &&
	    sql_col_copy(sql, 3, chain, sizeof(chain)))
		out = json_pack("{s:o,s:I,s:I,s:o,s:s,s:b}", "incarnation",
		    json_hex(inc, sizeof(inc)), "segno", (json_int_t)sql_col_int(sql, 1), "seq",
		    (json_int_t)sql_col_int(sql, 2), "chain", json_hex(chain, sizeof(chain)),
		    "stopped", sql_col_text(sql, 4), "reading", sql_col_int(sql, 5) != 0);
	sql_done(sql);
	return out;
}
