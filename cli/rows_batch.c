/* rows_batch.c - rows to import, cut into requests: what refers to another row goes with it or
 * after it. */
#include "cli/rows.h"

#include <stdlib.h>

#include "base/mem.h"

#define ROW_NUMBER_BYTES 16 /* ,"row":99999 */

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

static void
fail_row(struct row *row, const struct row *meant)
{
	char *message =
	    mem_printf("the row of line %zu, which it refers to, was not taken", meant->line);

	row->state = ROW_FAILED;
	row->error = json_pack("{s:s, s:s, s:s}", "code", pmj_code_name(PMJ_INVALID), "message",
	    message, "hint", "mend that row first");
	free(message);
}

/* Rows a dry run must send along for this one, itself included, as far as the batch does not hold
 * them. */
static size_t
needs(const struct batch *batch, const struct rows *rows, size_t at, size_t most)
{
	const char *name;
	size_t count = 1;
	json_t *value;

	if (in_batch(batch, at))
		return 0;
	json_object_foreach(json_object_get(rows->list[at].request, "fields"), name, value)
	{
		size_t meant = meant_by(rows, value);

		if (meant < rows->count && count <= most)
			count += needs(batch, rows, meant, most - count);
	}
	return count;
}

static void
put_row(struct batch *batch, struct rows *rows, size_t at, bool dry_run)
{
	struct row *row = &rows->list[at];
	json_t *copy, *fields, *value;
	const char *name;
	void *next;

	if (in_batch(batch, at))
		return;
	copy = json_deep_copy(row->request);
	(void)json_object_set_new(copy, "row", json_integer((json_int_t)at));
	fields = json_object_get(copy, "fields");
	json_object_foreach_safe(fields, next, name, value)
	{
		size_t meant = meant_by(rows, value);

		if (meant == rows->count)
			continue;
		if (dry_run)
			put_row(batch, rows, meant, true);
		else if (rows->list[meant].id != NULL)
			(void)json_object_set_new(fields, name, json_string(rows->list[meant].id));
	}
	(void)json_array_append_new(batch->rows, copy);
	batch->bytes += row->bytes + ROW_NUMBER_BYTES + 1;
	batch->index[batch->count++] = at;
}

/* Is a row it refers to lost? Then it cannot be sent. */
static bool
lost(struct rows *rows, struct row *row)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(row->request, "fields"), name, value)
	{
		size_t meant = meant_by(rows, value);

		if (meant < rows->count && rows->list[meant].state == ROW_FAILED) {
			fail_row(row, &rows->list[meant]);
			return true;
		}
	}
	return false;
}

void
rows_batch(struct batch *out, struct rows *rows, size_t *next, size_t most, bool dry_run)
{
	*out = (struct batch){.rows = json_array()};
	for (; *next < rows->count; (*next)++) {
		struct row *row = &rows->list[*next];
		size_t more = dry_run ? needs(out, rows, *next, ROWS_BATCH_MAX) : 1;

		if (row->state != ROW_WAITS || lost(rows, row))
			continue;
		if (out->count > 0 &&
		    (out->count + more > most || out->bytes + row->bytes > ROWS_BATCH_BYTES_MAX))
			return;
		if (more > ROWS_BATCH_MAX) { /* only a dry run: too long a chain to check at once */
			row->state = ROW_DONE;
			continue;
		}
		put_row(out, rows, *next, dry_run);
	}
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

		if (row->state != ROW_WAITS)
			continue; /* sent along once more */
		row->state = error != NULL ? ROW_FAILED : ROW_DONE;
		row->before = json_flag(item, "before");
		if (json_arr(item, "new_words") != NULL)
			row->saved = json_incref((json_t *)item);
		if (error != NULL)
			row->error = json_incref((json_t *)error);
		else if (json_str(item, "id") != NULL)
			row->id = mem_strdup(json_str(item, "id"));
	}
	return PMJ_OK;
}

void
batch_close(struct batch *batch)
{
	json_decref(batch->rows);
	*batch = (struct batch){0};
}
