/* give_back.c - what the hub decided after the backup that it was restored from: this device still
 * has it, and gives it back (9). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/lines.h"
#include "sync/restored.h"

static enum pmj_code
give_back(struct sync *sync, const uint8_t *mailbox, int64_t n, struct pmj_error *err)
{
	struct entry_raw raw;
	struct buf line;
	enum pmj_code rc;

	if ((rc = entries_raw(sync->journal, &raw, n, err)) != PMJ_OK)
		return rc;
	if (raw.line == NULL)
		return PMJ_OK;
	buf_init(&line, PMJ_LINE_WRAPPED_MAX);
	rc = lines_own(sync, &line, "ctl.return",
	    json_pack("{s:o}", "line", json_stringn(raw.line, raw.len)), err);
	if (rc == PMJ_OK)
		rc = sync_queue_line(sync, mailbox, buf_text(&line), line.len, true, err);
	buf_close(&line);
	free(raw.line);
	return rc;
}

/* The hub's stamps only grow, so they tell what came after. Names of authors are told again anyway,
 * and prove nothing. */
enum pmj_code
restored_give_back(struct sync *sync, const struct sync_peer *peer, int64_t point_ms,
    const struct restored_piece *piece, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT n FROM pmj_entry WHERE n>?4 AND n<=?5 AND origin=?1 AND status=?2 AND pt>=?3"
	    " AND line IS NOT NULL AND (kind IN "
	    "('ctl.hold','ctl.release','ctl.withdraw','ctl.cert','ctl.remotes')"
	    " OR (kind='ctl.roster' AND instr(line,'\"statement\"')>0)) ORDER BY n");
	int64_t *numbers = NULL;
	size_t count = 0;
	enum pmj_code rc;
	bool row;

	(void)sql_int(sql_int(sql, 1, ENTRY_RECEIVED), 2, ENTRY_CONTROL);
	(void)sql_int(sql, 3, point_ms);
	(void)sql_int(sql_int(sql, 4, piece->after), 5, piece->upto);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		numbers = mem_grow(numbers, count + 1, sizeof(*numbers));
		numbers[count++] = sql_col_int(sql, 0);
	}
	sql_done(sql);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = give_back(sync, peer->mailbox, numbers[i], err);
	free(numbers);
	return rc;
}
