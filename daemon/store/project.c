/* project.c - one record from its admitted entries to rows; only rows that differ are written. */
#include "store/project.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/value.h"
#include "store/entries.h"
#include "store/records.h"
#include "store/search.h"

/* What a record has to look like. */
struct picture {
	struct row_set rows;
	char *search; /* NULL: the record is not there */
};

static const struct rows_table *
table_of(const struct journal *journal, const char *kind)
{
	for (size_t i = JOURNAL_OWN_TABLES; i < journal->table_count; i++)
		if (strcmp(journal->tables[i].name, kind) == 0)
			return &journal->tables[i];
	return NULL;
}

void
project_digest(uint8_t out[static PRIM_HASH_BYTES], const struct merge_record *record)
{
	struct buf bytes;

	buf_init(&bytes, 0);
	merge_digest_bytes(&bytes, record);
	prim_hash(out, "pmj digest v1", PRIM_PARTS({bytes.bytes, bytes.len}));
	buf_close(&bytes);
}

/* ---- painting ---- */

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

static const char *
due_date(const struct kind *kind, const struct merge_record *record)
{
	const char *due = kind != NULL && kind->due != NULL
	                      ? json_string_value(merge_shown(record, kind->due))
	                      : NULL;

	return due != NULL && text_is_date(due) ? due : NULL;
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

/* {field: [value]}, or [] where it is handed over: null is a value of its own. */
static char *
shown_text(const struct merge_record *record)
{
	json_t *all = json_object();
	char *text;

	for (size_t i = 0; i < record->field_count; i++) {
		const struct merge_field *field = &record->fields[i];
		const json_t *value = field->values[field->shown].value;
		json_t *holder = json_array();

		if (value != NULL)
			(void)json_array_append(holder, (json_t *)value);
		(void)json_object_set_new(all, field->name, holder);
	}
	text = json_text(all);
	json_decref(all);
	return text;
}

static void
paint_record(struct picture *out, const struct journal *journal, const struct kind *kind,
    const struct merge_record *record, const struct entry *const *entries, size_t count)
{
	const char *state = json_string_value(merge_shown(record, "state"));
	const char *title = own_title(kind, record);
	char *name = title != NULL ? text_fold(title) : NULL;
	char *shown = shown_text(record);
	uint8_t digest[PRIM_HASH_BYTES];
	struct row_set *rows = &out->rows;
	int64_t changed = 0;

	for (size_t i = 0; i < count; i++)
		if (entries[i]->pt > changed)
			changed = entries[i]->pt;
	project_digest(digest, record);
	row_begin(rows, &journal->tables[0]);
	row_blob(rows, "rec", record->rec, PMJ_RECORD_BYTES);
	row_text(rows, "kind", record->kind);
	row_text(rows, "title", title);
	row_text(rows, "name", name);
	row_text(rows, "state", state);
	row_int(rows, "voided", record->voided);
	row_int(rows, "conflict", record->conflict);
	row_int(rows, "handed_over", is_handed_over(record));
	if (record->maker != NULL) {
		row_blob(rows, "made_by", record->maker->by, PMJ_DEVICE_BYTES);
		row_int(rows, "made_pt", record->maker->pt);
	}
	row_int(rows, "changed_pt", changed);
	row_text(rows, "due", due_date(kind, record));
	row_int(rows, "closed", is_closed(kind, state));
	row_int(rows, "entries", (int64_t)count);
	row_int(rows, "private", kind != NULL && kind->scope == SCOPE_AUTHOR);
	row_blob(rows, "digest", digest, sizeof(digest));
	row_text(rows, "shown", shown);
	row_end(rows);
	free(shown);
	free(name);
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
		row_blob(&out->rows, "rec", record->rec, PMJ_RECORD_BYTES);
		row_blob(&out->rows, "person", people[i], PMJ_RECORD_BYTES);
		row_end(&out->rows);
	}
	free(people);
}

/* Text as text, numbers as numbers, yes-no as 1 and 0, lists and "chose not to say" as JSON. */
static void
paint_cell(struct row_set *rows, const char *column, const json_t *value)
{
	char *text;

	if (value == NULL || json_is_null(value))
		return;
	if (json_is_string(value)) {
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
paint_kind(struct picture *out, const struct rows_table *table, const struct merge_record *record)
{
	char id[PMJ_RECORD_CHARS + 1];

	row_begin(&out->rows, table);
	for (size_t i = 0; i < table->column_count; i++) {
		const char *column = table->columns[i];
		if (strcmp(column, "id") == 0)
			row_text(
			    &out->rows, column, text_base32(id, record->rec, PMJ_RECORD_BYTES));
		else if (strcmp(column, "voided") == 0)
			row_int(&out->rows, column, record->voided);
		else
			paint_cell(&out->rows, column, merge_shown(record, column));
	}
	row_end(&out->rows);
}

/* The kind of the making entry; without it, merging says which. */
static const struct kind *
kind_of(const struct journal *journal, const struct entry *const *entries, size_t count)
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

static enum pmj_code
paint(struct picture *out, struct journal *journal, const struct entry *const *entries,
    size_t count, struct pmj_error *err)
{
	const struct kind *kind = kind_of(journal, entries, count);
	const struct rows_table *table;
	struct merge_record record;
	enum pmj_code rc;

	merge_record(&record, kind, entries, count);
	paint_record(out, journal, kind, &record, entries, count);
	paint_subjects(out, journal, kind, &record);
	if (kind != NULL && (table = table_of(journal, kind->name)) != NULL)
		paint_kind(out, table, &record);
	out->search = search_text(kind, &record);
	rc = buf_check(&out->rows.bytes, err);
	merge_record_close(&record);
	return rc;
}

static void
picture_close(struct picture *picture)
{
	row_set_close(&picture->rows);
	free(picture->search);
}

/* ---- hanging it up ---- */

static enum pmj_code
read_table(struct journal *journal, struct row_set *out, const struct rows_table *table,
    const uint8_t *rec, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, table->select);
	char id[PMJ_RECORD_CHARS + 1];

	if (table->by_text)
		(void)sql_text(sql, 1, text_base32(id, rec, PMJ_RECORD_BYTES));
	else
		(void)sql_blob(sql, 1, rec, PMJ_RECORD_BYTES);
	return row_set_read(out, table, sql, err);
}

/* The rows as they stand; *number of the record (0: it has no row), and which kind's table it lies
 * in. */
static enum pmj_code
read_rows(struct journal *journal, struct row_set *out, int64_t *number, const uint8_t *rec,
    const char *kind_now, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT num, kind FROM pmj_record WHERE rec = ?1");
	const struct rows_table *was = NULL,
	                        *is = kind_now != NULL ? table_of(journal, kind_now) : NULL;
	enum pmj_code rc;
	bool row;

	*number = 0;
	if ((rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err)) != PMJ_OK)
		return rc;
	if (row) {
		*number = sql_col_int(sql, 0);
		was = table_of(journal, sql_col_text(sql, 1));
		sql_done(sql);
	}
	for (size_t i = 0; rc == PMJ_OK && i < JOURNAL_OWN_TABLES; i++)
		rc = read_table(journal, out, &journal->tables[i], rec, err);
	if (rc == PMJ_OK && was != NULL)
		rc = read_table(journal, out, was, rec, err);
	if (rc == PMJ_OK && is != NULL && is != was)
		rc = read_table(journal, out, is, rec, err);
	return rc;
}

void
project_count(struct journal *journal, struct rows_total *total, const struct row_set *set,
    const struct row *row, bool add)
{
	uint8_t hash[PRIM_HASH_BYTES];
	const uint8_t *digest, *entries, *private;
	size_t len, int_len;

	row_hash(hash, set, row, journal->row_key);
	(add ? rows_sum_add : rows_sum_take)(&total->rows, hash);
	if (row->table != &journal->tables[0])
		return;
	private = row_column(set, row, "private", &int_len);
	entries = row_column(set, row, "entries", &int_len);
	digest = row_column(set, row, "digest", &len);
	if (digest != NULL && len == PRIM_HASH_BYTES && entries != NULL && private != NULL &&
	    get_le64(private) == 0)
		rows_total_record(total, digest, (int64_t)get_le64(entries), add);
}

/* Both the total of all rows and that of a check that has passed this record already. */
static void
count_row(struct journal *journal, const struct row_set *set, const struct row *row,
    const uint8_t *rec, bool add)
{
	struct journal_live *live = &journal->live;

	project_count(journal, &live->total, set, row, add);
	if (live->checking && memcmp(rec, live->check_at, PMJ_RECORD_BYTES) <= 0)
		project_count(journal, &live->check_total, set, row, add);
	live->dirty = true;
}

static bool
same_key(const struct row_set *a, const struct row *x, const struct row_set *b)
{
	struct bytes_in in = {.at = a->bytes.bytes + x->at, .left = x->len};
	size_t len;

	/* Key columns come first and are never NULL. */
	for (size_t i = 0; i < x->table->key_count; i++) {
		uint8_t type;
		(void)in_bytes(&in, in_u8(&in));
		type = in_u8(&in);
		(void)in_bytes(&in, type == 'i' ? 8 : in_u32(&in));
	}
	len = x->len - in.left;
	for (size_t i = 0; i < b->count; i++)
		if (b->list[i].table == x->table && b->list[i].len >= len &&
		    memcmp(a->bytes.bytes + x->at, b->bytes.bytes + b->list[i].at, len) == 0)
			return true;
	return false;
}

/* Bring the rows from `old` to `new`. A row that stays under its key is updated in place. *number
 * of the record: of a new one, where its row was put; a row that was there against all expectation
 * leaves it 0. */
static enum pmj_code
hang_rows(struct journal *journal, const struct row_set *old, const struct row_set *new,
    const uint8_t *rec, int64_t *number, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; rc == PMJ_OK && i < old->count; i++) {
		if (old->list[i].same)
			continue;
		count_row(journal, old, &old->list[i], rec, false);
		if (!same_key(old, &old->list[i], new))
			rc = row_remove(journal, old, &old->list[i], err);
	}
	for (size_t i = 0; rc == PMJ_OK && i < new->count; i++) {
		if (new->list[i].same)
			continue;
		count_row(journal, new, &new->list[i], rec, true);
		sqlite3_set_last_insert_rowid(journal->db, 0);
		rc = row_insert(journal, new, &new->list[i], err);
		if (*number == 0 && new->list[i].table == &journal->tables[0])
			*number = sql_last_id(journal);
	}
	return rc;
}

static enum pmj_code
number_of(struct journal *journal, int64_t *number, const uint8_t *rec, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT num FROM pmj_record WHERE rec = ?1");
	enum pmj_code rc;
	bool row;

	rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err);
	*number = rc == PMJ_OK && row ? sql_col_int(sql, 0) : 0;
	sql_done(sql);
	return rc;
}

/* old NULL: nothing is there yet. */
static enum pmj_code
hang(struct journal *journal, struct row_set *old, int64_t number, struct picture *picture,
    const uint8_t *rec, bool *differed, struct pmj_error *err)
{
	bool search_differed = false, fresh = number == 0;
	struct row_set none = {0};
	enum pmj_code rc;

	*differed = row_set_compare(old != NULL ? old : &none, &picture->rows) > 0;
	if (*differed) {
		rc = hang_rows(
		    journal, old != NULL ? old : &none, &picture->rows, rec, &number, err);
		if (rc != PMJ_OK)
			return rc;
	}
	if (fresh && picture->search == NULL)
		return PMJ_OK;
	if (number == 0 && (rc = number_of(journal, &number, rec, err)) != PMJ_OK)
		return rc;
	rc = search_put(journal, number, picture->search, fresh, &search_differed, err);
	*differed = *differed || search_differed;
	return rc;
}

enum pmj_code
project_first(struct journal *journal, const struct entry *entry, struct pmj_error *err)
{
	struct picture picture = {0};
	bool differed;
	enum pmj_code rc;

	if ((rc = paint(&picture, journal, &entry, 1, err)) == PMJ_OK)
		rc = hang(journal, NULL, 0, &picture, entry->rec, &differed, err);
	picture_close(&picture);
	return rc;
}

static const char *
kind_in(const struct picture *picture, const struct journal *journal)
{
	for (size_t i = 0; i < picture->rows.count; i++)
		if (picture->rows.list[i].table >= &journal->tables[JOURNAL_OWN_TABLES])
			return picture->rows.list[i].table->name;
	return NULL;
}

enum pmj_code
project_renew(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], bool *differed,
    struct pmj_error *err)
{
	const struct entry **entries = NULL;
	struct entry_row *rows = NULL;
	struct picture picture = {0};
	struct row_set old = {0};
	int64_t number = 0;
	size_t count = 0;
	enum pmj_code rc;

	*differed = false;
	if ((rc = entries_of_record(journal, &rows, &count, rec, true, err)) != PMJ_OK)
		goto out;
	entries = mem_array(count, sizeof(*entries));
	for (size_t i = 0; i < count; i++)
		entries[i] = &rows[i].entry;
	if (count > 0 && (rc = paint(&picture, journal, entries, count, err)) != PMJ_OK)
		goto out;
	if ((rc = read_rows(journal, &old, &number, rec, kind_in(&picture, journal), err)) ==
	    PMJ_OK)
		rc = hang(journal, &old, number, &picture, rec, differed, err);
out:
	row_set_close(&old);
	picture_close(&picture);
	free(entries);
	entry_rows_free(rows, count);
	return rc;
}

enum pmj_code
project_record(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	bool differed;

	return project_renew(journal, rec, &differed, err);
}

enum pmj_code
project_kind(struct journal *journal, const char *kind, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT rec FROM pmj_record WHERE kind = ?1");
	struct buf recs;
	enum pmj_code rc;
	bool row = false;

	buf_init(&recs, 0);
	(void)sql_text(sql, 1, kind);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		uint8_t rec[PMJ_RECORD_BYTES];
		if (sql_col_copy(sql, 0, rec, sizeof(rec)))
			buf_put(&recs, rec, sizeof(rec));
	}
	for (size_t at = 0; rc == PMJ_OK && at < recs.len; at += PMJ_RECORD_BYTES)
		rc = project_record(journal, recs.bytes + at, err);
	buf_close(&recs);
	return rc;
}
