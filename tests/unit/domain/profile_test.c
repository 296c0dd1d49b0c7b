/* A country's rules: what a file may say, what it may not, and what they ask of the kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/profile.h"

#define HEAD "[profile]\nname = ke\nversion = 3\ntitle.en = Kenya\n"

static void
kinds_of_ours(struct kinds *kinds)
{
	assert_int_equal(kinds_read(kinds, &os_real, PAMOJA_CONF_DIR "/kinds", NULL), PMJ_OK);
}

static enum pmj_code
read_text(struct profile *out, const char *text, struct pmj_error *err)
{
	memset(err, 0, sizeof(*err));
	return profile_read_text(out, "ke.ini", text, strlen(text), err);
}

static void
says_all(void **state)
{
	struct profile profile;
	struct pmj_error err;

	(void)state;
	assert_int_equal(
	    read_text(&profile,
	        HEAD "title.sw = Kenya\ncrosses = needs | housing\nconsent_needs = person | "
	             "recipient | purpose | information | how | form\nconsent_signed = written | "
	             "spoken\nlook_back_years = 7\nleast = 20\nnotice = redisclosure_ke\n"
	             "accounting = list_ke\nemergency.en = Call 999.\nemergency.sw = Piga 999.\n"
	             "draft = yes\n"
	             "[route research]\nopen = no\n[route audit]\nunder.en = section 53\n"
	             "[duty breach]\nof = incident\nwhen = kind is breach\nhours = 72\nto.en = the "
	             "office\n[keep consent]\nyears = 6\nfrom = changed\nbut = mistake | law\n"
	             "[keep need]\ndays = 9\n",
	        &err),
	    PMJ_OK);
	assert_string_equal(profile.name, "ke");
	assert_int_equal(profile.version, 3);
	assert_int_equal(profile.crosses_count, 2);
	assert_int_equal(profile.needs_count, 6);
	assert_string_equal(profile.signs[1], "spoken");
	assert_int_equal(profile.look_back_years, 7);
	assert_int_equal(profile.least, 20);
	assert_string_equal(profile.notice, "redisclosure_ke");
	assert_string_equal(profile.accounting, "list_ke");
	assert_string_equal(profile.emergency.in[LANG_SW], "Piga 999.");
	assert_true(profile.draft);
	assert_true(profile_route(&profile, "research")->shut);
	assert_false(profile_route(&profile, "audit")->shut);
	assert_string_equal(profile_route(&profile, "audit")->under.in[LANG_EN], "section 53");
	assert_null(profile_route(&profile, "emergency"));
	assert_int_equal(profile.duty_count, 1);
	assert_string_equal(profile.duties[0].field, "kind");
	assert_string_equal(profile.duties[0].value, "breach");
	assert_int_equal(profile.duties[0].hours, 72);
	assert_int_equal(profile.retain.count, 2);
	assert_int_equal(profile.retain.rules[0].days, 6 * 366);
	assert_true(profile.retain.rules[0].changed);
	assert_false(retain_holds(&profile.retain.rules[0], "law"));
	assert_true(retain_holds(&profile.retain.rules[0], "done"));
	assert_int_equal(profile.retain.rules[1].days, 9);
	profile_close(&profile);
}

/* What is left out is as the program has it: nothing crosses, nothing is looser. */
static void
says_little(void **state)
{
	static const char *const words[] = {"needs"};
	struct profile profile;
	struct pmj_error err;

	(void)state;
	assert_int_equal(read_text(&profile, HEAD, &err), PMJ_OK);
	assert_false(profile_crosses(&profile, words, 1));
	assert_int_equal(profile.needs_count + profile.signs_count, 0);
	assert_int_equal(profile.look_back_years, PROFILE_LOOK_BACK_YEARS);
	assert_int_equal(profile.least, 0);
	assert_false(profile.draft);
	assert_string_equal(profile.notice, "redisclosure");
	assert_string_equal(profile.accounting, "accounting");
	assert_int_equal(profile.route_count + profile.duty_count + profile.retain.count, 0);
	profile_close(&profile);
}

static void
wrong_lines_are_named(void **state)
{
	static const struct {
		const char *text, *message;
	} wrong[] = {
	    {"", "begins with the section [profile]"},
	    {"[keep consent]\nyears = 6\n", "begins with the section [profile]"},
	    {"[profile]\nversion = 3\ntitle.en = Kenya\n", "line 1: [profile] has no name"},
	    {"[profile]\nname = ke\ntitle.en = Kenya\n", "has no version"},
	    {"[profile]\nname = ke\nversion = 0\ntitle.en = Kenya\n", "has no version"},
	    {"[profile]\nname = ../x\nversion = 1\ntitle.en = Kenya\n", "has no name"},
	    {HEAD "look_back = 3\n", "line 5: "},
	    {HEAD "look_back_years = 0\n", "line 5: look_back_years = 0 is out of range"},
	    {HEAD "look_back_years = 101\n", "line 5: look_back_years = 101 is out of range"},
	    {HEAD "look_back_years = 3x\n", "line 5: look_back_years = 3x is not a whole number"},
	    {HEAD "least = 10\n", "line 5: least = 10 is out of range"},
	    {HEAD "draft = maybe\nemergency.en = 999\n", "line 5: draft = maybe"},
	    {HEAD "draft = yes\n", "line 5: draft = yes, and nobody to call"},
	    {HEAD "notice = ../../etc\n", "line 5: notice = ../../etc is no name"},
	    {HEAD "consent_needs = person | recipient | purpose | information\n",
	        "line 5: consent_needs leaves out how"},
	    {HEAD "[route give]\nopen = no\n",
	        "line 6: the way to the person themself cannot be shut"},
	    {HEAD "[route audit]\nopen = maybe\n", "line 6: open = maybe is not known"},
	    {HEAD "[duty a]\nof = incident\nwhen = breach\nhours = 1\nto.en = x\n",
	        "line 7: when = breach is not understood"},
	    {HEAD "[duty a]\nof = incident\nwhen = kind is breach\nto.en = x\n",
	        "line 5: [duty a] has no hours"},
	    {HEAD "[duty a]\nof = incident\nwhen = kind is breach\nhours = 8761\nto.en = x\n",
	        "line 8: hours = 8761 is out of range"},
	    {HEAD "[duty a]\nwhen = kind is breach\nhours = 1\nto.en = x\n",
	        "line 5: [duty a] has no of"},
	    {HEAD "[keep consent]\n", "line 5: say one of years and days"},
	    {HEAD "[keep consent]\nyears = 6\nmonths = 1\n", "line 7: there is no months"},
	    {HEAD "[forget]\ncauses = a\n", "line 5: a profile has no section [forget]"},
	    {HEAD "[other]\n", "line 5: a profile has no section [other]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct profile profile;
		struct pmj_error err;

		if (read_text(&profile, wrong[i].text, &err) != PMJ_INVALID ||
		    strstr(err.message, wrong[i].message) == NULL || err.hint[0] == '\0' ||
		    profile.name != NULL)
			fail_msg("%s\ngave: %s (%s)", wrong[i].text, err.message, err.hint);
	}
}

/* Those that ship are read, and fit what ships. */
static void
shipped_ones_fit(void **state)
{
	static const char *const names[] = {"ke", "tz", "us"};
	struct kinds kinds;
	struct pmj_error err = {0};

	(void)state;
	kinds_of_ours(&kinds);
	for (size_t i = 0; i < COUNT(names); i++) {
		char *path = mem_printf("%s/profiles/%s.ini", PAMOJA_CONF_DIR, names[i]);
		struct profile profile;

		if (profile_read(&profile, &os_real, path, &err) != PMJ_OK ||
		    profile_fits(&profile, &kinds, &err) != PMJ_OK)
			fail_msg("%s: %s", err.message, err.hint);
		assert_string_equal(profile.name, names[i]);
		assert_non_null(profile.title.in[LANG_SW]);
		assert_non_null(profile.emergency.in[LANG_SW]);
		assert_true(profile.draft == (strcmp(names[i], "us") != 0));
		for (size_t d = 0; d < profile.duty_count; d++)
			assert_non_null(profile.duties[d].to.in[LANG_SW]);
		profile_close(&profile);
		free(path);
	}
	kinds_close(&kinds);
}

static void
what_there_is_not(void **state)
{
	static const struct {
		const char *text, *message;
	} wrong[] = {
	    {HEAD "consent_needs = person | recipient | purpose | information | how | stamp\n",
	        "line 5: there is no field stamp"},
	    {HEAD "consent_signed = sung\n",
	        "line 5: there is no way to give a consent called sung"},
	    {HEAD "[route wish]\n", "line 5: there is no way without a consent called wish"},
	    {HEAD "[route tell]\n", "line 5: there is no way without a consent called tell"},
	    {HEAD "[duty a]\nof = nothing\nwhen = kind is breach\nhours = 1\nto.en = x\n",
	        "line 5: there is no kind nothing"},
	    {HEAD "[duty a]\nof = contact\nwhen = kind is phone\nhours = 1\nto.en = x\n",
	        "line 5: a contact has no day"},
	    {HEAD "[duty a]\nof = incident\nwhen = colour is red\nhours = 1\nto.en = x\n",
	        "line 5: there is no field colour"},
	    {HEAD "[keep nothing]\nyears = 6\n", "line 5: there is no kind nothing"},
	};
	struct kinds kinds;

	(void)state;
	kinds_of_ours(&kinds);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct profile profile;
		struct pmj_error err;

		assert_int_equal(read_text(&profile, wrong[i].text, &err), PMJ_OK);
		if (profile_fits(&profile, &kinds, &err) != PMJ_INVALID ||
		    strstr(err.message, wrong[i].message) == NULL || err.hint[0] == '\0')
			fail_msg("%s\ngave: %s (%s)", wrong[i].text, err.message, err.hint);
		profile_close(&profile);
	}
	kinds_close(&kinds);
}

/* What the country asks of a consent takes the place of what its kind asks; nothing else changes.
 */
static void
laid_over_the_kinds(void **state)
{
	struct kinds kinds;
	struct profile profile;
	struct pmj_error err;
	const struct kind *consent;
	size_t before;

	(void)state;
	kinds_of_ours(&kinds);
	consent = kinds_get(&kinds, "consent");
	before = consent->consent_needs_count;
	assert_int_equal(read_text(&profile, HEAD "consent_signed = spoken\n", &err), PMJ_OK);
	profile_lay_over(&profile, &kinds);
	profile_close(&profile);
	assert_int_equal(consent->consent_signed_count, 1);
	assert_string_equal(consent->consent_signed[0], "spoken");
	assert_int_equal(consent->consent_needs_count, before);
	assert_int_equal(
	    read_text(&profile,
	        HEAD "consent_needs = person | recipient | purpose | information | how\n", &err),
	    PMJ_OK);
	profile_lay_over(&profile, &kinds);
	profile_close(&profile);
	assert_int_equal(consent->consent_needs_count, 5);
	assert_int_equal(consent->consent_signed_count, 1);
	kinds_close(&kinds);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(says_all),
	    cmocka_unit_test(says_little), cmocka_unit_test(wrong_lines_are_named),
	    cmocka_unit_test(shipped_ones_fit), cmocka_unit_test(what_there_is_not),
	    cmocka_unit_test(laid_over_the_kinds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
