/* give_back.c - what a hub that was restored from a backup may lack and this device holds (9): what
 * it decided since, what it wrote itself, and what others wrote, who may be gone. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/device.h"
#include "sync/lines.h"
#include "sync/restored.h"

struct piece_line { /* of a piece */
	int64_t n;
	bool decided; /* by the hub: before all else */
	uint8_t by[PMJ_DEVICE_BYTES];
};

/* What the author is called here: a hub that lost the enrolment knows no name. */
static json_t *
author_said(struct sync *sync, const struct piece_line *line)
{
	char *name, *role;
	json_t *out;

	if (line->decided)
		return NULL;
	device_who(sync->journal, line->by, &name, &role);
	out = name[0] != '\0' ? json_string(name) : NULL;
	free(name);
	free(role);
	return out;
}

static enum pmj_code
give_back(
    struct sync *sync, const uint8_t *mailbox, const struct piece_line *line, struct pmj_error *err)
{
	struct entry_raw raw;
	struct buf bytes;
	enum pmj_code rc;

	if ((rc = entries_raw(sync->journal, &raw, line->n, err)) != PMJ_OK)
		return rc;
	if (raw.line == NULL)
		return PMJ_OK;
	buf_init(&bytes, PMJ_LINE_WRAPPED_MAX);
	rc = lines_own(sync, &bytes, "ctl.return",
	    json_pack("{s:o,s:o*}", "line", json_stringn(raw.line, raw.len), "name",
	        author_said(sync, line)),
	    err);
	if (rc == PMJ_OK)
		rc =
		    sync_queue_line(sync, mailbox, buf_text(&bytes), bytes.len, line->decided, err);
	buf_close(&bytes);
	free(raw.line);
	return rc;
}

/* The hub's stamps only grow, so they tell what came after: of what it decided or wrote the stamp
 * itself, of what others wrote its note of when it came. Names of authors are told again anyway,
 * and prove nothing. What others wrote stands between this device's own in the order in which all
 * of it came here. */
enum pmj_code
restored_give_back(struct sync *sync, const struct sync_peer *peer,
    const uint8_t hub[static PMJ_DEVICE_BYTES], int64_t point_ms,
    const struct restored_piece *piece, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT n,pmj_long(by),status=?2 OR by=pmj_short(?7) FROM pmj_entry WHERE n>?4 AND "
	    "n<=?5 AND origin=?1 AND"
	    " line IS NOT NULL AND ((status=?2 AND pt>=?3 AND (pmj_long(kind) IN "
	    "('ctl.hold','ctl.release','ctl.withdraw','ctl.cert','ctl.remotes')"
	    " OR (kind=pmj_short('ctl.roster') AND instr(" ENTRY_LINE ",'\"statement\"')>0)))"
	    " OR (status=?6 AND (recv>=?3 OR (by=pmj_short(?7) AND pt>=?3)))) ORDER BY n");
	struct piece_line *lines = NULL;
	size_t count = 0;
	enum pmj_code rc;
	bool row;

	(void)sql_int(sql_int(sql, 1, ENTRY_RECEIVED), 2, ENTRY_CONTROL);
	(void)sql_int(sql_int(sql, 3, point_ms), 6, ENTRY_ADMITTED);
	(void)sql_int(sql_int(sql, 4, piece->after), 5, piece->upto);
	(void)sql_blob(sql, 7, hub, PMJ_DEVICE_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		struct piece_line *line;

		lines = mem_grow(lines, count + 1, sizeof(*lines));
		line = &lines[count++];
		*line =
		    (struct piece_line){.n = sql_col_int(sql, 0), .decided = sql_col_int(sql, 2)};
		(void)sql_col_copy(sql, 1, line->by, sizeof(line->by));
	}
	sql_done(sql);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = give_back(sync, peer->mailbox, &lines[i], err);
	free(lines);
	return rc;
}
