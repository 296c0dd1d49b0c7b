/* photo_clean.h - a photograph without what it tells besides the picture: where it was taken, by
 * whose camera, when, and what the picture was before it was cut. Pure: no clock, no disk. */
#ifndef LOG_PHOTO_CLEAN_H
#define LOG_PHOTO_CLEAN_H
#include "base/buf.h"
#include "pamoja/error.h"

/**
 * The picture of a JPEG or a PNG by itself; a PDF as it is (pamoja-pdf cleans it before it is sent
 * here). The same bytes give the same, and what is clean stays byte for byte.
 *
 * out     appended to; never more than len + PHOTO_CLEAN_MORE bytes.
 * JPEG    stays: what decodes it, JFIF without its little picture, Adobe's word on the colours, and
 * of Exif which way is up, in a frame of ours. Whatever stands behind the end of the picture goes.
 * PNG     stays: IHDR, PLTE, tRNS, gAMA, cHRM, sRGB, pHYs, IDAT and IEND.
 * Errors  PMJ_INVALID, with the mend: it ends in the middle, or is not put together as a picture.
 * Source  ITU-T T.81 annex B; JFIF 1.02; Exif 2.32 section 4.6; PNG third edition, section 5.
 */
PMJ_MUST_CHECK enum pmj_code photo_clean(
    struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err);

#define PHOTO_CLEAN_MORE 64

/** "JPEG", "PNG" or "PDF", by its first bytes; NULL for anything else. */
const char *photo_type(const uint8_t *bytes, size_t len);

#endif
