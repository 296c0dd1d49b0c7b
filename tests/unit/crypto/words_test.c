#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "crypto/words.h"

static struct pmj_error err;

static void
check_list(const char *lang)
{
	struct words *words;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/words/%s.txt", PAMOJA_CONF_DIR, lang);
	check_ok(words_read(&words, &os_real, path, &err), &err);
	for (unsigned i = 0; i < 2048; i++)
		assert_int_equal(words_index(words, words_at(words, i)), i);
	assert_int_equal(words_index(words, "zzzz"), -1);
	words_free(words);
}

static void
test_lists(void **state)
{
	(void)state;
	check_list("en");
	check_list("sw");
}

static struct words *
english(void)
{
	struct words *words;

	check_ok(words_read(&words, &os_real, PAMOJA_CONF_DIR "/words/en.txt", &err), &err);
	return words;
}

static unsigned
count_known(const struct words *words, const char *six)
{
	char copy[WORDS_SIX_MAX], *rest = copy, *word;
	unsigned known = 0;

	(void)snprintf(copy, sizeof(copy), "%s", six);
	while ((word = strtok_r(rest, " ", &rest)) != NULL)
		known += words_index(words, word) >= 0;
	return known;
}

static void
test_passphrase(void **state)
{
	struct words *words = english();
	char one[WORDS_SIX_MAX], two[WORDS_SIX_MAX];

	(void)state;
	words_passphrase(words, one, sizeof(one));
	words_passphrase(words, two, sizeof(two));
	assert_int_equal(count_known(words, one), 6);
	assert_string_not_equal(one, two);
	words_free(words);
}

/* The bits were reckoned apart, with another implementation of BLAKE2b and Argon2id; the words are
 * those numbers in the list. */
static void
test_of_key(void **state)
{
	static const unsigned want[6] = {1336, 1130, 92, 1015, 628, 1884};
	struct words *words = english();
	char six[WORDS_SIX_MAX], expected[WORDS_SIX_MAX];
	struct words_last last = {0};
	uint8_t key[32];

	(void)state;
	memset(key, 7, sizeof(key));
	check_ok(words_of_key(words, &last, six, sizeof(six), key, sizeof(key), &err), &err);
	(void)snprintf(expected, sizeof(expected), "%s %s %s %s %s %s", words_at(words, want[0]),
	    words_at(words, want[1]), words_at(words, want[2]), words_at(words, want[3]),
	    words_at(words, want[4]), words_at(words, want[5]));
	assert_string_equal(six, expected);
	/* Again, from what was kept; then another key, which is not taken for this one. */
	memset(six, 0, sizeof(six));
	check_ok(words_of_key(words, &last, six, sizeof(six), key, sizeof(key), &err), &err);
	assert_string_equal(six, expected);
	key[31]++;
	check_ok(words_of_key(words, &last, six, sizeof(six), key, sizeof(key), &err), &err);
	assert_string_not_equal(six, expected);
	words_free(words);
}

static void
refuse(const char *text, const char *why)
{
	char path[] = "/tmp/pamoja-words-XXXXXX";
	int fd = mkstemp(path);
	struct words *words;
	enum pmj_code rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	rc = words_read(&words, &os_real, path, &err);
	(void)unlink(path);
	check_code(rc, PMJ_INVALID);
	assert_null(words);
	if (strstr(err.message, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}

static void
test_bad_lists(void **state)
{
	static char many[2049 * 9 + 1];
	size_t used = 0;
	struct words *words;

	(void)state;
	refuse("# source\n", "0 words");
	refuse("# source\nApple\n", "line 2");
	refuse("ab\n", "line 1");
	refuse("abcdefghi\n", "line 1");
	for (unsigned i = 0; i < 2048; i++)
		used += (size_t)sprintf(
		    many + used, "w%c%c%c\n", 'a' + i / 26 / 26, 'a' + i / 26 % 26, 'a' + i % 26);
	memmove(many + 5 * 2000, many + 5, 5);
	refuse(many, "waab twice");
	memset(many + 5 * 2000, 'z', 4);
	(void)sprintf(many + used, "last\n");
	refuse(many, "more than 2048");
	check_code(words_read(&words, &os_real, "/nonexistent/en.txt", &err), PMJ_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_passphrase),
	    cmocka_unit_test(test_of_key),
	    cmocka_unit_test(test_bad_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
