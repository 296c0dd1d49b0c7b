/* hsds.c - a directory of services, Open Referral HSDS 3.0, made into a table. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/forms_inner.h"

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
	char *hours = hours_of(service), *id = own != NULL ? forms_answer(own) : NULL;

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
hsds_list_to_table(struct buf *out, json_t *refused, const json_t *list, struct pmj_error *err)
{
	struct pmj_error why = {0};
	const json_t *service;
	size_t i;

	buf_put_text(out, HSDS_HEADER);
	json_array_foreach(list, i, service)
	{
		const char *status = json_str(service, "status");

		if (out->failed != PMJ_OK)
			break;
		if (status != NULL && strcmp(status, "defunct") == 0) {
			buf_put_text(out, HSDS_NO_ROW);
		} else if (check_service(service, &why) == PMJ_OK) {
			put_service(out, service);
		} else {
			forms_refuse(refused, i, &why);
			buf_put_text(out, HSDS_NO_ROW);
		}
	}
	return buf_check(out, err);
}

enum pmj_code
hsds_to_table(struct buf *out, json_t *refused, const char *text, size_t len, struct pmj_error *err)
{
	json_t *document;
	const json_t *list;
	enum pmj_code rc;

	if ((rc = forms_list(&document, &list, text, len, true, err)) != PMJ_OK)
		return rc;
	rc = hsds_list_to_table(out, refused, list, err);
	json_decref(document);
	return rc;
}
