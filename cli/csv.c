#include "cli/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Windows-1252 from 0x80 to 0x9f; 0 where it has no character. */
static const unsigned short windows_1252[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
    0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d,
    0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

static void
put_code_point(struct buf *out, unsigned point)
{
	if (point < 0x80) {
		buf_put_u8(out, (uint8_t)point);
	} else if (point < 0x800) {
		buf_put_u8(out, (uint8_t)(0xc0 | point >> 6));
		buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3f)));
	} else {
		buf_put_u8(out, (uint8_t)(0xe0 | point >> 12));
		buf_put_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
		buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3f)));
	}
}

/* Excel saves "CSV" in the Windows code page; what is no UTF-8 is taken for that. */
static enum pmj_code
to_utf8(struct buf *out, const char *bytes, size_t len, struct pmj_error *err)
{
	if (memchr(bytes, '\0', len) != NULL) {
		(void)pmj_fail(err, PMJ_INVALID, "this is no CSV: it holds zero bytes");
		pmj_hint(err, "save it in your spreadsheet as \"CSV UTF-8\"");
		return PMJ_INVALID;
	}
	if (text_is_utf8(bytes, len)) {
		buf_put(out, bytes, len);
		return buf_check(out, err);
	}
	for (size_t i = 0; i < len; i++) {
		unsigned point = (unsigned char)bytes[i];

		if (point >= 0x80 && point < 0xa0)
			point =
			    windows_1252[point - 0x80] != 0 ? windows_1252[point - 0x80] : 0xfffd;
		put_code_point(out, point);
	}
	return buf_check(out, err);
}

/* The header's line, outside quotes, decides. */
static char
find_separator(const char *text, size_t len)
{
	size_t counts[3] = {0};
	static const char which[] = ",;\t";
	bool quoted = false;
	char best = ',';

	for (size_t i = 0; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
		const char *hit = strchr(which, text[i]);

		if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && hit != NULL)
			counts[hit - which]++;
	}
	if (counts[1] > counts[0])
		best = ';';
	if (counts[2] > counts[0] && counts[2] > counts[1])
		best = '\t';
	return best;
}

static struct csv_row *
row_new(struct csv *csv, size_t line)
{
	if (csv->count == csv->room) {
		csv->room = csv->room == 0 ? 64 : csv->room * 2;
		csv->rows = mem_grow(csv->rows, csv->room, sizeof(*csv->rows));
	}
	csv->rows[csv->count] = (struct csv_row){.line = line};
	return &csv->rows[csv->count++];
}

static enum pmj_code
add_cell(struct csv *csv, struct csv_row *row, const struct buf *cell, struct pmj_error *err)
{
	const char *text = buf_text(cell);

	if (row->count == CSV_COLUMNS_MAX || (csv->count > 1 && row->count == csv->rows[0].count)) {
		(void)pmj_fail(
		    err, PMJ_INVALID, "line %zu: more cells than the header has", row->line);
		pmj_hint(err, "put a cell that holds a '%c' in double quotes", csv->separator);
		return PMJ_INVALID;
	}
	/* An export puts ' before what a spreadsheet would take for a formula. */
	if (text[0] == '\'' && text[1] != '\0' && strchr("=+-@\t\r", text[1]) != NULL)
		text++;
	row->cells = mem_grow(row->cells, row->count + 1, sizeof(*row->cells));
	row->cells[row->count++] = mem_strdup(text);
	return PMJ_OK;
}

/* Where we are in the text. */
struct reader {
	const char *at, *end;
	size_t line;
};

/* One cell up to its separator or line end (not taken). */
static enum pmj_code
read_cell(struct reader *in, struct buf *cell, char separator, struct pmj_error *err)
{
	bool quoted = in->at < in->end && *in->at == '"';
	size_t began = in->line;

	buf_clear(cell);
	if (quoted)
		in->at++;
	while (in->at < in->end) {
		char c = *in->at;

		if (!quoted && (c == separator || c == '\n' || c == '\r'))
			break;
		if (quoted && c == '"') {
			if (in->at + 1 == in->end || in->at[1] != '"')
				break;
			in->at++; /* two quotes are one */
		}
		if (c == '\n')
			in->line++;
		buf_put_u8(cell, (uint8_t)c);
		in->at++;
	}
	if (cell->failed != PMJ_OK)
		return pmj_fail(err, PMJ_TOO_BIG, "line %zu: a cell of more than %u KiB", began,
		    CSV_CELL_MAX / 1024);
	if (!quoted)
		return PMJ_OK;
	if (in->at == in->end)
		return pmj_fail(
		    err, PMJ_INVALID, "line %zu: a double quote is never closed", began);
	in->at++;
	if (in->at < in->end && *in->at != separator && *in->at != '\n' && *in->at != '\r') {
		(void)pmj_fail(err, PMJ_INVALID, "line %zu: text after a closing quote", in->line);
		pmj_hint(err, "write a double quote inside a cell twice: \"\"");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

static void
skip_line_end(struct reader *in)
{
	if (in->at < in->end && *in->at == '\r')
		in->at++;
	if (in->at < in->end && *in->at == '\n')
		in->at++;
	in->line++;
}

static enum pmj_code
read_rows(struct csv *out, struct reader *in, struct buf *cell, struct pmj_error *err)
{
	struct csv_row *row = NULL;
	enum pmj_code rc;

	while (in->at < in->end) {
		if (row == NULL && (*in->at == '\n' || *in->at == '\r')) {
			skip_line_end(in);
			continue;
		}
		if (row == NULL)
			row = row_new(out, in->line);
		if ((rc = read_cell(in, cell, out->separator, err)) != PMJ_OK ||
		    (rc = add_cell(out, row, cell, err)) != PMJ_OK)
			return rc;
		if (in->at < in->end && *in->at == out->separator) {
			in->at++;
			if (in->at < in->end)
				continue;
			buf_clear(cell); /* the file ends after a separator: one more, empty */
			if ((rc = add_cell(out, row, cell, err)) != PMJ_OK)
				return rc;
		}
		skip_line_end(in);
		row = NULL;
	}
	return PMJ_OK;
}

enum pmj_code
csv_read(struct csv *out, const char *bytes, size_t len, struct pmj_error *err)
{
	struct buf text, cell;
	struct reader in;
	enum pmj_code rc;

	*out = (struct csv){0};
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	buf_init(&text, 0);
	buf_init(&cell, CSV_CELL_MAX);
	if ((rc = to_utf8(&text, bytes, len, err)) == PMJ_OK) {
		in = (struct reader){buf_text(&text), buf_text(&text) + text.len, 1};
		out->separator = find_separator(in.at, text.len);
		rc = read_rows(out, &in, &cell, err);
	}
	if (rc == PMJ_OK && out->count == 0)
		rc = pmj_fail(err, PMJ_INVALID, "the file is empty");
	if (rc != PMJ_OK)
		csv_close(out);
	buf_wipe(&text);
	buf_wipe(&cell);
	return rc;
}

void
csv_close(struct csv *csv)
{
	for (size_t i = 0; i < csv->count; i++) {
		for (size_t j = 0; j < csv->rows[i].count; j++)
			mem_free_wiped(csv->rows[i].cells[j]);
		free(csv->rows[i].cells);
	}
	free(csv->rows);
	*csv = (struct csv){0};
}
