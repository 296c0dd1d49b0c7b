/* records_alike.c - who here may be the person that is being written down: by what a name sounds
 * like, and by what else says who somebody is. Only people of this journal, so nobody learns of
 * another. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sound.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"
#include "store/search.h"

#define LOOKED_AT 60 /* of those who answer a question, newest first */
#define PHONE_DIGITS 9
#define YEARS_APART 2 /* more than so many, and they are two people */

struct alike {
	json_t *item;
	int score;
};

static void
last_digits(char out[static PHONE_DIGITS + 1], const char *text)
{
	size_t count = 0;

	for (size_t i = strlen(text); i > 0 && count < PHONE_DIGITS; i--)
		if (isdigit((unsigned char)text[i - 1]))
			out[PHONE_DIGITS - ++count] = text[i - 1];
	memmove(out, out + PHONE_DIGITS - count, count);
	out[count] = '\0';
}

static bool
same_value(const struct field *field, const json_t *a, const json_t *b)
{
	char x[PHONE_DIGITS + 1], y[PHONE_DIGITS + 1];

	if (!json_is_string(a) || !json_is_string(b))
		return json_is_integer(a) && json_equal(a, b);
	if (field->type != FIELD_PHONE)
		return text_same(json_string_value(a), json_string_value(b));
	last_digits(x, json_string_value(a));
	last_digits(y, json_string_value(b));
	return strlen(x) > 3 && strcmp(x, y) == 0;
}

static bool
far_apart(const json_t *a, const json_t *b)
{
	return json_is_integer(a) && json_is_integer(b) &&
	       llabs(json_integer_value(a) - json_integer_value(b)) > YEARS_APART;
}

/* Does each word of the shorter name stand in the other, as it is written or as it is heard? Words
 * may change places: Asha Mwangi, Mwangi Asha. */
static bool
words_stand_in(const char *words, const char *name)
{
	char key[SOUND_MAX + 1], other[SOUND_MAX + 1], word[64];
	size_t count = 0;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");
		const char *at = name;
		bool found = len == 0;

		(void)snprintf(word, sizeof(word), "%.*s", (int)(len < 63 ? len : 63), words);
		while (!found && *at != '\0') {
			size_t there = strcspn(at, " ");
			char *one = mem_strndup(at, there);

			found = strcmp(one, word) == 0 ||
			        (sound_key(key, word) && sound_key(other, one) &&
			            strcmp(key, other) == 0);
			free(one);
			at += there + (at[there] == ' ' ? 1 : 0);
		}
		if (!found)
			return false;
		count += len > 0;
		words += len + (words[len] == ' ' ? 1 : 0);
	}
	return count > 0;
}

static bool
names_alike(const char *a, const char *b)
{
	char *x = text_fold(a), *y = text_fold(b);
	bool alike = words_stand_in(x, y) || words_stand_in(y, x);

	mem_free_wiped(x);
	mem_free_wiped(y);
	return alike;
}

/* What speaks for it, and by how much; false: it is somebody else. A village or a year alone speaks
 * for nobody. */
static bool
weigh(struct alike *out, const struct kind *kind, const json_t *set, enum lang lang)
{
	const json_t *there = json_object_get(out->item, "fields");
	const char *name = json_str(set, kind->shows), *called = json_str(there, kind->shows);
	bool alike = name != NULL && called != NULL && names_alike(name, called);
	bool reached = false, apart = false;
	json_t *why = json_array();

	out->score = alike ? 1 : 0;
	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		const json_t *a = json_object_get(set, field->name);
		const json_t *b = json_object_get(there, field->name);

		if (field->privacy != PRIVACY_IDENTITY || a == NULL || b == NULL)
			continue;
		apart = apart || far_apart(a, b);
		if (!same_value(field, a, b))
			continue;
		reached = reached || field->type == FIELD_PHONE;
		if (field->type == FIELD_CHOICE) /* half of all people have that too */
			continue;
		out->score += field->type == FIELD_PHONE ? 4 : 2;
		if (strcmp(field->name, kind->shows) != 0)
			(void)json_array_append_new(
			    why, json_string(texts_in(&field->label, lang)));
	}
	(void)json_object_set_new(out->item, "same", why);
	return !apart && (alike || reached);
}

static int
by_likeness(const void *a, const void *b)
{
	const struct alike *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return strcmp(json_str(x->item, "id"), json_str(y->item, "id"));
}

static enum pmj_code
look_at_numbers(struct journal *journal, uint8_t (**recs)[PMJ_RECORD_BYTES], size_t *count,
    const char *query, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT r.rec FROM pmj_search s JOIN person p ON p._num = s.rowid JOIN pmj_record r ON "
	    "r.num = s.rowid WHERE s.pmj_search MATCH ?1 AND r.voided = 0 AND r.handed_over = 0 "
	    "ORDER BY s.rowid DESC LIMIT ?2");

	*recs = NULL;
	*count = 0;
	return records_ids(sql_int(sql_text(sql, 1, query), 2, LOOKED_AT), recs, count, err);
}

static bool
is_among(const struct alike *list, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(json_str(list[i].item, "id"), id) == 0)
			return true;
	return false;
}

/* Those who answer one question, weighed. */
static enum pmj_code
gather_alike(struct journal *journal, struct alike *list, size_t *count, const struct kind *kind,
    const json_t *set, char *query, enum lang lang, struct pmj_error *err)
{
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t found = 0;
	enum pmj_code rc = PMJ_OK;

	if (query != NULL)
		rc = look_at_numbers(journal, &recs, &found, query, err);
	for (size_t i = 0; i < found && rc == PMJ_OK; i++) {
		struct alike one = {.score = 0};

		if ((rc = records_item(journal, &one.item, recs[i], lang, err)) != PMJ_OK)
			break;
		if (!is_among(list, *count, json_str(one.item, "id")) &&
		    weigh(&one, kind, set, lang))
			list[(*count)++] = one;
		else
			json_decref(one.item);
	}
	free(recs);
	mem_free_wiped(query);
	return rc;
}

enum pmj_code
records_alike(struct journal *journal, json_t **out, const struct kind *kind, const json_t *set,
    size_t most, enum lang lang, struct pmj_error *err)
{
	struct alike *list = mem_array(3 * LOOKED_AT, sizeof(*list));
	const char *name = json_str(set, kind->shows);
	char *query = NULL;
	size_t count = 0;
	enum pmj_code rc = search_settle(journal, err);

	*out = json_array();
	if (rc == PMJ_OK && name != NULL && (query = search_query_sound(name)) == NULL)
		query = search_query(name, true);
	if (rc == PMJ_OK)
		rc = gather_alike(journal, list, &count, kind, set, query, lang, err);
	for (size_t i = 0; i < kind->field_count && rc == PMJ_OK; i++) {
		const char *phone = json_str(set, kind->fields[i].name);

		if (kind->fields[i].type != FIELD_PHONE || phone == NULL || count > LOOKED_AT * 2)
			continue;
		rc = gather_alike(
		    journal, list, &count, kind, set, search_query(phone, true), lang, err);
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_likeness);
	for (size_t i = 0; i < count; i++) {
		if (i < most)
			(void)json_array_append(*out, list[i].item);
		json_decref(list[i].item);
	}
	free(list);
	return rc;
}
