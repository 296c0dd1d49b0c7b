/* Section 11.2: of an erased person's entries number and hash are left; no page of the journal,
 * once opened, holds a word of theirs; the chain and the projections are whole. */
#include "fixture_store.h"
#include "store/journal_inner.h"

#define NEEDLE "quinquereme"

struct one {
	struct store store;
	struct store_line person, contact, other, note;
	json_t *said; /* of the contact */
};

static json_t *
link_to(const struct store_line *person, const char *note)
{
	char id[PMJ_RECORD_CHARS + 1];

	return json_pack("{s:s,s:s,s:s}", "person",
	    text_base32(id, person->entry.rec, PMJ_RECORD_BYTES), "kind", "phone", "note", note);
}

static void
begin(struct one *at)
{
	char version[2 * PMJ_VERSION_BYTES + 1];
	struct store_line edit;

	store_start(&at->store);
	store_line(&at->other, "person", NULL, 1, 1000, json_pack("{s:s}", "name", "Grace O."),
	    NULL, NULL);
	(void)store_append(at->store.journal, &at->other);
	store_line(&at->person, "person", NULL, 1, 2000,
	    json_pack("{s:s,s:s}", "name", "Asha " NEEDLE, "phone", "0712 345 678"), NULL, NULL);
	(void)store_append(at->store.journal, &at->person);
	store_line(&at->contact, "contact", NULL, 2, 3000,
	    link_to(&at->person, "talked of the " NEEDLE " and rested"), NULL, NULL);
	(void)store_append(at->store.journal, &at->contact);
	store_line(
	    &at->note, "contact", NULL, 2, 3500, link_to(&at->other, "went well"), NULL, NULL);
	(void)store_append(at->store.journal, &at->note);
	/* a conflict, and a held one */
	for (int i = 0; i < 2; i++) {
		bool known;

		store_line(&edit, "person", at->person.entry.rec, (uint8_t)(3 + i), 4000 + i,
		    json_pack("{s:s}", "name", i == 0 ? NEEDLE " A." : NEEDLE " B."),
		    json_pack("{s:[s]}", "name",
		        text_hex(version, at->person.entry.e, PMJ_VERSION_BYTES)),
		    NULL);
		(void)store_append(at->store.journal, &edit);
		store_line_close(&edit);
		store_line(&edit, "person", at->person.entry.rec, 5, 5000 + i,
		    json_pack("{s:s}", "village", NEEDLE " gate"), NULL, NULL);
		(void)store_append_as(at->store.journal, &edit, ENTRY_HELD, &known);
		store_line_close(&edit);
	}
}

static void
end(struct one *at)
{
	store_line_close(&at->person);
	store_line_close(&at->contact);
	store_line_close(&at->other);
	store_line_close(&at->note);
	store_end(&at->store);
}

static void
purge(struct journal *journal)
{
	struct pmj_error err;
	bool more;

	check_ok(journal_search_purge(journal, true, &more, &err), &err);
	for (int i = 0; more && i < 1000; i++)
		check_ok(journal_search_purge(journal, false, &more, &err), &err);
	assert_false(more);
	check_ok(journal_checkpoint(journal, &err), &err);
}

/* On how many pages of the opened journal does the word stand? The text of FTS5 is shortened by
 * what two words share at their beginning: a part of it is looked for. */
static int
pages_with(struct journal *journal, const char *word)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	uint8_t page[4096];
	int found = 0;

	assert_int_equal(
	    sqlite3_file_control(journal->db, "main", SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
	assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
	for (sqlite3_int64 at = 0; at < size; at += 4096) {
		assert_int_equal(file->pMethods->xRead(file, page, 4096, at), SQLITE_OK);
		found += memmem(page, sizeof(page), word, strlen(word)) != NULL;
	}
	return found;
}

static void
erase(struct journal *journal, const struct store_line *of, int64_t expected)
{
	struct pmj_error err;
	int64_t count;

	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_erase_record(journal, of->entry.rec, &count, &err), &err);
	assert_true(count == expected);
	check_ok(journal_commit(journal, &err), &err);
}

static void
whole(struct journal *journal)
{
	uint8_t j[32];
	uint64_t next = 0, count;
	int64_t records, differed;
	struct pmj_error err;
	bool done = false;

	journal_head(journal, &count, j);
	while (next < count)
		check_ok(journal_check_slice(journal, next, 100, &next, &err), &err);
	while (!done)
		check_ok(project_check_slice(journal, 100, true, &done, &err), &err);
	check_ok(journal_begin(journal, &err), &err);
	for (done = false; !done;)
		check_ok(
		    project_rebuild_slice(journal, 100, &done, &records, &differed, &err), &err);
	assert_true(differed == 0);
	check_ok(journal_commit(journal, &err), &err);
}

static void
nothing_is_left(void **state)
{
	struct one at;
	struct journal *journal;
	uint8_t before[32], after[32];
	struct store_line line;

	(void)state;
	begin(&at);
	journal = at.store.journal;
	purge(journal);
	assert_true(pages_with(journal, NEEDLE) > 0);
	assert_true(pages_with(journal, "inquereme") > 0);
	store_line(&line, "contact", NULL, 2, 9000, link_to(&at.other, "before"), NULL, NULL);
	erase(journal, &at.contact, 1);
	erase(journal, &at.person, 5);
	purge(journal);
	assert_int_equal(pages_with(journal, NEEDLE), 0);
	assert_int_equal(pages_with(journal, "inquereme"), 0);
	assert_int_equal(pages_with(journal, "0712"), 0);
	assert_true(pages_with(journal, "Grace") > 0);
	whole(journal);
	store_digest(journal, before);
	store_reopen(&at.store);
	journal = at.store.journal;
	whole(journal);
	store_digest(journal, after);
	assert_memory_equal(before, after, 32);
	erase(journal, &at.person, 0);
	(void)store_append(journal, &line); /* and it goes on */
	whole(journal);
	store_line_close(&line);
	end(&at);
}

/* What is known is not taken back in, whatever it makes or changes; what is new is refused by its
 * reader, who keeps its hash. */
static void
it_does_not_come_back(void **state)
{
	struct one at;
	struct journal *journal;
	struct store_line late;
	struct pmj_error err;
	uint64_t count;
	uint8_t j[32];
	int64_t n, again;
	bool known;

	(void)state;
	begin(&at);
	journal = at.store.journal;
	erase(journal, &at.person, 5);
	journal_head(journal, &count, j);
	(void)store_append_as(journal, &at.person, ENTRY_ADMITTED, &known);
	assert_true(known);
	store_line(&late, "contact", NULL, 7, 9000, link_to(&at.person, NEEDLE), NULL, NULL);
	check_ok(journal_begin(journal, &err), &err);
	check_ok(
	    entries_append_erased(journal, &late.entry, ENTRY_RECEIVED, &n, &known, &err), &err);
	assert_false(known);
	check_ok(entries_append_erased(journal, &late.entry, ENTRY_RECEIVED, &again, &known, &err),
	    &err);
	assert_true(known && again == n && n == (int64_t)count + 1);
	check_ok(journal_commit(journal, &err), &err);
	(void)store_append_as(journal, &late, ENTRY_ADMITTED, &known);
	assert_true(known);
	store_reopen(&at.store);
	journal = at.store.journal;
	(void)store_append_as(journal, &at.person, ENTRY_ADMITTED, &known);
	assert_true(known);
	whole(journal);
	store_line_close(&late);
	end(&at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_left),
	    cmocka_unit_test(it_does_not_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
