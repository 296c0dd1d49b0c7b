/* records_name.c - a record by what a person typed, and in a person's words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

#define CANDIDATES_MAX 6 /* enough to say "several", and to name some */

/* ---- ids and names ---- */

struct candidates {
	uint8_t rec[CANDIDATES_MAX][PMJ_RECORD_BYTES];
	size_t count;
};

static enum pmj_code
add_candidates(struct candidates *out, struct sql *sql, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		uint8_t rec[PMJ_RECORD_BYTES];
		bool there = !sql_col_copy(sql, 0, rec, sizeof(rec));
		for (size_t i = 0; i < out->count; i++)
			there = there || memcmp(out->rec[i], rec, sizeof(rec)) == 0;
		if (!there && out->count < CANDIDATES_MAX)
			memcpy(out->rec[out->count++], rec, sizeof(rec));
	}
	return rc;
}

/* The lowest and highest id that begins with what was typed. */
bool
records_range(
    uint8_t low[static PMJ_RECORD_BYTES], uint8_t high[static PMJ_RECORD_BYTES], const char *typed)
{
	char text[PMJ_RECORD_CHARS];
	size_t len = strlen(typed);

	if (len < PMJ_RECORD_PREFIX_MIN || len > PMJ_RECORD_CHARS)
		return false;
	memset(text, '0', sizeof(text));
	for (size_t i = 0; i < len; i++)
		text[i] = typed[i];
	if (!text_unbase32(low, PMJ_RECORD_BYTES, text, PMJ_RECORD_CHARS))
		return false;
	memset(text + len, 'z', sizeof(text) - len);
	return text_unbase32(high, PMJ_RECORD_BYTES, text, PMJ_RECORD_CHARS);
}

static enum pmj_code
by_prefix(struct journal *journal, struct candidates *out, const char *kind, const char *typed,
    struct pmj_error *err)
{
	uint8_t low[PMJ_RECORD_BYTES], high[PMJ_RECORD_BYTES];
	struct sql *sql;
	enum pmj_code rc;

	if (!records_range(low, high, typed))
		return PMJ_OK;
	sql = sql_get(journal, "SELECT rec FROM pmj_record WHERE rec >= ?1 AND rec <= ?2 AND (?3 "
	                       "IS NULL OR kind = pmj_short(?3)) ORDER BY rec LIMIT 6");
	(void)sql_text(
	    sql_blob(sql_blob(sql, 1, low, sizeof(low)), 2, high, sizeof(high)), 3, kind);
	if ((rc = add_candidates(out, sql, err)) != PMJ_OK || out->count > 0)
		return rc;
	/* One whose entries are all held: its author may still look at it. */
	sql = sql_get(journal, "SELECT DISTINCT rec FROM pmj_entry WHERE rec >= ?1 AND rec <= ?2 "
	                       "AND (?3 IS NULL OR kind = pmj_short(?3))"
	                       " ORDER BY rec LIMIT 6");
	(void)sql_text(
	    sql_blob(sql_blob(sql, 1, low, sizeof(low)), 2, high, sizeof(high)), 3, kind);
	return add_candidates(out, sql, err);
}

static enum pmj_code
by_name(struct journal *journal, struct candidates *out, const char *kind, const char *typed,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT rec FROM pmj_record WHERE name = ?1 AND name <> '' AND voided "
	                     "= 0 AND (?2 IS NULL OR kind = pmj_short(?2)) LIMIT 6");
	char *name = text_fold(typed);
	enum pmj_code rc;

	rc = add_candidates(out, sql_text(sql_text(sql, 1, name), 2, kind), err);
	free(name);
	return rc;
}

static enum pmj_code
fail_ambiguous(
    struct journal *journal, const struct candidates *list, const char *kind, struct pmj_error *err)
{
	char text[sizeof(err->hint)] = "";
	size_t used = 0;

	for (size_t i = 0; i < list->count && used < sizeof(text); i++) {
		char id[PMJ_RECORD_CHARS + 1];
		char *title = records_title(journal, list->rec[i], LANG_EN);
		records_short(journal, id, list->rec[i]);
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, "%s%s (%.40s)", i > 0 ? ", " : "", id, title);
		free(title);
	}
	(void)pmj_fail(
	    err, PMJ_AMBIGUOUS, "this fits more than one %s", kind != NULL ? kind : "record");
	pmj_hint(err, "say which: %s", text);
	return PMJ_AMBIGUOUS;
}

enum pmj_code
records_resolve(struct journal *journal, uint8_t rec[static PMJ_RECORD_BYTES], const char *kind,
    const char *typed, struct pmj_error *err)
{
	struct candidates list = {.count = 0};
	enum pmj_code rc;

	if ((rc = by_prefix(journal, &list, kind, typed, err)) != PMJ_OK)
		return rc;
	/* A whole id is never also a name. */
	if (strlen(typed) != PMJ_RECORD_CHARS || list.count == 0)
		rc = by_name(journal, &list, kind, typed, err);
	if (rc != PMJ_OK)
		return rc;
	if (list.count > 1)
		return fail_ambiguous(journal, &list, kind, err);
	if (list.count == 0) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "no %s has this id or name",
		    kind != NULL ? kind : "record");
		pmj_hint(err,
		    "give at least %d characters of the id, or the whole name; `find` looks for "
		    "words",
		    PMJ_RECORD_PREFIX_MIN);
		return PMJ_NOT_FOUND;
	}
	memcpy(rec, list.rec[0], PMJ_RECORD_BYTES);
	return PMJ_OK;
}

enum pmj_code
records_link(
    void *ctx, char out[static 17], const char *kind, const char *typed, struct pmj_error *err)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc = records_resolve(ctx, rec, kind, typed, err);

	if (rc == PMJ_OK)
		(void)text_base32(out, rec, PMJ_RECORD_BYTES);
	return rc;
}

/* Characters an id shares with the neighbour that this statement finds. */
static size_t
shared(struct sql *sql, const uint8_t *rec, const char *id)
{
	char other[PMJ_RECORD_CHARS + 1];
	uint8_t there[PMJ_RECORD_BYTES];
	size_t same = 0;
	bool row = false;

	if (sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, NULL) == PMJ_OK && row &&
	    sql_col_copy(sql, 0, there, sizeof(there))) {
		(void)text_base32(other, there, sizeof(there));
		while (same < PMJ_RECORD_CHARS && id[same] == other[same])
			same++;
	}
	sql_done(sql);
	return same;
}

void
records_short(struct journal *journal, char out[static PMJ_RECORD_CHARS + 1],
    const uint8_t rec[static PMJ_RECORD_BYTES])
{
	size_t before, after, chars;

	(void)text_base32(out, rec, PMJ_RECORD_BYTES);
	before = shared(
	    sql_get(journal, "SELECT rec FROM pmj_record WHERE rec < ?1 ORDER BY rec DESC LIMIT 1"),
	    rec, out);
	after = shared(
	    sql_get(journal, "SELECT rec FROM pmj_record WHERE rec > ?1 ORDER BY rec LIMIT 1"), rec,
	    out);
	chars = (before > after ? before : after) + 1;
	if (chars < PMJ_RECORD_PREFIX_MIN)
		chars = PMJ_RECORD_PREFIX_MIN;
	if (chars < PMJ_RECORD_CHARS)
		out[chars] = '\0';
}

/* The shown value of one field: new reference, or NULL. */
static json_t *
shown(struct journal *journal, const uint8_t *rec, const char *field)
{
	json_t *values = NULL, *value = NULL;

	if (records_values(journal, &values, rec, NULL) == PMJ_OK)
		value = json_incref(json_array_get(json_object_get(values, field), 0));
	json_decref(values);
	return value;
}

/* ---- titles ---- */

#define TITLE_DEPTH 3 /* a contact shows its person; nothing sensible goes further */

static char *title_at(
    struct journal *journal, const uint8_t *rec, json_t *values, enum lang lang, int depth);

/* The shown value of the field that names a record, in words; NULL when there is none. */
static char *
title_of_field(struct journal *journal, const uint8_t *rec, json_t *values, const struct kind *kind,
    enum lang lang, int depth)
{
	const struct field *field = kind->shows != NULL ? kind_field(kind, kind->shows) : NULL;
	json_t *value = NULL;
	char *title = NULL;

	if (field == NULL)
		return NULL;
	value = values != NULL
	            ? json_incref(json_array_get(json_object_get(values, field->name), 0))
	            : shown(journal, rec, field->name);
	if (value == NULL)
		return NULL;
	title = records_value_text(journal, field, value, lang, depth);
	json_decref(value);
	if (title != NULL && *title == '\0') {
		free(title);
		title = NULL;
	}
	return title;
}

static char *
title_at(struct journal *journal, const uint8_t *rec, json_t *values, enum lang lang, int depth)
{
	struct sql *sql =
	    sql_get(journal, "SELECT pmj_long(kind), title FROM pmj_record WHERE rec = ?1");
	char id[PMJ_RECORD_CHARS + 1];
	const struct kind *kind = NULL;
	char *title = NULL;
	bool row = false;

	if (sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, NULL) == PMJ_OK && row) {
		const char *text = sql_col_text(sql, 1);
		kind = kinds_get(journal->kinds, sql_col_text(sql, 0));
		title = text != NULL && *text != '\0' ? mem_strdup(text) : NULL;
	}
	sql_done(sql);
	if (title == NULL && kind != NULL)
		title = title_of_field(journal, rec, values, kind, lang, depth);
	if (title != NULL)
		return title;
	records_short(journal, id, rec);
	return kind != NULL ? mem_printf("%s %s", texts_in(&kind->title, lang), id)
	                    : mem_strdup(id);
}

char *
records_value_text(struct journal *journal, const struct field *field, const json_t *value,
    enum lang lang, int depth)
{
	const char *id = json_string_value(value);
	uint8_t rec[PMJ_RECORD_BYTES];

	if (field->type == FIELD_LINK && id != NULL && depth < TITLE_DEPTH && value_is_id(value) &&
	    text_unbase32(rec, sizeof(rec), id, PMJ_RECORD_CHARS))
		return title_at(journal, rec, NULL, lang, depth + 1);
	return value_text(field, value, lang);
}

char *
records_title(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], enum lang lang)
{
	return title_at(journal, rec, NULL, lang, 0);
}

char *
records_title_with(struct journal *journal, const uint8_t *rec, json_t *values, enum lang lang)
{
	return title_at(journal, rec, values, lang, 0);
}
