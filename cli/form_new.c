/* form_new.c - which questions a new record begins with. */
#include <string.h>

#include "base/text.h"
#include "cli/form.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/term.h"

#define FIELDS_MAX 64

json_t *
form_missing(const json_t *kind, const json_t *fields)
{
	json_t *names = json_array();
	const json_t *field;
	size_t i;

	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *name = json_str(field, "name");

		if (json_flag(field, "required") && json_str(field, "default") == NULL &&
		    json_object_get(fields, name) == NULL)
			(void)json_array_append_new(names, json_string(name));
	}
	return names;
}

/* Names of the fields that are asked first, or of all others, without those that were given. First:
 * what is required and, where `whole`, without which it would allow nothing. */
static json_t *
names_of(const json_t *kind, const json_t *fields, bool whole, bool first)
{
	const json_t *needs = whole ? json_arr(kind, "consent_needs") : NULL;
	json_t *names = json_array();
	const json_t *field;
	size_t i;

	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *otherwise = json_str(field, "default"), *name = json_str(field, "name");
		bool needed =
		    json_flag(field, "required") || (otherwise == NULL && kinds_lists(needs, name));

		if (needed == first && json_object_get(fields, name) == NULL &&
		    (otherwise == NULL || strcmp(otherwise, "random") != 0)) /* ours to give */
			(void)json_array_append(names, json_object_get(field, "name"));
	}
	return names;
}

/* With nothing but a person and a day there would be nothing in it. */
static bool
is_bare(const json_t *kind)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *type = json_str(field, "type");

		if (json_flag(field, "required") && (type == NULL || strcmp(type, "date") != 0) &&
		    !kinds_lists(json_arr(kind, "subjects"), json_str(field, "name")))
			return false;
	}
	return true;
}

bool
form_only_about(const json_t *kind, json_t *fields)
{
	const char *name;
	json_t *value;

	json_object_foreach(fields, name, value)
	{
		if (!kinds_lists(json_arr(kind, "subjects"), name))
			return false;
	}
	return true;
}

/* The field whose name or label is nearest, or NULL. */
static const char *
field_meant(const json_t *kind, const char *typed)
{
	const char *names[FIELDS_MAX];
	const json_t *field;
	size_t count = 0, i;

	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		if (text_same(kinds_label(field), typed))
			return json_str(field, "name");
		if (count < FIELDS_MAX)
			names[count++] = json_str(field, "name");
	}
	return text_nearest(typed, names, count);
}

enum pmj_code
form_check_names(const json_t *kind, json_t *fields, struct pmj_error *err)
{
	const char *name, *near;
	json_t *value;

	json_object_foreach(fields, name, value)
	{
		if (kinds_field(kind, name) != NULL)
			continue;
		(void)pmj_fail(
		    err, PMJ_INVALID, "a %s has no field %.60s", json_str(kind, "name"), name);
		if ((near = field_meant(kind, name)) != NULL)
			pmj_hint(err, "did you mean %s?", near);
		else
			pmj_hint(
			    err, "`pamoja %s --help` shows its fields", json_str(kind, "name"));
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

enum pmj_code
form_ask_new(struct cli *cli, json_t *fields, const json_t *kind, bool whole, struct pmj_error *err)
{
	json_t *names = names_of(kind, fields, whole, true);
	json_t *others = names_of(kind, fields, whole, false);
	size_t count = json_array_size(others);
	enum pmj_code rc = PMJ_OK;

	if (count <= FORM_SHORT) {
		(void)json_array_extend(names, others);
		count = 0;
	}
	if (json_array_size(names) > 0)
		rc = form_ask(cli, fields, kind, names, err);
	if (rc == PMJ_OK && count > 0 &&
	    (is_bare(kind)
	            ? term_yes(true, "Each of the other questions may be left out. Answer them?")
	            : term_yes(false,
	                  "That is all that is needed. Answer %zu optional questions too?", count)))
		rc = form_ask(cli, fields, kind, others, err);
	json_decref(names);
	json_decref(others);
	return rc;
}
