#include "carry/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
places_close(struct places *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

void
places_add(struct places *list, const struct shape_place *place)
{
	if (list->count == list->room) {
		list->room = list->room == 0 ? 16 : list->room * 2;
		list->items = mem_grow(list->items, list->room, sizeof(*list->items));
	}
	list->items[list->count++] = *place;
}

static int
by_place(const void *a, const void *b)
{
	return shape_compare(a, b);
}

void
places_sort(struct places *list)
{
	size_t kept = 0;

	if (list->count < 2)
		return;
	qsort(list->items, list->count, sizeof(*list->items), by_place);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0 && shape_same_run(&list->items[i], &list->items[kept - 1]))
			kept--;
		list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

size_t
places_first(const struct places *list, const struct shape_place *place)
{
	size_t low = 0;
	size_t high = list->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (shape_compare(&list->items[mid], place) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t
places_upto(const struct places *list, const struct shape_place *run)
{
	struct shape_place last = *run;
	size_t low = 0;
	size_t high = list->count;

	last.segno = UINT64_MAX;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (shape_compare(&list->items[mid], &last) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || !shape_same_run(&list->items[low - 1], run))
		return 0;
	return list->items[low - 1].segno;
}
