#include "pdf/page.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A4, in points. 78 columns of DejaVu Sans Mono (0.602 of its size) are 469 points at this size. */
#define PAGE_WIDTH 595.276
#define PAGE_HEIGHT 841.890
#define MARGIN 56.0
#define SIZE 10.0
#define LINE 13.5
#define FONT "DejaVu Sans Mono"

struct page {
	cairo_t *cr;
	double y;
	int number;
	struct pmj_error *err;
	enum pmj_code rc;
};

static cairo_status_t
page_bytes(void *to, const unsigned char *bytes, unsigned int len)
{
	buf_put(to, bytes, len);
	return CAIRO_STATUS_SUCCESS;
}

/* The first letter of the text for which the font has no sign; -1: it has all. */
static int
without_sign(cairo_t *cr, const char *text)
{
	cairo_scaled_font_t *font = cairo_get_scaled_font(cr);
	cairo_text_cluster_t *clusters = NULL;
	cairo_glyph_t *glyphs = NULL;
	int glyph_count = 0, cluster_count = 0, at = 0, found = -1;
	cairo_text_cluster_flags_t flags;

	if (cairo_scaled_font_text_to_glyphs(font, 0, 0, text, -1, &glyphs, &glyph_count, &clusters,
	        &cluster_count, &flags) != CAIRO_STATUS_SUCCESS)
		return 0;
	for (int i = 0, glyph = 0; i < cluster_count && found < 0; i++) {
		for (int k = 0; k < clusters[i].num_glyphs && found < 0; k++)
			if (glyphs[glyph + k].index == 0)
				found = at;
		glyph += clusters[i].num_glyphs;
		at += clusters[i].num_bytes;
	}
	cairo_glyph_free(glyphs);
	cairo_text_cluster_free(clusters);
	return found;
}

static void
page_font(struct page *page, bool bold)
{
	cairo_select_font_face(page->cr, FONT, CAIRO_FONT_SLANT_NORMAL,
	    bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(page->cr, SIZE);
}

static void
page_begin(struct page *page)
{
	char number[16];

	page->y = MARGIN + SIZE;
	page_font(page, false);
	(void)snprintf(number, sizeof(number), "%d", ++page->number);
	cairo_move_to(page->cr, PAGE_WIDTH - MARGIN - 20, PAGE_HEIGHT - MARGIN / 2);
	cairo_show_text(page->cr, number);
}

static void
page_line(struct page *page, const char *text, bool bold)
{
	int missing;

	if (page->y > PAGE_HEIGHT - MARGIN) {
		cairo_show_page(page->cr);
		page_begin(page);
	}
	page_font(page, bold);
	missing = without_sign(page->cr, text);
	if (missing >= 0 && page->rc == PMJ_OK) {
		page->rc = pmj_fail(page->err, PMJ_INVALID,
		    "the font of a PDF has no sign for a letter of \"%.40s\"", text);
		pmj_hint(page->err, "make it another way: --format html, or --format text");
	}
	cairo_move_to(page->cr, MARGIN, page->y);
	cairo_show_text(page->cr, text);
	page->y += LINE;
}

/* "====" and "----" under a title or heading: it is bold instead, with a rule. */
static bool
is_rule(const char *text)
{
	return *text != '\0' &&
	       (strspn(text, "=") == strlen(text) || strspn(text, "-") == strlen(text));
}

static void
page_rule(struct page *page, bool strong)
{
	cairo_set_line_width(page->cr, strong ? 1.2 : 0.5);
	cairo_move_to(page->cr, MARGIN, page->y - SIZE);
	cairo_line_to(page->cr, PAGE_WIDTH - MARGIN, page->y - SIZE);
	cairo_stroke(page->cr);
	page->y += LINE / 2;
}

static void
page_text(struct page *page, const char *text)
{
	char *copy = mem_strdup(text), *rest = copy, *line = strsep(&rest, "\n"), *next;

	for (; line != NULL; line = next) {
		next = strsep(&rest, "\n");
		if (next != NULL && is_rule(next) && *line != '\0') {
			page_line(page, line, true);
			page_rule(page, *next == '=');
			next = strsep(&rest, "\n");
		} else {
			page_line(page, line, false);
		}
	}
	mem_free_wiped(copy);
}

enum pmj_code
page_make(struct buf *pdf, const char *title, const char *text, struct pmj_error *err)
{
	cairo_surface_t *surface =
	    cairo_pdf_surface_create_for_stream(page_bytes, pdf, PAGE_WIDTH, PAGE_HEIGHT);
	struct page page = {.cr = cairo_create(surface), .err = err, .rc = PMJ_OK};
	cairo_status_t status;

	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
	page_begin(&page);
	page_text(&page, text);
	cairo_show_page(page.cr);
	status = cairo_status(page.cr);
	cairo_destroy(page.cr);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (page.rc == PMJ_OK && status != CAIRO_STATUS_SUCCESS)
		page.rc = pmj_fail(
		    err, PMJ_FAILED, "the PDF was not made: %s", cairo_status_to_string(status));
	return page.rc == PMJ_OK ? buf_check(pdf, err) : page.rc;
}
