/* Stopped at any instant, and with power cut right after a promise: what then? */
#include "sync_trace.h"

static uint32_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Start one of the errands that there are, and stop it at some instant. */
static void
start_and_kill(const struct lab *lab)
{
	char stick[96];
	char remote[160];
	const char *parcel[] = {"--remote", remote, "--parcel", stick, NULL};
	const char *who = draw(3) == 0 ? "h" : "w";
	pid_t pid;

	(void)snprintf(stick, sizeof(stick), "%s/stick", lab->dir);
	(void)snprintf(remote, sizeof(remote), "%s=%s/mail", lab->mailbox, lab->dir);
	pid = lab_start(lab, who, draw(3) == 0 ? parcel : NULL);
	(void)usleep(draw(60000));
	(void)kill(pid, SIGKILL);
	(void)lab_wait(pid);
}

static void
a_kill_is_finished_by_the_next_run(void **state)
{
	struct lab *lab = *state;
	uint64_t up = 0;
	uint64_t down = 0;

	for (int round = 0; round < 25; round++) {
		uint64_t more = 1 + draw(8);

		lab_fill(lab, "w", 1, 0xb2, up + 1, up + more, 1);
		lab_fill(lab, "h", 2, 0xc3, down + 1, down + 1, 1);
		up += more;
		down++;
		for (uint32_t kills = draw(4); kills > 0; kills--)
			start_and_kill(lab);
		assert_int_equal(lab_exchange(lab, "h"), 0);
		assert_false(lab_said(lab, "\"foreign\""));
		assert_int_equal(lab_exchange(lab, "w"), 0);
		assert_false(lab_said(lab, "\"foreign\""));
		assert_true(lab_said(lab, "\"delivered\""));
		assert_int_equal(lab_exchange(lab, "h"), 0);
		/* Unfinished files of a stopped run may lie there; they are not segments. */
		lab_sh("rm -f %s/?/spool/in/*.part", lab->dir);
		lab_same(lab, "w", "h");
		lab_same(lab, "h", "w");
	}
	lab_fsck(lab);
	lab_sh("test -z \"$(find %s/mail -name '*.lock')\"", lab->dir);
}

/* ---- power cuts: what was synced when `delivered` was said? ---- */

/* Run ourselves (--once) under strace and follow every name that appears under `where`. */
static void
trace_once(const struct lab *lab, const char *who, const char *more, const char *where,
    struct trace *trace)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/trace", lab->dir);
	lab_sh(TRACE_COMMAND "%s $(readlink /proc/%d/exe) --once --spool %s/%s/spool "
	                     "--store %s/%s/carry --write %s --remote %s=%s/mail %s >/dev/null",
	    path, (int)getpid(), lab->dir, who, lab->dir, who, who[0] == 'h' ? "2 --create" : "1",
	    lab->mailbox, lab->dir, more);
	follow_file(trace, path, where);
}

static void
delivered_means_synced(void **state)
{
	struct lab *lab = *state;
	struct trace *trace = mem_new(sizeof(*trace));

	lab_fill(lab, "h", 2, 0xc3, 1, 3, 1);
	lab_fill(lab, "w", 1, 0xb2, 1, 5, 1);
	trace_once(lab, "h", "", "/mail/", trace); /* makes the mailbox, too */
	assert_int_equal(trace->promises, 1);
	trace_once(lab, "w", "", "/mail/", trace);
	assert_int_equal(trace->promises, 2);
	/* 3 objects a segment, 2 branches, HEAD and config, the mailbox itself. */
	assert_int_equal(trace->renames, 8 * 3 + 2 + 2 + 1);
	names_close(&trace->synced);
	names_close(&trace->owed);
	free(trace);
}

/* A run that was stopped wrote an object and did not sync its folder; the next finds the object
 * there, and must sync before it promises. */
static void
what_was_there_is_synced_too(void **state)
{
	struct lab *lab = *state;
	char line[4096];
	char path[128];
	struct names synced = {.count = 0};
	FILE *said;

	lab_fill(lab, "w", 1, 0xb2, 1, 2, 1);
	assert_int_equal(lab_exchange(lab, "h"), 0);
	assert_int_equal(lab_exchange(lab, "w"), 0);
	lab_sh("rm -r %s/mail/%s.git/refs/heads/l1", lab->dir, lab->mailbox);
	(void)snprintf(path, sizeof(path), "%s/trace", lab->dir);
	lab_sh("ASAN_OPTIONS=detect_leaks=0 strace -f -y -e trace=fsync -o %s $(readlink "
	       "/proc/%d/exe) --once --spool "
	       "%s/w/spool --store %s/w/carry --write 1 --remote %s=%s/mail >/dev/null",
	    path, (int)getpid(), lab->dir, lab->dir, lab->mailbox, lab->dir);
	said = fopen(path, "re");
	assert_non_null(said);
	while (fgets(line, sizeof(line), said) != NULL) {
		const char *at = line;
		char name[512];

		if (between(name, sizeof(name), &at, "<", ">") && strstr(name, "/mail/") != NULL &&
		    strstr(name, "/objects/") != NULL)
			names_add(&synced, name);
	}
	(void)fclose(said);
	/* 6 objects, and the folders that they are in: at least one more. */
	assert_true(synced.count > 6);
	names_close(&synced);
}

static void
carried_means_synced(void **state)
{
	struct lab *lab = *state;
	struct trace *trace = mem_new(sizeof(*trace));
	char more[128];

	(void)snprintf(more, sizeof(more), "--parcel %s/stick", lab->dir);
	lab_fill(lab, "w", 1, 0xb2, 1, 5, 1);
	trace_once(lab, "w", more, "/stick/", trace);
	assert_int_equal(trace->promises, 5);
	assert_int_equal(trace->renames, 5);
	names_close(&trace->synced);
	names_close(&trace->owed);
	free(trace);
}

int
main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
	    T(a_kill_is_finished_by_the_next_run),
	    T(delivered_means_synced),
	    T(what_was_there_is_synced_too),
	    T(carried_means_synced),
	};
	const char *given = getenv("SEED");
	struct pmj_error err;

	if (argc > 1 && strcmp(argv[1], "--once") == 0)
		return pmj_code_exit(once_run(argc - 2, argv + 2, &err));
	if (!lab_has("strace")) {
		(void)puts("strace is needed: install the package strace");
		return 1;
	}
	seed = given != NULL ? (uint32_t)strtoul(given, NULL, 10) : (uint32_t)time(NULL);
	(void)printf("SEED=%u\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
