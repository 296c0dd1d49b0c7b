/* table.c - tables on a screen as wide as it is: what is short stays whole, long texts give way. */
#include <assert.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"
#include "cli/wrap.h"

#define TABLE_COLUMNS_MAX 16
#define TABLE_GAP 2
#define TABLE_KEPT 24 /* a day, a name, a number so wide stays whole ... */
#define TABLE_CUT 12  /* ... as long as each longer text has so much left */

struct table {
	struct libscols_table *scols;
	size_t count;
	size_t head[TABLE_COLUMNS_MAX];  /* how wide it is; never cut */
	size_t width[TABLE_COLUMNS_MAX]; /* of the widest cell */
	bool whole[TABLE_COLUMNS_MAX];   /* nothing of it is cut: it goes on below */
};

struct table *
table_new(const char *const *heads, size_t count)
{
	struct table *table = mem_new(sizeof(*table));
	size_t columns = term_columns();

	assert(count <= TABLE_COLUMNS_MAX);
	table->count = count;
	table->scols = scols_new_table();
	if (table->scols == NULL)
		return table;
	for (size_t i = 0; i < count; i++) {
		struct libscols_column *column =
		    scols_table_new_column(table->scols, lang_text(heads[i]), 0, 0);

		table->head[i] = table->width[i] = text_columns(lang_text(heads[i]));
		if (column != NULL && *term_paint(stdout, PAINT_BOLD) != '\0')
			(void)scols_cell_set_color(
			    scols_column_get_header(column), term_paint(stdout, PAINT_BOLD));
	}
	(void)scols_table_set_column_separator(table->scols, "  ");
	(void)scols_table_enable_colors(table->scols, *term_paint(stdout, PAINT_BOLD) != '\0');
	(void)scols_table_set_termforce(
	    table->scols, columns > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (columns > 0)
		(void)scols_table_set_termwidth(table->scols, columns);
	return table;
}

void
table_keep_whole(struct table *table, size_t at)
{
	struct libscols_column *column =
	    table->scols != NULL ? scols_table_get_column(table->scols, at) : NULL;

	if (term_columns() == 0)
		return; /* elsewhere a row is a line */
	table->whole[at] = column != NULL && scols_column_set_flags(column, SCOLS_FL_WRAP) == 0 &&
	                   scols_column_set_safechars(column, "\n") == 0 &&
	                   scols_column_set_wrapfunc(
	                       column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL) == 0;
}

void
table_row(struct table *table, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(table->scols, NULL);
	char *text;

	for (size_t i = 0; line != NULL && i < table->count; i++) {
		if (cells[i] == NULL)
			continue;
		text = term_harmless(cells[i]);
		text[strcspn(text, "\r\n")] = '\0'; /* a table shows first lines */
		if (text_columns(text) > table->width[i])
			table->width[i] = text_columns(text);
		(void)scols_line_refer_data(line, i, text);
	}
}

/* How wide a column becomes when none is wider than `most`; with keep the short ones are whole. */
static size_t
width_of(const struct table *table, size_t i, size_t most, bool keep)
{
	if (table->width[i] <= most || (keep && table->width[i] <= TABLE_KEPT))
		return table->width[i];
	return most > table->head[i] ? most : table->head[i];
}

static size_t
width_of_all(const struct table *table, size_t most, bool keep)
{
	size_t all = TABLE_GAP * (table->count - 1);

	for (size_t i = 0; i < table->count; i++)
		all += width_of(table, i, most, keep);
	return all;
}

/* To so many columns, the last of them "…". */
static void
cut_cell(struct libscols_line *line, size_t at, size_t most)
{
	struct libscols_cell *cell = scols_line_get_cell(line, at);
	const char *text = cell != NULL ? scols_cell_get_data(cell) : NULL;
	struct buf cut;
	size_t len = 0;

	if (text == NULL || text_columns(text) <= most)
		return;
	buf_init(&cut, 0);
	for (size_t next = 1;; len = next++) { /* character by character */
		char *head;
		bool fits;

		while ((text[next] & 0xc0) == 0x80)
			next++;
		head = mem_printf("%.*s", (int)next, text);
		fits = text_columns(head) < most;
		mem_free_wiped(head);
		if (!fits)
			break;
	}
	buf_put(&cut, text, len);
	buf_put_text(&cut, "…");
	(void)scols_cell_set_data(cell, buf_text(&cut));
	buf_wipe(&cut);
}

/* Into lines of so many columns, between words. */
static void
break_cell(struct libscols_line *line, size_t at, size_t most)
{
	struct libscols_cell *cell = scols_line_get_cell(line, at);
	const char *text = cell != NULL ? scols_cell_get_data(cell) : NULL;
	struct wrap wrap = {0};
	struct buf lines;

	if (text == NULL || text_columns(text) <= most)
		return;
	buf_init(&lines, 0);
	wrap_put(&wrap, &lines, text, most);
	(void)scols_cell_set_data(cell, buf_text(&lines));
	buf_wipe(&lines);
}

/* Where the screen is too narrow the widest columns give way first; a day or a name only where the
 * long texts would have next to no room left. */
static void
fit_columns(struct table *table)
{
	size_t screen = term_columns(), most = 0;
	bool keep;

	for (size_t i = 0; i < table->count; i++)
		most = table->width[i] > most ? table->width[i] : most;
	if (screen == 0 || table->scols == NULL)
		return;
	keep = width_of_all(table, TABLE_CUT, true) <= screen;
	while (most > 1 && width_of_all(table, most, keep) > screen)
		most--;
	for (size_t n = 0; n < scols_table_get_nlines(table->scols); n++)
		for (size_t i = 0; i < table->count; i++) {
			struct libscols_line *line = scols_table_get_line(table->scols, n);

			(table->whole[i] ? break_cell : cut_cell)(
			    line, i, width_of(table, i, most, keep));
		}
}

void
table_print(struct table *table)
{
	fit_columns(table);
	if (table->scols != NULL) {
		(void)fflush(stdout);
		(void)scols_print_table(table->scols);
		scols_unref_table(table->scols);
	}
	free(table);
}
