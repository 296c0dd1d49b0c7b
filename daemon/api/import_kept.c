#include "api/import_kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_KEY IMPORT_KEPT "name"

static const char *
part_key(char out[static 32], int64_t part)
{
	(void)snprintf(out, 32, IMPORT_KEPT "%lld", (long long)part);
	return out;
}

enum pmj_code
import_kept_begin(
    struct import_kept *kept, struct journal *journal, const char *name, struct pmj_error *err)
{
	char *known = journal_text(journal, NAME_KEY);
	bool same = known != NULL && strcmp(known, name) == 0;
	enum pmj_code rc = PMJ_OK;

	free(known);
	kept->journal = journal;
	kept->part = -1;
	kept->changed = false;
	if (!same && (rc = journal_forget(journal, IMPORT_KEPT, err)) == PMJ_OK)
		rc = journal_put_text(journal, NAME_KEY, name, err);
	return rc;
}

enum pmj_code
import_kept_save(struct import_kept *kept, struct pmj_error *err)
{
	char key[32];

	if (!kept->changed)
		return PMJ_OK;
	kept->changed = false;
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
