/* recipe.c - the fields of a kind that make what its records are found by.
 *
 * {"v": RECIPE_CODE, "kind", "shows", "fields": [[name, type, searchable, [[value, en,
 * sw]...]]...]} Fields in the kind's order; only those that are searched in or shown. */
#include "store/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/search.h"

struct recipe {
	int64_t no;
	const struct kind *kind; /* in force that it was made of, or NULL */
	struct kind *read;       /* as it was read back, or NULL */
};
struct recipes {
	struct recipe *list;
	size_t count;
};

void
recipe_forget(struct journal *journal)
{
	struct recipes *recipes = journal->recipes;

	journal->recipes = NULL;
	if (recipes == NULL)
		return;
	for (size_t i = 0; i < recipes->count; i++)
		kind_free(recipes->list[i].read);
	free(recipes->list);
	free(recipes);
}

static struct recipe *
add_recipe(struct journal *journal, int64_t no)
{
	struct recipes *recipes = journal->recipes;

	if (recipes == NULL)
		recipes = journal->recipes = mem_new(sizeof(*recipes));
	recipes->list = mem_grow(recipes->list, recipes->count + 1, sizeof(*recipes->list));
	recipes->list[recipes->count] = (struct recipe){.no = no};
	return &recipes->list[recipes->count++];
}

/* ---- as it is kept ---- */

static bool
is_told(const struct kind *kind, const struct field *field)
{
	return field->searchable || (kind->shows != NULL && strcmp(kind->shows, field->name) == 0);
}

static json_t *
write_choices(const struct field *field)
{
	json_t *list = json_array();

	for (size_t i = 0; i < field->choice_count; i++)
		(void)json_array_append_new(list, json_pack("[s,s,s]", field->choices[i].value,
		                                      texts_in(&field->choices[i].label, LANG_EN),
		                                      texts_in(&field->choices[i].label, LANG_SW)));
	return list;
}

char *
recipe_write(const struct kind *kind)
{
	json_t *fields = json_array(), *all;
	char *text;

	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (is_told(kind, field))
			(void)json_array_append_new(
			    fields, json_pack("[s,i,b,o]", field->name, (int)field->type,
			                (int)field->searchable, write_choices(field)));
	}
	all = json_pack("{s:i,s:s,s:s?,s:o}", "v", RECIPE_CODE, "kind", kind->name, "shows",
	    kind->shows, "fields", fields);
	text = json_text(all);
	json_decref(all);
	return text;
}

static char *
copy_of(const json_t *text)
{
	const char *value = json_string_value(text);

	return mem_strdup(value != NULL ? value : "");
}

/* false: it is none. What was read so far is the caller's to free. */
static bool
read_field(struct field *out, const json_t *from)
{
	const json_t *type = json_array_get(from, 1), *choices = json_array_get(from, 3);

	out->name = copy_of(json_array_get(from, 0));
	if (!kind_is_name(out->name) || !json_is_integer(type) || json_integer_value(type) < 0 ||
	    json_integer_value(type) > FIELD_PLACE)
		return false;
	out->type = (enum field_type)json_integer_value(type);
	out->searchable = json_is_true(json_array_get(from, 2));
	out->choices = mem_array(json_array_size(choices), sizeof(*out->choices));
	for (; out->choice_count < json_array_size(choices); out->choice_count++) {
		const json_t *one = json_array_get(choices, out->choice_count);
		struct choice *choice = &out->choices[out->choice_count];

		choice->value = copy_of(json_array_get(one, 0));
		choice->label.in[LANG_EN] = copy_of(json_array_get(one, 1));
		choice->label.in[LANG_SW] = copy_of(json_array_get(one, 2));
	}
	return true;
}

struct kind *
recipe_read(const char *text)
{
	json_t *all = NULL;
	const json_t *fields;
	struct kind *kind;
	bool good = true;

	if (json_read(&all, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK ||
	    json_int(all, "v", 0) != RECIPE_CODE || json_str(all, "kind") == NULL) {
		json_decref(all);
		return NULL;
	}
	fields = json_arr(all, "fields");
	kind = mem_new(sizeof(*kind));
	kind->name = mem_strdup(json_str(all, "kind"));
	kind->shows = json_str(all, "shows") != NULL ? mem_strdup(json_str(all, "shows")) : NULL;
	kind->fields = mem_array(json_array_size(fields), sizeof(*kind->fields));
	for (; good && kind->field_count < json_array_size(fields); kind->field_count++)
		good = read_field(
		    &kind->fields[kind->field_count], json_array_get(fields, kind->field_count));
	json_decref(all);
	if (good)
		return kind;
	kind_free(kind);
	return NULL;
}

/* ---- by number ---- */

enum pmj_code
recipe_number(struct journal *journal, int64_t *no, const struct kind *kind, struct pmj_error *err)
{
	struct recipes *recipes = journal->recipes;
	enum pmj_code rc = PMJ_OK;
	struct sql *sql;
	char *text;

	for (size_t i = 0; recipes != NULL && i < recipes->count; i++)
		if (recipes->list[i].kind == kind) {
			*no = recipes->list[i].no;
			return PMJ_OK;
		}
	text = recipe_write(kind);
	sql = sql_get(journal, "SELECT no FROM pmj_recipe WHERE recipe = ?1");
	*no = sql_first_int(sql_text(sql, 1, text), 0);
	if (*no == 0) {
		sql = sql_get(journal, "INSERT INTO pmj_recipe (recipe) VALUES (?1)");
		if ((rc = sql_run(sql_text(sql, 1, text), err)) == PMJ_OK)
			*no = sql_last_id(journal);
	}
	free(text);
	if (rc == PMJ_OK)
		add_recipe(journal, *no)->kind = kind;
	return rc;
}

static const struct kind *
kind_by(struct journal *journal, int64_t no)
{
	const struct recipes *recipes = journal->recipes;
	struct kind *kind = NULL;
	struct sql *sql;
	bool row = false;

	for (size_t i = 0; recipes != NULL && i < recipes->count; i++)
		if (recipes->list[i].no == no)
			return recipes->list[i].kind != NULL ? recipes->list[i].kind
			                                     : recipes->list[i].read;
	sql = sql_get(journal, "SELECT recipe FROM pmj_recipe WHERE no = ?1");
	if (sql_row(sql_int(sql, 1, no), &row, NULL) == PMJ_OK && row && sql_col_text(sql, 0))
		kind = recipe_read(sql_col_text(sql, 0));
	sql_done(sql);
	if (kind != NULL)
		add_recipe(journal, no)->read = kind;
	return kind;
}

char *
recipe_text(struct journal *journal, int64_t no, const struct entry *entry)
{
	const struct kind *kind = kind_by(journal, no);
	struct merge_record record;
	char *text;

	if (kind == NULL)
		return NULL;
	merge_record(&record, NULL, &entry, 1);
	text = search_text(kind, &record);
	merge_record_close(&record);
	return text;
}
