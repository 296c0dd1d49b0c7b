/* caseload_test.c - who is late is counted in steps that cost the same each, however much is due:
 * SQLite's own count of what it did, no clock. */
#include <sqlite3.h>

#include "office_lab.h"
#include "store/journal_inner.h"

static int
count_step(void *ctx)
{
	++*(int64_t *)ctx;
	return 0;
}

/* Of the one worker, all of them overdue. */
static void
add_due(struct lab *lab, int count)
{
	struct journal *journal = lab_hub(lab)->journal;
	struct pmj_error err;

	check_ok(journal_begin(journal, &err), &err);
	for (int i = 0; i < count; i++) {
		json_t *set = json_pack(
		    "{s:s,s:s,s:s}", "due", "2020-01-01", "what", "call", "state", "open");
		uint8_t e[PMJ_ENTRY_BYTES];
		struct line_draft draft = {.kind = "followup",
		    .kv = 1,
		    .by = ring_device_id(lab->ends[1].ring),
		    .pt = 1000 + i,
		    .set = set};
		struct entries_new new_entry = {.origin = ENTRY_RECEIVED, .status = ENTRY_ADMITTED};
		struct entry entry;
		struct buf line;
		int64_t n;
		bool known;

		prim_random(draft.n, sizeof(draft.n));
		buf_init(&line, 0);
		line_write(&line, &draft);
		prim_hash(e, "pmj entry v1", PRIM_PARTS({line.bytes, line.len}));
		check_ok(line_read(&entry, buf_text(&line), line.len, e, &err), &err);
		new_entry.entry = &entry;
		new_entry.line = buf_text(&line);
		new_entry.len = line.len;
		check_ok(entries_append(journal, &new_entry, &n, &known, &err), &err);
		entry_close(&entry);
		buf_close(&line);
		json_decref(set);
	}
	check_ok(journal_commit(journal, &err), &err);
}

/* What it costs to count them; `due` is what must come of it. */
static int64_t
cost_of(struct lab *lab, int64_t due)
{
	sqlite3 *db = lab_hub(lab)->journal->db;
	struct hub_caseload *load;
	struct pmj_error err;
	json_t *out = NULL;
	int64_t steps = 0;

	check_ok(hub_caseload_new(lab->hub, &load, NULL, LANG_EN, &err), &err);
	sqlite3_progress_handler(db, 1, count_step, &steps);
	while (out == NULL)
		check_ok(hub_caseload_step(load, &out, 0, &err), &err);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	assert_int_equal(json_int(json_array_get(json_arr(out, "items"), 0), "overdue", -1), due);
	json_decref(out);
	hub_caseload_free(load);
	return steps;
}

static void
test_overdue_in_steps(void **state)
{
	int64_t small, large;
	struct lab lab;

	(void)state;
	office_open(&lab, 1);
	add_due(&lab, 500);
	small = cost_of(&lab, 500);
	add_due(&lab, 3500);
	large = cost_of(&lab, 4000);
	print_message("%lld steps for 500, %lld for 4,000\n", (long long)small, (long long)large);
	assert_true(large < 12 * small); /* and not 64 times */
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_overdue_in_steps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
