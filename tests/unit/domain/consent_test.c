/* Consent: whatever is missing is named; nothing is disclosed but under a grant that stands. With
 * the shipped kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/os.h"
#include "domain/consent.h"
#include "entries.h"

#define PERSON "0123456789abcdef"
#define CLINIC "7k3f9abcdefghjkm"
#define SHELTER "zzzzzzzzzzzzzzzz"

static struct kinds kinds;
static const struct kind *kind;

static const char *const health[] = {"health"};
static const char *const two[] = {"health", "housing"};
static const struct consent_request usual = {.recipient = CLINIC,
    .recipient_name = "Kimana Clinic",
    .purpose = "referral",
    .category = "treatment",
    .on = "2026-11-23",
    .person = PERSON};

/* A grant that lacks nothing; `with` replaces fields of it (null removes). */
static struct entry *
grant(const char *with, json_t *knows)
{
	json_t *set =
	    test_json("{\"person\":\"" PERSON "\",\"recipient\":\"" CLINIC
	              "\",\"purpose\":[\"referral\"],\"information\":[\"health\",\"needs\"],"
	              "\"from\":\"2026-01-01\",\"expires\":\"2026-12-31\",\"how\":\"written\","
	              "\"discloser\":\"care team\",\"signed_by\":\"the person\","
	              "\"signed_on\":\"2026-01-01\",\"revocation_told\":true,"
	              "\"state\":\"given\"}");
	json_t *change = test_json(with), *value;
	struct entry *entry;
	const char *key;
	char *text;

	json_object_foreach(change, key, value)
	{
		if (json_is_null(value))
			(void)json_object_del(set, key);
		else
			(void)json_object_set(set, key, value);
	}
	text = json_text(set);
	entry = test_entry(&(struct test_line){
	    .kind = "consent", .device = 1, .pt = 1000, .set = text, .knows = knows});
	free(text);
	json_decref(set);
	json_decref(change);
	return entry;
}

static struct entry *
moved(const struct entry *of, const char *verb, const char *to, uint8_t device)
{
	char set[60];

	snprintf(set, sizeof(set), "{\"state\":\"%s\"}", to);
	return test_entry(&(struct test_line){.kind = "consent",
	    .of = of,
	    .device = device,
	    .pt = 1,
	    .set = set,
	    .verb = verb,
	    .was = test_was("state", of, NULL)});
}

/* Each entry belongs to the record of the first one before it that makes one. Frees them. */
static void
decide(struct consent_verdict *out, struct entry **entries, size_t count,
    const struct consent_request *request)
{
	struct merge_record records[8];
	size_t record_count = 0;

	for (size_t i = 0; i < count; i++) {
		const struct entry *of[8];
		size_t n = 0;
		if (!entries[i]->makes)
			continue;
		for (size_t j = 0; j < count; j++)
			if (memcmp(entries[j]->rec, entries[i]->rec, PMJ_RECORD_BYTES) == 0)
				of[n++] = entries[j];
		merge_record(&records[record_count++], kind, of, n);
	}
	consent_decide(
	    out, kind, records, record_count, (const struct entry *const *)entries, count, request);
	for (size_t i = 0; i < record_count; i++)
		merge_record_close(&records[i]);
	for (size_t i = 0; i < count; i++)
		test_entry_free(entries[i]);
}

static void
one(struct consent_verdict *out, const char *with, const struct consent_request *request)
{
	struct entry *entry[] = {grant(with, NULL)};

	decide(out, entry, 1, request);
}

static void
a_whole_consent_covers(void **state)
{
	struct entry *entry[] = {grant("{}", NULL)};
	struct consent_verdict verdict;
	uint8_t rec[PMJ_RECORD_BYTES];

	(void)state;
	memcpy(rec, entry[0]->rec, sizeof(rec));
	decide(&verdict, entry, 1, &usual);
	if (!verdict.covered)
		fail_msg("%s", verdict.missing);
	assert_memory_equal(verdict.consent, rec, sizeof(rec));
	assert_string_equal(verdict.missing, "");
	assert_false(verdict.nearest);
}

static void
none_at_all(void **state)
{
	struct consent_verdict verdict;
	struct consent_request other = usual;

	(void)state;
	consent_decide(&verdict, kind, NULL, 0, NULL, 0, &usual);
	assert_false(verdict.covered || verdict.nearest);
	assert_non_null(strstr(verdict.missing, "no consent of this person is recorded"));
	assert_non_null(strstr(verdict.hint, "pamoja consent add"));
	other.person = "fedcba9876543210"; /* another person's consent is none */
	one(&verdict, "{}", &other);
	assert_false(verdict.covered || verdict.nearest);
}

static void
every_missing_element_is_named(void **state)
{
	static const struct {
		const char *with, *missing;
	} cases[] = {
	    {"{\"recipient\":null}", "recipient is missing"},
	    {"{\"purpose\":null}", "purpose is missing"},
	    {"{\"information\":null}", "information is missing"},
	    {"{\"from\":null}", "from is missing"},
	    {"{\"expires\":null}", "expires is missing"},
	    {"{\"how\":null}", "how is missing"},
	    {"{\"discloser\":null}", "discloser is missing"},
	    {"{\"signed_by\":null}", "signed_by is missing"},
	    {"{\"signed_on\":null}", "signed_on is missing"},
	    {"{\"revocation_told\":null}", "revocation_told is not answered with yes"},
	    {"{\"revocation_told\":false}", "revocation_told is not answered with yes"},
	    {"{\"expires\":{\"declined\":true}}", "expires is missing"},
	    {"{\"how\":\"\"}", "how is missing"},
	    {"{\"information\":[]}", "information is missing"},
	    {"{\"how\":\"spoken\"}", "it is only spoken"},
	    {"{\"expires\":\"2026-11-22\"}", "it expired on 2026-11-22"},
	    {"{\"from\":\"2026-11-24\"}", "it is not valid before 2026-11-24"},
	    {"{\"recipient\":\"" SHELTER "\"}", "another recipient"},
	    {"{\"recipient\":\"Kimana Shelter\"}", "another recipient"},
	    {"{\"purpose\":[\"housing\",\"health\"]}", "its purpose is not referral"},
	    {"{\"purpose\":[\"care team\"]}", "its purpose is not referral"},
	    {"{\"state\":null}", "whether it was given is not known"},
	    {"{\"voided\":true}", "it was voided"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct consent_verdict verdict;
		one(&verdict, cases[i].with, &usual);
		if (verdict.covered || !verdict.nearest ||
		    strstr(verdict.missing, cases[i].missing) == NULL || *verdict.hint == '\0')
			fail_msg("%s: %d %s (%s)", cases[i].with, verdict.covered, verdict.missing,
			    verdict.hint);
		if (strstr(verdict.missing, ";") != NULL)
			fail_msg("%s: more than is missing: %s", cases[i].with, verdict.missing);
	}
}

static void
several_are_named_together(void **state)
{
	struct consent_verdict verdict;

	(void)state;
	one(&verdict, "{\"expires\":null,\"how\":\"spoken\",\"information\":null}", &usual);
	assert_non_null(strstr(verdict.missing, "information is missing; expires is missing"));
	assert_non_null(strstr(verdict.missing, "; it is only spoken"));
	assert_non_null(strstr(verdict.hint, "pamoja edit "));
}

static void
what_also_covers(void **state)
{
	static const char *const with[] = {
	    "{\"recipient\":\" kimana  CLINIC\"}",       /* plain text that names it */
	    "{\"purpose\":[\"housing\",\"Treatment\"]}", /* names the category */
	    "{\"from\":\"2026-11-23\",\"expires\":\"2026-11-23\"}",
	    "{\"how\":\"thumbprint\"}",
	    "{\"how\":\"electronic\"}",
	};
	struct consent_verdict verdict;
	struct consent_request unnamed = usual;

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		one(&verdict, with[i], &usual);
		if (!verdict.covered)
			fail_msg("%s: %s", with[i], verdict.missing);
	}
	unnamed.recipient_name = NULL;
	one(&verdict, with[0], &unnamed);
	assert_false(verdict.covered);
	unnamed.recipient = NULL; /* to a plain text that nobody consented to */
	unnamed.recipient_name = "Somebody";
	one(&verdict, "{}", &unnamed);
	assert_false(verdict.covered);
}

static void
information_must_be_within(void **state)
{
	struct consent_verdict verdict;
	struct consent_request request = usual;

	(void)state;
	request.information = health;
	request.information_count = 1;
	one(&verdict, "{}", &request);
	assert_true(verdict.covered);
	request.information = two;
	request.information_count = 2;
	one(&verdict, "{}", &request);
	assert_false(verdict.covered);
	assert_non_null(strstr(verdict.missing, "all the information"));
	one(&verdict, "{\"information\":[\"all\"]}", &request);
	assert_true(verdict.covered);
}

static void
of_conflicting_values_each_must_cover(void **state)
{
	static const struct {
		const char *set, *field;
		bool covered;
	} cases[] = {
	    {"{\"expires\":\"2026-06-30\"}", "expires", false},
	    {"{\"expires\":\"2027-06-30\"}", "expires", true},
	    {"{\"recipient\":\"" SHELTER "\"}", "recipient", false},
	    {"{\"information\":[\"needs\"]}", "information", false},
	    {"{\"how\":\"spoken\"}", "how", false},
	    {"{\"purpose\":[\"housing\"]}", "purpose", false},
	    {"{\"expires\":null}", "expires", false},
	};
	struct consent_request request = usual;

	(void)state;
	request.information = health;
	request.information_count = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct consent_verdict verdict;
		struct entry *entries[2] = {grant("{}", NULL), NULL};
		/* it names nothing, so it stands beside the grant's own value; its stamp is lower:
		 * not the one shown */
		entries[1] = test_entry(&(struct test_line){.kind = "consent",
		    .of = entries[0],
		    .device = 2,
		    .pt = 1,
		    .set = cases[i].set});
		decide(&verdict, entries, 2, &request);
		if (verdict.covered != cases[i].covered)
			fail_msg("%s: %s", cases[i].set, verdict.missing);
	}
}

static void
revoked_is_revoked_whatever_the_clocks(void **state)
{
	struct consent_verdict verdict;
	struct entry *entries[3] = {grant("{}", NULL), NULL, NULL};

	(void)state;
	entries[1] =
	    moved(entries[0], "revoke", "revoked", 2); /* its stamp is lower than the grant's */
	decide(&verdict, entries, 2, &usual);
	assert_false(verdict.covered);
	assert_string_equal(verdict.missing, "it was revoked or refused");
	/* also when the other half of a conflict settles it back to given, without saying that it
	 * knows */
	entries[0] = grant("{}", NULL);
	entries[1] = moved(entries[0], "revoke", "revoked", 2);
	entries[2] = test_entry(&(struct test_line){.kind = "consent",
	    .of = entries[0],
	    .device = 3,
	    .pt = 9999,
	    .set = "{\"state\":\"given\"}",
	    .was = test_was("state", entries[1], NULL)});
	decide(&verdict, entries, 3, &usual);
	assert_false(verdict.covered);
	/* an edit that knows of the revocation does not undo it: the state still says revoked */
	entries[0] = grant("{}", NULL);
	entries[1] = moved(entries[0], "revoke", "revoked", 2);
	entries[2] = test_entry(&(struct test_line){.kind = "consent",
	    .of = entries[0],
	    .device = 3,
	    .pt = 9999,
	    .set = "{\"note\":\"x\"}",
	    .knows = test_knows(entries[1])});
	decide(&verdict, entries, 3, &usual);
	assert_false(verdict.covered);
}

/* A grant in one record, a revocation in another (8.4). */
static bool
beside_a_revoked_one(const char *old_with, const char *verb, const char *to, const char *new_with,
    bool knows, bool voided, struct consent_verdict *verdict)
{
	struct entry *entries[4] = {grant(old_with, NULL), NULL, NULL, NULL};
	size_t count = 3;

	entries[1] = moved(entries[0], verb, to, 2);
	entries[2] = grant(new_with, knows ? test_knows(entries[1]) : NULL);
	if (voided)
		entries[count++] = test_entry(&(struct test_line){.kind = "consent",
		    .of = entries[0],
		    .device = 2,
		    .pt = 5,
		    .set = "{\"voided\":true}"});
	decide(verdict, entries, count, &usual);
	return verdict->covered;
}

static void
a_revocation_beats_every_grant_that_does_not_know_it(void **state)
{
	struct consent_verdict v;

	(void)state;
	assert_false(beside_a_revoked_one("{}", "revoke", "revoked", "{}", false, false, &v));
	assert_non_null(strstr(v.missing, "another consent for the same recipient was revoked"));
	assert_true(beside_a_revoked_one("{}", "revoke", "revoked", "{}", true, false, &v));
	assert_false(beside_a_revoked_one("{}", "refuse", "refused", "{}", false, false, &v));
	/* voiding the revoked record does not bring the other one back */
	assert_false(beside_a_revoked_one("{}", "revoke", "revoked", "{}", false, true, &v));
	/* for another recipient, or for other purposes only: it does not cover this grant */
	assert_true(beside_a_revoked_one(
	    "{\"recipient\":\"" SHELTER "\"}", "revoke", "revoked", "{}", false, false, &v));
	assert_true(beside_a_revoked_one(
	    "{\"purpose\":[\"housing\"]}", "revoke", "revoked", "{}", false, false, &v));
	assert_true(beside_a_revoked_one("{\"recipient\":null,\"purpose\":[\"care team\"]}",
	    "refuse", "refused", "{}", false, false, &v));
	/* any one of its purposes is enough */
	assert_false(beside_a_revoked_one("{\"purpose\":[\"housing\"]}", "revoke", "revoked",
	    "{\"purpose\":[\"referral\",\"housing\"]}", false, false, &v));
	/* the recipient named by words, the grant by link */
	assert_false(beside_a_revoked_one(
	    "{\"recipient\":\"kimana clinic\"}", "revoke", "revoked", "{}", false, false, &v));
	/* a refusal without recipient is for all of them */
	assert_false(beside_a_revoked_one(
	    "{\"recipient\":null}", "refuse", "refused", "{}", false, false, &v));
	assert_true(beside_a_revoked_one(
	    "{\"recipient\":null}", "refuse", "refused", "{}", true, false, &v));
}

static void
a_joined_persons_refusal_counts_but_not_their_grant(void **state)
{
	struct consent_verdict v;
	struct entry *entries[3];

	(void)state;
	entries[0] = grant("{\"person\":\"fedcba9876543210\"}", NULL);
	entries[1] = moved(entries[0], "refuse", "refused", 2);
	entries[2] = grant("{}", NULL);
	decide(&v, entries, 3, &usual);
	assert_false(v.covered);
	entries[0] = grant("{\"person\":\"fedcba9876543210\"}", NULL);
	decide(&v, entries, 1, &usual);
	assert_false(v.covered);
}

static void
the_nearest_is_explained(void **state)
{
	struct entry *entries[3];
	struct consent_verdict v;
	uint8_t rec[PMJ_RECORD_BYTES];

	(void)state;
	entries[0] = grant("{\"recipient\":\"" SHELTER "\"}", NULL);
	entries[1] = grant("{\"how\":null}", NULL);
	entries[2] = grant("{\"purpose\":[\"housing\"]}", NULL);
	memcpy(rec, entries[1]->rec, sizeof(rec));
	decide(&v, entries, 3, &usual);
	assert_true(v.nearest);
	assert_memory_equal(v.consent, rec, sizeof(rec));
	assert_string_equal(v.missing, "how is missing");
}

static void
a_grant_learns_what_it_must_know(void **state)
{
	struct entry *old = grant("{}", NULL);
	struct entry *revoked = moved(old, "revoke", "revoked", 2);
	const struct entry *entries[] = {old, revoked};
	static const struct {
		const char *set;
		size_t known;
	} cases[] = {
	    {"{\"recipient\":\"" CLINIC "\",\"purpose\":[\"referral\"]}", 1},
	    {"{\"recipient\":\"Kimana Clinic\",\"purpose\":[\"referral\"]}",
	        1}, /* may be the same */
	    {"{\"purpose\":[\"referral\",\"housing\"]}", 1},
	    {"{\"recipient\":\"" SHELTER "\",\"purpose\":[\"referral\"]}", 0},
	    {"{\"recipient\":\"" CLINIC "\",\"purpose\":[\"housing\"]}", 0},
	};
	struct merge_record record;
	char hex[2 * PMJ_VERSION_BYTES + 1];

	(void)state;
	merge_record(&record, kind, entries, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *set = test_json(cases[i].set);
		json_t *known = consent_knows(kind, &record, 1, entries, 2, set);
		assert_int_equal(json_array_size(known), cases[i].known);
		if (cases[i].known > 0)
			assert_string_equal(json_string_value(json_array_get(known, 0)),
			    text_hex(hex, revoked->e, PMJ_VERSION_BYTES));
		json_decref(known);
		json_decref(set);
	}
	merge_record_close(&record);
	test_entry_free(old);
	test_entry_free(revoked);
}

/* Refused without ever having been given: it counts like one taken back, and a later grant knows
 * it. */
static void
a_refusal_recorded_at_once(void **state)
{
	struct entry *given = grant("{}", NULL);
	struct entry *refused = grant("{\"state\":\"refused\"}", NULL);
	const struct entry *own[] = {refused};
	struct entry *both[] = {given, refused};
	struct merge_record record;
	struct consent_verdict v;
	json_t *known;

	(void)state;
	merge_record(&record, kind, own, 1);
	known = consent_knows(kind, &record, 1, own, 1, given->set);
	assert_int_equal(json_array_size(known), 1);
	json_decref(known);
	merge_record_close(&record);
	decide(&v, both, 2, &usual);
	assert_false(v.covered);
}

/* What was handed over cannot be read here, so nothing is disclosed on it. */
static void
stubs_cover_nothing(void **state)
{
	struct entry *full = grant("{}", NULL), *entries[1];
	struct consent_verdict v;
	json_t *was = json_object(), *value;
	const char *key;

	(void)state;
	json_object_foreach((json_t *)full->set, key, value)(void)
	    json_object_set_new(was, key, json_array());
	entries[0] = mem_new(sizeof(*entries[0]));
	entry_stub(
	    entries[0], full->e, "consent", full->rec, full->by, full->pt, full->counter, was);
	decide(&v, entries, 1, &usual);
	assert_false(v.covered);
	test_entry_free(full);
}

/* An entry whose record was not given says nothing here, and harms nothing. */
static void
a_stray_revocation_is_passed_over(void **state)
{
	struct entry *given = grant("{}", NULL), *stray = grant("{}", NULL);
	struct entry *revoked = moved(stray, "revoke", "revoked", 2);
	const struct entry *own[] = {given}, *entries[] = {given, revoked};
	struct merge_record record;
	struct consent_verdict v;

	(void)state;
	merge_record(&record, kind, own, 1);
	consent_decide(&v, kind, &record, 1, entries, 2, &usual);
	assert_true(v.covered);
	merge_record_close(&record);
	test_entry_free(given);
	test_entry_free(stray);
	test_entry_free(revoked);
}

static void
a_class_of_recipients(void **state)
{
	static const char *const classes[] = {"class:payers", "payers", "category:health"};
	struct consent_request member = usual;
	struct consent_verdict verdict;

	(void)state;
	one(&verdict, "{\"recipient\":\"category:health\"}", &member);
	assert_non_null(strstr(verdict.missing, "another recipient"));
	member.classes = classes;
	member.class_count = 3;
	for (size_t i = 0; i < 3; i++) {
		char with[60];

		snprintf(with, sizeof(with), "{\"recipient\":\"%s\"}", classes[i]);
		one(&verdict, with, &member);
		assert_true(verdict.covered);
	}
	one(&verdict, "{\"recipient\":\"category:housing\"}", &member);
	assert_false(verdict.covered);
}

static void
the_general_purpose(void **state)
{
	struct consent_verdict verdict;
	struct consent_request other = usual;

	(void)state;
	one(&verdict, "{\"purpose\":[\"treatment payment operations\"],\"expires\":null}", &usual);
	assert_string_equal(verdict.missing, "redisclosure_told is not answered with yes");
	one(&verdict,
	    "{\"purpose\":[\"treatment payment operations\"],\"expires\":null,"
	    "\"redisclosure_told\":true}",
	    &usual);
	assert_true(verdict.covered);
	other.category = "housing";
	one(&verdict, "{\"purpose\":[\"treatment payment operations\"],\"redisclosure_told\":true}",
	    &other);
	assert_non_null(strstr(verdict.missing, "its purpose is not referral"));
	one(&verdict,
	    "{\"purpose\":[\"treatment payment operations\",\"housing\"],\"expires\":null,"
	    "\"redisclosure_told\":true}",
	    &other);
	assert_string_equal(verdict.missing, "expires is missing");
}

static void
instruments_apart(void **state)
{
	struct consent_verdict verdict;

	(void)state;
	one(&verdict, "{\"purpose\":[\"referral\",\"legal proceedings\"]}", &usual);
	assert_string_equal(
	    verdict.missing, "\"legal proceedings\" stands in it beside other purposes");
}

static void
who_passes_it_on(void **state)
{
	struct consent_request through = usual;
	struct consent_verdict verdict;

	(void)state;
	through.through = true;
	one(&verdict, "{}", &through);
	assert_string_equal(verdict.missing, "participants is missing");
	one(&verdict, "{\"intermediary\":true}", &usual);
	assert_string_equal(verdict.missing, "participants is missing");
	one(&verdict, "{\"intermediary\":true,\"participants\":\"those who treat me\"}", &through);
	assert_true(verdict.covered);
}

/* What the general purpose stands for goes with it, and it with what stands for a part of it. */
static void
a_general_revocation(void **state)
{
	static const char *const cases[][2] = {
	    {"[\"treatment payment operations\"]", "[\"treatment\"]"},
	    {"[\"treatment\"]", "[\"treatment payment operations\"]"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char first[120], second[120];
		struct entry *all[3];
		struct consent_verdict verdict;

		snprintf(first, sizeof(first), "{\"purpose\":%s,\"redisclosure_told\":true}",
		    cases[i][0]);
		snprintf(second, sizeof(second), "{\"purpose\":%s,\"redisclosure_told\":true}",
		    cases[i][1]);
		all[0] = grant(first, NULL);
		all[1] = moved(all[0], "revoke", "revoked", 1);
		all[2] = grant(second, NULL);
		decide(&verdict, all, 3, &usual);
		assert_false(verdict.covered);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_consent_covers),
	    cmocka_unit_test(a_class_of_recipients),
	    cmocka_unit_test(the_general_purpose),
	    cmocka_unit_test(instruments_apart),
	    cmocka_unit_test(who_passes_it_on),
	    cmocka_unit_test(a_general_revocation),
	    cmocka_unit_test(none_at_all),
	    cmocka_unit_test(every_missing_element_is_named),
	    cmocka_unit_test(several_are_named_together),
	    cmocka_unit_test(what_also_covers),
	    cmocka_unit_test(information_must_be_within),
	    cmocka_unit_test(of_conflicting_values_each_must_cover),
	    cmocka_unit_test(revoked_is_revoked_whatever_the_clocks),
	    cmocka_unit_test(a_revocation_beats_every_grant_that_does_not_know_it),
	    cmocka_unit_test(a_joined_persons_refusal_counts_but_not_their_grant),
	    cmocka_unit_test(the_nearest_is_explained),
	    cmocka_unit_test(a_grant_learns_what_it_must_know),
	    cmocka_unit_test(stubs_cover_nothing),
	    cmocka_unit_test(a_refusal_recorded_at_once),
	    cmocka_unit_test(a_stray_revocation_is_passed_over),
	};
	struct pmj_error err = {0};
	int failed;

	if (kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err) != PMJ_OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	kind = kinds_get(&kinds, "consent");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kinds_close(&kinds);
	return failed;
}
