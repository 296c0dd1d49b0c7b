/* journal_pages.c - the file as SQLite sees it: every page of every table opens, every index says
 * what its table says. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/journal_inner.h"

/* The table with this number, counted from 0; NULL past the last. Virtual ones keep their rows in
 * tables that are here too. */
static char *
table_name(struct journal *journal, int64_t number, struct pmj_error *err, enum pmj_code *rc)
{
	struct sql *sql = sql_get(journal, "SELECT name FROM sqlite_schema WHERE type = 'table' "
	                                   "AND rootpage > 0 ORDER BY rowid LIMIT 1 OFFSET ?1");
	char *name = NULL;
	bool row = false;

	*rc = sql_row(sql_int(sql, 1, number), &row, err);
	if (*rc == PMJ_OK && row)
		name = mem_strdup(sql_col_text(sql, 0));
	sql_done(sql);
	return name;
}

static enum pmj_code
fail_table(struct pmj_error *err, const char *name)
{
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "the journal's table %.60s is damaged, or holds pages of different times", name);
	pmj_hint(err, "keep a copy of the folder as it is; restore the last backup, what the hub "
	              "acknowledged comes back from it");
	return PMJ_INTEGRITY;
}

enum pmj_code
journal_table_check(struct journal *journal, int64_t number, bool *done, struct pmj_error *err)
{
	sqlite3_stmt *statement = NULL;
	enum pmj_code rc;
	char *name = table_name(journal, number, err, &rc);
	char *text = NULL;
	int result;

	*done = rc == PMJ_OK && name == NULL;
	if (name == NULL)
		return rc;
	text = sqlite3_mprintf("PRAGMA integrity_check(%Q)", name);
	result = text != NULL ? sqlite3_prepare_v2(journal->db, text, -1, &statement, NULL)
	                      : SQLITE_NOMEM;
	if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
		rc = sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0
		         ? PMJ_OK
		         : fail_table(err, name);
	else
		rc = journal_fail(journal, result, err);
	(void)sqlite3_finalize(statement);
	sqlite3_free(text);
	free(name);
	return rc;
}
