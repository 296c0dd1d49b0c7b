#include "check.h"
#include "crypto/keyfile.h"

static struct pmj_error err;

static void
test_rules(void **state)
{
	static const struct {
		const char *passphrase, *worker, *why; /* why NULL: taken */
	} cases[] = {
	    {"a herd of goats at noon", "Amina Odhiambo", NULL},
	    {"nyumba kumi kando ya ziwa", NULL, NULL},
	    {"mali yangu yote ni haya", "Ali Hassan", NULL},
	    {"tu ali nguo zote safi", "Ali Hassan", "a name"},
	    {"thirteen char", "", "13 characters"},
	    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "", "7 characters"},
	    {"goats of Amina at noon", "Amina Odhiambo", "a name"},
	    {"goats-of-AMINA-at-noon", "amina", "a name"},
	    {"goats of jose at noon ok", "Jos\xc3\xa9 M", "a name"},
	    {"the tumaini river path", "Ann Tumaini Centre", "a name"},
	    {"gogogogogogogogogogo", "", "repeats"},
	    {"karibu sana karibu sana", "", "repeats"},
	    {"aaaaaaaaaaaaaaaaaaaa", "", "repeats"},
	    {"abcdefghijklmnopqrst", "", "keyboard"},
	    {"12345678901234567890", "", "repeats"},
	    {"123456789987654321", "", "keyboard"},
	    {"qwertyuiopasdfghjkl", "", "keyboard"},
	    {"zxcvbnm qwerty asdf 123", "", "keyboard"},
	    {"!!!!!!!!!!!!!!!!", "", "keyboard"},
	    {"administration", "", "commonest"},
	    {"Polniy-Pizdec 0211", "", "commonest"},
	    {"goats \xff\xfe at noon today", "", "not text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum pmj_code rc =
		    keyfile_passphrase_rules(cases[i].passphrase, cases[i].worker, &err);

		if ((rc == PMJ_OK) != (cases[i].why == NULL))
			fail_msg("case %zu \"%s\": %s", i, cases[i].passphrase, err.message);
		if (rc == PMJ_OK || cases[i].why == NULL)
			continue;
		check_code(rc, PMJ_INVALID);
		if (strstr(err.message, cases[i].why) == NULL)
			fail_msg(
			    "case %zu: \"%s\" does not say \"%s\"", i, err.message, cases[i].why);
		assert_null(strstr(err.message, cases[i].passphrase));
	}
}

static void
test_long_and_missing_list(void **state)
{
	char *text = malloc(1026);

	(void)state;
	memset(text, 'x', 1025);
	text[1025] = '\0';
	check_code(keyfile_passphrase_rules(text, NULL, &err), PMJ_INVALID);
	free(text);
	assert_int_equal(setenv("PAMOJA_CONF", "/nonexistent", 1), 0);
	check_code(keyfile_passphrase_rules("a herd of goats at noon", NULL, &err), PMJ_NOT_FOUND);
	assert_int_equal(unsetenv("PAMOJA_CONF"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_long_and_missing_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
