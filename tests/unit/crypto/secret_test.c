#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "crypto/secret.h"

static struct pmj_error err;

static void
test_use_and_done(void **state)
{
	struct secret *s;

	(void)state;
	check_ok(secret_new(&s, 33, &err), &err);
	for (size_t i = 0; i < 33; i++)
		assert_int_equal(secret_use(s)[i], 0), secret_done(s);
	secret_use(s)[32] = 7;
	secret_use(s); /* nests */
	secret_done(s);
	secret_use(s)[0] = 8;
	secret_done(s);
	secret_done(s);
	assert_int_equal(secret_use(s)[32], 7);
	secret_done(s);
	secret_free(s);
	secret_free(NULL);
}

/* Does a child that runs this come to an end by itself? */
static bool
survives(void (*body)(struct secret *), struct secret *s)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGSEGV, SIG_DFL); /* not cmocka's, not the sanitizer's */
		body(s);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static volatile uint8_t *kept;

static void
look(struct secret *s)
{
	(void)s;
	_exit(kept[0] == 1 ? 0 : 3);
}

#define GUARDED_BYTES 32

static void
overrun(struct secret *s)
{
	volatile uint8_t *at = secret_use(s);

	at[GUARDED_BYTES] = 1;
}

static void
test_no_access_between_uses(void **state)
{
	struct secret *s;

	(void)state;
	check_ok(secret_new(&s, GUARDED_BYTES, &err), &err);
	kept = secret_use(s);
	kept[0] = 1;
	assert_true(survives(look, s));
	secret_done(s);
	assert_false(survives(look, s));
	assert_false(survives(overrun, s));
	secret_free(s);
}

static void
test_refused(void **state)
{
	struct secret *s = (struct secret *)&s;

	(void)state;
	check_code(secret_new(&s, SIZE_MAX / 2, &err), PMJ_NO_MEMORY);
	assert_null(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_use_and_done),
	    cmocka_unit_test(test_no_access_between_uses),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
