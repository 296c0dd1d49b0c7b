/* small.c - which cells of a table of counts may be shown.
 *
 * Leaving out the small ones is not enough: the total less what is shown is what was left out. So
 * they are told as one rest together with others, and what decides which others, and how many, is
 * such that the outcome says as little of it as possible: the order of the list, and the rest
 * itself, which stands there anyway. */
#include "domain/small.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The cells that are (not) shown, together. */
struct heap {
	int64_t n;
	size_t cells;
	size_t people; /* different ones, as far as they are known */
};

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* People who are in several cells count once. */
static size_t
different_people(const struct small_cell *cells, size_t count, bool all)
{
	size_t most = 0, found = 0, own = 0;
	int64_t *list;

	for (size_t i = 0; i < count; i++)
		most += cells[i].people_count;
	list = mem_array(most + 1, sizeof(*list));
	most = 0;
	for (size_t i = 0; i < count; i++) {
		if (cells[i].shown && !all)
			continue;
		if (cells[i].people == NULL)
			own += (size_t)cells[i].n;
		else if (cells[i].people_count > 0)
			memcpy(list + most, cells[i].people, cells[i].people_count * sizeof(*list));
		most += cells[i].people != NULL ? cells[i].people_count : 0;
	}
	qsort(list, most, sizeof(*list), by_number);
	for (size_t i = 0; i < most; i++)
		found += i == 0 || list[i] != list[i - 1];
	free(list);
	return found + own;
}

static struct heap
heap_of(const struct small_cell *cells, size_t count, bool all)
{
	struct heap heap = {0};

	for (size_t i = 0; i < count; i++)
		if (all || !cells[i].shown) {
			heap.n += cells[i].n;
			heap.cells++;
		}
	heap.people = different_people(cells, count, all);
	return heap;
}

static bool
is_large(const struct small_cell *cell, int64_t least)
{
	return cell->n >= least && (cell->people == NULL || cell->people_count >= (size_t)least);
}

/* Twice `least`: of less, too few ways are left in which it could have come together. */
static bool
is_rest(const struct heap *heap, int64_t least)
{
	return heap->n >= 2 * least && heap->people >= (size_t)least;
}

void
small_cells(struct small_whole *out, struct small_cell *cells, size_t count, int64_t least)
{
	struct heap all = heap_of(cells, count, true), rest;

	for (size_t i = 0; i < count; i++)
		cells[i].shown = is_large(&cells[i], least);
	*out = (struct small_whole){.total = all.n};
	rest = heap_of(cells, count, false);
	if (rest.n == 0)
		return;
	/* A rest of small ones alone that is as large as it can be says what each of them is. */
	if (!is_rest(&rest, least) || rest.n >= (least - 1) * (int64_t)rest.cells)
		for (size_t i = count; i-- > 0;) {
			if (!cells[i].shown)
				continue;
			cells[i].shown = false;
			rest = heap_of(cells, count, false);
			if (is_rest(&rest, least))
				break;
		}
	out->rest = rest.n;
	if (all.n < least || all.people < (size_t)least)
		out->total = out->rest = -1;
}
