/* 8.6: no row says what a record's digest is. The sum of them follows every change of its entries,
 * a check tells it from the entries, and a rebuild makes it anew. */
#include "fixture_store.h"
#include "store/journal_inner.h"

struct at {
	struct store store;
	struct store_line person, contact, edit, other;
};

static void
begin(struct at *at)
{
	char id[PMJ_RECORD_CHARS + 1];
	json_t *version;

	store_start(&at->store);
	store_line(&at->person, "person", NULL, 1, 1000,
	    json_pack("{s:s,s:s}", "name", "Asha", "village", "Kimana"), NULL, NULL);
	store_line(&at->contact, "contact", NULL, 1, 1001,
	    json_pack("{s:s,s:s}", "person",
	        text_base32(id, at->person.entry.rec, PMJ_RECORD_BYTES), "kind", "phone"),
	    NULL, NULL);
	version = json_hex(entry_version(&at->person.entry), PMJ_VERSION_BYTES);
	store_line(&at->edit, "person", at->person.entry.rec, 2, 1002,
	    json_pack("{s:s}", "village", "Rombo"), json_pack("{s:[o]}", "village", version), NULL);
	store_line(
	    &at->other, "person", NULL, 2, 1003, json_pack("{s:s}", "name", "Juma"), NULL, NULL);
}

static void
end(struct at *at)
{
	store_line_close(&at->person);
	store_line_close(&at->contact);
	store_line_close(&at->edit);
	store_line_close(&at->other);
	store_end(&at->store);
}

/* The sum that was kept is that of what the entries tell. */
static void
assert_true_sum(struct journal *journal)
{
	int64_t records, differed;
	uint8_t kept[32], anew[32];
	struct pmj_error err;

	check_ok(project_check(journal, &err), &err);
	store_digest(journal, kept);
	check_ok(project_rebuild(journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 0);
	store_digest(journal, anew);
	assert_memory_equal(kept, anew, 32);
}

static void
set_status(struct journal *journal, int64_t n, enum entry_status status)
{
	struct pmj_error err;

	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_set_status(journal, n, status, "test", &err), &err);
	check_ok(journal_commit(journal, &err), &err);
}

static void
make_stub(struct journal *journal, int64_t n)
{
	struct pmj_error err;

	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_stub(journal, n, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	assert_true_sum(journal);
}

static void
test_every_change(void **state)
{
	struct at at;
	struct journal *journal;
	struct pmj_error err;
	uint8_t full[32], now[32];
	int64_t n, count;
	bool known;

	(void)state;
	begin(&at);
	journal = at.store.journal;
	n = store_append(journal, &at.person);
	(void)store_append(journal, &at.contact);
	assert_true_sum(journal);
	(void)store_append(journal, &at.edit);
	(void)store_append(journal, &at.other);
	assert_true_sum(journal);
	store_digest(journal, full);
	set_status(journal, n, ENTRY_HELD);
	assert_true_sum(journal);
	store_digest(journal, now);
	assert_memory_not_equal(full, now, 32);
	set_status(journal, n, ENTRY_ADMITTED);
	assert_true_sum(journal);
	make_stub(journal, n);
	make_stub(journal, n + 1);
	store_digest(journal, now);
	assert_memory_equal(full, now, 32);
	assert_int_equal(store_append_as(journal, &at.person, ENTRY_ADMITTED, &known), n);
	assert_true_sum(journal);
	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_erase_record(journal, at.person.entry.rec, &count, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	assert_int_equal(count, 2);
	assert_true_sum(journal);
	end(&at);
}

/* What somebody else says of a line that is not here need not be what the line says. */
static void
test_stub_that_says_otherwise(void **state)
{
	struct at at;
	struct entries_new new_entry = {
	    .stub_was = "{\"name\":[]}", .origin = ENTRY_RECEIVED, .status = ENTRY_ADMITTED};
	struct pmj_error err;
	struct entry stub;
	uint8_t before[32], after[32];
	int64_t n;
	bool known;

	(void)state;
	begin(&at);
	entry_stub(&stub, at.person.entry.e, "person", at.person.entry.rec, at.person.entry.by,
	    at.person.entry.pt, 0, json_pack("{s:[]}", "name"));
	new_entry.entry = &stub;
	check_ok(journal_begin(at.store.journal, &err), &err);
	check_ok(entries_append(at.store.journal, &new_entry, &n, &known, &err), &err);
	check_ok(journal_commit(at.store.journal, &err), &err);
	assert_true_sum(at.store.journal);
	store_digest(at.store.journal, before);
	assert_int_equal(store_append_as(at.store.journal, &at.person, ENTRY_ADMITTED, &known), n);
	store_digest(at.store.journal, after);
	assert_memory_not_equal(before, after, 32);
	assert_true_sum(at.store.journal);
	entry_close(&stub);
	end(&at);
}

/* Of two records that change one at least was checked already. */
static void
test_changed_under_a_check(void **state)
{
	struct at at;
	struct pmj_error err;
	bool done = false;

	(void)state;
	begin(&at);
	(void)store_append(at.store.journal, &at.person);
	(void)store_append(at.store.journal, &at.contact);
	(void)store_append(at.store.journal, &at.other);
	while (at.store.journal->live.check_total.entries < 2) {
		check_ok(project_check_slice(at.store.journal, 1, true, &done, &err), &err);
		assert_false(done);
	}
	(void)store_append(at.store.journal, &at.edit);
	set_status(at.store.journal, 3, ENTRY_HELD);
	while (!done)
		check_ok(project_check_slice(at.store.journal, 1, true, &done, &err), &err);
	assert_true_sum(at.store.journal);
	end(&at);
}

/* Only the sum of the digests is another; a check that leaves them out does not see it. */
static void
test_wrong_sum_is_found(void **state)
{
	struct at at;
	struct pmj_error err;
	uint8_t right[32], now[32];
	int64_t records, differed;
	bool done = false;

	(void)state;
	begin(&at);
	(void)store_append(at.store.journal, &at.person);
	(void)store_append(at.store.journal, &at.edit);
	store_digest(at.store.journal, right);
	check_ok(journal_exec(at.store.journal,
	             "UPDATE pmj_meta SET value = CAST(substr(value, 1, 96) || x'07' || "
	             "substr(value, 98) AS BLOB) WHERE key = 'journal sums'",
	             &err),
	    &err);
	store_reopen(&at.store);
	while (!done)
		check_ok(project_check_slice(at.store.journal, 10, false, &done, &err), &err);
	check_code(project_check(at.store.journal, &err), PMJ_INTEGRITY);
	check_ok(project_rebuild(at.store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 0);
	store_digest(at.store.journal, now);
	assert_memory_equal(now, right, 32);
	assert_true_sum(at.store.journal);
	end(&at);
}

/* As the specification says it, of each record as it is merged. */
static void
put_digest(struct buf *out, struct journal *journal, const uint8_t *rec)
{
	struct record_full record;
	uint8_t digest[32];
	struct pmj_error err;
	struct buf bytes;

	check_ok(records_load(journal, &record, rec, &err), &err);
	buf_init(&bytes, 0);
	merge_digest_bytes(&bytes, &record.merged);
	prim_hash(digest, "pmj digest v1", PRIM_PARTS({bytes.bytes, bytes.len}));
	buf_put(out, digest, sizeof(digest));
	buf_close(&bytes);
	record_full_close(&record);
}

static void
test_of_a_person_in_pieces(void **state)
{
	struct at at;
	struct records_digest digest;
	const uint8_t *person, *contact;
	uint8_t expected[32], got[32];
	struct pmj_error err;
	struct buf all;
	int64_t entries;
	bool person_first, done = false;
	int steps = 0;

	(void)state;
	begin(&at);
	(void)store_append(at.store.journal, &at.person);
	(void)store_append(at.store.journal, &at.contact);
	(void)store_append(at.store.journal, &at.edit);
	(void)store_append(at.store.journal, &at.other);
	person = at.person.entry.rec;
	contact = at.contact.entry.rec;
	person_first = memcmp(person, contact, PMJ_RECORD_BYTES) < 0;
	buf_init(&all, 0);
	put_digest(&all, at.store.journal, person_first ? person : contact);
	put_digest(&all, at.store.journal, person_first ? contact : person);
	prim_hash(expected, "pmj digest v1", PRIM_PARTS({all.bytes, all.len}));
	buf_close(&all);
	check_ok(records_digest_begin(at.store.journal, &digest, person, &err), &err);
	for (; !done; steps++)
		check_ok(records_digest_step(at.store.journal, &digest, 1, &done, &err), &err);
	records_digest_end(got, &digest);
	assert_int_equal(digest.entries, 3);
	assert_int_equal(steps, 2);
	records_digest_close(&digest);
	assert_memory_equal(got, expected, 32);
	check_ok(records_digest(at.store.journal, got, &entries, person, &err), &err);
	assert_int_equal(entries, 3);
	assert_memory_equal(got, expected, 32);
	end(&at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_change),
	    cmocka_unit_test(test_stub_that_says_otherwise),
	    cmocka_unit_test(test_changed_under_a_check),
	    cmocka_unit_test(test_wrong_sum_is_found),
	    cmocka_unit_test(test_of_a_person_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
