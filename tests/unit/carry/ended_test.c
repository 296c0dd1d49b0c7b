/* ended_test.c - runs that ended are dropped from a folder of mailboxes, with what they were made
 * of; nothing else is. */
#include "carry_lab.h"

#define BOX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OLD "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define NEW "b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3"
#define DOWN "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"

/* The hub's carrier once, told what it has and what ended. */
static int
hub_drops(const struct lab *lab, const char *one, const char *two)
{
	char remote[160];
	const char *more[] = {"--remote", remote, "--have", BOX ":1:" OLD ":5", "--have",
	    BOX ":1:" NEW ":2", "--ended", one, two != NULL ? "--ended" : NULL, two, NULL};

	(void)snprintf(remote, sizeof(remote), "%s=%s/mail", lab->mailbox, lab->dir);
	return lab_once(lab, "h", more);
}

/* A laptop that went on in a new run, and a hub that has both. */
static void
two_runs(struct lab *lab)
{
	lab_fill(lab, "w", 1, 0xb2, 1, 5, 1);
	lab_fill(lab, "w", 1, 0xb3, 1, 2, 2);
	lab_fill(lab, "h", 2, 0xc3, 1, 3, 3);
	assert_int_equal(lab_exchange(lab, "h"), 0);
	assert_int_equal(lab_exchange(lab, "w"), 0);
	lab_sh("rm %s/w/spool/out/*-" OLD "-*", lab->dir);
	lab_sh("rm -r %s/h/spool/out", lab->dir);
}

static void
loose(const struct lab *lab, int count)
{
	lab_sh(
	    "test $(find %s/mail/%s.git/objects -type f -path '*objects/[0-9a-f]*' | wc -l) = %d",
	    lab->dir, lab->mailbox, count);
}

static void
branch(const struct lab *lab, const char *name, bool there)
{
	lab_sh("%sgit -c safe.directory='*' -C %s/mail/%s.git rev-parse -q --verify refs/heads/%s "
	       ">/dev/null",
	    there ? "" : "! ", lab->dir, lab->mailbox, name);
}

static void
what_ended_goes_and_nothing_else(void **state)
{
	struct lab *lab = *state;

	two_runs(lab);
	loose(lab, 10 * 3);
	/* Somebody wrote there after the place that is known: it stays. */
	assert_int_equal(hub_drops(lab, BOX ":1:" OLD ":4", NULL), 0);
	assert_false(lab_said(lab, "\"ended\""));
	branch(lab, "l1/" OLD, true);
	lab_sh("touch %s/mail/%s.git/numbers-1-" OLD, lab->dir, lab->mailbox);
	assert_int_equal(hub_drops(lab, BOX ":1:" OLD ":5", NULL), 0);
	assert_true(lab_said(lab, "\"event\":\"ended\",\"segment\":[\"" BOX "\",1,\"" OLD "\",5]"));
	branch(lab, "l1/" OLD, false);
	branch(lab, "l1/" NEW, true);
	branch(lab, "l2/" DOWN, true);
	loose(lab, 5 * 3);
	lab_sh("test ! -e %s/mail/%s.git/numbers-1-" OLD, lab->dir, lab->mailbox);
	lab_fsck(lab);
	/* Of our own lane also what our store has; and once more it is only told. */
	lab_sh("git -C %s/h/carry/" BOX "-2.git rev-parse -q --verify refs/heads/l2/" DOWN
	       " >/dev/null",
	    lab->dir);
	assert_int_equal(hub_drops(lab, BOX ":2:" DOWN ":3", BOX ":1:" OLD ":5"), 0);
	assert_true(lab_said(lab, "2,\"" DOWN "\",3]"));
	assert_true(lab_said(lab, "1,\"" OLD "\",5]"));
	branch(lab, "l2/" DOWN, false);
	loose(lab, 2 * 3);
	lab_sh("test $(find %s/h/carry/" BOX
	       "-2.git/objects -type f -path '*objects/[0-9a-f]*' | wc -l) = 0",
	    lab->dir);
	lab_fsck(lab);
	/* Both go on. */
	lab_fill(lab, "w", 1, 0xb3, 3, 4, 2);
	lab_fill(lab, "h", 2, 0xc4, 1, 1, 4);
	assert_int_equal(lab_exchange(lab, "w"), 0);
	assert_int_equal(lab_exchange(lab, "h"), 0);
	assert_int_equal(lab_exchange(lab, "w"), 0);
	assert_true(lab_said(lab, "\"got\":1"));
	branch(lab, "l1/" OLD, false);
	lab_fsck(lab);
}

/* By git on the host: the name is in its list, the objects in a pack, which stays. */
static void
what_is_packed_goes_too(void **state)
{
	struct lab *lab = *state;

	two_runs(lab);
	lab_sh("git -c safe.directory='*' -C %s/mail/%s.git gc -q", lab->dir, lab->mailbox);
	assert_int_equal(hub_drops(lab, BOX ":1:" OLD ":5", NULL), 0);
	assert_true(lab_said(lab, "\"event\":\"ended\""));
	branch(lab, "l1/" OLD, false);
	branch(lab, "l1/" NEW, true);
	lab_fsck(lab);
	assert_int_equal(lab_exchange(lab, "w"), 0);
}

/* A laptop makes no mailboxes, and drops nothing in them. */
static void
a_laptop_drops_nothing(void **state)
{
	struct lab *lab = *state;
	char remote[160];
	const char *more[] = {"--remote", remote, "--ended", BOX ":1:" OLD ":5", NULL};

	two_runs(lab);
	(void)snprintf(remote, sizeof(remote), "%s=%s/mail", lab->mailbox, lab->dir);
	assert_int_equal(lab_once(lab, "w", more), 0);
	assert_false(lab_said(lab, "\"ended\""));
	branch(lab, "l1/" OLD, true);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
	    T(what_ended_goes_and_nothing_else),
	    T(what_is_packed_goes_too),
	    T(a_laptop_drops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
