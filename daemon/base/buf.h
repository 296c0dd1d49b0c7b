/* buf.h - bytes that grow up to a limit and remember their first failure. */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

struct buf {
	uint8_t *bytes; /* len of them; one NUL more is always there once anything was put */
	size_t len;
	size_t room;
	size_t limit; /* 0 means no limit */
	enum pmj_code failed;
};

void buf_init(struct buf *b, size_t limit);
/** Frees and empties; the limit stays. Wipe first if it held a secret (buf_wipe). */
void buf_close(struct buf *b);
void buf_wipe(struct buf *b);  /* zeroes the bytes, then buf_close */
void buf_clear(struct buf *b); /* empty, keep the room; clears the failure */
void buf_put(struct buf *b, const void *bytes, size_t count);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v); /* all little-endian */
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_text(struct buf *b, const char *text);
void buf_putf(struct buf *b, const char *fmt, ...) PMJ_PRINTF(2, 3);
void buf_put_zeros(struct buf *b, size_t count);
/** One question at the end: PMJ_TOO_BIG, PMJ_NO_MEMORY or PMJ_OK. */
PMJ_MUST_CHECK enum pmj_code buf_check(const struct buf *b, struct pmj_error *err);
/** The bytes as a C string ("" when empty). */
const char *buf_text(const struct buf *b);

/* Reading little-endian numbers and runs from bytes of unknown origin. A read past the end sets
 * `bad`, gives zeros, and every later read does too: ask once at the end. */
struct bytes_in {
	const uint8_t *at;
	size_t left;
	bool bad;
};
uint8_t in_u8(struct bytes_in *in);
uint16_t in_u16(struct bytes_in *in);
uint32_t in_u32(struct bytes_in *in);
uint64_t in_u64(struct bytes_in *in);
/** A pointer to count bytes inside the input, or NULL when too few are left. */
const uint8_t *in_bytes(struct bytes_in *in, size_t count);

/* Writing into a room of fixed size, such as guarded memory, that must not move. What does not fit
 * sets `bad`, and nothing more is written: ask once at the end. */
struct bytes_out {
	uint8_t *at;
	size_t left;
	bool bad;
};
void out_bytes(struct bytes_out *o, const void *bytes, size_t count);
void out_u8(struct bytes_out *o, uint8_t v);
void out_u32(struct bytes_out *o, uint32_t v);
void out_u64(struct bytes_out *o, uint64_t v);

void put_le16(uint8_t *to, uint16_t v);
void put_le32(uint8_t *to, uint32_t v);
void put_le64(uint8_t *to, uint64_t v);
uint16_t get_le16(const uint8_t *from);
uint32_t get_le32(const uint8_t *from);
uint64_t get_le64(const uint8_t *from);
/** Are all of them 0? */
bool bytes_zero(const uint8_t *bytes, size_t count);

#endif
