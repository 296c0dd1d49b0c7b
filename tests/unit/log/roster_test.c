/* Section 7.2: statements of the roster, their signatures and their chain. */
#include "check.h"
#include "log/roster.h"
#include "test_ring.h"

static struct ring *hub;
static const char person[] = "0123456789abcdef";

static int
setup(void **state)
{
	(void)state;
	hub = test_ring(1, 2, 3);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ring_free(hub);
	return 0;
}

static json_t *
assignment(void)
{
	json_t *fields = json_object();

	json_object_set_new(fields, "op", json_string("assign"));
	json_object_set_new(fields, "person", json_string(person));
	json_object_set_new(fields, "device", json_hex(ring_device_id(hub), 16));
	return fields;
}

static void
chain(void **state)
{
	struct roster_statement statement;
	struct pmj_error err;
	uint8_t head[32] = {0};

	(void)state;
	for (uint64_t ver = 1; ver <= 5; ver++) {
		json_t *fields = assignment();
		json_t *line = roster_make(hub, ver, head, 1000 + (int64_t)ver, fields);
		uint8_t hash[32];

		check_ok(roster_read(&statement, line, ring_op_pk(hub), &err), &err);
		assert_int_equal(statement.ver, ver);
		assert_int_equal(statement.time_ms, 1000 + ver);
		assert_string_equal(statement.op, "assign");
		assert_string_equal(json_str(statement.p, "person"), person);
		assert_true(roster_follows(&statement, ver - 1, head));
		assert_false(roster_follows(&statement, ver, head));
		prim_hash(
		    hash, "pmj roster v1", PRIM_PARTS({statement.text, strlen(statement.text)}));
		assert_memory_equal(statement.hash, hash, 32);
		head[0] ^= 1;
		assert_false(roster_follows(&statement, ver - 1, head));
		memcpy(head, statement.hash, 32);
		roster_statement_close(&statement);
		json_decref(line);
		json_decref(fields);
	}
}

static void
signers(void **state)
{
	struct roster_statement statement;
	json_t *fields = assignment();
	json_t *line = roster_make(hub, 1, (const uint8_t[32]){0}, 1, fields);
	struct ring *other = test_ring(4, 5, 6);

	(void)state;
	assert_int_equal(roster_read(&statement, line, ring_op_pk(hub), NULL), PMJ_OK);
	assert_true(roster_signed_by(&statement, ring_op_pk(hub)));
	assert_true(roster_signed_by(&statement, ring_sign_pk(hub)));
	assert_false(roster_signed_by(&statement, ring_sign_pk(other)));
	roster_statement_close(&statement);
	check_code(roster_read(&statement, line, ring_op_pk(other), NULL), PMJ_INTEGRITY);
	/* The first signature is the hub's; without it the coordinator's is not enough. */
	json_array_remove(json_object_get(line, "s"), 0);
	check_code(roster_read(&statement, line, ring_op_pk(hub), NULL), PMJ_INTEGRITY);
	json_decref(line);
	json_decref(fields);
	ring_free(other);
}

static void
changed(void **state)
{
	json_t *fields = assignment();
	json_t *line = roster_make(hub, 1, (const uint8_t[32]){0}, 1, fields);
	const char *text = json_str(line, "p");
	struct roster_statement statement;
	struct pmj_error err;
	char *bad = strdup(text);

	(void)state;
	for (size_t i = 0; text[i] != '\0'; i++) {
		bad[i] ^= 1;
		if (json_object_set_new(line, "p", json_string(bad)) == 0)
			check_code(
			    roster_read(&statement, line, ring_op_pk(hub), &err), PMJ_INTEGRITY);
		bad[i] ^= 1;
		text = bad;
	}
	free(bad);
	json_object_set_new(line, "x", json_true());
	check_code(roster_read(&statement, line, ring_op_pk(hub), &err), PMJ_INVALID);
	json_object_del(line, "x");
	json_object_set_new(line, "p", json_integer(1));
	check_code(roster_read(&statement, line, ring_op_pk(hub), &err), PMJ_INVALID);
	json_object_del(line, "s");
	check_code(roster_read(&statement, line, ring_op_pk(hub), &err), PMJ_INVALID);
	check_code(roster_read(&statement, NULL, ring_op_pk(hub), &err), PMJ_INVALID);
	json_decref(line);
	json_decref(fields);
}

/* One statement of the hub's own signing, with these members beside op; the word of the message. */
static void
refused(const char *fields_text, const char *word)
{
	struct roster_statement statement;
	struct pmj_error err = {0};
	json_t *fields = NULL;
	json_t *line;

	check_ok(
	    json_read(&fields, fields_text, strlen(fields_text), &json_limits_entry, &err), &err);
	line = roster_make(hub, 1, (const uint8_t[32]){0}, 1, fields);
	assert_non_null(line);
	if (word == NULL) {
		check_ok(roster_read(&statement, line, ring_op_pk(hub), &err), &err);
		roster_statement_close(&statement);
	} else {
		check_code(roster_read(&statement, line, ring_op_pk(hub), &err), PMJ_INVALID);
		if (strstr(err.message, word) == NULL)
			fail_msg("%s: %s", fields_text, err.message);
	}
	json_decref(line);
	json_decref(fields);
}

static void
forms(void **state)
{
#define DEVICE "\"device\":\"45cc9abb896d0db41b97e68fe1596a13\""
#define SIGN_PK "\"sign_pk\":\"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c\""
	(void)state;
	refused(
	    "{\"op\":\"enrol\"," DEVICE "," SIGN_PK ",\"role\":\"ally\",\"name\":\"Asha\"}", NULL);
	refused("{\"op\":\"enrol\"," DEVICE "," SIGN_PK ",\"role\":\"king\",\"name\":\"Asha\"}",
	    "\"role\"");
	refused("{\"op\":\"enrol\"," DEVICE "," SIGN_PK ",\"role\":\"ally\"}", "\"name\"");
	refused("{\"op\":\"enrol\"," DEVICE ",\"role\":\"ally\",\"name\":\"Asha\"}", "\"sign_pk\"");
	refused("{\"op\":\"enrol\",\"device\":\"45cc9abb896d0db41b97e68fe1596a14\"," SIGN_PK
	        ",\"role\":\"ally\",\"name\":\"Asha\"}",
	    "id of");
	refused("{\"op\":\"assign\"," DEVICE ",\"person\":\"0123456789abcde\"}", "\"person\"");
	refused("{\"op\":\"assign\",\"person\":\"0123456789abcdef\"}", "\"device\"");
	refused("{\"op\":\"seal\"," DEVICE ",\"epoch\":-1}", "\"epoch\"");
	refused("{\"op\":\"role\"," DEVICE ",\"role\":7}", "\"role\"");
	refused("{\"op\":\"Bad op\"}", "op");
	refused("{}", "op");
	refused("{\"op\":\"of_a_newer_hub\",\"what\":{\"x\":[1]}}", NULL);
	refused("{\"op\":\"revoke\"," DEVICE ",\"v\":9}",
	    NULL); /* v, ver, prev, time are not the caller's */
}

static void
too_big(void **state)
{
	char *text = calloc(1, PMJ_STATEMENT_MAX + 1);
	json_t *fields = json_object();

	(void)state;
	assert_non_null(text);
	memset(text, 'x', PMJ_STATEMENT_MAX);
	json_object_set_new(fields, "op", json_string("note"));
	json_object_set_new(fields, "what", json_string(text));
	assert_null(roster_make(hub, 1, (const uint8_t[32]){0}, 1, fields));
	json_decref(fields);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chain),
	    cmocka_unit_test(signers),
	    cmocka_unit_test(changed),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(too_big),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
