/* photo_clean.c - segments of a JPEG and chunks of a PNG: those that make the picture are copied,
 * everything else is left behind. What is not known here does not come along. */
#include "base/photo_clean.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

struct picture {
	struct buf *out;
	const uint8_t *bytes;
	size_t len, at;
	bool turned; /* Exif's word on which way is up was written */
	bool drawn;  /* there is a picture in it */
};

static enum pmj_code
ends_too_soon(const struct picture *p, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INVALID, "the photo ends in the middle: %zu KB is not all of it",
	    p->len / 1024);
	pmj_hint(err,
	    "copy it from the phone or camera again; if it stays so, open it there and save "
	    "it as a new photo");
	return PMJ_INVALID;
}

static enum pmj_code
is_broken(const struct picture *p, const char *form, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INVALID,
	    "the photo is broken at byte %zu: no %s is put together so", p->at + 1, form);
	pmj_hint(err, "open it in a program for photos and save it as a new JPEG, then name that");
	return PMJ_INVALID;
}

static uint32_t
big_16(const uint8_t *b)
{
	return (uint32_t)b[0] << 8 | b[1];
}

static uint32_t
big_32(const uint8_t *b)
{
	return big_16(b) << 16 | big_16(b + 2);
}

/* ---- which way is up ---- */

/* A number of Exif's, in the byte order that its head names. */
static uint32_t
exif_number(const uint8_t *b, size_t size, bool little)
{
	uint32_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | b[little ? size - 1 - i : i];
	return value;
}

/* Tag 0x112 of the first directory: 1 to 8; 0: it is not said, or not to be made out. */
static unsigned
exif_orientation(const uint8_t *tiff, size_t len)
{
	bool little = len >= 8 && tiff[0] == 'I';
	uint32_t at, count;

	if (len < 8 || (memcmp(tiff, "II", 2) != 0 && memcmp(tiff, "MM", 2) != 0) ||
	    exif_number(tiff + 2, 2, little) != 42)
		return 0;
	at = exif_number(tiff + 4, 4, little);
	if (at > len - 2)
		return 0;
	count = exif_number(tiff + at, 2, little);
	at += 2;
	for (uint32_t i = 0; i < count && len - at >= 12; i++, at += 12)
		if (exif_number(tiff + at, 2, little) == 0x112) {
			uint32_t value = exif_number(tiff + at + 8, 2, little);

			return value <= 8 ? (unsigned)value : 0;
		}
	return 0;
}

/* A sideways paper stays readable: Exif with this one word in it. */
static void
turn_put(struct picture *p, const uint8_t *body, size_t len)
{
	static const uint8_t before[] = "\xff\xe1\0\x22"
	                                "Exif\0\0"
	                                "MM\0\x2a\0\0\0\x08"
	                                "\0\x01"
	                                "\x01\x12\0\x03\0\0\0\x01\0",
	                     after[6] = {0};
	unsigned way;

	if (p->turned || len < 6 || memcmp(body, "Exif\0", 6) != 0)
		return;
	way = exif_orientation(body + 6, len - 6);
	if (way < 2)
		return;
	p->turned = true;
	buf_put(p->out, before, sizeof(before) - 1);
	buf_put_u8(p->out, (uint8_t)way);
	buf_put(p->out, after, sizeof(after));
}

/* ---- JPEG ---- */

/* JFIF's head without its little picture; what APP0 holds besides (JFXX) is another little one. */
static void
jfif_put(struct picture *p, const uint8_t *body, size_t len)
{
	if (len < 14 || memcmp(body, "JFIF", 5) != 0)
		return;
	buf_put(p->out, "\xff\xe0\0\x10", 4);
	buf_put(p->out, body, 12);
	buf_put(p->out, "\0\0", 2);
}

/* How the colours are to be read. */
static void
adobe_put(struct picture *p, const uint8_t *body, size_t len)
{
	if (len < 12 || memcmp(body, "Adobe", 5) != 0)
		return;
	buf_put(p->out, "\xff\xee\0\x0e", 4);
	buf_put(p->out, body, 12);
}

/* What a decoder needs: frames, tables, scans; of those reserved none. */
static bool
jpeg_decodes(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xdf && marker != 0xc8 &&
	       !(marker >= 0xd0 && marker <= 0xd9);
}

/* The bits of a scan, up to the next marker that is not part of them. */
static enum pmj_code
jpeg_scan(struct picture *p, struct pmj_error *err)
{
	size_t from = p->at;

	for (;;) {
		const uint8_t *ff = memchr(p->bytes + p->at, 0xff, p->len - p->at);
		uint8_t next;

		if (ff == NULL || (p->at = (size_t)(ff - p->bytes)) + 2 > p->len)
			return ends_too_soon(p, err);
		next = ff[1];
		if (next == 0xff)
			p->at++;
		else if (next == 0 || (next >= 0xd0 && next <= 0xd7))
			p->at += 2;
		else
			break;
	}
	p->drawn = true;
	buf_put(p->out, p->bytes + from, p->at - from);
	return PMJ_OK;
}

/* A segment with a length, p->at behind its marker. */
static enum pmj_code
jpeg_segment(struct picture *p, uint8_t marker, struct pmj_error *err)
{
	const uint8_t *body;
	size_t len;

	if (p->len - p->at < 2)
		return ends_too_soon(p, err);
	body = p->bytes + p->at + 2;
	len = big_16(p->bytes + p->at);
	if (len < 2)
		return is_broken(p, "JPEG", err);
	if (len > p->len - p->at)
		return ends_too_soon(p, err);
	if (marker == 0xe0)
		jfif_put(p, body, len - 2);
	else if (marker == 0xe1)
		turn_put(p, body, len - 2);
	else if (marker == 0xee)
		adobe_put(p, body, len - 2);
	if (jpeg_decodes(marker)) {
		buf_put_u8(p->out, 0xff);
		buf_put_u8(p->out, marker);
		buf_put(p->out, p->bytes + p->at, len);
	}
	p->at += len;
	return marker == 0xda ? jpeg_scan(p, err) : PMJ_OK;
}

static enum pmj_code
jpeg_clean(struct picture *p, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	buf_put(p->out, "\xff\xd8", 2);
	p->at = 2;
	while (rc == PMJ_OK) {
		uint8_t marker;

		if (p->len - p->at < 2)
			return ends_too_soon(p, err);
		if (p->bytes[p->at] != 0xff)
			return is_broken(p, "JPEG", err);
		marker = p->bytes[p->at + 1];
		if (marker == 0xff) {
			p->at++; /* any number of these may stand before a marker */
			continue;
		}
		if (marker == 0xd9)
			break;
		if (!jpeg_decodes(marker) && marker != 0xfe && (marker & 0xf0) != 0xe0)
			return is_broken(p, "JPEG", err);
		p->at += 2;
		rc = jpeg_segment(p, marker, err);
	}
	if (rc != PMJ_OK)
		return rc;
	if (!p->drawn)
		return is_broken(p, "JPEG", err);
	buf_put(p->out, "\xff\xd9", 2);
	return PMJ_OK;
}

/* ---- PNG ---- */

static bool
png_decodes(const uint8_t *type)
{
	static const char kept[][5] = {
	    "IHDR", "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "pHYs", "IDAT", "IEND"};

	for (size_t i = 0; i < COUNT(kept); i++)
		if (memcmp(type, kept[i], 4) == 0)
			return true;
	return false;
}

/* A capital letter first: no reader can do without it (5.4), so leaving it out gives no picture. */
static bool
png_can_go(const uint8_t *type)
{
	return type[0] >= 'a' && type[0] <= 'z';
}

static enum pmj_code
png_clean(struct picture *p, struct pmj_error *err)
{
	bool end = false;

	buf_put(p->out, p->bytes, 8);
	for (p->at = 8; !end;) {
		const uint8_t *chunk = p->bytes + p->at;
		size_t len;

		/* its length, four letters, so many bytes, a checksum */
		if (p->len - p->at < 12 || (len = big_32(chunk)) > p->len - p->at - 12)
			return ends_too_soon(p, err);
		if ((p->at == 8) != (memcmp(chunk + 4, "IHDR", 4) == 0) ||
		    (!png_decodes(chunk + 4) && !png_can_go(chunk + 4)))
			return is_broken(p, "PNG", err);
		p->drawn = p->drawn || memcmp(chunk + 4, "IDAT", 4) == 0;
		end = memcmp(chunk + 4, "IEND", 4) == 0;
		if (end && (!p->drawn || len > 0))
			return is_broken(p, "PNG", err);
		if (png_decodes(chunk + 4))
			buf_put(p->out, chunk, len + 12);
		p->at += len + 12;
	}
	return PMJ_OK;
}

const char *
photo_type(const uint8_t *bytes, size_t len)
{
	static const struct {
		const char *name;
		size_t len;
		const char *first;
	} types[] = {
	    {"JPEG", 3, "\xff\xd8\xff"}, {"PNG", 8, "\x89PNG\r\n\x1a\n"}, {"PDF", 5, "%PDF-"}};

	for (size_t i = 0; i < COUNT(types); i++)
		if (len >= types[i].len && memcmp(bytes, types[i].first, types[i].len) == 0)
			return types[i].name;
	return NULL;
}

enum pmj_code
photo_clean(struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct picture p = {.out = out, .bytes = bytes, .len = len};
	const char *type = photo_type(bytes, len);
	enum pmj_code rc = PMJ_OK;

	if (type == NULL)
		return pmj_fail(err, PMJ_INVALID, "the file is no photo");
	if (strcmp(type, "JPEG") == 0)
		rc = jpeg_clean(&p, err);
	else if (strcmp(type, "PNG") == 0)
		rc = png_clean(&p, err);
	else
		buf_put(out, bytes, len);
	return rc != PMJ_OK ? rc : buf_check(out, err);
}
