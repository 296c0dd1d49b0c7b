/* test_backup.h - a backup in memory: written by one ring, read with a recovery code. */
#ifndef TEST_BACKUP_H
#define TEST_BACKUP_H
#include "crypto/recovery.h"
#include "crypto/restored.h"
#include "log/backup.h"
#include "test_ring.h"

struct test_backup {
	struct ring *writer, *reader; /* reader: of the code */
	char code[RECOVERY_CHARS + 1];
	struct backup_head head;
	struct backup_writer to;
};

static inline void
test_backup_open(struct test_backup *t)
{
	static const uint8_t bytes[RECOVERY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	static const uint8_t mailbox[16] = {0};
	uint8_t pk[32];

	memset(t, 0, sizeof(*t));
	t->writer = test_ring(1, 9, 0);
	recovery_text(t->code, bytes);
	memset(t->head.store_uuid, 0xc3, sizeof(t->head.store_uuid));
	memcpy(t->head.sign_pk, ring_sign_pk(t->writer), 32);
	if (restored_reader(&t->reader, t->code, t->head.store_uuid, NULL) != PMJ_OK)
		abort();
	test_ring_seal_pk(t->reader, pk);
	backup_writer_init(&t->to, mailbox, pk);
}

static inline void
test_backup_close(struct test_backup *t)
{
	ring_free(t->writer);
	ring_free(t->reader);
}

static inline void
test_backup_line(struct test_backup *t, struct buf *out, const char *text)
{
	struct segment_line line = {text, strlen(text)};

	if (backup_seal(&t->to, out, &line, 1, t->writer, NULL) != PMJ_OK)
		abort();
}

#endif
