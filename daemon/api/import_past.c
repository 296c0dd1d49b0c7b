#include "api/import_past.h"

#include <stdlib.h>
#include <string.h>

#include "api/core_inner.h"
#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/prim.h"

#define PAST_KEY "imported" /* [[mark, ms, saved, rows, mapping]…], the newest last */
#define MARK_BYTES 8        /* of a file, that is chance enough: it is asked of 64 */

/* No name is kept, which may be long, but what it comes to. */
static const char *
past_mark(char out[static 2 * MARK_BYTES + 1], const char *name)
{
	uint8_t hash[PRIM_HASH_BYTES];

	prim_hash(hash, "pmj import v1", PRIM_PARTS({name, strlen(name)}));
	return text_hex(out, hash, MARK_BYTES);
}

static json_t *
past_load(struct journal *journal)
{
	char *text = journal_text(journal, PAST_KEY);
	json_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL;

	free(text);
	if (json_is_array(list))
		return list;
	json_decref(list);
	return json_array();
}

/* Its place in the list, or past its end. */
static size_t
past_at(const json_t *list, const char *name)
{
	char mark[2 * MARK_BYTES + 1];
	size_t i;
	json_t *one;

	(void)past_mark(mark, name);
	json_array_foreach((json_t *)list, i, one)
	{
		const char *known = json_string_value(json_array_get(one, 0));

		if (known != NULL && strcmp(known, mark) == 0)
			break;
	}
	return i;
}

static enum pmj_code
past_save(struct journal *journal, const json_t *list, struct pmj_error *err)
{
	char *text = json_dumps(list, JSON_COMPACT);
	enum pmj_code rc = text != NULL ? journal_put_text(journal, PAST_KEY, text, err)
	                                : pmj_fail(err, PMJ_NO_MEMORY, "out of memory");

	free(text);
	return rc;
}

bool
import_past_has(struct journal *journal, const char *name)
{
	json_t *list = past_load(journal);
	bool has = past_at(list, name) < json_array_size(list);

	json_decref(list);
	return has;
}

/* stamp: when; saved of rows: with the mapping that is meant now, or with another. */
static enum pmj_code
past_refuse(const char *stamp, long long saved, long long rows, bool same, struct pmj_error *err)
{
	if (!same) {
		(void)pmj_fail(err, PMJ_NOT_CONFIRMED,
		    "this file was imported on %s by another mapping: %lld of %lld rows are in; "
		    "nothing was saved now",
		    stamp, saved, rows);
		pmj_hint(err, "if this mapping takes other rows of it, add --again; what is in is "
		              "changed with `pamoja edit`, not by a second import");
	} else if (saved >= rows) {
		(void)pmj_fail(err, PMJ_NOT_CONFIRMED,
		    "all of this file is in: it was imported on %s, %lld rows; nothing was saved "
		    "now",
		    stamp, saved);
		pmj_hint(err, "nothing is to be done; to save its rows once more, as new records, "
		              "add --again");
	} else {
		(void)pmj_fail(err, PMJ_NOT_CONFIRMED,
		    "this file was imported on %s: %lld of %lld rows are in; nothing was saved "
		    "now",
		    stamp, saved, rows);
		pmj_hint(err, "mend the lines that were not taken and import them alone; to save "
		              "all once more, as new records, add --again");
	}
	return PMJ_NOT_CONFIRMED;
}

enum pmj_code
import_past_check(
    const struct core *core, const char *name, const char *mapping, struct pmj_error *err)
{
	json_t *list = past_load(core->journal);
	json_t *one = json_array_get(list, past_at(list, name));
	int64_t ms = json_integer_value(json_array_get(one, 1));
	const char *by = json_string_value(json_array_get(one, 4));
	char stamp[17];
	enum pmj_code rc = PMJ_OK;

	if (one != NULL) {
		(void)date_stamp(stamp, ms, core->os->offset_minutes(core->os->ctx, ms));
		rc = past_refuse(stamp, json_integer_value(json_array_get(one, 2)),
		    json_integer_value(json_array_get(one, 3)),
		    by == NULL || strcmp(by, mapping) == 0, err);
	}
	json_decref(list);
	return rc;
}

enum pmj_code
import_past_put(const struct core *core, const char *name, const char *mapping, int64_t saved,
    int64_t rows, struct pmj_error *err)
{
	json_t *list = past_load(core->journal);
	char mark[2 * MARK_BYTES + 1];
	enum pmj_code rc;

	(void)json_array_remove(list, past_at(list, name));
	(void)json_array_append_new(
	    list, json_pack("[s,I,I,I,s]", past_mark(mark, name), (json_int_t)os_now(core->os),
	              (json_int_t)saved, (json_int_t)rows, mapping));
	while (json_array_size(list) > IMPORT_PAST_MAX)
		(void)json_array_remove(list, 0);
	rc = past_save(core->journal, list, err);
	json_decref(list);
	return rc;
}

enum pmj_code
import_past_drop(struct journal *journal, const char *name, struct pmj_error *err)
{
	json_t *list = past_load(journal);
	enum pmj_code rc = PMJ_OK;

	if (json_array_remove(list, past_at(list, name)) == 0)
		rc = past_save(journal, list, err);
	json_decref(list);
	return rc;
}
