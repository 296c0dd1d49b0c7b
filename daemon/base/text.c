#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/mem.h"

static const char base32_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *
text_hex(char *out, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * count] = '\0';
	return out;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
text_unhex(uint8_t *out, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		int high = hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return text[2 * count] == '\0';
}

char *
text_base32(char *out, const uint8_t *bytes, size_t count)
{
	uint32_t held = 0;
	unsigned bits = 0;
	char *to = out;

	for (size_t i = 0; i < count; i++) {
		held = (held << 8 | bytes[i]) & 0xfff;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			*to++ = base32_digits[held >> bits & 31];
		}
	}
	if (bits > 0)
		*to++ = base32_digits[held << (5 - bits) & 31];
	*to = '\0';
	return out;
}

static int
base32_digit(char c)
{
	const char *at;

	c = (char)tolower((unsigned char)c);
	if (c == 'o')
		c = '0';
	if (c == 'i' || c == 'l')
		c = '1';
	at = c != '\0' ? strchr(base32_digits, c) : NULL;
	return at != NULL ? (int)(at - base32_digits) : -1;
}

bool
text_unbase32(uint8_t *out, size_t count, const char *text, size_t chars)
{
	uint32_t held = 0;
	unsigned bits = 0;
	size_t put = 0;

	if (chars != (count * 8 + 4) / 5)
		return false;
	for (size_t i = 0; i < chars; i++) {
		int digit = base32_digit(text[i]);

		if (digit < 0)
			return false;
		held = (held << 5 | (uint32_t)digit) & 0xfff;
		bits += 5;
		if (bits >= 8 && put < count) {
			bits -= 8;
			out[put++] = (uint8_t)(held >> bits);
		}
	}
	return put == count && (held & ((1u << bits) - 1)) == 0;
}

char *
text_base64(char *out, const uint8_t *bytes, size_t count)
{
	uint32_t held = 0;
	unsigned bits = 0;
	char *to = out;

	for (size_t i = 0; i < count; i++) {
		held = (held << 8 | bytes[i]) & 0x3fff;
		bits += 8;
		while (bits >= 6) {
			bits -= 6;
			*to++ = base64_digits[held >> bits & 63];
		}
	}
	if (bits > 0)
		*to++ = base64_digits[held << (6 - bits) & 63];
	*to = '\0';
	return out;
}

bool
text_unbase64_buf(struct buf *out, const char *text)
{
	uint32_t held = 0;
	unsigned bits = 0;

	if (strlen(text) % 4 == 1)
		return false;
	for (; *text != '\0'; text++) {
		const char *at = strchr(base64_digits, *text);

		if (at == NULL)
			return false;
		held = (held << 6 | (uint32_t)(at - base64_digits)) & 0x3fff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_put_u8(out, (uint8_t)(held >> bits));
		}
	}
	return (held & ((1u << bits) - 1)) == 0;
}

bool
text_unbase64(uint8_t *out, size_t count, const char *text)
{
	struct buf bytes;
	bool good;

	buf_init(&bytes, count);
	good = text_unbase64_buf(&bytes, text) && bytes.failed == PMJ_OK && bytes.len == count;
	if (good && count > 0)
		memcpy(out, bytes.bytes, count);
	buf_wipe(&bytes);
	return good;
}

bool
text_is_utf8(const char *text, size_t count)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	utf8proc_ssize_t left = (utf8proc_ssize_t)count;

	while (left > 0) {
		utf8proc_int32_t point;
		utf8proc_ssize_t used = utf8proc_iterate(at, left, &point);

		if (used <= 0 || point == 0)
			return false;
		at += used;
		left -= used;
	}
	return true;
}

size_t
text_chars(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

size_t
text_steers(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] < 0x20)
		return at[0] != '\0' && at[0] != '\n' && at[0] != '\t' ? 1 : 0;
	if (at[0] == 0x7f)
		return 1;
	if (at[0] == 0xc2)
		return at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
	if (at[0] == 0xd8)
		return at[1] == 0x9c ? 2 : 0;
	if (at[0] != 0xe2)
		return 0;
	if (at[1] == 0x80)
		return at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xa8 && at[2] <= 0xae) ? 3 : 0;
	return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9 ? 3 : 0;
}

size_t
text_columns(const char *text)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	utf8proc_ssize_t left = (utf8proc_ssize_t)strlen(text);
	size_t columns = 0;

	while (left > 0) {
		utf8proc_int32_t point;
		utf8proc_ssize_t used = utf8proc_iterate(at, left, &point);
		int width;

		if (used <= 0) {
			used = 1;
			point = '?';
		}
		width = utf8proc_charwidth(point);
		columns += width > 0 ? (size_t)width : 0;
		at += used;
		left -= used;
	}
	return columns;
}

/* Runs of white space become one space; none at the ends. */
static void
squeeze(char *text)
{
	char *to = text;
	bool space = false;

	for (const char *at = text; *at != '\0'; at++) {
		if (isspace((unsigned char)*at)) {
			space = to != text;
			continue;
		}
		if (space)
			*to++ = ' ';
		space = false;
		*to++ = *at;
	}
	*to = '\0';
}

/* Folding ASCII is lower case and nothing else, and most names and notes are that. NULL: it holds
 * more. */
static char *
fold_ascii(const char *text)
{
	size_t len = 0;
	char *out;

	while (text[len] != '\0' && (text[len] & 0x80) == 0)
		len++;
	if (text[len] != '\0')
		return NULL;
	out = mem_strndup(text, len);
	for (size_t i = 0; i < len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	return out;
}

static char *
fold_utf8(const char *text)
{
	utf8proc_uint8_t *folded = NULL;
	utf8proc_ssize_t len;

	len = utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded,
	    UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
	        UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
	if (len < 0 || folded == NULL) {
		free(folded);
		return mem_strdup(text);
	}
	return (char *)folded;
}

char *
text_fold(const char *text)
{
	char *out = fold_ascii(text);

	if (out == NULL)
		out = fold_utf8(text);
	squeeze(out);
	return out;
}

bool
text_same(const char *a, const char *b)
{
	char *folded_a = text_fold(a);
	char *folded_b = text_fold(b);
	bool same = strcmp(folded_a, folded_b) == 0;

	free(folded_a);
	free(folded_b);
	return same;
}

#define DISTANCE_MAX 64

size_t
text_distance(const char *a, const char *b)
{
	size_t rows[3][DISTANCE_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	size_t a_len = strnlen(a, DISTANCE_MAX), b_len = strnlen(b, DISTANCE_MAX);

	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *spare;

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

const char *
text_nearest(const char *word, const char *const *names, size_t count)
{
	size_t best = 1 + strlen(word) / 3;
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t distance = text_distance(word, names[i]);

		if (strlen(word) >= 2 && strncasecmp(word, names[i], strlen(word)) == 0)
			distance = 0;
		if (distance < best || (distance == best && found == NULL)) {
			best = distance;
			found = names[i];
		}
	}
	return found;
}

const char *
text_meant(const char *word, const char *const *names, size_t count)
{
	char *typed = text_fold(word);
	size_t len = strlen(typed), best = len > 11 ? 4 : len > 6 ? 3 : 2;
	const char *found = NULL;

	for (size_t i = 0; i < count && len >= 3; i++) {
		char *name = text_fold(names[i]);
		size_t distance = strncmp(typed, name, len) == 0 ? 0 : text_distance(typed, name);

		if (distance < best) {
			best = distance;
			found = names[i];
		}
		free(name);
	}
	free(typed);
	return found;
}
