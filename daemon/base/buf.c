#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
buf_init(struct buf *b, size_t limit)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit;
}

void
buf_close(struct buf *b)
{
	size_t limit = b->limit;

	free(b->bytes);
	buf_init(b, limit);
}

void
buf_wipe(struct buf *b)
{
	mem_wipe(b->bytes, b->room);
	buf_close(b);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = PMJ_OK;
	if (b->bytes != NULL)
		b->bytes[0] = 0;
}

static bool
buf_grow(struct buf *b, size_t count)
{
	uint8_t *grown;
	size_t room;

	if (b->failed != PMJ_OK)
		return false;
	if (count > SIZE_MAX / 2 - b->len || (b->limit != 0 && b->len + count > b->limit)) {
		b->failed = PMJ_TOO_BIG;
		return false;
	}
	room = b->room < 64 ? 64 : b->room;
	while (room < b->len + count + 1)
		room *= 2;
	/* By hand, not realloc: what moves away may be a secret. */
	grown = malloc(room);
	if (grown == NULL) {
		b->failed = PMJ_NO_MEMORY;
		return false;
	}
	if (b->len > 0)
		memcpy(grown, b->bytes, b->len);
	mem_wipe(b->bytes, b->room);
	free(b->bytes);
	b->bytes = grown;
	b->room = room;
	return true;
}

/* Room for count more bytes and a NUL. False once anything failed. Mostly it is there: this is
 * asked hundreds of times for each line that is merged. */
static inline bool
buf_reserve(struct buf *b, size_t count)
{
	size_t end = b->limit != 0 && b->limit < b->room ? b->limit + 1 : b->room;

	return (b->failed == PMJ_OK && b->len < end && count < end - b->len) || buf_grow(b, count);
}

void
buf_put(struct buf *b, const void *bytes, size_t count)
{
	if (!buf_reserve(b, count))
		return;
	if (count > 0)
		memcpy(b->bytes + b->len, bytes, count);
	b->len += count;
	b->bytes[b->len] = 0;
}

void
buf_put_u8(struct buf *b, uint8_t v)
{
	if (!buf_reserve(b, 1))
		return;
	b->bytes[b->len++] = v;
	b->bytes[b->len] = 0;
}

void
buf_put_u16(struct buf *b, uint16_t v)
{
	uint8_t le[2];

	put_le16(le, v);
	buf_put(b, le, sizeof(le));
}

void
buf_put_u32(struct buf *b, uint32_t v)
{
	uint8_t le[4];

	put_le32(le, v);
	buf_put(b, le, sizeof(le));
}

void
buf_put_u64(struct buf *b, uint64_t v)
{
	uint8_t le[8];

	put_le64(le, v);
	buf_put(b, le, sizeof(le));
}

void
buf_put_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void
buf_putf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		b->failed = b->failed != PMJ_OK ? b->failed : PMJ_NO_MEMORY;
		return;
	}
	buf_put(b, text, (size_t)n);
	free(text);
}

void
buf_put_zeros(struct buf *b, size_t count)
{
	if (!buf_reserve(b, count))
		return;
	memset(b->bytes + b->len, 0, count + 1);
	b->len += count;
}

enum pmj_code
buf_check(const struct buf *b, struct pmj_error *err)
{
	if (b->failed == PMJ_TOO_BIG)
		return pmj_fail(err, PMJ_TOO_BIG, "more than %zu bytes", b->limit);
	if (b->failed != PMJ_OK)
		return pmj_fail(err, b->failed, "out of memory");
	return PMJ_OK;
}

const char *
buf_text(const struct buf *b)
{
	return b->bytes != NULL ? (const char *)b->bytes : "";
}

const uint8_t *
in_bytes(struct bytes_in *in, size_t count)
{
	const uint8_t *at = in->at;

	if (in->bad || count > in->left) {
		in->bad = true;
		return NULL;
	}
	in->at += count;
	in->left -= count;
	return at;
}

uint8_t
in_u8(struct bytes_in *in)
{
	const uint8_t *at = in_bytes(in, 1);

	return at != NULL ? at[0] : 0;
}

uint16_t
in_u16(struct bytes_in *in)
{
	const uint8_t *at = in_bytes(in, 2);

	return at != NULL ? get_le16(at) : 0;
}

uint32_t
in_u32(struct bytes_in *in)
{
	const uint8_t *at = in_bytes(in, 4);

	return at != NULL ? get_le32(at) : 0;
}

uint64_t
in_u64(struct bytes_in *in)
{
	const uint8_t *at = in_bytes(in, 8);

	return at != NULL ? get_le64(at) : 0;
}

void
out_bytes(struct bytes_out *o, const void *bytes, size_t count)
{
	if (o->bad || count > o->left) {
		o->bad = true;
		return;
	}
	if (count > 0)
		memcpy(o->at, bytes, count);
	o->at += count;
	o->left -= count;
}

void
out_u8(struct bytes_out *o, uint8_t v)
{
	out_bytes(o, &v, 1);
}

void
out_u32(struct bytes_out *o, uint32_t v)
{
	uint8_t le[4];

	put_le32(le, v);
	out_bytes(o, le, sizeof(le));
}

void
out_u64(struct bytes_out *o, uint64_t v)
{
	uint8_t le[8];

	put_le64(le, v);
	out_bytes(o, le, sizeof(le));
}

void
put_le16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

void
put_le32(uint8_t *to, uint32_t v)
{
	put_le16(to, (uint16_t)v);
	put_le16(to + 2, (uint16_t)(v >> 16));
}

void
put_le64(uint8_t *to, uint64_t v)
{
	put_le32(to, (uint32_t)v);
	put_le32(to + 4, (uint32_t)(v >> 32));
}

uint16_t
get_le16(const uint8_t *from)
{
	return (uint16_t)(from[0] | (uint16_t)(from[1] << 8));
}

uint32_t
get_le32(const uint8_t *from)
{
	return (uint32_t)get_le16(from) | (uint32_t)get_le16(from + 2) << 16;
}

uint64_t
get_le64(const uint8_t *from)
{
	return (uint64_t)get_le32(from) | (uint64_t)get_le32(from + 4) << 32;
}

bool
bytes_zero(const uint8_t *bytes, size_t count)
{
	uint8_t any = 0;

	for (size_t i = 0; i < count; i++)
		any |= bytes[i];
	return any == 0;
}
