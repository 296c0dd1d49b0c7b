/* json_test.c - JSON from outside, within its limits; buffers; files written so that a fault leaves
 * the old or the new. */
#include "check.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"

static void
assert_refused(const char *text, size_t len)
{
	struct pmj_error err;
	json_t *value;

	if (json_read(&value, text, len, &json_limits_entry, &err) != PMJ_INVALID || value != NULL)
		fail_msg("taken: %.60s", text);
	assert_true(strlen(err.message) > 0);
}

static void
test_json_strict(void **state)
{
	static const char *const bad[] = {"{\"a\":1,\"a\":2}", "{\"a\":1.5}", "{\"a\":1e3}",
	    "{\"a\":9007199254740992}", "{\"a\":-9007199254740992}", "{\"a\":1} x",
	    "{\"a\":\"\\u0000\"}", "{\"a\":\"\xff\"}", "[[[[[[[[[1]]]]]]]]]", "", "{", "{\"a\":01}",
	    "{'a':1}"};
	json_t *value;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_refused(bad[i], strlen(bad[i]));
	assert_refused("{}\0", 3);
	text = mem_new(20000);
	memset(text, 'a', 19990);
	text[0] = text[19989] = '"';
	assert_refused(text, 19990);
	free(text);
	assert_int_equal(
	    json_read(&value, "{\"b\":[1,null,\"\xc3\xa9\"]}", 19, &json_limits_entry, NULL),
	    PMJ_OK);
	text = json_text(value);
	assert_string_equal(text, "{\"b\":[1,null,\"\xc3\xa9\"]}");
	free(text);
	json_decref(value);
}

/* What is written by hand is what jansson would write, to the byte: it goes into lines and digests.
 */
static void
test_json_written_as_before(void **state)
{
	static const char *const texts[] = {"{}", "[]", "\"a\\\"b\"", "\"a\\\\b\"", "\"a\\u001fb\"",
	    "{\"a\\\"b\":1}", "null", "true", "\"\"", "-9007199254740991",
	    "{\"b\":[1,null,[],{}],\"a\":{\"z\":false,\"y\":\"\xc3\xa9\"},\"c\":-7}",
	    "[\"/ \\\" \\\\ \\n \\t \\b \\f \\r \\u0001 \\u001f \\u007f\", \"\\ud83d\\ude00\"]",
	    "{\"k\\\"\\u0002\":\"v\",\"\":[[\"a\",\"b\"],\"c\"]}"};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *value = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		char *ours, *jansson;

		assert_non_null(value);
		ours = json_text(value);
		jansson = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(ours, jansson);
		free(ours);
		free(jansson);
		json_decref(value);
	}
	text = json_text(NULL); /* no body: written as nothing */
	assert_string_equal(text, "");
	free(text);
}

static void
test_buf_remembers(void **state)
{
	struct buf b;
	struct bytes_in in = {(const uint8_t *)"\x01\x02\x03", 3, false};

	(void)state;
	buf_init(&b, 4);
	buf_put_u32(&b, 0x04030201);
	assert_int_equal(buf_check(&b, NULL), PMJ_OK);
	assert_memory_equal(b.bytes, "\x01\x02\x03\x04", 4);
	buf_put_u8(&b, 5);
	buf_put(&b, "", 0);
	assert_int_equal(buf_check(&b, NULL), PMJ_TOO_BIG);
	buf_close(&b);
	assert_int_equal(in_u16(&in), 0x0201);
	assert_int_equal(in_u32(&in), 0);
	assert_true(in.bad);
	assert_int_equal(in_u8(&in), 0);
}

struct faulty {
	int calls;
	int fail_at;
};

static int
fails(void *ctx)
{
	struct faulty *faulty = ctx;

	if (faulty->calls++ != faulty->fail_at)
		return 0;
	errno = EIO;
	return 1;
}

static ssize_t
faulty_write(void *ctx, int fd, const void *bytes, size_t count)
{
	return fails(ctx) ? -1 : os_real.write(NULL, fd, bytes, count);
}

static int
faulty_fsync(void *ctx, int fd)
{
	return fails(ctx) ? -1 : os_real.fsync(NULL, fd);
}

static int
faulty_rename(void *ctx, const char *from, const char *to)
{
	return fails(ctx) ? -1 : os_real.rename(NULL, from, to);
}

static int
faulty_open(void *ctx, const char *path, int flags, mode_t mode)
{
	return fails(ctx) ? -1 : os_real.open(NULL, path, flags, mode);
}

static void
test_write_is_whole(void **state)
{
	char dir[] = "/tmp/pamoja-fs-XXXXXX";
	struct faulty faulty = {0, -1};
	struct os os = os_real;
	struct buf text;
	char *path;
	int n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = fs_join(dir, "file");
	os.ctx = &faulty;
	os.write = faulty_write;
	os.fsync = faulty_fsync;
	os.rename = faulty_rename;
	os.open = faulty_open;
	assert_int_equal(fs_write(&os, path, "old", 3, NULL), PMJ_OK);
	buf_init(&text, 0);
	for (;; n++) {
		enum pmj_code rc;

		faulty = (struct faulty){0, n};
		rc = fs_write(&os, path, "new text", 8, NULL);
		faulty.fail_at = -1;
		assert_int_equal(fs_read(&text, &os_real, path, 100, NULL), PMJ_OK);
		assert_true(strcmp(buf_text(&text), "old") == 0 ||
		            strcmp(buf_text(&text), "new text") == 0);
		if (rc == PMJ_OK)
			break;
	}
	assert_string_equal(buf_text(&text), "new text");
	assert_true(n >= 5); /* open, write, sync, rename, open and sync of the folder */
	buf_close(&text);
	assert_int_equal(fs_shred(&os_real, path, NULL), PMJ_OK);
	assert_false(fs_exists(&os_real, path));
	free(path);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_json_strict),
	    cmocka_unit_test(test_json_written_as_before), cmocka_unit_test(test_buf_remembers),
	    cmocka_unit_test(test_write_is_whole)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
