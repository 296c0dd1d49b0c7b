/* Tables as spreadsheets write them. */
#include "check.h"
#include "cli/csv.h"

/* All cells, rows ended by '|', cells by ','; a row that cannot be read is "!" and the column. */
static enum pmj_code
read_text(struct buf *got, const char *text, size_t len, struct pmj_error *err)
{
	struct csv_reader in;
	struct csv_row row;
	enum pmj_code rc, first = PMJ_OK;
	struct pmj_error why;
	bool more = true;

	memset(err, 0, sizeof(*err));
	buf_init(got, 0);
	if ((rc = csv_open(&in, &row, text, len, err)) != PMJ_OK)
		return rc;
	while (more) {
		for (size_t j = 0; j < row.count; j++)
			buf_putf(got, "%s%s", j > 0 ? "," : "", row.cells[j]);
		buf_put_text(got, "|");
		csv_row_close(&row);
		while ((rc = csv_next(&in, &row, &more, &why)) != PMJ_OK) {
			buf_putf(got, "!%zu:%zu|", row.line, in.column);
			*err = first == PMJ_OK ? why : *err;
			first = first == PMJ_OK ? rc : first;
		}
	}
	csv_close(&in);
	return first;
}

static void
check_cells(const char *text, const char *want)
{
	struct pmj_error err;
	struct buf got;

	check_ok(read_text(&got, text, strlen(text), &err), &err);
	assert_string_equal(buf_text(&got), want);
	buf_close(&got);
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
	check_cells("a,b\n1,2,,\n", "a,b|1,2|");
	check_cells("\"A title, of one cell\"\na;b\n1;2\n", "a,b|1,2|");
	check_cells("\"NOTICE: x, y\"\r\n\"id\",\"n\"\r\n\"1\",\"'+254\"\r\n", "id,n|1,+254|");
}

static void
takes_windows_1252(void **state)
{
	(void)state;
	check_cells("a,b\nAmin\xe9,\x80\x96\x81\n",
	    "a,b|Amin\xc3\xa9,\xe2\x82\xac\xe2\x80\x93\xef\xbf\xbd|");
}

static void
goes_on_after_a_bad_line(void **state)
{
	static const struct {
		const char *text, *message, *got;
	} cases[] = {
	    {"a,b\n1,\"2\n3\n4,5\n", "a double quote is never closed", "a,b|!2:2|3|4,5|"},
	    {"a,b\n1,2\n1,\"2\"3\n6,7\n", "text after a closing quote", "a,b|1,2|!3:2|6,7|"},
	    {"a,b\n\n1,2,3\n", "more cells", "a,b|!3:3|"},
	};
	struct pmj_error err;
	struct buf got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_code(
		    read_text(&got, cases[i].text, strlen(cases[i].text), &err), PMJ_INVALID);
		assert_non_null(strstr(err.message, cases[i].message));
		assert_string_equal(buf_text(&got), cases[i].got);
		buf_close(&got);
	}
	check_code(read_text(&got, "", 0, &err), PMJ_INVALID);
	check_code(read_text(&got, "\n\n", 2, &err), PMJ_INVALID);
	check_code(read_text(&got, "a\0b", 3, &err), PMJ_INVALID);
}

static void
keeps_limits_and_lines(void **state)
{
	char *big = malloc(CSV_CELL_MAX + 16);
	struct csv_reader in;
	struct csv_row row;
	struct pmj_error err;
	struct buf got, wide;
	bool more;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', CSV_CELL_MAX + 15);
	big[CSV_CELL_MAX + 15] = '\0';
	check_code(read_text(&got, big, strlen(big), &err), PMJ_TOO_BIG);
	free(big);
	buf_init(&wide, 0);
	for (unsigned i = 0; i <= CSV_COLUMNS_MAX; i++)
		buf_put_text(&wide, "a,");
	check_code(read_text(&got, buf_text(&wide), wide.len, &err), PMJ_INVALID);
	buf_close(&wide);
	check_ok(csv_open(&in, &row, "a\n\"1\n2\"\n3\n", 10, &err), &err);
	csv_row_close(&row);
	check_ok(csv_next(&in, &row, &more, &err), &err);
	assert_int_equal(row.line, 2);
	csv_row_close(&row);
	check_ok(csv_next(&in, &row, &more, &err), &err);
	assert_int_equal(row.line, 4);
	csv_seek(&in, &row); /* once more */
	csv_row_close(&row);
	check_ok(csv_next(&in, &row, &more, &err), &err);
	assert_int_equal(row.line, 4);
	assert_string_equal(row.cells[0], "3");
	csv_row_close(&row);
	csv_close(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_spreadsheets_write),
	    cmocka_unit_test(takes_windows_1252),
	    cmocka_unit_test(goes_on_after_a_bad_line),
	    cmocka_unit_test(keeps_limits_and_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
