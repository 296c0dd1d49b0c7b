/* Rows to import: read from lines and tables, linked, cut into requests, answered. */
#include "base/mem.h"
#include "check.h"
#include "cli/rows.h"

/* person name, languages (choices) · contact person (link), on */
static json_t *
kinds(void)
{
	return json_pack(
	    "[{s:s, s:[{s:s, s:s, s:s}, {s:s, s:s}]}, {s:s, s:[{s:s, s:s, s:s}, {s:s, s:s}]}]",
	    "name", "person", "fields", "name", "name", "type", "text", "label", "Full name",
	    "name", "languages", "type", "choices", "name", "contact", "fields", "name", "person",
	    "type", "link", "link", "person", "name", "on", "type", "date");
}

static enum pmj_code
read_lines(struct rows *rows, const char *text, struct pmj_error *err)
{
	json_t *list = kinds();
	enum pmj_code rc;

	rows_init(rows);
	rc = rows_read_lines(rows, text, strlen(text), NULL, err);
	if (rc == PMJ_OK)
		rc = rows_link(rows, list, err);
	json_decref(list);
	return rc;
}

static void
check_rows(const json_t *got, const char *want)
{
	char *text = json_text(got);

	assert_string_equal(text, want);
	free(text);
}

static void
links_inside_and_across_requests(void **state)
{
	struct pmj_error err;
	struct batch batch;
	struct rows rows;
	json_t *answer;
	size_t next = 0;

	(void)state;
	check_ok(read_lines(&rows,
	             "{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{\"name\":\"@p\"}}\n\n"
	             "{\"kind\":\"contact\",\"fields\":{\"person\":\"@p\"}}\n",
	             &err),
	    &err);
	rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, false);
	check_rows(batch.rows,
	    "[{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{\"name\":\"@p\"},\"row\":0},"
	    "{\"kind\":\"contact\",\"fields\":{\"person\":{\"ref\":\"p\"}},\"row\":1}]");
	answer = json_pack(
	    "[{s:s, s:b}, {s:s, s:[]}]", "id", "idofp", "before", 1, "id", "idofc", "new_words");
	check_ok(rows_take(&rows, &batch, answer, &err), &err);
	assert_string_equal(rows.list[0].id, "idofp");
	assert_true(rows.list[0].before && !rows.list[1].before);
	assert_true(rows.list[0].saved == NULL && rows.list[1].saved != NULL);
	assert_int_equal(rows.list[1].line, 3);
	batch_close(&batch);
	/* Once its request is answered, a row is meant by its id. */
	rows.list[1].state = ROW_WAITS;
	next = 1;
	rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, false);
	check_rows(
	    batch.rows, "[{\"kind\":\"contact\",\"fields\":{\"person\":\"idofp\"},\"row\":1}]");
	batch_close(&batch);
	rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, false);
	assert_int_equal(batch.count, 0);
	batch_close(&batch);
	json_decref(answer);
	rows_close(&rows);
}

/* 120 people, then 120 contacts of them, as a request of 50 each. */
static void
fill(struct rows *rows, struct pmj_error *err)
{
	struct buf text;

	buf_init(&text, 0);
	for (int i = 0; i < 120; i++)
		buf_putf(&text,
		    "{\"kind\":\"person\",\"ref\":\"p%d\",\"fields\":{\"name\":\"x\"}}\n", i);
	for (int i = 0; i < 120; i++)
		buf_putf(&text, "{\"kind\":\"contact\",\"fields\":{\"person\":\"@p%d\"}}\n", i);
	check_ok(read_lines(rows, buf_text(&text), err), err);
	buf_close(&text);
}

static json_t *
answer_all(const struct batch *batch, bool ids)
{
	json_t *items = json_array();

	for (size_t i = 0; i < batch->count; i++) {
		char *id = mem_printf("id%zu", batch->index[i]);

		(void)json_array_append_new(
		    items, ids ? json_pack("{s:s}", "id", id) : json_object());
		free(id);
	}
	return items;
}

static void
cuts_into_requests(void **state)
{
	struct pmj_error err;
	struct batch batch;
	struct rows rows;
	size_t next = 0, requests = 0;
	json_t *items;

	(void)state;
	fill(&rows, &err);
	for (;;) {
		rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, false);
		if (batch.count == 0)
			break;
		assert_true(batch.count <= ROWS_BATCH_MAX);
		requests++;
		items = answer_all(&batch, true);
		check_ok(rows_take(&rows, &batch, items, &err), &err);
		json_decref(items);
		batch_close(&batch);
	}
	batch_close(&batch);
	assert_int_equal(requests, 5);
	for (size_t i = 0; i < rows.count; i++)
		assert_int_equal(rows.list[i].state, ROW_DONE);
	rows_close(&rows);
}

/* Every reference of a request names a row that stands before it there. */
static void
check_whole(const json_t *request)
{
	json_t *seen = json_object(), *row, *person;
	size_t i;

	json_array_foreach(request, i, row)
	{
		person = json_object_get(json_object_get(row, "fields"), "person");
		if (person != NULL)
			assert_non_null(json_object_get(seen, json_str(person, "ref")));
		if (json_str(row, "ref") != NULL)
			(void)json_object_set_new(seen, json_str(row, "ref"), json_true());
	}
	json_decref(seen);
}

static void
dry_run_sends_what_is_meant_again(void **state)
{
	struct pmj_error err;
	struct batch batch;
	struct rows rows;
	size_t next = 0;
	json_t *items;

	(void)state;
	fill(&rows, &err);
	for (;;) {
		rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, true);
		if (batch.count == 0)
			break;
		assert_true(batch.count <= ROWS_BATCH_MAX);
		assert_int_equal(json_array_size(batch.rows), batch.count);
		check_whole(batch.rows);
		items = answer_all(&batch, false);
		check_ok(rows_take(&rows, &batch, items, &err), &err);
		json_decref(items);
		batch_close(&batch);
	}
	batch_close(&batch);
	for (size_t i = 0; i < rows.count; i++)
		assert_int_equal(rows.list[i].state, ROW_DONE);
	rows_close(&rows);
}

static void
a_lost_row_takes_those_that_mean_it(void **state)
{
	struct pmj_error err;
	struct batch batch;
	struct rows rows;
	size_t next = 0;
	json_t *items;

	(void)state;
	fill(&rows, &err);
	rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, false);
	items = answer_all(&batch, true);
	(void)json_array_set_new(
	    items, 3, json_pack("{s:{s:s, s:s}}", "error", "code", "invalid", "message", "no"));
	check_ok(rows_take(&rows, &batch, items, &err), &err);
	assert_int_equal(rows.list[3].state, ROW_FAILED);
	json_decref(items);
	batch_close(&batch);
	next = 120;
	rows_batch(&batch, &rows, &next, ROWS_BATCH_MAX, false);
	assert_int_equal(rows.list[123].state, ROW_FAILED);
	assert_non_null(strstr(json_str(rows.list[123].error, "message"), "line 4"));
	assert_int_equal(rows.list[124].state, ROW_WAITS);
	items = json_array();
	check_code(rows_take(&rows, &batch, items, &err), PMJ_IO);
	json_decref(items);
	batch_close(&batch);
	rows_close(&rows);
}

static void
refuses_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"", "empty"},
	    {"{\"kind\":\"person\",\"fields\":{}}\n{\"kind\"", "line 2"},
	    {"[1]", "line 1: \"fields\""},
	    {"{\"kind\":\"person\"}", "\"fields\" is missing"},
	    {"{\"fields\":{}}", "\"kind\" is missing"},
	    {"{\"kind\":\"person\",\"id\":\"x\",\"fields\":{}}", "\"id\" does not belong"},
	    {"{\"kind\":\"person\",\"ref\":1,\"fields\":{}}", "\"ref\" must be text"},
	    {"{\"kind\":\"contact\",\"fields\":{\"person\":\"@p\"}}\n"
	     "{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{}}",
	        "line 1: person = @p names no row above"},
	    {"{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{}}\n"
	     "{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{}}",
	        "line 2: ref \"p\" is there twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pmj_error err = {0};
		struct rows rows;

		check_code(read_lines(&rows, cases[i].text, &err), PMJ_INVALID);
		if (strstr(err.message, cases[i].message) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].message, err.message);
		rows_close(&rows);
	}
}

static enum pmj_code
read_table(struct rows *rows, const char *text, struct pmj_error *err)
{
	json_t *list = kinds();
	enum pmj_code rc;
	struct csv csv;

	rows_init(rows);
	check_ok(csv_read(&csv, text, strlen(text), err), err);
	rc = rows_read_csv(rows, &csv, json_array_get(list, 0), err);
	csv_close(&csv);
	json_decref(list);
	return rc;
}

static void
takes_tables(void **state)
{
	struct pmj_error err = {0};
	struct rows rows;

	(void)state;
	check_ok(read_table(&rows, "FULL NAME,ref,languages\nJuma,p1,sw; maa\n,,\nAmina,,\n", &err),
	    &err);
	assert_int_equal(rows.count, 2);
	check_rows(rows.list[0].request, "{\"kind\":\"person\",\"ref\":\"p1\",\"fields\":{"
	                                 "\"name\":\"Juma\",\"languages\":[\"sw\",\"maa\"]}}");
	check_rows(rows.list[1].request, "{\"kind\":\"person\",\"fields\":{\"name\":\"Amina\"}}");
	assert_int_equal(rows.list[1].line, 4);
	rows_close(&rows);
	check_code(read_table(&rows, "nam\nJuma\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "did you mean name?"));
	rows_close(&rows);
	check_code(read_table(&rows, "name,Full name\nJuma,x\n", &err), PMJ_INVALID);
	rows_close(&rows);
	check_code(read_table(&rows, "name\n", &err), PMJ_INVALID);
	rows_close(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_inside_and_across_requests),
	    cmocka_unit_test(cuts_into_requests),
	    cmocka_unit_test(dry_run_sends_what_is_meant_again),
	    cmocka_unit_test(a_lost_row_takes_those_that_mean_it),
	    cmocka_unit_test(refuses_lines),
	    cmocka_unit_test(takes_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
