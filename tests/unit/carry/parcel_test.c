/* Parcels: segment files on a stick that is anybody's. */
#include <sys/mount.h>

#include "carry_lab.h"

enum { DONE = 0, FAILED = 1, UNREACHED = 6, PARTIAL = 8 };

/* WHO exchanges with the stick; acked and have may be NULL. */
static int
carry(const struct lab *lab, const char *who, const char *acked, const char *have)
{
	char stick[96];
	char remote[160];
	const char *more[9] = {"--remote", remote, "--parcel", stick};
	size_t n = 4;

	(void)snprintf(stick, sizeof(stick), "%s/stick", lab->dir);
	(void)snprintf(remote, sizeof(remote), "%s=%s/mail", lab->mailbox, lab->dir);
	if (acked != NULL) {
		more[n++] = "--acked";
		more[n++] = acked;
	}
	if (have != NULL) {
		more[n++] = "--have";
		more[n++] = have;
	}
	return lab_once(lab, who, more);
}

static void
goes_by_stick_both_ways(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 7, 1);
	lab_fill(lab, "h", 2, 0xc3, 1, 3, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_true(lab_said(lab, "\"event\":\"carried\""));
	assert_true(lab_said(lab, "\"sent\":7,\"got\":0"));
	lab_sh("test $(ls %s/stick/PAMOJA | wc -l) = 7", lab->dir);
	/* The hub may be another user, who must be able to read and to tidy. */
	lab_sh("cd %s/stick/PAMOJA && test $(stat -c %%a .) = 777 && test -z \"$(find . -type f ! "
	       "-perm -444)\"",
	    lab->dir);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	assert_true(lab_said(lab, "\"sent\":3,\"got\":7"));
	assert_false(lab_said(lab, "\"foreign\""));
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_true(lab_said(lab, "\"sent\":0,\"got\":3"));
	lab_same(lab, "w", "h");
	lab_same(lab, "h", "w");
	/* Nothing twice; and what is durably taken in does not come again. */
	lab_sh("rm %s/h/spool/in/*", lab->dir);
	assert_int_equal(carry(lab, "h", NULL,
	                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:"
	                     "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2:5"),
	    DONE);
	assert_true(lab_said(lab, "\"got\":2"));
}

/* The same segments by stick and then over the mailbox are the same commits. */
static void
mixes_with_mailboxes(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 4, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	/* Acked, so gone from the spool; the mailbox still needs them below what comes. */
	lab_sh("rm %s/w/spool/out/*-[123].seg", lab->dir);
	lab_fill(lab, "w", 1, 0xb2, 5, 6, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_true(lab_said(lab, "\"sent\":6"));
	assert_false(lab_said(lab, "\"foreign\""));
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("test $(ls %s/h/spool/in | wc -l) = 6", lab->dir);
	lab_fsck(lab);
}

static void
a_receipt_clears_the_stick(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 4, 1);
	lab_fill(lab, "h", 2, 0xc3, 1, 1, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	lab_sh("rm %s/w/spool/out/*-[123].seg", lab->dir);
	assert_int_equal(carry(lab, "w",
	                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:"
	                     "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2:3",
	                     NULL),
	    DONE);
	assert_false(lab_said(lab, "\"foreign\""));
	lab_sh("cd %s/stick/PAMOJA && test -e *-1-*-4.seg && test -e *-2-*-1.seg && "
	       "test $(ls | wc -l) = 2",
	    lab->dir);
}

static void
strange_things_are_passed_over(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 9, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	lab_sh("cd %s/stick/PAMOJA && echo x > README.txt && mkdir .git && echo x > .git/HEAD && "
	       "truncate -s 300 *-2.seg && : > z && mv *-3.seg 3.seg.part && "
	       "printf X | dd of=$(ls *-4.seg) bs=1 conv=notrunc 2>/dev/null && "
	       "f=$(ls *-5.seg) && cp *-6.seg $f && rm *-7.seg && ln -s *-6.seg "
	       "$(echo $f | sed s/-5.seg/-7.seg/) && rm *-8.seg && mkfifo $(echo $f | sed "
	       "s/-5.seg/-8.seg/) && truncate -s 5M $(ls *-9.seg) && mkdir "
	       "$(echo $f | sed s/-5.seg/-10.seg/)",
	    lab->dir);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	lab_sh("ls %s/h/spool/in | grep -c . | grep -qx 2 && ls %s/h/spool/in/*-1.seg "
	       "%s/h/spool/in/*-6.seg >/dev/null",
	    lab->dir, lab->dir, lab->dir);
	/* The next visit mends what is broken there, where a name can be mended. */
	lab_sh("cd %s/stick/PAMOJA && rm -r *-8.seg *-10.seg", lab->dir);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	lab_sh("test $(ls %s/h/spool/in | wc -l) = 9", lab->dir);
	lab_same(lab, "w", "h");
}

/* Others' segments on our stick are none of ours. */
static void
others_segments_stay(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 2, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	lab_sh("cd %s/stick/PAMOJA && for f in *; do mv $f $(echo $f | sed "
	       "s/^aaaaaaaa/bbbbbbbb/); done",
	    lab->dir);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	assert_true(lab_said(lab, "\"got\":0"));
	lab_sh("test $(ls %s/stick/PAMOJA | wc -l) = 2", lab->dir);
}

/* ... but go on to the next one, and what they are not is left where it is. */
static void
others_segments_travel(void **state)
{
	struct lab *lab = *state;

	memset(lab->mailbox, 'c', 32);
	lab_fill(lab, "x", 1, 0xb2, 1, 3, 1);
	assert_int_equal(carry(lab, "x", NULL, NULL), DONE);
	memset(lab->mailbox, 'a', 32);
	lab_sh("cd %s/stick/PAMOJA && echo no segment > $(ls | head -1 | sed s/^cccc/dddd/) && "
	       "cp $(ls c* | tail -1) $(ls c* | tail -1 | sed s/^cccc/eeee/)",
	    lab->dir);
	lab_fill(lab, "w", 1, 0xb2, 1, 2, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_true(lab_said(lab, "\"sent\":2,\"got\":0"));
	lab_sh(
	    "cd %s/w/spool && test $(ls relay/c* | wc -l) = 3 && test $(ls relay | wc -l) = 3 && "
	    "test ! -e in || test -z \"$(ls in)\"",
	    lab->dir);
	/* the next stick; what lies there already is not written again */
	lab_sh("cd %s && mv stick one && mkdir stick", lab->dir);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	lab_sh(
	    "cd %s && test $(ls stick/PAMOJA | wc -l) = 5 && for f in stick/PAMOJA/c*; do "
	    "cmp $f one/PAMOJA/$(basename $f) && test $(stat -c %%a $f) = 644 || exit 1; done && "
	    "touch -d 2001-01-01 stick/PAMOJA/*",
	    lab->dir);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	lab_sh("test -z \"$(find %s/stick/PAMOJA -newermt 2002-01-01 -type f)\"", lab->dir);
	/* a hub carries for nobody; what is old is let go */
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	lab_sh("test ! -e %s/h/spool/relay", lab->dir);
	lab_sh(
	    "touch -d 2001-01-01 %s/w/spool/relay/* && rm -r %s/stick/PAMOJA", lab->dir, lab->dir);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	lab_sh("test $(ls %s/stick/PAMOJA | wc -l) = 2 && test -z \"$(ls %s/w/spool/relay)\"",
	    lab->dir, lab->dir);
}

/* A copy of us used the same stick. */
static void
a_copy_of_us_is_noticed(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 2, 1);
	lab_fill(lab, "x", 1, 0xb2, 1, 3, 77);
	assert_int_equal(carry(lab, "x", NULL, NULL), DONE);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_true(lab_said(lab, "\"event\":\"foreign\""));
	/* Both of ours lie beside both of the copy's, under their tags; nobody's are lost. */
	lab_sh("test $(ls %s/stick/PAMOJA | wc -l) = 5", lab->dir);
	lab_sh("for n in 1 2 3; do cmp %s/x/spool/out/*-$n.seg %s/w/spool/in/*-$n.seg || exit 1; "
	       "done",
	    lab->dir, lab->dir);
	assert_int_equal(carry(lab, "h", NULL, NULL), DONE);
	lab_sh("test $(ls %s/h/spool/in | wc -l) = 5", lab->dir);
}

static void
a_missing_stick_is_said(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 2, 1);
	lab_sh("rmdir %s/stick", lab->dir);
	assert_int_equal(carry(lab, "w", NULL, NULL), UNREACHED);
	assert_true(lab_said(lab, "plug in the stick"));
	lab_sh("test ! -e %s/stick", lab->dir);
}

/* A folder that is named PAMOJA is the parcel itself. */
static void
the_folder_itself_may_be_named(void **state)
{
	struct lab *lab = *state;
	char dir[96];
	char remote[160];
	const char *more[] = {"--remote", remote, "--parcel", dir, NULL};

	(void)snprintf(dir, sizeof(dir), "%s/stick/PAMOJA/", lab->dir);
	(void)snprintf(remote, sizeof(remote), "%s=%s/mail", lab->mailbox, lab->dir);
	lab_sh("mkdir %s", dir);
	lab_fill(lab, "w", 1, 0xb2, 1, 2, 1);
	assert_int_equal(lab_once(lab, "w", more), DONE);
	lab_sh("test $(ls %s | wc -l) = 2 && test ! -e %s/PAMOJA", dir, dir);
}

/* The stick as a small disk of its own. False (and why) where we may not mount. */
static bool
mount_stick(const struct lab *lab, unsigned long flags, const char *options)
{
	char stick[96];

	(void)snprintf(stick, sizeof(stick), "%s/stick", lab->dir);
	if (mount("tmpfs", stick, "tmpfs", flags, options) != 0) {
		print_message("not run: mounting needs root (%s)\n", strerror(errno));
		return false;
	}
	return true;
}

static void
unmount_stick(const struct lab *lab)
{
	char stick[96];

	(void)snprintf(stick, sizeof(stick), "%s/stick", lab->dir);
	assert_int_equal(umount2(stick, MNT_DETACH), 0);
}

static void
a_full_stick_is_said(void **state)
{
	struct lab *lab = *state;
	int rc;
	bool parts;

	if (!mount_stick(lab, 0, "size=32k"))
		skip();
	lab_fill(lab, "w", 1, 0xb2, 1, 40, 1);
	rc = carry(lab, "w", NULL, NULL);
	parts = lab_shell(NULL, 0, "ls %s/stick/PAMOJA/*.part >/dev/null 2>&1", lab->dir) == 0;
	if (rc == PARTIAL)
		/* What did fit is whole, and another can use it. */
		rc = carry(lab, "h", NULL, NULL) == DONE ? PARTIAL : -1;
	unmount_stick(lab);
	assert_int_equal(rc, PARTIAL);
	assert_false(parts);
	lab_sh("n=$(ls %s/h/spool/in | wc -l); test $n -gt 2 && test $n -lt 40 && "
	       "for f in %s/h/spool/in/*; do cmp $f %s/w/spool/out/$(basename $f) || exit 1; done",
	    lab->dir, lab->dir, lab->dir);
}

static void
a_read_only_stick_is_said_and_read(void **state)
{
	struct lab *lab = *state;
	char stick[96];
	int rc;
	int again;
	bool said;

	(void)snprintf(stick, sizeof(stick), "%s/stick", lab->dir);
	if (!mount_stick(lab, 0, "size=1m"))
		skip();
	lab_fill(lab, "w", 1, 0xb2, 1, 3, 1);
	lab_fill(lab, "h", 2, 0xc3, 1, 2, 1);
	assert_int_equal(carry(lab, "w", NULL, NULL), DONE);
	assert_int_equal(mount("tmpfs", stick, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	rc = carry(lab, "h", NULL, NULL);
	again = carry(lab, "h", NULL,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2:3");
	said = lab_said(lab, "\"code\":\"read_only\"") && lab_said(lab, "unlock its switch");
	unmount_stick(lab);
	assert_int_equal(rc, PARTIAL); /* taken, but nothing left there */
	lab_same(lab, "w", "h");
	assert_int_equal(again, FAILED); /* nothing taken, nothing left */
	assert_true(said);
}

/* The same for a plain user: a folder that may not be written. */
static void
a_locked_folder_is_said(void **state)
{
	struct lab *lab = *state;

	if (geteuid() == 0) {
		print_message("not run: root may write everywhere\n");
		skip();
	}
	lab_fill(lab, "w", 1, 0xb2, 1, 3, 1);
	lab_sh("chmod 500 %s/stick", lab->dir);
	assert_int_equal(carry(lab, "w", NULL, NULL), FAILED);
	assert_true(lab_said(lab, "\"code\":\"permission\""));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
	    T(goes_by_stick_both_ways),
	    T(mixes_with_mailboxes),
	    T(a_receipt_clears_the_stick),
	    T(strange_things_are_passed_over),
	    T(others_segments_stay),
	    T(others_segments_travel),
	    T(a_copy_of_us_is_noticed),
	    T(a_missing_stick_is_said),
	    T(the_folder_itself_may_be_named),
	    T(a_full_stick_is_said),
	    T(a_read_only_stick_is_said_and_read),
	    T(a_locked_folder_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
