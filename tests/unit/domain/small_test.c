/* From what is shown of a table no count of 1 to least - 1 can be worked out: all small tables are
 * tried. Whoever knows the rule and sees an outcome can make a list of the tables that give it; so
 * do these tests, and each hidden small count must differ somewhere in that list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/small.h"

#define CELLS_MAX 6
#define SEEN_MAX 12

struct table { /* what is hidden, and what is seen of it */
	int hidden[CELLS_MAX];
	int seen[SEEN_MAX];
};

static struct table *tables;
static size_t table_count;

static void
keep(const struct table *table)
{
	if ((table_count & (table_count - 1)) == 0)
		tables =
		    realloc(tables, (table_count == 0 ? 1 : 2 * table_count) * sizeof(*tables));
	assert_non_null(tables);
	tables[table_count++] = *table;
}

static void
forget(void)
{
	free(tables);
	tables = NULL;
	table_count = 0;
}

/* Appends to `seen` what a reader sees of these cells; returns how many numbers. */
static size_t
look(int *seen, const int *n, size_t count, int least)
{
	struct small_cell cells[CELLS_MAX] = {{0}};
	struct small_whole whole;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		cells[i].n = n[i];
	small_cells(&whole, cells, count, least);
	seen[used++] = (int)whole.total;
	seen[used++] = (int)whole.rest;
	for (size_t i = 0; i < count; i++) {
		seen[used++] = cells[i].shown ? (int)cells[i].n : -1;
		if (cells[i].shown)
			assert_true(cells[i].n >= least);
	}
	for (size_t i = 0; i < 2; i++)
		assert_true(seen[i] <= 0 || seen[i] >= least);
	return used;
}

static int
by_what_is_seen(const void *a, const void *b)
{
	return memcmp(((const struct table *)a)->seen, ((const struct table *)b)->seen,
	    sizeof(((const struct table *)a)->seen));
}

/* In each list of tables that look the same: is this hidden number another somewhere? */
static void
nothing_is_told(size_t count, int least, const char *what)
{
	size_t told = 0, groups = 0;

	qsort(tables, table_count, sizeof(*tables), by_what_is_seen);
	for (size_t from = 0, to; from < table_count; from = to) {
		groups++;
		for (to = from; to < table_count; to++)
			if (by_what_is_seen(&tables[from], &tables[to]) != 0)
				break;
		for (size_t c = 0; c < count; c++) {
			int n = tables[from].hidden[c];
			bool same = n >= 1 && n < least;

			for (size_t i = from; i < to && same; i++)
				same = tables[i].hidden[c] == n;
			if (!same)
				continue;
			if (told++ < 5)
				printf("%s, least %d: cell %zu must be %d where total %d, rest %d "
				       "are seen\n",
				    what, least, c, n, tables[from].seen[0], tables[from].seen[1]);
		}
	}
	assert_int_equal(told, 0);
	assert_true(groups > 10 && groups < table_count);
	forget();
}

/* All ways to divide up to `most`. */
static bool
next_way(int *n, size_t count, int most)
{
	int sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += n[i];
	for (size_t i = 0; i < count; i++) {
		if (sum < most) {
			n[i]++;
			return true;
		}
		sum -= n[i];
		n[i] = 0;
	}
	return false;
}

static void
one_table(void **state)
{
	static const struct {
		size_t count;
		int least, most;
	} sizes[] = {{1, 3, 20}, {2, 3, 30}, {3, 3, 30}, {4, 3, 22}, {5, 3, 18}, {2, 4, 40},
	    {3, 4, 40}, {4, 4, 26}, {2, 11, 80}, {3, 11, 70}};

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		int n[CELLS_MAX] = {0};

		do {
			struct table table = {{0}, {0}};

			memcpy(table.hidden, n, sizeof(n));
			(void)look(table.seen, n, sizes[s].count, sizes[s].least);
			keep(&table);
		} while (next_way(n, sizes[s].count, sizes[s].most));
		nothing_is_told(sizes[s].count, sizes[s].least, "one table");
	}
}

/* The same things, divided in two ways: contacts by kind, and by setting. Neither a cell of either
 * table, nor one of those between them, is told. */
static void
two_tables_of_one_whole(void **state)
{
	static const struct {
		size_t rows, columns;
		int most;
	} sizes[] = {{2, 2, 26}, {2, 3, 18}};

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		size_t rows = sizes[s].rows, columns = sizes[s].columns;

		for (int between = 0; between <= 1; between++) {
			int n[CELLS_MAX] = {0};

			do {
				struct table table = {{0}, {0}};
				int row[CELLS_MAX] = {0}, column[CELLS_MAX] = {0};
				size_t used;

				for (size_t i = 0; i < rows * columns; i++) {
					row[i / columns] += n[i];
					column[i % columns] += n[i];
				}
				used = look(table.seen, row, rows, 3);
				(void)look(table.seen + used, column, columns, 3);
				memcpy(table.hidden, n, sizeof(n));
				if (!between) {
					memcpy(table.hidden, row, rows * sizeof(*row));
					memcpy(
					    table.hidden + rows, column, columns * sizeof(*column));
				}
				keep(&table);
			} while (next_way(n, rows * columns, sizes[s].most));
			nothing_is_told(between ? rows * columns : rows + columns, 3, "two tables");
		}
	}
}

/* Those of a cell that is shown, divided again: of the people seen who was asked twice, and of
 * these who rose, stayed and fell. */
static void
a_cell_divided_again(void **state)
{
	int n[CELLS_MAX] = {0};

	(void)state;
	do {
		struct table table = {{0}, {0}};
		int both[2] = {n[0] + n[1] + n[2], n[3]};
		size_t used = look(table.seen, both, 2, 3);

		if (table.seen[2] >= 0)
			(void)look(table.seen + used, n, 3, 3);
		memcpy(table.hidden, n, sizeof(n));
		keep(&table);
	} while (next_way(n, 4, 24));
	nothing_is_told(4, 3, "divided again");
}

/* Many contacts of a few people: neither how many people, nor a small number of contacts, is told.
 */
static void
few_people_with_many(void **state)
{
	static const int64_t people[] = {
	    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
	int n[CELLS_MAX] = {0};

	(void)state;
	/* n[0..1]: contacts; n[2..3]: by so many people. */
	do {
		struct small_cell cells[2] = {{0}};
		struct small_whole whole;
		struct table table = {{0}, {0}};

		if (n[2] > n[0] || n[3] > n[1] || (n[2] == 0) != (n[0] == 0) ||
		    (n[3] == 0) != (n[1] == 0) || n[2] + n[3] > 18)
			continue;
		for (size_t i = 0; i < 2; i++)
			cells[i] = (struct small_cell){.n = n[i],
			    .people = people + (i == 0 ? 0 : n[2]),
			    .people_count = (size_t)n[2 + i]};
		small_cells(&whole, cells, 2, 3);
		table.seen[0] = (int)whole.total;
		table.seen[1] = (int)whole.rest;
		for (size_t i = 0; i < 2; i++) {
			table.seen[2 + i] = cells[i].shown ? (int)cells[i].n : -1;
			assert_true(!cells[i].shown || n[2 + i] >= 3);
		}
		memcpy(table.hidden, n, sizeof(n));
		keep(&table);
	} while (next_way(n, 4, 34));
	nothing_is_told(4, 3, "few people");
}

/* Somebody in two cells counts once among the rest. */
static void
the_same_people_twice(void **state)
{
	static const int64_t few[] = {1, 2, 3, 4, 5, 6}, others[] = {7, 8, 9, 10, 11, 12},
	                     all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	struct small_cell cells[2] = {{.n = 40, .people = few, .people_count = 6},
	    {.n = 40, .people = few, .people_count = 6}};
	struct small_cell three[2] = {{.n = 100, .people = all, .people_count = 12},
	    {.n = 100, .people = few, .people_count = 6}};
	struct small_whole whole;

	(void)state;
	small_cells(&whole, cells, 2, SMALL_LEAST);
	assert_int_equal(whole.total, -1);
	cells[1].people = others;
	small_cells(&whole, cells, 2, SMALL_LEAST);
	assert_int_equal(whole.total, 80);
	assert_int_equal(whole.rest, 80);
	assert_false(cells[0].shown || cells[1].shown);
	/* ... and a rest of many contacts of a few is filled up with others'. */
	small_cells(&whole, three, 2, SMALL_LEAST);
	assert_int_equal(whole.rest, 200);
	assert_false(three[0].shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_table),
	    cmocka_unit_test(two_tables_of_one_whole),
	    cmocka_unit_test(a_cell_divided_again),
	    cmocka_unit_test(few_people_with_many),
	    cmocka_unit_test(the_same_people_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
