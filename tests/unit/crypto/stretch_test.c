/* Argon2id as the specification's slot asks for it (known answers: slot_test), and that its memory
 * is asked for in large pages. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "crypto/prim.h"
#include "crypto/stretch.h"

#define FLOOR_BYTES ((size_t)64 << 20)

static struct pmj_error err;

static size_t advised; /* bytes that large pages were asked for */

/* Stands before libc's: every advice to the kernel passes here. */
int
madvise(void *at, size_t len, int advice)
{
	if (advice == MADV_HUGEPAGE)
		advised += len;
	return (int)syscall(SYS_madvise, at, len, advice);
}

static void
test_large_pages(void **state)
{
	static const uint8_t salt[16] = {1};
	uint8_t one[32], two[32];
	void *other;

	(void)state;
	check_ok(stretch_argon2id(one, salt, 16, salt, 3, 64u * 1024, &err), &err);
	assert_true(advised >= FLOOR_BYTES);
	/* Nobody else's memory. */
	advised = 0;
	other = mmap(NULL, FLOOR_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(other != MAP_FAILED);
	assert_int_equal(munmap(other, FLOOR_BYTES), 0);
	assert_int_equal(advised, 0);
	check_ok(stretch_argon2id(two, salt, 16, salt, 3, 64u * 1024, &err), &err);
	assert_memory_equal(one, two, 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_large_pages),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
