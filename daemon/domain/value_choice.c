/* value_choice.c - choices that a person typed: one, or several between commas. */
#include "domain/value_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define CHOICES_MAX 64

/* The declared choice that was meant: by its value, or by its label in any language. */
const struct choice *
value_choice_meant(const struct field *field, const char *typed)
{
	for (size_t i = 0; i < field->choice_count; i++) {
		const struct choice *choice = &field->choices[i];
		if (text_same(typed, choice->value))
			return choice;
		for (size_t lang = 0; lang < LANG_COUNT; lang++)
			if (choice->label.in[lang] != NULL &&
			    text_same(typed, choice->label.in[lang]))
				return choice;
	}
	return NULL;
}

static const char *
nearest_choice(const struct field *field, const char *typed)
{
	const char **names = mem_array(field->choice_count, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < field->choice_count; i++)
		names[i] = field->choices[i].value;
	near = text_nearest(typed, names, field->choice_count);
	free(names);
	return near;
}

const char *
value_near_choice(const struct field *field, const char *value)
{
	const struct choice *meant;
	const char **names, *near;
	size_t count = 0;

	if (!field->open || field->choice_count == 0 || field_choice(field, value) != NULL)
		return NULL;
	names = mem_array((1 + LANG_COUNT) * field->choice_count, sizeof(*names));
	for (size_t i = 0; i < field->choice_count; i++) {
		names[count++] = field->choices[i].value;
		for (size_t lang = 0; lang < LANG_COUNT; lang++)
			if (field->choices[i].label.in[lang] != NULL)
				names[count++] = field->choices[i].label.in[lang];
	}
	near = text_meant(value, names, count);
	meant = near != NULL ? value_choice_meant(field, near) : NULL;
	free((void *)names);
	return meant != NULL ? meant->value : NULL;
}

static bool
is_called(const struct field *field, const char *typed)
{
	bool same = text_same(field->name, typed);

	for (size_t lang = 0; lang < LANG_COUNT; lang++)
		same = same ||
		       (field->label.in[lang] != NULL && text_same(field->label.in[lang], typed));
	return same;
}

const struct field *
value_said_elsewhere(
    const char **value, const struct kind *kind, const struct field *field, const char *typed)
{
	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *other = &kind->fields[i];
		const struct choice *meant;

		if (other == field)
			continue;
		if (other->type == FIELD_YES_NO && is_called(other, typed)) {
			*value = "yes";
			return other;
		}
		meant = other->type == FIELD_CHOICE || other->type == FIELD_CHOICES
		            ? value_choice_meant(other, typed)
		            : NULL;
		if (meant != NULL) {
			*value = meant->value;
			return other;
		}
	}
	return NULL;
}

static enum pmj_code
not_a_choice(const struct taking *t, const char *typed)
{
	const struct field *field = t->field;
	const char *near = nearest_choice(field, typed);
	char right[320] = "";

	if (near != NULL)
		(void)snprintf(right, sizeof(right), "did you mean %s? ", near);
	for (size_t i = 0; i < field->choice_count; i++) {
		size_t used = strlen(right);
		(void)snprintf(right + used, sizeof(right) - used, "%s%s",
		    i > 0 ? ", " : "choices: ", field->choices[i].value);
	}
	return value_not_right(t, typed, "is not a choice", right);
}

enum pmj_code
value_choice(
    const struct choice **out, const struct field *field, const char *typed, struct pmj_error *err)
{
	const struct taking t = {.field = field, .err = err};

	*out = value_choice_meant(field, typed);
	return *out != NULL || field->open ? PMJ_OK : not_a_choice(&t, typed);
}

static enum pmj_code
choose(const char **value, const struct taking *t, const char *typed)
{
	const struct choice *choice;
	enum pmj_code rc = value_choice(&choice, t->field, typed, t->err);

	*value = choice != NULL ? choice->value : typed;
	if (rc != PMJ_OK || choice != NULL)
		return rc;
	if (strlen(typed) > VALUE_TEXT_MAX)
		return value_not_right(t, typed, "is too long", "use at most 1000 bytes");
	return value_may_hold(t, typed, false);
}

enum pmj_code
value_take_choice(json_t **out, const struct taking *t, const char *typed)
{
	const char *value = NULL;
	enum pmj_code rc;

	if ((rc = choose(&value, t, typed)) == PMJ_OK)
		*out = json_string(value);
	return rc;
}

/* Put one of several choices into the list, once. */
static enum pmj_code
add_choice(json_t *list, const struct taking *t, const char *typed)
{
	const char *value = NULL;
	enum pmj_code rc;

	if (*typed == '\0')
		return PMJ_OK;
	if ((rc = choose(&value, t, typed)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), value) == 0)
			return PMJ_OK;
	if (json_array_size(list) >= CHOICES_MAX)
		return value_not_right(t, typed, "is one choice too many", "choose at most 64");
	(void)json_array_append_new(list, json_string(value));
	return PMJ_OK;
}

/* A list of strings, or one string with commas, semicolons or bars between. */
enum pmj_code
value_take_choices(json_t **out, const struct taking *t, const json_t *typed)
{
	json_t *list = json_array();
	enum pmj_code rc = PMJ_OK;
	const char *at;

	for (size_t i = 0; rc == PMJ_OK && i < json_array_size(typed); i++) {
		const char *text = json_string_value(json_array_get(typed, i));
		char *word = value_trimmed(text != NULL ? text : "");
		rc = text != NULL
		         ? add_choice(list, t, word)
		         : value_not_right(t, "the list", "holds something that is no text",
		               "write [\"one\", \"two\"]");
		free(word);
	}
	for (at = json_string_value(typed); rc == PMJ_OK && at != NULL;) {
		size_t bytes = strcspn(at, ",;|");
		char *part = mem_strndup(at, bytes);
		char *word = value_trimmed(part);
		rc = add_choice(list, t, word);
		free(part);
		free(word);
		at = at[bytes] != '\0' ? at + bytes + 1 : NULL;
	}
	if (rc == PMJ_OK && json_array_size(list) == 0) {
		*out = json_null();
		json_decref(list);
	} else if (rc == PMJ_OK) {
		*out = list;
	} else {
		json_decref(list);
	}
	return rc;
}
