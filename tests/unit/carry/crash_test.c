/* Stopped at any instant, and with power cut right after a promise: what then? */
#include "carry_lab.h"

static uint32_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static int
open_lab(void **state)
{
	struct lab *lab = mem_new(sizeof(*lab));

	lab_open(lab);
	lab_sh("mkdir %s/mail %s/stick", lab->dir, lab->dir);
	*state = lab;
	return 0;
}

static int
close_lab(void **state)
{
	lab_close(*state);
	free(*state);
	return 0;
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

#define NAMES_MAX 8192

struct names {
	char *items[NAMES_MAX];
	size_t count;
};

static bool
names_has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static void
names_add(struct names *names, const char *name)
{
	assert_true(names->count < NAMES_MAX);
	if (!names_has(names, name))
		names->items[names->count++] = mem_strdup(name);
}

static void
names_remove(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0) {
			free(names->items[i]);
			names->items[i--] = names->items[--names->count];
		}
}

static void
names_close(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	names->count = 0;
}

/* The text between the first `open` and the next `close` behind it. */
static bool
between(char *out, size_t room, const char **at, const char *open, const char *close)
{
	const char *from = strstr(*at, open);
	const char *to;

	if (from == NULL || (to = strstr(from + strlen(open), close)) == NULL)
		return false;
	from += strlen(open);
	(void)snprintf(out, room, "%.*s", (int)(to - from), from);
	*at = to + strlen(close);
	return true;
}

static void
owe_folder_of(struct names *owed, const char *path)
{
	char *dir = fs_dirname(path);

	names_add(owed, dir);
	free(dir);
}

struct trace {
	struct names synced; /* files synced since they were named so */
	struct names owed;   /* folders with names that are not synced yet */
	size_t renames;
	size_t promises;
};

/* One line of strace's. Paths come back with every descriptor (-y). */
static void
follow(struct trace *trace, const char *line, const char *where)
{
	char a[512];
	char b[512];
	const char *at = line;

	if (strstr(line, " = -1 ") != NULL)
		return;
	if (strstr(line, "fsync(") != NULL || strstr(line, "fdatasync(") != NULL) {
		if (between(a, sizeof(a), &at, "<", ">")) {
			names_add(&trace->synced, a);
			names_remove(&trace->owed, a);
		}
	} else if (strstr(line, "rename") != NULL || strstr(line, "link(") != NULL ||
	           strstr(line, "linkat(") != NULL) {
		if (strstr(line, "unlink") != NULL || strstr(line, "readlink") != NULL ||
		    !between(a, sizeof(a), &at, "\"", "\"") ||
		    !between(b, sizeof(b), &at, "\"", "\"") || strstr(b, where) == NULL)
			return;
		trace->renames++;
		if (!names_has(&trace->synced, a))
			fail_msg("renamed before it was synced: %s", a);
		owe_folder_of(&trace->owed, b);
	} else if (strstr(line, "mkdir") != NULL) {
		if (between(a, sizeof(a), &at, "\"", "\"") && strstr(a, where) != NULL) {
			char *plain = mem_strdup(a);

			/* "x/y/" is made in "x". */
			while (plain[strlen(plain) - 1] == '/')
				plain[strlen(plain) - 1] = '\0';
			owe_folder_of(&trace->owed, plain);
			free(plain);
		}
	} else if (strstr(line, "write(1") != NULL &&
	           (strstr(line, "delivered") != NULL || strstr(line, "carried") != NULL)) {
		trace->promises++;
		for (size_t i = 0; i < trace->owed.count; i++)
			fail_msg(
			    "promised before this folder was synced: %s", trace->owed.items[i]);
	}
}

/* Run ourselves (--once) under strace and follow every name that appears under `where`. */
static void
trace_once(const struct lab *lab, const char *who, const char *more, const char *where,
    struct trace *trace)
{
	char line[4096];
	char path[128];
	FILE *said;

	(void)snprintf(path, sizeof(path), "%s/trace", lab->dir);
	lab_sh("ASAN_OPTIONS=detect_leaks=0 strace -f -y -s 300 -e "
	       "trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat,"
	       "mkdir,mkdirat,write -o %s $(readlink /proc/%d/exe) --once --spool %s/%s/spool "
	       "--store %s/%s/carry --write %s --remote %s=%s/mail %s >/dev/null",
	    path, (int)getpid(), lab->dir, who, lab->dir, who, who[0] == 'h' ? "2 --create" : "1",
	    lab->mailbox, lab->dir, more);
	said = fopen(path, "re");
	assert_non_null(said);
	while (fgets(line, sizeof(line), said) != NULL)
		follow(trace, line, where);
	(void)fclose(said);
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
#define T(f) cmocka_unit_test_setup_teardown(f, open_lab, close_lab)
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
