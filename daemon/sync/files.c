/* files.c - names of segment files, and spool/out made from the journal. */
#include "sync/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/text.h"
#include "store/sql.h"

void
files_name(char *out, const uint8_t *mailbox, int lane, const uint8_t *inc, uint64_t segno)
{
	char box[2 * PMJ_MAILBOX_BYTES + 1];
	char run[2 * PMJ_INCARNATION_BYTES + 1];

	(void)snprintf(out, FILES_NAME_MAX, "%s-%d-%s-%" PRIu64 ".seg",
	    text_hex(box, mailbox, PMJ_MAILBOX_BYTES), lane,
	    text_hex(run, inc, PMJ_INCARNATION_BYTES), segno);
}

/* 1 to 15 digits without a leading zero; *at moves behind them. */
static bool
files_number(uint64_t *out, const char **at)
{
	const char *from = *at;

	*out = 0;
	while (**at >= '0' && **at <= '9' && *at - from < 16)
		*out = *out * 10 + (uint64_t)(*(*at)++ - '0');
	return *at > from && *at - from < 16 && *from != '0';
}

static bool
files_hex(uint8_t *out, size_t count, const char **at)
{
	char digits[2 * PMJ_MAILBOX_BYTES + 1];

	if (strnlen(*at, 2 * count) < 2 * count)
		return false;
	memcpy(digits, *at, 2 * count);
	digits[2 * count] = '\0';
	*at += 2 * count;
	for (size_t i = 0; i < 2 * count; i++)
		if (digits[i] >= 'A' && digits[i] <= 'F')
			return false;
	return text_unhex(out, count, digits);
}

bool
files_parse(struct sync_place_of *out, const char *name)
{
	const char *at = name;
	uint64_t lane;
	uint8_t twin[4];

	memset(out, 0, sizeof(*out));
	if (!files_hex(out->mailbox, sizeof(out->mailbox), &at) || *at++ != '-')
		return false;
	if (!files_number(&lane, &at) || lane > LANE_BACKUP || *at++ != '-')
		return false;
	if (!files_hex(out->inc, sizeof(out->inc), &at) || *at++ != '-')
		return false;
	if (!files_number(&out->segno, &at) || *at++ != '.')
		return false;
	out->lane = (uint8_t)lane;
	if (strcmp(at, "seg") == 0)
		return true;
	return files_hex(twin, sizeof(twin), &at) && strcmp(at, ".seg") == 0;
}

void
files_put(struct sync *sync, const struct lane *lane, uint64_t segno, const struct buf *bytes)
{
	struct pmj_error err = {0};
	char name[FILES_NAME_MAX];
	char *path;

	files_name(name, lane->mailbox, lane->lane, lane->inc, segno);
	path = fs_join(sync->out, name);
	if (fs_write(sync->os, path, bytes->bytes, bytes->len, &err) != PMJ_OK) {
		diag_error("writing the spool", &err);
		sync->spool_dirty = true;
	}
	free(path);
}

/* The first segment after `last` that the journal keeps. */
static enum pmj_code
files_next_kept(struct sync *sync, int64_t *row, struct lane *lane, uint64_t *segno,
    struct buf *bytes, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT s.id,l.mailbox,l.lane,l.inc,s.segno,s.bytes FROM pmj_segment s"
	    " JOIN pmj_lane l ON l.id=s.lane WHERE s.id>?1 ORDER BY s.id LIMIT 1");
	const uint8_t *at;
	size_t len;
	enum pmj_code rc;

	sql_int(sql, 1, *row);
	rc = sql_row(sql, found, err);
	if (rc == PMJ_OK && *found) {
		*row = sql_col_int(sql, 0);
		(void)sql_col_copy(sql, 1, lane->mailbox, sizeof(lane->mailbox));
		lane->lane = (uint8_t)sql_col_int(sql, 2);
		(void)sql_col_copy(sql, 3, lane->inc, sizeof(lane->inc));
		*segno = (uint64_t)sql_col_int(sql, 4);
		at = sql_col_blob(sql, 5, &len);
		buf_clear(bytes);
		if (at != NULL)
			buf_put(bytes, at, len);
	}
	sql_done(sql);
	return rc;
}

static enum pmj_code
files_is_kept(
    struct sync *sync, const struct sync_place_of *place, bool *kept, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT 1 FROM pmj_segment s JOIN pmj_lane l ON l.id=s.lane"
	                           " WHERE l.mailbox=?1 AND l.lane=?2 AND l.inc=?3 AND s.segno=?4");
	enum pmj_code rc;

	sql_blob(sql, 1, place->mailbox, sizeof(place->mailbox));
	sql_int(sql, 2, place->lane);
	sql_blob(sql, 3, place->inc, sizeof(place->inc));
	sql_int(sql, 4, (int64_t)place->segno);
	rc = sql_row(sql, kept, err);
	sql_done(sql);
	return rc;
}

/* Files that no row stands for: a receipt covers them, or they are of a closed incarnation. */
static enum pmj_code
files_sweep(struct sync *sync, int64_t until_ms, bool *more, struct pmj_error *err)
{
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = fs_list(&names, &count, sync->out, err)) != PMJ_OK)
		return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct sync_place_of place;
		bool kept = false;

		if (sync->os->mono_ms(sync->os->ctx) >= until_ms) {
			*more = true;
			break;
		}
		if (files_parse(&place, names[i]))
			rc = files_is_kept(sync, &place, &kept, err);
		if (rc == PMJ_OK && !kept) {
			char *path = fs_join(sync->out, names[i]);

			(void)sync->os->unlink(sync->os->ctx, path);
			free(path);
		}
	}
	fs_list_free(names, count);
	return rc;
}

static enum pmj_code
files_fill(struct sync *sync, int64_t until_ms, bool *more, struct pmj_error *err)
{
	struct lane lane = {0};
	struct buf bytes;
	int64_t row = 0;
	uint64_t segno = 0;
	enum pmj_code rc;
	bool found;

	buf_init(&bytes, PMJ_SEGMENT_FILE_MAX);
	for (;;) {
		char name[FILES_NAME_MAX];
		char *path;

		rc = files_next_kept(sync, &row, &lane, &segno, &bytes, &found, err);
		if (rc != PMJ_OK || !found)
			break;
		files_name(name, lane.mailbox, lane.lane, lane.inc, segno);
		path = fs_join(sync->out, name);
		if (!fs_exists(sync->os, path)) {
			if (sync->os->mono_ms(sync->os->ctx) >= until_ms)
				*more = true;
			else
				rc = fs_write(sync->os, path, bytes.bytes, bytes.len, err);
		}
		free(path);
		if (rc != PMJ_OK || *more)
			break;
	}
	buf_close(&bytes);
	return rc;
}

enum pmj_code
sync_spool_step(struct sync *sync, bool *more, struct pmj_error *err)
{
	int64_t until_ms = sync->os->mono_ms(sync->os->ctx) + SYNC_PIECE_MS;
	enum pmj_code rc;

	*more = false;
	if ((rc = fs_make_dir(sync->os, sync->out, err)) != PMJ_OK)
		return rc;
	if ((rc = files_sweep(sync, until_ms, more, err)) != PMJ_OK || *more)
		return rc;
	if ((rc = files_fill(sync, until_ms, more, err)) != PMJ_OK)
		return rc;
	sync->spool_dirty = *more;
	return PMJ_OK;
}
