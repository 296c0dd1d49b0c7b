#include "cli/print.h"

#include <assert.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/lang.h"
#include "cli/term.h"

/* JSON that a terminal may be shown: what would steer it stands as \\u escapes, which mean the
 * same. It can only stand inside a string. */
static void
put_document(FILE *stream, char *text)
{
	for (const char *at = text; *at != '\0';) {
		const unsigned char *c = (const unsigned char *)at;
		size_t steers = text_steers(at);

		if (steers == 1)
			(void)fprintf(stream, "\\u%04x", c[0]);
		else if (steers == 2)
			(void)fprintf(stream, "\\u%04x", (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu));
		else if (steers == 3)
			(void)fprintf(stream, "\\u%04x",
			    (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu));
		else
			(void)fputc(*at, stream);
		at += steers > 0 ? steers : 1;
	}
	(void)fputc('\n', stream);
	mem_wipe(text, strlen(text));
	free(text);
}

void
print_json(const json_t *document)
{
	put_document(stdout, json_text_indented(document));
}

static void
say_failure(const struct pmj_error *err)
{
	char *message = lang_message(err->message), *hint = lang_message(err->hint);

	term_put(stderr, PAINT_BAD, message);
	(void)fputc('\n', stderr);
	if (*hint != '\0') {
		(void)fputs("  ", stderr);
		term_put(stderr, PAINT_PLAIN, hint);
		(void)fputc('\n', stderr);
	}
	free(message);
	free(hint);
}

void
print_failure(const struct pmj_error *err, bool json)
{
	json_t *document;

	(void)fflush(stdout);
	if (!json) {
		say_failure(err);
		return;
	}
	document = json_pack("{s:{s:s, s:s, s:s}}", "error", "code", pmj_code_name(err->code),
	    "message", err->message, "hint", err->hint);
	if (document == NULL) /* a path with bytes that are no UTF-8 */
		document = json_pack("{s:{s:s, s:s, s:s}}", "error", "code",
		    pmj_code_name(err->code), "message", "the message cannot be shown", "hint", "");
	put_document(stderr, json_text(document));
	json_decref(document);
}

#define TABLE_COLUMNS_MAX 16
#define TABLE_GAP 2
#define TABLE_KEPT 24 /* a day, a name, a number so wide stays whole ... */
#define TABLE_CUT 12  /* ... as long as each longer text has so much left */

struct table {
	struct libscols_table *scols;
	size_t count;
	size_t head[TABLE_COLUMNS_MAX];  /* how wide it is; never cut */
	size_t width[TABLE_COLUMNS_MAX]; /* of the widest cell */
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
		for (size_t i = 0; i < table->count; i++)
			cut_cell(scols_table_get_line(table->scols, n), i,
			    width_of(table, i, most, keep));
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

void
print_pair(const char *label, const char *text, size_t width)
{
	const char *end;
	size_t columns;

	if (text == NULL || *text == '\0')
		return;
	label = lang_text(label);
	columns = text_columns(label);
	(void)fputs("  ", stdout);
	term_put(stdout, PAINT_DIM, label);
	(void)printf("%*s", (int)(columns < width ? width - columns + 2 : 2), "");
	while ((end = strchr(text, '\n')) != NULL) {
		term_say("%.*s\n%*s", (int)(end - text), text, (int)width + 4, "");
		text = end + 1;
	}
	term_say("%s\n", text);
}

void
print_wrapped_after(size_t indent, const char *text)
{
	size_t edge = term_columns() > indent + 20 ? term_columns() : indent + 76, column = indent;
	char *copy = mem_strdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		size_t columns = text_columns(word);

		if (word != copy && column + 1 + columns > edge) {
			term_say("\n%*s", (int)indent, "");
			column = indent;
		} else if (word != copy) {
			term_say(" ");
			column++;
		}
		term_say("%s", word);
		column += columns;
	}
	term_say("\n");
	free(copy);
}

void
print_wrapped(size_t indent, const char *text)
{
	term_say("%*s", (int)indent, "");
	print_wrapped_after(indent, text);
}

char *
print_when(char out[static PRINT_WHEN_MAX], const json_t *at)
{
	int64_t ms;

	out[0] = '\0';
	if (json_is_string(at))
		(void)snprintf(out, PRINT_WHEN_MAX, "%s", json_string_value(at));
	if (!json_is_integer(at) || (ms = json_integer_value(at)) <= 0)
		return out;
	return date_stamp(out, ms, os_real.offset_minutes(NULL, ms));
}

char *
print_ago(char out[static PRINT_WHEN_MAX], const json_t *at)
{
	int64_t minutes;

	if (!json_is_integer(at)) {
		(void)snprintf(out, PRINT_WHEN_MAX, "%s",
		    json_is_string(at) ? json_string_value(at) : lang_text("never"));
		return out;
	}
	minutes = (os_now(&os_real) - json_integer_value(at)) / MINUTE_MS;
	if (minutes >= 48 * 60)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld days ago"),
		    (long long)(minutes / (24 * 60)));
	else if (minutes >= 24 * 60)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld day ago"), (long long)(1));
	else if (minutes >= 120)
		(void)snprintf(
		    out, PRINT_WHEN_MAX, lang_text("%lld hours ago"), (long long)(minutes / 60));
	else if (minutes >= 60)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld hour ago"), (long long)(1));
	else if (minutes >= 2)
		(void)snprintf(
		    out, PRINT_WHEN_MAX, lang_text("%lld minutes ago"), (long long)(minutes));
	else if (minutes == 1)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld minute ago"), (long long)(1));
	else
		(void)snprintf(out, PRINT_WHEN_MAX, "%s", lang_text("just now"));
	return out;
}

char *
print_count(enum print_thing what, int64_t n)
{
	if (n == 1)
		return mem_strdup(
		    lang_text(what == PRINT_ENTRIES ? LANG_N("1 entry") : LANG_N("1 record")));
	return what == PRINT_ENTRIES ? mem_printf(lang_text("%lld entries"), (long long)n)
	                             : mem_printf(lang_text("%lld records"), (long long)n);
}

static void
put_value(struct buf *out, const json_t *value)
{
	const json_t *item;
	size_t i;

	if (json_is_string(value))
		buf_put_text(out, json_string_value(value));
	else if (json_is_integer(value))
		buf_putf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		buf_put_text(out, lang_text(json_is_true(value) ? "yes" : "no"));
	else if (json_is_object(value))
		buf_put_text(
		    out, json_flag(value, "declined") ? lang_text("chose not to say") : "?");
	json_array_foreach(value, i, item)
	{
		if (i > 0)
			buf_put_text(out, ", ");
		put_value(out, item);
	}
}

char *
print_value(const json_t *value)
{
	struct buf out;

	buf_init(&out, 0);
	put_value(&out, value);
	return out.bytes != NULL ? (char *)out.bytes : mem_strdup("");
}

const char *
print_sync(const char *sync)
{
	static const struct {
		const char *sync, *words;
	} table[] = {
	    {"saved", LANG_N("saved here, not sent yet")},
	    {"carried", LANG_N("on the way, on a carrier")},
	    {"delivered", LANG_N("at the hub's mailbox, not merged yet")},
	    {"deferred", LANG_N("waits at the hub for something that belongs to it")},
	    {"merged", LANG_N("merged at the hub")},
	    {"refused", LANG_N("held at the hub; `pamoja log` says why")},
	};

	for (size_t i = 0; sync != NULL && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(sync, table[i].sync) == 0)
			return lang_text(table[i].words);
	return sync != NULL ? sync : "";
}

void
print_said(const char *message)
{
	char *words = lang_message(message != NULL ? message : "");

	if (*words != '\0')
		term_say("  %s\n", words);
	free(words);
}

char *
print_conflicting(const json_t *one)
{
	const char *text = json_str(one, "text");

	return text != NULL ? mem_strdup(text) : print_value(json_object_get(one, "value"));
}
