/* Mailboxes in a folder: both directions, far branches that are not ours, mailboxes that are no
 * plain repositories, and what stopped programs leave. */
#include "carry/folder.h"
#include "carry_lab.h"

#define W_RUN "l1/b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define H_RUN "l2/c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"

enum { DONE = 0, UNREACHED = 6, INTEGRITY = 7, PARTIAL = 8, USAGE = 2 };

static void
both_sides_get_everything(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 150, 1);
	lab_fill(lab, "h", 2, 0xc3, 1, 3, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_true(lab_said(lab, "\"event\":\"delivered\",\"segment\":"
	                          "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",1,"
	                          "\"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\",150]"));
	assert_true(lab_said(lab, "\"event\":\"arrived\",\"count\":3"));
	assert_true(lab_said(lab, "\"sent\":150,\"got\":3"));
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_same(lab, "w", "h");
	lab_same(lab, "h", "w");
	lab_fsck(lab);
	/* Once more: nothing moves, and it is said again that all is there. */
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_true(lab_said(lab, "\"sent\":0,\"got\":0"));
	assert_true(lab_said(lab, "\"delivered\""));
	assert_false(lab_said(lab, "\"arrived\""));
	assert_false(lab_said(lab, "\"foreign\""));
}

static void
what_we_have_does_not_come_again(void **state)
{
	struct lab *lab = *state;
	char remote[160];
	const char *more[] = {"--remote", remote, "--have",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2:4", NULL};

	(void)snprintf(remote, sizeof(remote), "%s=%s/mail", lab->mailbox, lab->dir);
	lab_fill(lab, "w", 1, 0xb2, 1, 6, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_int_equal(lab_once(lab, "h", more), DONE);
	assert_true(lab_said(lab, "\"got\":2"));
}

static void
says_what_was_not_reached(void **state)
{
	struct lab *lab = *state;
	const char *ssh[] = {"--remote", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=ssh://x/y", NULL};
	const char *ftp[] = {"--remote", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=ftp://x/y", NULL};
	const char *https[] = {"--remote", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=https://x/y", NULL};
	const char *relative[] = {"--remote", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=x/y", NULL};
	const char *gone[] = {"--remote", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=/no/such/place", NULL};

	lab_fill(lab, "w", 1, 0xb2, 1, 1, 1);
	assert_int_equal(lab_exchange(lab, "w"), UNREACHED); /* no mailbox there, and none made */
	lab_sh("test ! -e %s/mail/%s.git", lab->dir, lab->mailbox);
	assert_int_equal(lab_once(lab, "w", gone), UNREACHED);
	assert_true(lab_said(lab, "\"code\":\"unreached\""));
	assert_int_equal(lab_once(lab, "w", ssh), USAGE);
	assert_true(lab_said(lab, "is not the address of a host")); /* nobody is named */
	assert_int_equal(lab_once(lab, "w", ftp), USAGE);
	assert_true(lab_said(lab, "only folders, https and ssh are served"));
	assert_int_equal(lab_once(lab, "w", https), UNREACHED); /* without a token */
	assert_true(lab_said(lab, "gave this laptop no key"));
	assert_int_equal(lab_once(lab, "w", relative), USAGE);
	/* The chain was not lost by any of it. */
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
}

static void
some_of_many_is_partial(void **state)
{
	struct lab *lab = *state;
	char one[160];
	const char *more[] = {
	    "--remote", one, "--remote", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb=/no/such", NULL};

	(void)snprintf(one, sizeof(one), "%s=%s/mail", lab->mailbox, lab->dir);
	assert_int_equal(lab_once(lab, "h", more), PARTIAL);
	assert_true(lab_said(lab, "1 of 2 mailboxes"));
}

static void
a_lost_store_is_made_again(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 4, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	/* Acked up to 3; then the store is gone and new ones are written. */
	lab_sh("rm -rf %s/w/carry %s/w/spool/out/*-[123].seg", lab->dir, lab->dir);
	lab_fill(lab, "w", 1, 0xb2, 5, 6, 1);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	/* Whoever holds the keys is shown what the store did not know any more. */
	assert_true(lab_said(lab, "\"event\":\"foreign\""));
	lab_sh(
	    "test $(git -C %s/mail/%s.git rev-list --count " W_RUN ") = 6", lab->dir, lab->mailbox);
	lab_fsck(lab);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_false(lab_said(lab, "\"event\":\"foreign\""));
}

/* What a bad disk may do to it: the branch, its commit, the settings, a folder. */
static void
a_broken_store_is_made_again(void **state)
{
	static const char *const harm[] = {
	    "f=refs/heads/" W_RUN " && : > $f",
	    "f=refs/heads/" W_RUN " && echo 1111111111111111111111111111111111111111 > $f",
	    "f=$(git rev-parse " W_RUN " | sed 's,^..,objects/&/,') && rm -f $f && echo x > $f",
	    "rm config",
	    "rm -r objects",
	    "rm -r refs && echo x > refs",
	    "rm HEAD",
	};
	struct lab *lab = *state;
	uint64_t n = 3;

	lab_fill(lab, "w", 1, 0xb2, 1, n, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	for (size_t i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		lab_sh("cd %s/w/carry/%s-1.git && { %s; }", lab->dir, lab->mailbox, harm[i]);
		n++;
		lab_fill(lab, "w", 1, 0xb2, n, n, 1);
		if (lab_exchange(lab, "w") != DONE)
			fail_msg("not made again after: %s", harm[i]);
	}
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_same(lab, "w", "h");
	lab_fsck(lab);
}

static void
a_lost_mailbox_is_filled_again(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 4, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	/* 1 and 2 are acked and gone from the spool; only our store's chain still has them. */
	lab_sh("rm -rf %s/mail/*.git %s/w/spool/out/*-[12].seg", lab->dir, lab->dir);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	lab_sh(
	    "test $(git -C %s/mail/%s.git rev-list --count " W_RUN ") = 4", lab->dir, lab->mailbox);
}

/* A copy of the laptop wrote on: what is there is shown, nothing of it is overwritten. */
static void
a_clone_is_shown_as_foreign(void **state)
{
	struct lab *lab = *state;
	char before[64];
	char after[64];

	lab_fill(lab, "w", 1, 0xb2, 1, 3, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	lab_sh("cp -a %s/w %s/x", lab->dir, lab->dir);
	lab_fill(lab, "x", 1, 0xb2, 4, 6, 99);
	assert_int_equal(lab_exchange(lab, "x"), DONE);
	lab_shell(before, sizeof(before), "git -C %s/mail/%s.git rev-parse " W_RUN, lab->dir,
	    lab->mailbox);
	lab_fill(lab, "w", 1, 0xb2, 4, 5, 1);
	assert_int_equal(lab_exchange(lab, "w"), PARTIAL);
	assert_true(lab_said(lab, "\"event\":\"foreign\""));
	assert_true(lab_said(lab, "\"segno\":6"));
	assert_false(lab_said(lab, "\"event\":\"delivered\""));
	lab_shell(
	    after, sizeof(after), "git -C %s/mail/%s.git rev-parse " W_RUN, lab->dir, lab->mailbox);
	assert_string_equal(before, after);
	/* Exactly the copy's three, and nothing that both had. */
	lab_sh("for n in 4 5 6; do cmp %s/x/spool/out/*-$n.seg %s/w/spool/in/*-$n.seg || exit 1; "
	       "done; test $(ls %s/w/spool/in | wc -l) = 3",
	    lab->dir, lab->dir, lab->dir);
	/* The writer goes on as a new incarnation; that is not held up. */
	lab_sh("rm %s/w/spool/out/*", lab->dir);
	lab_fill(lab, "w", 1, 0xb3, 1, 2, 1);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_true(lab_said(lab, "\"event\":\"delivered\""));
}

/* The laptop was put back to an older state, and has not written yet. */
static void
a_restored_writer_sees_what_it_wrote(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 3, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	lab_sh("cp -a %s/w %s/old", lab->dir, lab->dir);
	lab_fill(lab, "w", 1, 0xb2, 4, 8, 1);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	lab_sh("rm -rf %s/w && mv %s/old %s/w", lab->dir, lab->dir, lab->dir);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_true(lab_said(lab, "\"event\":\"foreign\""));
	lab_sh("test $(ls %s/w/spool/in | wc -l) = 5", lab->dir);
	/* It then writes other bytes where it had written before: refused, and told. */
	lab_fill(lab, "w", 1, 0xb2, 4, 4, 55);
	assert_int_equal(lab_exchange(lab, "w"), PARTIAL);
	assert_false(lab_said(lab, "\"event\":\"delivered\""));
}

/* Everything that would make git do more than keep objects. */
static void
odd_mailboxes_are_refused(void **state)
{
	static const char *const oddities[] = {
	    "mkdir hooks && printf '#!/bin/sh\\n' > hooks/post-receive",
	    "printf '/tmp\\n' > objects/info/alternates",
	    "printf '[include]\\n\\tpath = /tmp/x\\n' >> config",
	    "git config core.worktree /tmp",
	    "git config core.hooksPath /tmp",
	    "git config core.fsmonitor /tmp/x",
	    "git config extensions.partialClone x",
	    "printf x > shallow",
	    "printf x > commondir",
	    "printf x > config.worktree",
	    "mkdir -p refs/replace",
	    "mv objects o && ln -s o objects",
	    "mv refs r && ln -s r refs",
	    "mkdir l && ln -s ../../l refs/heads/l1",
	};
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 1, 1);
	for (size_t i = 0; i < sizeof(oddities) / sizeof(*oddities); i++) {
		lab_sh("rm -rf %s/mail/*.git %s/w/carry", lab->dir, lab->dir);
		assert_int_equal(lab_exchange(lab, "h"), DONE);
		lab_sh("cd %s/mail/%s.git && { %s; }", lab->dir, lab->mailbox, oddities[i]);
		if (lab_exchange(lab, "w") != INTEGRITY)
			fail_msg("taken as a mailbox after: %s", oddities[i]);
		lab_sh("test ! -e %s/mail/%s.git/refs/heads/l1/b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2",
		    lab->dir, lab->mailbox);
	}
	/* Sample hooks are harmless. */
	lab_sh("rm -rf %s/mail/*.git", lab->dir);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("mkdir %s/mail/%s.git/hooks && touch %s/mail/%s.git/hooks/x.sample", lab->dir,
	    lab->mailbox, lab->dir, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	/* A link in place of the mailbox. */
	lab_sh("cd %s/mail && mv %s.git y && ln -s y %s.git", lab->dir, lab->mailbox, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "w"), INTEGRITY);
}

/* A host that lies in one branch does not keep the others from coming. */
static void
a_bad_branch_is_told_and_others_come(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "h", 2, 0xc3, 1, 3, 1);
	lab_fill(lab, "h", 2, 0xc4, 1, 2, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	/* A commit as any git makes it on top of 0xc3's. */
	lab_sh("cd %s/mail/%s.git && export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x "
	       "GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x && git update-ref refs/heads/" H_RUN
	       " $(git commit-tree -m s -p " H_RUN " " H_RUN "^{tree})",
	    lab->dir, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "w"), INTEGRITY);
	lab_sh("test $(ls %s/w/spool/in | grep -c c4c4) = 2", lab->dir);
	/* A right commit around a blob that is another's segment. */
	lab_sh("cd %s/mail/%s.git && git update-ref refs/heads/l2/"
	       "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3 "
	       "$(git rev-parse l2/c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4)",
	    lab->dir, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "w"), INTEGRITY);
	lab_sh("test $(ls %s/w/spool/in | grep -c c3c3) = 0", lab->dir);
}

static void
a_flipped_bit_is_found(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "h", 2, 0xc3, 1, 3, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	/* Another blob's bytes under the blob's name: the hash does not fit. */
	lab_sh("cd %s/mail/%s.git/objects && a=$(git rev-parse " H_RUN
	       ":s) && b=$(git rev-parse " H_RUN
	       "~1:s) && A=$(echo $a | sed 's,^..,&/,') && B=$(echo $b | sed 's,^..,&/,') && "
	       "cp -f $B $A",
	    lab->dir, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "w"), INTEGRITY);
	lab_sh("test $(ls %s/w/spool/in | wc -l) = 2", lab->dir);
}

static void
mailboxes_are_made_as_they_should_be(void **state)
{
	static const char *const settings[] = {"core.fsync=committed",
	    "receive.denyNonFastForwards=true", "receive.denyDeletes=true", "receive.autogc=false",
	    "gc.auto=0", "uploadpack.allowReachableSHA1InWant=true", "core.bare=true"};
	struct lab *lab = *state;

	assert_int_equal(lab_exchange(lab, "h"), DONE);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		lab_sh("git -C %s/mail/%s.git config --list | grep -qix '%s'", lab->dir,
		    lab->mailbox, settings[i]);
	lab_sh("test ! -e %s/mail/%s.git/hooks && test $(stat -c %%a %s/mail/%s.git) = 700",
	    lab->dir, lab->mailbox, lab->dir, lab->mailbox);
	/* A shared folder: the group may write there too, also what comes later. */
	lab_sh("rm -rf %s/mail/* && chmod 2770 %s/mail", lab->dir, lab->dir);
	lab_fill(lab, "h", 2, 0xc3, 1, 1, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("cd %s/mail/%s.git && test $(stat -c %%a .) = 2770 && test -z \"$(find . -type d "
	       "! -perm -070)\" && test -z \"$(find . -type f ! -perm -040)\"",
	    lab->dir, lab->mailbox);
}

/* A stop in the midst of making a mailbox leaves nothing that looks like one. */
static void
a_half_made_mailbox_is_finished(void **state)
{
	struct lab *lab = *state;

	lab_sh("mkdir -p %s/mail/%s.git.part/objects && printf x > %s/mail/%s.git.part/config",
	    lab->dir, lab->mailbox, lab->dir, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("test ! -e %s/mail/%s.git.part", lab->dir, lab->mailbox);
	lab_fsck(lab);
}

static void
litter_is_swept_when_it_is_old(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("cd %s/mail/%s.git/objects && mkdir -p tmp_objdir-incoming-old/pack "
	       "tmp_objdir-incoming-new && touch tmp_objdir-incoming-old/pack/tmp_pack_x "
	       "pack/tmp_pack_old pack/tmp_pack_new tmp_object_git2_old && touch -d '2 hours ago' "
	       "tmp_objdir-incoming-old pack/tmp_pack_old tmp_object_git2_old",
	    lab->dir, lab->mailbox);
	/* Only the hub does it. */
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	lab_sh("test -e %s/mail/%s.git/objects/tmp_objdir-incoming-old", lab->dir, lab->mailbox);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("cd %s/mail/%s.git/objects && test ! -e tmp_objdir-incoming-old && test ! -e "
	       "pack/tmp_pack_old && test ! -e tmp_object_git2_old && test -e "
	       "tmp_objdir-incoming-new && test -e pack/tmp_pack_new",
	    lab->dir, lab->mailbox);
}

/* A mailbox that git packed and gc'ed is the same mailbox. */
static void
packed_mailboxes_are_read_too(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 30, 1);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	lab_sh("git -C %s/mail/%s.git gc -q && git -C %s/mail/%s.git pack-refs --all", lab->dir,
	    lab->mailbox, lab->dir, lab->mailbox);
	lab_fill(lab, "w", 1, 0xb2, 31, 33, 1);
	assert_int_equal(lab_exchange(lab, "w"), DONE);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_same(lab, "w", "h");
	lab_fsck(lab);
}

/* Eight writers into one mailbox at once, each with an incarnation of its own, and a reader. */
static void
many_at_once(void **state)
{
	struct lab *lab = *state;
	pid_t pids[8];

	assert_int_equal(lab_exchange(lab, "h"), DONE);
	for (int i = 0; i < 8; i++) {
		char who[16];

		(void)snprintf(who, sizeof(who), "w%d", i);
		lab_fill(lab, who, 1, (uint8_t)(0x10 + i), 1, 20, 1);
	}
	for (int i = 0; i < 8; i++) {
		char who[16];

		(void)snprintf(who, sizeof(who), "w%d", i);
		pids[i] = lab_start(lab, who, NULL);
	}
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	for (int i = 0; i < 8; i++)
		assert_int_equal(lab_wait(pids[i]), DONE);
	assert_int_equal(lab_exchange(lab, "h"), DONE);
	lab_sh("test $(ls %s/h/spool/in | wc -l) = 160", lab->dir);
	lab_fsck(lab);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
	    T(both_sides_get_everything),
	    T(what_we_have_does_not_come_again),
	    T(says_what_was_not_reached),
	    T(some_of_many_is_partial),
	    T(a_lost_store_is_made_again),
	    T(a_broken_store_is_made_again),
	    T(a_lost_mailbox_is_filled_again),
	    T(a_clone_is_shown_as_foreign),
	    T(a_restored_writer_sees_what_it_wrote),
	    T(odd_mailboxes_are_refused),
	    T(a_bad_branch_is_told_and_others_come),
	    T(a_flipped_bit_is_found),
	    T(mailboxes_are_made_as_they_should_be),
	    T(a_half_made_mailbox_is_finished),
	    T(litter_is_swept_when_it_is_old),
	    T(packed_mailboxes_are_read_too),
	    T(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
