/* sheet.c - plain text or one HTML page, onto the screen or into a new file of the person's. */
#include "cli/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/outfile.h"
#include "cli/pdf.h"
#include "cli/term.h"

#define WIDE 78 /* columns of plain text */

struct sheet {
	struct buf body;
	bool html, pdf;
	char *words; /* that open it, or NULL */
	struct outfile file;
	char lang[3];
	char *title;
};

static const char style[] =
    "@page{margin:18mm}body{font:11pt/1.45 sans-serif;max-width:44em;margin:2em auto;padding:0 1em;"
    "color:#000;background:#fff}h1{font-size:1.4em}h2{font-size:1.1em;margin:1.6em 0 .3em;"
    "border-bottom:1px solid #999}p{margin:.45em 0;white-space:pre-wrap}dl{margin:.5em "
    "0;display:grid;"
    "grid-template-columns:14em 1fr;gap:.15em 1em}dt{color:#444}dd{margin:0;white-space:pre-wrap}"
    "svg{display:block;margin:.6em 0}.pair,dl{break-inside:avoid}";

/* ---- where it goes ---- */

static bool
sheet_ends_in(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a > b && strcmp(text + a - b, end) == 0;
}

static enum pmj_code
choose_sheet(bool *html, const struct args *args, struct pmj_error *err)
{
	const char *format = args_value(args, "format"), *out = args_value(args, "out");

	*html = format != NULL
	            ? strcmp(format, "html") == 0
	            : out != NULL && (sheet_ends_in(out, ".html") || sheet_ends_in(out, ".htm"));
	if (format == NULL || *html || strcmp(format, "text") == 0)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "there is no format %.40s", format);
	pmj_hint(err, "write --format text or --format html");
	return PMJ_USAGE;
}

enum pmj_code
sheet_new(struct sheet **out, const struct args *args, const char *lang, struct pmj_error *err)
{
	struct sheet *sheet = mem_new(sizeof(*sheet));
	enum pmj_code rc;

	sheet->file.fd = -1;
	buf_init(&sheet->body, 0);
	(void)snprintf(sheet->lang, sizeof(sheet->lang), "%.2s", lang);
	rc = choose_sheet(&sheet->html, args, err);
	if (rc == PMJ_OK)
		rc = outfile_open(&sheet->file,
		    args_value(args, "out") != NULL ? args_value(args, "out") : "-", err);
	if (rc == PMJ_OK)
		*out = sheet;
	else
		sheet_free(sheet);
	return rc;
}

static bool
wants_pdf(const struct args *args)
{
	const char *format = args_value(args, "format"), *out = args_value(args, "out");

	return args_has(args, "locked") || (format != NULL && strcmp(format, "pdf") == 0) ||
	       (format == NULL && out != NULL && sheet_ends_in(out, ".pdf"));
}

enum pmj_code
sheet_new_pdf(struct sheet **out, const struct args *args, const char *lang, struct pmj_error *err)
{
	const char *format = args_value(args, "format");
	struct sheet *sheet;
	enum pmj_code rc;

	if (!wants_pdf(args))
		return sheet_new(out, args, lang, err);
	if (args_value(args, "out") == NULL || (format != NULL && strcmp(format, "pdf") != 0)) {
		(void)pmj_fail(err, PMJ_USAGE, "a PDF goes into a file");
		pmj_hint(err, "write --out FILE.pdf, on a stick for example");
		return PMJ_USAGE;
	}
	if ((rc = pdf_there(err)) != PMJ_OK)
		return rc;
	sheet = mem_new(sizeof(*sheet));
	sheet->pdf = true;
	sheet->file.fd = -1;
	buf_init(&sheet->body, 0);
	(void)snprintf(sheet->lang, sizeof(sheet->lang), "%.2s", lang);
	if ((rc = outfile_open(&sheet->file, args_value(args, "out"), err)) == PMJ_OK)
		*out = sheet;
	else
		sheet_free(sheet);
	return rc;
}

void
sheet_lock(struct sheet *sheet, const char *words)
{
	sheet->words = mem_strdup(words);
}

void
sheet_free(struct sheet *sheet)
{
	if (sheet == NULL)
		return;
	mem_free_wiped(sheet->words);
	outfile_close(&sheet->file);
	buf_wipe(&sheet->body);
	free(sheet->title);
	free(sheet);
}

void
sheet_language(struct sheet *sheet, const char *lang)
{
	(void)snprintf(sheet->lang, sizeof(sheet->lang), "%.2s", lang);
}

bool
sheet_is_html(const struct sheet *sheet)
{
	return sheet->html;
}

const char *
sheet_path(const struct sheet *sheet)
{
	return sheet->file.path;
}

/* ---- what stands on it ---- */

static void
put_escaped(struct buf *to, const char *text)
{
	char *harmless = term_harmless(text);

	for (const char *at = harmless; *at != '\0'; at++)
		switch (*at) {
		case '&':
			buf_put_text(to, "&amp;");
			break;
		case '<':
			buf_put_text(to, "&lt;");
			break;
		case '>':
			buf_put_text(to, "&gt;");
			break;
		case '"':
			buf_put_text(to, "&quot;");
			break;
		default:
			buf_put(to, at, 1);
		}
	mem_free_wiped(harmless);
}

/* Words broken at spaces; the first line stands at `begins` already, further ones at `indent`. */
static void
put_wrapped(struct buf *to, const char *text, size_t indent, size_t begins)
{
	char *harmless = term_harmless(text), *rest = harmless, *line, *word;
	bool first = true;

	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t column = first ? begins : indent;
		bool empty = true;

		if (!first)
			buf_putf(to, "\n%*s", (int)indent, "");
		first = false;
		while ((word = strsep(&line, " ")) != NULL) {
			size_t columns = text_columns(word);

			if (column > indent && column + !empty + columns > WIDE) {
				buf_putf(to, "\n%*s", (int)indent, "");
				column = indent;
			} else if (!empty) {
				buf_put_text(to, " ");
				column++;
			}
			buf_put_text(to, word);
			column += columns;
			empty = false;
		}
	}
	buf_put_text(to, "\n");
	mem_free_wiped(harmless);
}

/* One paragraph in an element, or plain. */
static void
put_block(struct sheet *sheet, const char *element, const char *text)
{
	if (!sheet->html) {
		put_wrapped(&sheet->body, text, 0, 0);
		return;
	}
	buf_putf(&sheet->body, "<%s>", element);
	put_escaped(&sheet->body, text);
	buf_putf(&sheet->body, "</%s>\n", element);
}

static void
put_line_under(struct sheet *sheet, const char *text, char mark)
{
	size_t columns = text_columns(text);

	for (size_t i = 0; i < (columns < WIDE ? columns : WIDE); i++)
		buf_put(&sheet->body, &mark, 1);
	buf_put_text(&sheet->body, "\n");
}

void
sheet_title(struct sheet *sheet, const char *text)
{
	if (sheet->title == NULL)
		sheet->title = mem_strdup(text);
	put_block(sheet, "h1", text);
	if (!sheet->html)
		put_line_under(sheet, text, '=');
}

void
sheet_heading(struct sheet *sheet, const char *text)
{
	sheet_gap(sheet);
	put_block(sheet, "h2", text);
	if (!sheet->html)
		put_line_under(sheet, text, '-');
}

void
sheet_text(struct sheet *sheet, const char *text)
{
	put_block(sheet, "p", text);
}

void
sheet_strong(struct sheet *sheet, const char *text)
{
	if (sheet->html)
		buf_put_text(&sheet->body, "<strong>");
	put_block(sheet, "p", text);
	if (sheet->html)
		buf_put_text(&sheet->body, "</strong>");
}

void
sheet_pair(struct sheet *sheet, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	if (sheet->html) {
		buf_put_text(&sheet->body, "<dl><dt>");
		put_escaped(&sheet->body, label);
		buf_put_text(&sheet->body, "</dt><dd>");
		put_escaped(&sheet->body, text);
		buf_put_text(&sheet->body, "</dd></dl>\n");
		return;
	}
	buf_putf(&sheet->body, "  %s: ", label);
	put_wrapped(&sheet->body, text, 4, 4 + text_columns(label));
}

void
sheet_gap(struct sheet *sheet)
{
	buf_put_text(&sheet->body, sheet->html ? "<p></p>\n" : "\n");
}

void
sheet_raw(struct sheet *sheet, const char *text)
{
	buf_put_text(&sheet->body, text);
}

/* ---- and away ---- */

static void
put_page(struct buf *to, const struct sheet *sheet)
{
	buf_putf(to,
	    "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	    "'unsafe-inline'\"><title>",
	    sheet->lang);
	put_escaped(to, sheet->title != NULL ? sheet->title : "");
	buf_putf(to, "</title><style>%s</style></head><body>\n", style);
	buf_put_text(to, buf_text((struct buf *)&sheet->body));
	buf_put_text(to, "</body></html>\n");
}

enum pmj_code
sheet_put(struct sheet *sheet, struct pmj_error *err)
{
	struct buf page;
	enum pmj_code rc;

	buf_init(&page, 0);
	if (sheet->html)
		put_page(&page, sheet);
	else if (!sheet->pdf)
		buf_put_text(&page, buf_text(&sheet->body));
	else if ((rc = pdf_make(&page,
	              &(struct pdf_text){sheet->words, sheet->title != NULL ? sheet->title : "",
	                  buf_text(&sheet->body)},
	              err)) != PMJ_OK)
		return rc;
	if ((rc = outfile_put(&sheet->file, &page, err)) == PMJ_OK)
		rc = outfile_finish(&sheet->file, err);
	buf_wipe(&page);
	return rc;
}
