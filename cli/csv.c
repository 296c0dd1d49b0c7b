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

/* The first line that has one outside quotes decides; a title may stand above it. */
static char
find_separator(const char *text, size_t len)
{
	size_t counts[3] = {0};
	static const char which[] = ",;\t";
	bool quoted = false, any = false;
	char best = ',';

	for (size_t i = 0; i < len && (quoted || !any || (text[i] != '\n' && text[i] != '\r'));
	     i++) {
		const char *hit = strchr(which, text[i]);

		if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && hit != NULL)
			any = ++counts[hit - which] > 0;
	}
	if (counts[1] > counts[0])
		best = ';';
	if (counts[2] > counts[0] && counts[2] > counts[1])
		best = '\t';
	return best;
}

bool
csv_is_formula(const char *text)
{
	text += strspn(text, "' ");
	return *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
}

static enum pmj_code
add_cell(struct csv_reader *in, struct csv_row *row, struct pmj_error *err)
{
	const char *text = buf_text(&in->cell);

	if (row->count == CSV_COLUMNS_MAX || (in->columns > 0 && row->count == in->columns)) {
		if (*text == '\0')
			return PMJ_OK; /* ";;;;" is how spreadsheets end a line */
		if (in->columns == 0) {
			(void)pmj_fail(err, PMJ_INVALID, "more than %u columns", CSV_COLUMNS_MAX);
			pmj_hint(err, "leave out in your spreadsheet what is not to be imported");
			return PMJ_INVALID;
		}
		(void)pmj_fail(err, PMJ_INVALID, "more cells than the header has");
		pmj_hint(err, "put a cell that holds a '%c' in double quotes", in->separator);
		return PMJ_INVALID;
	}
	/* An export puts ' before what a spreadsheet would take for a formula. */
	if (text[0] == '\'' && csv_is_formula(text + 1))
		text++;
	row->cells = mem_grow(row->cells, row->count + 1, sizeof(*row->cells));
	row->cells[row->count++] = mem_strdup(text);
	return PMJ_OK;
}

/* One cell up to its separator or line end (not taken). */
static enum pmj_code
read_cell(struct csv_reader *in, struct pmj_error *err)
{
	const char *text = buf_text(&in->text);
	bool quoted = in->at < in->text.len && text[in->at] == '"';

	buf_clear(&in->cell);
	if (quoted)
		in->at++;
	while (in->at < in->text.len) {
		char c = text[in->at];

		if (!quoted && (c == in->separator || c == '\n' || c == '\r'))
			break;
		if (quoted && c == '"') {
			if (in->at + 1 == in->text.len || text[in->at + 1] != '"')
				break;
			in->at++; /* two quotes are one */
		}
		if (c == '\n')
			in->line++;
		buf_put_u8(&in->cell, (uint8_t)c);
		in->at++;
		if (in->cell.failed != PMJ_OK)
			break;
	}
	if (in->cell.failed != PMJ_OK) {
		(void)pmj_fail(err, PMJ_TOO_BIG, "a cell of more than %u KiB", CSV_CELL_MAX / 1024);
		pmj_hint(err, "is a double quote open that should be closed?");
		return PMJ_TOO_BIG;
	}
	if (!quoted)
		return PMJ_OK;
	if (in->at == in->text.len) {
		(void)pmj_fail(err, PMJ_INVALID, "a double quote is never closed");
		pmj_hint(err, "close it, or write a double quote inside a cell twice: \"\"");
		return PMJ_INVALID;
	}
	in->at++;
	if (in->at < in->text.len && text[in->at] != in->separator && text[in->at] != '\n' &&
	    text[in->at] != '\r') {
		(void)pmj_fail(err, PMJ_INVALID, "text after a closing quote");
		pmj_hint(err, "write a double quote inside a cell twice: \"\"");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

static bool
at_line_end(const struct csv_reader *in)
{
	const char *text = buf_text(&in->text);

	return in->at == in->text.len || text[in->at] == '\n' || text[in->at] == '\r';
}

static void
skip_line_end(struct csv_reader *in)
{
	const char *text = buf_text(&in->text);

	if (in->at < in->text.len && text[in->at] == '\r')
		in->at++;
	if (in->at < in->text.len && text[in->at] == '\n')
		in->at++;
	in->line++;
}

/* A row that cannot be read ends with its first line: the next one may be whole. */
static void
skip_row(struct csv_reader *in, size_t at, size_t line)
{
	in->at = at;
	in->line = line;
	while (!at_line_end(in))
		in->at++;
	skip_line_end(in);
}

static enum pmj_code
read_row(struct csv_reader *in, struct csv_row *row, struct pmj_error *err)
{
	enum pmj_code rc;

	for (;;) {
		if ((rc = read_cell(in, err)) != PMJ_OK || (rc = add_cell(in, row, err)) != PMJ_OK)
			return rc;
		if (at_line_end(in))
			break;
		in->at++; /* the separator */
	}
	skip_line_end(in);
	return PMJ_OK;
}

enum pmj_code
csv_next(struct csv_reader *in, struct csv_row *row, bool *more, struct pmj_error *err)
{
	enum pmj_code rc;

	while (in->at < in->text.len && at_line_end(in))
		skip_line_end(in);
	*row = (struct csv_row){.line = in->line, .at = in->at};
	*more = in->at < in->text.len;
	if (!*more)
		return PMJ_OK;
	if ((rc = read_row(in, row, err)) == PMJ_OK)
		return PMJ_OK;
	in->column = row->count + 1;
	csv_row_close(row);
	skip_row(in, row->at, row->line);
	return rc;
}

void
csv_seek(struct csv_reader *in, const struct csv_row *row)
{
	in->at = row->at;
	in->line = row->line;
}

void
csv_row_close(struct csv_row *row)
{
	for (size_t j = 0; j < row->count; j++)
		mem_free_wiped(row->cells[j]);
	free(row->cells);
	row->cells = NULL;
	row->count = 0;
}

/* A row of one cell above a wider one is a title, or the notice of an export. */
static enum pmj_code
read_header(struct csv_reader *in, struct csv_row *row, struct pmj_error *err)
{
	struct csv_row next;
	struct pmj_error ignored;
	bool more;
	enum pmj_code rc;

	if ((rc = csv_next(in, row, &more, err)) != PMJ_OK)
		return rc;
	if (!more) {
		row->line = 0;
		return pmj_fail(err, PMJ_INVALID, "the file is empty");
	}
	if (row->count > 1 || csv_next(in, &next, &more, &ignored) != PMJ_OK || !more) {
		if (row->count == 1) {
			csv_row_close(row);
			csv_seek(in, row);
			return csv_next(in, row, &more, err);
		}
		return PMJ_OK;
	}
	if (next.count > 1) {
		csv_row_close(row);
		*row = next;
		return PMJ_OK;
	}
	csv_seek(in, &next);
	csv_row_close(&next);
	return PMJ_OK;
}

enum pmj_code
csv_open(struct csv_reader *in, struct csv_row *header, const char *bytes, size_t len,
    struct pmj_error *err)
{
	enum pmj_code rc;

	*in = (struct csv_reader){.line = 1};
	*header = (struct csv_row){0};
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	buf_init(&in->text, 0);
	buf_init(&in->cell, CSV_CELL_MAX);
	if ((rc = to_utf8(&in->text, bytes, len, err)) == PMJ_OK) {
		in->separator = find_separator(buf_text(&in->text), in->text.len);
		rc = read_header(in, header, err);
	}
	if (rc == PMJ_OK) {
		in->columns = header->count;
	} else {
		if (header->line > 0)
			pmj_context(err, "line %zu", header->line);
		csv_row_close(header);
		csv_close(in);
	}
	return rc;
}

void
csv_close(struct csv_reader *in)
{
	buf_wipe(&in->text);
	buf_wipe(&in->cell);
}
