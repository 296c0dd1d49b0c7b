/* What was typed: hidden from the process list, sorted into words and options. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "cli/args.h"

static const struct option global[] = {
    {"home", "DIR", ""}, {"json", NULL, ""}, {"help", NULL, ""}, {NULL, NULL, NULL}};
static const struct option own[] = {{"limit", "N", ""}, {"all", NULL, ""}, {NULL, NULL, NULL}};
static const struct option *const tables[] = {global, own, NULL};

static void
sorts_words_and_options(void **state)
{
	char *argv[] = {"find", "--json", "juma", "--limit", "3", "--home=/x", "-", "--", "--all",
	    "name=--json", NULL};
	struct pmj_error err;
	struct args args;
	char *joined;
	long limit;

	(void)state;
	check_ok(args_parse(&args, argv, tables, &err), &err);
	assert_int_equal(args.count, 5);
	assert_string_equal(args.words[2], "-");
	assert_string_equal(args.words[3], "--all");
	assert_true(args_has(&args, "json"));
	assert_false(args_has(&args, "all"));
	assert_string_equal(args_value(&args, "home"), "/x");
	check_ok(args_number(&limit, &args, "limit", 7, &err), &err);
	assert_int_equal(limit, 3);
	joined = args_join(&args, 1);
	assert_string_equal(joined, "juma - --all name=--json");
	free(joined);
	args_close(&args);
}

static void
refuses_with_a_hint(void **state)
{
	static const struct {
		char *argv[4];
		const char *message, *hint;
	} cases[] = {
	    {{"list", "--limt", "3", NULL}, "--limt", "--limit"},
	    {{"list", "--xyzzy", NULL}, "--xyzzy", "xyzzy=VALUE"},
	    {{"list", "--state=open", NULL}, "--state=open", "dashes: state=VALUE"},
	    {{"list", "--limit", NULL}, "needs a value", ""},
	    {{"list", "--json=yes", NULL}, "takes no value", ""},
	    {{"list", "-x", NULL}, "-x", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pmj_error err = {0};
		struct args args;

		check_code(args_parse(&args, (char **)cases[i].argv, tables, &err), PMJ_USAGE);
		assert_non_null(strstr(err.message, cases[i].message));
		assert_non_null(strstr(err.hint, cases[i].hint));
	}
}

static void
counts_are_counts(void **state)
{
	static char *const bad[] = {"0", "-1", "x", "3x", "", "100001", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *argv[] = {"--limit", bad[i], NULL};
		struct pmj_error err;
		struct args args;
		long limit;

		check_ok(args_parse(&args, argv, tables, &err), &err);
		check_code(args_number(&limit, &args, "limit", 7, &err), PMJ_INVALID);
		args_close(&args);
	}
}

static void
finds_the_first_word(void **state)
{
	char *plain[] = {"status", NULL};
	char *behind[] = {"--home", "/x", "--json", "hub", "merge", NULL};
	char *nothing[] = {"--help", NULL};

	(void)state;
	assert_int_equal(args_first_word(plain, global), 0);
	assert_int_equal(args_first_word(behind, global), 3);
	assert_int_equal(args_first_word(nothing, global), 1);
}

/* The same program again, as the child: hides its arguments and shows what the system still knows
 * of them. */
static int
hidden_child(int argc, char **argv)
{
	char **kept = args_hide(argc, argv);
	char seen[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, seen, sizeof(seen));

	if (argc != 3 || strcmp(kept[1], "hide") != 0 || strcmp(kept[2], "note=Needle") != 0)
		return 1;
	if (len <= 0 || memmem(seen, (size_t)len, "Needle", 6) != NULL ||
	    memmem(seen, (size_t)len, "hide", 4) != NULL)
		return 2;
	return argv[2][0] == '\0' && kept[3] == NULL ? 0 : 3;
}

static void
hides_from_the_process_list(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0) {
		(void)execl("/proc/self/exe", "pamoja", "hide", "note=Needle", (char *)NULL);
		_exit(9);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorts_words_and_options),
	    cmocka_unit_test(refuses_with_a_hint),
	    cmocka_unit_test(counts_are_counts),
	    cmocka_unit_test(finds_the_first_word),
	    cmocka_unit_test(hides_from_the_process_list),
	};

	if (argc > 1)
		return hidden_child(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
