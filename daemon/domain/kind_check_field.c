/* kind_check_field.c - names, and a field by itself: that its keys fit each other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/date.h"
#include "base/mem.h"
#include "domain/kind_check_inner.h"

/* Every record has these already. */
static const char *const reserved_fields[] = {"state", "voided", "void_reason", "id"};
bool
kind_check_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool
kind_is_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > KIND_NAME_MAX || name[0] < 'a' || name[0] > 'z')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

int
kind_check_line(const struct conf *conf, const char *section, const char *key)
{
	const struct conf_item *item = conf_get(conf, section, key);

	if (item != NULL)
		return item->line;
	for (size_t i = 0; i < conf->section_count; i++)
		if (strcmp(conf->sections[i].name, section) == 0)
			return conf->sections[i].line;
	return 0;
}

int
kind_check_line_in(const struct conf *conf, const char *word, const char *name, const char *key)
{
	char section[CONF_SECTION_MAX + 1];

	(void)snprintf(section, sizeof(section), "%s %s", word, name);
	return kind_check_line(conf, section, key);
}

static enum pmj_code
check_default(const struct field *field, const struct conf *conf, struct pmj_error *err)
{
	const char *text = field->otherwise;
	int line = kind_check_line_in(conf, "field", field->name, "default");
	char *end = NULL;
	long long number;

	switch (field->type) {
	case FIELD_DATE:
		if (strcmp(text, "today") == 0 || date_is_day(text))
			return PMJ_OK;
		break;
	case FIELD_TIME:
		if (date_is_time(text))
			return PMJ_OK;
		break;
	case FIELD_YES_NO:
		if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)
			return PMJ_OK;
		break;
	case FIELD_INTEGER:
		errno = 0;
		number = strtoll(text, &end, 10);
		if (errno == 0 && *end == '\0' &&
		    ((field->least == 0 && field->most == 0) ||
		        (number >= field->least && number <= field->most)))
			return PMJ_OK;
		break;
	case FIELD_CHOICE:
	case FIELD_CHOICES:
		if (field_choice(field, text) != NULL)
			return PMJ_OK;
		break;
	case FIELD_LINK:
		break;
	default:
		return PMJ_OK;
	}
	(void)conf_fail(err, conf, line, "default = %.60s does not fit the type %s", text,
	    field_type_name(field->type));
	pmj_hint(err, "%s",
	    field->type == FIELD_CHOICE || field->type == FIELD_CHOICES
	        ? "use one of the field's choices"
	    : field->type == FIELD_DATE   ? "use today, or a date such as 2026-11-23"
	    : field->type == FIELD_YES_NO ? "use yes or no"
	    : field->type == FIELD_LINK   ? "a link has no default: remove the line"
	                                  : "write it as a person would type it");
	return PMJ_INVALID;
}

/* Keys that belong to some types only. */
static enum pmj_code
check_shape(const struct field *field, const struct conf *conf, int line, struct pmj_error *err)
{
	bool chooses = field->type == FIELD_CHOICE || field->type == FIELD_CHOICES;
	bool counts = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL;
	bool links = field->type == FIELD_LINK;

	if (chooses && field->choice_count == 0) {
		(void)conf_fail(err, conf, line, "[field %s] has no choices", field->name);
		pmj_hint(err, "add a line such as: choices = one | two | three");
	} else if (!chooses && !(links && field->open) && field->choice_count > 0) {
		(void)conf_fail(err, conf,
		    kind_check_line_in(conf, "field", field->name, "choices"),
		    "choices do not fit the type %s", field_type_name(field->type));
		pmj_hint(err, "remove them, or use type = choice, choices, or an open link");
	} else if (links && field->link_kind == NULL) {
		(void)conf_fail(
		    err, conf, line, "[field %s] does not say what it links to", field->name);
		pmj_hint(err, "add a line such as: link = person");
	} else if (!links && field->link_kind != NULL) {
		(void)conf_fail(err, conf, kind_check_line_in(conf, "field", field->name, "link"),
		    "link does not fit the type %s", field_type_name(field->type));
		pmj_hint(err, "remove it, or use type = link");
	} else if (!counts && (field->least != 0 || field->most != 0)) {
		(void)conf_fail(err, conf, line, "least and most do not fit the type %s",
		    field_type_name(field->type));
		pmj_hint(err, "remove them, or use type = integer or type = decimal");
	} else if (field->least > field->most) {
		(void)conf_fail(err, conf, kind_check_line_in(conf, "field", field->name, "least"),
		    "least is greater than most");
		pmj_hint(err, "exchange the two");
	} else if (field->open && !chooses && !links) {
		(void)conf_fail(err, conf, kind_check_line_in(conf, "field", field->name, "open"),
		    "open does not fit the type %s", field_type_name(field->type));
		pmj_hint(err, "remove it: only choice, choices and link can be open");
	} else if (field->past && field->type != FIELD_DATE) {
		(void)conf_fail(err, conf, kind_check_line_in(conf, "field", field->name, "past"),
		    "past does not fit the type %s", field_type_name(field->type));
		pmj_hint(err, "remove it: only a date can be past");
	} else {
		return PMJ_OK;
	}
	return PMJ_INVALID;
}

enum pmj_code
kind_check_field(const struct kind *kind, const struct field *field, const struct conf *conf,
    int line, struct pmj_error *err)
{
	enum pmj_code rc;

	if (!kind_is_name(field->name)) {
		(void)conf_fail(
		    err, conf, line, "%.40s cannot be the name of a field", field->name);
		pmj_hint(
		    err, "use 1 to %d small letters, digits and _, a letter first", KIND_NAME_MAX);
		return PMJ_INVALID;
	}
	if (kind_check_one_of(field->name, reserved_fields, COUNT(reserved_fields))) {
		(void)conf_fail(err, conf, line, "every record has a built-in %s", field->name);
		pmj_hint(err, "give the field another name");
		return PMJ_INVALID;
	}
	if (kind->field_count > KIND_FIELDS_MAX) {
		(void)conf_fail(err, conf, line, "there are too many fields");
		pmj_hint(err, "use at most %d", KIND_FIELDS_MAX);
		return PMJ_INVALID;
	}
	for (size_t i = 0; i < field->choice_count; i++)
		if (strcspn(field->choices[i].value, ".,:;=") != strlen(field->choices[i].value)) {
			(void)conf_fail(err, conf,
			    kind_check_line_in(conf, "field", field->name, "choices"),
			    "the choice %.40s holds one of . , : ; =", field->choices[i].value);
			pmj_hint(err, "use a plain word, and put what people read into its label");
			return PMJ_INVALID;
		}
	if ((rc = check_shape(field, conf, line, err)) == PMJ_OK && field->otherwise != NULL)
		rc = check_default(field, conf, err);
	return rc;
}

enum pmj_code
kind_check_plan_if(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	const char *name = kind->plan.only_if;
	int line = kind_check_line(conf, "plan", "if");
	enum pmj_code rc = kind_check_field_named(kind, name, conf, line, "if", err);

	if (rc != PMJ_OK || name == NULL || kind_field(kind, name)->type == FIELD_YES_NO)
		return rc;
	rc = conf_fail(err, conf, line, "if = %.40s is no yes-no", name);
	pmj_hint(err, "name a field of type = yes-no");
	return rc;
}

enum pmj_code
kind_check_one_way(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	int line = kind_check_line(conf, "rules", "one_way");
	const struct field *field =
	    kind->one_way_count > 0 ? kind_field(kind, kind->one_way[0]) : NULL;
	bool right = field != NULL && kind->subject_count == 2 && kind->one_way_count > 1;
	enum pmj_code rc;

	if (kind->one_way_count == 0)
		return PMJ_OK;
	for (size_t i = 1; i < kind->one_way_count && right; i++)
		right = field_choice(field, kind->one_way[i]) != NULL;
	if (right)
		return PMJ_OK;
	rc = conf_fail(err, conf, line, "one_way is of a kind about two people: FIELD | VALUE ...");
	pmj_hint(err, "name a choice of this kind, and some of its values");
	return rc;
}
