/* entries_change.c - an entry held, released or made a stub. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/entries.h"
#include "store/entries_inner.h"
#include "store/project.h"
#include "store/search.h"

/* A line of this record is about to change: what it tells is asked first. */
static enum pmj_code
before_change(
    struct journal *journal, const uint8_t *rec, struct project_was *was, struct pmj_error *err)
{
	enum pmj_code rc = search_keep(journal, rec, err);

	return rc == PMJ_OK ? project_ask(journal, was, rec, err) : rc;
}

enum pmj_code
entries_set_status(struct journal *journal, int64_t n, enum entry_status status, const char *reason,
    struct pmj_error *err)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	struct project_was was;
	bool has_rec = false;
	struct sql *sql;
	enum pmj_code rc;

	assert(journal->in_transaction);
	if ((rc = entries_count(journal, n, false, rec, &has_rec, err)) != PMJ_OK)
		return rc;
	if (has_rec && (rc = before_change(journal, rec, &was, err)) != PMJ_OK)
		return rc;
	sql = sql_get(journal, "UPDATE pmj_entry SET status = ?2, reason = ?3 WHERE n = ?1");
	(void)sql_text(sql_int(sql_int(sql, 1, n), 2, status), 3, reason);
	if ((rc = sql_run(sql, err)) != PMJ_OK ||
	    (rc = entries_count(journal, n, true, rec, &has_rec, err)) != PMJ_OK)
		return rc;
	return has_rec ? project_record(journal, rec, &was, err) : PMJ_OK;
}

/* For each field that was set, the versions it named. */
static json_t *
stub_was(const struct entry *entry)
{
	json_t *was = json_object();
	json_t *value;
	const char *name;

	json_object_foreach((json_t *)entry->set, name, value)
	{
		json_t *list = json_object_get(entry->was, name);
		(void)json_object_set_new(
		    was, name, list != NULL ? json_deep_copy(list) : json_array());
	}
	return was;
}

enum pmj_code
entries_stub(struct journal *journal, int64_t n, struct pmj_error *err)
{
	struct entry_row row = {0};
	struct project_was was_told;
	uint8_t rec[PMJ_RECORD_BYTES];
	bool has_rec = false;
	char *text = NULL;
	json_t *was = NULL;
	struct sql *sql;
	enum pmj_code rc;

	assert(journal->in_transaction);
	if ((rc = entries_get(journal, &row, n, err)) != PMJ_OK || row.line == NULL)
		goto out;
	was = stub_was(&row.entry);
	text = json_text(was);
	if ((rc = entries_count(journal, n, false, rec, &has_rec, err)) != PMJ_OK)
		goto out;
	if (has_rec && (rc = before_change(journal, rec, &was_told, err)) != PMJ_OK)
		goto out;
	sql = sql_get(journal, "UPDATE pmj_entry SET e = ?3, line = NULL, was = ?2 WHERE n = ?1");
	(void)sql_blob(sql_text(sql_int(sql, 1, n), 2, text), 3, row.entry.e, PMJ_ENTRY_BYTES);
	if ((rc = sql_run(sql, err)) != PMJ_OK ||
	    (rc = entries_count(journal, n, true, rec, &has_rec, err)) != PMJ_OK)
		goto out;
	if (has_rec)
		rc = project_record(journal, rec, &was_told, err);
out:
	json_decref(was);
	free(text);
	entry_row_close(&row);
	return rc;
}
