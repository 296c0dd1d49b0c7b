/* unzip.c - the list at the end of a .zip and what it names (PKWARE's APPNOTE.TXT 6.3, sections 4.3
 * and 4.4), unpacked by zlib. Of what it says only sizes and places are believed, and each within
 * the file: what is unpacked is as long as was said, or refused. */
#include "cli/unzip.h"

#include <string.h>
#include <zlib.h>

#define END_MARK 0x06054b50u
#define ENTRY_MARK 0x02014b50u
#define FILE_MARK 0x04034b50u
#define END_BYTES 22u
#define ENTRY_BYTES 46u
#define FILE_BYTES 30u
#define COMMENT_MAX 65535u
#define IS_LOCKED 1u
enum { STORED = 0, DEFLATED = 8 };

struct zip_entry {
	unsigned flags, method;
	uint32_t sum, packed, size, at; /* at: of its own header */
	const char *name;
	size_t name_bytes;
};

static unsigned
zip_u16(const uint8_t *from)
{
	return (unsigned)from[0] | (unsigned)from[1] << 8;
}

static enum pmj_code
zip_damaged(struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INVALID, "this packed file is damaged or cut off");
	pmj_hint(err, "fetch it again; or unpack it with a file manager and name the folder");
	return PMJ_INVALID;
}

bool
unzip_is(const uint8_t *bytes, size_t len)
{
	return len >= 4 && get_le32(bytes) == FILE_MARK;
}

/* The end of the list is the last thing in the file but for a comment; 0: there is none. */
static size_t
find_end(const uint8_t *bytes, size_t len)
{
	for (size_t comment = 0; comment <= COMMENT_MAX && comment + END_BYTES <= len; comment++) {
		size_t at = len - END_BYTES - comment;

		if (get_le32(bytes + at) == END_MARK && zip_u16(bytes + at + 20) == comment)
			return at;
	}
	return 0;
}

enum pmj_code
unzip_open(struct unzip *in, const uint8_t *bytes, size_t len, size_t most, struct pmj_error *err)
{
	size_t end = find_end(bytes, len), list_bytes;

	*in = (struct unzip){.bytes = bytes, .len = len, .room = most};
	if (end == 0)
		return zip_damaged(err);
	in->count = zip_u16(bytes + end + 10);
	list_bytes = get_le32(bytes + end + 12);
	in->list = get_le32(bytes + end + 16);
	if (zip_u16(bytes + end + 4) != 0 || zip_u16(bytes + end + 8) != in->count ||
	    in->count == 0xffff || in->list == 0xffffffffu) {
		(void)pmj_fail(err, PMJ_INVALID,
		    "this packed file is in several parts, or of a sort that is not read here");
		pmj_hint(err, "unpack it with a file manager and name the folder");
		return PMJ_INVALID;
	}
	if (in->list > end || list_bytes > end - in->list)
		return zip_damaged(err);
	in->list_end = in->list + list_bytes;
	return PMJ_OK;
}

/* The entry at *at, which is moved behind it. */
static bool
next_entry(struct zip_entry *out, const struct unzip *in, size_t *at)
{
	const uint8_t *from = in->bytes + *at;
	size_t more;

	if (in->list_end - *at < ENTRY_BYTES || get_le32(from) != ENTRY_MARK)
		return false;
	*out = (struct zip_entry){.flags = zip_u16(from + 8),
	    .method = zip_u16(from + 10),
	    .sum = get_le32(from + 16),
	    .packed = get_le32(from + 20),
	    .size = get_le32(from + 24),
	    .at = get_le32(from + 42),
	    .name = (const char *)from + ENTRY_BYTES,
	    .name_bytes = zip_u16(from + 28)};
	more = out->name_bytes + zip_u16(from + 30) + zip_u16(from + 32);
	if (in->list_end - *at - ENTRY_BYTES < more)
		return false;
	*at += ENTRY_BYTES + more;
	return true;
}

static bool
is_called(const struct zip_entry *entry, const char *name)
{
	size_t len = strlen(name);

	return entry->name_bytes >= len &&
	       memcmp(entry->name + entry->name_bytes - len, name, len) == 0 &&
	       (entry->name_bytes == len || entry->name[entry->name_bytes - len - 1] == '/');
}

/* Its packed bytes, which lie behind a header of their own; NULL: not within the file. */
static const uint8_t *
packed_bytes(const struct unzip *in, const struct zip_entry *entry)
{
	size_t left, head;

	if (entry->at > in->list || in->list - entry->at < FILE_BYTES ||
	    get_le32(in->bytes + entry->at) != FILE_MARK)
		return NULL;
	left = in->list - entry->at;
	head =
	    FILE_BYTES + zip_u16(in->bytes + entry->at + 26) + zip_u16(in->bytes + entry->at + 28);
	return head <= left && entry->packed <= left - head ? in->bytes + entry->at + head : NULL;
}

/* As long as it says it is: neither more nor less comes out. */
static bool
inflate_into(struct buf *out, const uint8_t *from, const struct zip_entry *entry)
{
	uint8_t piece[16384];
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)from, .avail_in = entry->packed};
	int rc = Z_OK;

	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return false;
	while (rc == Z_OK && out->len <= entry->size && out->failed == PMJ_OK) {
		stream.next_out = piece;
		stream.avail_out = sizeof(piece);
		rc = inflate(&stream, Z_NO_FLUSH);
		buf_put(out, piece, sizeof(piece) - stream.avail_out);
	}
	(void)inflateEnd(&stream);
	return rc == Z_STREAM_END && out->len == entry->size;
}

static enum pmj_code
unpack(struct unzip *in, struct buf *out, const struct zip_entry *entry, struct pmj_error *err)
{
	const uint8_t *from = packed_bytes(in, entry);

	if ((entry->flags & IS_LOCKED) != 0 ||
	    (entry->method != STORED && entry->method != DEFLATED)) {
		(void)pmj_fail(err, PMJ_INVALID,
		    "it is locked with a password, or packed in a way that is not read here");
		pmj_hint(err, "unpack it with a file manager and name the folder");
		return PMJ_INVALID;
	}
	if (entry->size > in->room) {
		(void)pmj_fail(err, PMJ_TOO_BIG, "more would come out of it than can be read");
		pmj_hint(err, "is it a directory of services? Such a one has some megabytes");
		return PMJ_TOO_BIG;
	}
	if (from == NULL || (entry->method == STORED && entry->packed != entry->size))
		return zip_damaged(err);
	if (entry->method == STORED)
		buf_put(out, from, entry->size);
	else if (!inflate_into(out, from, entry))
		return zip_damaged(err);
	if (out->failed != PMJ_OK)
		return buf_check(out, err);
	if (crc32(0, out->bytes, (uInt)out->len) != entry->sum)
		return zip_damaged(err);
	in->room -= entry->size;
	return PMJ_OK;
}

enum pmj_code
unzip_file(struct unzip *in, struct buf *out, bool *found, const char *name, struct pmj_error *err)
{
	struct zip_entry entry, wanted = {.size = 0};
	size_t at = in->list;
	enum pmj_code rc;

	*found = false;
	for (size_t i = 0; i < in->count; i++) {
		if (!next_entry(&entry, in, &at))
			return zip_damaged(err);
		if (!is_called(&entry, name))
			continue;
		if (*found) {
			(void)pmj_fail(err, PMJ_INVALID, "it is there twice, in two folders");
			pmj_hint(err, "unpack it with a file manager and name the folder that is "
			              "meant");
			return PMJ_INVALID;
		}
		*found = true;
		wanted = entry;
	}
	if (!*found)
		return PMJ_OK;
	if ((rc = unpack(in, out, &wanted, err)) != PMJ_OK)
		buf_clear(out);
	return rc;
}
