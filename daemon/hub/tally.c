/* tally.c - counting for the report. */
#include "hub/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define NO_ORDER (SIZE_MAX - 1) /* after the list; what was not said comes last of all */

static size_t
place_of(const struct tally *tally, const char *key, bool *found)
{
	size_t low = 0, high = tally->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int way = strcmp(tally->cells[middle].key, key);

		if (way == 0) {
			*found = true;
			return middle;
		}
		if (way < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct tally_cell *
cell_of(struct tally *tally, const char *key, const char *value, size_t order)
{
	bool found;
	size_t at = place_of(tally, key, &found);

	if (found)
		return &tally->cells[at];
	tally->cells = mem_grow(tally->cells, tally->count + 1, sizeof(*tally->cells));
	memmove(
	    &tally->cells[at + 1], &tally->cells[at], (tally->count - at) * sizeof(*tally->cells));
	tally->count++;
	tally->cells[at] =
	    (struct tally_cell){.key = mem_strdup(key), .value = mem_strdup(value), .order = order};
	return &tally->cells[at];
}

void
tally_init(struct tally *tally, const struct kind *kind, const struct field *field, int64_t least,
    bool has_people)
{
	*tally = (struct tally){.least = (size_t)least, .has_people = has_people};
	if (field == NULL)
		for (size_t i = 0; i < kind->state_count; i++)
			(void)cell_of(tally, kind->states[i].name, kind->states[i].name, i);
	for (size_t i = 0; field != NULL && i < field->choice_count; i++)
		(void)cell_of(tally, field->choices[i].value, field->choices[i].value, i);
	if (field != NULL && field->type == FIELD_YES_NO) {
		(void)cell_of(tally, "yes", "yes", 0);
		(void)cell_of(tally, "no", "no", 1);
	}
	(void)cell_of(tally, "", "", SIZE_MAX);
}

void
tally_close(struct tally *tally)
{
	for (size_t i = 0; i < tally->count; i++) {
		free(tally->cells[i].key);
		free(tally->cells[i].value);
		free(tally->cells[i].people);
	}
	free(tally->cells);
	*tally = (struct tally){0};
}

static void
add_person(struct tally_cell *cell, size_t least, int64_t person)
{
	for (size_t i = 0; i < cell->people_count; i++)
		if (cell->people[i] == person)
			return;
	if (cell->people_count == least)
		return;
	cell->people = mem_grow(cell->people, cell->people_count + 1, sizeof(*cell->people));
	cell->people[cell->people_count++] = person;
}

void
tally_add(struct tally *tally, const char *value, int64_t n, int64_t person)
{
	struct tally_cell *cell;
	bool listed;
	char *folded = NULL;

	/* "Chose not to say" stands as an object, nothing as nothing. */
	if (value == NULL || *value == '{')
		value = "";
	(void)place_of(tally, value, &listed);
	if (!listed)
		folded = text_fold(value);
	cell = cell_of(tally, listed ? value : folded, value, NO_ORDER);
	cell->n += n;
	if (tally->has_people && n > 0)
		add_person(cell, tally->least, person);
	free(folded);
}

static int
by_order(const void *a, const void *b)
{
	const struct tally_cell *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->key, y->key);
}

void
tally_sort(struct tally *tally)
{
	qsort(tally->cells, tally->count, sizeof(*tally->cells), by_order);
}

void
seen_close(struct seen *seen)
{
	free(seen->list);
	free(seen->slots);
	*seen = (struct seen){0};
}

/* Where the person stands, or would. */
static size_t
slot_of(const struct seen *seen, int64_t person)
{
	size_t at = (size_t)((uint64_t)person * UINT64_C(0x9E3779B97F4A7C15) >> 20) &
	            (seen->slot_count - 1);

	while (seen->slots[at] != 0 && seen->list[seen->slots[at] - 1].person != person)
		at = (at + 1) & (seen->slot_count - 1);
	return at;
}

static void
make_room(struct seen *seen)
{
	if (2 * (seen->count + 1) <= seen->slot_count)
		return;
	seen->slot_count = seen->slot_count == 0 ? 256 : 2 * seen->slot_count;
	free(seen->slots);
	seen->slots = mem_array(seen->slot_count, sizeof(*seen->slots));
	for (size_t i = 0; i < seen->count; i++)
		seen->slots[slot_of(seen, seen->list[i].person)] = (uint32_t)i + 1;
}

void
seen_add(struct seen *seen, int64_t person)
{
	size_t at;

	make_room(seen);
	at = slot_of(seen, person);
	if (seen->slots[at] != 0)
		return;
	seen->list = mem_grow(seen->list, seen->count + 1, sizeof(*seen->list));
	seen->list[seen->count] = (struct seen_person){.person = person};
	seen->slots[at] = (uint32_t)++seen->count;
}

struct seen_person *
seen_find(const struct seen *seen, int64_t person)
{
	size_t at;

	if (seen->slot_count == 0)
		return NULL;
	at = slot_of(seen, person);
	return seen->slots[at] != 0 ? &seen->list[seen->slots[at] - 1] : NULL;
}
