/* picture.c - what a record has to look like: its admitted entries merged, as rows. */
#include "store/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/due.h"
#include "domain/value.h"
#include "store/digest.h"
#include "store/recipe.h"
#include "store/records.h"
#include "store/search.h"
#include "store/shorts.h"

/* The text that names the record, if it is text of its own: no link, no choice with a label. */
static const char *
own_title(const struct kind *kind, const struct merge_record *record)
{
	const struct field *field;

	if (kind == NULL || kind->shows == NULL || (field = kind_field(kind, kind->shows)) == NULL)
		return NULL;
	if (field->type == FIELD_LINK || field->type == FIELD_CHOICE ||
	    field->type == FIELD_CHOICES)
		return NULL;
	return json_string_value(merge_shown(record, kind->shows));
}

static bool
is_closed(const struct kind *kind, const char *state_name)
{
	const struct state *state =
	    kind != NULL && state_name != NULL ? kind_state(kind, state_name) : NULL;

	return state != NULL && state->closed;
}

static bool
is_handed_over(const struct merge_record *record)
{
	for (size_t i = 0; i < record->field_count; i++)
		for (size_t k = 0; k < record->fields[i].count; k++)
			if (record->fields[i].values[k].value == NULL)
				return true;
	return false;
}

static enum pmj_code
paint_record(struct picture *out, struct journal *journal, const struct kind *kind,
    const struct merge_record *record, const struct entry *const *entries, size_t count,
    struct pmj_error *err)
{
	const char *state = json_string_value(merge_shown(record, "state"));
	const char *title = own_title(kind, record);
	char *name = title != NULL ? text_fold(title) : NULL;
	struct due due;
	struct row_set *rows = &out->rows;
	int64_t changed = 0, kind_no = 0, by_no = 0;
	enum pmj_code rc;

	for (size_t i = 0; i < count; i++)
		if (entries[i]->pt > changed)
			changed = entries[i]->pt;
	if ((record->kind != NULL && (rc = shorts_number(journal, &kind_no, record->kind,
	                                  strlen(record->kind), true, err)) != PMJ_OK) ||
	    (record->maker != NULL && (rc = shorts_number(journal, &by_no, record->maker->by,
	                                   PMJ_DEVICE_BYTES, false, err)) != PMJ_OK)) {
		free(name);
		return rc;
	}
	digest_of(out->digest, record);
	row_begin(rows, &journal->tables[0]);
	row_blob(rows, "rec", record->rec, PMJ_RECORD_BYTES);
	if (record->kind != NULL)
		row_int(rows, "kind", kind_no);
	row_text(rows, "title", title);
	row_text(rows, "name", name);
	row_text(rows, "state", state);
	row_int(rows, "voided", record->voided);
	row_int(rows, "conflict", record->conflict);
	row_int(rows, "handed_over", is_handed_over(record));
	if (record->maker != NULL) {
		row_int(rows, "made_by", by_no);
		row_int(rows, "made_ago", changed - record->maker->pt);
	}
	row_int(rows, "changed_pt", changed);
	due_of(&due, kind, record);
	row_text(rows, "due", due.from[0] != '\0' ? due.from : NULL);
	row_int(rows, "closed", is_closed(kind, state));
	row_int(rows, "entries", (int64_t)count);
	row_int(rows, "private", kind != NULL && kind->scope == SCOPE_AUTHOR);
	if (out->words != 0)
		row_int(rows, "words", out->words);
	row_end(rows);
	free(name);
	return PMJ_OK;
}

/* Most of what is found of a record stands in the line that makes it, also when it was moved on
 * since. */
static enum pmj_code
paint_words(struct picture *out, struct journal *journal, const struct kind *kind,
    const struct merge_record *record, size_t count, struct pmj_error *err)
{
	const struct entry *maker = record->maker;
	enum pmj_code rc;
	char *told;

	if (kind == NULL || maker == NULL || maker->set == NULL) {
		out->search = search_text(kind, record);
		return PMJ_OK;
	}
	if ((rc = recipe_number(journal, &out->words, kind, err)) != PMJ_OK)
		return rc;
	told = recipe_text(journal, out->words, maker);
	out->search = count == 1 && told != NULL ? mem_strdup(told) : search_text(kind, record);
	if (told == NULL || strcmp(told, out->search) != 0)
		out->words = 0;
	free(told);
	return PMJ_OK;
}

static void
add_person(uint8_t (**list)[PMJ_RECORD_BYTES], size_t *count, const uint8_t *person)
{
	for (size_t i = 0; i < *count; i++)
		if (memcmp((*list)[i], person, PMJ_RECORD_BYTES) == 0)
			return;
	*list = mem_grow(*list, *count + 1, sizeof(**list));
	memcpy((*list)[(*count)++], person, PMJ_RECORD_BYTES);
}

/* Every surviving value counts: while two people are in conflict, the record is about both. */
static void
paint_subjects(struct picture *out, const struct journal *journal, const struct kind *kind,
    const struct merge_record *record)
{
	uint8_t(*people)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;

	if (record->kind != NULL && strcmp(record->kind, "person") == 0)
		add_person(&people, &count, record->rec);
	for (size_t s = 0; kind != NULL && s < kind->subject_count; s++) {
		const struct merge_field *field = merge_field(record, kind->subjects[s]);
		for (size_t i = 0; field != NULL && i < field->count; i++) {
			const char *id = json_string_value(field->values[i].value);
			uint8_t person[PMJ_RECORD_BYTES];
			if (id != NULL && strlen(id) == PMJ_RECORD_CHARS &&
			    text_unbase32(person, PMJ_RECORD_BYTES, id, PMJ_RECORD_CHARS))
				add_person(&people, &count, person);
		}
	}
	for (size_t i = 0; i < count; i++) {
		row_begin(&out->rows, &journal->tables[1]);
		row_blob(&out->rows, "person", people[i], PMJ_RECORD_BYTES);
		row_end(&out->rows);
	}
	free(people);
}

/* A record's id, as we write it, in a field that links to one: the bytes of pmj_record.rec. Words
 * for somebody who has no record stay words. */
static bool
is_link(uint8_t rec[static PMJ_RECORD_BYTES], const struct kind *kind, const char *column,
    const char *text)
{
	const struct field *field;
	char again[PMJ_RECORD_CHARS + 1];

	return strlen(text) == PMJ_RECORD_CHARS && (field = kind_field(kind, column)) != NULL &&
	       field->type == FIELD_LINK &&
	       text_unbase32(rec, PMJ_RECORD_BYTES, text, PMJ_RECORD_CHARS) &&
	       strcmp(text_base32(again, rec, PMJ_RECORD_BYTES), text) == 0;
}

/* Text as text, links as ids, numbers as numbers, yes-no as 1 and 0, lists and "chose not to say"
 * as JSON. */
static void
paint_cell(struct row_set *rows, const struct kind *kind, const char *column, const json_t *value)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	char *text;

	if (value == NULL || json_is_null(value))
		return;
	if (json_is_string(value) && is_link(rec, kind, column, json_string_value(value))) {
		row_blob(rows, column, rec, sizeof(rec));
	} else if (json_is_string(value)) {
		row_text(rows, column, json_string_value(value));
	} else if (json_is_integer(value)) {
		row_int(rows, column, json_integer_value(value));
	} else if (json_is_boolean(value)) {
		row_int(rows, column, json_is_true(value));
	} else {
		text = json_text(value);
		row_text(rows, column, text);
		free(text);
	}
}

static void
paint_kind(struct picture *out, const struct rows_table *table, const struct kind *kind,
    const struct merge_record *record)
{
	row_begin(&out->rows, table);
	for (size_t i = 0; i < table->column_count; i++) {
		const char *column = table->columns[i];
		if (strcmp(column, "voided") == 0)
			row_int(&out->rows, column, record->voided);
		else
			paint_cell(&out->rows, kind, column, merge_shown(record, column));
	}
	row_end(&out->rows);
}

/* The kind of the making entry; without it, merging says which. */
const struct kind *
picture_kind_of(const struct journal *journal, const struct entry *const *entries, size_t count)
{
	const struct kind *kind = NULL;
	struct merge_record record;

	for (size_t i = 0; i < count; i++)
		if (entries[i]->makes)
			return kinds_get(journal->kinds, entries[i]->kind);
	merge_record(&record, NULL, entries, count);
	if (record.kind != NULL)
		kind = kinds_get(journal->kinds, record.kind);
	merge_record_close(&record);
	return kind;
}

enum pmj_code
picture_paint(struct picture *out, struct journal *journal, const struct entry *const *entries,
    size_t count, struct pmj_error *err)
{
	const struct kind *kind = picture_kind_of(journal, entries, count);
	const struct rows_table *table;
	struct merge_record record;
	enum pmj_code rc;

	merge_record(&record, kind, entries, count);
	if ((rc = paint_words(out, journal, kind, &record, count, err)) != PMJ_OK ||
	    (rc = paint_record(out, journal, kind, &record, entries, count, err)) != PMJ_OK) {
		merge_record_close(&record);
		return rc;
	}
	paint_subjects(out, journal, kind, &record);
	if (kind != NULL && (table = schema_table(journal, kind->name)) != NULL)
		paint_kind(out, table, kind, &record);
	rc = buf_check(&out->rows.bytes, err);
	merge_record_close(&record);
	return rc;
}

void
picture_close(struct picture *picture)
{
	row_set_close(&picture->rows);
	free(picture->search);
}

const char *
picture_kind(const struct picture *picture, const struct journal *journal)
{
	for (size_t i = 0; i < picture->rows.count; i++)
		if (picture->rows.list[i].table >= &journal->tables[JOURNAL_OWN_TABLES])
			return picture->rows.list[i].table->name;
	return NULL;
}
