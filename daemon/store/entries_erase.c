/* entries_erase.c - entries of a person who was erased (security 11): number and hash stay, so that
 * the chain can be checked, and nothing else. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/entries.h"
#include "store/entries_inner.h"
#include "store/project.h"
#include "store/records.h"
#include "store/search.h"
#include "store/shorts.h"

#define ERASED_KEY "entries.erased"

bool
entries_were_erased(struct journal *journal)
{
	if (journal->erased == 0)
		journal->erased = journal_int(journal, ERASED_KEY, 0) != 0 ? 2 : 1;
	return journal->erased == 2;
}

/* That it was noted may be rolled back; then it is asked for anew. */
enum pmj_code
entries_note_erased(struct journal *journal, struct pmj_error *err)
{
	if (journal_int(journal, ERASED_KEY, 0) != 0)
		return PMJ_OK;
	journal->erased = 0;
	return journal_put_int(journal, ERASED_KEY, 1, err);
}

enum pmj_code
entries_erase(struct journal *journal, int64_t n, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "UPDATE pmj_entry SET e = " ENTRY_HASH
	    ", line = NULL, was = NULL, kind = ?4, rec = NULL, by = ?2, pt = 0,"
	    " counter = 0, rv = 0, status = ?3, recv = NULL, recv_counter = NULL, reason = NULL,"
	    " mark = NULL WHERE n = ?1");
	static const uint8_t nobody[PMJ_DEVICE_BYTES];
	uint8_t rec[PMJ_RECORD_BYTES];
	int64_t by, kind;
	bool has_rec;
	enum pmj_code rc;

	assert(journal->in_transaction);
	if ((rc = entries_note_erased(journal, err)) != PMJ_OK ||
	    (rc = shorts_number(journal, &by, nobody, sizeof(nobody), false, err)) != PMJ_OK ||
	    (rc = shorts_number(journal, &kind, "", 0, true, err)) != PMJ_OK ||
	    (rc = entries_count(journal, n, false, rec, &has_rec, err)) != PMJ_OK)
		return rc;
	if (has_rec && (rc = search_keep(journal, rec, err)) != PMJ_OK)
		return rc;
	(void)sql_int(sql_int(sql_int(sql, 1, n), 2, by), 4, kind);
	if ((rc = sql_run(sql_int(sql, 3, ENTRY_ERASED), err)) != PMJ_OK)
		return rc;
	return entries_count(journal, n, true, rec, &has_rec, err);
}

/* The numbers of a record's entries, held and waiting ones too. Caller frees *out. */
static enum pmj_code
numbers_of(struct journal *journal, int64_t **out, size_t *count, const uint8_t *rec,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT n FROM pmj_entry WHERE rec = ?1 AND status <> 4 ORDER BY n");
	enum pmj_code rc;
	bool row;

	*out = NULL;
	*count = 0;
	(void)sql_blob(sql, 1, rec, PMJ_RECORD_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if (*count % 64 == 0)
			*out = mem_grow(*out, *count + 64, sizeof(**out));
		(*out)[(*count)++] = sql_col_int(sql, 0);
	}
	sql_done(sql);
	return rc;
}

enum pmj_code
entries_erase_record(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES],
    int64_t *count, struct pmj_error *err)
{
	int64_t *numbers = NULL;
	struct project_was was;
	size_t found = 0;
	enum pmj_code rc;

	assert(journal->in_transaction);
	*count = 0;
	if ((rc = project_ask(journal, &was, rec, err)) != PMJ_OK)
		return rc;
	rc = numbers_of(journal, &numbers, &found, rec, err);
	for (size_t i = 0; i < found && rc == PMJ_OK; i++)
		rc = entries_erase(journal, numbers[i], err);
	if (rc == PMJ_OK)
		rc = project_record(journal, rec, &was, err);
	*count = (int64_t)found;
	free(numbers);
	return rc;
}

enum pmj_code
entries_append_erased(struct journal *journal, const struct entry *entry, enum entry_origin origin,
    int64_t *n, bool *known, struct pmj_error *err)
{
	struct entry bare = {.kind = ""};
	struct entries_new new = {.entry = &bare, .origin = origin, .status = ENTRY_ERASED};
	struct entry_row row = {.n = 0};
	enum pmj_code rc;

	/* What makes a record may be here under its record, of which it says nothing now. */
	if ((rc = entries_find(journal, &row, entry->e, err)) != PMJ_NOT_FOUND) {
		*known = true;
		*n = row.n;
		entry_row_close(&row);
		return rc;
	}
	memcpy(bare.e, entry->e, sizeof(bare.e));
	memcpy(bare.by, entry->by, sizeof(bare.by));
	return entries_append(journal, &new, n, known, err);
}
