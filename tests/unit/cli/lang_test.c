/* The catalogue in use: formats as keys, finished messages recognised by their format. */
#include "cli/lang.h"

#include <stdlib.h>

#include "check.h"

static void
says(const char *english, const char *swahili)
{
	char *text = lang_message(english);

	assert_string_equal(text, swahili);
	free(text);
}

static void
test_english_stays(void **state)
{
	(void)state;
	lang_use("en");
	assert_string_equal(lang_text("yes"), "yes");
	says("Pamoja is locked", "Pamoja is locked");
}

static void
test_texts(void **state)
{
	(void)state;
	lang_use("sw");
	assert_string_equal(lang_text("yes"), "ndiyo");
	assert_string_equal(lang_text("no catalogue has this"), "no catalogue has this");
}

static void
test_messages(void **state)
{
	(void)state;
	lang_use("sw");
	says("", "");
	says("Pamoja is locked", "Pamoja imefungwa");
	says("wait 30 seconds, then try again", "subiri sekunde 30, kisha jaribu tena");
	says("there is no person \"a \"b\" here\" here", "hakuna person \"a \"b\" here\" hapa");
	says("minutes = many is not a whole number", "minutes = many si namba nzima");
	says("nobody wrote this: ever", "nobody wrote this: ever");
}

/* What a person typed is never taken for words of ours, whatever it looks like. */
static void
test_what_was_typed_stays(void **state)
{
	(void)state;
	lang_use("sw");
	says("there is no kind yes", "hakuna aina yes");
	says("\"%s%n%999999s\" is not a date", "\"%s%n%999999s\" si tarehe");
	says("\"Pamoja is locked\" is not a date", "\"Pamoja is locked\" si tarehe");
}

static void
test_words_in_front(void **state)
{
	(void)state;
	lang_use("sw");
	says("/tmp/x: Pamoja is locked", "/tmp/x: Pamoja imefungwa");
	says("a: b: c: wrong passphrase", "a: b: c: nywila si sahihi");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_english_stays),
	    cmocka_unit_test(test_texts), cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_what_was_typed_stays), cmocka_unit_test(test_words_in_front)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
