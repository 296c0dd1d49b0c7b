/*
 * The same admitted entries, in any order and with any repetition, give the same digest and the
 * same shown values (security 8.2, 8.6). Random histories of several devices whose clocks are wrong
 * by years, and which exchange only now and then; a model that asks "is this version named by
 * anyone?" entry by entry says what must survive. The seed is printed: PAMOJA_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "domain/merge.h"
#include "entries.h"

#define HISTORIES 6000
#define DEVICES_MAX 5
#define ENTRIES_MAX 24
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

static const char *const fields[] = {"a", "b", "c", "state"};
static const char *const states[] = {"draft", "sent", "refused"};
static struct kind *kind;
static uint64_t seed;

struct device {
	bool has[ENTRIES_MAX];
	int64_t wrong_ms; /* its clock minus the truth */
	struct hlc clock;
};
struct history {
	struct entry *entries[ENTRIES_MAX];
	size_t count;
	struct device devices[DEVICES_MAX];
	size_t device_count;
};

static size_t
held(const struct history *h, const struct device *device, const struct entry **out)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++)
		if (device->has[i])
			out[count++] = h->entries[i];
	return count;
}

/* One device writes: what stands on it is what it names. */
static void
write_one(struct history *h, size_t who, int64_t truth_ms)
{
	struct device *device = &h->devices[who];
	const struct entry *here[ENTRIES_MAX];
	size_t count = held(h, device, here);
	json_t *set = json_object();
	struct merge_record record;
	struct test_line line = {.kind = "thing", .device = (uint8_t)(who + 1)};
	char *text;

	if (h->count > 0 && count == 0) {
		json_decref(set);
		return; /* it does not know the record yet */
	}
	for (size_t i = 0; i < 4; i++)
		if (json_object_size(set) == 0 || test_below(&seed, 3) == 0) {
			size_t f = test_below(&seed, 4);
			char value[12];
			snprintf(value, sizeof(value), "v%zu", test_below(&seed, 3));
			(void)json_object_set_new(set, fields[f],
			    json_string(f == 3 ? states[test_below(&seed, 3)] : value));
		}
	text = json_text(set);
	hlc_next(&device->clock, truth_ms + device->wrong_ms, 0, 0);
	line.pt = device->clock.pt;
	line.set = text;
	if (h->count > 0) {
		merge_record(&record, kind, here, count);
		line.of = h->entries[0];
		line.was = merge_was(&record, set);
		merge_record_close(&record);
	}
	device->has[h->count] = true;
	h->entries[h->count++] = test_entry(&line);
	free(text);
	json_decref(set);
}

static void
exchange(struct history *h)
{
	struct device *from = &h->devices[test_below(&seed, h->device_count)];
	struct device *to = &h->devices[test_below(&seed, h->device_count)];
	bool all = test_below(&seed, 3) != 0; /* else a part of it arrives, in any order */

	for (size_t i = 0; i < h->count; i++)
		if (from->has[i] && (all || test_below(&seed, 2) == 0))
			to->has[i] = true;
}

static void
make_history(struct history *h)
{
	size_t wanted = 2 + test_below(&seed, ENTRIES_MAX - 2);
	int64_t truth_ms = INT64_C(1795392000000);

	memset(h, 0, sizeof(*h));
	h->device_count = 2 + test_below(&seed, DEVICES_MAX - 1);
	for (size_t i = 0; i < h->device_count; i++)
		h->devices[i].wrong_ms = ((int64_t)test_below(&seed, 21) - 10) * YEAR_MS;
	for (size_t turn = 0; h->count < wanted && turn < 400; turn++) {
		truth_ms += (int64_t)test_below(&seed, 1000) * 60000;
		if (h->count == 0 || test_below(&seed, 2) == 0)
			write_one(h, test_below(&seed, h->device_count), truth_ms);
		else
			exchange(h);
	}
}

/* The model: no sorting, no shortcuts. */
static bool
survives(const struct history *h, const struct entry *entry, const char *field)
{
	char version[2 * PMJ_VERSION_BYTES + 1];

	text_hex(version, entry->e, PMJ_VERSION_BYTES);
	if (json_object_get(entry->set, field) == NULL)
		return false;
	for (size_t i = 0; i < h->count; i++) {
		const json_t *list = json_object_get(h->entries[i]->was, field);
		for (size_t j = 0; j < json_array_size(list); j++)
			if (strcmp(json_string_value(json_array_get(list, j)), version) == 0)
				return false;
	}
	return true;
}

static const struct entry *
greatest(const struct history *h, const char *field, bool refusing_only)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < h->count; i++) {
		const struct entry *entry = h->entries[i];
		const char *value = json_string_value(json_object_get(entry->set, field));
		if (!survives(h, entry, field) ||
		    (refusing_only &&
		        (strcmp(field, "state") != 0 || strcmp(value, "refused") != 0)))
			continue;
		if (best == NULL || entry->pt > best->pt ||
		    (entry->pt == best->pt &&
		        (entry->counter > best->counter || (entry->counter == best->counter &&
		                                               memcmp(entry->e, best->e, 32) > 0))))
			best = entry;
	}
	return best;
}

static void
agrees_with_model(const struct history *h, const struct merge_record *record)
{
	for (size_t f = 0; f < 4; f++) {
		const struct merge_field *field = merge_field(record, fields[f]);
		const struct entry *best = greatest(h, fields[f], true);
		size_t count = 0;
		bool differ = false;
		const json_t *first = NULL;
		for (size_t i = 0; i < h->count; i++)
			if (survives(h, h->entries[i], fields[f])) {
				const json_t *value =
				    json_object_get(h->entries[i]->set, fields[f]);
				differ = differ || (first != NULL && !json_equal(first, value));
				first = value;
				count++;
			}
		assert_int_equal(field != NULL ? field->count : 0, count);
		if (field == NULL)
			continue;
		assert_int_equal(field->conflict, differ);
		if (best == NULL)
			best = greatest(h, fields[f], false);
		assert_ptr_equal(field->values[field->shown].entry, best);
	}
}

/* Any order, some entries twice or more, some of the twins a copy that was read again. */
static size_t
shuffle(const struct history *h, const struct entry **out)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++)
		for (size_t again = 1 + test_below(&seed, 2); again > 0; again--)
			out[count++] = h->entries[i];
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = test_below(&seed, i + 1);
		const struct entry *swap = out[i];
		out[i] = out[j];
		out[j] = swap;
	}
	return count;
}

static void
same_digest_in_any_order(void **state)
{
	size_t conflicts = 0, entries = 0;

	(void)state;
	for (size_t n = 0; n < HISTORIES; n++) {
		const struct entry *order[2 * ENTRIES_MAX];
		struct history h;
		struct buf first, other;
		buf_init(&first, 0);
		buf_init(&other, 0);
		make_history(&h);
		for (size_t round = 0; round < 3; round++) {
			struct merge_record record;
			struct buf *digest = round == 0 ? &first : &other;
			merge_record(&record, kind, order, shuffle(&h, order));
			buf_clear(digest);
			merge_digest_bytes(digest, &record);
			agrees_with_model(&h, &record);
			conflicts += round == 0 && record.conflict;
			merge_record_close(&record);
			if (round > 0 && (first.len != other.len ||
			                     memcmp(first.bytes, other.bytes, first.len) != 0))
				fail_msg("history %zu: digests differ", n);
		}
		entries += h.count;
		for (size_t i = 0; i < h.count; i++)
			test_entry_free(h.entries[i]);
		buf_close(&first);
		buf_close(&other);
	}
	print_message(
	    "%d histories, %zu entries, %zu with a conflict\n", HISTORIES, entries, conflicts);
	assert_true(conflicts > HISTORIES / 10); /* the histories are worth the name */
	assert_true(conflicts < HISTORIES);
}

/* A different set must not give the same digest: without it the property above would hold of a
 * constant. */
static void
another_set_another_digest(void **state)
{
	(void)state;
	for (size_t n = 0; n < 500; n++) {
		const struct entry *order[2 * ENTRIES_MAX];
		struct history h;
		struct merge_record record;
		struct buf whole, less;
		size_t last;
		buf_init(&whole, 0);
		buf_init(&less, 0);
		make_history(&h);
		merge_record(&record, kind, order, shuffle(&h, order));
		merge_digest_bytes(&whole, &record);
		merge_record_close(&record);
		last = --h.count;
		merge_record(&record, kind, order, shuffle(&h, order));
		merge_digest_bytes(&less, &record);
		merge_record_close(&record);
		if (whole.len == less.len && memcmp(whole.bytes, less.bytes, less.len) == 0)
			fail_msg("history %zu: the last entry left no trace", n);
		for (size_t i = 0; i <= last; i++)
			test_entry_free(h.entries[i]);
		buf_close(&whole);
		buf_close(&less);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_digest_in_any_order),
	    cmocka_unit_test(another_set_another_digest),
	};
	const char *given = getenv("PAMOJA_SEED");
	int failed;

	seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("PAMOJA_SEED=%llu\n", (unsigned long long)seed);
	kind = test_kind(
	    "[kind]\nname = thing\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = T\n"
	    "help.en = H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n[field b]\ntype = text\n"
	    "label.en = B\n[field c]\ntype = text\nlabel.en = C\n[state draft]\nlabel.en = D\n"
	    "[state sent]\nlabel.en = S\n[state refused]\nrefusing = yes\nlabel.en = R\n"
	    "[move send]\nfrom = draft\nto = sent\nlabel.en = S\n"
	    "[move refuse]\nfrom = sent\nto = refused\nlabel.en = R\n");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kind_free(kind);
	return failed;
}
