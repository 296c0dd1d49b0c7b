/* backup.h - one backup file: bytes and back (security 11.5). Pure: no clock, no disk.
 *
 * Shape  "PMJBAK01" | store_uuid 16 | writer's sign_pk 32 | segments of lane 5, numbered from 1;
 *        sealed to the recovery code. A hub's file for its backup key begins "PMJBAK02", and has
 *        behind sign_pk: number of the key u32 | day it was made u32, since 1970-01-01.
 *        The first line is `bak.head`, the last `bak.end`; between them the journal's lines as they
 *        are, in its order, each with a `bak.note` before it where it has one (or a `bak.stub` in
 *        its place), then `bak.row`, one a row of the tables beside the entries.
 * The writer's key stands outside because the key of every segment is derived from it. */
#ifndef LOG_BACKUP_H
#define LOG_BACKUP_H
#include "base/json.h"
#include "log/segment.h"

#define BACKUP_HEAD_BYTES 56
#define BACKUP_HEAD_MAX 64 /* of a file for the backup key */
#define BACKUP_UUID_BYTES 16
#define BACKUP_VERSION 1

struct backup_head { /* the outside; nothing of it is proved */
	uint8_t store_uuid[BACKUP_UUID_BYTES];
	uint8_t sign_pk[32];
	uint32_t key_number; /* of the backup key that opens it; 0: the recovery code does */
	uint32_t key_day;
};
size_t backup_head_bytes(const struct backup_head *head);
void backup_head_put(struct buf *out, const struct backup_head *head);
/** PMJ_INVALID: no backup; PMJ_INTEGRITY: cut off in its first bytes; PMJ_TOO_NEW: of a later
 * format. */
PMJ_MUST_CHECK enum pmj_code backup_head_read(
    struct backup_head *out, const uint8_t *bytes, size_t len, struct pmj_error *err);

struct backup_writer {
	uint8_t mailbox[16]; /* zero where not enrolled, and at a hub */
	uint8_t incarnation[16];
	uint8_t reader_pk[32];
	uint64_t segno, seq; /* of the last segment and line */
	uint8_t prev[32], chain[32];
};
/** Begin: a fresh incarnation. */
void backup_writer_init(struct backup_writer *writer, const uint8_t mailbox[static 16],
    const uint8_t reader_pk[static 32]);
/** The next segment, appended to out; signed with the device's key. */
PMJ_MUST_CHECK enum pmj_code backup_seal(struct backup_writer *writer, struct buf *out,
    const struct segment_line *lines, size_t count, struct ring *ring, struct pmj_error *err);

struct backup_reader {
	struct backup_head head;
	uint8_t mailbox[16], incarnation[16];
	uint64_t segno, seq;
	uint8_t prev[32], chain[32];
	uint64_t offset; /* in the file, where the next segment begins */
};
/** Begin behind the head. */
void backup_reader_init(struct backup_reader *reader, const struct backup_head *head);
/** How long the segment is that these bytes begin; 0: more bytes are needed to tell. PMJ_INTEGRITY
 * names the place. */
PMJ_MUST_CHECK enum pmj_code backup_next(const struct backup_reader *reader, size_t *out,
    const uint8_t *bytes, size_t len, struct pmj_error *err);
/**
 * Open the next segment and move on. The caller closes *out.
 *
 * ring    of restored_reader, or restored_reader_halves where the head names a key.
 * Errors  PMJ_WRONG_PASSPHRASE: sealed to another recovery code, or backup key. PMJ_INTEGRITY names
 * segment and byte; PMJ_NO_MEMORY.
 */
PMJ_MUST_CHECK enum pmj_code backup_open(struct backup_reader *reader, struct segment_open *out,
    const uint8_t *bytes, size_t len, struct ring *ring, struct pmj_error *err);

enum backup_kind { BACKUP_LINE, BACKUP_HEAD, BACKUP_NOTE, BACKUP_STUB, BACKUP_ROW, BACKUP_END };
/** What one line of a backup is. json receives the object of a `bak.` line (the caller decrefs);
 * NULL for a line of the journal. PMJ_INTEGRITY: neither; PMJ_TOO_NEW: a `bak.` line this program
 * does not know. */
PMJ_MUST_CHECK enum pmj_code backup_line_read(
    enum backup_kind *out, json_t **json, const struct segment_line *line, struct pmj_error *err);

#endif
