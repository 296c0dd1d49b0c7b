/* The bell of a folder of mailboxes: heard by who hangs it, and nothing for who finds none. */
#include "carry/bell.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry_lab.h"

static void
number(uint8_t out[static PMJ_MAILBOX_BYTES], unsigned n)
{
	memset(out, 0, PMJ_MAILBOX_BYTES);
	out[0] = (uint8_t)n;
	out[1] = (uint8_t)(n >> 8);
}

static bool
hears(const struct bell *bell, unsigned n)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	number(mailbox, n);
	return bell_heard(bell, mailbox);
}

static void
ring(int fd, unsigned n)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	number(mailbox, n);
	bell_ring(fd, mailbox);
}

static void
who_rings_is_heard(void **state)
{
	struct lab *lab = *state;
	struct bell bell;
	int fd;

	bell_init(&bell);
	assert_int_equal(bell_reach(lab->dir), -1);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	assert_false(bell_listen(&bell));
	fd = bell_reach(lab->dir);
	assert_true(fd >= 0);
	ring(fd, 1);
	ring(fd, 2);
	ring(fd, 1);
	assert_true(bell_listen(&bell));
	assert_true(hears(&bell, 1) && hears(&bell, 2));
	assert_false(hears(&bell, 3));
	assert_int_equal(bell.count, 2);
	bell_forget(&bell);
	assert_false(hears(&bell, 1));
	/* It goes on when who rang is gone, and ends with who listened. */
	(void)close(fd);
	assert_false(bell_listen(&bell));
	bell_close(&bell);
	assert_int_equal(bell_reach(lab->dir), -1);
}

static void
more_than_there_is_room_for(void **state)
{
	struct lab *lab = *state;
	struct bell bell;
	int fd;

	bell_init(&bell);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	fd = bell_reach(lab->dir);
	for (unsigned n = 0; n < 3000; n++) {
		ring(fd, n); /* a full pipe keeps nobody waiting */
		if (n % 100 == 99)
			(void)bell_listen(&bell);
	}
	assert_true(hears(&bell, 0) && hears(&bell, 2999));
	(void)close(fd);
	bell_forget(&bell);
	fd = bell_reach(lab->dir);
	for (unsigned n = 0; n < 3000; n++)
		ring(fd, 7);
	assert_true(bell_listen(&bell));
	assert_true(hears(&bell, 7));
	(void)close(fd);
	bell_close(&bell);
}

static void
what_is_no_ringing(void **state)
{
	struct lab *lab = *state;
	char path[128];
	struct bell bell;
	int fd;

	bell_init(&bell);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	fd = bell_reach(lab->dir);
	/* Somebody else wrote there: any mailbox may be meant. */
	assert_int_equal(write(fd, "hello\n", 6), 6);
	assert_true(bell_listen(&bell));
	assert_true(hears(&bell, 12));
	(void)close(fd);
	bell_close(&bell);
	/* A file, or a way to another pipe, is no bell: nothing is written there, nor read. */
	(void)snprintf(path, sizeof(path), "%s/" BELL_NAME, lab->dir);
	lab_sh("mv %s %s/pipe && ln -s pipe %s", path, lab->dir, path);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	assert_int_equal(bell.fd, -1);
	assert_int_equal(bell_reach(lab->dir), -1);
	lab_sh("rm %s && touch %s", path, path);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	assert_int_equal(bell.fd, -1);
	assert_int_equal(bell_reach(lab->dir), -1);
	bell_close(&bell);
}

/* The gate's account writes into the folder by its group. */
static void
its_group_may_ring(void **state)
{
	struct lab *lab = *state;
	char path[128];
	struct bell bell;
	struct stat st;

	bell_init(&bell);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	assert_int_equal(fstat(bell.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	bell_close(&bell);
	lab_sh("rm %s/" BELL_NAME " && chmod 2770 %s", lab->dir, lab->dir);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	assert_int_equal(fstat(bell.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	bell_close(&bell);
	/* That account may put anything there: what a link leads to stays as it is. */
	lab_sh("cd %s && rm " BELL_NAME " && touch own && chmod 600 own && ln -s own " BELL_NAME,
	    lab->dir);
	bell_hang(&bell, lab->dir, bell_make, NULL);
	(void)snprintf(path, sizeof(path), "%s/own", lab->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	bell_close(&bell);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {T(who_rings_is_heard), T(more_than_there_is_room_for),
	    T(what_is_no_ringing), T(its_group_may_ring)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
