/* schema_kinds.c - which tables hold rows of records: two of our own, and one a kind by its
 * declaration. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/code.h"
#include "store/journal_inner.h"
#include "store/names.h"
#include "store/project.h"

static const char *const record_columns[] = {"rec", "kind", "title", "name", "state", "voided",
    "conflict", "handed_over", "made_by", "made_ago", "changed_pt", "due", "closed", "entries",
    "private", "words"};
static const char *const subject_columns[] = {"person"};

const struct rows_table *
schema_table(const struct journal *journal, const char *kind)
{
	for (size_t i = JOURNAL_OWN_TABLES; i < journal->table_count; i++)
		if (strcmp(journal->tables[i].name, kind) == 0)
			return &journal->tables[i];
	return NULL;
}

void
schema_forget(struct journal *journal)
{
	for (size_t i = 0; i < journal->table_count; i++)
		rows_table_close(&journal->tables[i]);
	free(journal->tables);
	journal->tables = NULL;
	journal->table_count = 0;
}

/* Folders above have tables too; all of those are named pmj_, so what is left are kinds. */
enum pmj_code
schema_kind_names(struct journal *journal, struct names *out, struct pmj_error *err)
{
	return names_read(out,
	    sql_get(journal,
	        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'pmj%'"
	        " AND name NOT LIKE 'sqlite%' ORDER BY name"),
	    0, err);
}

static enum pmj_code
table_columns(struct journal *journal, struct names *out, const char *table, struct pmj_error *err)
{
	return names_read(out,
	    sql_text(sql_get(journal,
	                 "SELECT name FROM pragma_table_info(?1) WHERE pk = 0 ORDER BY cid"),
	        1, table),
	    0, err);
}

enum pmj_code
schema_tables(struct journal *journal, struct pmj_error *err)
{
	struct names kinds = {0}, columns = {0};
	enum pmj_code rc;

	sql_drop_all(journal); /* they point into the texts of the old tables */
	schema_forget(journal);
	if ((rc = schema_kind_names(journal, &kinds, err)) != PMJ_OK)
		goto out;
	journal->tables = mem_array(JOURNAL_OWN_TABLES + kinds.count, sizeof(*journal->tables));
	rows_table_init(
	    &journal->tables[0], "pmj_record", record_columns, COUNT(record_columns), 1, false);
	rows_table_init(
	    &journal->tables[1], "pmj_subject", subject_columns, COUNT(subject_columns), 1, true);
	journal->table_count = JOURNAL_OWN_TABLES;
	for (size_t i = 0; i < kinds.count; i++) {
		if ((rc = table_columns(journal, &columns, kinds.list[i], err)) != PMJ_OK)
			goto out;
		rows_table_init(&journal->tables[journal->table_count++], kinds.list[i],
		    (const char *const *)columns.list, columns.count, 0, true);
		names_close(&columns);
	}
out:
	names_close(&columns);
	names_close(&kinds);
	return rc;
}

/* ---- kinds ---- */

static enum pmj_code
check_name(const char *what, const char *name, struct pmj_error *err)
{
	if (kind_is_name(name) && strncmp(name, "pmj", 3) != 0 && strncmp(name, "sqlite", 6) != 0)
		return PMJ_OK;
	(void)pmj_fail(
	    err, PMJ_INVALID, "%s %.40s: the journal keeps no table of this name", what, name);
	pmj_hint(err,
	    "use lower-case letters, digits and _, and begin neither with pmj nor with sqlite");
	return PMJ_INVALID;
}

bool
schema_is_subject(const struct kind *kind, const struct field *field)
{
	for (size_t i = 0; i < kind->subject_count; i++)
		if (strcmp(kind->subjects[i], field->name) == 0)
			return true;
	return false;
}

/* Consents are looked up both ways: an index that was put back must hide none (6.6). */
static bool
is_by_subject(const struct kind *kind, const struct field *field)
{
	return schema_is_subject(kind, field) && !kind->revocation_wins;
}

/* Links get an index, and so does the code of a slip. Whom a record is about is looked up in
 * pmj_subject. */
static enum pmj_code
add_kind_field(struct journal *journal, const struct kind *kind, const struct field *field,
    struct pmj_error *err)
{
	char *text = mem_printf("ALTER TABLE \"%s\" ADD COLUMN \"%s\"", kind->name, field->name);
	enum pmj_code rc;

	if (!kind_is_name(field->name))
		rc = pmj_fail(
		    err, PMJ_INVALID, "%.40s: a field of this name cannot be kept", kind->name);
	else
		rc = journal_exec(journal, text, err);
	free(text);
	if (rc != PMJ_OK || is_by_subject(kind, field) ||
	    (field->type != FIELD_LINK && !field_is_code(field)))
		return rc;
	text = mem_printf(
	    "CREATE INDEX \"pmj_link_%s_%s\" ON \"%s\" (\"%s\") WHERE \"%s\" IS NOT NULL",
	    kind->name, field->name, kind->name, field->name, field->name);
	rc = journal_exec(journal, text, err);
	free(text);
	return rc;
}

/* "The drafts": few among many that were sent. */
static enum pmj_code
index_state(struct journal *journal, const struct kind *kind, struct pmj_error *err)
{
	char *text =
	    mem_printf("CREATE INDEX IF NOT EXISTS \"pmj_link_%s_state\" ON \"%s\" (state) "
	               "WHERE state IS NOT NULL",
	        kind->name, kind->name);
	enum pmj_code rc = journal_exec(journal, text, err);

	free(text);
	return rc;
}

bool
schema_has_column(const struct field *field)
{
	return field->type != FIELD_NOTE;
}

/* No column has a declared type: what a line says is kept as it is, numbers as numbers. */
static enum pmj_code
kind_table(struct journal *journal, const struct kind *kind, bool there, struct pmj_error *err)
{
	struct names columns = {0};
	enum pmj_code rc;
	char *text;

	if ((rc = check_name("kind", kind->name, err)) != PMJ_OK)
		return rc;
	if (!there) {
		/* Rows lie in the order they came, and no index goes by id: a merge touches few
		 * pages of them. `_num` is pmj_record's number; no field has such a name. */
		text = mem_printf("CREATE TABLE \"%s\" (_num INTEGER PRIMARY KEY, "
		                  "state TEXT, voided INTEGER NOT NULL)",
		    kind->name);
		rc = journal_exec(journal, text, err);
		free(text);
	}
	if (rc == PMJ_OK)
		rc = table_columns(journal, &columns, kind->name, err);
	for (size_t i = 0; rc == PMJ_OK && i < kind->field_count; i++)
		if (schema_has_column(&kind->fields[i]) &&
		    !names_has(&columns, kind->fields[i].name))
			rc = add_kind_field(journal, kind, &kind->fields[i], err);
	if (rc == PMJ_OK && kind->state_count > 0)
		rc = index_state(journal, kind, err);
	names_close(&columns);
	return rc;
}

/* What of a kind decides how a record is projected. */
static void
kind_print(uint8_t out[static PRIM_HASH_BYTES], const struct kind *kind)
{
	struct buf b;

	buf_init(&b, 0);
	buf_putf(&b, "3|%d|%s|%s|%s|%d", kind->due_before, kind->name,
	    kind->shows != NULL ? kind->shows : "", kind->due != NULL ? kind->due : "",
	    (int)kind->scope);
	for (size_t i = 0; i < kind->field_count; i++)
		buf_putf(&b, "|f%s %d %d %s", kind->fields[i].name, (int)kind->fields[i].type,
		    kind->fields[i].searchable,
		    kind->fields[i].link_kind != NULL ? kind->fields[i].link_kind : "");
	for (size_t i = 0; i < kind->state_count; i++)
		buf_putf(&b, "|s%s %d %d %d", kind->states[i].name, kind->states[i].refusing,
		    kind->states[i].closed | kind->states[i].rests << 1,
		    kind->states[i].silent_days);
	for (size_t i = 0; i < kind->subject_count; i++)
		buf_putf(&b, "|p%s", kind->subjects[i]);
	prim_hash(out, "pmj schema v1", PRIM_PARTS({b.bytes, b.len}));
	buf_close(&b);
}

/* Is the kind projected as it is declared now? *print receives what to remember. */
static bool
kind_is_current(struct journal *journal, const struct kind *kind, const char *key,
    uint8_t print[static PRIM_HASH_BYTES])
{
	uint8_t known[PRIM_HASH_BYTES];

	kind_print(print, kind);
	return journal_blob(journal, key, known, sizeof(known)) &&
	       memcmp(known, print, sizeof(known)) == 0;
}

#define FEW_AT_ONCE 32 /* records that are projected with their kinds: 10 ms of processor */

/* Has a kind no more records than there is room for? Then there is less. */
static bool
are_few(struct journal *journal, const struct kind *kind, int64_t *room)
{
	struct sql *sql = sql_get(journal, "SELECT count(*) FROM (SELECT 1 FROM pmj_record WHERE"
	                                   " kind = pmj_short(?1) LIMIT ?2)");
	int64_t count = sql_first_int(sql_int(sql_text(sql, 1, kind->name), 2, *room + 1), 0);

	if (count > *room)
		return false;
	*room -= count;
	return true;
}

/* owed: what takes long is only told. */
static enum pmj_code
project_changed(struct journal *journal, bool *owed, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	int64_t room = FEW_AT_ONCE;

	if (owed != NULL)
		*owed = false;

	for (size_t i = 0; rc == PMJ_OK && i < journal->kinds->count; i++) {
		const struct kind *kind = journal->kinds->list[i];
		uint8_t print[PRIM_HASH_BYTES];
		char *key = mem_printf("kind: %s", kind->name);
		if (kind_is_current(journal, kind, key, print))
			;
		else if (owed != NULL && !are_few(journal, kind, &room))
			*owed = true;
		else if ((rc = project_kind(journal, kind->name, err)) == PMJ_OK)
			rc = journal_put_blob(journal, key, print, sizeof(print), err);
		free(key);
	}
	return rc;
}

/* Tables of kinds that are no longer declared: their records are shown raw. */
static enum pmj_code
drop_strangers(struct journal *journal, bool *dropped, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = JOURNAL_OWN_TABLES; rc == PMJ_OK && i < journal->table_count; i++) {
		const char *name = journal->tables[i].name;
		char *text;
		if (kinds_get(journal->kinds, name) != NULL)
			continue;
		if ((rc = project_kind(journal, name, err)) != PMJ_OK)
			break;
		text = mem_printf(
		    "DELETE FROM pmj_meta WHERE key = 'kind: %s'; DROP TABLE \"%s\"", name, name);
		sql_drop_all(journal); /* a statement on the table would keep it */
		rc = journal_exec(journal, text, err);
		free(text);
		*dropped = true;
	}
	return rc;
}

enum pmj_code
schema_kinds_shown(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; rc == PMJ_OK && i < journal->kinds->count; i++) {
		char *key = mem_printf("kind: %s", journal->kinds->list[i]->name);
		uint8_t print[PRIM_HASH_BYTES];

		kind_print(print, journal->kinds->list[i]);
		rc = journal_put_blob(journal, key, print, sizeof(print), err);
		free(key);
	}
	return rc;
}

enum pmj_code
schema_kinds(struct journal *journal, bool *owed, struct pmj_error *err)
{
	struct names tables = {0};
	bool dropped = false;
	enum pmj_code rc;

	if ((rc = schema_kind_names(journal, &tables, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < journal->kinds->count; i++) {
		const struct kind *kind = journal->kinds->list[i];
		if ((rc = kind_table(journal, kind, names_has(&tables, kind->name), err)) != PMJ_OK)
			goto out;
	}
	if ((rc = schema_tables(journal, err)) != PMJ_OK ||
	    (rc = drop_strangers(journal, &dropped, err)) != PMJ_OK)
		goto out;
	if (dropped && (rc = schema_tables(journal, err)) != PMJ_OK)
		goto out;
	rc = project_changed(journal, owed, err);
out:
	names_close(&tables);
	return rc;
}
