/* published_test.c - the list of what the office published, and the bytes of its files. */
#include "base/mem.h"
#include "check.h"
#include "log/published.h"
#include "test_ring.h"

static void
list_of_two(struct published *list)
{
	memset(list, 0, sizeof(*list));
	list->count = 2;
	list->time_ms = 1700000000000;
	for (size_t i = 0; i < list->count; i++) {
		struct published_file *file = &list->files[i];

		(void)snprintf(file->name, sizeof(file->name), "kinds/thing%zu.ini", i);
		file->version = (int64_t)i + 3;
		file->parts = i + 1;
		memset(file->hash, (int)i + 1, sizeof(file->hash));
	}
}

static void
there_and_back(void **state)
{
	struct ring *hub = test_ring(1, 2, 3), *other = test_ring(1, 2, 4);
	struct published list, got;
	struct pmj_error err = {0};
	json_t *statement;
	char *text;

	(void)state;
	list_of_two(&list);
	statement = published_make(hub, &list);
	check_ok(published_read(&got, statement, ring_op_pk(hub), &err), &err);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.time_ms, list.time_ms);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(got.files[i].name, list.files[i].name);
		assert_int_equal(got.files[i].version, list.files[i].version);
		assert_int_equal(got.files[i].parts, list.files[i].parts);
		assert_memory_equal(got.files[i].hash, list.files[i].hash, PRIM_HASH_BYTES);
	}
	/* another's word, and a word that was changed */
	check_code(published_read(&got, statement, ring_op_pk(other), &err), PMJ_INTEGRITY);
	assert_int_equal(got.count, 0);
	text = strdup(json_str(statement, "p"));
	text[strlen(text) - 3] ^= 1;
	(void)json_object_set_new(statement, "p", json_string(text));
	check_code(published_read(&got, statement, ring_op_pk(hub), &err), PMJ_INTEGRITY);
	(void)json_object_del(statement, "g");
	check_code(published_read(&got, statement, ring_op_pk(hub), &err), PMJ_INVALID);
	free(text);
	json_decref(statement);
	ring_free(hub);
	ring_free(other);
}

static void
names(void **state)
{
	static const char *const
	    good[] = {"kinds/bicycle.ini", "kinds/a-b_2.ini", "notices/us.ini"},
	    *const bad[] = {"bicycle.ini", "/bicycle.ini", "kinds/", "kinds/.ini", "kinds/x",
	        "kinds/x.", "kinds/../x.ini", "kinds/x/y.ini", "kinds/X.ini", "kinds/a b.ini",
	        "kinds/0123456789012345678901234567890123456789012345678901234567"
	        "8901234567890.ini"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(published_name_fits(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(published_name_fits(bad[i]));
}

/* Signed, and not of its form: a hub of ours never says so, and nothing of it is believed. */
static void
form(void **state)
{
	static const char *const bad[] = {"{", "[]", "{\"v\":2,\"time\":1,\"files\":[]}",
	    "{\"v\":1,\"time\":1,\"files\":[{\"name\":\"kinds/"
	    "a.ini\",\"version\":1,\"hash\":\"00\","
	    "\"parts\":1}]}",
	    "{\"v\":1,\"time\":1,\"files\":[{\"name\":\"../a.ini\"}]}"};
	struct published *got = calloc(1, sizeof(*got));
	struct pmj_error err = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		json_t *statement = json_pack("{s:s,s:s}", "p", bad[i], "g", "");

		check_code(published_read_kept(got, statement, &err), PMJ_INVALID);
		json_decref(statement);
	}
	free(got);
}

static void
packed(void **state)
{
	uint8_t *text = malloc(PUBLISHED_FILE_MAX + 1);
	struct pmj_error err = {0};
	struct buf b, back;

	(void)state;
	for (size_t i = 0; i <= PUBLISHED_FILE_MAX; i++)
		text[i] = (uint8_t)("label.en = "[i % 11]);
	buf_init(&b, 0);
	buf_init(&back, 0);
	check_code(published_pack(&b, text, PUBLISHED_FILE_MAX + 1, &err), PMJ_TOO_BIG);
	check_ok(published_pack(&b, text, PUBLISHED_FILE_MAX, &err), &err);
	assert_true(b.len < 1000);
	check_ok(published_unpack(&back, b.bytes, b.len, &err), &err);
	assert_int_equal(back.len, PUBLISHED_FILE_MAX);
	assert_memory_equal(back.bytes, text, back.len);
	for (size_t cut = 0; cut < b.len; cut++) {
		buf_clear(&back);
		check_code(published_unpack(&back, b.bytes, cut, &err), PMJ_INVALID);
		assert_int_equal(back.len, 0);
	}
	buf_close(&b);
	buf_close(&back);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(names),
	    cmocka_unit_test(form),
	    cmocka_unit_test(packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
