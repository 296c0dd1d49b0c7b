/* files.c - names of segment files, and spool/out made from the journal. */
#include "sync/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
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

/* Once through the folder and the kept segments, a few a step. What changes meanwhile makes it
 * dirty again: another pass. */
struct files_pass {
	char **names; /* in the folder when it began */
	size_t count, at;
	int64_t row; /* of pmj_segment: it and those before have their files */
	bool filled; /* each row has its file */
};

void
files_pass_free(struct files_pass *pass)
{
	if (pass == NULL)
		return;
	fs_list_free(pass->names, pass->count);
	free(pass);
}

/* The first segment after pass->row that the journal keeps; its bytes are not read. */
static enum pmj_code
files_next_kept(struct sync *sync, struct lane *lane, uint64_t *segno, int64_t *row, bool *found,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT s.id,l.mailbox,l.lane,l.inc,s.segno FROM pmj_segment s"
	                           " JOIN pmj_lane l ON l.id=s.lane WHERE s.id>?1 ORDER BY s.id"
	                           " LIMIT 1");
	enum pmj_code rc;

	sql_int(sql, 1, sync->pass->row);
	rc = sql_row(sql, found, err);
	if (rc == PMJ_OK && *found) {
		*row = sql_col_int(sql, 0);
		(void)sql_col_copy(sql, 1, lane->mailbox, sizeof(lane->mailbox));
		lane->lane = (uint8_t)sql_col_int(sql, 2);
		(void)sql_col_copy(sql, 3, lane->inc, sizeof(lane->inc));
		*segno = (uint64_t)sql_col_int(sql, 4);
	}
	sql_done(sql);
	return rc;
}

static enum pmj_code
files_write(struct sync *sync, int64_t row, const char *path, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal, "SELECT bytes FROM pmj_segment WHERE id=?1");
	const uint8_t *bytes;
	size_t len = 0;
	enum pmj_code rc;
	bool found;

	sql_int(sql, 1, row);
	if ((rc = sql_row(sql, &found, err)) == PMJ_OK && found &&
	    (bytes = sql_col_blob(sql, 0, &len)) != NULL)
		rc = fs_write_bytes(sync->os, path, bytes, len, err);
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

/* A file that no row stands for goes: a receipt covers it, or it is of a closed incarnation. */
static enum pmj_code
files_sweep_one(struct sync *sync, const char *name, struct pmj_error *err)
{
	struct sync_place_of place;
	enum pmj_code rc = PMJ_OK;
	bool kept = false;

	if (files_parse(&place, name))
		rc = files_is_kept(sync, &place, &kept, err);
	if (rc != PMJ_OK || kept)
		return rc;
	fs_drop(sync->os, sync->out, name);
	return PMJ_OK;
}

/* The file of the next segment, if it is not there. *found false: that was all. */
static enum pmj_code
files_fill_one(struct sync *sync, bool *found, struct pmj_error *err)
{
	char name[FILES_NAME_MAX];
	struct lane lane = {0};
	uint64_t segno = 0;
	int64_t row = 0;
	enum pmj_code rc;
	char *path;

	rc = files_next_kept(sync, &lane, &segno, &row, found, err);
	if (rc != PMJ_OK || !*found)
		return rc;
	files_name(name, lane.mailbox, lane.lane, lane.inc, segno);
	path = fs_join(sync->out, name);
	if (!fs_exists(sync->os, path))
		rc = files_write(sync, row, path, err);
	free(path);
	if (rc == PMJ_OK)
		sync->pass->row = row;
	return rc;
}

static enum pmj_code
files_pass_begin(struct sync *sync, struct pmj_error *err)
{
	struct files_pass *pass;
	enum pmj_code rc;

	if (sync->pass != NULL)
		return PMJ_OK;
	if ((rc = fs_make_dir(sync->os, sync->out, err)) != PMJ_OK)
		return rc;
	pass = mem_new(sizeof(*pass));
	if ((rc = fs_list(&pass->names, &pass->count, sync->out, err)) != PMJ_OK) {
		files_pass_free(pass);
		return rc;
	}
	sync->pass = pass;
	sync->spool_dirty = false; /* what makes it so from now on asks for another pass */
	return PMJ_OK;
}

static void
files_pass_end(struct sync *sync)
{
	files_pass_free(sync->pass);
	sync->pass = NULL;
}

/* One name swept, one file made; then, once for all of them, their names synced, also of those that
 * were there: a run that was stopped may have left them so. Each sync may cost as much as a step
 * has. */
static enum pmj_code
files_pass_one(struct sync *sync, bool *found, struct pmj_error *err)
{
	struct files_pass *pass = sync->pass;
	enum pmj_code rc;

	if (pass->at < pass->count)
		return files_sweep_one(sync, pass->names[pass->at++], err);
	if (!pass->filled) {
		rc = files_fill_one(sync, found, err);
		pass->filled = !*found;
		*found |= pass->row > 0;
		return rc;
	}
	*found = false;
	return fs_sync_dir(sync->os, sync->out, err);
}

enum pmj_code
sync_spool_step(struct sync *sync, bool *more, struct pmj_error *err)
{
	int64_t until_ms = sync->os->mono_ms(sync->os->ctx) + SYNC_PIECE_MS;
	bool found = true;
	enum pmj_code rc;

	*more = false;
	if ((rc = files_pass_begin(sync, err)) != PMJ_OK)
		return rc;
	while (rc == PMJ_OK && found && !*more) {
		rc = files_pass_one(sync, &found, err);
		*more = found && sync->os->mono_ms(sync->os->ctx) >= until_ms;
	}
	if (rc == PMJ_OK && *more)
		return PMJ_OK;
	files_pass_end(sync);
	sync->spool_dirty |= rc != PMJ_OK;
	*more = rc == PMJ_OK && sync->spool_dirty;
	return rc;
}
