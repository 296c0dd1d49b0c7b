/* record_class.c - recipients by a class: the words by which a consent may name a resource, and
 * whether anybody answers to such a word. */
#include <stdio.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/text.h"

#define CLASS_LOOK_MS 8 /* so long it is looked for one who answers to it */

static void
put_word(json_t *out, const char *field, const char *word, bool bare)
{
	char text[256];

	if (word == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%s:%s", field, word);
	(void)json_array_append_new(out, json_string(text));
	if (bare)
		(void)json_array_append_new(out, json_string(word));
}

/* Does each value that stands hold the word? What only one of two says is not so yet. */
static bool
all_say(const struct merge_field *field, const char *word)
{
	for (size_t v = 0; field != NULL && v < field->count; v++) {
		const json_t *value = field->values[v].value, *one;
		bool says = json_is_string(value) && text_same(json_string_value(value), word);
		size_t i;

		json_array_foreach((json_t *)value, i, one)
		{
			says = says ||
			       (json_is_string(one) && text_same(json_string_value(one), word));
		}
		if (!says)
			return false;
	}
	return true;
}

json_t *
record_classes(const struct kind *kind, const struct merge_record *merged)
{
	json_t *out = json_array(), *one;

	for (size_t i = 0; i < kind->classes_count; i++) {
		const struct merge_field *field = merge_field(merged, kind->classes[i]);
		const json_t *value = field != NULL ? field->values[0].value : NULL;
		size_t j;

		if (json_is_string(value) && all_say(field, json_string_value(value)))
			put_word(out, kind->classes[i], json_string_value(value), i == 0);
		json_array_foreach((json_t *)value, j, one)
		{
			if (json_is_string(one) && all_say(field, json_string_value(one)))
				put_word(out, kind->classes[i], json_string_value(one), i == 0);
		}
	}
	return out;
}

/* The field whose word it is: "FIELD:WORD", or a declared word of the first. NULL: it is none. */
static const struct field *
class_field(const struct kind *kind, const char *text, const char **word)
{
	for (size_t i = 0; i < kind->classes_count; i++) {
		const struct field *field = kind_field(kind, kind->classes[i]);
		size_t len = strlen(field->name);

		*word = text + len + 1;
		if (strncmp(text, field->name, len) == 0 && text[len] == ':' && **word != '\0')
			return field;
		for (size_t c = 0; i == 0 && c < field->choice_count; c++) {
			*word = text;
			if (text_same(text, field->choices[c].value))
				return field;
		}
	}
	return NULL;
}

static const json_t *
shown_in(const void *ctx, const char *field)
{
	return json_object_get(json_obj(ctx, "fields"), field);
}

static bool
receives(const struct kind *kind, const json_t *item)
{
	const char *name = json_str(item, "state");
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;

	return (state == NULL || !state->closed) && !kind_receives_nothing(kind, shown_in, item);
}

/* Somebody is there, or it could not be told in the time. */
static enum pmj_code
anybody(const struct call *call, bool *out, const struct kind *kind, const struct field *field,
    const char *word, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	json_t *where = json_pack("{s:s}", field->name, word), *list = NULL, *item;
	struct records_query query = {.kind = kind->name,
	    .where = where,
	    .limit = 200,
	    .until_ms = os->mono_ms(os->ctx) + CLASS_LOOK_MS};
	enum pmj_code rc = where != NULL
	                       ? records_list(call->core->journal, &list, &query, call->lang, err)
	                       : PMJ_OK;
	size_t i;

	*out = json_flag(list, "more") || json_str(list, "next") != NULL;
	json_array_foreach(json_object_get(list, "items"), i, item)
	{
		*out = *out || receives(kind, item);
	}
	json_decref(list);
	json_decref(where);
	return rc;
}

bool
record_class_empty(const struct call *call, const struct kind *consents, const json_t *recipient)
{
	const struct field *to = kind_field(consents, "recipient"), *field;
	const struct kind *kind = to != NULL && to->link_kind != NULL
	                              ? kinds_get(&call->core->kinds, to->link_kind)
	                              : NULL;
	const char *text = json_string_value(recipient), *word;
	struct pmj_error err;
	bool some = false;

	if (kind == NULL || text == NULL || value_is_id(recipient) ||
	    (field = class_field(kind, text, &word)) == NULL)
		return false;
	/* A failure: it is a word that the field never is. */
	return anybody(call, &some, kind, field, word, &err) != PMJ_OK || !some;
}
