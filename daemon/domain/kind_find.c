/* kind_find.c - looking things up in kinds, what a client needs of them, and what may follow what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/kind.h"

const struct kind *
kinds_get(const struct kinds *kinds, const char *name)
{
	for (size_t i = 0; i < kinds->count; i++)
		if (strcmp(kinds->list[i]->name, name) == 0)
			return kinds->list[i];
	return NULL;
}

enum pmj_code
kinds_need(
    const struct kind **out, const struct kinds *kinds, const char *name, struct pmj_error *err)
{
	const char **names;
	const char *near;

	if ((*out = kinds_get(kinds, name)) != NULL)
		return PMJ_OK;
	names = mem_array(kinds->count, sizeof(*names));
	for (size_t i = 0; i < kinds->count; i++)
		names[i] = kinds->list[i]->name;
	near = text_nearest(name, names, kinds->count);
	(void)pmj_fail(err, PMJ_NOT_FOUND, "there is no kind %.60s", name);
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "pamoja kinds lists them");
	free(names);
	return PMJ_NOT_FOUND;
}

const struct field *
kind_field(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (strcmp(kind->fields[i].name, name) == 0)
			return &kind->fields[i];
	return NULL;
}

/* The name of the field that a person sees under this label, in any language: "date" is `on`. */
static const char *
name_under_label(const struct kind *kind, const char *label)
{
	for (size_t i = 0; i < kind->field_count; i++)
		for (int lang = 0; lang < LANG_COUNT; lang++) {
			const char *shown = kind->fields[i].label.in[lang];

			if (shown != NULL && strcasecmp(shown, label) == 0)
				return kind->fields[i].name;
		}
	return NULL;
}

#define LIST_BYTES 240

static void
list_names(char out[static LIST_BYTES], const char *const *names, size_t count)
{
	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(out);
		(void)snprintf(out + used, LIST_BYTES - used, "%s%s", i > 0 ? ", " : "", names[i]);
	}
}

enum pmj_code
kind_need_field(
    const struct field **out, const struct kind *kind, const char *name, struct pmj_error *err)
{
	const char *names[KIND_FIELDS_MAX];
	char list[LIST_BYTES];
	const char *near;

	if ((*out = kind_field(kind, name)) != NULL)
		return PMJ_OK;
	for (size_t i = 0; i < kind->field_count; i++)
		names[i] = kind->fields[i].name;
	near = name_under_label(kind, name);
	if (near == NULL)
		near = text_nearest(name, names, kind->field_count);
	(void)pmj_fail(err, PMJ_INVALID, "a %s has no field %.60s", kind->name, name);
	list_names(list, names, kind->field_count);
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "its fields are: %s", list);
	return PMJ_INVALID;
}

const struct state *
kind_state(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->state_count; i++)
		if (strcmp(kind->states[i].name, name) == 0)
			return &kind->states[i];
	return NULL;
}

enum pmj_code
kind_need_state(
    const struct state **out, const struct kind *kind, const char *typed, struct pmj_error *err)
{
	const char *names[KIND_STATES_MAX];
	char list[LIST_BYTES];
	const char *near;

	for (size_t i = 0; i < kind->state_count; i++) {
		const struct state *state = *out = &kind->states[i];

		names[i] = state->name;
		if (text_same(typed, state->name))
			return PMJ_OK;
		for (int lang = 0; lang < LANG_COUNT; lang++)
			if (state->label.in[lang] != NULL &&
			    text_same(typed, state->label.in[lang]))
				return PMJ_OK;
	}
	*out = NULL;
	(void)pmj_fail(err, PMJ_INVALID, "a %s has no state %.60s", kind->name, typed);
	near = text_nearest(typed, names, kind->state_count);
	list_names(list, names, kind->state_count);
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else if (kind->state_count > 0)
		pmj_hint(err, "its states are: %s", list);
	return PMJ_INVALID;
}

const struct move *
kind_move(const struct kind *kind, const char *verb)
{
	for (size_t i = 0; i < kind->move_count; i++)
		if (strcmp(kind->moves[i].verb, verb) == 0)
			return &kind->moves[i];
	return NULL;
}

bool
kind_starts_in(const struct kind *kind, const char *name)
{
	const struct state *state = kind_state(kind, name);

	return state != NULL && (state == &kind->states[0] || state->start);
}

bool
kind_is_subject(const struct kind *kind, const char *field_name)
{
	for (size_t i = 0; i < kind->subject_count; i++)
		if (strcmp(kind->subjects[i], field_name) == 0)
			return true;
	return false;
}

const struct choice *
field_choice(const struct field *field, const char *value)
{
	for (size_t i = 0; i < field->choice_count; i++)
		if (strcmp(field->choices[i].value, value) == 0)
			return &field->choices[i];
	return NULL;
}

const char *
field_choice_label(const struct field *field, const char *value, enum lang lang)
{
	const struct choice *choice = field_choice(field, value);

	return choice != NULL ? texts_in(&choice->label, lang) : value;
}

static void
put(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		(void)json_object_set_new(object, key, json_string(text));
}

static void
put_flag(json_t *object, const char *key, bool flag)
{
	(void)json_object_set_new(object, key, json_boolean(flag));
}

static void
put_names(json_t *object, const char *key, char *const *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_string(names[i]));
	(void)json_object_set_new(object, key, list);
}

static json_t *
field_json(const struct kind *kind, const struct field *field, enum lang lang)
{
	static const char *const privacy[] = {"identity", "clinical", "open"};
	json_t *out = json_object();

	put(out, "name", field->name);
	put(out, "type", field_type_name(field->type));
	put_flag(out, "required", field->required);
	put(out, "default", field->otherwise);
	put(out, "privacy", privacy[field->privacy]);
	put_flag(out, "searchable", field->searchable);
	put_flag(out, "open", field->open);
	put_flag(out, "past", field->past);
	put_flag(out, "subject", kind_is_subject(kind, field->name));
	put(out, "link", field->link_kind);
	if (field->least != 0 || field->most != 0) {
		(void)json_object_set_new(out, "least", json_integer(field->least));
		(void)json_object_set_new(out, "most", json_integer(field->most));
	}
	if (field->choice_count > 0) {
		json_t *choices = json_array();
		for (size_t i = 0; i < field->choice_count; i++) {
			json_t *choice = json_object();
			put(choice, "value", field->choices[i].value);
			put(choice, "label", texts_in(&field->choices[i].label, lang));
			(void)json_array_append_new(choices, choice);
		}
		(void)json_object_set_new(out, "choices", choices);
	}
	put(out, "label", texts_in(&field->label, lang));
	put(out, "help", texts_in(&field->help, lang));
	put(out, "example", field->example);
	return out;
}

static json_t *
moves_json(const struct kind *kind, enum lang lang)
{
	json_t *list = json_array();

	for (size_t i = 0; i < kind->move_count; i++) {
		const struct move *move = &kind->moves[i];
		json_t *out = json_object();
		put(out, "verb", move->verb);
		put_names(out, "from", move->from, move->from_count);
		put(out, "to", move->to);
		put_names(out, "asks", move->asks, move->asks_count);
		put_flag(out, "needs_consent", move->needs_consent);
		put_flag(out, "discloses", move->discloses);
		put_flag(out, "answers", move->answers);
		put_flag(out, "starts", kind_starts_in(kind, move->to));
		put(out, "by",
		    move->by == BY_ANOTHER  ? "another"
		    : move->by == BY_AUTHOR ? "author"
		                            : NULL);
		put(out, "label", texts_in(&move->label, lang));
		(void)json_array_append_new(list, out);
	}
	return list;
}

static json_t *
states_json(const struct kind *kind, enum lang lang)
{
	json_t *list = json_array();

	for (size_t i = 0; i < kind->state_count; i++) {
		const struct state *state = &kind->states[i];
		json_t *out = json_object();
		put(out, "name", state->name);
		put(out, "label", texts_in(&state->label, lang));
		put_flag(out, "refusing", state->refusing);
		put_flag(out, "closed", state->closed);
		(void)json_array_append_new(list, out);
	}
	return list;
}

/* A kind with ways that need no consent is the accounting itself, not what is sent. */
bool
kind_sends(const struct kind *kind)
{
	for (size_t i = 0; i < kind->move_count; i++)
		if (kind->moves[i].discloses)
			return false;
	return kind->discloses_to != NULL;
}

json_t *
kind_json(const struct kind *kind, enum lang lang)
{
	static const char *const scopes[] = {
	    "person", "programme", "author", "supervision", "office"};
	json_t *out = json_object();
	json_t *fields = json_array();

	put(out, "name", kind->name);
	put(out, "title", texts_in(&kind->title, lang));
	put(out, "plural", texts_in(&kind->plural, lang));
	put(out, "help", texts_in(&kind->help, lang));
	put(out, "scope", scopes[kind->scope]);
	(void)json_object_set_new(out, "version", json_integer(kind->version));
	put(out, "shows", kind->shows);
	put_names(out, "brief", kind->brief, kind->brief_count);
	put_names(out, "next", kind->next, kind->next_count);
	put_names(out, "consent_needs", kind->consent_needs, kind->consent_needs_count);
	put_flag(out, "person", strcmp(kind->name, "person") == 0);
	put_flag(out, "sends", kind_sends(kind));
	for (size_t i = 0; i < kind->field_count; i++)
		(void)json_array_append_new(fields, field_json(kind, &kind->fields[i], lang));
	(void)json_object_set_new(out, "fields", fields);
	(void)json_object_set_new(out, "states", states_json(kind, lang));
	(void)json_object_set_new(out, "moves", moves_json(kind, lang));
	put_names(out, "subjects", kind->subjects, kind->subject_count);
	put_flag(out, "append_only", kind->append_only);
	put_flag(out, "author_only", kind->author_only);
	put_flag(out, "revocation_wins", kind->revocation_wins);
	put(out, "due", kind->due);
	return out;
}
