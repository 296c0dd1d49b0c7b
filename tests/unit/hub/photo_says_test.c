/* photo_says_test.c - whether a photo is at the hub is the hub's own word: asked for, told, and
 * what it lacks goes again by itself; also to a hub that was restored, from whoever has it. */
#include "hub/hub_inner.h"
#include "office_lab.h"
#include "store/sql.h"
#include "sync/photo.h"

#define PARTS 3
#define DAY INT64_C(86400000)

struct at {
	struct lab lab;
	struct lab_end *hub, *a, *b;
	uint8_t person[PMJ_RECORD_BYTES], rec[PMJ_RECORD_BYTES];
	struct photo_part part;
	uint8_t bytes[PARTS * PHOTO_PART_BYTES - 50];
};

static void
record_at(struct lab_end *end, int64_t n, uint8_t *rec)
{
	struct entry_row row = {.n = 0};
	struct pmj_error err = {0};

	check_ok(entries_get(end->journal, &row, n, &err), &err);
	memcpy(rec, row.entry.rec, PMJ_RECORD_BYTES);
	entry_row_close(&row);
}

/* A consent that names a photo, at the hub; b is on the team. */
static void
begin(struct at *at)
{
	struct prim_digest *digest = prim_digest_new();
	char hash[2 * PRIM_HASH_BYTES + 1], person[PMJ_RECORD_CHARS + 1];
	const uint8_t(*ids)[PMJ_DEVICE_BYTES];
	struct pmj_error err = {0};

	office_open(&at->lab, 2);
	at->hub = lab_hub(&at->lab);
	at->a = &at->lab.ends[1];
	at->b = &at->lab.ends[2];
	os_real.random(NULL, at->bytes, sizeof(at->bytes));
	memcpy(at->bytes, "%PDF-", 5);
	prim_digest_add(digest, at->bytes, sizeof(at->bytes));
	prim_digest_end(digest, at->part.hash);
	prim_digest_free(digest);
	at->part.parts = PARTS;
	record_at(at->a, lab_person(at->a, "Asha"), at->person);
	record_at(at->a,
	    lab_change_fields(at->a, NULL, "consent",
	        json_pack("{s:s,s:s}", "person", text_base32(person, at->person, PMJ_RECORD_BYTES),
	            PHOTO_FIELD, text_hex(hash, at->part.hash, sizeof(at->part.hash)))),
	    at->rec);
	office_exchange(at->a);
	ids = (const uint8_t(*)[PMJ_DEVICE_BYTES])ring_device_id(at->b->ring);
	check_ok(hub_assign(at->lab.hub, at->person, ids, 1, &err), &err);
	office_exchange(at->b);
	office_exchange(at->a);
}

static void
keep_part(struct at *at, int64_t number)
{
	size_t from = (size_t)(number - 1) * PHOTO_PART_BYTES, left = sizeof(at->bytes) - from;
	struct line_draft draft = {
	    .kind = PHOTO_KIND, .rec = at->rec, .rv = -1, .by = ring_device_id(at->a->ring)};
	struct entry entry;
	struct photo_new new = {.entry = &entry, .origin = ENTRY_OWN};
	struct photo_taken taken;
	struct pmj_error err = {0};
	struct buf line;
	json_t *more;
	uint8_t e[PMJ_ENTRY_BYTES];

	at->part.part = number;
	more = photo_line(
	    &at->part, at->bytes + from, left < PHOTO_PART_BYTES ? left : PHOTO_PART_BYTES);
	buf_init(&line, 0);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	draft.more = more;
	line_write(&line, &draft);
	chain_entry(e, line.bytes, line.len);
	check_ok(line_read(&entry, buf_text(&line), line.len, e, &err), &err);
	new.line = buf_text(&line);
	new.len = line.len;
	check_ok(photo_take(at->a->journal, &new, &taken, &err), &err);
	assert_int_equal(taken.whole, number == PARTS);
	check_ok(device_queue_photo(at->a->journal, at->a->sync, taken.n, &err), &err);
	entry_close(&entry);
	json_decref(more);
	buf_close(&line);
}

static void
keep(struct at *at)
{
	struct pmj_error err = {0};

	check_ok(journal_begin(at->a->journal, &err), &err);
	for (int64_t part = 1; part <= PARTS; part++)
		keep_part(at, part);
	check_ok(journal_commit(at->a->journal, &err), &err);
}

static struct photo_state
state_of(struct at *at, struct lab_end *end)
{
	struct photo_state state;
	struct pmj_error err = {0};

	check_ok(photo_state(end->journal, &state, at->rec, at->part.hash, &err), &err);
	return state;
}

/* As the daemon does at the beginning of an exchange: true where something is to go. */
static bool
asks(struct lab_end *end)
{
	struct pmj_error err = {0};
	bool queued;

	check_ok(photo_ask(end->sync, end->mailbox, &queued, &err), &err);
	return queued;
}

static void
exchange(struct lab_end *end)
{
	photo_room_set(end->sync, INT64_MAX / 2);
	office_exchange(end);
	office_exchange(end); /* the hub's receipt, and answers */
}

static void
has_sent_today(struct at *at, int64_t bytes)
{
	struct pmj_error err = {0};

	check_ok(journal_begin(at->hub->journal, &err), &err);
	check_ok(sql_run(sql_int(sql_int(sql_blob(sql_get(at->hub->journal,
	                                              "INSERT OR REPLACE INTO pmj_photo_intake"
	                                              "(device,day,bytes) VALUES(?1,?2,?3)"),
	                                     1, ring_device_id(at->a->ring), PMJ_DEVICE_BYTES),
	                             2, at->hub->os.now_ms / DAY_MS),
	                     3, bytes),
	             &err),
	    &err);
	check_ok(journal_commit(at->hub->journal, &err), &err);
}

static void
days_pass(struct at *at, int days)
{
	for (int i = 0; i < at->lab.count; i++)
		at->lab.ends[i].os.now_ms += days * DAY + 1;
}

/* That it read all parts is not that it has them: only when it was asked and said so. */
static void
test_its_own_word(void **state)
{
	struct at at;

	(void)state;
	begin(&at);
	keep(&at);
	assert_false(asks(at.a)); /* nothing was sent yet */
	exchange(at.a);
	assert_true(state_of(&at, at.hub).whole);
	assert_int_equal(state_of(&at, at.a).sent, PARTS);
	assert_false(state_of(&at, at.a).at_hub);
	assert_true(asks(at.a));
	assert_false(asks(at.a)); /* once */
	exchange(at.a);
	assert_true(state_of(&at, at.a).at_hub);
	assert_false(asks(at.a));
	days_pass(&at, 2);
	assert_false(asks(at.a));
	lab_close(&at.lab);
}

/* Read, and not taken: its share of the day was full. What it lacks goes again by itself, at once
 * when that is known, and where it is not taken then either, once a day. */
static void
test_lost_goes_again(void **state)
{
	struct at at;

	(void)state;
	begin(&at);
	keep(&at);
	has_sent_today(&at, INT64_C(256) << 20);
	exchange(at.a);
	assert_int_equal(state_of(&at, at.a).sent, PARTS);
	assert_int_equal(state_of(&at, at.hub).here, 0);
	assert_false(asks(at.a)); /* it takes none now */
	for (int again = 0; again < 2; again++) {
		has_sent_today(&at, 0);
		lab_person(at.a, "Somebody"); /* so that there is an ack */
		exchange(at.a);
		assert_true(asks(at.a));
		has_sent_today(&at, INT64_C(220) << 20); /* it takes, and refuses the last */
		exchange(at.a);
		has_sent_today(&at, INT64_C(256) << 20);
		assert_int_equal(asks(at.a), 1); /* what it lacks */
		exchange(at.a);
		assert_int_equal(state_of(&at, at.hub).here, 0);
		has_sent_today(&at, 0);
		lab_person(at.a, "Somebody else");
		exchange(at.a);
		assert_true(asks(at.a));
		exchange(at.a);
		(void)asks(at.a); /* it lacks them still: not now */
		assert_int_equal(
		    lab_number(at.a, "SELECT count(*) FROM pmj_queue WHERE rank < 0"), 0);
		days_pass(&at, 1);
	}
	lab_person(at.a, "A third");
	exchange(at.a);
	assert_true(asks(at.a));
	exchange(at.a);
	assert_true(asks(at.a));
	exchange(at.a);
	assert_true(state_of(&at, at.hub).whole);
	assert_true(asks(at.a));
	exchange(at.a);
	assert_true(state_of(&at, at.a).at_hub);
	lab_close(&at.lab);
}

/* An older hub says of itself neither: nothing is asked, and nothing else differs. */
static void
test_older_hub(void **state)
{
	struct pmj_error err = {0};
	json_t *ack = json_pack("{s:b}", PHOTO_TAKES, 1);
	struct at at;

	(void)state;
	begin(&at);
	keep(&at);
	exchange(at.a);
	check_ok(journal_begin(at.a->journal, &err), &err);
	check_ok(photo_hub_said(at.a->journal, ack, &err), &err);
	check_ok(journal_commit(at.a->journal, &err), &err);
	json_decref(ack);
	assert_false(photo_hub_tells(at.a->journal));
	assert_false(asks(at.a));
	assert_true(state_of(&at, at.hub).whole);
	lab_close(&at.lab);
}

/* A hub restored to before it had the photo, whose author never comes by again: the one whom the
 * person was assigned to gives it back, after a day in which the author could; asked for by the
 * hub. */
static void
test_restored(void **state)
{
	struct pmj_error err = {0};
	struct at at;

	(void)state;
	begin(&at);
	office_keep(&at.lab);
	office_passes(&at.lab);
	keep(&at);
	exchange(at.a);
	check_ok(device_photos_wanted(at.b->journal, INT64_C(1) << 20, &err), &err);
	lab_person(at.b, "Somebody");
	exchange(at.b);
	exchange(at.b);
	assert_true(state_of(&at, at.b).whole);
	assert_false(asks(at.b)); /* the hub has what came from there */
	office_restore(&at.lab);
	office_passes(&at.lab);
	exchange(at.b);
	assert_int_equal(state_of(&at, at.hub).here, 0);
	assert_true(asks(at.b));
	exchange(at.b);
	assert_false(asks(at.b)); /* no answer: its author may come */
	days_pass(&at, 1);
	assert_true(asks(at.b));
	exchange(at.b);
	assert_true(asks(at.b));
	exchange(at.b);
	assert_true(state_of(&at, at.hub).whole);
	assert_memory_equal(state_of(&at, at.hub).by, ring_device_id(at.a->ring), PMJ_DEVICE_BYTES);
	assert_int_equal(lab_number(at.hub, "SELECT count(*) FROM pmj_photo_wanted"), 0);
	assert_true(asks(at.b));
	exchange(at.b);
	assert_false(asks(at.b));
	lab_close(&at.lab);
}

/* ... and by its author at once. What nobody asked a laptop for is not taken from it. */
static void
test_restored_by_its_author(void **state)
{
	struct pmj_error err = {0};
	struct at at;

	(void)state;
	begin(&at);
	office_keep(&at.lab);
	office_passes(&at.lab);
	keep(&at);
	exchange(at.a);
	assert_true(asks(at.a));
	exchange(at.a);
	assert_true(state_of(&at, at.a).at_hub);
	check_ok(device_photos_wanted(at.b->journal, INT64_C(1) << 20, &err), &err);
	lab_person(at.b, "Somebody");
	exchange(at.b);
	exchange(at.b);
	office_restore(&at.lab);
	office_passes(&at.lab);
	exchange(at.b);
	check_ok(journal_begin(at.b->journal, &err), &err);
	for (int64_t part = 1; part <= PARTS; part++) {
		at.part.part = part;
		check_ok(
		    photo_queue(at.b->sync, at.b->mailbox,
		        photo_number(at.b->journal, at.rec, &at.part, ring_device_id(at.a->ring)),
		        true, &err),
		    &err);
	}
	check_ok(journal_commit(at.b->journal, &err), &err);
	exchange(at.b);
	assert_int_equal(state_of(&at, at.hub).here, 0);
	exchange(at.a);
	assert_false(state_of(&at, at.a).at_hub);
	exchange(at.a);
	assert_true(state_of(&at, at.hub).whole);
	assert_true(asks(at.a));
	exchange(at.a);
	assert_true(state_of(&at, at.a).at_hub);
	lab_close(&at.lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_its_own_word),
	    cmocka_unit_test(test_lost_goes_again),
	    cmocka_unit_test(test_older_hub),
	    cmocka_unit_test(test_restored),
	    cmocka_unit_test(test_restored_by_its_author),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
