#include "api/import_kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_KEY IMPORT_KEPT "name"
#define PARTS_KEY IMPORT_KEPT "parts" /* how many there are at most */

static const char *
part_key(char out[static 32], int64_t part)
{
	(void)snprintf(out, 32, IMPORT_KEPT "%lld", (long long)part);
	return out;
}

/* A program of before knew an import by its file alone, without a space and what follows it: one
 * that broke off there is gone on with here, whatever its mapping. */
static bool
is_kept_as(const char *known, const char *name)
{
	size_t len = known != NULL ? strlen(known) : 0;

	return len > 0 && strncmp(known, name, len) == 0 &&
	       (name[len] == '\0' || (name[len] == ' ' && strchr(known, ' ') == NULL));
}

enum pmj_code
import_kept_begin(
    struct import_kept *kept, struct journal *journal, const char *name, struct pmj_error *err)
{
	char *known = journal_text(journal, NAME_KEY);
	bool same = is_kept_as(known, name), named = same && strcmp(known, name) == 0;
	enum pmj_code rc = PMJ_OK;

	free(known);
	kept->journal = journal;
	kept->part = -1;
	kept->changed = false;
	if (!same)
		rc = journal_forget(journal, IMPORT_KEPT, err);
	if (rc == PMJ_OK && !named)
		rc = journal_put_text(journal, NAME_KEY, name, err);
	return rc;
}

enum pmj_code
import_kept_save(struct import_kept *kept, struct pmj_error *err)
{
	char key[32];
	enum pmj_code rc;

	if (!kept->changed)
		return PMJ_OK;
	kept->changed = false;
	if (journal_int(kept->journal, PARTS_KEY, 0) <= kept->part &&
	    (rc = journal_put_int(kept->journal, PARTS_KEY, kept->part + 1, err)) != PMJ_OK)
		return rc;
	return journal_put_blob(
	    kept->journal, part_key(key, kept->part), kept->ids, sizeof(kept->ids), err);
}

enum pmj_code
import_kept_row(struct import_kept *kept, int64_t row, bool *saved,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	static const uint8_t none[PMJ_RECORD_BYTES];
	int64_t part = row / IMPORT_KEPT_ROWS;
	char key[32];
	enum pmj_code rc;

	if (row < 0 || row >= IMPORT_KEPT_ROW_MAX)
		return pmj_fail(
		    err, PMJ_USAGE, "\"row\" is a number from 0 to %d", IMPORT_KEPT_ROW_MAX - 1);
	if (part != kept->part) {
		if ((rc = import_kept_save(kept, err)) != PMJ_OK)
			return rc;
		(void)journal_blob(
		    kept->journal, part_key(key, part), kept->ids, sizeof(kept->ids));
		kept->part = part;
	}
	memcpy(rec, kept->ids[row % IMPORT_KEPT_ROWS], PMJ_RECORD_BYTES);
	*saved = memcmp(rec, none, PMJ_RECORD_BYTES) != 0;
	return PMJ_OK;
}

void
import_kept_put(struct import_kept *kept, int64_t row, const uint8_t rec[static PMJ_RECORD_BYTES])
{
	memcpy(kept->ids[row % IMPORT_KEPT_ROWS], rec, PMJ_RECORD_BYTES);
	kept->changed = true;
}

#define FORGOTTEN_AT_ONCE 16 /* parts: 64 KiB of rows, zeroed page by page */

enum pmj_code
import_kept_forget(struct journal *journal, const char *name, bool *more, struct pmj_error *err)
{
	char *known = journal_text(journal, NAME_KEY), key[32];
	bool same = name != NULL && is_kept_as(known, name);
	int64_t parts = journal_int(journal, PARTS_KEY, 0);
	enum pmj_code rc = PMJ_OK;

	*more = false;
	free(known);
	if (known == NULL || same)
		return PMJ_OK;
	for (int i = 0; i < FORGOTTEN_AT_ONCE && parts > 0 && rc == PMJ_OK; i++)
		rc = journal_forget(journal, part_key(key, --parts), err);
	*more = parts > 0;
	if (rc != PMJ_OK)
		return rc;
	return *more ? journal_put_int(journal, PARTS_KEY, parts, err)
	             : journal_forget(journal, IMPORT_KEPT, err);
}

bool
import_kept_otherwise(struct journal *journal, const char *file, const char *name)
{
	char *known = journal_text(journal, NAME_KEY);
	size_t len = strlen(file);
	bool otherwise = known != NULL && strncmp(known, file, len) == 0 && known[len] == ' ' &&
	                 strcmp(known, name) != 0 && journal_int(journal, PARTS_KEY, 0) > 0;

	free(known);
	return otherwise;
}
