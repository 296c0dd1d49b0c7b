/* FIELD=VALUE in words, lines and JSON; answers on the form. */
#include "check.h"
#include "cli/command.h"
#include "cli/fields.h"
#include "cli/form.h"
#include "cli/record.h"

static void
check_read(const char *text, const char *want)
{
	struct pmj_error err = {0};
	json_t *fields = NULL;
	char *got;

	check_ok(fields_read(&fields, text, strlen(text), &err), &err);
	got = json_text(fields);
	assert_string_equal(got, want);
	free(got);
	json_decref(fields);
}

static void
reads_fields(void **state)
{
	(void)state;
	check_read("name=Juma K.\nphone=\n", "{\"name\":\"Juma K.\",\"phone\":\"\"}");
	check_read("\r\n  a=b=c  \r\n", "{\"a\":\"b=c\"}");
	check_read("a=1\na=2\na=3", "{\"a\":[\"1\",\"2\",\"3\"]}");
	check_read(" {\"a\":[\"1\"],\"n\":3}", "{\"a\":[\"1\"],\"n\":3}");
	check_read("", "{}");
}

static void
refuses_what_is_no_field(void **state)
{
	static const struct {
		const char *text;
		enum pmj_code code;
	} cases[] = {
	    {"Juma", PMJ_USAGE},
	    {"=x", PMJ_USAGE},
	    {"name=\xff", PMJ_INVALID},
	    {"{\"a\":1", PMJ_INVALID},
	    {"{\"a\":1,\"a\":2}", PMJ_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pmj_error err;
		json_t *fields = NULL;

		check_code(fields_read(&fields, cases[i].text, strlen(cases[i].text), &err),
		    cases[i].code);
		assert_null(fields);
	}
}

static void
words_become_fields(void **state)
{
	char *words[] = {"person", "add", "name=Juma", "village=X"};
	struct args args = {.words = words, .count = 4};
	struct pmj_error err;
	json_t *fields = NULL;

	(void)state;
	check_ok(fields_take(&fields, &args, 2, &err), &err);
	assert_string_equal(json_str(fields, "name"), "Juma");
	assert_string_equal(json_str(fields, "village"), "X");
	json_decref(fields);
}

/* What the form makes of an answer, as JSON text; "" when the daemon must judge. */
static void
check_answer(const json_t *field, const char *typed, const char *want)
{
	struct pmj_error err;
	json_t *value = NULL;
	char *got;

	check_ok(form_check(&value, field, typed, &err), &err);
	got = json_text(value);
	assert_string_equal(got, want);
	free(got);
	json_decref(value);
}

static void
checks_answers(void **state)
{
	json_t *choice = json_pack("{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "name", "c", "type",
	    "choice", "choices", "value", "one-on-one", "label", "One on one", "value", "phone",
	    "label", "By phone");
	json_t *number = json_pack(
	    "{s:s, s:s, s:i, s:i}", "name", "n", "type", "integer", "least", 1, "most", 600);
	json_t *date = json_pack("{s:s, s:s}", "name", "d", "type", "date");
	struct pmj_error err;
	json_t *value = NULL;

	(void)state;
	check_answer(choice, "2", "\"phone\"");
	check_answer(choice, "ONE ON ONE", "\"one-on-one\"");
	check_code(form_check(&value, choice, "3", &err), PMJ_INVALID);
	(void)json_object_set_new(choice, "open", json_true());
	check_answer(choice, "boat", "\"boat\"");
	(void)json_object_set_new(choice, "type", json_string("choices"));
	check_answer(choice, "2, 1", "[\"phone\",\"one-on-one\"]");
	check_answer(number, "30", "30");
	check_code(form_check(&value, number, "601", &err), PMJ_INVALID);
	check_code(form_check(&value, number, "3x", &err), PMJ_INVALID);
	check_answer(date, "2026-02-28", "\"2026-02-28\"");
	check_code(form_check(&value, date, "2026-02-30", &err), PMJ_INVALID);
	json_decref(choice);
	json_decref(number);
	json_decref(date);
}

static void
names_what_is_missing(void **state)
{
	json_t *kind = json_pack("{s:[{s:s, s:b}, {s:s, s:b, s:s}, {s:s, s:b}, {s:s, s:b}]}",
	    "fields", "name", "a", "required", 1, "name", "b", "required", 1, "default", "today",
	    "name", "c", "required", 0, "name", "d", "required", 1);
	json_t *fields = json_pack("{s:s}", "d", "x");
	json_t *missing = form_missing(kind, fields);

	(void)state;
	assert_int_equal(json_array_size(missing), 1);
	assert_string_equal(json_string_value(json_array_get(missing, 0)), "a");
	json_decref(missing);
	json_decref(fields);
	json_decref(kind);
}

static void
finds_commands(void **state)
{
	(void)state;
	assert_string_equal(command_find("status", NULL)->name, "status");
	assert_string_equal(command_find("status", "x")->name, "status");
	assert_string_equal(command_find("hub", "merge")->name, "hub merge");
	assert_string_equal(command_find("kinds", "check")->name, "kinds check");
	assert_string_equal(command_find("kinds", NULL)->name, "kinds");
	assert_null(command_find("hub", "mrge"));
	assert_null(command_find("hub", NULL));
	assert_true(command_is_group("hub"));
	assert_false(command_is_group("hu"));
}

static void
titles_fit_what_was_typed(void **state)
{
	(void)state;
	assert_true(record_title_fits("Baraka Mwangi", "bara"));
	assert_true(record_title_fits("Baraka Mwangi", "MWA bar"));
	assert_true(record_title_fits("Ren\xc3\xa9 K.", "rene k"));
	assert_false(record_title_fits("Baraka Mwangi", "raka"));
	assert_false(record_title_fits("Baraka", "baraka m"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_fields),
	    cmocka_unit_test(refuses_what_is_no_field),
	    cmocka_unit_test(words_become_fields),
	    cmocka_unit_test(checks_answers),
	    cmocka_unit_test(names_what_is_missing),
	    cmocka_unit_test(finds_commands),
	    cmocka_unit_test(titles_fit_what_was_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
