/* Section 7.2: what more than one person signs, and the statement that it becomes. */
#include "check.h"
#include "log/act.h"
#include "test_ring.h"

static struct ring *hub, *amina;

static int
setup(void **state)
{
	(void)state;
	hub = test_ring(1, 2, 3);
	amina = test_ring(4, 5, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ring_free(hub);
	ring_free(amina);
	return 0;
}

static void
make(struct act *out, const char *cause)
{
	static const uint8_t n[16] = {7};
	char *text = act_make(
	    json_pack("{s:s,s:s,s:s}", "op", "erase", "person", "0123456789abcdef", "cause", cause),
	    5000, n);
	struct pmj_error err;

	assert_non_null(text);
	check_ok(act_read(out, text, strlen(text), &err), &err);
	free(text);
}

static void
statement_of(struct roster_statement *out, json_t *fields)
{
	static const uint8_t head[32] = {0};
	json_t *line = roster_make(hub, 1, head, 6000, fields);
	struct pmj_error err;

	check_ok(roster_read(out, line, ring_op_pk(hub), &err), &err);
	json_decref(line);
	json_decref(fields);
}

static void
signed_by_whom(void **state)
{
	struct act act, other;
	uint8_t sig[64];

	(void)state;
	make(&act, "asked");
	make(&other, "retention");
	assert_int_equal(act.asked_ms, 5000);
	assert_string_equal(act.op, "erase");
	assert_memory_not_equal(act.hash, other.hash, sizeof(act.hash));
	act_sign(sig, amina, &act);
	assert_true(act_signed_by(&act, sig, ring_sign_pk(amina)));
	assert_false(act_signed_by(&act, sig, ring_sign_pk(hub)));
	assert_false(act_signed_by(&other, sig, ring_sign_pk(amina)));
	sig[9] ^= 1;
	assert_false(act_signed_by(&act, sig, ring_sign_pk(amina)));
	act_close(&act);
	act_close(&other);
}

static void
in_a_statement(void **state)
{
	struct roster_statement statement;
	struct act act, read;
	uint8_t sig[64];
	json_t *fields;
	struct pmj_error err;

	(void)state;
	make(&act, "asked");
	act_sign(sig, amina, &act);
	statement_of(&statement,
	    act_statement(&act, json_pack("[o]", act_signature(ring_sign_pk(amina), sig))));
	check_ok(act_of_statement(&read, &statement, &err), &err);
	assert_memory_equal(read.hash, act.hash, sizeof(act.hash));
	assert_true(act_agreed_by(&read, &statement, ring_sign_pk(amina)));
	assert_false(act_agreed_by(&read, &statement, ring_sign_pk(hub)));
	act_close(&read);
	roster_statement_close(&statement);
	/* the hub says something else than was signed */
	fields = act_statement(&act, json_pack("[o]", act_signature(ring_sign_pk(amina), sig)));
	(void)json_object_set_new(fields, "person", json_string("fedcba9876543210"));
	statement_of(&statement, fields);
	assert_int_equal(act_of_statement(&read, &statement, &err), PMJ_INVALID);
	assert_null(read.text);
	roster_statement_close(&statement);
	/* nobody signed, or there is nothing that was signed */
	statement_of(&statement, act_statement(&act, json_array()));
	assert_int_equal(act_of_statement(&read, &statement, &err), PMJ_INVALID);
	roster_statement_close(&statement);
	statement_of(&statement, act_about(&act));
	assert_int_equal(act_of_statement(&read, &statement, &err), PMJ_INVALID);
	roster_statement_close(&statement);
	act_close(&act);
}

static void
of_another_form(void **state)
{
	static const char *const texts[] = {"", "{}", "[]",
	    "{\"v\":1,\"op\":\"erase\",\"asked\":1}",
	    "{\"v\":2,\"op\":\"erase\",\"asked\":1,\"person\":\"0123456789abcdef\",\"cause\":"
	    "\"x\"}",
	    "{\"v\":1,\"op\":\"erase\",\"asked\":-2,\"person\":\"0123456789abcdef\",\"cause\":"
	    "\"x\"}",
	    "{\"v\":1,\"op\":\"erase\",\"asked\":1,\"person\":\"0123\",\"cause\":\"x\"}",
	    "{\"v\":1,\"op\":\"\",\"asked\":1}",
	    "{\"v\":1,\"op\":\"enrol\",\"asked\":1,\"device\":\"00112233445566778899aabbccddeeff\","
	    "\"sign_pk\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
	    "\"role\":\"supervisor\",\"name\":\"A\"}"};
	struct act act;
	struct pmj_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(act_read(&act, texts[i], strlen(texts[i]), &err), PMJ_INVALID);
		assert_null(act.p);
	}
	assert_int_equal(act_read(&act, texts[0], ACT_TEXT_MAX + 1, &err), PMJ_TOO_BIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signed_by_whom),
	    cmocka_unit_test(in_a_statement),
	    cmocka_unit_test(of_another_form),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
