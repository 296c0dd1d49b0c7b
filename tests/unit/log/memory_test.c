/* Out of memory at every allocation: said so, nothing leaked or half made, and no blame on the
 * segment. malloc is our own here, so under a sanitizer, which has its own, the test is skipped. */
#include <errno.h>

#include "check.h"
#include "log/enrol.h"
#include "log/roster.h"
#include "test_segment.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

#ifdef SANITIZED
int
main(void)
{
	puts("skipped: the sanitizer owns malloc");
	return 0;
}
#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *p);

static long until = -1; /* allocations that still succeed; < 0: no end */
static long live;       /* allocated and not freed */

static bool
refuse(void)
{
	if (until < 0)
		return false;
	if (until > 0) {
		until--;
		return false;
	}
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	void *p = refuse() ? NULL : __libc_malloc(size);

	live += p != NULL;
	return p;
}

void *
calloc(size_t count, size_t size)
{
	void *p = refuse() ? NULL : __libc_calloc(count, size);

	live += p != NULL;
	return p;
}

void *
realloc(void *old, size_t size)
{
	void *p = refuse() ? NULL : __libc_realloc(old, size);

	live += old == NULL && p != NULL;
	return p;
}

void
free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}

static void
seal(void **state)
{
	struct test_lane lane;
	struct segment_line lines[5];
	struct segment_draft draft;
	enum pmj_code rc = PMJ_NO_MEMORY;
	uint8_t chain[32];
	uint8_t id[32];
	long n;

	(void)state;
	test_lane_open(&lane);
	test_lines(lines, 5, 1);
	draft = test_lane_draft(&lane, lines, 5);
	for (n = 0; rc != PMJ_OK; n++) {
		struct buf out;
		long before = live;

		buf_init(&out, 0);
		until = n;
		rc = segment_seal(&out, chain, id, &draft, lane.writer, NULL);
		until = -1;
		if (rc != PMJ_OK)
			check_code(rc, PMJ_NO_MEMORY);
		assert_int_equal(rc == PMJ_OK, out.len > 0);
		buf_close(&out);
		assert_int_equal(live, before);
	}
	assert_true(n > 4);
	test_lines_free(lines, 5);
	test_lane_close(&lane);
}

static void
pack(void **state)
{
	struct segment_line lines[5];
	struct segment_pack *pack;
	enum pmj_code rc = PMJ_OK;
	bool done = false;

	(void)state;
	test_lines(lines, 5, 1);
	for (long n = -1; n < 0 || rc != PMJ_OK; n++) { /* first the dictionary, which stays */
		long before = n < 0 ? 0 : live;

		until = n;
		rc = segment_pack_new(&pack, lines, 5, NULL);
		while (rc == PMJ_OK && !done)
			rc = segment_pack_step(pack, 100, &done, NULL);
		until = -1;
		segment_pack_free(pack);
		if (rc != PMJ_OK)
			check_code(rc, PMJ_NO_MEMORY);
		assert_true(n < 0 || live == before);
		done = false;
	}
	test_lines_free(lines, 5);
}

static void
open_it(void **state)
{
	struct test_lane lane;
	struct segment_line lines[60];
	struct segment_draft draft;
	struct segment_expect expect;
	enum segment_fault fault = SEGMENT_NO_MEMORY;
	struct buf file;
	uint8_t chain[32];
	uint8_t id[32];
	long n;

	(void)state;
	test_lane_open(&lane);
	test_lines(lines, 60, 1);
	draft = test_lane_draft(&lane, lines, 60);
	expect = test_lane_expect(&lane);
	buf_init(&file, 0);
	assert_int_equal(segment_seal(&file, chain, id, &draft, lane.writer, NULL), PMJ_OK);
	for (n = 0; fault != SEGMENT_OK; n++) {
		struct segment_open opened;
		long before = live;

		until = n;
		fault = segment_open(&opened, file.bytes, file.len, &expect, lane.reader);
		until = -1;
		if (fault != SEGMENT_OK)
			assert_string_equal(segment_fault_name(fault), "no_memory");
		segment_open_close(&opened);
		assert_int_equal(live, before);
	}
	assert_true(n > 4);
	buf_close(&file);
	test_lines_free(lines, 60);
	test_lane_close(&lane);
}

static void
roster(void **state)
{
	struct ring *hub = test_ring(1, 2, 3);
	json_t *fields = json_object();
	struct roster_statement statement;
	enum pmj_code rc = PMJ_NO_MEMORY;
	json_t *line;
	long n;

	(void)state;
	json_object_set_new(fields, "op", json_string("programme"));
	line = roster_make(hub, 1, (const uint8_t[32]){0}, 1, fields);
	for (n = 0; rc != PMJ_OK; n++) {
		long before = live;

		until = n;
		rc = roster_read(&statement, line, ring_op_pk(hub), NULL);
		until = -1;
		if (rc == PMJ_OK)
			roster_statement_close(&statement);
		else
			assert_null(statement.p);
		assert_int_equal(live, before);
	}
	assert_true(n > 4);
	json_decref(line);
	json_decref(fields);
	ring_free(hub);
}

static void
text(void **state)
{
	uint8_t bytes[168] = {1};
	enum pmj_code rc = PMJ_NO_MEMORY;
	struct buf written;

	(void)state;
	buf_init(&written, 0);
	enrol_text_put(&written, bytes, sizeof(bytes));
	for (long n = 0; rc != PMJ_OK; n++) {
		long before = live;
		struct buf out;

		buf_init(&out, 0);
		until = n;
		rc = enrol_text_read(&out, buf_text(&written), written.len, NULL);
		until = -1;
		if (rc != PMJ_OK)
			check_code(rc, PMJ_NO_MEMORY);
		buf_close(&out);
		assert_int_equal(live, before);
	}
	buf_close(&written);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seal),
	    cmocka_unit_test(pack),
	    cmocka_unit_test(open_it),
	    cmocka_unit_test(roster),
	    cmocka_unit_test(text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
