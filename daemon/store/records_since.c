/* records_since.c - what came here since somebody looked last, in the order in which it came. */
#include "store/journal_inner.h"
#include "store/records_inner.h"

#define NUMBERS_AT_ONCE 400

enum pmj_code
records_made_since(struct journal *journal, int64_t *num, uint8_t rec[static PMJ_RECORD_BYTES],
    bool *found, bool *more, const char *kind, struct pmj_error *err)
{
	int64_t last = sql_first_int(sql_get(journal, "SELECT max(num) FROM pmj_record"), 0);
	int64_t until = *num + NUMBERS_AT_ONCE < last ? *num + NUMBERS_AT_ONCE : last;
	struct sql *sql =
	    sql_get(journal, "SELECT num, rec FROM pmj_record NOT INDEXED WHERE num > ?1 AND num "
	                     "<= ?2 AND kind = pmj_short(?3) ORDER BY num "
	                     "LIMIT 1");
	enum pmj_code rc;

	*found = *more = false;
	if (*num >= last)
		return PMJ_OK;
	(void)sql_int(sql_int(sql, 1, *num), 2, until);
	if ((rc = sql_row(sql_text(sql, 3, kind), found, err)) != PMJ_OK)
		return rc;
	*num = *found ? sql_col_int(sql, 0) : until;
	if (*found)
		(void)sql_col_copy(sql, 1, rec, PMJ_RECORD_BYTES);
	sql_done(sql);
	*more = *num < last;
	return PMJ_OK;
}
