/* records_near.c - a list by a word of nobody: the near word that was meant. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/names.h"
#include "store/records_inner.h"

/* The latest records of the kind tell which words are in use: reading these takes 1 to 2 ms. */
#define LATEST "2000"

static void
add_word(struct names *words, const char *word)
{
	if (!names_has(words, word))
		names_add(words, word);
}

static void
add_words(struct names *words, const struct field *field, const char *value, size_t len)
{
	json_t *list = NULL, *one;
	size_t i;

	if (field->type == FIELD_CHOICE) {
		add_word(words, value);
	} else if (json_read(&list, value, len, &json_limits_api, NULL) == PMJ_OK) {
		json_array_foreach(list, i, one) if (json_is_string(one))
		    add_word(words, json_string_value(one));
	}
	json_decref(list);
}

static enum pmj_code
words_in_use(struct journal *journal, struct names *words, const struct kind *kind,
    const struct field *field, struct pmj_error *err)
{
	char *text = mem_printf("SELECT DISTINCT v FROM (SELECT \"%s\" AS v FROM \"%s\" WHERE "
	                        "voided = 0 ORDER BY _num DESC LIMIT " LATEST ") WHERE v IS NOT "
	                        "NULL",
	    field->name, kind->name);
	struct sql *sql = sql_new(journal, text);
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		const char *value = sql_col_text(sql, 0);

		if (value != NULL)
			add_words(words, field, value, strlen(value));
	}
	sql_free(sql);
	free(text);
	return rc;
}

/* Asked for by this word: the near one, or NULL where the word is in use or nothing is near. */
static char *
near_word(
    struct journal *journal, const struct kind *kind, const struct field *field, const char *typed)
{
	const struct choice *choice;
	struct names words = {0};
	const char *near = NULL;
	char *out = NULL;
	bool known;

	known = value_choice(&choice, field, typed, NULL) != PMJ_OK || choice != NULL;
	for (size_t i = 0; i < field->choice_count; i++)
		add_word(&words, field->choices[i].value);
	if (!known && words_in_use(journal, &words, kind, field, NULL) == PMJ_OK) {
		for (size_t i = 0; i < words.count && !known; i++)
			known = text_same(words.list[i], typed);
		if (!known)
			near = text_nearest(typed, (const char *const *)words.list, words.count);
		out = near != NULL ? mem_strdup(near) : NULL;
	}
	names_close(&words);
	return out;
}

json_t *
records_near(struct journal *journal, const struct records_query *query)
{
	const struct kind *kind = kinds_get(journal->kinds, query->kind);
	json_t *out = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)query->where, name, value)
	{
		const struct field *field = kind != NULL ? kind_field(kind, name) : NULL;
		char *near = NULL;

		if (field != NULL && field->open && json_is_string(value) &&
		    (field->type == FIELD_CHOICE || field->type == FIELD_CHOICES))
			near = near_word(journal, kind, field, json_string_value(value));
		if (near != NULL)
			(void)json_array_append_new(out, json_pack("{s:s,s:O,s:s}", "field", name,
			                                     "value", value, "near", near));
		free(near);
	}
	return out;
}
