/* given_back_test.c - entries that a restored hub lacks and laptops hold (9): its own are proven by
 * its own word; what others wrote waits for its author or the coordinator; nobody invents one. */
#include "hub/hub_inner.h"
#include "log/vouch.h"
#include "office_lab.h"
#include "sync/erase.h"

static void
record_of(const struct lab_end *end, uint8_t rec[static PMJ_RECORD_BYTES], const char *title)
{
	struct sql *q = sql_get(end->journal, "SELECT rec FROM pmj_record WHERE title = ?1");
	struct pmj_error err = {0};
	bool row;

	check_ok(sql_row(sql_text(q, 1, title), &row, &err), &err);
	assert_true(row && sql_col_copy(q, 0, rec, PMJ_RECORD_BYTES));
	sql_done(q);
}

/* The office changes a record, as the api does it. */
static void
office_edits(struct lab *lab, const uint8_t *rec, const char *field, const char *value)
{
	const struct kind *kind = kinds_get(&lab->kinds, "person");
	struct record_full record = {.row_count = 0};
	struct lab_end *hub = lab_hub(lab);
	json_t *set = json_pack("{s:s}", field, value), *was;
	struct pmj_error err = {0};
	int64_t n;

	check_ok(records_load(hub->journal, &record, rec, &err), &err);
	was = merge_was(&record.merged, set);
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(decide_entry(lab->hub, kind, rec, set, was, &n, &err), &err);
	check_ok(hub_shared(lab->hub, n, rec, false, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	record_full_close(&record);
	json_decref(set);
	json_decref(was);
}

static void
assign(struct lab *lab, const uint8_t *person, const struct lab_end *to)
{
	const uint8_t(*ids)[PMJ_DEVICE_BYTES] =
	    (const uint8_t(*)[PMJ_DEVICE_BYTES])ring_device_id(to->ring);
	struct pmj_error err = {0};

	check_ok(hub_assign(lab->hub, person, ids, 1, &err), &err);
}

static size_t
held(struct lab *lab, json_t **items)
{
	struct pmj_error err = {0};
	size_t count;

	check_ok(hub_held(lab->hub, items, &err), &err);
	count = json_array_size(json_arr(*items, "items"));
	return count;
}

static size_t
held_count(struct lab *lab)
{
	json_t *items = NULL;
	size_t count = held(lab, &items);

	json_decref(items);
	return count;
}

static int64_t
lacking(struct lab *lab)
{
	json_t *lacks = hub_lacks(lab->hub);
	int64_t n = json_int(lacks, "returned", -1);

	json_decref(lacks);
	return n;
}

static void
all_exchange(struct lab *lab, int turns)
{
	for (int turn = 0; turn < turns; turn++)
		for (int i = 1; i < lab->count; i++)
			office_exchange(&lab->ends[i]);
}

/* Every laptop and the hub hold the same, each line once. */
static void
all_same(struct lab *lab, int64_t admitted)
{
	for (int i = 0; i < lab->count; i++) {
		struct lab_end *end = &lab->ends[i];

		assert_int_equal(lab_admitted(end), admitted);
		assert_int_equal(lab_number(end, "SELECT count(*) FROM pmj_entry"),
		    lab_number(end,
		        "SELECT count(DISTINCT pmj_hash(e, line, by, pt, rec)) FROM pmj_entry"));
		lab_same(end, lab_hub(lab));
	}
}

/* What the office wrote after its backup comes back by itself, in whatever order it comes: also
 * what it wrote in a record that itself was made after, and in one of a laptop that comes last. */
static void
test_its_own(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2];
	uint8_t asha[PMJ_RECORD_BYTES], baraka[PMJ_RECORD_BYTES];

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(lab_hub(&lab), asha, "Asha");
	assign(&lab, asha, b);
	all_exchange(&lab, 3); /* with the receipts */
	office_keep(&lab);
	office_passes(&lab);
	office_edits(&lab, asha, "village", "Kimana");
	(void)lab_person(a, "Baraka");
	office_exchange(a);
	record_of(lab_hub(&lab), baraka, "Baraka");
	office_edits(&lab, baraka, "village", "Namanga");
	assign(&lab, baraka, b);
	all_exchange(&lab, 2);
	all_same(&lab, 4);
	office_restore(&lab);
	office_passes(&lab);
	for (int turn = 0; turn < 2; turn++) /* the office's word of Baraka comes before a's */
		office_exchange(b);
	assert_int_equal(lab_number(lab_hub(&lab),
	                     "SELECT count(*) FROM pmj_entry WHERE reason = 'person_unknown'"),
	    1);
	/* it is not sent what it gave back */
	assert_int_equal(
	    lab_number(lab_hub(&lab),
	        "SELECT count(*) FROM pmj_sent s JOIN pmj_lane l ON l.id = s.lane JOIN"
	        " pmj_device d ON d.mailbox = l.mailbox WHERE s.forward = 1 AND d.name ="
	        " 'Worker 2'"),
	    0);
	all_exchange(&lab, 3);
	all_same(&lab, 4);
	assert_int_equal(held_count(&lab), 0);
	assert_int_equal(lacking(&lab), 0);
	lab_close(&lab);
}

/* A second decision about the same, by a coordinator who did not know of the first: two values, for
 * people to settle. */
static void
test_decided_again_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	uint8_t asha[PMJ_RECORD_BYTES];

	(void)state;
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(lab_hub(&lab), asha, "Asha");
	office_edits(&lab, asha, "village", "Kajiado");
	all_exchange(&lab, 1);
	office_keep(&lab);
	office_passes(&lab);
	office_edits(&lab, asha, "village", "Kimana");
	all_exchange(&lab, 1);
	office_restore(&lab);
	office_passes(&lab);
	office_edits(&lab, asha, "village", "Namanga");
	all_exchange(&lab, 3);
	all_same(&lab, 4);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    lab_number(&lab.ends[i], "SELECT count(*) FROM pmj_record WHERE conflict = 1"),
		    1);
	lab_close(&lab);
}

/* What a revoked laptop wrote, given back by two others: once, and only at the coordinator's word;
 * what one wrote who comes after all counts when it comes, from that laptop. */
static void
test_of_others(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *c = &lab.ends[3], *d = &lab.ends[4],
	               *hub = lab_hub(&lab);
	uint8_t asha[PMJ_RECORD_BYTES];
	struct pmj_error err = {0};
	json_t *items = NULL, *item, *arrived;
	size_t i;

	(void)state;
	office_open(&lab, 4);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(hub, asha, "Asha");
	for (int other = 2; other <= 4; other++)
		assign(&lab, asha, &lab.ends[other]);
	all_exchange(&lab, 1);
	office_keep(&lab);
	office_passes(&lab);
	(void)lab_change_entry(a, asha, "person", "village", "Kimana");
	office_exchange(a);
	(void)lab_change_entry(d, asha, "person", "note", "speaks Maa");
	office_exchange(d);
	all_exchange(&lab, 1);
	office_revoke(a);
	office_exchange(b);
	office_restore(&lab);
	office_passes(&lab);
	for (int turn = 0; turn < 2; turn++) {
		office_exchange(b);
		office_exchange(c);
	}
	assert_int_equal(lab_admitted(hub), 1);
	assert_int_equal(lacking(&lab), 2);
	assert_int_equal(held(&lab, &items), 2);
	arrived = office_arrived(a);
	assert_int_equal(json_int(arrived, "held", -1), 1);
	assert_int_equal(json_int(arrived, "waiting", -1), 0);
	json_decref(arrived);
	assert_int_equal(hub_count(lab.hub, "held"), 2);
	assert_int_equal(hub_count(lab.hub, "waiting"), 0);
	office_exchange(d); /* hears that the hub was restored, and sends its own */
	office_exchange(d);
	assert_int_equal(lab_admitted(hub), 2);
	assert_int_equal(held_count(&lab), 1);
	json_array_foreach(json_arr(items, "items"), i, item)
	{
		assert_string_equal(json_str(item, "reason"), "returned");
		if (strcmp(json_str(item, "by"), "Worker 1") == 0)
			check_ok(hub_release(lab.hub, json_str(item, "id"), &err), &err);
		else
			assert_int_equal(
			    hub_release(lab.hub, json_str(item, "id"), &err), PMJ_NOT_FOUND);
	}
	json_decref(items);
	assert_int_equal(held_count(&lab), 0);
	assert_int_equal(lacking(&lab), 0);
	for (int turn = 0; turn < 2; turn++)
		for (int other = 2; other <= 4; other++)
			office_exchange(&lab.ends[other]);
	for (int other = 2; other <= 4; other++) {
		assert_int_equal(lab_admitted(&lab.ends[other]), 3);
		lab_same(&lab.ends[other], hub);
	}
	lab_close(&lab);
}

/* ---- what a laptop may invent ---- */

/* It says that it was sent this. */
static void
gives_back(struct lab_end *device, const char *line)
{
	struct line_draft outer = {.kind = "ctl.return",
	    .rv = -1,
	    .by = ring_device_id(device->ring),
	    .pt = device->os.now_ms};
	struct pmj_error err = {0};
	struct buf wrapped;

	buf_init(&wrapped, 0);
	os_real.random(NULL, outer.n, sizeof(outer.n));
	outer.more = json_pack("{s:s}", "line", line);
	line_write(&wrapped, &outer);
	check_ok(journal_begin(device->journal, &err), &err);
	check_ok(sync_queue_line(
	             device->sync, device->mailbox, buf_text(&wrapped), wrapped.len, true, &err),
	    &err);
	check_ok(journal_commit(device->journal, &err), &err);
	json_decref((json_t *)outer.more);
	buf_close(&wrapped);
	office_exchange(device);
}

static void
line_of(struct buf *out, const struct lab_end *by, const uint8_t *rec, const char *village)
{
	struct line_draft draft = {.kind = "person",
	    .kv = 1,
	    .rv = 0,
	    .rec = rec,
	    .by = ring_device_id(by->ring),
	    .pt = by->os.now_ms};

	buf_clear(out);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	draft.set = json_pack("{s:s}", "village", village);
	line_write(out, &draft);
	json_decref((json_t *)draft.set);
}

static void
test_what_is_invented(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);
	struct ring *forger = test_ring(99, 98, 97);
	uint8_t asha[PMJ_RECORD_BYTES];
	struct pmj_error err = {0};
	struct entry_row row;
	struct buf line;
	char *changed;

	(void)state;
	buf_init(&line, 0);
	office_open(&lab, 2);
	(void)lab_person(b, "Asha");
	all_exchange(&lab, 1);
	record_of(hub, asha, "Asha");
	assign(&lab, asha, a);
	office_edits(&lab, asha, "village", "Kimana");
	all_exchange(&lab, 1);
	/* in the office's name: without its word, with one of another key, with that of another
	 * line */
	line_of(&line, hub, asha, "Arusha");
	gives_back(a, buf_text(&line));
	assert_int_equal(held_count(&lab), 0); /* a hub that was never restored lacks nothing */
	check_ok(hub_restored(lab.hub, &err), &err);
	all_exchange(&lab, 2);
	line_of(&line, hub, asha, "Arusha");
	gives_back(a, buf_text(&line));
	assert_int_equal(held_count(&lab), 1);
	vouch_put(&line, forger);
	gives_back(a, buf_text(&line));
	assert_int_equal(held_count(&lab), 2);
	check_ok(entries_get(a->journal, &row,
	             lab_number(a, "SELECT max(n) FROM pmj_entry WHERE kind = pmj_short('person')"),
	             &err),
	    &err);
	assert_non_null(strstr(row.line, "\"vouch\":\""));
	changed = mem_strdup(row.line);
	memcpy(strstr(changed, "Kimana"), "Arusha", 6);
	gives_back(a, changed);
	assert_int_equal(held_count(&lab), 3);
	/* in a colleague's */
	line_of(&line, b, asha, "Arusha");
	gives_back(a, buf_text(&line));
	assert_int_equal(held_count(&lab), 4);
	gives_back(a, buf_text(&line)); /* once */
	/* its own it has to send as such; what is no line, and what the hub has, change nothing */
	line_of(&line, a, asha, "Arusha");
	gives_back(a, buf_text(&line));
	gives_back(a, "no line at all");
	gives_back(a, row.line);
	assert_int_equal(held_count(&lab), 4);
	assert_int_equal(lab_admitted(hub), 2);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_record WHERE conflict = 1"), 0);
	/* and what is genuine is taken by a hub that has it not */
	assert_true(vouch_holds(hub->ring, row.line, row.len));
	assert_false(vouch_holds(hub->ring, changed, row.len));
	assert_false(vouch_holds(hub->ring, row.line, row.len - 1));
	assert_false(vouch_holds(hub->ring, "}", 1));
	assert_false(vouch_holds(forger, row.line, row.len));
	/* unless it was taken away here on purpose */
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(entries_stub(hub->journal,
	             lab_number(hub, "SELECT max(n) FROM pmj_entry WHERE status = 0"), &err),
	    &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	gives_back(a, row.line);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_entry WHERE line IS NULL"), 1);
	free(changed);
	entry_row_close(&row);
	ring_free(forger);
	buf_close(&line);
	lab_close(&lab);
}

/* Held, and let in by the coordinator, both after the backup: so it is again, whichever comes
 * first.
 */
static void
test_let_in(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);
	const uint8_t(*ids)[PMJ_DEVICE_BYTES];
	uint8_t asha[PMJ_RECORD_BYTES];
	struct pmj_error err = {0};
	struct entry_row row;
	json_t *items = NULL;

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(hub, asha, "Asha");
	assign(&lab, asha, b);
	all_exchange(&lab, 2);
	ids = (const uint8_t(*)[PMJ_DEVICE_BYTES])ring_device_id(b->ring);
	check_ok(hub_unassign(lab.hub, asha, ids, 1, &err), &err);
	all_exchange(&lab, 2);
	(void)lab_change_entry(b, asha, "person", "note", "held in the backup");
	all_exchange(&lab, 2);
	assert_int_equal(held(&lab, &items), 1);
	office_keep(&lab);
	office_passes(&lab);
	check_ok(
	    hub_release(lab.hub, json_str(json_array_get(json_arr(items, "items"), 0), "id"), &err),
	    &err);
	json_decref(items);
	(void)lab_change_entry(b, asha, "person", "village", "Kimana");
	all_exchange(&lab, 2);
	assert_int_equal(held(&lab, &items), 1);
	check_ok(
	    hub_release(lab.hub, json_str(json_array_get(json_arr(items, "items"), 0), "id"), &err),
	    &err);
	json_decref(items);
	all_exchange(&lab, 2);
	assert_int_equal(lab_admitted(hub), 3);
	office_restore(&lab);
	office_passes(&lab);
	assert_int_equal(held_count(&lab), 1);
	check_ok(
	    entries_get(b->journal, &row,
	        lab_number(b, "SELECT max(n) FROM pmj_entry WHERE kind = pmj_short('ctl.release')"),
	        &err),
	    &err);
	gives_back(a, row.line); /* before what it speaks of */
	entry_row_close(&row);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_let_in"), 1);
	all_exchange(&lab, 4);
	assert_int_equal(held_count(&lab), 0);
	assert_int_equal(lab_admitted(hub), 3);
	assert_int_equal(lab_number(b, "SELECT count(*) FROM pmj_entry WHERE status = 1"), 0);
	/* that of the backup, and none anew */
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_hold_line"), 1);
	lab_close(&lab);
}

/* What was let in, and then erased with its person: the word that let it in comes back later. */
static void
test_let_in_and_erased(void **state)
{
	static const uint8_t act[32] = {7};
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);
	const uint8_t(*ids)[PMJ_DEVICE_BYTES];
	uint8_t asha[PMJ_RECORD_BYTES];
	struct pmj_error err = {0};
	json_t *items = NULL;
	bool more = true, left;
	int64_t erased;

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(hub, asha, "Asha");
	assign(&lab, asha, b);
	all_exchange(&lab, 2);
	ids = (const uint8_t(*)[PMJ_DEVICE_BYTES])ring_device_id(b->ring);
	check_ok(hub_unassign(lab.hub, asha, ids, 1, &err), &err);
	all_exchange(&lab, 2);
	(void)lab_change_entry(b, asha, "person", "note", "held in the backup");
	all_exchange(&lab, 2);
	assert_int_equal(held(&lab, &items), 1);
	office_keep(&lab);
	office_passes(&lab);
	check_ok(
	    hub_release(lab.hub, json_str(json_array_get(json_arr(items, "items"), 0), "id"), &err),
	    &err);
	json_decref(items);
	all_exchange(&lab, 2);
	office_restore(&lab);
	office_passes(&lab);
	/* by the order that another laptop gave back */
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(erase_begin(hub->journal, asha, act, hub->os.now_ms, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	while (more)
		check_ok(erase_step(hub->journal, INT64_MAX, &more, &left, &err), &err);
	erased = lab_number(hub, "SELECT count(*) FROM pmj_entry WHERE status = 4");
	assert_int_equal(erased, 2);
	all_exchange(&lab, 3);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short('ctl.release')"),
	    0);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_entry WHERE status = 4"), erased);
	lab_close(&lab);
}

/* A hold in the office's name, of what it wrote itself and would have unsaid: nobody but the office
 * holds, and its own holds are proven like its releases. */
static void
test_nothing_is_unsaid(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	struct line_draft draft = {.kind = "ctl.hold", .rv = -1};
	struct entry_row row;
	struct pmj_error err = {0};
	struct buf line;

	(void)state;
	buf_init(&line, 0);
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 2);
	assert_int_equal(lab_admitted(hub), 1);
	check_ok(
	    entries_get(hub->journal, &row,
	        lab_number(hub, "SELECT n FROM pmj_entry WHERE kind = pmj_short('person')"), &err),
	    &err);
	draft.by = ring_device_id(hub->ring);
	draft.pt = a->os.now_ms;
	os_real.random(NULL, draft.n, sizeof(draft.n));
	draft.more = json_pack(
	    "{s:o,s:s}", "e", json_hex(row.entry.e, PMJ_ENTRY_BYTES), "reason", "append_only");
	line_write(&line, &draft);
	gives_back(a, buf_text(&line));
	assert_int_equal(lab_admitted(hub), 1);
	assert_int_equal(held_count(&lab), 0);
	vouch_put(&line, hub->ring);
	gives_back(a, buf_text(&line));
	assert_int_equal(lab_admitted(hub), 0);
	assert_int_equal(held_count(&lab), 1);
	json_decref((json_t *)draft.more);
	entry_row_close(&row);
	buf_close(&line);
	lab_close(&lab);
}

/* Another's line, sent as its own while the hub waits for its author: it is not the author's word,
 * and takes nothing from it. */
static void
test_sent_by_another(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);
	uint8_t asha[PMJ_RECORD_BYTES];
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(hub, asha, "Asha");
	assign(&lab, asha, b);
	all_exchange(&lab, 2);
	office_keep(&lab);
	office_passes(&lab);
	(void)lab_change_entry(a, asha, "person", "village", "Kimana");
	all_exchange(&lab, 2);
	office_restore(&lab);
	office_passes(&lab);
	for (int turn = 0; turn < 2; turn++)
		office_exchange(b);
	assert_int_equal(held_count(&lab), 1);
	/* b sends it in its own lane, as if it were an own entry */
	lab_stop(b);
	lab_start(b);
	check_ok(journal_begin(b->journal, &err), &err);
	check_ok(
	    sql_run(sql_get(b->journal, "UPDATE pmj_entry SET origin = 0 WHERE n = (SELECT"
	                                " max(n) FROM pmj_entry WHERE kind = pmj_short('person'))"),
	        &err),
	    &err);
	check_ok(sync_queue(b->sync, b->mailbox,
	             lab_number(b, "SELECT max(n) FROM pmj_entry WHERE kind = pmj_short('person')"),
	             true, &err),
	    &err);
	check_ok(journal_commit(b->journal, &err), &err);
	office_exchange(b);
	for (int turn = 0; turn < 3; turn++)
		office_exchange(a);
	assert_int_equal(lab_admitted(hub), 2);
	assert_int_equal(held_count(&lab), 0);
	lab_close(&lab);
}

/* ---- either program ends amid it ---- */

static void
work_seal(struct lab_end *end)
{
	(void)lab_seal(end);
}

static void
work_take(struct lab_end *end)
{
	end->os.mono_step = 4; /* several transactions a segment */
	(void)lab_take(end);
}

/* A restored hub and a laptop that gives back, each ending at every call to its disk in turn. */
static void
test_every_call(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);
	uint8_t asha[PMJ_RECORD_BYTES];
	bool whole = false;

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	all_exchange(&lab, 1);
	record_of(hub, asha, "Asha");
	assign(&lab, asha, b);
	all_exchange(&lab, 1);
	office_keep(&lab);
	office_passes(&lab);
	office_edits(&lab, asha, "village", "Kimana");
	(void)lab_change_entry(a, asha, "person", "note", "speaks Maa");
	all_exchange(&lab, 2);
	(void)lab_change_entry(b, asha, "person", "strengths", "sings");
	all_exchange(&lab, 2);
	all_same(&lab, 4);
	for (int cut = 0; !whole; cut += 2 + cut / 8) { /* denser where most of it happens */
		office_restore(&lab);
		office_passes(&lab);
		(void)lab_seal(hub);
		lab_carry(hub, b, NULL, NULL);
		whole = lab_dies(b, work_take, cut);
		whole = lab_dies(b, work_seal, cut) && whole;
		lab_carry(b, hub, NULL, NULL);
		whole = lab_dies(hub, work_take, cut) && whole;
		whole = lab_dies(hub, work_seal, cut) && whole;
		for (int turn = 0; turn < 3; turn++)
			office_exchange(b);
		assert_int_equal(held_count(&lab), 1); /* a's */
		assert_int_equal(lab_admitted(hub), 3);
		all_exchange(&lab, 2);
		assert_int_equal(held_count(&lab), 0);
		all_same(&lab, 4);
		assert_true(cut < 3000);
	}
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_its_own),
	    cmocka_unit_test(test_decided_again_meanwhile),
	    cmocka_unit_test(test_of_others),
	    cmocka_unit_test(test_let_in),
	    cmocka_unit_test(test_what_is_invented),
	    cmocka_unit_test(test_let_in_and_erased),
	    cmocka_unit_test(test_nothing_is_unsaid),
	    cmocka_unit_test(test_sent_by_another),
	    cmocka_unit_test(test_every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
