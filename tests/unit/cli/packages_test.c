/* Versions as dpkg orders them, and asked of dpkg itself where it is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "cli/packages.h"

static const struct {
	const char *a;
	int order; /* -1, 0, 1 */
	const char *b;
} pairs[] = {
    {"1.5.1+ds-1+deb12u2", 0, "1.5.1+ds-1+deb12u2"},
    {"1.5.1+ds-1+deb12u1", -1, "1.5.1+ds-1+deb12u2"},
    {"1.5.1+ds-1", -1, "1.5.1+ds-1+deb12u2"},
    {"1.5.1-2", -1, "1.5.1+ds-1"},
    {"1.9.0+ds-2", 1, "1.5.1+ds-1+deb12u2"},
    {"1.10.0-3+deb12u1", 1, "1.9.9-9"},
    {"1.10.0-3", -1, "1.10.0-3+deb12u1"},
    {"3.40.1-2+deb12u2", 1, "3.40.1-2+deb12u1"},
    {"3.40.1-2+deb12u10", 1, "3.40.1-2+deb12u2"},
    {"1.0.18-1+deb12u1", 1, "1.0.18-1"},
    {"1.0.18-1+deb12u1", -1, "1.0.20-1"},
    {"1.0~rc1-1", -1, "1.0-1"},
    {"1.0~~", -1, "1.0~"},
    {"1:1.0-1", 1, "9.9-9"},
    {"0:1.0-1", 0, "1.0-1"},
    {"1.0", 0, "1.0-0"},
    {"1.0-a", 1, "1.0"},
    {"1.00-1", 0, "1.0-1"},
    {"1.2a", -1, "1.2+"},
    {"1-2-3", 1, "1-1-4"},
};

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
orders_as_dpkg(void **state)
{
	bool dpkg = system("dpkg --version >/dev/null 2>&1") == 0;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_int_equal(sign(packages_compare(pairs[i].a, pairs[i].b)), pairs[i].order);
		assert_int_equal(sign(packages_compare(pairs[i].b, pairs[i].a)), -pairs[i].order);
		if (dpkg) {
			char *command = mem_printf(
			    "dpkg --compare-versions '%s' %s '%s' 2>/dev/null", pairs[i].a,
			    pairs[i].order < 0    ? "lt"
			    : pairs[i].order == 0 ? "eq"
			                          : "gt",
			    pairs[i].b);

			assert_int_equal(system(command), 0);
			free(command);
		}
	}
}

static void
finds_what_is_installed(void **state)
{
	static const char list[] = "ii  libgit2-1.5 1.5.1+ds-1+deb12u2\n"
	                           "rc  libgit2-1.7 1.7.2+ds-1\n"
	                           "ii  libgit2-1.1 1.1.0+dfsg.1-4\n"
	                           "un  libssh2-1 <none>\n"
	                           "ii  libssh2-1t64 1.11.1-1\n"
	                           "ii \n"
	                           "ii  libsqlite3-0 3.40.1-2";
	char version[64];

	(void)state;
	assert_int_equal(packages_needed_count, 4);
	assert_true(packages_find(version, sizeof(version), list, &packages_needed[0]));
	assert_string_equal(version, "1.5.1+ds-1+deb12u2");
	assert_true(packages_find(version, sizeof(version), list, &packages_needed[1]));
	assert_string_equal(version, "1.11.1-1");
	assert_false(packages_find(version, sizeof(version), list, &packages_needed[2]));
	assert_true(packages_find(version, sizeof(version), list, &packages_needed[3]));
	assert_true(packages_compare(version, packages_needed[3].least) < 0);
	packages_upstream(version, sizeof(version), "1:1.5.1+ds-1+deb12u2");
	assert_string_equal(version, "1.5.1");
	packages_upstream(version, sizeof(version), "3.40.1-2");
	assert_string_equal(version, "3.40.1");
	packages_upstream(version, sizeof(version), "");
	assert_string_equal(version, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(orders_as_dpkg),
	    cmocka_unit_test(finds_what_is_installed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
