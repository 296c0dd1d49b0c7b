/* rows_main.c - a table of what a form repeats, beside the form's main table: CommCare's tells of
 * its parent nothing but the number of its row, which is another's in the next export; and whom the
 * form is about stands in the main table alone. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/rows.h"

struct rows_main {
	struct csv_reader csv;
	struct csv_row header;
	json_t *by_key; /* {key: place in the text} */
	char *own_name; /* of the column that holds the key, in the rows */
	size_t own;     /* the same from 0, once the header is known */
	size_t own_count;
};

void
rows_main_close(struct rows_main *main)
{
	if (main == NULL)
		return;
	csv_close(&main->csv);
	csv_row_close(&main->header);
	json_decref(main->by_key);
	free(main->own_name);
	free(main);
}

static enum pmj_code
column_named(size_t *at, const struct csv_row *header, const char *name, struct pmj_error *err)
{
	for (*at = 0; *at < header->count; ++*at)
		if (mapping_same_column(header->cells[*at], name) ||
		    text_same(header->cells[*at], name))
			return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "there is no column \"%.80s\"", name);
	pmj_hint(err, "in the mapping: main = COLUMN OF THE REPEATED is COLUMN OF THE MAIN TABLE");
	return PMJ_INVALID;
}

static enum pmj_code
index_main(struct rows_main *main, size_t column, struct pmj_error *err)
{
	struct csv_row row;
	enum pmj_code rc;
	bool more;

	while ((rc = csv_next(&main->csv, &row, &more, err)) == PMJ_OK && more) {
		const char *key = column < row.count ? row.cells[column] : "";

		if (*key != '\0' && json_object_get(main->by_key, key) != NULL) {
			rc = pmj_fail(err, PMJ_INVALID, "\"%.60s\" is there twice", key);
			pmj_hint(err, "its main = column must tell its rows apart");
		} else if (*key != '\0') {
			(void)json_object_set_new(
			    main->by_key, key, json_integer((json_int_t)row.at));
		}
		csv_row_close(&row);
		if (rc != PMJ_OK)
			break;
	}
	if (rc != PMJ_OK)
		pmj_context(err, "line %zu", row.line);
	return rc;
}

enum pmj_code
rows_use_main(struct rows *rows, const struct mapping *map, const char *text, size_t len,
    struct pmj_error *err)
{
	struct rows_main *main = mem_new(sizeof(*main));
	char *theirs = NULL;
	size_t column = 0;
	enum pmj_code rc;

	rows->main = main;
	main->by_key = json_object();
	if ((rc = mapping_main(map, &main->own_name, &theirs, err)) == PMJ_OK &&
	    (rc = csv_open(&main->csv, &main->header, text, len, err)) == PMJ_OK &&
	    (rc = column_named(&column, &main->header, theirs, err)) == PMJ_OK)
		rc = index_main(main, column, err);
	free(theirs);
	return rc;
}

/* So wide: no cell of the main table is taken for one of the rows. */
static void
pad_cells(struct csv_row *cells, size_t width)
{
	cells->cells = mem_grow(cells->cells, width, sizeof(*cells->cells));
	while (cells->count < width)
		cells->cells[cells->count++] = mem_strdup("");
}

size_t
rows_column_of_main(const struct rows *rows)
{
	return rows->main->own + 1;
}

enum pmj_code
rows_join_header(struct rows *rows, struct pmj_error *err)
{
	struct rows_main *main = rows->main;
	enum pmj_code rc;

	if (main == NULL)
		return PMJ_OK;
	if ((rc = column_named(&main->own, &rows->header, main->own_name, err)) != PMJ_OK)
		return rc;
	main->own_count = rows->header.count;
	pad_cells(&rows->header, main->own_count + main->header.count);
	for (size_t i = 0; i < main->header.count; i++) {
		free(rows->header.cells[main->own_count + i]);
		rows->header.cells[main->own_count + i] = mem_strdup(main->header.cells[i]);
	}
	return PMJ_OK;
}

enum pmj_code
rows_join(struct rows *rows, struct csv_row *cells, struct pmj_error *err)
{
	struct rows_main *main = rows->main;
	struct csv_row theirs, at = {.line = 1};
	const json_t *place;
	enum pmj_code rc;
	bool more;

	if (main == NULL)
		return PMJ_OK;
	pad_cells(cells, main->own_count);
	place = json_object_get(main->by_key, cells->cells[main->own]);
	if (place == NULL) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "the main table has no row \"%.60s\"",
		    cells->cells[main->own]);
		pmj_hint(err, "export both tables of the form together, and name the main one "
		              "with --main");
		return PMJ_NOT_FOUND;
	}
	at.at = (size_t)json_integer_value(place);
	csv_seek(&main->csv, &at);
	if ((rc = csv_next(&main->csv, &theirs, &more, err)) != PMJ_OK)
		return rc;
	pad_cells(cells, main->own_count + theirs.count);
	for (size_t i = 0; i < theirs.count; i++) {
		mem_free_wiped(cells->cells[main->own_count + i]);
		cells->cells[main->own_count + i] = theirs.cells[i];
		theirs.cells[i] = NULL;
	}
	theirs.count = 0;
	csv_row_close(&theirs);
	return PMJ_OK;
}
