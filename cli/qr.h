/* qr.h - a few letters as a QR code on a sheet: drawn with blocks, or as a picture in the page. */
#ifndef CLI_QR_H
#define CLI_QR_H
#include "cli/sheet.h"

/** Nothing when it cannot be made: the letters stand beside it. */
void qr_put(struct sheet *sheet, const char *letters);

#endif
