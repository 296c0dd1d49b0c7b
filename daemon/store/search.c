/* search.c - what a record is found by, and how a query is put to FTS5. */
#include "store/search.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sound.h"
#include "base/text.h"
#include "domain/value.h"

#define PHONE_TAIL 9 /* digits of a number without its country code or leading 0 */
#define WORDS_MAX 16

/* ---- SQL functions ---- */

/* Of a link the id as it is written: words of sixteen letters may look like one, and a link may
 * name a record that is not here. */
static void
fold_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	char id[PMJ_RECORD_CHARS + 1];
	const char *text = NULL;

	if (count == 1 && sqlite3_value_type(values[0]) != SQLITE_BLOB)
		text = (const char *)sqlite3_value_text(values[0]);
	else if (count == 1 && sqlite3_value_bytes(values[0]) == PMJ_RECORD_BYTES)
		text = text_base32(id, sqlite3_value_blob(values[0]), PMJ_RECORD_BYTES);
	if (text == NULL)
		sqlite3_result_null(context);
	else
		sqlite3_result_text(context, text_fold(text), -1, free);
}

int
search_functions(sqlite3 *db)
{
	return sqlite3_create_function(db, "pmj_fold", 1,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL, fold_function, NULL,
	    NULL);
}

/* ---- what a record is found by ---- */

static void
put_digits(struct buf *out, const char *text)
{
	char digits[64];
	size_t count = 0;

	for (; *text != '\0' && count + 1 < sizeof(digits); text++)
		if (isdigit((unsigned char)*text))
			digits[count++] = *text;
	digits[count] = '\0';
	if (count == 0)
		return;
	buf_putf(out, " %s", digits);
	if (count > PHONE_TAIL)
		buf_putf(out, " %s", digits + count - PHONE_TAIL);
}

static void
add_value(struct buf *out, const struct field *field, const json_t *value)
{
	char *text;

	if (value == NULL || json_is_null(value) || json_is_object(value))
		return;
	text = value_text(field, value, LANG_EN);
	buf_putf(out, " %s", text);
	if (field->type == FIELD_PHONE)
		put_digits(out, text);
	free(text);
	if (field->type != FIELD_CHOICE && field->type != FIELD_CHOICES)
		return;
	text = value_text(field, value, LANG_SW);
	buf_putf(out, " %s", text);
	free(text);
}

/* Beside a name what it sounds like, as words that nobody types. */
#define SOUND_MARK "qx"

static void
add_sounds(struct buf *out, const json_t *value)
{
	char *folded = json_is_string(value) ? text_fold(json_string_value(value)) : NULL;
	char *rest = folded, *word, key[SOUND_MAX + 1];

	while (rest != NULL && (word = strsep(&rest, " '-.,")) != NULL)
		if (sound_key(key, word))
			buf_putf(out, " " SOUND_MARK "%s", key);
	mem_free_wiped(folded);
}

char *
search_text(const struct kind *kind, const struct merge_record *record)
{
	struct buf all;
	char *folded;

	buf_init(&all, 0);
	for (size_t i = 0; kind != NULL && i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		const struct merge_field *merged = merge_field(record, field->name);
		bool shown = kind->shows != NULL && strcmp(kind->shows, field->name) == 0;
		for (size_t k = 0;
		     (field->searchable || shown) && merged != NULL && k < merged->count; k++)
			add_value(&all, field, merged->values[k].value);
		for (size_t k = 0;
		     shown && field->type == FIELD_TEXT && merged != NULL && k < merged->count; k++)
			add_sounds(&all, merged->values[k].value);
	}
	folded = text_fold(buf_text(&all));
	buf_close(&all);
	return folded;
}

/* ---- queries ---- */

static int
put_token(void *ctx, int flags, const char *token, int len, int from, int to)
{
	struct buf *out = ctx;

	(void)flags, (void)from, (void)to;
	buf_put_text(out, " ");
	buf_put(out, token, (size_t)len);
	return SQLITE_OK;
}

/* As FTS5 says it. */
static fts5_api *
api_of(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	fts5_api *api = NULL;

	if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_pointer(statement, 1, (void *)&api, "fts5_api_ptr", NULL);
		(void)sqlite3_step(statement);
	}
	(void)sqlite3_finalize(statement);
	return api;
}

char *
search_words(sqlite3 *db, const char *typed)
{
	const char *how[] = {"remove_diacritics", "2"};
	fts5_api *api = api_of(db);
	fts5_tokenizer tokenizer;
	Fts5Tokenizer *made = NULL;
	char *folded = text_fold(typed), *words = NULL;
	struct buf out;
	void *ctx;

	buf_init(&out, 0);
	if (api != NULL && api->xFindTokenizer(api, "unicode61", &ctx, &tokenizer) == SQLITE_OK &&
	    tokenizer.xCreate(ctx, how, 2, &made) == SQLITE_OK) {
		if (tokenizer.xTokenize(made, &out, FTS5_TOKENIZE_QUERY, folded,
		        (int)strlen(folded), put_token) == SQLITE_OK)
			words = mem_strdup(buf_text(&out));
		tokenizer.xDelete(made);
	}
	buf_close(&out);
	free(folded);
	return words;
}

/* Letters and digits; every byte above ASCII is taken for one, as FTS5 does with most of them. */
static bool
is_word_byte(char c)
{
	return (c & 0x80) != 0 || isalnum((unsigned char)c);
}

struct word {
	char *text;
	bool number;
};

static size_t
cut_words(struct word *out, const char *text)
{
	size_t count = 0;

	while (*text != '\0' && count < WORDS_MAX) {
		size_t len = 0;
		bool number = true;
		while (text[len] != '\0' && is_word_byte(text[len])) {
			number = number && isdigit((unsigned char)text[len]);
			len++;
		}
		if (len > 0)
			out[count++] = (struct word){mem_strndup(text, len), number};
		text += len > 0 ? len : 1;
	}
	return count;
}

static void
put_term(struct buf *out, const char *word, bool exact)
{
	buf_putf(out, "\"%s\"%s", word, exact ? "" : "*");
}

/* "0712 345 678": the groups, or the digits in one, or their tail, whichever way it was written
 * down. */
static void
put_numbers(struct buf *out, const struct word *words, size_t count, bool exact)
{
	char joined[64] = "";
	size_t used = 0;

	buf_put_text(out, "((");
	for (size_t i = 0; i < count; i++) {
		buf_put_text(out, i > 0 ? " AND " : "");
		put_term(out, words[i].text, exact);
		if (used + strlen(words[i].text) < sizeof(joined))
			used += (size_t)snprintf(
			    joined + used, sizeof(joined) - used, "%s", words[i].text);
	}
	buf_put_text(out, ")");
	if (count > 1) {
		buf_put_text(out, " OR ");
		put_term(out, joined, exact);
	}
	if (strlen(joined) > PHONE_TAIL) {
		buf_put_text(out, " OR ");
		put_term(out, joined + strlen(joined) - PHONE_TAIL, exact);
	} else if (strlen(joined) > 3 && joined[0] == '0') {
		buf_put_text(out, " OR ");
		put_term(out, joined + 1, exact);
	}
	buf_put_text(out, ")");
}

char *
search_query(const char *words, bool exact)
{
	struct word list[WORDS_MAX];
	char *folded = text_fold(words), *query = NULL;
	size_t count = cut_words(list, folded);
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < count;) {
		size_t run = 1;
		buf_put_text(&out, i > 0 ? " AND " : "");
		while (list[i].number && i + run < count && list[i + run].number)
			run++;
		if (list[i].number)
			put_numbers(&out, &list[i], run, exact);
		else
			put_term(&out, list[i].text, exact);
		i += run;
	}
	if (out.len > 0)
		query = mem_strdup(buf_text(&out));
	for (size_t i = 0; i < count; i++)
		free(list[i].text);
	buf_close(&out);
	free(folded);
	return query;
}

char *
search_query_sound(const char *words)
{
	struct word list[WORDS_MAX];
	char *folded = text_fold(words), *query = NULL, key[SOUND_MAX + 1];
	size_t count = cut_words(list, folded), heard = 0;
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < count; i++) {
		if (sound_key(key, list[i].text)) {
			buf_putf(&out, "%s\"" SOUND_MARK "%s\"", heard > 0 ? " AND " : "", key);
			heard++;
		}
	}
	if (heard > 0 && heard == count)
		query = mem_strdup(buf_text(&out));
	for (size_t i = 0; i < count; i++)
		free(list[i].text);
	buf_wipe(&out);
	mem_free_wiped(folded);
	return query;
}
