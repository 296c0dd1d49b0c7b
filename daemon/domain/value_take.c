/* value_take.c - what a person typed, made into the value of a line by the type of its field. */
#include "base/date.h"
#include "domain/value_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "pamoja/limits.h"

#define PHONE_MAX 40

static const char *const yes_words[] = {"yes", "y", "true", "1", "ndiyo", "ndio"};
static const char *const no_words[] = {"no", "n", "false", "0", "hapana"};
static const char *const declined_words[] = {
    "-declined-", "chose not to say", "hakutaka kusema", "amechagua kutosema"};

static bool
is_word(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_same(text, words[i]))
			return true;
	return false;
}

static enum pmj_code
take_text(json_t **out, const struct taking *t, const char *typed)
{
	enum pmj_code rc;
	bool note = t->field->type == FIELD_NOTE;
	size_t most = note ? PMJ_JSON_STRING_MAX : VALUE_TEXT_MAX;
	char right[80];

	if (strlen(typed) > most) {
		(void)snprintf(right, sizeof(right), "use at most %zu bytes%s", most,
		    note ? ", or write a second record" : "");
		return value_not_right(t, typed, "is too long", right);
	}
	if ((rc = value_may_hold(t, typed, note)) == PMJ_OK)
		*out = json_string(typed);
	return rc;
}

static enum pmj_code
out_of_range(const struct taking *t, const char *typed, bool small)
{
	char right[80];

	(void)snprintf(right, sizeof(right), "use %lld to %lld", (long long)t->field->least,
	    (long long)t->field->most);
	return value_not_right(t, typed, small ? "is too small" : "is too big", right);
}

static enum pmj_code
take_integer(json_t **out, const struct taking *t, const char *typed)
{
	char *end = NULL;
	long long number;

	errno = 0;
	number = strtoll(typed, &end, 10);
	if (errno != 0 || end == typed || *end != '\0' || number > PMJ_JSON_INT_MAX ||
	    number < -PMJ_JSON_INT_MAX)
		return value_not_right(
		    t, typed, "is not a whole number", "write digits only, such as 45");
	if (t->field->least != 0 || t->field->most != 0) {
		if (number < t->field->least)
			return out_of_range(t, typed, true);
		if (number > t->field->most)
			return out_of_range(t, typed, false);
	}
	*out = json_integer(number);
	return PMJ_OK;
}

static enum pmj_code
take_decimal(json_t **out, const struct taking *t, const char *typed)
{
	char number[VALUE_DECIMAL_MAX + 1];
	char *comma;
	long long whole;
	bool beyond;

	if (strlen(typed) > VALUE_DECIMAL_MAX)
		return value_not_right(t, typed, "is not a number", "write it such as 12.50");
	(void)snprintf(number, sizeof(number), "%s", typed);
	if ((comma = strchr(number, ',')) != NULL)
		*comma = '.';
	if (!value_is_decimal(number))
		return value_not_right(t, typed, "is not a number", "write it such as 12.50");
	if (t->field->least != 0 || t->field->most != 0) {
		whole = strtoll(number, &comma, 10);
		beyond = *comma == '.' && strspn(comma + 1, "0") != strlen(comma + 1);
		if (whole < t->field->least ||
		    (number[0] == '-' && beyond && whole == t->field->least))
			return out_of_range(t, typed, true);
		if (whole > t->field->most ||
		    (number[0] != '-' && beyond && whole == t->field->most))
			return out_of_range(t, typed, false);
	}
	*out = json_string(number);
	return PMJ_OK;
}

/* A clock that is behind blocks nothing that the hub has told to be past already. */
static bool
has_come(const struct taking *t, const char *date)
{
	const struct value_context *context = t->context;
	int64_t latest = context->heard_ms > context->now_ms ? context->heard_ms : context->now_ms;
	char today[11], right[120];

	if (!date_read(today, "today", latest, context->offset_minutes) || strcmp(date, today) <= 0)
		return true;
	(void)snprintf(right, sizeof(right),
	    "write the day it happened, %s at the latest; if today is later, set the date of this "
	    "machine",
	    today);
	(void)value_not_right(t, date, "is a day to come", right);
	return false;
}

static enum pmj_code
take_date(json_t **out, const struct taking *t, const char *typed)
{
	char date[11];

	if (!date_read(date, typed, t->context->now_ms, t->context->offset_minutes))
		return value_not_right(t, typed, "is not a date",
		    "write it as 2026-11-23, or today, yesterday, in 2 weeks, monday");
	if (t->field->past && !has_come(t, date))
		return PMJ_INVALID;
	*out = json_string(date);
	return PMJ_OK;
}

static enum pmj_code
take_time(json_t **out, const struct taking *t, const char *typed)
{
	char padded[8];
	char *dot;

	(void)snprintf(padded, sizeof(padded), "%s%s", strcspn(typed, ":.") == 1 ? "0" : "", typed);
	if ((dot = strchr(padded, '.')) != NULL)
		*dot = ':';
	if (strlen(typed) > 5 || !date_is_time(padded))
		return value_not_right(
		    t, typed, "is not a time of day", "write it as 14:30 (00:00 to 23:59)");
	*out = json_string(padded);
	return PMJ_OK;
}

static enum pmj_code
take_yes_no(json_t **out, const struct taking *t, const char *typed)
{
	if (is_word(typed, yes_words, COUNT(yes_words)))
		*out = json_true();
	else if (is_word(typed, no_words, COUNT(no_words)))
		*out = json_false();
	else
		return value_not_right(
		    t, typed, "is neither yes nor no", "write yes or no (ndiyo, hapana)");
	return PMJ_OK;
}

static enum pmj_code
take_phone(json_t **out, const struct taking *t, const char *typed)
{
	size_t digits = 0;

	for (const char *c = typed; *c != '\0'; c++)
		digits += *c >= '0' && *c <= '9';
	if (digits < 3 || digits > 20 || strlen(typed) > PHONE_MAX ||
	    strspn(typed, "0123456789+-/()*#. ") != strlen(typed))
		return value_not_right(t, typed, "is not a phone number",
		    "write digits and spaces, such as +254 700 000 000");
	*out = json_string(typed);
	return PMJ_OK;
}

char *
value_trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	return mem_strndup(text, len);
}

static enum pmj_code
take_link(json_t **out, const struct taking *t, const char *typed)
{
	char id[17] = "";
	const struct choice *meant;
	char word[64];
	enum pmj_code rc = PMJ_NOT_FOUND;

	if (t->context->link != NULL)
		rc = t->context->link(t->context->link_ctx, id, t->field->link_kind, typed, t->err);
	if (rc == PMJ_OK) {
		*out = json_string(id);
		return PMJ_OK;
	}
	if (rc == PMJ_NOT_FOUND && (meant = value_choice_meant(t->field, typed)) != NULL) {
		*out = json_string(meant->value);
		return PMJ_OK;
	}
	if (rc == PMJ_NOT_FOUND && t->field->open)
		return take_text(out, t, typed);
	if (rc != PMJ_NOT_FOUND) {
		pmj_context(t->err, "%s", t->field->name);
		return rc;
	}
	(void)pmj_fail(t->err, PMJ_NOT_FOUND, "%s = %s: no such %s is here", t->field->name,
	    value_shown(word, typed), t->field->link_kind);
	pmj_hint(t->err,
	    "pamoja %s list shows their ids; at least the first %d characters are needed",
	    t->field->link_kind, PMJ_RECORD_PREFIX_MIN);
	return PMJ_NOT_FOUND;
}

static enum pmj_code
take_string(json_t **out, const struct taking *t, const char *typed)
{
	switch (t->field->type) {
	case FIELD_TEXT:
	case FIELD_NOTE:
	case FIELD_PLACE:
		return take_text(out, t, typed);
	case FIELD_INTEGER:
		return take_integer(out, t, typed);
	case FIELD_DECIMAL:
		return take_decimal(out, t, typed);
	case FIELD_DATE:
		return take_date(out, t, typed);
	case FIELD_TIME:
		return take_time(out, t, typed);
	case FIELD_YES_NO:
		return take_yes_no(out, t, typed);
	case FIELD_CHOICE:
		return value_take_choice(out, t, typed);
	case FIELD_LINK:
		return take_link(out, t, typed);
	case FIELD_PHONE:
		return take_phone(out, t, typed);
	case FIELD_CHOICES:
		break;
	}
	return PMJ_INVALID;
}

/* "Chose not to say" answers every question but the one whom a record is about. */
static enum pmj_code
take_declined(json_t **out, const struct taking *t)
{
	if (kind_is_subject(t->kind, t->field->name)) {
		(void)pmj_fail(t->err, PMJ_INVALID,
		    "%s says whom this is about and cannot be left out", t->field->name);
		pmj_hint(t->err, "give the id or the name of a %s", t->field->link_kind);
		return PMJ_INVALID;
	}
	*out = json_pack("{s:b}", "declined", 1);
	return PMJ_OK;
}

static enum pmj_code
take_nothing(json_t **out, const struct taking *t)
{
	if (t->field->required) {
		(void)pmj_fail(t->err, PMJ_INVALID, "%s cannot be empty", t->field->name);
		if (kind_is_subject(t->kind, t->field->name))
			pmj_hint(t->err, "give the id or the name of a %s", t->field->link_kind);
		else
			pmj_hint(t->err, "write %s=..., or %s=\"chose not to say\"", t->field->name,
			    t->field->name);
		return PMJ_INVALID;
	}
	*out = json_null();
	return PMJ_OK;
}

enum pmj_code
value_take(json_t **out, const struct kind *kind, const struct field *field, const json_t *typed,
    const struct value_context *context, struct pmj_error *err)
{
	struct taking t = {kind, field, context, err};
	const char *string = json_string_value(typed);
	char number[32];
	char *text;
	enum pmj_code rc;

	*out = NULL;
	if (typed == NULL || json_is_null(typed))
		return take_nothing(out, &t);
	if (value_is_declined(typed))
		return take_declined(out, &t);
	if (json_is_array(typed) && field->type == FIELD_CHOICES)
		return json_array_size(typed) == 0 ? take_nothing(out, &t)
		                                   : value_take_choices(out, &t, typed);
	if (json_is_boolean(typed))
		string = json_is_true(typed) ? "yes" : "no";
	if (json_is_integer(typed)) {
		(void)snprintf(
		    number, sizeof(number), "%lld", (long long)json_integer_value(typed));
		string = number;
	}
	if (string == NULL)
		return value_not_right(&t, json_is_array(typed) ? "a list" : "this",
		    "is not a value that the field can hold", "write it as text, once");
	text = value_trimmed(string);
	if (*text == '\0')
		rc = take_nothing(out, &t);
	else if (is_word(text, declined_words, COUNT(declined_words)) &&
	         value_choice_meant(field, text) == NULL)
		rc = take_declined(out, &t);
	else if (field->type == FIELD_CHOICES)
		rc = value_take_choices(out, &t, json_is_string(typed) ? typed : NULL);
	else
		rc = take_string(out, &t, text);
	free(text);
	return rc;
}
