/* Section 11.5: a backup's bytes and back; every damage by its place. */
#include "check.h"
#include "test_backup.h"

#define PARTS 4

static struct pmj_error err;

struct fixture {
	struct test_backup t;
	struct buf file;
	size_t at[PARTS + 1]; /* where each part begins, and the end */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	test_backup_open(&f->t);
	buf_init(&f->file, 0);
	backup_head_put(&f->file, &f->t.head);
	for (int i = 0; i < PARTS; i++) {
		f->at[i] = f->file.len;
		test_backup_line(&f->t, &f->file,
		    i == 0 ? "{\"kind\":\"bak.head\",\"v\":1}" : "{\"kind\":\"note\"}");
	}
	f->at[PARTS] = f->file.len;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	test_backup_close(&f->t);
	buf_close(&f->file);
	free(f);
	return 0;
}

/* Read as a restore does. *parts receives how many were whole. */
static enum pmj_code
read_all(
    const struct fixture *f, const uint8_t *bytes, size_t len, struct ring *ring, size_t *parts)
{
	struct backup_head head;
	struct backup_reader reader;
	struct segment_open opened;
	size_t at = BACKUP_HEAD_BYTES, whole;
	enum pmj_code rc;

	(void)f;
	*parts = 0;
	if ((rc = backup_head_read(&head, bytes, len, &err)) != PMJ_OK)
		return rc;
	backup_reader_init(&reader, &head);
	while (at < len) {
		if ((rc = backup_next(&reader, &whole, bytes + at, len - at, &err)) != PMJ_OK)
			return rc;
		if (whole == 0 || whole > len - at)
			return PMJ_NOT_FOUND; /* more is needed */
		rc = backup_open(&reader, &opened, bytes + at, whole, ring, &err);
		segment_open_close(&opened);
		if (rc != PMJ_OK)
			return rc;
		at += whole;
		assert_int_equal(reader.offset, at);
		(*parts)++;
	}
	return PMJ_OK;
}

/* The key follows from the code and the store that the file names. */
static enum pmj_code
read_with_code(const struct fixture *f, const uint8_t *bytes, size_t len, size_t *parts)
{
	struct backup_head head;
	struct ring *ring = NULL;
	enum pmj_code rc;

	*parts = 0;
	if ((rc = backup_head_read(&head, bytes, len, &err)) != PMJ_OK)
		return rc;
	check_ok(restored_reader(&ring, f->t.code, head.store_uuid, &err), &err);
	rc = read_all(f, bytes, len, ring, parts);
	ring_free(ring);
	return rc;
}

static void
test_whole(void **state)
{
	struct fixture *f = *state;
	size_t parts;

	check_ok(read_all(f, f->file.bytes, f->file.len, f->t.reader, &parts), &err);
	assert_int_equal(parts, PARTS);
	assert_memory_equal(f->file.bytes, "PMJBAK01", 8);
	for (size_t len = 0; len < f->file.len; len += 97) {
		enum pmj_code rc = read_all(f, f->file.bytes, len, f->t.reader, &parts);
		bool between = len == f->at[1] || len == f->at[2] || len == f->at[3] ||
		               len == BACKUP_HEAD_BYTES;

		assert_true(rc == (len < 8                      ? PMJ_INVALID
		                      : len < BACKUP_HEAD_BYTES ? PMJ_INTEGRITY
		                      : between                 ? PMJ_OK
		                                                : PMJ_NOT_FOUND));
	}
}

static void
test_every_byte(void **state)
{
	struct fixture *f = *state;
	uint8_t *copy = malloc(f->file.len);
	size_t parts;

	assert_non_null(copy);
	for (size_t i = 0; i < f->file.len; i++) {
		size_t part =
		    i < BACKUP_HEAD_BYTES ? 0 : (i - BACKUP_HEAD_BYTES) / (f->at[1] - f->at[0]);
		enum pmj_code rc;

		/* All parts are of one size here; most of a part is ciphertext. */
		if (i > f->at[0] + 400 && i % 61 != 0)
			continue;
		memcpy(copy, f->file.bytes, f->file.len);
		copy[i] ^= 1;
		rc = read_with_code(f, copy, f->file.len, &parts);
		assert_int_not_equal(rc, PMJ_OK);
		assert_int_equal(parts, part);
		if (rc == PMJ_INTEGRITY && i >= BACKUP_HEAD_BYTES) {
			char place[32];

			(void)snprintf(place, sizeof(place), "byte %zu ", f->at[part]);
			assert_non_null(strstr(err.message, place));
		}
	}
	free(copy);
}

static void
test_order(void **state)
{
	struct fixture *f = *state;
	struct buf mixed;
	size_t parts, size = f->at[1] - f->at[0];

	/* one left out, two swapped, one twice: each stops there */
	for (int how = 0; how < 3; how++) {
		buf_init(&mixed, 0);
		buf_put(&mixed, f->file.bytes, f->at[1]);
		if (how == 1)
			buf_put(&mixed, f->file.bytes + f->at[2], size);
		if (how == 2)
			buf_put(&mixed, f->file.bytes + f->at[0], size);
		buf_put(&mixed, f->file.bytes + f->at[how == 0 ? 2 : 1], size);
		assert_int_equal(
		    read_all(f, mixed.bytes, mixed.len, f->t.reader, &parts), PMJ_INTEGRITY);
		assert_int_equal(parts, 1);
		assert_non_null(strstr(err.message, "part 2,"));
		buf_close(&mixed);
	}
}

static void
test_other_code(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[RECOVERY_BYTES] = {9}, uuid[16] = {0};
	char code[RECOVERY_CHARS + 1];
	struct ring *other = NULL;
	size_t parts;

	recovery_text(code, bytes);
	check_ok(restored_reader(&other, code, f->t.head.store_uuid, &err), &err);
	assert_int_equal(
	    read_all(f, f->file.bytes, f->file.len, other, &parts), PMJ_WRONG_PASSPHRASE);
	ring_free(other);
	/* the same code of another journal is another key */
	check_ok(restored_reader(&other, f->t.code, uuid, &err), &err);
	assert_int_equal(
	    read_all(f, f->file.bytes, f->file.len, other, &parts), PMJ_WRONG_PASSPHRASE);
	ring_free(other);
	check_code(restored_reader(&other, "0000-0000", uuid, &err), PMJ_INVALID);
	assert_null(other);
}

static void
test_head(void **state)
{
	struct fixture *f = *state;
	struct backup_head head;
	uint8_t copy[BACKUP_HEAD_BYTES];

	memcpy(copy, f->file.bytes, sizeof(copy));
	check_ok(backup_head_read(&head, copy, sizeof(copy), &err), &err);
	assert_memory_equal(head.store_uuid, f->t.head.store_uuid, 16);
	assert_int_equal(head.key_number, 0);
	copy[7] = '3';
	check_code(backup_head_read(&head, copy, sizeof(copy), &err), PMJ_TOO_NEW);
	copy[0] = 'X';
	check_code(backup_head_read(&head, copy, sizeof(copy), &err), PMJ_INVALID);
	check_code(backup_head_read(&head, NULL, 0, &err), PMJ_INVALID);
}

/* A hub's file for its backup key says on its outside which one that is. */
static void
test_key_head(void **state)
{
	struct backup_head head = {.key_number = 3, .key_day = 20785}, back;
	struct backup_reader reader;
	struct buf bytes;

	(void)state;
	memset(head.store_uuid, 0xc3, sizeof(head.store_uuid));
	memset(head.sign_pk, 0x11, sizeof(head.sign_pk));
	buf_init(&bytes, 0);
	backup_head_put(&bytes, &head);
	assert_int_equal(bytes.len, BACKUP_HEAD_MAX);
	assert_memory_equal(bytes.bytes, "PMJBAK02", 8);
	check_hex(bytes.bytes + BACKUP_HEAD_BYTES, 8, "0300000031510000");
	check_ok(backup_head_read(&back, bytes.bytes, bytes.len, &err), &err);
	assert_memory_equal(&back, &head, sizeof(head));
	backup_reader_init(&reader, &back);
	assert_int_equal(reader.offset, BACKUP_HEAD_MAX);
	for (size_t len = 8; len < bytes.len; len++)
		check_code(backup_head_read(&back, bytes.bytes, len, &err), PMJ_INTEGRITY);
	bytes.bytes[BACKUP_HEAD_BYTES] = 0; /* there is no key 0 */
	check_code(backup_head_read(&back, bytes.bytes, bytes.len, &err), PMJ_INTEGRITY);
	buf_close(&bytes);
}

static void
test_lines(void **state)
{
	static const struct {
		const char *text;
		enum pmj_code rc;
		enum backup_kind kind;
	} lines[] = {
	    {"{\"kind\":\"contact\"}", PMJ_OK, BACKUP_LINE},
	    {"{\"kind\":\"ctl.hold\"}", PMJ_OK, BACKUP_LINE},
	    {"{\"kind\":\"bak.head\"}", PMJ_OK, BACKUP_HEAD},
	    {"{\"kind\":\"bak.note\",\"s\":1}", PMJ_OK, BACKUP_NOTE},
	    {"{\"kind\":\"bak.stub\"}", PMJ_OK, BACKUP_STUB},
	    {"{\"kind\":\"bak.row\"}", PMJ_OK, BACKUP_ROW},
	    {"{\"kind\":\"bak.end\"}", PMJ_OK, BACKUP_END},
	    {"{\"kind\":\"bak.later\"}", PMJ_TOO_NEW, BACKUP_LINE},
	    {"{}", PMJ_INTEGRITY, BACKUP_LINE},
	    {"no", PMJ_INTEGRITY, BACKUP_LINE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct segment_line line = {lines[i].text, strlen(lines[i].text)};
		enum backup_kind kind;
		json_t *json;

		assert_int_equal(backup_line_read(&kind, &json, &line, &err), lines[i].rc);
		if (lines[i].rc == PMJ_OK)
			assert_int_equal(kind, lines[i].kind);
		assert_int_equal(json != NULL, lines[i].rc == PMJ_OK && kind != BACKUP_LINE);
		json_decref(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_every_byte, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_code, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_head, setup, teardown),
	    cmocka_unit_test(test_key_head),
	    cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
