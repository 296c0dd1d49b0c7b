/* photo_test.c - photos of papers at the hub: parts in any order, twice, missing, spoilt, of
 * records that are not here, without end; withdrawn and erased. */
#include "hub/hub_inner.h"
#include "office_lab.h"
#include "store/sql.h"
#include "sync/erase.h"
#include "sync/photo.h"

#define PARTS 4
#define LAST_BYTES 77

struct made {
	uint8_t bytes[PARTS * PHOTO_PART_BYTES];
	size_t len;
	uint8_t hash[PRIM_HASH_BYTES];
	uint8_t rec[PMJ_RECORD_BYTES];
};

struct at {
	struct lab lab;
	struct lab_end *device, *hub;
	struct made photo;
	int steps;    /* that the last line took */
	bool stopped; /* the process ends after the next step that leaves something to do */
};

static void
make_photo(struct made *photo, uint8_t seed)
{
	struct prim_digest *digest = prim_digest_new();

	photo->len = (PARTS - 1) * PHOTO_PART_BYTES + LAST_BYTES;
	for (size_t i = 0; i < photo->len; i++)
		photo->bytes[i] = (uint8_t)(i * 7 + i / 251 + seed);
	memcpy(photo->bytes, "%PDF-", 5);
	prim_digest_add(digest, photo->bytes, photo->len);
	prim_digest_end(digest, photo->hash);
	prim_digest_free(digest);
}

/* A consent that names it, merged at the hub. */
static void
begin_with(struct at *at, int devices)
{
	struct entry_row row = {.n = 0};
	char hash[2 * PRIM_HASH_BYTES + 1];
	struct pmj_error err = {0};

	at->stopped = false;
	office_open(&at->lab, devices);
	at->device = &at->lab.ends[1];
	at->hub = lab_hub(&at->lab);
	make_photo(&at->photo, 1);
	check_ok(entries_get(at->device->journal, &row,
	             lab_write_entry(at->device, "consent", PHOTO_FIELD,
	                 text_hex(hash, at->photo.hash, sizeof(at->photo.hash))),
	             &err),
	    &err);
	memcpy(at->photo.rec, row.entry.rec, PMJ_RECORD_BYTES);
	entry_row_close(&row);
	office_exchange(at->device);
}

static void
begin(struct at *at)
{
	begin_with(at, 1);
}

/* A line of the device, whatever it says, is taken in by the hub as it comes. */
static void
comes(struct at *at, const uint8_t *rec, const struct photo_part *part, const uint8_t *bytes,
    size_t len)
{
	struct line_draft draft = {
	    .kind = PHOTO_KIND, .rec = rec, .rv = -1, .by = ring_device_id(at->device->ring)};
	json_t *more = photo_line(part, bytes, len);
	struct sync_peer peer = {0};
	struct entry entry;
	bool again;
	struct sync_line line = {.entry = &entry, .again = &again};
	struct pmj_error err = {0};
	struct buf text;
	uint8_t e[32];

	buf_init(&text, 0);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	draft.more = more;
	draft.pt = at->hub->os.now_ms;
	line_write(&text, &draft);
	chain_entry(e, text.bytes, text.len);
	check_ok(line_read(&entry, buf_text(&text), text.len, e, &err), &err);
	line.bytes = buf_text(&text);
	line.len = text.len;
	memcpy(peer.device, draft.by, sizeof(peer.device));
	memcpy(peer.mailbox, at->device->mailbox, sizeof(peer.mailbox));
	at->steps = 0;
	do {
		again = false;
		at->steps++;
		check_ok(journal_begin(at->hub->journal, &err), &err);
		check_ok(admit_line(at->lab.hub, &peer, &line, &err), &err);
		check_ok(journal_commit(at->hub->journal, &err), &err);
		if (again && at->stopped)
			lab_restart(at->hub); /* what was read is forgotten */
		at->stopped = false;
	} while (again);
	entry_close(&entry);
	json_decref(more);
	buf_close(&text);
}

static void
part_comes(struct at *at, const struct made *photo, int64_t number)
{
	struct photo_part part = {.part = number, .parts = PARTS};
	size_t from = (size_t)(number - 1) * PHOTO_PART_BYTES, left = photo->len - from;

	memcpy(part.hash, photo->hash, sizeof(part.hash));
	comes(at, photo->rec, &part, photo->bytes + from,
	    left < PHOTO_PART_BYTES ? left : PHOTO_PART_BYTES);
}

static struct photo_state
state_of(struct at *at)
{
	struct photo_state state;
	struct pmj_error err = {0};

	check_ok(photo_state(at->hub->journal, &state, at->photo.rec, at->photo.hash, &err), &err);
	return state;
}

static void
is_whole(struct at *at)
{
	struct photo_state state = state_of(at);
	struct pmj_error err = {0};
	struct buf bytes;

	assert_true(state.whole);
	assert_int_equal(state.parts, PARTS);
	buf_init(&bytes, 0);
	check_ok(photo_bytes_of(at->hub->journal, &bytes, at->photo.rec, at->photo.hash, state.by,
	             1, PARTS, &err),
	    &err);
	assert_int_equal(bytes.len, at->photo.len);
	assert_memory_equal(bytes.bytes, at->photo.bytes, bytes.len);
	buf_close(&bytes);
}

static int64_t
rows(struct at *at)
{
	return lab_number(at->hub, "SELECT count(*) FROM pmj_photo");
}

static void
test_in_any_order(void **state)
{
	static const int64_t order[] = {3, 1, 1, 4, 3, 2, 2, 1};
	struct at at;

	(void)state;
	begin(&at);
	for (size_t i = 0; i < COUNT(order); i++) {
		part_comes(&at, &at.photo, order[i]);
		assert_int_equal(state_of(&at).whole, i >= 5);
		assert_int_equal(state_of(&at).here, i < 1 ? 1 : i < 3 ? 2 : i < 5 ? 3 : 4);
	}
	is_whole(&at);
	assert_int_equal(at.steps, 1); /* of a part that is known */
	lab_close(&at.lab);
}

/* The last part brings the reading of all, and no step has time for more than one: so many steps,
 * also where the process ended between two of them. */
static void
test_in_steps(void **state)
{
	for (int stopped = 0; stopped < 2; stopped++) {
		struct at at;

		(void)state;
		begin(&at);
		for (int64_t i = 1; i < PARTS; i++) {
			part_comes(&at, &at.photo, i);
			assert_int_equal(at.steps, 1);
		}
		at.stopped = stopped != 0;
		part_comes(&at, &at.photo, PARTS);
		assert_int_equal(at.steps, 1 + PARTS);
		is_whole(&at);
		lab_close(&at.lab);
	}
}

/* Bytes that do not give the hash are thrown away, and the file may come again. */
static void
test_spoilt(void **state)
{
	struct made wrong;
	struct at at;

	(void)state;
	begin(&at);
	wrong = at.photo;
	wrong.bytes[PHOTO_PART_BYTES + 5] ^= 1;
	for (int64_t i = 1; i <= PARTS; i++)
		part_comes(&at, &wrong, i);
	assert_int_equal(rows(&at), 0);
	assert_int_equal(
	    lab_number(at.hub, "SELECT count(*) FROM pmj_event WHERE code = 'integrity'"), 1);
	assert_int_equal(lab_number(at.hub, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short("
	                                    "'ctl.file') AND line IS NOT NULL"),
	    0);
	for (int64_t i = PARTS; i >= 1; i--)
		part_comes(&at, &at.photo, i);
	is_whole(&at);
	lab_close(&at.lab);
}

/* No picture, whatever its hash is. */
static void
test_no_picture(void **state)
{
	struct photo_part part = {.part = 1, .parts = 1};
	struct prim_digest *digest = prim_digest_new();
	struct at at;

	(void)state;
	begin(&at);
	prim_digest_add(digest, "#!/bin/sh", 9);
	prim_digest_end(digest, part.hash);
	prim_digest_free(digest);
	comes(&at, at.photo.rec, &part, (const uint8_t *)"#!/bin/sh", 9);
	assert_int_equal(rows(&at), 0);
	lab_close(&at.lab);
}

static void
refused(struct at *at, const uint8_t *rec, int64_t number, int64_t parts, size_t len)
{
	struct photo_part part = {.part = number, .parts = parts};

	memcpy(part.hash, at->photo.hash, sizeof(part.hash));
	comes(at, rec, &part, at->photo.bytes, len);
}

static void
test_refused(void **state)
{
	uint8_t nobody[PMJ_RECORD_BYTES] = {1};
	struct at at;

	(void)state;
	begin(&at);
	refused(&at, at.photo.rec, 0, PARTS, PHOTO_PART_BYTES);
	refused(&at, at.photo.rec, PARTS + 1, PARTS, PHOTO_PART_BYTES);
	refused(&at, at.photo.rec, 1, PHOTO_PARTS_MAX + 1, PHOTO_PART_BYTES);
	refused(&at, at.photo.rec, 1, PARTS, PHOTO_PART_BYTES - 1);
	refused(&at, at.photo.rec, 1, PARTS, PHOTO_PART_BYTES + 1);
	refused(&at, nobody, 1, PARTS, PHOTO_PART_BYTES);
	assert_int_equal(rows(&at), 0);
	part_comes(&at, &at.photo, 1);
	refused(&at, at.photo.rec, 2, PARTS + 1, PHOTO_PART_BYTES);
	assert_int_equal(rows(&at), 1);
	assert_int_equal(
	    lab_number(at.hub, "SELECT count(*) FROM pmj_event WHERE event = 'line_refused'"), 7);
	lab_close(&at.lab);
}

/* Without end: a record has room for so many, a device's day for so much. */
static void
test_endless(void **state)
{
	int64_t most, lines = 0;
	struct at at;

	(void)state;
	begin(&at);
	for (int64_t i = 0; i < PHOTO_RECORD_PARTS + 60; i++) {
		memcpy(at.photo.hash, &i, sizeof(i));
		part_comes(&at, &at.photo, 1);
	}
	assert_int_equal(rows(&at), PHOTO_RECORD_PARTS);
	most = lab_number(at.hub, "SELECT max(n) FROM pmj_entry");
	for (int64_t i = 0; i < 20; i++) {
		memcpy(at.photo.hash, &i, sizeof(i));
		part_comes(&at, &at.photo, 2);
	}
	assert_int_equal(lab_number(at.hub, "SELECT max(n) FROM pmj_entry"), most);
	for (int record = 0; record < 4; record++) {
		struct entry_row row = {.n = 0};
		struct pmj_error err = {0};

		check_ok(entries_get(at.device->journal, &row,
		             lab_write_entry(at.device, "consent", "form", "folder"), &err),
		    &err);
		memcpy(at.photo.rec, row.entry.rec, PMJ_RECORD_BYTES);
		entry_row_close(&row);
		office_exchange(at.device);
		for (int64_t i = 0; i < PHOTO_RECORD_PARTS; i++, lines++) {
			memcpy(at.photo.hash, &i, sizeof(i));
			part_comes(&at, &at.photo, 1);
		}
	}
	assert_in_range(rows(&at), 1900, 2200); /* 32 MiB of lines of 16 KB */
	most = rows(&at);
	at.hub->os.now_ms += INT64_C(86400000);
	at.photo.hash[31] ^= 1;
	part_comes(&at, &at.photo, 1);
	assert_int_equal(rows(&at), most + 1);
	lab_close(&at.lab);
}

static void
has_sent_today(struct at *at, int64_t bytes)
{
	struct pmj_error err = {0};

	check_ok(journal_begin(at->hub->journal, &err), &err);
	check_ok(
	    sql_run(sql_int(sql_get(at->hub->journal, "UPDATE pmj_photo_intake SET bytes = ?1"), 1,
	                bytes),
	        &err),
	    &err);
	check_ok(journal_commit(at->hub->journal, &err), &err);
}

/* A day's share is for what pours: what a record names still comes, up to the end of its own. */
static void
test_a_long_day(void **state)
{
	struct at at;

	(void)state;
	begin(&at);
	part_comes(&at, &at.photo, 1);
	has_sent_today(&at, INT64_C(32) << 20);
	at.photo.hash[31] ^= 1;
	part_comes(&at, &at.photo, 1);
	assert_int_equal(rows(&at), 1);
	at.photo.hash[31] ^= 1;
	for (int64_t part = 2; part < PARTS; part++)
		part_comes(&at, &at.photo, part);
	assert_int_equal(rows(&at), PARTS - 1);
	has_sent_today(&at, INT64_C(256) << 20);
	part_comes(&at, &at.photo, PARTS);
	assert_int_equal(rows(&at), PARTS - 1);
	at.hub->os.now_ms += INT64_C(86400000);
	part_comes(&at, &at.photo, PARTS);
	is_whole(&at);
	lab_close(&at.lab);
}

/* What another laptop pours out on the same record keeps nobody's photo away. */
static void
test_of_another(void **state)
{
	struct at at;
	uint8_t hash[PRIM_HASH_BYTES];

	(void)state;
	begin_with(&at, 2);
	memcpy(hash, at.photo.hash, sizeof(hash));
	at.device = &at.lab.ends[2];
	for (int64_t i = 0; i < PHOTO_RECORD_PARTS + 1; i++) {
		memcpy(at.photo.hash, &i, sizeof(i));
		part_comes(&at, &at.photo, 1);
	}
	assert_int_equal(rows(&at), PHOTO_RECORD_PARTS);
	at.device = &at.lab.ends[1];
	memcpy(at.photo.hash, hash, sizeof(hash));
	for (int64_t part = 1; part <= PARTS; part++)
		part_comes(&at, &at.photo, part);
	is_whole(&at);
	lab_close(&at.lab);
}

static void
test_erased(void **state)
{
	uint8_t act[ERASE_HASH_BYTES] = {5};
	struct pmj_error err = {0};
	bool more = true, left;
	struct at at;

	(void)state;
	begin(&at);
	for (int64_t i = 1; i < PARTS; i++)
		part_comes(&at, &at.photo, i);
	check_ok(journal_begin(at.hub->journal, &err), &err);
	/* The record itself stands for a person's here: it is nobody else's. */
	check_ok(erase_begin(at.hub->journal, at.photo.rec, act, at.hub->os.now_ms, &err), &err);
	check_ok(journal_commit(at.hub->journal, &err), &err);
	while (more)
		check_ok(erase_step(at.hub->journal, INT64_MAX, &more, &left, &err), &err);
	assert_int_equal(rows(&at), 0);
	assert_int_equal(lab_number(at.hub, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short("
	                                    "'ctl.file') AND line IS NOT NULL"),
	    0);
	part_comes(&at, &at.photo, PARTS); /* late */
	assert_int_equal(rows(&at), 0);
	assert_int_equal(lab_number(at.hub, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short("
	                                    "'ctl.file') AND line IS NOT NULL"),
	    0);
	lab_close(&at.lab);
}

/* What others wrote becomes stubs, what is the device's own stays; it may be given again. */
static void
test_withdrawn(void **state)
{
	struct pmj_error err = {0};
	struct at at;

	(void)state;
	begin(&at);
	for (int64_t i = 1; i <= PARTS; i++)
		part_comes(&at, &at.photo, i);
	check_ok(journal_begin(at.hub->journal, &err), &err);
	check_ok(photo_withdraw(at.hub->journal, at.photo.rec, &err), &err);
	check_ok(journal_commit(at.hub->journal, &err), &err);
	assert_int_equal(rows(&at), 0);
	assert_int_equal(lab_number(at.hub, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short("
	                                    "'ctl.file') AND line IS NULL AND status = 3"),
	    PARTS);
	for (int64_t i = 1; i <= PARTS; i++)
		part_comes(&at, &at.photo, i);
	is_whole(&at);
	lab_close(&at.lab);
}

/* A laptop sends none to a hub whose acks do not say so (one that is older drops them). */
static void
test_says_that_it_takes_them(void **state)
{
	struct pmj_error err = {0};
	struct at at;

	(void)state;
	begin(&at);
	assert_true(photo_hub_takes(at.device->journal));
	/* Nearly a day's share came. */
	part_comes(&at, &at.photo, 1);
	check_ok(sql_run(sql_int(sql_get(at.hub->journal, "UPDATE pmj_photo_intake SET bytes=?1"),
	                     1, INT64_C(230) * 1024 * 1024),
	             &err),
	    &err);
	(void)lab_write_entry(at.device, "consent", "form", "folder");
	office_exchange(at.device);
	assert_false(photo_hub_takes(at.device->journal));
	at.hub->os.now_ms += DAY_MS;
	at.device->os.now_ms += DAY_MS;
	(void)lab_write_entry(at.device, "consent", "form", "folder");
	office_exchange(at.device);
	assert_true(photo_hub_takes(at.device->journal));
	lab_close(&at.lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_says_that_it_takes_them),
	    cmocka_unit_test(test_in_any_order),
	    cmocka_unit_test(test_in_steps),
	    cmocka_unit_test(test_spoilt),
	    cmocka_unit_test(test_no_picture),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_endless),
	    cmocka_unit_test(test_a_long_day),
	    cmocka_unit_test(test_of_another),
	    cmocka_unit_test(test_erased),
	    cmocka_unit_test(test_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
