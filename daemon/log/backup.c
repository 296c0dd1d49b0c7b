#include "log/backup.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "log/chain.h"

#define AT_CT_LEN 192 /* of a segment's header */

static const char magic[6] = {'P', 'M', 'J', 'B', 'A', 'K'};
#define MAGIC_BYTES 8 /* with the two digits of the form */

size_t
backup_head_bytes(const struct backup_head *head)
{
	return head->key_number > 0 ? BACKUP_HEAD_MAX : BACKUP_HEAD_BYTES;
}

void
backup_head_put(struct buf *out, const struct backup_head *head)
{
	buf_put(out, magic, sizeof(magic));
	buf_put_text(out, head->key_number > 0 ? "02" : "01");
	buf_put(out, head->store_uuid, sizeof(head->store_uuid));
	buf_put(out, head->sign_pk, sizeof(head->sign_pk));
	if (head->key_number == 0)
		return;
	buf_put_u32(out, head->key_number);
	buf_put_u32(out, head->key_day);
}

enum pmj_code
backup_head_read(struct backup_head *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	const char *form = (const char *)bytes + sizeof(magic);
	size_t whole;

	memset(out, 0, sizeof(*out));
	if (len < MAGIC_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0) {
		(void)pmj_fail(err, PMJ_INVALID, "this is not a backup of Pamoja");
		pmj_hint(err, "give the file that `pamoja backup` wrote");
		return PMJ_INVALID;
	}
	if (memcmp(form, "01", 2) != 0 && memcmp(form, "02", 2) != 0) {
		(void)pmj_fail(err, PMJ_TOO_NEW,
		    "this backup has format %.2s, this program knows 01 and 02", form);
		pmj_hint(err, "restore it with the newer Pamoja that wrote it");
		return PMJ_TOO_NEW;
	}
	whole = form[1] == '2' ? BACKUP_HEAD_MAX : BACKUP_HEAD_BYTES;
	if (len >= BACKUP_HEAD_MAX && form[1] == '2') {
		out->key_number = get_le32(bytes + BACKUP_HEAD_BYTES);
		out->key_day = get_le32(bytes + BACKUP_HEAD_BYTES + 4);
	}
	if (len < whole || (form[1] == '2' && out->key_number == 0)) {
		(void)pmj_fail(
		    err, PMJ_INTEGRITY, "the backup is damaged in its first %zu bytes", whole);
		pmj_hint(err, "nothing of it can be read; look for an older backup");
		return PMJ_INTEGRITY;
	}
	memcpy(out->store_uuid, bytes + 8, sizeof(out->store_uuid));
	memcpy(out->sign_pk, bytes + 24, sizeof(out->sign_pk));
	return PMJ_OK;
}

void
backup_writer_init(struct backup_writer *writer, const uint8_t mailbox[static 16],
    const uint8_t reader_pk[static 32])
{
	memset(writer, 0, sizeof(*writer));
	memcpy(writer->mailbox, mailbox, sizeof(writer->mailbox));
	memcpy(writer->reader_pk, reader_pk, sizeof(writer->reader_pk));
	prim_random(writer->incarnation, sizeof(writer->incarnation));
	chain_segment_start(writer->prev, writer->mailbox, writer->incarnation);
	chain_lane_start(writer->chain, writer->mailbox, writer->incarnation);
}

enum pmj_code
backup_seal(struct backup_writer *writer, struct buf *out, const struct segment_line *lines,
    size_t count, struct ring *ring, struct pmj_error *err)
{
	struct segment_draft draft = {
	    .lane = LANE_BACKUP,
	    .segno = writer->segno + 1,
	    .mailbox = writer->mailbox,
	    .incarnation = writer->incarnation,
	    .prev = writer->prev,
	    .reader_pk = writer->reader_pk,
	    .first_seq = writer->seq + 1,
	    .chain_before = writer->chain,
	    .lines = lines,
	    .count = count,
	    .writer = RING_KEY_DEVICE,
	};
	uint8_t chain[32], id[32];
	enum pmj_code rc;

	if ((rc = segment_seal(out, chain, id, &draft, ring, err)) != PMJ_OK)
		return rc;
	writer->segno++;
	writer->seq += count;
	memcpy(writer->prev, id, sizeof(id));
	memcpy(writer->chain, chain, sizeof(chain));
	return PMJ_OK;
}

void
backup_reader_init(struct backup_reader *reader, const struct backup_head *head)
{
	memset(reader, 0, sizeof(*reader));
	reader->head = *head;
	reader->offset = backup_head_bytes(head);
}

static enum pmj_code
damaged(const struct backup_reader *reader, const char *what, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "the backup is damaged in its part %" PRIu64 ", which begins at byte %" PRIu64 " (%s)",
	    reader->segno + 1, reader->offset, what);
	pmj_hint(err, "look for another copy of it, or for an older backup");
	return PMJ_INTEGRITY;
}

enum pmj_code
backup_next(const struct backup_reader *reader, size_t *out, const uint8_t *bytes, size_t len,
    struct pmj_error *err)
{
	size_t whole;

	*out = 0;
	if (len < SEGMENT_HEADER_BYTES)
		return PMJ_OK;
	whole = (size_t)get_le32(bytes + AT_CT_LEN) + SEGMENT_OVERHEAD_BYTES;
	if (memcmp(bytes, "PMJSEG", 6) != 0 || whole > PMJ_SEGMENT_FILE_MAX)
		return damaged(reader, segment_fault_name(SEGMENT_BAD_FORM), err);
	*out = whole;
	return PMJ_OK;
}

/* The first segment says which mailbox and incarnation the rest must have. */
static enum segment_fault
begin(struct backup_reader *reader, const uint8_t *bytes, size_t len)
{
	struct segment_header header;
	enum segment_fault fault = segment_peek(&header, bytes, len);

	if (fault != SEGMENT_OK || reader->segno > 0)
		return fault;
	memcpy(reader->mailbox, header.mailbox, sizeof(reader->mailbox));
	memcpy(reader->incarnation, header.incarnation, sizeof(reader->incarnation));
	chain_segment_start(reader->prev, reader->mailbox, reader->incarnation);
	chain_lane_start(reader->chain, reader->mailbox, reader->incarnation);
	return SEGMENT_OK;
}

static enum pmj_code
other_key(const struct backup_head *head, struct pmj_error *err)
{
	char day[11];

	if (head->key_number == 0) {
		(void)pmj_fail(err, PMJ_WRONG_PASSPHRASE,
		    "this is not the recovery code that this backup is sealed to");
		pmj_hint(err, "take the paper that was in force when the backup was made");
		return PMJ_WRONG_PASSPHRASE;
	}
	date_of_days(day, head->key_day);
	(void)pmj_fail(err, PMJ_WRONG_PASSPHRASE,
	    "these two halves are not of the backup key that this file is sealed to");
	pmj_hint(err, "take the papers of this hub's key %u, made %s", head->key_number, day);
	return PMJ_WRONG_PASSPHRASE;
}

enum pmj_code
backup_open(struct backup_reader *reader, struct segment_open *out, const uint8_t *bytes,
    size_t len, struct ring *ring, struct pmj_error *err)
{
	struct segment_expect expect = {.lane = LANE_BACKUP,
	    .mailbox = reader->mailbox,
	    .incarnation = reader->incarnation,
	    .writer_pk = reader->head.sign_pk,
	    .segno = reader->segno + 1,
	    .prev = reader->prev,
	    .first_seq = reader->seq + 1,
	    .chain = reader->chain};
	enum segment_fault fault;

	memset(out, 0, sizeof(*out));
	fault = begin(reader, bytes, len);
	if (fault == SEGMENT_OK)
		fault = segment_open(out, bytes, len, &expect, ring);
	if (fault == SEGMENT_NO_MEMORY)
		return pmj_fail(err, PMJ_NO_MEMORY, "too little memory to open the backup");
	if (fault == SEGMENT_EPOCH_GONE) /* it names the key of another code */
		return other_key(&reader->head, err);
	if (fault != SEGMENT_OK)
		return damaged(reader, segment_fault_name(fault), err);
	reader->segno++;
	reader->seq += out->count;
	memcpy(reader->prev, out->id, sizeof(reader->prev));
	memcpy(reader->chain, out->chain_after, sizeof(reader->chain));
	reader->offset += len;
	return PMJ_OK;
}

enum pmj_code
backup_line_read(
    enum backup_kind *out, json_t **json, const struct segment_line *line, struct pmj_error *err)
{
	static const char *const kinds[] = {[BACKUP_HEAD] = "bak.head",
	    [BACKUP_NOTE] = "bak.note",
	    [BACKUP_STUB] = "bak.stub",
	    [BACKUP_ROW] = "bak.row",
	    [BACKUP_END] = "bak.end"};
	const char *kind;
	enum pmj_code rc;

	*json = NULL;
	*out = BACKUP_LINE;
	if ((rc = json_read(json, line->bytes, line->len, &json_limits_entry, err)) != PMJ_OK)
		return rc == PMJ_NO_MEMORY
		           ? rc
		           : pmj_fail(err, PMJ_INTEGRITY, "a line of the backup is none");
	kind = json_str(*json, "kind");
	for (size_t i = BACKUP_HEAD; kind != NULL && i <= BACKUP_END; i++)
		if (strcmp(kind, kinds[i]) == 0) {
			*out = (enum backup_kind)i;
			return PMJ_OK;
		}
	if (kind == NULL)
		rc = pmj_fail(err, PMJ_INTEGRITY, "a line of the backup has no kind");
	else if (strncmp(kind, "bak.", 4) == 0)
		rc = pmj_fail(err, PMJ_TOO_NEW,
		    "the backup holds a %.20s, which this program does not know", kind);
	json_decref(*json);
	*json = NULL;
	return rc;
}
