/* Settings files: what inih would cut or skip is refused, with line and mend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "pamoja/limits.h"

static enum pmj_code
read_text(struct conf *conf, const char *text, struct pmj_error *err)
{
	memset(err, 0, sizeof(*err));
	return conf_read_text(conf, "x.ini", text, strlen(text), err);
}

static void
reads_items_in_order(void **state)
{
	struct conf conf;
	struct pmj_error err;

	(void)state;
	assert_int_equal(read_text(&conf,
	                     "\xef\xbb\xbf; note\r\ntop = 1\r\n\r\n[sync]\r\n  every = 300  "
	                     "\r\nempty =\n# x ; y\n"
	                     "name: caf\xc3\xa9;bar\n[none]",
	                     &err),
	    PMJ_OK);
	assert_int_equal(conf.count, 4);
	assert_string_equal(conf.items[0].section, "");
	assert_string_equal(conf.items[0].key, "top");
	assert_int_equal(conf.items[1].line, 5);
	assert_string_equal(conf_get(&conf, "sync", "every")->value, "300");
	assert_string_equal(conf_get(&conf, "sync", "empty")->value, "");
	assert_string_equal(conf_get(&conf, "sync", "name")->value, "caf\xc3\xa9;bar");
	assert_null(conf_get(&conf, "sync", "nothing"));
	assert_int_equal(conf.section_count, 2);
	assert_string_equal(conf.sections[1].name, "none");
	assert_int_equal(conf.sections[1].line, 9);
	conf_close(&conf);
}

static void
takes_a_line_of_the_longest(void **state)
{
	char text[CONF_LINE_MAX + 40];
	struct conf conf;
	struct pmj_error err;

	(void)state;
	memset(text, 'v', sizeof(text));
	memcpy(text, "k = ", 4);
	text[CONF_LINE_MAX] = '\0';
	strcat(text, "\nnext = 2\n");
	assert_int_equal(read_text(&conf, text, &err), PMJ_OK);
	assert_int_equal(strlen(conf_get(&conf, "", "k")->value), CONF_LINE_MAX - 4);
	assert_string_equal(conf_get(&conf, "", "next")->value, "2");
	conf_close(&conf);
}

static void
refuses_with_line_and_mend(void **state)
{
	static const struct {
		const char *text, *message, *hint;
	} bad[] = {
	    {"a = 1\nb\n", "x.ini line 2: this is not a setting", "NAME = VALUE"},
	    {"a = 1\n[sync\nb = 2\n", "line 2: the section's name has no closing ]", "[section]"},
	    {"[]\n", "empty or too long", "49"},
	    {"[12345678901234567890123456789012345678901234567890]\n", "too long", "49"},
	    {"[ sync]\n", "begins or ends with a space", "spaces"},
	    {"[sync] x\n", "text after the section's ]", "line of its own"},
	    {"[sync]\na=1\n[x]\n[sync]\n", "line 4: section [sync] stands here a second time",
	        "line 1"},
	    {"a = 1\na = 2\n", "line 2: a has a second value", "line 1"},
	    {"\xef\xbb\xbf \t[sync]\na=1\n [sync]\na=2\n", "line 3: section [sync] stands",
	        "line 1"},
	    {"every = 5 ; minutes\n", "comment after a value", "line of its own"},
	    {" = 5\n", "no name before the =", "NAME = VALUE"},
	    {"a = caf\xe9\n", "line 1: the line is not UTF-8", "UTF-8"},
	    {"a = \x01\n", "control character", "remove"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conf conf;
		struct pmj_error err;
		assert_int_equal(read_text(&conf, bad[i].text, &err), PMJ_INVALID);
		if (strstr(err.message, bad[i].message) == NULL ||
		    strstr(err.hint, bad[i].hint) == NULL)
			fail_msg("case %zu: %s (%s)", i, err.message, err.hint);
		assert_null(conf.items);
		assert_null(conf.path);
	}
}

static void
refuses_long_lines_nul_and_big_files(void **state)
{
	char *text = malloc(PMJ_CONF_FILE_MAX + 2);
	struct conf conf;
	struct pmj_error err;

	(void)state;
	memset(text, 'x', PMJ_CONF_FILE_MAX + 1);
	text[PMJ_CONF_FILE_MAX + 1] = '\0';
	assert_int_equal(
	    conf_read_text(&conf, "x.ini", text, PMJ_CONF_FILE_MAX + 1, &err), PMJ_TOO_BIG);
	memcpy(text, "\nk = ", 5);
	text[CONF_LINE_MAX + 2] = '\0';
	assert_int_equal(read_text(&conf, text, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "line 2: the line is 1001 bytes long"));
	assert_non_null(strstr(err.hint, "1000"));
	assert_int_equal(conf_read_text(&conf, "x.ini", "a = \0b\n", 7, &err), PMJ_INVALID);
	for (size_t i = 0; i <= CONF_SECTION_KEYS_MAX; i++)
		sprintf(text + i * 8, "k%04zu=1\n", i);
	assert_int_equal(read_text(&conf, text, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "too many names"));
	for (size_t i = 0; i <= CONF_SECTIONS_MAX; i++)
		sprintf(text + i * 8, "[s%04zu]\n", i);
	assert_int_equal(read_text(&conf, text, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "line 501: the file has too many sections"));
	text[8 * CONF_SECTIONS_MAX] = '\0';
	assert_int_equal(read_text(&conf, text, &err), PMJ_OK);
	assert_int_equal(conf.section_count, CONF_SECTIONS_MAX);
	conf_close(&conf);
	free(text);
}

struct here {
	int64_t every;
	bool quiet;
	char *name;
};
static const struct setting table[] = {
    {"sync", "every", SETTING_INT, offsetof(struct here, every), 60, 86400, "seconds"},
    {"sync", "quiet", SETTING_FLAG, offsetof(struct here, quiet), 0, 0, NULL},
    {"who", "name", SETTING_TEXT, offsetof(struct here, name), 0, 10, NULL},
};

static enum pmj_code
settle(struct here *here, const char *text, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(here, 0, sizeof(*here));
	assert_int_equal(read_text(&conf, text, err), PMJ_OK);
	rc = conf_settings(here, &conf, table, 3, err);
	conf_close(&conf);
	return rc;
}

static void
settings_go_through_the_table(void **state)
{
	struct here here;
	struct pmj_error err;

	(void)state;
	assert_int_equal(
	    settle(&here, "[sync]\nevery = 300\nquiet = yes\n[who]\nname = J", &err), 0);
	assert_int_equal(here.every, 300);
	assert_true(here.quiet);
	assert_string_equal(here.name, "J");
	free(here.name);
	assert_int_equal(settle(&here, "[sync]\nevery = 5\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "x.ini line 2: every = 5 is too small"));
	assert_non_null(strstr(err.hint, "60 to 86400 seconds"));
	assert_int_equal(settle(&here, "[sync]\nevery = 86401\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "too big"));
	assert_int_equal(settle(&here, "[sync]\nevery = 60s\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "not a whole number"));
	assert_int_equal(settle(&here, "[sync]\nevry = 60\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "did you mean every?"));
	assert_int_equal(settle(&here, "[snc]\nevery = 60\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "did you mean sync?"));
	assert_int_equal(settle(&here, "[sync]\nquiet = maybe\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "quiet = yes"));
	assert_int_equal(settle(&here, "[who]\nname = 12345678901\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "too long"));
}

static void
reads_a_file(void **state)
{
	char path[] = "/tmp/conf_test.XXXXXX";
	int fd = mkstemp(path);
	struct conf conf;
	struct pmj_error err;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[a]\nb = c\n", 10), 10);
	close(fd);
	assert_int_equal(conf_read(&conf, &os_real, path, &err), PMJ_OK);
	assert_string_equal(conf_get(&conf, "a", "b")->value, "c");
	conf_close(&conf);
	unlink(path);
	assert_int_equal(conf_read(&conf, &os_real, path, &err), PMJ_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_items_in_order),
	    cmocka_unit_test(takes_a_line_of_the_longest),
	    cmocka_unit_test(refuses_with_line_and_mend),
	    cmocka_unit_test(refuses_long_lines_nul_and_big_files),
	    cmocka_unit_test(settings_go_through_the_table),
	    cmocka_unit_test(reads_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
