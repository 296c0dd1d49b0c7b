/* journal_test.c - the journal through its public face, on real sealed files. */
#include "fixture_store.h"
#include "store/journal_inner.h"

static void
exec_text(struct journal *journal, const char *text)
{
	struct pmj_error err;

	check_ok(sql_run(sql_get(journal, text), &err), &err);
}

static json_t *
field_of(struct journal *journal, const uint8_t rec[PMJ_RECORD_BYTES], const char *name)
{
	struct pmj_error err;
	json_t *item = NULL, *value;

	check_ok(records_item(journal, &item, rec, LANG_EN, &err), &err);
	value = json_incref(json_object_get(json_object_get(item, "fields"), name));
	json_decref(item);
	return value;
}

static void
assert_field(struct journal *journal, const uint8_t rec[PMJ_RECORD_BYTES], const char *name,
    const char *expected)
{
	json_t *value = field_of(journal, rec, name);

	if (expected == NULL)
		assert_true(value == NULL || json_is_null(value));
	else
		assert_string_equal(json_string_value(value), expected);
	json_decref(value);
}

/* person, then an edit that replaces its name */
struct two {
	struct store_line made, edited;
};

static json_t *
was_of(const char *field, const struct entry *entry)
{
	return json_pack("{s:[o]}", field, json_hex(entry_version(entry), PMJ_VERSION_BYTES));
}

static void
two_lines(struct two *two)
{
	store_line(&two->made, "person", NULL, 1, 1000,
	    json_pack("{s:s,s:s}", "name", "Asha", "state", "active"), NULL, NULL);
	/* The second device's clock is years behind: what replaces is named, never timed. */
	store_line(&two->edited, "person", two->made.entry.rec, 2, 5,
	    json_pack("{s:s}", "name", "Asha M."), was_of("name", &two->made.entry), NULL);
}

static void
two_close(struct two *two)
{
	store_line_close(&two->made);
	store_line_close(&two->edited);
}

static void
test_append_and_known(void **state)
{
	struct store store;
	struct two two;
	uint8_t j1[32], j2[32];
	uint64_t count;
	bool known;

	(void)state;
	store_start(&store);
	two_lines(&two);
	assert_int_equal(store_append_as(store.journal, &two.made, ENTRY_ADMITTED, &known), 1);
	assert_false(known);
	assert_int_equal(store_append_as(store.journal, &two.edited, ENTRY_ADMITTED, &known), 2);
	journal_head(store.journal, &count, j1);
	assert_int_equal(store_append_as(store.journal, &two.made, ENTRY_ADMITTED, &known), 1);
	assert_true(known);
	journal_head(store.journal, &count, j2);
	assert_int_equal(count, 2);
	assert_memory_equal(j1, j2, 32);
	assert_field(store.journal, two.made.entry.rec, "name", "Asha M.");
	store_reopen(&store);
	journal_head(store.journal, &count, j2);
	assert_memory_equal(j1, j2, 32);
	assert_field(store.journal, two.made.entry.rec, "name", "Asha M.");
	two_close(&two);
	store_end(&store);
}

/* What was replaced is gone even when the replacement came first. */
static void
test_replacement_before_the_replaced(void **state)
{
	struct store store;
	struct two two;

	(void)state;
	store_start(&store);
	two_lines(&two);
	(void)store_append(store.journal, &two.edited);
	(void)store_append(store.journal, &two.made);
	assert_field(store.journal, two.made.entry.rec, "name", "Asha M.");
	two_close(&two);
	store_end(&store);
}

static void
test_hold_and_release(void **state)
{
	struct store store;
	struct two two;
	struct pmj_error err;
	uint8_t before[32], held[32], after[32];
	int64_t n;

	(void)state;
	store_start(&store);
	two_lines(&two);
	(void)store_append(store.journal, &two.made);
	store_digest(store.journal, before);
	n = store_append(store.journal, &two.edited);
	store_digest(store.journal, after);
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(entries_set_status(store.journal, n, ENTRY_HELD, "move", &err), &err);
	check_ok(journal_commit(store.journal, &err), &err);
	assert_field(store.journal, two.made.entry.rec, "name", "Asha");
	store_digest(store.journal, held);
	assert_memory_equal(held, before, 32);
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(entries_set_status(store.journal, n, ENTRY_ADMITTED, NULL, &err), &err);
	check_ok(journal_commit(store.journal, &err), &err);
	store_digest(store.journal, held);
	assert_memory_equal(held, after, 32);
	two_close(&two);
	store_end(&store);
}

/* A stub keeps what merging needs and nothing else; the full line takes its place again. */
static void
test_stub_and_return(void **state)
{
	struct store store;
	struct two two;
	struct pmj_error err;
	struct entry_row row;
	uint8_t full[32], stubbed[32];
	json_t *item;
	bool known;

	(void)state;
	store_start(&store);
	two_lines(&two);
	(void)store_append(store.journal, &two.made);
	(void)store_append(store.journal, &two.edited);
	store_digest(store.journal, full);
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(entries_stub(store.journal, 1, &err), &err);
	check_ok(entries_stub(store.journal, 2, &err), &err);
	check_ok(journal_commit(store.journal, &err), &err);
	store_digest(store.journal, stubbed);
	assert_memory_equal(full, stubbed, 32);
	check_ok(entries_get(store.journal, &row, 2, &err), &err);
	assert_null(row.line);
	assert_true(row.entry.stub);
	entry_row_close(&row);
	check_ok(records_item(store.journal, &item, two.made.entry.rec, LANG_EN, &err), &err);
	assert_true(json_flag(item, "handed_over"));
	json_decref(item);
	item = store_find(store.journal, "asha", 10);
	assert_int_equal(json_array_size(json_arr(item, "items")), 0);
	json_decref(item);
	assert_int_equal(store_append_as(store.journal, &two.edited, ENTRY_ADMITTED, &known), 2);
	assert_field(store.journal, two.made.entry.rec, "name", "Asha M.");
	two_close(&two);
	store_end(&store);
}

/* --- any order, any repetition, the same digest: through real journals --- */

#define HISTORY_RECORDS 4
#define HISTORY_LINES 24

static size_t
make_history(struct store_line *lines, uint64_t *seed)
{
	static const char *const fields[] = {"name", "village", "phone"};
	size_t count = 0;

	for (size_t r = 0; r < HISTORY_RECORDS; r++)
		store_line(&lines[count++], "person", NULL, (uint8_t)(1 + test_below(seed, 3)),
		    (int64_t)(test_random(seed) % 4000000000000), json_pack("{s:s}", "name", "P"),
		    NULL, NULL);
	while (count < HISTORY_LINES) {
		const struct entry *of = &lines[test_below(seed, HISTORY_RECORDS)].entry;
		const char *field = fields[test_below(seed, 3)];
		json_t *was = json_array();
		char text[24];

		/* Each device has seen some of what stands: some is replaced, some stays beside. */
		for (size_t i = 0; i < count; i++)
			if (memcmp(lines[i].entry.rec, of->rec, PMJ_RECORD_BYTES) == 0 &&
			    json_object_get(lines[i].entry.set, field) != NULL &&
			    test_below(seed, 3) > 0)
				(void)json_array_append_new(was,
				    json_hex(entry_version(&lines[i].entry), PMJ_VERSION_BYTES));
		(void)snprintf(text, sizeof(text), "v%u", (unsigned)test_below(seed, 1000));
		store_line(&lines[count], "person", of->rec, (uint8_t)(1 + test_below(seed, 3)),
		    (int64_t)(test_random(seed) % 4000000000000), json_pack("{s:s}", field, text),
		    json_pack("{s:o}", field, was), NULL);
		count++;
	}
	return count;
}

static void
append_shuffled(
    struct journal *journal, const struct store_line *lines, size_t count, uint64_t *seed)
{
	size_t order[HISTORY_LINES];
	struct pmj_error err;

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j = test_below(seed, i), spare = order[i - 1];

		order[i - 1] = order[j];
		order[j] = spare;
	}
	check_ok(journal_begin(journal, &err), &err);
	for (size_t i = 0; i < count; i++) {
		for (size_t again = test_below(seed, 4) == 0 ? 2 : 1; again > 0; again--) {
			const struct store_line *line = &lines[order[i]];
			struct entries_new new_entry = {.entry = &line->entry,
			    .line = buf_text(&line->bytes),
			    .len = line->bytes.len,
			    .origin = ENTRY_RECEIVED,
			    .status = ENTRY_ADMITTED};
			int64_t n;
			bool known;

			check_ok(entries_append(journal, &new_entry, &n, &known, &err), &err);
		}
	}
	check_ok(journal_commit(journal, &err), &err);
}

static void
test_any_order_same_digest(void **state)
{
	const char *given = getenv("PAMOJA_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 20261123;
	struct store one, two;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	store_start(&one);
	store_start(&two);
	for (int history = 0; history < 500; history++) {
		struct store_line lines[HISTORY_LINES];
		size_t count = make_history(lines, &seed);
		uint8_t a[32], b[32];

		append_shuffled(one.journal, lines, count, &seed);
		append_shuffled(two.journal, lines, count, &seed);
		store_digest(one.journal, a);
		store_digest(two.journal, b);
		if (memcmp(a, b, 32) != 0)
			fail_msg("history %d differs", history);
		for (size_t i = 0; i < count; i++)
			store_line_close(&lines[i]);
	}
	store_end(&one);
	store_end(&two);
}

/* --- damage --- */

static void
test_projection_checked_and_rebuilt(void **state)
{
	enum pmj_code rc;
	bool done;
	struct store store;
	struct two two;
	struct pmj_error err;
	uint8_t before[32], after[32];
	int64_t records, differed;

	(void)state;
	store_start(&store);
	two_lines(&two);
	(void)store_append(store.journal, &two.made);
	(void)store_append(store.journal, &two.edited);
	store_digest(store.journal, before);
	check_ok(project_check(store.journal, &err), &err);
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 0);
	exec_text(store.journal, "UPDATE person SET name = 'Somebody else'");
	check_code(project_check(store.journal, &err), PMJ_INTEGRITY);
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 1);
	check_ok(project_check(store.journal, &err), &err);
	assert_field(store.journal, two.made.entry.rec, "name", "Asha M.");
	exec_text(store.journal, "DELETE FROM pmj_subject");
	check_code(project_check(store.journal, &err), PMJ_INTEGRITY);
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	/* A number that is no record's, and one that is a record's of another kind. */
	exec_text(store.journal, "INSERT INTO person (_num, voided) VALUES (77, 0)");
	for (done = false, rc = PMJ_OK; rc == PMJ_OK && !done;)
		rc = project_check_slice(store.journal, 1, true, &done, &err);
	check_code(rc, PMJ_INTEGRITY);
	assert_true(done); /* so it can be mended: nothing was unreadable */
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 1);
	exec_text(
	    store.journal, "INSERT INTO contact (_num, voided) SELECT num, 0 FROM pmj_record");
	check_code(project_check(store.journal, &err), PMJ_INTEGRITY);
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 1);
	check_ok(project_check(store.journal, &err), &err);
	store_digest(store.journal, after);
	assert_memory_equal(before, after, 32);
	two_close(&two);
	store_end(&store);
}

static void
test_changed_entry_is_found(void **state)
{
	struct store store;
	struct two two;
	struct pmj_error err;
	uint64_t next;

	(void)state;
	store_start(&store);
	two_lines(&two);
	(void)store_append(store.journal, &two.made);
	(void)store_append(store.journal, &two.edited);
	check_ok(journal_check_slice(store.journal, 0, 10, &next, &err), &err);
	assert_int_equal(next, 2);
	exec_text(store.journal, "UPDATE pmj_entry SET line = pmj_packed(replace(" ENTRY_LINE
	                         ", 'Asha M.', 'Asha N.'), by, pt, rec)"
	                         " WHERE n = 2");
	check_code(journal_check_slice(store.journal, 0, 10, &next, &err), PMJ_INTEGRITY);
	assert_non_null(strstr(err.message, "2"));
	two_close(&two);
	store_end(&store);
}

/* Pieces of background work share one commit; what a person does meanwhile commits them first. */
static void
test_pieces_share_a_commit(void **state)
{
	struct entries_new new = {.origin = ENTRY_RECEIVED, .status = ENTRY_ADMITTED};
	struct store store;
	struct pmj_error err;
	struct two two;
	uint64_t number, count;
	uint8_t j[32];
	int64_t n;
	bool known;

	(void)state;
	store_start(&store);
	two_lines(&two);
	new.entry = &two.made.entry;
	new.line = buf_text(&two.made.bytes);
	new.len = two.made.bytes.len;
	for (int round = 0; round < 2; round++) {
		check_ok(journal_begin_more(store.journal, &err), &err);
		check_ok(entries_append(store.journal, &new, &n, &known, &err), &err);
		assert_int_equal(known, round);
		number = journal_rest(store.journal);
		assert_int_equal(journal_fate(store.journal, number), JOURNAL_RESTS);
	}
	/* A later piece that fails takes the earlier ones with it, and says so. */
	check_ok(journal_begin_more(store.journal, &err), &err);
	journal_rollback(store.journal);
	assert_int_equal(journal_fate(store.journal, number), JOURNAL_LOST);
	journal_head(store.journal, &count, j);
	assert_int_equal(count, 0);
	check_ok(journal_begin_more(store.journal, &err), &err);
	check_ok(entries_append(store.journal, &new, &n, &known, &err), &err);
	assert_false(known);
	number = journal_rest(store.journal);
	/* Rolled back, a person's own transaction takes nothing of it along. */
	check_ok(journal_begin(store.journal, &err), &err);
	assert_int_equal(journal_fate(store.journal, number), JOURNAL_DURABLE);
	journal_rollback(store.journal);
	store_reopen(&store);
	journal_head(store.journal, &count, j);
	assert_int_equal(count, 1);
	check_ok(journal_begin_more(store.journal, &err), &err);
	new.entry = &two.edited.entry;
	new.line = buf_text(&two.edited.bytes);
	new.len = two.edited.bytes.len;
	check_ok(entries_append(store.journal, &new, &n, &known, &err), &err);
	(void)journal_rest(store.journal);
	store_reopen(&store); /* locking commits what is whole */
	journal_head(store.journal, &count, j);
	assert_int_equal(count, 2);
	two_close(&two);
	store_end(&store);
}

static enum pmj_code
walk_all(struct journal *journal, int *steps, struct pmj_error *err)
{
	struct journal_walk *walk = NULL;
	bool done = false;
	enum pmj_code rc;

	check_ok(journal_walk_new(&walk, journal, err), err);
	for (*steps = 0, rc = PMJ_OK; rc == PMJ_OK && !done; ++*steps)
		rc = journal_walk_step(walk, 0, &done, err); /* no time: a slice a step */
	journal_walk_free(walk);
	return rc;
}

/* The b-tree of an index as a table, so that it can be made to disagree with its own. */
static void
open_index(struct journal *journal, const char *index, const char *as)
{
	struct sql *sql = sql_get(journal, "SELECT rootpage FROM sqlite_schema WHERE name = ?1");
	struct pmj_error err;
	bool row = false;
	int root;

	check_ok(sql_row(sql_text(sql, 1, index), &row, &err), &err);
	assert_true(row);
	root = (int)sql_col_int(sql, 0);
	sql_done(sql);
	assert_int_equal(sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL), 0);
	assert_int_equal(
	    sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, journal->db, "main", 1, root), 0);
	assert_int_equal(sqlite3_exec(journal->db, as, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, journal->db, "main", 0, 0), 0);
}

static void
fill_people(struct store *store, int count)
{
	for (int i = 0; i < count; i++) {
		struct store_line line;
		char name[32];

		(void)snprintf(name, sizeof(name), "Asha %d", i);
		store_line(&line, "person", NULL, 1, 1000 + i,
		    json_pack("{s:s,s:i}", "name", name, "birth_year", 1950 + i % 50), NULL, NULL);
		(void)store_append(store->journal, &line);
		store_line_close(&line);
	}
}

static void
test_tables_are_walked_in_slices(void **state)
{
	struct store store;
	struct pmj_error err;
	int steps;

	(void)state;
	store_start(&store);
	fill_people(&store, 300);
	check_ok(walk_all(store.journal, &steps, &err), &err);
	assert_true(steps > 30); /* every table, every index, those of 300 rows in three slices */
	open_index(store.journal, "pmj_record_latest",
	    "CREATE TABLE of_kind (kind, changed_pt, num, PRIMARY KEY (kind, changed_pt, "
	    "num)) WITHOUT ROWID");
	/* A row that an index does not have; then one that only an index has. */
	exec_text(store.journal, "DELETE FROM of_kind WHERE num = 250");
	check_code(walk_all(store.journal, &steps, &err), PMJ_INTEGRITY);
	assert_non_null(strstr(err.message, "pmj_record"));
	exec_text(store.journal, "INSERT INTO of_kind SELECT kind, changed_pt, num FROM "
	                         "pmj_record NOT INDEXED WHERE num = 250");
	check_ok(walk_all(store.journal, &steps, &err), &err);
	exec_text(store.journal, "INSERT INTO of_kind VALUES (2, 7, 9999)");
	check_code(walk_all(store.journal, &steps, &err), PMJ_INTEGRITY);
	store_end(&store);
}

static int
count_work(void *count)
{
	++*(int64_t *)count;
	return 0;
}

/* Hundreds of SQLite's operations that walking all tables takes. */
static int64_t
work_of_walk(struct journal *journal)
{
	struct pmj_error err;
	int64_t work = 0;
	int steps;

	sqlite3_progress_handler(journal->db, 100, count_work, &work);
	check_ok(walk_all(journal, &steps, &err), &err);
	sqlite3_progress_handler(journal->db, 0, NULL, NULL);
	return work;
}

/* Few of the rows stand in a partial index: they are not looked for to the end of the table. */
static void
test_walking_grows_with_the_rows_only(void **state)
{
	struct store store;
	int64_t once;

	(void)state;
	store_start(&store);
	fill_people(&store, 400);
	once = work_of_walk(store.journal);
	fill_people(&store, 1600);
	assert_true(work_of_walk(store.journal) < once * 7); /* five times as many */
	store_end(&store);
}

static void
read_file(struct buf *out, const struct store *store)
{
	char hex[17];
	char *path =
	    mem_printf("%s/journal-%s.db", store->dir, text_hex(hex, ring_file_id(store->ring), 8));
	struct pmj_error err;

	check_ok(fs_read(out, &os_real, path, 1 << 26, &err), &err);
	free(path);
}

static void
test_too_new_is_left_alone(void **state)
{
	struct store store;
	struct pmj_error err;
	struct buf before, after;
	static char next[48]; /* sql_get goes by where a text stands */

	(void)state;
	store_start(&store);
	(void)snprintf(next, sizeof(next), "PRAGMA user_version = %d", JOURNAL_VERSION + 1);
	exec_text(store.journal, next);
	journal_close(store.journal);
	store.journal = NULL;
	buf_init(&before, 0);
	buf_init(&after, 0);
	read_file(&before, &store);
	check_code(journal_open(&store.journal, &store.setup, &err), PMJ_TOO_NEW);
	assert_true(strlen(err.hint) > 0);
	read_file(&after, &store);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.bytes, after.bytes, before.len);
	buf_close(&before);
	buf_close(&after);
	store_end(&store);
}

/* --- looking --- */

static void
test_resolve(void **state)
{
	struct store store;
	struct store_line a, b;
	struct pmj_error err;
	uint8_t rec[PMJ_RECORD_BYTES];
	char small[PMJ_RECORD_CHARS + 1];

	(void)state;
	store_start(&store);
	store_line(&a, "person", NULL, 1, 1, json_pack("{s:s}", "name", "Asha Mwinyi"), NULL, NULL);
	store_line(&b, "person", NULL, 1, 2, json_pack("{s:s}", "name", "ASHA mwinyi"), NULL, NULL);
	(void)store_append(store.journal, &a);
	check_ok(records_resolve(store.journal, rec, "person", "asha MWINYI", &err), &err);
	assert_memory_equal(rec, a.entry.rec, sizeof(rec));
	(void)store_append(store.journal, &b);
	check_code(
	    records_resolve(store.journal, rec, "person", "asha mwinyi", &err), PMJ_AMBIGUOUS);
	records_short(store.journal, small, b.entry.rec);
	assert_true(strlen(small) >= PMJ_RECORD_PREFIX_MIN);
	check_ok(records_resolve(store.journal, rec, NULL, small, &err), &err);
	assert_memory_equal(rec, b.entry.rec, sizeof(rec));
	check_code(records_resolve(store.journal, rec, "contact", small, &err), PMJ_NOT_FOUND);
	check_code(records_resolve(store.journal, rec, NULL, "zzzzz", &err), PMJ_NOT_FOUND);
	store_line_close(&a);
	store_line_close(&b);
	store_end(&store);
}

/* An entry of a kind nobody here knows is kept, merged and shown raw. */
static void
test_unknown_kind_is_kept(void **state)
{
	struct store store;
	struct store_line line;
	struct pmj_error err;
	json_t *item;

	(void)state;
	store_start(&store);
	store_line(&line, "choir", NULL, 1, 1, json_pack("{s:s}", "song", "Hakuna"), NULL, NULL);
	(void)store_append(store.journal, &line);
	check_ok(records_item(store.journal, &item, line.entry.rec, LANG_EN, &err), &err);
	assert_string_equal(json_str(json_obj(item, "fields"), "song"), "Hakuna");
	json_decref(item);
	store_line_close(&line);
	store_end(&store);
}

/* A transaction that is rolled back leaves nothing, not even in the chain. */
static void
test_rollback(void **state)
{
	struct store store;
	struct two two;
	struct pmj_error err;
	struct entries_new new_entry = {.origin = ENTRY_OWN, .status = ENTRY_ADMITTED};
	uint8_t before[32], after[32];
	uint64_t count;
	int64_t n;
	bool known;

	(void)state;
	store_start(&store);
	two_lines(&two);
	journal_head(store.journal, &count, before);
	new_entry.entry = &two.made.entry;
	new_entry.line = buf_text(&two.made.bytes);
	new_entry.len = two.made.bytes.len;
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(entries_append(store.journal, &new_entry, &n, &known, &err), &err);
	journal_rollback(store.journal);
	journal_head(store.journal, &count, after);
	assert_int_equal(count, 0);
	assert_memory_equal(before, after, 32);
	check_ok(project_check(store.journal, &err), &err);
	(void)store_append(store.journal, &two.made);
	check_ok(project_check(store.journal, &err), &err);
	two_close(&two);
	store_end(&store);
}

/* SQLite puts a row's number behind each entry of an index; where the index names it, too, it
 * stands there twice, in each of a million. */
static void
test_no_number_stands_twice(void **state)
{
	static const char twice[] =
	    "SELECT count(*) FROM sqlite_schema i, pragma_index_xinfo(i.name) x,"
	    " pragma_table_info(i.tbl_name) c WHERE i.type = 'index' AND x.key = 1 AND c.cid = "
	    "x.cid"
	    " AND c.pk = 1 AND c.type = 'INTEGER' AND EXISTS (SELECT 1 FROM"
	    " pragma_index_xinfo(i.name) r WHERE r.cid = -1)";
	struct store store;

	(void)state;
	store_start(&store);
	assert_int_equal(sql_first_int(sql_get(store.journal, twice), -1), 0);
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_append_and_known),
	    cmocka_unit_test(test_replacement_before_the_replaced),
	    cmocka_unit_test(test_hold_and_release), cmocka_unit_test(test_stub_and_return),
	    cmocka_unit_test(test_any_order_same_digest),
	    cmocka_unit_test(test_projection_checked_and_rebuilt),
	    cmocka_unit_test(test_changed_entry_is_found),
	    cmocka_unit_test(test_tables_are_walked_in_slices),
	    cmocka_unit_test(test_walking_grows_with_the_rows_only),
	    cmocka_unit_test(test_pieces_share_a_commit),
	    cmocka_unit_test(test_too_new_is_left_alone), cmocka_unit_test(test_resolve),
	    cmocka_unit_test(test_unknown_kind_is_kept), cmocka_unit_test(test_rollback),
	    cmocka_unit_test(test_no_number_stands_twice)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
