/* A backup file from a stick. First byte 0: the file as it came. Odd: the rest is the lines of one
 * part that the right writer sealed, looked at as `restore --dry-run` does. */
#include "api/restore_take.h"
#include "test_backup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
read_file(struct test_backup *t, const uint8_t *bytes, size_t len)
{
	struct backup_reader reader;
	struct backup_head head;
	size_t at, whole = 0;

	if (backup_head_read(&head, bytes, len, NULL) != PMJ_OK)
		return;
	at = backup_head_bytes(&head);
	backup_reader_init(&reader, &head);
	while (at < len) {
		struct segment_open opened;
		enum pmj_code rc;

		if (backup_next(&reader, &whole, bytes + at, len - at, NULL) != PMJ_OK ||
		    whole == 0 || whole > len - at)
			return;
		rc = backup_open(&reader, &opened, bytes + at, whole, t->reader, NULL);
		segment_open_close(&opened);
		if (rc != PMJ_OK)
			return;
		at += whole;
	}
}

static void
read_lines(struct test_backup *t, const uint8_t *bytes, size_t len)
{
	struct core core = {.os = &os_real};
	struct restore_take take = {.core = &core, .check = true, .outside = t->head};
	struct segment_line lines[64];
	uint8_t e[64][32];
	struct segment_open opened = {.lines = lines, .e = e};

	while (len > 0 && opened.count < 64) {
		const uint8_t *end = memchr(bytes, '\n', len);
		size_t line = end != NULL ? (size_t)(end - bytes) : len;

		lines[opened.count] = (struct segment_line){(const char *)bytes, line};
		memset(e[opened.count++], (int)line, 32);
		line += end != NULL;
		bytes += line;
		len -= line;
	}
	if (opened.count > 0 && restore_take_segment(&take, &opened, NULL) == PMJ_OK &&
	    take.head == NULL)
		abort();
	restore_take_close(&take);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct test_backup t;

	if (t.writer == NULL)
		test_backup_open(&t);
	if (len == 0)
		return 0;
	if (bytes[0] % 2 == 0)
		read_file(&t, bytes + 1, len - 1);
	else
		read_lines(&t, bytes + 1, len - 1);
	return 0;
}
