/* shorts.c - kinds and devices by short numbers. All of them are kept in memory: some dozens of
 * kinds, and devices as many as ever wrote. */
#include "store/shorts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "pamoja/limits.h"
#include "store/journal_inner.h"

struct shorts_one {
	char *bytes;
	size_t len;
	bool text;
};
struct shorts {
	struct shorts_one *list; /* number 1 first */
	size_t count, room;
	size_t *slots; /* by hash: a place in the list, from 1; 0: free. A power of two of them */
	size_t slot_count;
};

static size_t
hash_of(const void *what, size_t len, bool text)
{
	const uint8_t *bytes = what;
	uint64_t hash = text ? 0xcbf29ce484222325u : 0x84222325cbf29ce4u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

/* Where it is, or the free place where it would be. */
static size_t *
slot_of(const struct shorts *shorts, const void *what, size_t len, bool text)
{
	size_t at = hash_of(what, len, text);

	for (;; at++) {
		size_t *slot = &shorts->slots[at & (shorts->slot_count - 1)];
		const struct shorts_one *one = *slot != 0 ? &shorts->list[*slot - 1] : NULL;

		if (one == NULL ||
		    (one->len == len && one->text == text && memcmp(one->bytes, what, len) == 0))
			return slot;
	}
}

/* At least half of the slots stay free. */
static void
more_slots(struct shorts *shorts)
{
	free(shorts->slots);
	shorts->slot_count = shorts->slot_count == 0 ? 64 : 2 * shorts->slot_count;
	shorts->slots = mem_array(shorts->slot_count, sizeof(*shorts->slots));
	for (size_t i = 0; i < shorts->count; i++) {
		const struct shorts_one *one = &shorts->list[i];

		*slot_of(shorts, one->bytes, one->len, one->text) = i + 1;
	}
}

static void
add_short(struct shorts *shorts, const void *what, size_t len, bool text)
{
	struct shorts_one *one;

	if (shorts->count == shorts->room) {
		shorts->room = 2 * shorts->room + 32;
		shorts->list = mem_grow(shorts->list, shorts->room, sizeof(*shorts->list));
	}
	if (2 * (shorts->count + 1) >= shorts->slot_count)
		more_slots(shorts);
	one = &shorts->list[shorts->count++];
	*one = (struct shorts_one){mem_strndup(what, len), len, text};
	if (memchr(what, '\0', len) != NULL) { /* bytes, not text */
		free(one->bytes);
		one->bytes = mem_new(len + 1);
		memcpy(one->bytes, what, len);
	}
	*slot_of(shorts, what, len, text) = shorts->count;
}

/* NULL: they cannot be read. Numbers are given without gaps. */
static struct shorts *
shorts_of(struct journal *journal)
{
	struct sql *sql;
	bool row = false;

	if (journal->shorts != NULL)
		return journal->shorts;
	journal->shorts = mem_new(sizeof(*journal->shorts));
	more_slots(journal->shorts);
	sql = sql_get(journal, "SELECT no, what, typeof(what) = 'text' FROM pmj_short ORDER BY no");
	while (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		size_t len;
		const uint8_t *what = sql_col_blob(sql, 1, &len);

		if (sql_col_int(sql, 0) != (int64_t)journal->shorts->count + 1)
			break;
		add_short(journal->shorts, what != NULL ? (const void *)what : "", len,
		    sql_col_int(sql, 2) != 0);
	}
	sql_done(sql);
	return journal->shorts;
}

void
shorts_forget(struct journal *journal)
{
	struct shorts *shorts = journal->shorts;

	journal->shorts = NULL;
	if (shorts == NULL)
		return;
	for (size_t i = 0; i < shorts->count; i++)
		free(shorts->list[i].bytes);
	free(shorts->list);
	free(shorts->slots);
	free(shorts);
}

const void *
shorts_long(struct journal *journal, int64_t no, size_t *len)
{
	const struct shorts *shorts = shorts_of(journal);

	if (no < 1 || (uint64_t)no > shorts->count)
		return NULL;
	*len = shorts->list[no - 1].len;
	return shorts->list[no - 1].bytes;
}

enum pmj_code
shorts_number(struct journal *journal, int64_t *no, const void *what, size_t len, bool text,
    struct pmj_error *err)
{
	struct shorts *shorts = shorts_of(journal);
	struct sql *sql;
	enum pmj_code rc;

	if ((*no = (int64_t)*slot_of(shorts, what, len, text)) != 0)
		return PMJ_OK;
	*no = (int64_t)shorts->count + 1;
	sql = sql_int(sql_get(journal, "INSERT INTO pmj_short (no, what) VALUES (?1, ?2)"), 1, *no);
	if (text) {
		char *copy = mem_strndup(what, len);

		(void)sql_text(sql, 2, copy);
		free(copy);
	} else {
		(void)sql_blob(sql, 2, what, len);
	}
	if ((rc = sql_run(sql, err)) == PMJ_OK)
		add_short(shorts, what, len, text);
	return rc;
}

/* ---- SQL functions ---- */

static void
short_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct journal *journal = sqlite3_user_data(context);
	bool text = sqlite3_value_type(values[0]) == SQLITE_TEXT;
	const void *what =
	    text ? (const void *)sqlite3_value_text(values[0]) : sqlite3_value_blob(values[0]);
	size_t len = (size_t)sqlite3_value_bytes(values[0]), no;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	no = *slot_of(shorts_of(journal), what != NULL ? what : "", len, text);
	if (no != 0)
		sqlite3_result_int64(context, (int64_t)no);
}

static void
long_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct journal *journal = sqlite3_user_data(context);
	const struct shorts *shorts = shorts_of(journal);
	int64_t no = sqlite3_value_int64(values[0]);
	const struct shorts_one *one;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL || no < 1 || (uint64_t)no > shorts->count)
		return;
	one = &shorts->list[no - 1];
	if (one->text)
		sqlite3_result_text(context, one->bytes, (int)one->len, SQLITE_TRANSIENT);
	else
		sqlite3_result_blob(context, one->bytes, (int)one->len, SQLITE_TRANSIENT);
}

static void
id_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	uint8_t rec[PMJ_RECORD_BYTES];

	(void)count;
	if (text != NULL && strlen(text) == PMJ_RECORD_CHARS &&
	    text_unbase32(rec, sizeof(rec), text, PMJ_RECORD_CHARS))
		sqlite3_result_blob(context, rec, sizeof(rec), SQLITE_TRANSIENT);
}

int
shorts_functions(sqlite3 *db, struct journal *journal)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int result =
	    sqlite3_create_function(db, "pmj_short", 1, flags, journal, short_function, NULL, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_create_function(
		    db, "pmj_long", 1, flags, journal, long_function, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_create_function(
		    db, "pmj_id", 1, flags, journal, id_function, NULL, NULL);
	return result;
}
