/* lines.c - lines as the journal keeps them: SQL functions over domain/line_pack. */
#include "store/lines.h"

#include "crypto/prim.h"
#include "domain/line_pack.h"
#include "store/shorts.h"

static const uint8_t *
blob_of(sqlite3_value *value, size_t len)
{
	return (size_t)sqlite3_value_bytes(value) == len ? sqlite3_value_blob(value) : NULL;
}

/* By its number; itself in what an earlier version kept. */
static const uint8_t *
device_of(sqlite3_context *context, sqlite3_value *value)
{
	const void *device;
	size_t len;

	if (sqlite3_value_type(value) != SQLITE_INTEGER)
		return blob_of(value, PMJ_DEVICE_BYTES);
	device = shorts_long(sqlite3_user_data(context), sqlite3_value_int64(value), &len);
	return device != NULL && len == PMJ_DEVICE_BYTES ? device : NULL;
}

static struct line_beside
beside_of(sqlite3_context *context, sqlite3_value **values)
{
	return (struct line_beside){.by = device_of(context, values[1]),
	    .pt = sqlite3_value_int64(values[2]),
	    .rec = blob_of(values[3], PMJ_RECORD_BYTES)};
}

static void
answer(sqlite3_context *context, struct buf *bytes, bool good)
{
	if (bytes->failed == PMJ_NO_MEMORY)
		sqlite3_result_error_nomem(context);
	else if (!good)
		sqlite3_result_error_code(context, SQLITE_CORRUPT);
	else
		sqlite3_result_blob64(context, buf_text(bytes), bytes->len, SQLITE_TRANSIENT);
	buf_close(bytes);
}

static void
line_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct line_beside beside = beside_of(context, values);
	const uint8_t *kept = sqlite3_value_blob(values[0]);
	size_t len = (size_t)sqlite3_value_bytes(values[0]);
	struct buf line;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	buf_init(&line, 0);
	answer(context, &line, line_unpack(&line, kept, len, &beside));
}

static void
packed_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct line_beside beside = beside_of(context, values);
	const char *line = sqlite3_value_blob(values[0]);
	size_t len = (size_t)sqlite3_value_bytes(values[0]);
	struct buf kept;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	buf_init(&kept, 0);
	line_pack(&kept, line != NULL ? line : "", len, &beside);
	answer(context, &kept, true);
}

static void
hash_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct line_beside beside = beside_of(context, values + 1);
	const uint8_t *kept = sqlite3_value_blob(values[1]);
	size_t len = (size_t)sqlite3_value_bytes(values[1]);
	uint8_t e[PMJ_ENTRY_BYTES];
	struct buf line;

	(void)count;
	if (blob_of(values[0], PMJ_ENTRY_BYTES) != NULL) {
		sqlite3_result_value(context, values[0]);
		return;
	}
	buf_init(&line, 0);
	if (!line_unpack(&line, kept, len, &beside)) {
		answer(context, &line, false);
		return;
	}
	prim_hash(e, "pmj entry v1", PRIM_PARTS({line.bytes, line.len}));
	sqlite3_result_blob(context, e, sizeof(e), SQLITE_TRANSIENT);
	buf_close(&line);
}

int
lines_functions(sqlite3 *db, struct journal *journal)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int result =
	    sqlite3_create_function(db, "pmj_line", 4, flags, journal, line_function, NULL, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_create_function(
		    db, "pmj_packed", 4, flags, journal, packed_function, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_create_function(
		    db, "pmj_hash", 5, flags, journal, hash_function, NULL, NULL);
	return result;
}
