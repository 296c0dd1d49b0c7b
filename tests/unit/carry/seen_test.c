/* seen_test.c - of a hub's mailboxes only those are looked into where something changed since: what
 * comes is found, and what is not sure is looked into all the same. Branches are written by the
 * real git and by our own code. */
#include "carry/seen.h"

#include "carry/bare.h"
#include "carry_lab.h"

#define W_RUN "refs/heads/l1/b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"

static int64_t now_ms;

static int64_t
made_mono(void *ctx)
{
	(void)ctx;
	return now_ms;
}

struct hub { /* its carrier, between two looks */
	struct lab *lab;
	struct os os;
	struct exchange ex;
	struct job_remote remote;
	char *mailbox;
	struct shape_place run;
	struct chain_link last;
};

static void
hub_open(struct hub *hub, struct lab *lab)
{
	struct pmj_error err;

	memset(hub, 0, sizeof(*hub));
	now_ms = 1000 * 1000;
	hub->lab = lab;
	hub->os = os_real;
	hub->os.mono_ms = made_mono;
	hub->ex = (struct exchange){.os = &hub->os, .write_lane = 2, .create = true};
	hub->ex.store = mem_printf("%s/h-carry", lab->dir);
	hub->remote.url = mem_printf("%s/mail", lab->dir);
	hub->remote.tokens = mem_strdup("1 aa\n");
	memset(hub->remote.mailbox, 0xaa, sizeof(hub->remote.mailbox));
	hub->run = lab_place(1, 0xb2, 0);
	hub->mailbox = bare_path(hub->remote.url, hub->remote.mailbox);
	check_ok(chain_setup(&err), &err);
	check_ok(fs_make_dir(&os_real, hub->ex.store, &err), &err);
	check_ok(bare_make(hub->mailbox, &err), &err);
}

static void
hub_close(struct hub *hub)
{
	chain_teardown();
	places_close(&hub->ex.have);
	spool_list_close(&hub->ex.out);
	free(hub->ex.store);
	free(hub->mailbox);
	free(hub->remote.url);
	free(hub->remote.tokens);
}

/* A segment more in the mailbox, by our own code as the gate does it. */
static void
comes(struct hub *hub)
{
	struct shape_place place = hub->run;
	git_oid was = hub->last.commit;
	git_repository *repo;
	struct pmj_error err;
	struct buf bytes;

	buf_init(&bytes, 0);
	place.segno = hub->last.segno + 1;
	lab_segment(&bytes, &place, 1);
	check_ok(bare_open(&repo, hub->mailbox, &err), &err);
	check_ok(
	    chain_add(repo, &hub->last, place.segno > 1 ? &was : NULL, place.segno, &bytes, &err),
	    &err);
	check_ok(branch_move(repo, &hub->run, &hub->last.commit, &was, &err), &err);
	git_repository_free(repo);
	buf_close(&bytes);
}

/* One look, so many milliseconds after the one before. Was it looked into? ahead: it showed what is
 * not taken in yet. */
static bool
look(struct hub *hub, int64_t later_ms, size_t ahead)
{
	struct seen_look look;
	struct seen seen;
	bool looked;

	now_ms += later_ms;
	seen_open(&seen, &hub->ex);
	looked = !seen_before(&seen, &look, &hub->remote);
	if (looked) {
		hub->ex.ahead += ahead;
		seen_note(&seen, &look);
	}
	seen_close(&seen, false);
	return looked;
}

/* Looked into until that is sure, and then no more. */
static void
settles(struct hub *hub)
{
	assert_true(look(hub, 20000, 0));
	assert_true(look(hub, 20000, 0));
	assert_false(look(hub, 20000, 0));
	assert_false(look(hub, 1, 0));
	/* The clock is ours, the disk's times are not: its steps are of some milliseconds. */
	(void)nanosleep(&(struct timespec){0, 30 * 1000 * 1000}, NULL);
}

static void
what_comes_is_found_and_found_again(void **state)
{
	struct hub hub;

	hub_open(&hub, *state);
	settles(&hub);
	for (int i = 0; i < 5; i++) {
		comes(&hub);
		settles(&hub);
	}
	/* By plain git: a branch that is there, another one, packed branches, a removed one. */
	lab_sh("git -C %s update-ref " W_RUN " " W_RUN "~1", hub.mailbox);
	settles(&hub);
	lab_sh("git -C %s update-ref refs/heads/l1/cccccccccccccccccccccccccccccccc " W_RUN,
	    hub.mailbox);
	settles(&hub);
	lab_sh("git -C %s pack-refs --all", hub.mailbox);
	settles(&hub);
	lab_sh("git -C %s update-ref -d " W_RUN, hub.mailbox);
	settles(&hub);
	lab_sh("git -C %s update-ref refs/heads/l2/cccccccccccccccccccccccccccccccc "
	       "refs/heads/l1/cccccccccccccccccccccccccccccccc",
	    hub.mailbox);
	settles(&hub);
	lab_sh("echo > %s/tokens", hub.mailbox); /* somebody else writes the gate's file */
	settles(&hub);
	/* Another folder in its place, as from a backup. */
	lab_sh("cp -a %s %s.old && rm -rf %s && mv %s.old %s", hub.mailbox, hub.mailbox,
	    hub.mailbox, hub.mailbox, hub.mailbox);
	settles(&hub);
	hub_close(&hub);
}

/* What the hub itself has to do there. */
static void
what_waits_is_brought(void **state)
{
	struct hub hub;
	struct shape_place place = lab_place(1, 0xb2, 3);
	char *out;
	struct pmj_error err;

	hub_open(&hub, *state);
	settles(&hub);
	places_add(&hub.ex.have, &place);
	settles(&hub);
	hub.ex.have.items[0].segno = 1; /* a hub that was restored */
	settles(&hub);
	lab_fill(hub.lab, "h", 2, 0xc3, 1, 2, 1);
	out = mem_printf("%s/h/spool/out", hub.lab->dir);
	check_ok(spool_scan(&hub.ex.out, out, &err), &err);
	settles(&hub);
	hub.ex.out.count--; /* a receipt came */
	settles(&hub);
	hub.remote.tokens[0] = '2';
	settles(&hub);
	free(out);
	hub_close(&hub);
}

static void
it_is_looked_into_all_the_same(void **state)
{
	struct hub hub;

	hub_open(&hub, *state);
	/* Within the disk's own step nothing is sure, however often it is looked into. */
	for (int i = 0; i < 4; i++)
		assert_true(look(&hub, 900, 0));
	assert_true(look(&hub, 900, 0));
	assert_false(look(&hub, 900, 0));
	/* What is not taken in, and what failed, which is not noted at all. */
	comes(&hub);
	for (int i = 0; i < 4; i++)
		assert_true(look(&hub, 20000, 1));
	settles(&hub);
	/* A clock that began anew; a day; a file that cannot be read, and none. */
	assert_true(look(&hub, -500000, 0));
	assert_true(look(&hub, 20000, 0));
	assert_false(look(&hub, 20000, 0));
	assert_false(look(&hub, 23 * 3600 * 1000, 0));
	assert_true(look(&hub, 3600 * 1000, 0));
	assert_false(look(&hub, 20000, 0));
	lab_sh("echo x >> %s/seen", hub.ex.store);
	settles(&hub);
	seen_forget(hub.ex.store);
	settles(&hub);
	hub_close(&hub);
}

/* News are of some mailboxes: what is known of the others stays. */
static void
the_others_stay_known(void **state)
{
	struct hub hub;
	struct seen seen;

	hub_open(&hub, *state);
	settles(&hub);
	seen_open(&seen, &hub.ex);
	seen_close(&seen, true);
	assert_false(look(&hub, 20000, 0));
	seen_open(&seen, &hub.ex);
	seen_close(&seen, false); /* one that is no mailbox of ours any more is forgotten */
	settles(&hub);
	hub_close(&hub);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
	    T(what_comes_is_found_and_found_again),
	    T(what_waits_is_brought),
	    T(it_is_looked_into_all_the_same),
	    T(the_others_stay_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
