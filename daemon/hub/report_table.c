/* report_table.c - what was counted, as it may be shown: domain/small decides. */
#include <stdlib.h>

#include "base/mem.h"
#include "domain/small.h"
#include "hub/report.h"
#include "hub/tally.h"

static json_t *
number(int64_t n)
{
	return n < 0 ? json_null() : json_integer((json_int_t)n);
}

json_t *
report_table(struct tally *tally, const char *by, int64_t least, json_t **total)
{
	struct small_cell *cells = mem_array(tally->count, sizeof(*cells));
	struct small_whole whole;
	json_t *rows = json_array();

	tally_sort(tally);
	for (size_t i = 0; i < tally->count; i++) {
		cells[i].n = tally->cells[i].n;
		if (!tally->has_people)
			continue;
		cells[i].people = tally->cells[i].people;
		cells[i].people_count = tally->cells[i].people_count;
	}
	small_cells(&whole, cells, tally->count, least);
	for (size_t i = 0; i < tally->count; i++)
		if (cells[i].shown)
			(void)json_array_append_new(
			    rows, json_pack("{s:s,s:I}", "value", tally->cells[i].value, "n",
			              (json_int_t)cells[i].n));
	free(cells);
	if (total != NULL)
		*total = number(whole.total);
	return json_pack("{s:s,s:o,s:o}", "by", by, "rows", rows, "rest", number(whole.rest));
}

/* In tenths, to the nearest. */
static int64_t
mean(int64_t sum, int64_t count)
{
	int64_t tenths = 10 * sum;

	if (count <= 0)
		return 0;
	return (tenths + (tenths < 0 ? -count : count) / 2) / count;
}

static json_t *
table_of(const struct small_cell *cells, const char *const *values, size_t count,
    const struct small_whole *whole, const char *by)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < count; i++)
		if (cells[i].shown)
			(void)json_array_append_new(rows, json_pack("{s:s,s:I}", "value", values[i],
			                                      "n", (json_int_t)cells[i].n));
	return json_pack("{s:s,s:o,s:o}", "by", by, "rows", rows, "rest", number(whole->rest));
}

/* Divided twice: of the people seen those who were asked twice, and of these how it went. Only
 * where the first may be shown is anything said of the second. */
void
report_change(json_t *report, const struct seen *seen, int64_t least)
{
	static const char *const ways[] = {"more", "same", "less"};
	struct small_cell asked[2] = {{.n = 0}}, went[3] = {{.n = 0}};
	struct small_whole whole;
	int64_t first = 0, last = 0;

	for (size_t i = 0; i < seen->count; i++) {
		const struct seen_person *one = &seen->list[i];

		asked[one->times < 2].n++;
		if (one->times < 2)
			continue;
		first += one->first;
		last += one->last;
		went[one->last > one->first ? 0 : one->last == one->first ? 1 : 2].n++;
	}
	small_cells(&whole, asked, 2, least);
	if (asked[0].n == 0 && whole.total >= 0) {
		(void)json_object_set_new(report, "total", json_integer(0));
		return;
	}
	(void)json_object_set_new(report, "total", number(asked[0].shown ? asked[0].n : -1));
	if (!asked[0].shown)
		return;
	small_cells(&whole, went, 3, least);
	(void)json_object_set_new(report, "change",
	    json_pack("{s:I,s:I,s:[o]}", "first", (json_int_t)mean(first, asked[0].n), "last",
	        (json_int_t)mean(last, asked[0].n), "tables",
	        table_of(went, ways, 3, &whole, "change")));
}
