/* receive_test.c - plain git, which asks pamoja-gate before it moves a branch: real pushes into a
 * real mailbox, of chains that our own code made and of others. */
#include "gate/receive.h"

#include "carry/bare.h"
#include "carry/branch.h"
#include "carry_lab.h"
#include "crypto/prim.h"

#define RUN "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define W_RUN "refs/heads/l1/" RUN

static char own_path[512];

struct push_lab {
	struct lab lab;
	char *box, *from; /* the mailbox, and a laptop's repository */
	struct chain_link last;
};

/* The hook is this very program. */
static int
open_lab(void **state)
{
	struct push_lab *p = mem_new(sizeof(*p));
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct pmj_error err;

	lab_open(&p->lab);
	lab_sh("mkdir %s/mail %s/hooks", p->lab.dir, p->lab.dir);
	lab_sh("printf '#!/bin/sh\\nexec %s --receive\\n' > %s/hooks/pre-receive", own_path,
	    p->lab.dir);
	lab_sh("chmod 755 %s/hooks/pre-receive", p->lab.dir);
	memset(mailbox, 0xaa, sizeof(mailbox));
	p->box = mem_printf("%s/mail/%s.git", p->lab.dir, p->lab.mailbox);
	p->from = mem_printf("%s/from.git", p->lab.dir);
	check_ok(bare_make(p->box, &err), &err);
	check_ok(bare_make(p->from, &err), &err);
	*state = p;
	return 0;
}

static int
close_lab(void **state)
{
	struct push_lab *p = *state;

	lab_close(&p->lab);
	free(p->box);
	free(p->from);
	free(p);
	return 0;
}

/* The laptop's chain goes on by segments of the run; seed tells them apart. */
static void
add(struct push_lab *p, uint8_t incarnation, int count, unsigned seed)
{
	struct shape_place run = lab_place(1, 0xb2, 0);
	git_repository *repo;
	struct pmj_error err;
	struct buf bytes;

	buf_init(&bytes, 0);
	check_ok(bare_open(&repo, p->from, &err), &err);
	for (int i = 0; i < count; i++) {
		struct shape_place place = lab_place(1, incarnation, p->last.segno + 1);
		git_oid was = p->last.commit;

		lab_segment(&bytes, &place, seed);
		check_ok(chain_add(repo, &p->last, place.segno > 1 ? &was : NULL, place.segno,
		             &bytes, &err),
		    &err);
		check_ok(branch_move(repo, &run, &p->last.commit, &was, &err), &err);
	}
	git_repository_free(repo);
	buf_close(&bytes);
}

/* Did git take it, and what did it say? who: as which user of a web server; what: the refspecs. */
static bool
push(const struct push_lab *p, const char *who, const char *what)
{
	return lab_shell(NULL, 0,
	           "REMOTE_USER=%s git -c safe.directory='*' -C %s push --receive-pack="
	           "'git -c safe.directory=* -c core.hooksPath=%s/hooks receive-pack' %s %s >%s "
	           "2>&1",
	           who, p->from, p->lab.dir, p->box, what, p->lab.out) == 0;
}

static void
refused(const struct push_lab *p, const char *who, const char *what, const char *words)
{
	assert_false(push(p, who, what));
	assert_true(lab_said(&p->lab, words));
}

static void
a_chain_of_segments_is_taken(void **state)
{
	struct push_lab *p = *state;

	add(p, 0xb2, 3, 1);
	assert_true(push(p, "device", W_RUN));
	add(p, 0xb2, 2, 1);
	assert_true(push(p, "device", W_RUN));
	lab_sh("test $(git -c safe.directory='*' -C %s rev-list --count " W_RUN ") = 5", p->box);
	/* Of users that are not ours to know both lanes may come. */
	assert_true(push(p, "somebody", W_RUN ":refs/heads/l1/" RUN));
	lab_fsck(&p->lab);
}

static void
anything_else_is_not(void **state)
{
	struct push_lab *p = *state;

	add(p, 0xb2, 3, 1);
	refused(p, "hub", W_RUN, "lane 1 is not yours to write");
	refused(p, "device", W_RUN ":refs/heads/main", "is no name of a run");
	refused(p, "device", W_RUN ":refs/heads/l1/bb", "is no name of a run");
	refused(p, "device", W_RUN ":refs/tags/l1", "is no name of a run");
	/* Segments of another run, and lane. */
	refused(p, "device", W_RUN ":refs/heads/l1/cccccccccccccccccccccccccccccccc", "pamoja: ");
	refused(p, "somebody", W_RUN ":refs/heads/l2/" RUN, "pamoja: ");
	/* One good branch does not carry a bad one. */
	refused(p, "device", W_RUN " " W_RUN ":refs/heads/x", "is no name of a run");
	lab_sh("test -z \"$(git -c safe.directory='*' -C %s for-each-ref)\"", p->box);
	assert_true(push(p, "device", W_RUN));
	/* What is no segment at all; a branch taken back, or away. */
	lab_sh(
	    "cd %s && git -c safe.directory='*' -c user.name=a -c user.email=a@b commit-tree -m s "
	    "-p " W_RUN " $(git -c safe.directory='*' mktree </dev/null) > %s/odd",
	    p->from, p->lab.dir);
	lab_sh("git -c safe.directory='*' -C %s update-ref refs/heads/odd $(cat %s/odd)", p->from,
	    p->lab.dir);
	refused(p, "device", "refs/heads/odd:" W_RUN, "pamoja: ");
	lab_sh("git -C %s config receive.denyNonFastForwards false", p->box);
	lab_sh("git -C %s config receive.denyDeletes false", p->box);
	refused(p, "device", "+" W_RUN "~1:" W_RUN, "does not go on from where the branch is");
	refused(p, "device", ":" W_RUN, "is not removed by a push");
	lab_sh("test $(git -c safe.directory='*' -C %s rev-list --count " W_RUN ") = 3", p->box);
	lab_fsck(&p->lab);
}

static void
writers_and_room_count(void **state)
{
	struct push_lab *p = *state;

	add(p, 0xb2, 3, 1);
	lab_sh("printf '1 %%064d\\n' 7 > %s/writers", p->box);
	refused(p, "device", W_RUN, "not signed by who writes here");
	lab_sh("rm %s/writers; echo 60000 > %s/limit", p->box, p->box);
	add(p, 0xb2, 17, 1);
	refused(p, "device", W_RUN, "the mailbox is full");
	lab_sh("echo 6000000 > %s/limit", p->box);
	assert_true(push(p, "device", W_RUN));
	lab_sh("grep -q '^0*[1-9]' %s/used", p->box);
}

static void
elsewhere_it_judges_nothing(void **state)
{
	struct push_lab *p = *state;

	lab_sh("cd %s && ! %s --receive </dev/null 2>%s", p->lab.dir, own_path, p->lab.out);
	assert_true(lab_said(&p->lab, "this is no mailbox"));
	lab_sh("cd %s && ! echo 'x y' | %s --receive 2>%s", p->box, own_path, p->lab.out);
	assert_true(lab_said(&p->lab, "does not read"));
}

int
main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_lab, close_lab)
	const struct CMUnitTest tests[] = {
	    T(a_chain_of_segments_is_taken),
	    T(anything_else_is_not),
	    T(writers_and_room_count),
	    T(elsewhere_it_judges_nothing),
	};
	struct pmj_error err;

	prim_start();
	if (argc == 2 && strcmp(argv[1], "--receive") == 0) {
		enum pmj_code rc = receive_judge(stdin, &err);

		if (rc != PMJ_OK)
			(void)fprintf(stderr, "pamoja: %s\n", err.message);
		/* Behind its fence a sanitizer cannot look for leaks. */
		(void)fflush(stderr);
		_exit(pmj_code_exit(rc));
	}
	if (readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) < 0 ||
	    chain_setup(&err) != PMJ_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
