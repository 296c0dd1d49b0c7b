/* history_test.c - a person with a long history is given to a laptop, taken from it and erased at a
 * cost that goes by what there is: SQLite's own count of what it did, no clock. */
#include <sqlite3.h>

#include "base/text.h"
#include "office_lab.h"
#include "store/journal_inner.h"
#include "sync/erase.h"

#define FEW 200
#define MANY 1600

struct costs {
	int64_t given, forgotten, withdrawn, erased;
};

static int
count_step(void *ctx)
{
	++*(int64_t *)ctx;
	return 0;
}

static void
counting(const struct lab_end *end, int64_t *steps)
{
	sqlite3_progress_handler(end->journal->db, 1, steps != NULL ? count_step : NULL, steps);
}

static void
history(struct lab_end *hub, uint8_t *person, int count)
{
	struct sql *sql;
	char id[PMJ_RECORD_CHARS + 1];
	struct pmj_error err;
	bool row;

	(void)lab_person(hub, "Zawadi");
	sql = sql_get(hub->journal, "SELECT rec FROM pmj_record WHERE kind = pmj_short('person')");
	check_ok(sql_row(sql, &row, &err), &err);
	assert_true(row && sql_col_copy(sql, 0, person, PMJ_RECORD_BYTES));
	sql_done(sql);
	(void)text_base32(id, person, PMJ_RECORD_BYTES);
	for (int i = 0; i < count; i++)
		(void)lab_write_entry(hub, "contact", "person", id);
}

static int64_t
shares(struct lab *lab)
{
	struct lab_end *hub = lab_hub(lab);
	struct pmj_error err;
	int64_t steps = 0;
	bool more = true;

	counting(hub, &steps);
	while (more)
		check_ok(hub_share_step(lab->hub, INT64_MAX, &more, &err), &err);
	counting(hub, NULL);
	return steps;
}

static int64_t
erases(struct lab_end *hub, const uint8_t *person)
{
	static const uint8_t act[ERASE_HASH_BYTES] = {7};
	struct pmj_error err;
	int64_t steps = 0;
	bool more = true, left;

	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(erase_begin(hub->journal, person, act, hub->os.now_ms, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	counting(hub, &steps);
	while (more)
		check_ok(erase_step(hub->journal, INT64_MAX, &more, &left, &err), &err);
	counting(hub, NULL);
	return steps;
}

static struct costs
costs_of(int count)
{
	struct lab lab;
	struct lab_end *hub, *a = &lab.ends[1];
	uint8_t person[PMJ_RECORD_BYTES];
	const uint8_t(*ids)[PMJ_DEVICE_BYTES];
	struct costs costs = {0};
	struct pmj_error err;

	office_open(&lab, 1);
	hub = lab_hub(&lab);
	ids = (const uint8_t(*)[PMJ_DEVICE_BYTES])ring_device_id(a->ring);
	office_exchange(a);
	history(hub, person, count);
	check_ok(hub_assign(lab.hub, person, ids, 1, &err), &err);
	costs.given = shares(&lab);
	for (int i = 0; i < 3; i++)
		office_exchange(a);
	assert_int_equal(lab_admitted(a), count + 1);
	check_ok(hub_unassign(lab.hub, person, ids, 1, &err), &err);
	costs.forgotten = shares(&lab);
	counting(a, &costs.withdrawn);
	for (int i = 0; i < 2; i++)
		office_exchange(a);
	counting(a, NULL);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_entry WHERE line IS NULL"), count + 1);
	costs.erased = erases(hub, person);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_entry WHERE status = 4"), count + 1);
	lab_close(&lab);
	return costs;
}

static void
linear(const char *what, int64_t few, int64_t many)
{
	print_message("%s: %lld steps for %d records, %lld for %d\n", what, (long long)few, FEW,
	    (long long)many, MANY);
	assert_true(few > 0 && many < MANY / FEW * few * 3 / 2); /* and not 64 times */
}

static void
test_costs_by_its_length(void **state)
{
	struct costs few = costs_of(FEW), many = costs_of(MANY);

	(void)state;
	linear("given", few.given, many.given);
	linear("forgotten as sent", few.forgotten, many.forgotten);
	linear("withdrawn at the laptop", few.withdrawn, many.withdrawn);
	linear("erased", few.erased, many.erased);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_costs_by_its_length)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
