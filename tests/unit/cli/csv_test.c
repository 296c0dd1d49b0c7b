/* Tables as spreadsheets write them. */
#include "check.h"
#include "cli/csv.h"

static enum pmj_code
read_text(struct csv *csv, const char *text, struct pmj_error *err)
{
	memset(err, 0, sizeof(*err));
	return csv_read(csv, text, strlen(text), err);
}

/* All cells, rows ended by '|', cells by ','. */
static void
check_cells(const char *text, const char *want)
{
	struct pmj_error err;
	struct csv csv;
	struct buf got;

	check_ok(read_text(&csv, text, &err), &err);
	buf_init(&got, 0);
	for (size_t i = 0; i < csv.count; i++) {
		for (size_t j = 0; j < csv.rows[i].count; j++)
			buf_putf(&got, "%s%s", j > 0 ? "," : "", csv.rows[i].cells[j]);
		buf_put_text(&got, "|");
	}
	assert_string_equal(buf_text(&got), want);
	buf_close(&got);
	csv_close(&csv);
}

static void
reads_what_spreadsheets_write(void **state)
{
	(void)state;
	check_cells("name,village\nJuma,Oloitokitok\n", "name,village|Juma,Oloitokitok|");
	check_cells("name,village\r\nJuma,\r\n", "name,village|Juma,|");
	check_cells("\xef\xbb\xbfname\nJuma", "name|Juma|");
	check_cells("a;b\n1,5;\"x;y\"\n", "a,b|1,5,x;y|");
	check_cells("a\tb\n1\t2\n", "a,b|1,2|");
	check_cells("a,b\n\"say \"\"hi\"\"\",\"two\nlines\"\n", "a,b|say \"hi\",two\nlines|");
	check_cells("a,b\n\n\r\n1,2\n\n", "a,b|1,2|");
	check_cells("a,b\n1\n", "a,b|1|");
	check_cells("a,b\n1,", "a,b|1,|");
	check_cells("a,b\n,\n", "a,b|,|");
	check_cells("\"a;b\",c\n1,2\n", "a;b,c|1,2|");
	check_cells("a\n'=SUM(1)\n'tis\n", "a|=SUM(1)|'tis|");
	check_cells("a\rb\r", "a|b|");
}

static void
takes_windows_1252(void **state)
{
	(void)state;
	check_cells("a,b\nAmin\xe9,\x80\x96\x81\n",
	    "a,b|Amin\xc3\xa9,\xe2\x82\xac\xe2\x80\x93\xef\xbf\xbd|");
}

static void
refuses_with_the_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"a,b\n1,\"2\n3\n", "line 2: a double quote is never closed"},
	    {"a,b\n1,2\n1,\"2\"3\n", "line 3: text after a closing quote"},
	    {"a,b\n\n1,2,3\n", "line 3: more cells"},
	    {"", "empty"},
	    {"\n\n", "empty"},
	};
	struct pmj_error err;
	struct csv csv;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_code(read_text(&csv, cases[i].text, &err), PMJ_INVALID);
		assert_non_null(strstr(err.message, cases[i].message));
		assert_null(csv.rows);
	}
	check_code(csv_read(&csv, "a\0b", 3, &err), PMJ_INVALID);
}

static void
keeps_limits_and_lines(void **state)
{
	char *big = malloc(CSV_CELL_MAX + 16);
	struct pmj_error err;
	struct csv csv;
	struct buf wide;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', CSV_CELL_MAX + 15);
	big[CSV_CELL_MAX + 15] = '\0';
	check_code(read_text(&csv, big, &err), PMJ_TOO_BIG);
	free(big);
	buf_init(&wide, 0);
	for (unsigned i = 0; i <= CSV_COLUMNS_MAX; i++)
		buf_put_text(&wide, "a,");
	check_code(read_text(&csv, buf_text(&wide), &err), PMJ_INVALID);
	buf_close(&wide);
	check_ok(read_text(&csv, "a\n\"1\n2\"\n3\n", &err), &err);
	assert_int_equal(csv.rows[1].line, 2);
	assert_int_equal(csv.rows[2].line, 4);
	csv_close(&csv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_spreadsheets_write),
	    cmocka_unit_test(takes_windows_1252),
	    cmocka_unit_test(refuses_with_the_line),
	    cmocka_unit_test(keeps_limits_and_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
