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
	static json_t *list;

	if (list == NULL)
		list = kinds();
	rows_init(rows, list);
	return rows_read_lines(rows, text, strlen(text), NULL, err);
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
	rows_batch(&batch, &rows, &next, false);
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
	rows_batch(&batch, &rows, &next, false);
	check_rows(
	    batch.rows, "[{\"kind\":\"contact\",\"fields\":{\"person\":\"idofp\"},\"row\":1}]");
	batch_close(&batch);
	rows_batch(&batch, &rows, &next, false);
	assert_int_equal(batch.count, 0);
	batch_close(&batch);
	json_decref(answer);
	rows_close(&rows);
}

/* 1,200 people, then 1,200 contacts of them. */
static void
fill(struct rows *rows, struct pmj_error *err)
{
	struct buf text;

	buf_init(&text, 0);
	for (int i = 0; i < 1200; i++)
		buf_putf(&text,
		    "{\"kind\":\"person\",\"ref\":\"p%d\",\"fields\":{\"name\":\"x\"}}\n", i);
	for (int i = 0; i < 1200; i++)
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
		rows_batch(&batch, &rows, &next, false);
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
		rows_batch(&batch, &rows, &next, true);
		if (batch.count == 0)
			break;
		assert_true(batch.count <= ROWS_DRY_MAX);
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
	rows_batch(&batch, &rows, &next, false);
	items = answer_all(&batch, true);
	(void)json_array_set_new(
	    items, 3, json_pack("{s:{s:s, s:s}}", "error", "code", "invalid", "message", "no"));
	check_ok(rows_take(&rows, &batch, items, &err), &err);
	assert_int_equal(rows.list[3].state, ROW_FAILED);
	json_decref(items);
	batch_close(&batch);
	next = 1200;
	rows_batch(&batch, &rows, &next, false);
	assert_int_equal(rows.list[1203].state, ROW_FAILED);
	assert_non_null(strstr(json_str(rows.list[1203].error, "message"), "line 4"));
	assert_int_equal(rows.list[1204].state, ROW_WAITS);
	items = json_array();
	check_code(rows_take(&rows, &batch, items, &err), PMJ_IO);
	json_decref(items);
	batch_close(&batch);
	rows_close(&rows);
}

/* Each as the second line, between two good ones: it alone fails. */
static void
refuses_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"{\"kind\"", "not JSON"},
	    {"[1]", "\"fields\" is missing"},
	    {"{\"kind\":\"person\"}", "\"fields\" is missing"},
	    {"{\"fields\":{}}", "\"kind\" is missing"},
	    {"{\"kind\":\"person\",\"idd\":\"x\",\"fields\":{}}", "\"idd\" does not belong"},
	    {"{\"kind\":\"person\",\"ref\":1,\"fields\":{}}", "\"ref\" must be text"},
	    {"{\"kind\":\"contact\",\"fields\":{\"person\":\"@q\"}}",
	        "person = @q names no row above"},
	    {"{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{}}", "ref \"p\" is there twice"},
	};
	struct pmj_error err = {0};
	struct batch batch;
	struct rows rows;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = mem_printf("{\"kind\":\"person\",\"ref\":\"p\",\"fields\":{}}\n%s\n"
		                        "{\"kind\":\"person\",\"ref\":\"q\",\"fields\":{}}\n",
		    cases[i].text);
		size_t next = 0;

		check_ok(read_lines(&rows, text, &err), &err);
		rows_batch(&batch, &rows, &next, false);
		assert_int_equal(batch.count, 2);
		assert_int_equal(rows.list[1].state, ROW_FAILED);
		assert_int_equal(rows.list[1].line, 2);
		if (strstr(json_str(rows.list[1].error, "message"), cases[i].message) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].message,
			    json_str(rows.list[1].error, "message"));
		batch_close(&batch);
		rows_close(&rows);
		free(text);
	}
	check_code(read_lines(&rows, "", &err), PMJ_INVALID);
	rows_close(&rows);
}

/* What an export says beside its records is none; its ids name them for ever. */
static void
takes_an_export_back(void **state)
{
	struct pmj_error err = {0};
	struct rows rows;
	json_t *request;

	(void)state;
	check_ok(read_lines(&rows,
	             "{\"notice\":\"x\",\"version\":\"1\"}\n{\"consent\":{\"id\":\"c\"}}\n"
	             "{\"kind\":\"person\",\"id\":\"i1\",\"state\":\"active\",\"fields\":{},"
	             "\"by\":\"Neema\",\"made_at\":1}\n"
	             "{\"kind\":\"person\",\"id\":\"i2\",\"fields\":{},\"voided\":true}\n",
	             &err),
	    &err);
	assert_int_equal(rows.count, 1);
	request = rows_request(&rows, 0);
	check_rows(request, "{\"kind\":\"person\",\"fields\":{},\"source\":\"i1\"}");
	json_decref(request);
	rows_close(&rows);
}

static enum pmj_code
read_table(struct rows *rows, const char *text, const char *map_text, struct pmj_error *err)
{
	static json_t *list;
	struct mapping map;
	const char *kind = NULL;
	enum pmj_code rc;

	if (list == NULL)
		list = kinds();
	rows_init(rows, list);
	if (map_text != NULL)
		check_ok(
		    mapping_read_text(&map, &kind, "form.ini", map_text, strlen(map_text), err),
		    err);
	rc = rows_read_csv(rows, text, strlen(text),
	    json_array_get(list, kind != NULL && strcmp(kind, "contact") == 0 ? 1 : 0),
	    map_text != NULL ? &map : NULL, false, err);
	if (map_text != NULL)
		mapping_close(&map);
	return rc;
}

static void
check_request(struct rows *rows, size_t at, const char *want)
{
	json_t *request = rows_request(rows, at);

	assert_non_null(request);
	check_rows(request, want);
	json_decref(request);
}

static void
takes_tables(void **state)
{
	struct pmj_error err = {0};
	struct rows rows;

	(void)state;
	check_ok(
	    read_table(&rows, "FULL NAME,ref,languages\nJuma,p1,sw; maa\n,,\nAmina,,\nx,y,\"z\n",
	        NULL, &err),
	    &err);
	assert_int_equal(rows.count, 3);
	check_request(&rows, 0,
	    "{\"kind\":\"person\",\"ref\":\"p1\",\"fields\":{"
	    "\"name\":\"Juma\",\"languages\":[\"sw\",\"maa\"]}}");
	check_request(&rows, 1, "{\"kind\":\"person\",\"fields\":{\"name\":\"Amina\"}}");
	assert_int_equal(rows.list[1].line, 4);
	assert_int_equal(rows.list[2].state, ROW_FAILED);
	assert_int_equal(json_int(rows.list[2].error, "column", 0), 3);
	assert_string_equal(json_str(rows.list[2].error, "head"), "languages");
	assert_int_equal(rows_column(&rows, "name"), 1);
	rows_close(&rows);
	check_code(read_table(&rows, "nam\nJuma\n", NULL, &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "did you mean name?"));
	rows_close(&rows);
	check_code(read_table(&rows, "name,Full name\nJuma,x\n", NULL, &err), PMJ_INVALID);
	rows_close(&rows);
	check_code(read_table(&rows, "name\n", NULL, &err), PMJ_INVALID);
	rows_close(&rows);
}

static void
takes_forms_by_a_mapping(void **state)
{
	static const char map[] =
	    "[import]\nkind = contact\nsource = meta/instanceID\ndates = d/m/y\nonly = ok is yes\n"
	    "[field person]\ncolumns = first | last\nbetween = -\n[field on]\ncolumn = "
	    "form.visit.on\n";
	static const char people[] = "[import]\nkind = person\n[field name]\nvalue = X\n[field "
	                             "languages]\ncolumn = l\nsplit = spaces\nmap.s = swahili\n";
	struct pmj_error err = {0};
	struct rows rows;

	(void)state;
	check_ok(read_table(&rows,
	             "meta-instanceID;first;last;visit;form-visit-on;ok\nu1;a;b;;31/03/2026;yes\n"
	             "u2;c;;;3/4/2026T10:00;no\nu3;c;;;32/4/2026;Yes\n",
	             map, &err),
	    &err);
	assert_int_equal(rows.count, 2);
	check_request(&rows, 0,
	    "{\"kind\":\"contact\",\"source\":\"u1\",\"fields\":{\"person\":\"a-b\",\"on\":"
	    "\"2026-03-31\"}}");
	assert_null(rows_request(&rows, 1));
	assert_int_equal(json_int(rows.list[1].error, "column", 0), 5);
	assert_non_null(strstr(json_str(rows.list[1].error, "hint"), "31/03/2026"));
	rows_close(&rows);
	check_ok(read_table(&rows, "l,m\ns maa,\n", people, &err), &err);
	check_request(&rows, 0,
	    "{\"kind\":\"person\",\"fields\":{\"name\":\"X\",\"languages\":[\"swahili\",\"maa\"]}"
	    "}");
	rows_close(&rows);
	check_code(
	    read_table(&rows, "l\ns\n", "[import]\n[field name]\nvalue = X\n", &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "none of its columns"));
	rows_close(&rows);
	check_code(read_table(&rows, "k\ns\n", people, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "form.ini line 6: the file has no column \"l\""));
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
	    cmocka_unit_test(takes_an_export_back),
	    cmocka_unit_test(takes_tables),
	    cmocka_unit_test(takes_forms_by_a_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
