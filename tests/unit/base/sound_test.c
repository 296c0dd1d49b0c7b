/* sound_test.c - names that are one when they are heard, and names that are not. */
#include "base/mem.h"
#include "base/sound.h"
#include "check.h"

static void
check_same(const char *a, const char *b)
{
	char x[SOUND_MAX + 1], y[SOUND_MAX + 1];

	assert_true(sound_key(x, a));
	assert_true(sound_key(y, b));
	if (strcmp(x, y) != 0)
		fail_msg("%s is heard as %s, %s as %s", a, x, b, y);
}

static void
heard_alike(void **state)
{
	static const char *const same[][2] = {{"juma", "djumah"}, {"rehema", "lehema"},
	    {"mohamed", "muhammad"}, {"mwanaisha", "manaisha"}, {"fatma", "fatima"},
	    {"khadija", "hadija"}, {"njoroge", "joroge"}, {"stephen", "stefan"},
	    {"philip", "filip"}, {"zawadi", "sawadi"}, {"swalehe", "salehe"},
	    {"catherine", "katerine"}, {"wanjiru", "wanjilu"}, {"chausiku", "kausiku"},
	    {"abdallah", "abdala"}, {"nyambura", "nambura"}, {"vivian", "fifian"}};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++)
		check_same(same[i][0], same[i][1]);
}

static void
heard_apart(void **state)
{
	static const char *const names[] = {"juma", "asha", "rehema", "daudi", "neema", "baraka",
	    "wanjiru", "otieno", "tatu", "yusufu", "lemayian", "naisula", "zawadi", "amani",
	    "fatuma", "hassan"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		for (size_t j = 0; j < i; j++) {
			char x[SOUND_MAX + 1], y[SOUND_MAX + 1];

			assert_true(sound_key(x, names[i]) && sound_key(y, names[j]));
			assert_string_not_equal(x, y);
		}
}

static void
has_none(void **state)
{
	char key[SOUND_MAX + 1];

	(void)state;
	assert_false(sound_key(key, ""));
	assert_false(sound_key(key, "a"));
	assert_false(sound_key(key, "ua"));
	assert_false(sound_key(key, "0712"));
	assert_false(sound_key(key, "\xd0\xb0\xd1\x88\xd0\xb0"));
	assert_false(sound_key(key, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddee"));
	assert_true(sound_key(key, "wy") == false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(heard_alike),
	    cmocka_unit_test(heard_apart),
	    cmocka_unit_test(has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
