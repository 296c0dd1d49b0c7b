/* rows_batch.c - rows to import, cut into requests: what refers to another row goes with it or
 * after it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rows.h"

#define ROW_NUMBER_BYTES 18 /* ,"row":9999999 and a comma */

static bool
in_batch(const struct batch *batch, size_t at)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->index[i] == at)
			return true;
	return false;
}

/* The row a field's value refers to; rows->count when it is none. Always one above, so walks end.
 */
static size_t
meant_by(const struct rows *rows, const json_t *value)
{
	const char *ref = json_is_object(value) ? json_str(value, "ref") : NULL;
	const json_t *at = ref != NULL ? json_object_get(rows->by_ref, ref) : NULL;

	return at != NULL ? (size_t)json_integer_value(at) : rows->count;
}

/* Rows a dry run must send along for this one, itself included, as far as the batch does not hold
 * them. */
static size_t
needs(const struct batch *batch, struct rows *rows, size_t at, json_t *request, size_t most)
{
	const char *name;
	size_t count = 1;
	json_t *value;

	if (in_batch(batch, at))
		return 0;
	json_object_foreach(json_object_get(request, "fields"), name, value)
	{
		size_t meant = meant_by(rows, value);
		json_t *other;

		if (meant == rows->count || count > most ||
		    (other = rows_request(rows, meant)) == NULL)
			continue;
		count += needs(batch, rows, meant, other, most - count);
		json_decref(other);
	}
	return count;
}

static void
put_row(struct batch *batch, struct rows *rows, size_t at, json_t *request, bool dry_run)
{
	json_t *fields = json_object_get(request, "fields"), *value;
	const char *name;
	void *next;

	if (in_batch(batch, at))
		return;
	(void)json_object_set_new(request, "row", json_integer((json_int_t)at));
	json_object_foreach_safe(fields, next, name, value)
	{
		size_t meant = meant_by(rows, value);
		json_t *other;

		if (meant == rows->count)
			continue;
		if (dry_run && (other = rows_request(rows, meant)) != NULL) {
			put_row(batch, rows, meant, other, true);
			json_decref(other);
		} else if (!dry_run && rows->list[meant].id[0] != '\0') {
			(void)json_object_set_new(fields, name, json_string(rows->list[meant].id));
		}
	}
	batch->bytes += json_dumpb(request, NULL, 0, JSON_COMPACT) + ROW_NUMBER_BYTES;
	(void)json_array_append(batch->rows, request);
	batch->index[batch->count++] = at;
}

/* Is a row it refers to lost? Then it cannot be sent. */
static bool
lost(struct rows *rows, struct row *row, const json_t *request)
{
	struct pmj_error err = {0};
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(request, "fields"), name, value)
	{
		size_t meant = meant_by(rows, value);

		if (meant == rows->count || (rows->list[meant].state != ROW_FAILED &&
		                                rows->list[meant].state != ROW_SKIPPED))
			continue;
		(void)pmj_fail(&err, PMJ_INVALID,
		    "the row of line %u, which it refers to, was not taken",
		    rows->list[meant].line);
		pmj_hint(&err, "mend that row first");
		row_fail(rows, row, &err, rows_column(rows, name));
		return true;
	}
	return false;
}

static bool
too_long(struct rows *rows, struct row *row, size_t bytes)
{
	struct pmj_error err = {0};

	if (bytes <= ROWS_BATCH_BYTES_MAX)
		return false;
	(void)pmj_fail(&err, PMJ_TOO_BIG, "the row is too long to be sent");
	pmj_hint(&err, "shorten its texts");
	row_fail(rows, row, &err, 0);
	return true;
}

void
rows_batch(struct batch *out, struct rows *rows, size_t *next, bool dry_run)
{
	size_t most = dry_run ? ROWS_DRY_MAX : ROWS_BATCH_MAX;

	*out = (struct batch){.rows = json_array()};
	for (; *next < rows->count; (*next)++) {
		struct row *row = &rows->list[*next];
		json_t *request;
		size_t more, bytes;

		if (row->state != ROW_WAITS || (request = rows_request(rows, *next)) == NULL)
			continue;
		bytes = json_dumpb(request, NULL, 0, JSON_COMPACT);
		if (lost(rows, row, request) || too_long(rows, row, bytes)) {
			json_decref(request);
			continue;
		}
		more = dry_run ? needs(out, rows, *next, request, ROWS_DRY_MAX) : 1;
		if (out->count > 0 &&
		    (out->count + more > most || out->bytes + bytes > ROWS_BATCH_BYTES_MAX)) {
			json_decref(request);
			return;
		}
		if (more > ROWS_DRY_MAX) /* only a dry run: too long a chain to check at once */
			row->state = ROW_DONE;
		else
			put_row(out, rows, *next, request, dry_run);
		json_decref(request);
	}
}

/* The daemon names the field; the person sees a column. */
static void
take_error(struct rows *rows, struct row *row, const json_t *error)
{
	const char *field = json_str(error, "field");
	size_t column = field != NULL ? rows_column(rows, field) : 0;

	row->state = ROW_FAILED;
	row->error = json_copy((json_t *)error);
	if (column == 0 || column > rows->header.count)
		return;
	(void)json_object_set_new(row->error, "column", json_integer((json_int_t)column));
	(void)json_object_set_new(row->error, "head", json_string(rows->header.cells[column - 1]));
}

enum pmj_code
rows_take(struct rows *rows, const struct batch *batch, const json_t *items, struct pmj_error *err)
{
	if (json_array_size(items) != batch->count)
		return pmj_fail(err, PMJ_IO, "%zu rows were sent and %zu answered", batch->count,
		    json_array_size(items));
	for (size_t i = 0; i < batch->count; i++) {
		struct row *row = &rows->list[batch->index[i]];
		const json_t *item = json_array_get(items, i), *error = json_obj(item, "error");
		const char *id = json_str(item, "id");

		if (row->state != ROW_WAITS)
			continue; /* sent along once more */
		row->state = json_flag(item, "skipped") ? ROW_SKIPPED : ROW_DONE;
		row->before = json_flag(item, "before");
		if (json_arr(item, "new_words") != NULL || json_arr(item, "alike") != NULL) {
			row->saved = json_copy((json_t *)item);
			(void)json_object_set(row->saved, "kind",
			    json_object_get(json_array_get(batch->rows, i), "kind"));
		}
		if (error != NULL)
			take_error(rows, row, error);
		else if (id != NULL && strlen(id) < sizeof(row->id))
			memcpy(row->id, id, strlen(id) + 1);
	}
	return PMJ_OK;
}

void
batch_close(struct batch *batch)
{
	json_decref(batch->rows);
	*batch = (struct batch){0};
}
