/* What a person types, by the type of the field: good, bad, and what the message says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "domain/value.h"
#include "entries.h"

static const char kind_text[] =
    "[kind]\nname = thing\nversion = 1\nscope = person\ntitle.en = T\nplural.en = Ts\nhelp.en = H\n"
    "shows = text\n"
    "[field person]\ntype = link\nlink = person\nrequired = yes\nlabel.en = P\n"
    "[field text]\ntype = text\nlabel.en = X\n"
    "[field need]\ntype = text\nrequired = yes\nlabel.en = X\n"
    "[field note]\ntype = note\nlabel.en = X\n"
    "[field count]\ntype = integer\nlabel.en = X\n"
    "[field year]\ntype = integer\nleast = 1900\nmost = 2100\nlabel.en = X\n"
    "[field cost]\ntype = decimal\nleast = 0\nmost = 100\nlabel.en = X\n"
    "[field on]\ntype = date\nlabel.en = X\n"
    "[field did]\ntype = date\npast = yes\nlabel.en = X\n"
    "[field at]\ntype = time\nlabel.en = X\n"
    "[field ok]\ntype = yes-no\nlabel.en = X\n"
    "[field way]\ntype = choice\nchoices = phone | one-on-one | family workshop\n"
    "choice.phone.sw = Simu\nlabel.en = X\n"
    "[field any]\ntype = choice\nopen = yes\nchoices = phone | visit\nchoice.phone.sw = "
    "Simu\nlabel.en = X\n"
    "[field many]\ntype = choices\nchoices = a | b | c\nchoice.a.en = Alpha\nlabel.en = X\n"
    "[field wide]\ntype = choices\nopen = yes\nchoices = a\nlabel.en = X\n"
    "[field who]\ntype = link\nlink = person\nlabel.en = X\n"
    "[field to]\ntype = link\nlink = person\nopen = yes\nlabel.en = X\n"
    "[field call]\ntype = phone\nlabel.en = X\n"
    "[field where]\ntype = place\nlabel.en = X\n"
    "[rules]\nsubjects = person\n";
static struct kind *kind;

static enum pmj_code
find_link(void *ctx, char out[static 17], const char *of, const char *typed, struct pmj_error *err)
{
	(void)ctx;
	assert_string_equal(of, "person");
	if (strncmp("7k3f9abcdefghjkm", typed, strlen(typed)) == 0 && strlen(typed) >= 5) {
		strcpy(out, "7k3f9abcdefghjkm");
		return PMJ_OK;
	}
	if (strcmp(typed, "two") == 0)
		return pmj_fail(err, PMJ_AMBIGUOUS, "two fits several");
	return pmj_fail(err, PMJ_NOT_FOUND, "none");
}

static const struct value_context context = {.now_ms = INT64_C(1795392000000), /* 2026-11-23 */
    .link = find_link};

static enum pmj_code
take(json_t **out, const char *field, const char *typed_json, struct pmj_error *err)
{
	json_t *typed = test_json(typed_json);
	enum pmj_code rc;

	memset(err, 0, sizeof(*err));
	rc = value_take(out, kind, kind_field(kind, field), typed, &context, err);
	json_decref(typed);
	assert_true((rc == PMJ_OK) == (*out != NULL));
	return rc;
}

static void
good_values(void **state)
{
	static const struct {
		const char *field, *typed, *value;
	} good[] = {
	    {"text", "\"  Juma K. \"", "\"Juma K.\""},
	    {"text", "\"\"", "null"},
	    {"text", "null", "null"},
	    {"text", "7", "\"7\""},
	    {"text", "\"-declined-\"", "{\"declined\":true}"},
	    {"need", "\"Chose not to SAY\"", "{\"declined\":true}"},
	    {"need", "{\"declined\":true}", "{\"declined\":true}"},
	    {"on", "\"hakutaka kusema\"", "{\"declined\":true}"},
	    {"note", "\"one\\ntwo\\tthree\"", "\"one\\ntwo\\tthree\""},
	    {"count", "\"-12\"", "-12"},
	    {"count", "45", "45"},
	    {"count", "\"9007199254740991\"", "9007199254740991"},
	    {"year", "\"1900\"", "1900"},
	    {"year", "2100", "2100"},
	    {"cost", "\"12,5\"", "\"12.5\""},
	    {"cost", "\"100\"", "\"100\""},
	    {"cost", "\"100.00\"", "\"100.00\""},
	    {"cost", "\"-0\"", "\"-0\""},
	    {"on", "\"2024-02-29\"", "\"2024-02-29\""},
	    {"on", "\"today\"", "\"2026-11-23\""},
	    {"on", "\"kesho\"", "\"2026-11-24\""},
	    {"did", "\"today\"", "\"2026-11-23\""},
	    {"did", "\"1999-12-31\"", "\"1999-12-31\""},
	    {"at", "\"9:05\"", "\"09:05\""},
	    {"at", "\"23.59\"", "\"23:59\""},
	    {"ok", "\"Ndiyo\"", "true"},
	    {"ok", "false", "false"},
	    {"ok", "0", "false"},
	    {"way", "\"PHONE\"", "\"phone\""},
	    {"way", "\"simu\"", "\"phone\""},
	    {"way", "\"Family Workshop\"", "\"family workshop\""},
	    {"any", "\"at the well\"", "\"at the well\""},
	    {"many", "\"alpha; c | b, a\"", "[\"a\",\"c\",\"b\"]"},
	    {"many", "[\"b\",\" a \"]", "[\"b\",\"a\"]"},
	    {"many", "[]", "null"},
	    {"many", "\",\"", "null"},
	    {"wide", "\"a, something else\"", "[\"a\",\"something else\"]"},
	    {"person", "\"7k3f9\"", "\"7k3f9abcdefghjkm\""},
	    {"to", "\"Kimana clinic\"", "\"Kimana clinic\""},
	    {"to", "\"7k3f9ab\"", "\"7k3f9abcdefghjkm\""},
	    {"call", "\"+254 (700) 000-000\"", "\"+254 (700) 000-000\""},
	    {"call", "116", "\"116\""},
	    {"where", "\"Loitokitok\"", "\"Loitokitok\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct pmj_error err;
		json_t *value = NULL, *wanted = test_json(good[i].value);
		if (take(&value, good[i].field, good[i].typed, &err) != PMJ_OK)
			fail_msg("%s = %s: %s", good[i].field, good[i].typed, err.message);
		if (!json_equal(value, wanted))
			fail_msg(
			    "%s = %s became %s", good[i].field, good[i].typed, json_text(value));
		assert_true(value_is_legal(value));
		assert_true(value_fits(kind_field(kind, good[i].field), value));
		json_decref(value);
		json_decref(wanted);
	}
}

/* Of every kind that ships: each question but whom it is about, in both languages. */
static void
every_question_can_be_declined(void **state)
{
	static const char *const words[] = {"chose not to say", "hakutaka kusema"};
	struct kinds kinds;
	size_t asked = 0;

	(void)state;
	assert_int_equal(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", NULL), PMJ_OK);
	for (size_t i = 0; i < kinds.count; i++)
		for (size_t j = 0; j < kinds.list[i]->field_count * COUNT(words); j++) {
			const struct field *field = &kinds.list[i]->fields[j / COUNT(words)];
			json_t *typed = json_string(words[j % COUNT(words)]), *value = NULL;
			bool whom = kind_is_subject(kinds.list[i], field->name);
			struct pmj_error err = {0};
			enum pmj_code rc =
			    value_take(&value, kinds.list[i], field, typed, &context, &err);

			if ((rc == PMJ_OK) == whom ||
			    (!whom && !json_is_true(json_object_get(value, "declined"))))
				fail_msg(
				    "%s.%s: %s", kinds.list[i]->name, field->name, err.message);
			asked += !whom;
			json_decref(value);
			json_decref(typed);
		}
	assert_true(asked > 200);
	kinds_close(&kinds);
}

static void
bad_values_name_the_field_and_the_mend(void **state)
{
	static const struct {
		const char *field, *typed;
		enum pmj_code code;
		const char *message, *hint;
	} bad[] = {
	    {"text", "\"a\\nb\"", PMJ_INVALID, "text = what was typed", "one line"},
	    {"text", "[\"a\"]", PMJ_INVALID, "text = a list", "as text"},
	    {"text", "{\"declined\":false}", PMJ_INVALID, "text", "as text"},
	    {"need", "\" \"", PMJ_INVALID, "need cannot be empty", "chose not to say"},
	    {"person", "null", PMJ_INVALID, "person cannot be empty", "id or the name of a person"},
	    {"person", "\"-declined-\"", PMJ_INVALID, "person says whom", "id or the name"},
	    {"person", "\"zzzzz\"", PMJ_NOT_FOUND, "person = zzzzz: no such person", "person list"},
	    {"who", "\"two\"", PMJ_AMBIGUOUS, "who: two fits several", ""},
	    {"to", "\"two\"", PMJ_AMBIGUOUS, "to: two fits several", ""},
	    {"count", "\"12x\"", PMJ_INVALID, "count = 12x is not a whole number", "digits"},
	    {"count", "\"9007199254740992\"", PMJ_INVALID, "not a whole number", ""},
	    {"count", "true", PMJ_INVALID, "count = yes", ""},
	    {"year", "\"1899\"", PMJ_INVALID, "year = 1899 is too small", "1900 to 2100"},
	    {"year", "2101", PMJ_INVALID, "year = 2101 is too big", "1900 to 2100"},
	    {"cost", "\"1.\"", PMJ_INVALID, "cost = 1. is not a number", "12.50"},
	    {"cost", "\"-0.5\"", PMJ_INVALID, "too small", "0 to 100"},
	    {"cost", "\"100.01\"", PMJ_INVALID, "too big", "0 to 100"},
	    {"on", "\"2026-02-30\"", PMJ_INVALID, "on = 2026-02-30 is not a date", "2026-11-23"},
	    {"on", "\"soon\"", PMJ_INVALID, "is not a date", "yesterday"},
	    {"did", "\"tomorrow\"", PMJ_INVALID, "did = 2026-11-24 is a day to come",
	        "2026-11-23 at the latest"},
	    {"at", "\"24:00\"", PMJ_INVALID, "at = 24:00 is not a time", "14:30"},
	    {"at", "\"12:3456\"", PMJ_INVALID, "not a time", "14:30"},
	    {"ok", "\"maybe\"", PMJ_INVALID, "neither yes nor no", "ndiyo"},
	    {"way", "\"phome\"", PMJ_INVALID, "way = phome is not a choice", "did you mean phone?"},
	    {"way", "\"helicopter\"", PMJ_INVALID, "is not a choice", "choices: phone, one-on-one"},
	    {"way", "\"chose to say\"", PMJ_INVALID, "is not a choice", "choices:"},
	    {"many", "\"a, d\"", PMJ_INVALID, "many = d is not a choice", "choices: a, b, c"},
	    {"many", "[\"a\",1]", PMJ_INVALID, "many = the list", "one"},
	    {"call", "\"call me\"", PMJ_INVALID, "is not a phone number", "+254"},
	    {"call", "\"12\"", PMJ_INVALID, "is not a phone number", "+254"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pmj_error err;
		json_t *value = NULL;
		if (take(&value, bad[i].field, bad[i].typed, &err) != bad[i].code ||
		    strstr(err.message, bad[i].message) == NULL ||
		    strstr(err.hint, bad[i].hint) == NULL)
			fail_msg("%s = %s: code %d, %s (%s)", bad[i].field, bad[i].typed, err.code,
			    err.message, err.hint);
	}
}

/* Where this machine's clock is slow, what the hub has told counts. */
static void
heard_time_counts(void **state)
{
	static const struct value_context slow = {
	    .now_ms = INT64_C(946684800000), .heard_ms = INT64_C(1795392000000), .link = find_link};
	json_t *typed = json_string("2026-11-23"), *value = NULL;
	struct pmj_error err = {0};

	(void)state;
	assert_int_equal(
	    value_take(&value, kind, kind_field(kind, "did"), typed, &slow, &err), PMJ_OK);
	json_decref(value);
	json_decref(typed);
	typed = json_string("2026-11-24");
	assert_int_equal(
	    value_take(&value, kind, kind_field(kind, "did"), typed, &slow, &err), PMJ_INVALID);
	assert_null(value);
	json_decref(typed);
}

static void
near_choices(void **state)
{
	static const struct {
		const char *field, *value, *near;
	} words[] = {{"any", "phome", "phone"}, {"any", "phone", NULL},
	    {"any", "at the well", NULL}, {"wide", "a", NULL}, {"way", "phome", NULL},
	    {"any", "simuu", "phone"}, {"any", "crisis", NULL}, {"any", "ph", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *near =
		    value_near_choice(kind_field(kind, words[i].field), words[i].value);

		if (words[i].near == NULL ? near != NULL
		                          : near == NULL || strcmp(near, words[i].near) != 0)
			fail_msg("%s = %s: %s", words[i].field, words[i].value,
			    near != NULL ? near : "nothing");
	}
}

static void
choices_by_value_or_label(void **state)
{
	static const struct {
		const char *field, *typed, *meant;
		enum pmj_code rc;
	} words[] = {{"way", "simu", "phone", PMJ_OK}, {"many", "ALPHA", "a", PMJ_OK},
	    {"any", "at the well", NULL, PMJ_OK}, {"way", "phome", NULL, PMJ_INVALID}};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct choice *choice;
		struct pmj_error err = {0};

		assert_int_equal(
		    value_choice(&choice, kind_field(kind, words[i].field), words[i].typed, &err),
		    words[i].rc);
		if (words[i].meant == NULL)
			assert_null(choice);
		else
			assert_string_equal(choice->value, words[i].meant);
		assert_int_equal(
		    strstr(err.hint, "did you mean phone?") != NULL, words[i].rc != PMJ_OK);
	}
}

static void
worker_names(void **state)
{
	static const char *const good[] = {
	    "Neema", "\xe2\x80\x8d", "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85", "Ng'ang'a wa Mwangi"};
	static const struct {
		const char *name, *message, *hint;
	} bad[] = {
	    {"", "1 to 20 bytes", "--name"},
	    {"abcdefghijklmnopqrstu", "1 to 20 bytes", "--name"},
	    {"Neema\nJuma", "line end", "one line"},
	    {"Neema\tJuma", "tab", "one line"},
	    {"\x1b[2JNeema", "control character", "one line"},
	    {"Neema\x7f", "control character", "one line"},
	    {"Neema\xc2\x9b", "control character", "one line"},
	    {"Neema\xe2\x80\xae", "turns the order", "by hand"},
	    {"\xe2\x81\xa6Neema", "turns the order", "by hand"},
	    {"Nee\xd8\x9cma", "turns the order", "by hand"},
	};
	struct pmj_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(value_worker_name(good[i], 20, &err), PMJ_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (value_worker_name(bad[i].name, 20, &err) != PMJ_USAGE ||
		    strstr(err.message, bad[i].message) == NULL ||
		    strstr(err.hint, bad[i].hint) == NULL)
			fail_msg("%zu: %s (%s)", i, err.message, err.hint);
}

static void
long_texts(void **state)
{
	struct pmj_error err;
	json_t *value = NULL, *typed;
	char *text = mem_new(16 * 1024 + 2);

	(void)state;
	memset(text, 'x', 16 * 1024 + 1);
	typed = json_string(text);
	assert_int_equal(
	    value_take(&value, kind, kind_field(kind, "note"), typed, &context, &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "16384"));
	assert_false(value_is_legal(typed));
	json_decref(typed);
	text[16 * 1024] = '\0';
	typed = json_string(text);
	assert_int_equal(
	    value_take(&value, kind, kind_field(kind, "note"), typed, &context, &err), PMJ_OK);
	json_decref(value);
	assert_int_equal(
	    value_take(&value, kind, kind_field(kind, "text"), typed, &context, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "xxx..."));
	json_decref(typed);
	free(text);
}

static void
values_from_outside(void **state)
{
	static const struct {
		const char *field, *value;
		bool legal, fits;
	} cases[] = {
	    {"text", "\"a\"", true, true},
	    {"text", "1", true, false},
	    {"text", "null", true, true},
	    {"text", "{\"declined\":true}", true, true},
	    {"text", "{\"declined\":true,\"x\":1}", false, false},
	    {"text", "{}", false, false},
	    {"many", "[\"a\",\"new\"]", true, true},
	    {"many", "\"a\"", true, false},
	    {"many", "[\"a\",1]", false, false},
	    {"many", "[[\"a\"]]", false, false},
	    {"count", "3", true, true},
	    {"count", "\"3\"", true, false},
	    {"ok", "true", true, true},
	    {"ok", "\"yes\"", true, false},
	    {"on", "\"2026-13-01\"", true, false},
	    {"at", "\"7:00\"", true, false},
	    {"cost", "\"1,5\"", true, false},
	    {"cost", "\"1.5\"", true, true},
	    {"who", "\"7k3f9abcdefghjkm\"", true, true},
	    {"who", "\"7K3F9ABCDEFGHJKM\"", true, false},
	    {"who", "\"Juma\"", true, false},
	    {"to", "\"Juma\"", true, true},
	    {"way", "\"a choice of a newer form\"", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *value = test_json(cases[i].value);
		if (value_is_legal(value) != cases[i].legal ||
		    value_fits(kind_field(kind, cases[i].field), value) != cases[i].fits)
			fail_msg("%s = %s", cases[i].field, cases[i].value);
		json_decref(value);
	}
}

static void
texts_for_people(void **state)
{
	static const struct {
		const char *field, *value, *en, *sw;
	} cases[] = {
	    {"way", "\"phone\"", "phone", "Simu"},
	    {"many", "[\"a\",\"b\"]", "Alpha, b", "Alpha, b"},
	    {"ok", "true", "yes", "ndiyo"},
	    {"text", "null", "", ""},
	    {"text", "{\"declined\":true}", "chose not to say", "hakutaka kusema"},
	    {"count", "-3", "-3", "-3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *value = test_json(cases[i].value);
		char *en = value_text(kind_field(kind, cases[i].field), value, LANG_EN);
		char *sw = value_text(kind_field(kind, cases[i].field), value, LANG_SW);
		assert_string_equal(en, cases[i].en);
		assert_string_equal(sw, cases[i].sw);
		free(en);
		free(sw);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_values),
	    cmocka_unit_test(every_question_can_be_declined),
	    cmocka_unit_test(bad_values_name_the_field_and_the_mend),
	    cmocka_unit_test(heard_time_counts),
	    cmocka_unit_test(near_choices),
	    cmocka_unit_test(choices_by_value_or_label),
	    cmocka_unit_test(worker_names),
	    cmocka_unit_test(long_texts),
	    cmocka_unit_test(values_from_outside),
	    cmocka_unit_test(texts_for_people),
	};
	int failed;

	kind = test_kind(kind_text);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kind_free(kind);
	return failed;
}
