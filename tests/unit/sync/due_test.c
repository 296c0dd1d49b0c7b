/* due_test.c - for which mailbox a segment is made: of thousands only those are gone through for
 * which something is due, and none of these is forgotten. */
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "sync_lab.h"

/* Lanes of so many other mailboxes, read to their end and answered, all of them today. */
static void
add_others(struct lab_end *end, int count)
{
	struct pmj_error err = {0};
	struct sql *sql = sql_get(end->journal,
	    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<?1)"
	    " INSERT INTO pmj_lane(mailbox,lane,inc,real,ours,segno,segment_id,seq,chain,count_seq,"
	    "told_seq,made_ms) SELECT randomblob(16),1+ours,randomblob(16),randomblob(16),ours,3,"
	    "randomblob(32),9,randomblob(32),9,9,?2 FROM c,(SELECT 0 AS ours UNION SELECT 1)");

	check_ok(journal_begin(end->journal, &err), &err);
	check_ok(sql_run(sql_int(sql_int(sql, 1, count), 2, end->os.now_ms), &err), &err);
	check_ok(journal_commit(end->journal, &err), &err);
}

/* Does a log say that a statement went through all of a table? */
static bool
went_through(const char *log)
{
	struct buf text;
	bool found;

	buf_init(&text, 0);
	assert_int_equal(fs_read(&text, &os_real, log, 1u << 20, NULL), PMJ_OK);
	found = strstr(buf_text(&text), "gone through") != NULL;
	buf_close(&text);
	return found;
}

/* How many segments are made of what is due. */
static int64_t
made(struct lab_end *end)
{
	int64_t before = lab_number(end, "SELECT sum(segno) FROM pmj_lane WHERE ours=1");

	(void)lab_seal(end);
	return lab_number(end, "SELECT sum(segno) FROM pmj_lane WHERE +ours=1") - before;
}

static void
test_only_what_is_due(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0], *a = &lab.ends[1];
	char *log;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	add_others(hub, 1000);
	lab_person(a, "One of thousands");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	log = mem_printf("%s/log", lab.dir);
	diag_open("test", log, false);
	assert_true(lab_take(hub) > 0);
	assert_true(sync_has_answers(hub->sync));
	(void)lab_seal(hub);
	assert_false(sync_has_answers(hub->sync));
	(void)lab_seal(hub);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_segment"), 1);
	assert_false(went_through(log));
	/* And that is how it would be told. */
	(void)lab_number(hub, "SELECT count(*) FROM pmj_lane WHERE stopped<>''");
	assert_true(went_through(log));
	diag_close();
	free(log);
	lab_close(&lab);
}

/* Once a week, and when the clock went back by more than that: it must not silence a lane. */
static void
test_by_the_clock(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0], *a = &lab.ends[1];

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	lab_exchange(a);
	hub->os.now_ms += 6 * DAY_MS;
	assert_int_equal(made(hub), 0);
	hub->os.now_ms += 2 * DAY_MS;
	assert_int_equal(made(hub), 1);
	assert_int_equal(made(hub), 0);
	hub->os.now_ms -= 30 * DAY_MS;
	assert_int_equal(made(hub), 1);
	assert_int_equal(made(hub), 0);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_what_is_due),
	    cmocka_unit_test(test_by_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
