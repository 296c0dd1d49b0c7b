/* value.c - what a value is: legal in a line, fit for its field, and as people read it. */
#include "base/date.h"
#include "domain/value_inner.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "pamoja/limits.h"

/* At most this much of what was typed is repeated in a message, cut between characters. */
const char *
value_shown(char out[static 64], const char *typed)
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

enum pmj_code
value_not_right(const struct taking *t, const char *typed, const char *what, const char *right)
{
	char word[64];

	(void)pmj_fail(
	    t->err, PMJ_INVALID, "%s = %s %s", t->field->name, value_shown(word, typed), what);
	pmj_hint(t->err, "%s", right);
	return PMJ_INVALID;
}

/* Of what steers a terminal or a reader a note keeps the line end of old machines, and what turns
 * the order of letters, which its script may need. */
static bool
note_keeps(const char *at, size_t steers)
{
	return steers == 0 || steers == 3 || *at == '\r' || (unsigned char)*at == 0xd8;
}

void
value_note_plain(char *text)
{
	const char *from = text;

	while (*from != '\0') {
		size_t steers = text_steers(from);
		bool keeps = note_keeps(from, steers);

		*text++ = keeps ? *from : '?';
		from++;
		for (size_t i = 1; i < steers; i++, from++)
			if (keeps)
				*text++ = *from;
	}
	*text = '\0';
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
		if (steers == 0 || (note && note_keeps(c, steers)))
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

enum pmj_code
value_may_hold(const struct taking *t, const char *typed, bool note)
{
	const char *right, *wrong = wrong_in(typed, note, &right);

	return wrong == NULL ? PMJ_OK : value_not_right(t, "what was typed", wrong, right);
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

/* Sign, digits, and perhaps a point and digits; true in *whole when there is no point. */
bool
value_is_decimal(const char *text)
{
	size_t digits;

	if (*text == '-')
		text++;
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 15 || strlen(text) > VALUE_DECIMAL_MAX)
		return false;
	text += digits;
	if (*text == '\0')
		return true;
	if (*text != '.')
		return false;
	digits = strspn(text + 1, "0123456789");
	return digits > 0 && digits <= 9 && text[1 + digits] == '\0';
}

bool
value_is_declined(const json_t *value)
{
	return json_is_object(value) && json_object_size(value) == 1 &&
	       json_is_true(json_object_get(value, "declined"));
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
	if (json_is_boolean(value) || json_is_null(value) || value_is_declined(value))
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
	if (json_is_null(value) || value_is_declined(value))
		return true;
	switch (field->type) {
	case FIELD_INTEGER:
		return json_is_integer(value);
	case FIELD_YES_NO:
		return json_is_boolean(value);
	case FIELD_CHOICES:
		return json_is_array(value);
	case FIELD_DECIMAL:
		return text != NULL && value_is_decimal(text);
	case FIELD_DATE:
		return text != NULL && date_is_day(text);
	case FIELD_TIME:
		return text != NULL && date_is_time(text);
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
	if (value_is_declined(value))
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

char *
value_text_of(const struct kind *kind, const char *name, const json_t *value, enum lang lang)
{
	const char *text = json_string_value(value);
	const struct state *state =
	    text != NULL && strcmp(name, "state") == 0 ? kind_state(kind, text) : NULL;

	return state != NULL ? mem_strdup(texts_in(&state->label, lang))
	                     : value_text(kind_field(kind, name), value, lang);
}
