/* photo_clean_test.c - what a photo tells besides the picture stays behind; a broken one is refused
 * wherever it is cut. */
#include "base/photo_clean.h"
#include "check.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* Exif, little-endian: a maker, then the orientation, and text behind them. */
#define EXIF_BODY                                                                                  \
	"Exif\0\0II*\0\x08\0\0\0\x02\0"                                                            \
	"\x0f\x01\x02\0\x08\0\0\0\x26\0\0\0"                                                       \
	"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"                                                       \
	"\0\0\0\0NEEDLE!"
#define EXIF "\xff\xe1\0\x35" EXIF_BODY
#define TURNED                                                                                     \
	"\xff\xe1\0\x22"                                                                           \
	"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
#define JFIF "\xff\xe0\0\x10JFIF\0\x01\x02\x01\0\x48\0\x48\0\0"
#define ADOBE                                                                                      \
	"\xff\xee\0\x0e"                                                                           \
	"Adobe\0\x64\0\0\0\0\x01"
#define TABLES                                                                                     \
	"\xff\xdb\0\x05\1\2\3"                                                                     \
	"\xff\xc0\0\x04\1\2"                                                                       \
	"\xff\xc4\0\x04\3\4"
#define SCAN                                                                                       \
	"\xff\xda\0\x04\1\2"                                                                       \
	"bits\xff\0more\xff\xd0"                                                                   \
	"last"
#define START "\xff\xd8"
#define END "\xff\xd9"

static void
gives(const uint8_t *in, size_t in_len, const uint8_t *want, size_t want_len)
{
	struct pmj_error err = {0};
	struct buf out;

	buf_init(&out, in_len + PHOTO_CLEAN_MORE);
	check_ok(photo_clean(&out, in, in_len, &err), &err);
	assert_int_equal(out.len, want_len);
	assert_memory_equal(out.bytes, want, want_len);
	buf_close(&out);
}

static void
refuses(const uint8_t *in, size_t len, const char *says)
{
	struct pmj_error err = {0};
	struct buf out;

	buf_init(&out, len + PHOTO_CLEAN_MORE);
	check_code(photo_clean(&out, in, len, &err), PMJ_INVALID);
	if (strstr(err.message, says) == NULL)
		fail_msg("%zu bytes: %s", len, err.message);
	assert_true(err.hint[0] != '\0');
	buf_close(&out);
}

static void
jpeg_keeps_the_picture(void **state)
{
	(void)state;
	gives(BYTES(START JFIF EXIF "\xff\xe2\0\x10ICC_PROFILENEE"
	                            "\xff\xfe\0\x08NEEDLE" TABLES ADOBE SCAN
	                            "\xff\xfe\0\x04NE" SCAN END "NEEDLE" START EXIF SCAN END),
	    BYTES(START JFIF TURNED TABLES ADOBE SCAN SCAN END));
	/* JFIF's little picture, and the one in JFXX */
	gives(BYTES(START "\xff\xe0\0\x13JFIF\0\x01\x02\x01\0\x48\0\x48\1\1NEE"
	                  "\xff\xe0\0\x0aJFXX\0NEE" TABLES SCAN END),
	    BYTES(START JFIF TABLES SCAN END));
	/* what is clean stays as it is; fill bytes before a marker say nothing */
	gives(BYTES(START JFIF TURNED TABLES ADOBE SCAN END),
	    BYTES(START JFIF TURNED TABLES ADOBE SCAN END));
	gives(BYTES(START "\xff\xff" TABLES SCAN END), BYTES(START TABLES SCAN END));
}

/* An Exif that points anywhere: no orientation, and nothing of it. */
static void
exif_that_lies(void **state)
{
	char file[] = START EXIF TABLES SCAN END;
	const size_t tiff = 2 + 4 + 6;

	(void)state;
	for (size_t at = tiff; at < tiff + 8 + 2; at++)
		for (int flip = 1; flip < 256; flip += flip < 4 ? 1 : 50) {
			struct pmj_error err = {0};
			struct buf out;

			file[at] = (char)(file[at] ^ flip);
			buf_init(&out, 0);
			check_ok(
			    photo_clean(&out, (const uint8_t *)file, sizeof(file) - 1, &err), &err);
			assert_null(memmem(out.bytes, out.len, "NEEDLE", 6));
			assert_non_null(memmem(out.bytes, out.len, TABLES, sizeof(TABLES) - 1));
			buf_close(&out);
			file[at] = (char)(file[at] ^ flip);
		}
	/* upright, and a number that is none: no word on it */
	file[tiff + 8 + 2 + 12 + 8] = 1;
	gives((const uint8_t *)file, sizeof(file) - 1, BYTES(START TABLES SCAN END));
	file[tiff + 8 + 2 + 12 + 8] = 9;
	gives((const uint8_t *)file, sizeof(file) - 1, BYTES(START TABLES SCAN END));
}

static void
jpeg_that_is_broken(void **state)
{
	static const char whole[] = START JFIF EXIF TABLES SCAN END;

	(void)state;
	for (size_t len = 3; len < sizeof(whole) - 1; len++)
		refuses((const uint8_t *)whole, len, "ends in the middle");
	refuses(BYTES(START TABLES END), "no JPEG");
	refuses(BYTES(START JFIF "text"), "broken at byte 21");
	refuses(BYTES(START "\xff\xdb\0\1\1" SCAN END), "no JPEG");
	refuses(BYTES(START "\xff\xf7\0\4\1\1" SCAN END), "no JPEG");
	refuses(BYTES(START START SCAN END), "no JPEG");
}

#define PNG "\x89PNG\r\n\x1a\n"
#define IHDR "\0\0\0\x0dIHDR0123456789abccrc!"
#define IDAT "\0\0\0\4IDATbitscrc!"
#define IEND "\0\0\0\0IENDcrc!"
#define CHUNK(name) "\0\0\0\6" name "NEEDLEcrc!"

static void
png_keeps_the_picture(void **state)
{
	(void)state;
	gives(BYTES(PNG IHDR CHUNK("eXIf") CHUNK("tEXt") CHUNK("zTXt") CHUNK("iTXt") CHUNK("tIME")
	              CHUNK("iCCP") CHUNK("maKe") IDAT IDAT CHUNK("tEXt") IEND "NEEDLE" PNG),
	    BYTES(PNG IHDR IDAT IDAT IEND));
	gives(BYTES(PNG IHDR IDAT IEND), BYTES(PNG IHDR IDAT IEND));
}

static void
png_that_is_broken(void **state)
{
	static const char whole[] = PNG IHDR CHUNK("tEXt") IDAT IEND;

	(void)state;
	for (size_t len = 8; len < sizeof(whole) - 1; len++)
		refuses((const uint8_t *)whole, len, "ends in the middle");
	refuses(BYTES(PNG IDAT IEND), "no PNG");
	refuses(BYTES(PNG IHDR IHDR IDAT IEND), "no PNG");
	refuses(BYTES(PNG IHDR IEND), "no PNG");
	refuses(BYTES(PNG IHDR CHUNK("CgBI") IDAT IEND), "no PNG");
	refuses(BYTES(PNG IHDR IDAT CHUNK("IEND")), "no PNG");
	refuses(BYTES(PNG IHDR "\xff\xff\xff\xffIDATbitscrc!" IEND), "ends in the middle");
}

static void
pdf_stays(void **state)
{
	(void)state;
	gives(BYTES("%PDF-1.7 /Author (Neema)"), BYTES("%PDF-1.7 /Author (Neema)"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jpeg_keeps_the_picture),
	    cmocka_unit_test(exif_that_lies),
	    cmocka_unit_test(jpeg_that_is_broken),
	    cmocka_unit_test(png_keeps_the_picture),
	    cmocka_unit_test(png_that_is_broken),
	    cmocka_unit_test(pdf_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
