/* qr.c - a QR code, by libqrencode. */
#include "cli/qr.h"

#include <qrencode.h>

#define QUIET 4  /* modules around it that stay white, as readers ask for */
#define MODULE 4 /* pixels */

static bool
is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows of modules a line of text: upper, lower, both or none of a character are dark. */
static void
put_blocks(struct sheet *sheet, const QRcode *code)
{
	static const char *const blocks[] = {" ", "\u2580", "\u2584", "\u2588"};
	struct buf line;

	buf_init(&line, 0);
	for (int y = -QUIET / 2; y < code->width + QUIET / 2; y += 2) {
		for (int x = -QUIET; x < code->width + QUIET; x++)
			buf_put_text(&line, blocks[(is_dark(code, x, y) ? 1 : 0) +
			                           (is_dark(code, x, y + 1) ? 2 : 0)]);
		buf_put_text(&line, "\n");
	}
	sheet_raw(sheet, buf_text(&line));
	buf_wipe(&line);
}

static void
put_picture(struct sheet *sheet, const QRcode *code)
{
	int side = (code->width + 2 * QUIET) * MODULE;
	struct buf path;

	buf_init(&path, 0);
	buf_putf(&path,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
	    "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"><path d=\"",
	    side, side, code->width + 2 * QUIET, code->width + 2 * QUIET);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (is_dark(code, x, y))
				buf_putf(&path, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
	buf_put_text(&path, "\"/></svg>\n");
	sheet_raw(sheet, buf_text(&path));
	buf_wipe(&path);
}

void
qr_put(struct sheet *sheet, const char *letters)
{
	QRcode *code = QRcode_encodeString(letters, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

	if (code == NULL)
		return;
	if (sheet_is_html(sheet))
		put_picture(sheet, code);
	else
		put_blocks(sheet, code);
	QRcode_free(code);
}
