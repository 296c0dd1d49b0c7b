#include "cli/forms.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/csv.h"

bool
forms_is_json(const char *text, size_t len)
{
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	at += strspn(text + at, " \t\r\n");
	return at < len && (text[at] == '[' || text[at] == '{');
}

static void
forms_put_cell(struct buf *out, bool first, const char *text)
{
	if (!first)
		buf_put_u8(out, ',');
	buf_put_u8(out, '"');
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"')
			buf_put_u8(out, '"');
		buf_put_u8(out, (uint8_t)*text);
	}
	buf_put_u8(out, '"');
}

/* A value that is one answer; NULL for what is none. Caller frees. */
static char *
answer_text(const json_t *value)
{
	const json_t *one;
	struct buf all;
	char *text;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return mem_strdup(json_string_value(value));
	case JSON_INTEGER:
		return mem_printf("%lld", (long long)json_integer_value(value));
	case JSON_REAL:
		return mem_printf("%.10g", json_real_value(value));
	case JSON_TRUE:
		return mem_strdup("yes");
	case JSON_FALSE:
		return mem_strdup("no");
	case JSON_ARRAY:
		buf_init(&all, CSV_CELL_MAX);
		json_array_foreach(value, i, one)
		{
			char *part = json_is_array(one) ? NULL : answer_text(one);

			if (part != NULL)
				buf_putf(&all, "%s%s", all.len > 0 ? " " : "", part);
			free(part);
		}
		text = all.len > 0 && all.failed == PMJ_OK ? mem_strdup(buf_text(&all)) : NULL;
		buf_close(&all);
		return text;
	default:
		return NULL;
	}
}

/* path/name -> text, for everything below the object. */
static void
flatten(json_t *out, const char *path, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		char *whole = mem_printf("%s%s%s", path, *path != '\0' ? "/" : "", name), *text;

		if (json_is_object(value))
			flatten(out, whole, value);
		else if ((text = answer_text(value)) != NULL) {
			(void)json_object_set_new(out, whole, json_string(text));
			free(text);
		}
		free(whole);
	}
}

static const json_t *
find_list(const json_t *document)
{
	static const char *const under[] = {"value", "results", "objects", "data", "services"};

	if (json_is_array(document))
		return document;
	for (size_t i = 0; i < sizeof(under) / sizeof(*under); i++)
		if (json_arr(document, under[i]) != NULL)
			return json_arr(document, under[i]);
	return NULL;
}

static enum pmj_code
read_list(json_t **document, const json_t **list, const char *text, size_t len, bool services,
    struct pmj_error *err)
{
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	enum pmj_code rc = json_read_foreign(document, text + at, len - at, err);

	if (rc != PMJ_OK)
		return rc;
	if ((*list = find_list(*document)) != NULL && json_array_size(*list) > 0)
		return PMJ_OK;
	json_decref(*document);
	*document = NULL;
	if (services) {
		(void)pmj_fail(err, PMJ_INVALID, "there is no list of services in it");
		pmj_hint(err, "HSDS 3.0 is a list of services, or {\"services\":[...]}; the older "
		              "sort a folder of tables");
		return PMJ_INVALID;
	}
	(void)pmj_fail(err, PMJ_INVALID, "there is no list of submissions in it");
	pmj_hint(err, "export the form's submissions as JSON or CSV, not the form itself");
	return PMJ_INVALID;
}

/* Its row stays empty, and says why. */
static void
forms_refuse(json_t *refused, size_t at, const struct pmj_error *why)
{
	char *number = mem_printf("%zu", at + 1);

	(void)json_object_set_new(
	    refused, number, json_pack("{s:s, s:s}", "message", why->message, "hint", why->hint));
	free(number);
}

static void
put_row_of(struct buf *out, const json_t *heads, const json_t *row)
{
	const char *name;
	json_t *ignored;
	bool first = true;

	json_object_foreach((json_t *)heads, name, ignored)
	{
		forms_put_cell(out, first, row != NULL ? json_str(row, name) : name);
		first = false;
	}
	buf_put_text(out, "\r\n");
}

enum pmj_code
forms_to_table(
    struct buf *out, json_t *refused, const char *text, size_t len, struct pmj_error *err)
{
	json_t *document, *heads, *rows, *one;
	struct pmj_error why = {0};
	const json_t *list, *row;
	const char *name;
	json_t *value;
	enum pmj_code rc;
	size_t i;

	if ((rc = read_list(&document, &list, text, len, false, err)) != PMJ_OK)
		return rc;
	heads = json_object();
	rows = json_array();
	json_array_foreach(list, i, row)
	{
		one = json_object();
		if (!json_is_object(row)) {
			(void)pmj_fail(&why, PMJ_INVALID, "there is no submission in this place");
			pmj_hint(&why, "take it out of the file, or export the form again");
			forms_refuse(refused, i, &why);
		}
		flatten(one, "", row);
		json_object_foreach(one, name, value)(void)
		    json_object_set_new(heads, name, json_true());
		(void)json_array_append_new(rows, one);
	}
	if (json_object_size(heads) > CSV_COLUMNS_MAX || json_object_size(heads) == 0) {
		rc = pmj_fail(err, PMJ_INVALID, "the submissions have %zu questions",
		    json_object_size(heads));
		pmj_hint(err, "1 to %u can be read", CSV_COLUMNS_MAX);
	} else {
		put_row_of(out, heads, NULL);
		json_array_foreach(rows, i, one) put_row_of(out, heads, one);
		rc = buf_check(out, err);
	}
	json_decref(heads);
	json_decref(rows);
	json_decref(document);
	return rc;
}

/* ---- Open Referral HSDS 3.0 ---- */

#define HSDS_NO_ROW "\"\",\"\"\r\n" /* empty, yet a row */

/* The first of a list's members that has this text; NULL when none has. */
static const char *
first_of(const json_t *list, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(
	    list, i, one) if (json_str(one, name) != NULL &&
	                      *json_str(one, name) != '\0') return json_str(one, name);
	return NULL;
}

static const json_t *
first_location(const json_t *service)
{
	const json_t *at = json_array_get(json_arr(service, "service_at_locations"), 0);

	if (json_obj(at, "location") != NULL)
		return json_obj(at, "location");
	return json_array_get(json_arr(service, "locations"), 0);
}

static const char *
either(const char *a, const char *b)
{
	return a != NULL && *a != '\0' ? a : b;
}

/* Its own, else that of where it is, else of who runs it. */
static const char *
phone_of(const json_t *service, const json_t *location)
{
	const char *own = first_of(json_arr(service, "phones"), "number"),
	           *there = first_of(json_arr(location, "phones"), "number");

	return either(
	    own, either(there,
	             first_of(json_arr(json_obj(service, "organization"), "phones"), "number")));
}

static const char *
category_of(const json_t *service)
{
	const json_t *attribute = json_array_get(json_arr(service, "attributes"), 0);
	const char *label = json_str(attribute, "label");

	return either(label, json_str(json_obj(attribute, "taxonomy_term"), "name"));
}

/* "09:00-17:00 (MO,TU)" and the like, as far as it is told. Caller frees. */
static char *
hours_of(const json_t *service)
{
	const json_t *schedule = json_array_get(json_arr(service, "schedules"), 0);
	const char *opens = json_str(schedule, "opens_at"),
	           *closes = json_str(schedule, "closes_at"), *days = json_str(schedule, "byday");

	if (json_str(schedule, "description") != NULL)
		return mem_strdup(json_str(schedule, "description"));
	if (opens == NULL || closes == NULL)
		return mem_strdup("");
	return mem_printf(
	    "%s%s%s-%s", days != NULL ? days : "", days != NULL ? " " : "", opens, closes);
}

static void
put_service(struct buf *out, const json_t *service)
{
	const json_t *location = first_location(service),
	             *organization = json_obj(service, "organization");
	const json_t *address = json_array_get(json_arr(location, "addresses"), 0);
	const char *name = json_str(service, "name"), *runs = json_str(organization, "name");
	char *title = runs != NULL && name != NULL && strstr(name, runs) == NULL
	                  ? mem_printf("%s, %s", name, runs)
	                  : mem_strdup(either(name, runs != NULL ? runs : ""));
	const json_t *own = json_object_get(service, "id");
	char *hours = hours_of(service), *id = own != NULL ? answer_text(own) : NULL;

	forms_put_cell(out, true, id);
	forms_put_cell(out, false, title);
	forms_put_cell(out, false, category_of(service));
	forms_put_cell(out, false, either(json_str(address, "city"), json_str(location, "name")));
	forms_put_cell(out, false, phone_of(service, location));
	forms_put_cell(out, false, first_of(json_arr(service, "contacts"), "name"));
	forms_put_cell(out, false, hours);
	forms_put_cell(out, false, json_str(service, "eligibility_description"));
	forms_put_cell(out, false, json_str(service, "fees_description"));
	forms_put_cell(out, false, json_str(location, "transportation"));
	forms_put_cell(out, false, json_str(service, "description"));
	buf_put_text(out, "\r\n");
	free(title);
	free(hours);
	free(id);
}

/* What is there must be a service that has a name. */
static enum pmj_code
check_service(const json_t *service, struct pmj_error *err)
{
	const json_t *name = json_object_get(service, "name");

	if (!json_is_object(service)) {
		(void)pmj_fail(err, PMJ_INVALID, "there is no service in this place");
		pmj_hint(err, "a service is {\"id\":\"...\",\"name\":\"...\"}; mend it or take "
		              "it out of the file");
		return PMJ_INVALID;
	}
	if (name != NULL && !json_is_string(name) && !json_is_null(name)) {
		(void)pmj_fail(err, PMJ_INVALID, "the name of this service is no text");
		pmj_hint(err, "a name is text in quotes: \"name\":\"Kimana Clinic\"");
		return PMJ_INVALID;
	}
	if (either(json_string_value(name), json_str(json_obj(service, "organization"), "name")) !=
	    NULL)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "this service has no name");
	pmj_hint(err, "write its name into the file, as people say it");
	return PMJ_INVALID;
}

enum pmj_code
hsds_to_table(struct buf *out, json_t *refused, const char *text, size_t len, struct pmj_error *err)
{
	struct pmj_error why = {0};
	json_t *document;
	const json_t *list, *service;
	enum pmj_code rc;
	size_t i;

	if ((rc = read_list(&document, &list, text, len, true, err)) != PMJ_OK)
		return rc;
	buf_put_text(out, HSDS_HEADER);
	json_array_foreach(list, i, service)
	{
		const char *status = json_str(service, "status");

		if (status != NULL && strcmp(status, "defunct") == 0) {
			buf_put_text(out, HSDS_NO_ROW);
		} else if (check_service(service, &why) == PMJ_OK) {
			put_service(out, service);
		} else {
			forms_refuse(refused, i, &why);
			buf_put_text(out, HSDS_NO_ROW);
		}
	}
	json_decref(document);
	return buf_check(out, err);
}
