/* journal_meta.c - values kept by name. */
#include <string.h>

#include "base/mem.h"
#include "store/journal_inner.h"

#define PUT_META                                                                                   \
	"INSERT INTO pmj_meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value " \
	"= excluded.value"
#define GET_META "SELECT value FROM pmj_meta WHERE key = ?1"

enum pmj_code
journal_put_int(struct journal *journal, const char *key, int64_t value, struct pmj_error *err)
{
	return sql_run(sql_int(sql_text(sql_get(journal, PUT_META), 1, key), 2, value), err);
}

enum pmj_code
journal_put_text(struct journal *journal, const char *key, const char *value, struct pmj_error *err)
{
	return sql_run(sql_text(sql_text(sql_get(journal, PUT_META), 1, key), 2, value), err);
}

enum pmj_code
journal_put_blob(
    struct journal *journal, const char *key, const void *bytes, size_t len, struct pmj_error *err)
{
	return sql_run(sql_blob(sql_text(sql_get(journal, PUT_META), 1, key), 2, bytes, len), err);
}

enum pmj_code
journal_forget(struct journal *journal, const char *beginning, struct pmj_error *err)
{
	/* By the key's order, so that no other value is looked at: there may be a million. */
	return sql_run(
	    sql_text(sql_get(journal, "DELETE FROM pmj_meta WHERE key >= ?1 AND key < ?1 || "
	                              "char(0x10ffff)"),
	        1, beginning),
	    err);
}

/* The statement at its row, or NULL. */
static struct sql *
find_meta(struct journal *journal, const char *key)
{
	struct sql *sql = sql_text(sql_get(journal, GET_META), 1, key);
	bool row = false;

	if (sql_row(sql, &row, NULL) != PMJ_OK || !row)
		return NULL;
	if (!sql_col_null(sql, 0))
		return sql;
	sql_done(sql);
	return NULL;
}

int64_t
journal_int(struct journal *journal, const char *key, int64_t otherwise)
{
	struct sql *sql = find_meta(journal, key);

	if (sql == NULL)
		return otherwise;
	otherwise = sql_col_int(sql, 0);
	sql_done(sql);
	return otherwise;
}

char *
journal_text(struct journal *journal, const char *key)
{
	struct sql *sql = find_meta(journal, key);
	char *text;

	if (sql == NULL)
		return NULL;
	text = mem_strdup(sql_col_text(sql, 0));
	sql_done(sql);
	return text;
}

bool
journal_blob(struct journal *journal, const char *key, void *out, size_t len)
{
	struct sql *sql = find_meta(journal, key);
	bool there;

	memset(out, 0, len);
	if (sql == NULL)
		return false;
	there = sql_col_copy(sql, 0, out, len);
	sql_done(sql);
	return there;
}
