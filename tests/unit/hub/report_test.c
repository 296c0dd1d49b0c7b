/* report_test.c - of a report's records those of another time cost little, however many they are:
 * SQLite's own count of what it did, no clock. */
#include <sqlite3.h>

#include "base/text.h"
#include "hub/report.h"
#include "office_lab.h"
#include "store/journal_inner.h"

static int
count_step(void *ctx)
{
	++*(int64_t *)ctx;
	return 0;
}

/* By the one worker. id: of the new record. */
static void
add(struct lab *lab, const char *kind, json_t *set, uint8_t id[static PMJ_RECORD_BYTES])
{
	struct entries_new new_entry = {.origin = ENTRY_RECEIVED, .status = ENTRY_ADMITTED};
	struct line_draft draft = {
	    .kind = kind, .kv = 1, .by = ring_device_id(lab->ends[1].ring), .pt = 1000, .set = set};
	uint8_t e[PMJ_ENTRY_BYTES];
	struct pmj_error err;
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
	check_ok(entries_append(lab_hub(lab)->journal, &new_entry, &n, &known, &err), &err);
	memcpy(id, entry.rec, PMJ_RECORD_BYTES);
	entry_close(&entry);
	buf_close(&line);
	json_decref(set);
}

/* So many contacts with a person of their own each. */
static void
add_contacts(struct lab *lab, int count, const char *on)
{
	struct journal *journal = lab_hub(lab)->journal;
	struct pmj_error err;

	check_ok(journal_begin(journal, &err), &err);
	for (int i = 0; i < count; i++) {
		uint8_t id[PMJ_RECORD_BYTES];
		char text[PMJ_RECORD_CHARS + 1];

		add(lab, "person", json_pack("{s:s}", "name", "Asha"), id);
		add(lab, "contact",
		    json_pack("{s:s,s:s,s:s}", "person", text_base32(text, id, PMJ_RECORD_BYTES),
		        "kind", "phone", "on", on),
		    id);
	}
	check_ok(journal_commit(journal, &err), &err);
}

/* What it costs to count the contacts; `total` is what must come of it. */
static int64_t
cost_of(struct lab *lab, int64_t total)
{
	struct report_period period = {.name = "2026-Q1", .from = "2026-01-01", .to = "2026-03-31"};
	struct journal *journal = lab_hub(lab)->journal;
	struct report_count *count = report_count_new(journal, &period, 11);
	struct pmj_error err;
	json_t *out = NULL, *one;
	int64_t steps = 0, found = -1;
	size_t i;

	sqlite3_progress_handler(journal->db, 1, count_step, &steps);
	while (out == NULL)
		check_ok(report_count_step(count, &out, 0, &err), &err);
	sqlite3_progress_handler(journal->db, 0, NULL, NULL);
	json_array_foreach(json_arr(out, "reports"), i, one)
	{
		if (strcmp(json_str(one, "kind"), "contact") == 0)
			found = json_int(one, "total", -1);
	}
	assert_int_equal(found, total);
	json_decref(out);
	report_count_free(count);
	return steps;
}

static void
test_another_time_costs_little(void **state)
{
	int64_t begun, without, within;
	struct lab lab;

	(void)state;
	office_open(&lab, 1);
	add_contacts(&lab, 20, "2026-03-31");
	begun = cost_of(&lab, 20);
	add_contacts(&lab, 400, "2026-04-01");
	add_contacts(&lab, 400, "2025-12-31");
	without = cost_of(&lab, 20) - begun;
	add_contacts(&lab, 800, "2026-01-01");
	within = cost_of(&lab, 820) - begun - without;
	print_message("%lld steps for 800 of another time, %lld for 800 of this\n",
	    (long long)without, (long long)within);
	assert_true(2 * without < within);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_another_time_costs_little)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
