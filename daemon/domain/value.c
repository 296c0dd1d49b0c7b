/* value.c - what a person typed, made into the value of a line by the type of its field. */
#include "domain/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "pamoja/limits.h"

#define TEXT_MAX 1000 /* bytes of a one-line text; a note may be as long as a string of a line */
#define PHONE_MAX 40
#define DECIMAL_MAX 30
#define CHOICES_MAX 64

/* What one value is read with. */
struct taking {
	const struct kind *kind;
	const struct field *field;
	const struct value_context *context;
	struct pmj_error *err;
};

static const char *const yes_words[] = {"yes", "y", "true", "1", "ndiyo", "ndio"};
static const char *const no_words[] = {"no", "n", "false", "0", "hapana"};
static const char *const declined_words[] = {
    "-declined-", "chose not to say", "hakutaka kusema", "amechagua kutosema"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool
is_word(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_same(text, words[i]))
			return true;
	return false;
}

/* At most this much of what was typed is repeated in a message, cut between characters. */
static const char *
shown(char out[static 64], const char *typed)
{
	size_t len = strlen(typed);

	if (len > 60) {
		len = 57;
		while (len > 0 && ((unsigned char)typed[len] & 0xc0) == 0x80)
			len--;
		(void)snprintf(out, 64, "%.*s...", (int)len, typed);
	} else {
		(void)snprintf(out, 64, "%s", typed);
	}
	return out;
}

static enum pmj_code
not_right(const struct taking *t, const char *typed, const char *what, const char *right)
{
	char word[64];

	(void)pmj_fail(t->err, PMJ_INVALID, "%s = %s %s", t->field->name, shown(word, typed), what);
	pmj_hint(t->err, "%s", right);
	return PMJ_INVALID;
}

/* What no terminal may be sent, and in one-line texts (names, places) nothing unseen that turns the
 * order of what is read: two names that look alike must be alike. A note keeps such a character, as
 * it was written. What is wrong, and what would be right; NULL when nothing is. */
static const char *
wrong_in(const char *typed, bool note, const char **right)
{
	for (const char *c = typed; *c != '\0'; c++) {
		size_t steers = text_steers(c);

		*right = "write it on one line";
		if (!note && (*c == '\n' || *c == '\t'))
			return "holds a line end or a tab";
		if (steers == 0 ||
		    (note && (steers == 3 || *c == '\r' || (unsigned char)*c == 0xd8)))
			continue;
		if (note)
			*right = "remove control characters";
		if (steers < 3 && (unsigned char)*c != 0xd8)
			return "holds a line end or a control character";
		*right = "type it by hand instead of pasting it";
		return "holds an unseen character that turns the order of the letters";
	}
	return NULL;
}

static enum pmj_code
may_hold(const struct taking *t, const char *typed, bool note)
{
	const char *right, *wrong = wrong_in(typed, note, &right);

	return wrong == NULL ? PMJ_OK : not_right(t, "what was typed", wrong, right);
}

enum pmj_code
value_worker_name(const char *name, size_t most, struct pmj_error *err)
{
	const char *right = "add --name \"Neema\"", *wrong;

	if (name[0] == '\0' || strlen(name) > most)
		(void)pmj_fail(err, PMJ_USAGE, "a worker's name has 1 to %zu bytes", most);
	else if ((wrong = wrong_in(name, false, &right)) != NULL)
		(void)pmj_fail(err, PMJ_USAGE, "the worker's name %s", wrong);
	else
		return PMJ_OK;
	pmj_hint(err, "%s", right);
	return err->code;
}

static enum pmj_code
take_text(json_t **out, const struct taking *t, const char *typed)
{
	enum pmj_code rc;
	bool note = t->field->type == FIELD_NOTE;
	size_t most = note ? PMJ_JSON_STRING_MAX : TEXT_MAX;
	char right[80];

	if (strlen(typed) > most) {
		(void)snprintf(right, sizeof(right), "use at most %zu bytes%s", most,
		    note ? ", or write a second record" : "");
		return not_right(t, typed, "is too long", right);
	}
	if ((rc = may_hold(t, typed, note)) == PMJ_OK)
		*out = json_string(typed);
	return rc;
}

static enum pmj_code
out_of_range(const struct taking *t, const char *typed, bool small)
{
	char right[80];

	(void)snprintf(right, sizeof(right), "use %lld to %lld", (long long)t->field->least,
	    (long long)t->field->most);
	return not_right(t, typed, small ? "is too small" : "is too big", right);
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
		return not_right(
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

/* Sign, digits, and perhaps a point and digits; true in *whole when there is no point. */
static bool
is_decimal(const char *text)
{
	size_t digits;

	if (*text == '-')
		text++;
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 15 || strlen(text) > DECIMAL_MAX)
		return false;
	text += digits;
	if (*text == '\0')
		return true;
	if (*text != '.')
		return false;
	digits = strspn(text + 1, "0123456789");
	return digits > 0 && digits <= 9 && text[1 + digits] == '\0';
}

static enum pmj_code
take_decimal(json_t **out, const struct taking *t, const char *typed)
{
	char number[DECIMAL_MAX + 1];
	char *comma;
	long long whole;
	bool beyond;

	if (strlen(typed) > DECIMAL_MAX)
		return not_right(t, typed, "is not a number", "write it such as 12.50");
	(void)snprintf(number, sizeof(number), "%s", typed);
	if ((comma = strchr(number, ',')) != NULL)
		*comma = '.';
	if (!is_decimal(number))
		return not_right(t, typed, "is not a number", "write it such as 12.50");
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

static enum pmj_code
take_date(json_t **out, const struct taking *t, const char *typed)
{
	char date[11];

	if (!text_date(date, typed, t->context->now_ms, t->context->offset_minutes))
		return not_right(t, typed, "is not a date",
		    "write it as 2026-11-23, or today, yesterday, in 2 weeks, monday");
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
	if (strlen(typed) > 5 || !text_is_time(padded))
		return not_right(
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
		return not_right(
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
		return not_right(t, typed, "is not a phone number",
		    "write digits and spaces, such as +254 700 000 000");
	*out = json_string(typed);
	return PMJ_OK;
}

/* The declared choice that was meant: by its value, or by its label in any language. */
static const struct choice *
choice_meant(const struct field *field, const char *typed)
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

static enum pmj_code
not_a_choice(const struct taking *t, const char *typed)
{
	const struct field *field = t->field;
	const char **names = mem_array(field->choice_count, sizeof(*names));
	char right[320] = "";
	const char *near;

	for (size_t i = 0; i < field->choice_count; i++)
		names[i] = field->choices[i].value;
	near = text_nearest(typed, names, field->choice_count);
	if (near != NULL)
		(void)snprintf(right, sizeof(right), "did you mean %s? ", near);
	for (size_t i = 0; i < field->choice_count; i++) {
		size_t used = strlen(right);
		(void)snprintf(right + used, sizeof(right) - used, "%s%s",
		    i > 0 ? ", " : "choices: ", names[i]);
	}
	free(names);
	return not_right(t, typed, "is not a choice", right);
}

static enum pmj_code
choose(const char **value, const struct taking *t, const char *typed)
{
	const struct choice *choice = choice_meant(t->field, typed);

	*value = choice != NULL ? choice->value : typed;
	if (choice != NULL)
		return PMJ_OK;
	if (!t->field->open)
		return not_a_choice(t, typed);
	if (strlen(typed) > TEXT_MAX)
		return not_right(t, typed, "is too long", "use at most 1000 bytes");
	return may_hold(t, typed, false);
}

static enum pmj_code
take_choice(json_t **out, const struct taking *t, const char *typed)
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
		return not_right(t, typed, "is one choice too many", "choose at most 64");
	(void)json_array_append_new(list, json_string(value));
	return PMJ_OK;
}

static char *
trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	return mem_strndup(text, len);
}

/* A list of strings, or one string with commas, semicolons or bars between. */
static enum pmj_code
take_choices(json_t **out, const struct taking *t, const json_t *typed)
{
	json_t *list = json_array();
	enum pmj_code rc = PMJ_OK;
	const char *at;

	for (size_t i = 0; rc == PMJ_OK && i < json_array_size(typed); i++) {
		const char *text = json_string_value(json_array_get(typed, i));
		char *word = trimmed(text != NULL ? text : "");
		rc = text != NULL ? add_choice(list, t, word)
		                  : not_right(t, "the list", "holds something that is no text",
		                        "write [\"one\", \"two\"]");
		free(word);
	}
	for (at = json_string_value(typed); rc == PMJ_OK && at != NULL;) {
		size_t bytes = strcspn(at, ",;|");
		char *part = mem_strndup(at, bytes);
		char *word = trimmed(part);
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

static enum pmj_code
take_link(json_t **out, const struct taking *t, const char *typed)
{
	char id[17] = "";
	char word[64];
	enum pmj_code rc = PMJ_NOT_FOUND;

	if (t->context->link != NULL)
		rc = t->context->link(t->context->link_ctx, id, t->field->link_kind, typed, t->err);
	if (rc == PMJ_OK) {
		*out = json_string(id);
		return PMJ_OK;
	}
	if (rc == PMJ_NOT_FOUND && t->field->open)
		return take_text(out, t, typed);
	if (rc != PMJ_NOT_FOUND) {
		pmj_context(t->err, "%s", t->field->name);
		return rc;
	}
	(void)pmj_fail(t->err, PMJ_NOT_FOUND, "%s = %s: no such %s is here", t->field->name,
	    shown(word, typed), t->field->link_kind);
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
		return take_choice(out, t, typed);
	case FIELD_LINK:
		return take_link(out, t, typed);
	case FIELD_PHONE:
		return take_phone(out, t, typed);
	case FIELD_CHOICES:
		break;
	}
	return PMJ_INVALID;
}

static bool
is_declined(const json_t *value)
{
	return json_is_object(value) && json_object_size(value) == 1 &&
	       json_is_true(json_object_get(value, "declined"));
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
	if (is_declined(typed))
		return take_declined(out, &t);
	if (json_is_array(typed) && field->type == FIELD_CHOICES)
		return json_array_size(typed) == 0 ? take_nothing(out, &t)
		                                   : take_choices(out, &t, typed);
	if (json_is_boolean(typed))
		string = json_is_true(typed) ? "yes" : "no";
	if (json_is_integer(typed)) {
		(void)snprintf(
		    number, sizeof(number), "%lld", (long long)json_integer_value(typed));
		string = number;
	}
	if (string == NULL)
		return not_right(&t, json_is_array(typed) ? "a list" : "this",
		    "is not a value that the field can hold", "write it as text");
	text = trimmed(string);
	if (*text == '\0')
		rc = take_nothing(out, &t);
	else if (is_word(text, declined_words, COUNT(declined_words)) &&
	         choice_meant(field, text) == NULL)
		rc = take_declined(out, &t);
	else if (field->type == FIELD_CHOICES)
		rc = take_choices(out, &t, json_is_string(typed) ? typed : NULL);
	else
		rc = take_string(out, &t, text);
	free(text);
	return rc;
}

bool
value_is_legal(const json_t *value)
{
	if (value == NULL)
		return false;
	if (json_is_string(value))
		return json_string_length(value) <= PMJ_JSON_STRING_MAX;
	if (json_is_integer(value))
		return json_integer_value(value) <= PMJ_JSON_INT_MAX &&
		       json_integer_value(value) >= -PMJ_JSON_INT_MAX;
	if (json_is_boolean(value) || json_is_null(value) || is_declined(value))
		return true;
	if (!json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		if (!json_is_string(item) || json_string_length(item) > PMJ_JSON_STRING_MAX)
			return false;
	}
	return true;
}

bool
value_fits(const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!value_is_legal(value))
		return false;
	if (json_is_null(value) || is_declined(value))
		return true;
	switch (field->type) {
	case FIELD_INTEGER:
		return json_is_integer(value);
	case FIELD_YES_NO:
		return json_is_boolean(value);
	case FIELD_CHOICES:
		return json_is_array(value);
	case FIELD_DECIMAL:
		return text != NULL && is_decimal(text);
	case FIELD_DATE:
		return text != NULL && text_is_date(text);
	case FIELD_TIME:
		return text != NULL && text_is_time(text);
	case FIELD_LINK:
		return text != NULL && (field->open || value_is_id(value));
	default:
		return text != NULL;
	}
}

bool
value_is_id(const json_t *value)
{
	uint8_t id[PMJ_RECORD_BYTES];
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) == PMJ_RECORD_CHARS &&
	       strspn(text, "0123456789abcdefghjkmnpqrstvwxyz") == PMJ_RECORD_CHARS &&
	       text_unbase32(id, sizeof(id), text, PMJ_RECORD_CHARS);
}

static const char *
word_of(const struct field *field, const char *text, enum lang lang)
{
	return field != NULL && field->choice_count > 0 ? field_choice_label(field, text, lang)
	                                                : text;
}

char *
value_text(const struct field *field, const json_t *value, enum lang lang)
{
	static const char *const yes[LANG_COUNT] = {"yes", "ndiyo"};
	static const char *const no[LANG_COUNT] = {"no", "hapana"};
	static const char *const declined[LANG_COUNT] = {"chose not to say", "hakutaka kusema"};
	struct buf out;
	char *text;

	if (value == NULL || json_is_null(value))
		return mem_strdup("");
	if (json_is_string(value))
		return mem_strdup(word_of(field, json_string_value(value), lang));
	if (json_is_integer(value))
		return mem_printf("%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return mem_strdup(json_is_true(value) ? yes[lang] : no[lang]);
	if (is_declined(value))
		return mem_strdup(declined[lang]);
	buf_init(&out, 0);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *item = json_string_value(json_array_get(value, i));
		if (i > 0)
			buf_put_text(&out, ", ");
		buf_put_text(&out, word_of(field, item != NULL ? item : "", lang));
	}
	text = mem_strdup(buf_text(&out));
	buf_close(&out);
	return text;
}
