/* Commits that segments determine: against the known answer, against the real git, and against
 * everything that is nearly one. */
#include <dlfcn.h>

#include "carry/bare.h"
#include "carry/branch.h"
#include "carry/chain.h"
#include "carry_lab.h"

struct fix {
	struct lab lab;
	char *path;
	git_repository *repo;
};

static int
open_fix(void **state)
{
	struct fix *fix = mem_new(sizeof(*fix));
	struct pmj_error err;

	lab_open(&fix->lab);
	fix->path = fs_join(fix->lab.dir, "x.git");
	check_ok(bare_make(fix->path, &err), &err);
	check_ok(bare_open(&fix->repo, fix->path, &err), &err);
	*state = fix;
	return 0;
}

static int
close_fix(void **state)
{
	struct fix *fix = *state;

	git_repository_free(fix->repo);
	lab_close(&fix->lab);
	free(fix->path);
	free(fix);
	return 0;
}

static void
check_id(const git_oid *id, const char *want)
{
	check_hex(id->id, GIT_OID_RAWSZ, want);
}

/* The format specification, section 14. */
static void
makes_the_known_commit(void **state)
{
	struct fix *fix = *state;
	struct chain_link link;
	struct pmj_error err;
	struct buf bytes;

	buf_init(&bytes, 0);
	check_ok(fs_read(&bytes, &os_real, TESTS_DIR "/unit/carry/known.seg", 8192, &err), &err);
	check_ok(chain_add(fix->repo, &link, NULL, 1, &bytes, &err), &err);
	check_id(&link.blob, "7e202dd70604c4760a0e5763e6c07bd73f756819");
	check_id(&link.tree, "eabf895b5c1b573a5c5687dce9785501cdb9ecde");
	check_id(&link.commit, "1f551152d3affead579ca0de2355c7811eb22ffe");
	buf_close(&bytes);
}

/* Each commit made once by us and once by git. */
static void
git_makes_the_same(void **state)
{
	struct fix *fix = *state;
	struct shape_place place = lab_place(1, 0xb2, 1);
	char parent[80] = "";
	char ours[GIT_OID_HEXSZ + 1];
	char theirs[64];
	git_oid last;
	struct pmj_error err;
	struct buf bytes;

	buf_init(&bytes, 0);
	for (place.segno = 1; place.segno <= 12; place.segno++) {
		char *file = fs_join(fix->lab.dir, "s");
		struct chain_link link;

		lab_segment(&bytes, &place, 7);
		check_ok(fs_write(&os_real, file, bytes.bytes, bytes.len, &err), &err);
		check_ok(chain_add(fix->repo, &link, place.segno > 1 ? &last : NULL, place.segno,
		             &bytes, &err),
		    &err);
		last = link.commit;
		assert_int_equal(
		    lab_shell(theirs, sizeof(theirs),
		        "mkdir -p %s/g && cd %s/g && git init -q 2>/dev/null; b=$(git hash-object "
		        "-w %s) && t=$(printf '100644 blob %%s\\ts\\n' $b | git mktree) && "
		        "export GIT_AUTHOR_NAME=pamoja GIT_AUTHOR_EMAIL=pamoja@invalid "
		        "GIT_COMMITTER_NAME=pamoja GIT_COMMITTER_EMAIL=pamoja@invalid "
		        "GIT_AUTHOR_DATE='@%d +0000' GIT_COMMITTER_DATE='@%d +0000' && "
		        "printf s | git commit-tree $t %s",
		        fix->lab.dir, fix->lab.dir, file, (int)place.segno, (int)place.segno,
		        parent),
		    0);
		assert_string_equal(git_oid_tostr(ours, sizeof(ours), &last), theirs);
		(void)snprintf(parent, sizeof(parent), "-p %s", theirs);
		free(file);
	}
	buf_close(&bytes);
}

#define TREE "tree eabf895b5c1b573a5c5687dce9785501cdb9ecde\n"
#define PARENT "parent 1f551152d3affead579ca0de2355c7811eb22ffe\n"
#define WHO "pamoja <pamoja@invalid>"

static void
nearly_right_is_wrong(void **state)
{
	static const char *const good[] = {
	    TREE "author " WHO " 1 +0000\ncommitter " WHO " 1 +0000\n\ns",
	    TREE PARENT "author " WHO " 2 +0000\ncommitter " WHO " 2 +0000\n\ns",
	};
	static const char *const bad[] = {
	    "",
	    "tree ",
	    TREE,
	    TREE "author " WHO " 1 +0000\ncommitter " WHO " 1 +0000\n\ns\n",
	    TREE "author " WHO " 1 +0000\ncommitter " WHO " 1 +0000\n\n",
	    TREE "author " WHO " 1 +0000\ncommitter " WHO " 2 +0000\n\ns",
	    TREE "author " WHO " 01 +0000\ncommitter " WHO " 01 +0000\n\ns",
	    TREE "author " WHO " 0 +0000\ncommitter " WHO " 0 +0000\n\ns",
	    TREE "author " WHO " -1 +0000\ncommitter " WHO " -1 +0000\n\ns",
	    TREE "author " WHO " 1 +0100\ncommitter " WHO " 1 +0100\n\ns",
	    TREE "author " WHO " 2 +0000\ncommitter " WHO " 2 +0000\n\ns",
	    TREE PARENT "author " WHO " 1 +0000\ncommitter " WHO " 1 +0000\n\ns",
	    TREE PARENT PARENT "author " WHO " 2 +0000\ncommitter " WHO " 2 +0000\n\ns",
	    TREE "author pamoja <x@invalid> 1 +0000\ncommitter " WHO " 1 +0000\n\ns",
	    TREE "author " WHO " 1 +0000\ncommitter " WHO " 1 +0000\nencoding UTF-8\n\ns",
	    TREE "author " WHO " 1 +0000\ncommitter " WHO " 1 +0000\ngpgsig x\n\ns",
	    "tree EABF895B5C1B573A5C5687DCE9785501CDB9ECDE\nauthor " WHO " 1 +0000\ncommitter " WHO
	    " 1 +0000\n\ns",
	    "tree  abf895b5c1b573a5c5687dce9785501cdb9ecde\nauthor " WHO " 1 +0000\ncommitter " WHO
	    " 1 +0000\n\ns",
	};
	struct chain_link link;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(chain_commit_read(&link, (const uint8_t *)good[i], strlen(good[i])));
	assert_int_equal(link.segno, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (chain_commit_read(&link, (const uint8_t *)bad[i], strlen(bad[i])))
			fail_msg("taken as a commit: %s", bad[i]);
	assert_false(chain_commit_read(&link, (const uint8_t *)"tree \0", 6));
}

/* A chain of count commits in the fix's repository; the branch is not moved. */
static void
grow(struct fix *fix, struct chain_link *links, size_t count, unsigned seed)
{
	struct shape_place place = lab_place(1, 0xb2, 1);
	struct pmj_error err;
	struct buf bytes;

	buf_init(&bytes, 0);
	for (size_t i = 0; i < count; i++) {
		place.segno = i + 1;
		lab_segment(&bytes, &place, seed);
		check_ok(chain_add(fix->repo, &links[i], i > 0 ? &links[i - 1].commit : NULL, i + 1,
		             &bytes, &err),
		    &err);
	}
	buf_close(&bytes);
}

static void
walks_what_is_above(void **state)
{
	struct fix *fix = *state;
	struct chain_link links[9];
	struct chain_links got;
	struct pmj_error err;
	struct buf bytes;
	struct shape_place run = lab_place(1, 0xb2, 0);

	buf_init(&bytes, 0);
	grow(fix, links, 9, 1);
	check_ok(chain_walk(fix->repo, &got, &links[8].commit, 0, &err), &err);
	assert_int_equal(got.count, 9);
	assert_memory_equal(got.items, links, sizeof(links));
	check_ok(chain_segment(fix->repo, &bytes, &run, &got.items[4], &err), &err);
	chain_links_close(&got);
	check_ok(chain_walk(fix->repo, &got, &links[8].commit, 6, &err), &err);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.items[0].segno, 7);
	chain_links_close(&got);
	check_ok(chain_walk(fix->repo, &got, &links[8].commit, 9, &err), &err);
	assert_int_equal(got.count, 0);
	/* A segment under another run's branch is no segment of it. */
	run.incarnation[0] ^= 1;
	check_code(chain_segment(fix->repo, &bytes, &run, &links[4], &err), PMJ_INTEGRITY);
	buf_close(&bytes);
}

/* git-facts: the local transport overwrote a second writer. The loser must see it. */
static void
the_second_mover_loses(void **state)
{
	struct fix *fix = *state;
	struct chain_link ours[3];
	struct chain_link theirs[3];
	struct shape_place run = lab_place(1, 0xb2, 0);
	const git_oid none = {{0}};
	struct pmj_error err;
	git_oid now;

	grow(fix, ours, 3, 1);
	grow(fix, theirs, 3, 2);
	check_ok(branch_move(fix->repo, &run, &ours[0].commit, &none, &err), &err);
	check_code(branch_move(fix->repo, &run, &theirs[0].commit, &none, &err), PMJ_BUSY);
	check_ok(branch_move(fix->repo, &run, &ours[1].commit, &ours[0].commit, &err), &err);
	check_code(
	    branch_move(fix->repo, &run, &theirs[2].commit, &ours[0].commit, &err), PMJ_BUSY);
	check_ok(branch_tip(fix->repo, &now, &run, &err), &err);
	assert_true(git_oid_equal(&now, &ours[1].commit));
}

/* The same with two processes at one instant, many times over. */
static void
of_two_racers_one_wins(void **state)
{
	struct fix *fix = *state;
	struct chain_link links[2][2];
	const git_oid none = {{0}};

	grow(fix, links[0], 2, 1);
	grow(fix, links[1], 2, 2);
	for (int round = 0; round < 40; round++) {
		struct shape_place run = lab_place(1, (uint8_t)round, 0);
		struct pmj_error err;
		pid_t pids[2];
		int good = 0;
		git_oid now;

		for (int i = 0; i < 2; i++)
			if ((pids[i] = fork()) == 0) {
				git_repository *repo = NULL;

				if (bare_open(&repo, fix->path, &err) != PMJ_OK)
					_exit(99);
				_exit(
				    (int)branch_move(repo, &run, &links[i][1].commit, &none, &err));
			}
		for (int i = 0; i < 2; i++) {
			int status = lab_wait(pids[i]);

			assert_true(status == PMJ_OK || status == PMJ_BUSY);
			good += status == PMJ_OK ? 1 : 0;
		}
		assert_int_equal(good, 1);
		check_ok(branch_tip(fix->repo, &now, &run, &err), &err);
		assert_false(git_oid_is_zero(&now));
	}
}

/* A program stopped while it held git's lock must not stop the branch for ever. */
static void
a_dead_lock_is_taken_away(void **state)
{
	struct fix *fix = *state;
	struct chain_link links[1];
	struct shape_place run = lab_place(1, 0xb2, 0);
	const git_oid none = {{0}};
	char name[BRANCH_NAME_ROOM];
	struct pmj_error err;

	grow(fix, links, 1, 1);
	branch_name(name, &run);
	lab_sh("mkdir -p %s/refs/heads/l1 && touch -d '1 minute ago' %s/%s.lock", fix->path,
	    fix->path, name);
	check_ok(branch_move(fix->repo, &run, &links[0].commit, &none, &err), &err);
}

static void
a_broken_object_is_written_again(void **state)
{
	struct fix *fix = *state;
	struct chain_link first[1];
	struct chain_link again[1];
	struct chain_links got;
	struct pmj_error err;
	char hex[GIT_OID_HEXSZ + 1];

	grow(fix, first, 1, 1);
	git_oid_tostr(hex, sizeof(hex), &first[0].commit);
	lab_sh("cd %s/objects/%.2s && chmod u+w %s && : > %s", fix->path, hex, hex + 2, hex + 2);
	git_repository_free(fix->repo);
	check_ok(bare_open(&fix->repo, fix->path, &err), &err);
	assert_int_not_equal(chain_walk(fix->repo, &got, &first[0].commit, 0, &err), PMJ_OK);
	grow(fix, again, 1, 1);
	check_ok(chain_walk(fix->repo, &got, &again[0].commit, 0, &err), &err);
	assert_int_equal(got.count, 1);
	chain_links_close(&got);
}

static void
trees_of_another_form_are_refused(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;
	struct chain_link link;
	git_oid commit;
	char hex[64];

	for (int i = 0; i < 3; i++) {
		static const char *const trees[] = {"100755 blob %s\\ts\\n",
		    "100644 blob %s\\tt\\n", "100644 blob %s\\ts\\n100644 blob $b\\tz\\n"};

		assert_int_equal(
		    lab_shell(hex, sizeof(hex),
		        "cd %s && b=$(echo x | git hash-object -w --stdin) && t=$(printf \"%s\" "
		        "$b | git mktree) && printf 'tree %%s\\nauthor " WHO
		        " 1 +0000\\ncommitter " WHO " 1 +0000\\n\\ns' $t | "
		        "git hash-object -w -t commit --stdin",
		        fix->path, trees[i]),
		    0);
		assert_int_equal(git_oid_fromstr(&commit, hex), 0);
		check_code(chain_look(fix->repo, &link, &commit, &err), PMJ_INTEGRITY);
	}
}

/* The first of all: what follows runs in the library that was ended and started again. */
static void
started_anew_is_as_before(void **state)
{
	git_buf path = {NULL, 0, 0};
	struct pmj_error err;
	int checked = 1;

	(void)state;
	check_ok(chain_setup_anew(&err), &err);
	assert_int_equal(git_libgit2_opts(GIT_OPT_GET_OWNER_VALIDATION, &checked), 0);
	assert_int_equal(checked, 0);
	assert_int_equal(
	    git_libgit2_opts(GIT_OPT_GET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, &path), 0);
	assert_string_equal(path.ptr, "");
	git_buf_dispose(&path);
	assert_int_equal(git_libgit2_init(), 2); /* started once before this */
	assert_int_equal(git_libgit2_shutdown(), 1);
}

/* What libgit2 calls is the program's, which reads none; with another TLS it calls nothing of the
 * kind. */
static void
libgit2_reads_no_certificates(void **state)
{
	void *found = dlsym(RTLD_DEFAULT, "mbedtls_x509_crt_parse_file");
	Dl_info at;

	(void)state;
	if (found == NULL)
		return;
	assert_int_not_equal(dladdr(found, &at), 0);
	assert_non_null(strstr(at.dli_fname, "chain_test"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(libgit2_reads_no_certificates),
	    cmocka_unit_test(started_anew_is_as_before),
	    cmocka_unit_test_setup_teardown(makes_the_known_commit, open_fix, close_fix),
	    cmocka_unit_test_setup_teardown(git_makes_the_same, open_fix, close_fix),
	    cmocka_unit_test(nearly_right_is_wrong),
	    cmocka_unit_test_setup_teardown(walks_what_is_above, open_fix, close_fix),
	    cmocka_unit_test_setup_teardown(the_second_mover_loses, open_fix, close_fix),
	    cmocka_unit_test_setup_teardown(of_two_racers_one_wins, open_fix, close_fix),
	    cmocka_unit_test_setup_teardown(a_dead_lock_is_taken_away, open_fix, close_fix),
	    cmocka_unit_test_setup_teardown(a_broken_object_is_written_again, open_fix, close_fix),
	    cmocka_unit_test_setup_teardown(trees_of_another_form_are_refused, open_fix, close_fix),
	};
	struct pmj_error err;

	if (chain_setup(&err) != PMJ_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
