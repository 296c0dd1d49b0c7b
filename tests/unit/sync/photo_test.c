/* photo_test.c - photos of papers at a worker's device: parts of others come wrapped, go with what
 * they belong to, and its own go behind everything else. */
#include "sync/photo.h"
#include "sync_lab.h"

struct at {
	struct lab lab;
	struct lab_end *hub, *a;
	uint8_t rec[PMJ_RECORD_BYTES];
};

/* Somebody whom the hub showed to the device. */
static void
begin(struct at *at)
{
	struct entry_row row = {.n = 0};
	struct pmj_error err = {0};

	lab_open_with(&at->lab, 1);
	at->hub = lab_hub(&at->lab);
	at->a = &at->lab.ends[1];
	check_ok(entries_get(at->hub->journal, &row, lab_person(at->hub, "Shown"), &err), &err);
	memcpy(at->rec, row.entry.rec, PMJ_RECORD_BYTES);
	entry_row_close(&row);
	lab_exchange(at->a);
}

/* A line of a photo with so many bytes in its only part. */
static void
line_of(struct buf *out, const struct at *at, const uint8_t *by, size_t len)
{
	struct line_draft draft = {.kind = PHOTO_KIND, .rec = at->rec, .rv = -1, .by = by};
	struct prim_digest *digest = prim_digest_new();
	struct photo_part part = {.part = 1, .parts = 1};
	uint8_t bytes[PHOTO_PART_BYTES] = "%PDF-";
	json_t *more;

	os_real.random(NULL, bytes + 5, len - 5);
	prim_digest_add(digest, bytes, len);
	prim_digest_end(digest, part.hash);
	prim_digest_free(digest);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	more = photo_line(&part, bytes, len);
	draft.more = more;
	line_write(out, &draft);
	json_decref(more);
}

static void
down(struct at *at)
{
	(void)lab_seal(at->hub);
	lab_carry(at->hub, at->a, NULL, NULL);
	(void)lab_take(at->a);
}

/* One of somebody else's, in a ctl.fwd. */
static void
forwarded(struct at *at)
{
	static const uint8_t other[PMJ_DEVICE_BYTES] = {7};
	struct buf line;

	buf_init(&line, 0);
	line_of(&line, at, other, 500);
	lab_control(at->hub, at->a, "ctl.fwd",
	    json_pack(
	        "{s:o,s:[i,i]}", "line", json_stringn(buf_text(&line), line.len), "recv", 1, 0),
	    NULL);
	buf_close(&line);
	down(at);
}

static void
own(struct at *at, size_t len)
{
	struct entry entry;
	struct photo_new new = {.entry = &entry, .origin = ENTRY_OWN};
	struct photo_taken taken;
	struct pmj_error err = {0};
	struct buf line;
	uint8_t e[32];

	buf_init(&line, 0);
	line_of(&line, at, ring_device_id(at->a->ring), len);
	chain_entry(e, line.bytes, line.len);
	check_ok(line_read(&entry, buf_text(&line), line.len, e, &err), &err);
	new.line = buf_text(&line);
	new.len = line.len;
	check_ok(journal_begin(at->a->journal, &err), &err);
	check_ok(photo_take(at->a->journal, &new, &taken, &err), &err);
	assert_true(taken.whole);
	check_ok(device_queue_photo(at->a->journal, at->a->sync, taken.n, &err), &err);
	check_ok(journal_commit(at->a->journal, &err), &err);
	entry_close(&entry);
	buf_close(&line);
}

static void
hub_says(struct at *at, bool takes)
{
	struct pmj_error err = {0};
	json_t *ack = takes ? json_pack("{s:b}", PHOTO_TAKES, 1) : json_object();

	check_ok(journal_begin(at->a->journal, &err), &err);
	check_ok(photo_hub_said(at->a->journal, ack, &err), &err);
	check_ok(journal_commit(at->a->journal, &err), &err);
	json_decref(ack);
}

#define LINES                                                                                      \
	"SELECT count(*) FROM pmj_entry WHERE kind = pmj_short('ctl.file') AND line IS NOT NULL"
#define ROWS "SELECT count(*) FROM pmj_photo"
#define WAITS "SELECT count(*) FROM pmj_queue WHERE rank < 0"

static void
test_goes_with_its_record(void **state)
{
	struct at at;

	(void)state;
	begin(&at);
	forwarded(&at);
	own(&at, 600);
	assert_int_equal(lab_number(at.a, ROWS), 2);
	assert_int_equal(lab_number(at.a, LINES), 2);
	lab_control(at.hub, at.a, "ctl.withdraw",
	    json_pack("{s:o,s:s}", "record", json_hex(at.rec, sizeof(at.rec)), "reason", "test"),
	    NULL);
	down(&at);
	assert_int_equal(lab_number(at.a, ROWS " WHERE own = 1"), 1);
	assert_int_equal(lab_number(at.a, ROWS), 1);
	assert_int_equal(lab_number(at.a, LINES), 1);
	lab_close(&at.lab);
}

/* Nothing goes without room; records never wait for photos; a segment holds one or the other; when
 * a run begins anew, photos are the last again. */
static void
test_last_of_all(void **state)
{
	struct pmj_error err = {0};
	struct at at;

	(void)state;
	begin(&at);
	for (int i = 0; i < 3; i++)
		own(&at, PHOTO_PART_BYTES);
	(void)lab_seal(at.a); /* an ack */
	assert_int_equal(lab_number(at.a, WAITS), 3);
	assert_false(sync_has_answers(at.a->sync));
	hub_says(&at, true);
	photo_room_set(at.a->sync, 1); /* one, whatever its size */
	(void)lab_person(at.a, "Recorded after");
	(void)lab_seal(at.a);
	assert_int_equal(lab_number(at.a, WAITS), 2);
	assert_int_equal(lab_number(at.a, "SELECT count(DISTINCT segno) FROM pmj_sent WHERE n IN"
	                                  " (SELECT n FROM pmj_photo)"),
	    1);
	assert_true(lab_number(at.a, "SELECT max(segno) FROM pmj_sent WHERE n IN (SELECT n FROM"
	                             " pmj_photo)") >
	            lab_number(at.a, "SELECT max(segno) FROM pmj_sent WHERE n <> 0 AND n NOT IN"
	                             " (SELECT n FROM pmj_photo)"));
	/* Another record: what is sealed stands back for it, and only then. */
	check_ok(photo_stand_back(at.a->sync, at.a->mailbox, false, &err), &err);
	assert_int_equal(lab_number(at.a, WAITS), 2);
	(void)lab_person(at.a, "Urgent");
	check_ok(photo_stand_back(at.a->sync, at.a->mailbox, false, &err), &err);
	assert_int_equal(lab_number(at.a, WAITS), 3);
	(void)lab_seal(at.a);
	assert_int_equal(
	    lab_number(at.a, "SELECT count(*) FROM pmj_sent WHERE n IN (SELECT n FROM pmj_photo)"),
	    0);
	lab_exchange(at.a);
	assert_int_equal(lab_admitted(at.hub), 3);
	assert_int_equal(lab_number(at.a, WAITS), 3);
	lab_close(&at.lab);
}

/* A hub that did not say so gets none: it may be older, and drop what it acknowledges. */
static void
test_only_who_takes_them(void **state)
{
	struct at at;

	(void)state;
	begin(&at);
	own(&at, 600);
	(void)lab_seal(at.a);
	photo_room_set(at.a->sync, INT64_MAX / 2);
	assert_false(photo_due(at.a->sync));
	(void)lab_person(at.a, "Goes all the same");
	lab_exchange(at.a);
	assert_int_equal(lab_number(at.a, WAITS), 1);
	hub_says(&at, true);
	assert_true(photo_due(at.a->sync));
	hub_says(&at, false); /* put back to an older one */
	assert_false(photo_due(at.a->sync));
	hub_says(&at, true);
	(void)lab_seal(at.a);
	assert_int_equal(lab_number(at.a, WAITS), 0);
	lab_close(&at.lab);
}

/* Read by a hub that did not take it: it goes once more when it is kept again, and not twice. */
static void
test_goes_again(void **state)
{
	struct pmj_error err = {0};
	struct at at;
	int64_t n;

	(void)state;
	begin(&at);
	own(&at, 600);
	hub_says(&at, true);
	n = lab_number(at.a, "SELECT n FROM pmj_photo");
	for (int round = 0; round < 2; round++) {
		photo_room_set(at.a->sync, INT64_MAX / 2);
		(void)lab_seal(at.a);
		assert_int_equal(lab_number(at.a, WAITS), 0);
		check_ok(journal_begin(at.a->journal, &err), &err);
		check_ok(device_photo_again(at.a->journal, at.a->sync, n, &err), &err);
		check_ok(journal_commit(at.a->journal, &err), &err);
		assert_int_equal(lab_number(at.a, WAITS), 0); /* it is on its way */
		lab_exchange(at.a);
		assert_int_equal(lab_number(at.a, "SELECT count(*) FROM pmj_sent"), 0);
		hub_says(&at, true); /* the lab's does not */
		for (int twice = 0; twice < 2; twice++) {
			check_ok(journal_begin(at.a->journal, &err), &err);
			check_ok(device_photo_again(at.a->journal, at.a->sync, n, &err), &err);
			check_ok(journal_commit(at.a->journal, &err), &err);
		}
		assert_int_equal(lab_number(at.a, WAITS), 1);
	}
	lab_close(&at.lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_goes_with_its_record),
	    cmocka_unit_test(test_last_of_all),
	    cmocka_unit_test(test_only_who_takes_them),
	    cmocka_unit_test(test_goes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
