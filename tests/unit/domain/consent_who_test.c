/* Who signs a consent, who tells something under it, and what of it is not understood: with the
 * shipped kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "domain/consent.h"
#include "entries.h"

#define PERSON "0123456789abcdef"
#define WHOLE                                                                                      \
	"\"person\":\"" PERSON                                                                     \
	"\",\"recipient\":\"Kimana Clinic\",\"purpose\":[\"referral\"],\"information\":["          \
	"\"health\"],\"from\":\"2026-01-01\",\"expires\":\"2026-12-31\",\"how\":\"written\","      \
	"\"signed_on\":\"2026-01-01\",\"revocation_told\":true,\"state\":\"given\""

static struct kinds kinds;
static const struct kind *kind;

static const struct consent_request usual = {.recipient_name = "Kimana Clinic",
    .purpose = "referral",
    .on = "2026-11-23",
    .person = PERSON,
    .by_name = "Neema",
    .by_role = "ally"};

/* fields: of the consent, beside what is whole. later: set by an edit that knows of nothing, so
 * that both values stand; or NULL. */
static void
decide(struct consent_verdict *out, const char *fields, const char *later,
    const struct consent_request *request)
{
	struct entry *made, *changed = NULL;
	const struct entry *all[2];
	struct merge_record record;
	char set[900];

	snprintf(set, sizeof(set), "{" WHOLE "%s}", fields);
	made =
	    test_entry(&(struct test_line){.kind = "consent", .device = 1, .pt = 1000, .set = set});
	if (later != NULL)
		changed = test_entry(&(struct test_line){
		    .kind = "consent", .of = made, .device = 2, .pt = 2000, .set = later});
	all[0] = made;
	all[1] = changed;
	merge_record(&record, kind, all, changed != NULL ? 2 : 1);
	consent_decide(out, kind, &record, 1, all, changed != NULL ? 2 : 1, request);
	merge_record_close(&record);
	test_entry_free(made);
	if (changed != NULL)
		test_entry_free(changed);
}

#define USUALLY ",\"discloser\":\"care team\",\"signed_by\":\"the person\""

/* What a newer version of the kind asked may be what the person did not want. */
static void
what_is_not_understood(void **state)
{
	static const struct {
		const char *with;
		bool covers;
	} cases[] = {{"", true}, {",\"not_by_phone\":true", false},
	    {",\"not_by_phone\":false", false}, {",\"not_by_phone\":null", true},
	    {",\"never_to\":\"my brother\"", false}, {",\"never_to\":[]", false},
	    {",\"asked_again\":{\"declined\":true}", false}, {",\"note\":\"at ease\"", true}};
	struct consent_verdict verdict;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char with[160];

		snprintf(with, sizeof(with), USUALLY "%s", cases[i].with);
		decide(&verdict, with, NULL, &usual);
		if (verdict.covered != cases[i].covers ||
		    (!verdict.covered &&
		        (strstr(verdict.missing, "not understood here (") == NULL ||
		            strstr(verdict.hint, "pamoja sync") == NULL)))
			fail_msg("%s: %d %s (%s)", cases[i].with, verdict.covered, verdict.missing,
			    verdict.hint);
	}
	/* added elsewhere, later */
	decide(&verdict, USUALLY, "{\"never_to\":\"my brother\"}", &usual);
	assert_false(verdict.covered);
}

static void
who_may_tell(void **state)
{
	static const struct {
		const char *who;
		bool may;
	} cases[] = {{"care team", true}, {"Programme", true}, {"Neema", true}, {"neema", true},
	    {"Juma and Neema", true}, {"Juma, Neema; Asha", true}, {"Juma na Neema", true},
	    {"ally", true}, {"Neem", false}, {"Neema K.", false}, {"Juma", false},
	    {"the peers", false}, {"Juma and Neematu", false}};
	struct consent_request nobody = usual;
	struct consent_verdict verdict;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char with[160];

		snprintf(with, sizeof(with), ",\"signed_by\":\"the person\",\"discloser\":\"%s\"",
		    cases[i].who);
		decide(&verdict, with, NULL, &usual);
		if (verdict.covered != cases[i].may ||
		    (!verdict.covered && strstr(verdict.missing, "may share under it") == NULL))
			fail_msg("%s: %d %s", cases[i].who, verdict.covered, verdict.missing);
	}
	/* of two that stand each must admit */
	decide(&verdict, USUALLY, "{\"discloser\":\"Juma\"}", &usual);
	assert_non_null(strstr(verdict.missing, "only Juma may share"));
	/* nobody is told anything: it is asked under what a record may be made */
	nobody.by_name = nobody.by_role = NULL;
	decide(&verdict, ",\"signed_by\":\"the person\",\"discloser\":\"Juma\"", NULL, &nobody);
	assert_true(verdict.covered);
}

static void
who_signs_for_a_child(void **state)
{
	static const struct {
		enum consent_age age;
		const char *signed_by, *missing;
	} cases[] = {{CONSENT_OF_AGE, "the person", NULL},
	    {CONSENT_CHILD, "the person", "is a child"},
	    {CONSENT_PERHAPS_CHILD, "the person", "may still be a child"},
	    {CONSENT_CHILD, "guardian", NULL}, {CONSENT_PERHAPS_CHILD, "guardian", NULL},
	    {CONSENT_CHILD, "her grandmother", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct consent_request request = usual;
		struct consent_verdict verdict;
		char with[160];

		request.age = cases[i].age;
		snprintf(with, sizeof(with), ",\"discloser\":\"care team\",\"signed_by\":\"%s\"",
		    cases[i].signed_by);
		decide(&verdict, with, NULL, &request);
		if (verdict.covered != (cases[i].missing == NULL) ||
		    (cases[i].missing != NULL && strstr(verdict.missing, cases[i].missing) == NULL))
			fail_msg("%zu: %d %s", i, verdict.covered, verdict.missing);
		if (cases[i].age == CONSENT_PERHAPS_CHILD && !verdict.covered)
			assert_non_null(strstr(verdict.hint, "edit " PERSON " birth_date="));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_understood),
	    cmocka_unit_test(who_may_tell),
	    cmocka_unit_test(who_signs_for_a_child),
	};
	struct pmj_error err = {0};
	int failed;

	if (kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err) != PMJ_OK)
		return 1;
	kind = kinds_get(&kinds, "consent");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kinds_close(&kinds);
	return failed;
}
