/* records_test.c - what people ask of the journal: lists, search, what is due, people, consents;
 * and what changes under it. */
#include "fixture_store.h"

/* Append a line made here, forget it, and give its record. */
static void
add(struct store *store, uint8_t rec[PMJ_RECORD_BYTES], const char *kind, int64_t pt, json_t *set)
{
	struct store_line line;

	store_line(&line, kind, NULL, 1, pt, set, NULL, NULL);
	(void)store_append(store->journal, &line);
	memcpy(rec, line.entry.rec, PMJ_RECORD_BYTES);
	store_line_close(&line);
}

static const char *
id_of(char out[PMJ_RECORD_CHARS + 1], const uint8_t rec[PMJ_RECORD_BYTES])
{
	return text_base32(out, rec, PMJ_RECORD_BYTES);
}

/* The titles of an answer, in order, with commas between. */
static void
assert_titles(json_t *answer, const char *expected)
{
	const json_t *items = json_arr(answer, "items");
	struct buf text;

	buf_init(&text, 0);
	for (size_t i = 0; i < json_array_size(items); i++)
		buf_putf(
		    &text, "%s%s", i > 0 ? "," : "", json_str(json_array_get(items, i), "title"));
	assert_string_equal(buf_text(&text), expected);
	buf_close(&text);
	json_decref(answer);
}

static void
assert_list(struct store *store, const char *kind, json_t *where, const char *expected)
{
	struct records_query query = {.kind = kind, .where = where};
	json_t *answer = NULL;
	struct pmj_error err;

	check_ok(records_list(store->journal, &answer, &query, LANG_EN, &err), &err);
	assert_titles(answer, expected);
	json_decref(where);
}

static void
assert_count(struct store *store, const char *kind, json_t *where, size_t expected)
{
	struct records_query query = {.kind = kind, .where = where};
	json_t *answer = NULL;
	struct pmj_error err;

	check_ok(records_list(store->journal, &answer, &query, LANG_EN, &err), &err);
	assert_int_equal(json_array_size(json_arr(answer, "items")), expected);
	json_decref(answer);
	json_decref(where);
}

static void
assert_found(struct store *store, const char *words, const char *expected)
{
	assert_titles(store_find(store->journal, words, 0), expected);
}

static void
test_list(void **state)
{
	struct store store;
	uint8_t asha[PMJ_RECORD_BYTES], juma[PMJ_RECORD_BYTES], contact[PMJ_RECORD_BYTES];
	struct records_query query = {.kind = "person"};
	char id[PMJ_RECORD_CHARS + 1];
	json_t *answer = NULL;
	struct pmj_error err;

	(void)state;
	store_start(&store);
	add(&store, asha, "person", 1000,
	    json_pack("{s:s,s:s,s:i,s:[s,s],s:s}", "name", "Asha", "village", "Loitokitok",
	        "birth_year", 1990, "needs", "housing", "food", "state", "active"));
	add(&store, juma, "person", 2000,
	    json_pack("{s:s,s:s,s:i,s:{s:b},s:s}", "name", "Juma", "village", "Kimana",
	        "birth_year", 1985, "language", "declined", 1, "state", "paused"));
	add(&store, contact, "contact", 3000,
	    json_pack("{s:s,s:s,s:b}", "person", id_of(id, juma), "kind", "phone", "crisis", 1));
	assert_list(&store, "person", NULL, "Juma,Asha");
	assert_list(&store, "person", json_pack("{s:s}", "village", "LOITOKITÓK"), "Asha");
	assert_list(&store, "person", json_pack("{s:s}", "birth_year", "1985"), "Juma");
	assert_list(&store, "person", json_pack("{s:s}", "state", "paused"), "Juma");
	assert_list(&store, "person", json_pack("{s:s}", "needs", "food"), "Asha");
	assert_list(&store, "person", json_pack("{s:s}", "needs", "treatment"), "");
	assert_list(
	    &store, "contact", json_pack("{s:s,s:s}", "person", "juma", "crisis", "yes"), "phone");
	assert_list(&store, "contact", json_pack("{s:s}", "person", "asha"), "");
	query.limit = 1;
	check_ok(records_list(store.journal, &answer, &query, LANG_EN, &err), &err);
	assert_true(json_flag(answer, "more"));
	json_decref(answer);
	query.where = json_pack("{s:s}", "vilage", "x");
	check_code(records_list(store.journal, &answer, &query, LANG_EN, &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "village"));
	json_decref((json_t *)query.where);
	query = (struct records_query){.kind = "person", .since = "1970-01-03"};
	check_ok(records_list(store.journal, &answer, &query, LANG_EN, &err), &err);
	assert_titles(answer, "");
	store_end(&store);
}

/* A list in answers of one item each is the whole list, also where several were changed in the same
 * millisecond, and where the list is of some only. */
static void
test_list_in_answers(void **state)
{
	static const char *const names[] = {"Asha", "Baraka", "Chausiku", "Daudi", "Eshe"};
	struct store store;
	uint8_t rec[PMJ_RECORD_BYTES];
	json_t *answer = NULL, *items = json_array();
	char from[64];
	struct pmj_error err;

	(void)state;
	store_start(&store);
	for (size_t i = 0; i < 5; i++)
		add(&store, rec, "person", i < 3 ? 1000 : 2000,
		    json_pack("{s:s,s:s}", "name", names[i], "village",
		        i == 1 ? "Kimana" : "Loitokitok"));
	for (int some = 0; some < 2; some++) {
		struct records_query query = {.kind = "person", .until_ms = 1};

		query.where = some ? json_pack("{s:s}", "village", "loitokitok") : NULL;
		json_array_clear(items);
		do {
			check_ok(records_list(store.journal, &answer, &query, LANG_EN, &err), &err);
			assert_int_equal(json_array_size(json_arr(answer, "items")), 1);
			json_array_extend(items, json_object_get(answer, "items"));
			query.from = json_str(answer, "next");
			assert_true(json_flag(answer, "more") == (query.from != NULL));
			if (query.from != NULL)
				(void)snprintf(from, sizeof(from), "%s", query.from);
			json_decref(answer);
			query.from = query.from != NULL ? from : NULL;
		} while (query.from != NULL && json_array_size(items) < 9);
		query.until_ms = 0;
		check_ok(records_list(store.journal, &answer, &query, LANG_EN, &err), &err);
		assert_int_equal(json_array_size(items), some ? 4 : 5);
		assert_true(json_equal(items, json_object_get(answer, "items")));
		json_decref(answer);
		query.from = "yesterday";
		check_code(records_list(store.journal, &answer, &query, LANG_EN, &err), PMJ_USAGE);
		json_decref((json_t *)query.where);
	}
	json_decref(items);
	store_end(&store);
}

/* Who is spoken of in more newer records than are looked at is found, first of all; and that there
 * may be more is said. */
static void
test_find_who_is_spoken_of(void **state)
{
	struct store store;
	uint8_t zebra[PMJ_RECORD_BYTES], rec[PMJ_RECORD_BYTES];
	char id[PMJ_RECORD_CHARS + 1];
	json_t *answer = NULL;

	(void)state;
	store_start(&store);
	add(&store, zebra, "person", 1000, json_pack("{s:s}", "name", "Zebra Quill"));
	for (int i = 0; i < 310; i++)
		add(&store, rec, "contact", 2000,
		    json_pack("{s:s,s:s,s:s}", "person", id_of(id, zebra), "kind", "phone", "note",
		        "met Zebra Quill again"));
	answer = store_find(store.journal, "zebra", 300);
	assert_string_equal(
	    json_str(json_array_get(json_arr(answer, "items"), 0), "title"), "Zebra Quill");
	assert_true(json_flag(answer, "more"));
	json_decref(answer);
	store_end(&store);
}

/* As many pieces as there are rows and items: the answer is that of few. What is written between
 * two of them, after the words were looked up, changes nothing. */
static void
test_find_in_pieces(void **state)
{
	struct store store;
	uint8_t zebra[PMJ_RECORD_BYTES], rec[PMJ_RECORD_BYTES];
	struct records_find *find;
	json_t *answer = NULL, *whole;
	char id[PMJ_RECORD_CHARS + 1];
	struct pmj_error err;
	int pieces = 0;

	(void)state;
	store_start(&store);
	add(&store, zebra, "person", 1000, json_pack("{s:s}", "name", "Zebra Quill"));
	for (int i = 0; i < 40; i++)
		add(&store, rec, i % 2 ? "person" : "contact", 2000 + i,
		    i % 2 ? json_pack("{s:s}", "name", "Zebra")
		          : json_pack("{s:s,s:s,s:s}", "person", id_of(id, zebra), "kind", "phone",
		                "note", "met Zebras"));
	whole = store_find(store.journal, "zebra", 30);
	assert_int_equal(json_array_size(json_arr(whole, "items")), 30);
	find = records_find_new(store.journal, "zebra", 30, LANG_EN);
	for (; answer == NULL; pieces++) {
		check_ok(records_find_step(find, &answer, 1, &err), &err);
		if (pieces % 10 == 5)
			add(&store, rec, "person", 5000, json_pack("{s:s}", "name", "Zebra Quill"));
	}
	records_find_free(find);
	assert_true(pieces > 41 + 30);
	assert_true(json_equal(answer, whole));
	json_decref(answer);
	json_decref(whole);
	store_end(&store);
}

static void
test_find(void **state)
{
	struct store store;
	uint8_t rec[PMJ_RECORD_BYTES], other[PMJ_RECORD_BYTES];
	char id[PMJ_RECORD_CHARS + 1];

	(void)state;
	store_start(&store);
	add(&store, rec, "person", 1000,
	    json_pack("{s:s,s:s,s:s}", "name", "Wanjirũ wa Kamau", "village", "Loitokitok", "phone",
	        "+254 712 345 678"));
	add(&store, other, "person", 2000,
	    json_pack("{s:s,s:s}", "name", "Peter", "note", "brother of Wanjiru"));
	assert_found(&store, "WANJIRU", "Wanjirũ wa Kamau,Peter");
	assert_found(&store, "wanj kam", "Wanjirũ wa Kamau");
	assert_found(&store, "kam wanj", "Wanjirũ wa Kamau");
	assert_found(&store, "loito", "Wanjirũ wa Kamau");
	assert_found(&store, "nobody", "");
	assert_found(&store, "0712345678", "Wanjirũ wa Kamau");
	assert_found(&store, "0712 345 678", "Wanjirũ wa Kamau");
	assert_found(&store, "+254712345678", "Wanjirũ wa Kamau");
	assert_found(&store, "712-345", "Wanjirũ wa Kamau");
	(void)id_of(id, other);
	id[6] = '\0';
	assert_found(&store, id, "Peter");
	/* Nothing a person types is a query language. */
	assert_found(&store, "\" OR \"", "");
	assert_found(&store, "name:x* NEAR(", "");
	assert_found(&store, "   ", "");
	store_end(&store);
}

static void
test_search_follows_changes(void **state)
{
	struct store store;
	struct store_line made, edited;
	json_t *was;

	(void)state;
	store_start(&store);
	store_line(&made, "person", NULL, 1, 1, json_pack("{s:s}", "name", "Asha"), NULL, NULL);
	was = json_pack("{s:[o]}", "name", json_hex(entry_version(&made.entry), PMJ_VERSION_BYTES));
	store_line(&edited, "person", made.entry.rec, 1, 2, json_pack("{s:s}", "name", "Neema"),
	    was, NULL);
	(void)store_append(store.journal, &made);
	assert_found(&store, "asha", "Asha");
	(void)store_append(store.journal, &edited);
	assert_found(&store, "asha", "");
	assert_found(&store, "nee", "Neema");
	store_line_close(&made);
	store_line_close(&edited);
	store_end(&store);
}

static void
test_today(void **state)
{
	struct store store;
	uint8_t rec[PMJ_RECORD_BYTES];
	json_t *answer = NULL;
	const json_t *item;
	struct pmj_error err;

	(void)state;
	store_start(&store);
	add(&store, rec, "followup", 1,
	    json_pack("{s:s,s:s,s:s}", "due", "2026-11-20", "what", "call", "state", "open"));
	add(&store, rec, "followup", 2,
	    json_pack("{s:s,s:s,s:s}", "due", "2026-11-23", "what", "visit", "state", "open"));
	add(&store, rec, "followup", 3,
	    json_pack("{s:s,s:s,s:s}", "due", "2026-11-24", "what", "later", "state", "open"));
	add(&store, rec, "followup", 4,
	    json_pack("{s:s,s:s,s:s}", "due", "2026-11-19", "what", "done", "state", "done"));
	add(&store, rec, "followup", 5,
	    json_pack("{s:s,s:s,s:s,s:b}", "due", "2026-11-19", "what", "mistake", "state", "open",
	        "voided", 1));
	check_ok(
	    records_today(store.journal, &answer,
	        &(struct records_due){.on = "2026-11-23", .until = "2026-11-23"}, LANG_EN, &err),
	    &err);
	item = json_array_get(json_arr(answer, "items"), 0);
	assert_true(json_flag(item, "overdue"));
	assert_string_equal(json_str(item, "due"), "2026-11-20");
	assert_false(json_flag(json_array_get(json_arr(answer, "items"), 1), "overdue"));
	assert_titles(answer, "call,visit");
	check_code(records_today(store.journal, &answer,
	               &(struct records_due){.on = "soon", .until = "soon"}, LANG_EN, &err),
	    PMJ_INVALID);
	store_end(&store);
}

/* A link stands as the id's bytes, so that it joins pmj_record; words for somebody who has no
 * record stay words, however long, and so does an id as nobody here writes it. */
static void
test_links_as_ids(void **state)
{
	struct store store;
	uint8_t person[PMJ_RECORD_BYTES], clinic[PMJ_RECORD_BYTES], rec[PMJ_RECORD_BYTES];
	char id[PMJ_RECORD_CHARS + 1], to[PMJ_RECORD_CHARS + 1];
	struct sql *sql;

	(void)state;
	store_start(&store);
	add(&store, person, "person", 1, json_pack("{s:s}", "name", "Asha"));
	add(&store, clinic, "resource", 2, json_pack("{s:s}", "name", "Kimana clinic"));
	add(&store, rec, "referral", 3,
	    json_pack("{s:s,s:s,s:s}", "person", id_of(id, person), "resource", id_of(to, clinic),
	        "reason", "linked"));
	add(&store, rec, "referral", 4,
	    json_pack("{s:s,s:s,s:s}", "person", id, "resource", "the chief at Rombo", "reason",
	        "in words"));
	add(&store, rec, "referral", 5,
	    json_pack("{s:s,s:s,s:s}", "person", id, "resource", "0123456789ABCDEF", "reason",
	        "not as we write it"));
	sql = sql_get(store.journal,
	    "SELECT count(*) FROM referral t JOIN pmj_record p ON p.rec = t.person JOIN pmj_record "
	    "r"
	    " ON r.rec = t.resource WHERE p.title = 'Asha' AND r.title = 'Kimana clinic'");
	assert_int_equal(sql_first_int(sql, -1), 1);
	sql = sql_get(store.journal,
	    "SELECT count(*) FROM referral WHERE resource IN ('the chief at Rombo',"
	    " '0123456789ABCDEF') AND typeof(person) = 'blob'");
	assert_int_equal(sql_first_int(sql, -1), 2);
	assert_count(&store, "referral", json_pack("{s:s}", "person", id), 3);
	assert_count(&store, "referral", json_pack("{s:s}", "resource", to), 1);
	assert_count(&store, "referral", json_pack("{s:s}", "resource", "THE CHIEF at Rombo"), 1);
	assert_count(&store, "referral", json_pack("{s:s,s:s}", "resource", to, "person", id), 1);
	/* Words that look like an id, and an id of a record that is not here, are found as typed.
	 */
	add(&store, rec, "referral", 6,
	    json_pack("{s:s,s:s,s:s}", "person", id, "resource", "themasaaemarkets", "reason",
	        "sixteen letters"));
	assert_count(&store, "referral", json_pack("{s:s}", "resource", "themasaaemarkets"), 1);
	assert_count(&store, "referral", json_pack("{s:s}", "resource", "TheMasaaeMarkets"), 1);
	store_end(&store);
}

static void
test_people(void **state)
{
	struct store store;
	uint8_t asha[PMJ_RECORD_BYTES], juma[PMJ_RECORD_BYTES], of_asha[PMJ_RECORD_BYTES];
	uint8_t(*list)[PMJ_RECORD_BYTES] = NULL;
	struct store_line moved;
	char id[PMJ_RECORD_CHARS + 1];
	uint8_t before[32], after[32];
	int64_t entries;
	size_t count;
	struct pmj_error err;

	(void)state;
	store_start(&store);
	add(&store, asha, "person", 1, json_pack("{s:s}", "name", "Asha"));
	add(&store, juma, "person", 2, json_pack("{s:s}", "name", "Juma"));
	add(&store, of_asha, "goal", 3,
	    json_pack("{s:s,s:s}", "person", id_of(id, asha), "text", "a roof"));
	check_ok(records_subjects(store.journal, &list, &count, of_asha, &err), &err);
	assert_int_equal(count, 1);
	assert_memory_equal(list[0], asha, sizeof(asha));
	free(list);
	check_ok(records_of_person(store.journal, &list, &count, asha, &err), &err);
	assert_int_equal(count, 2);
	assert_memory_equal(list[0], asha, sizeof(asha));
	assert_memory_equal(list[1], of_asha, sizeof(asha));
	free(list);
	check_ok(records_digest(store.journal, before, &entries, juma, &err), &err);
	assert_int_equal(entries, 1);
	/* Somebody says, not having seen the other, that it is Juma's: it is about both until
	 * settled. */
	store_line(&moved, "goal", of_asha, 2, 4, json_pack("{s:s}", "person", id_of(id, juma)),
	    NULL, NULL);
	(void)store_append(store.journal, &moved);
	check_ok(records_subjects(store.journal, &list, &count, of_asha, &err), &err);
	assert_int_equal(count, 2);
	free(list);
	check_ok(records_digest(store.journal, after, &entries, juma, &err), &err);
	assert_int_equal(entries, 3);
	assert_memory_not_equal(before, after, 32);
	store_line_close(&moved);
	store_end(&store);
}

/* ---- consents ---- */

static bool
covered(struct store *store, const uint8_t *person, const char *recipient)
{
	static const char *const all[] = {"all"};
	struct consent_request request = {.recipient_name = recipient,
	    .purpose = "referral",
	    .information = all,
	    .information_count = 1,
	    .on = "2026-11-23"};
	struct consent_verdict verdict;
	struct pmj_error err;

	check_ok(records_consent(store->journal, &verdict, person, &request, &err), &err);
	return verdict.covered;
}

static json_t *
grant(const char *person)
{
	return json_pack("{s:s,s:s,s:s,s:[s],s:[s],s:s,s:s,s:s,s:s,s:s,s:b,s:s}", "person", person,
	    "discloser", "the programme", "recipient", "Clinic", "purpose", "referral",
	    "information", "all", "from", "2026-01-01", "expires", "2026-12-31", "how", "written",
	    "signed_by", "the person", "signed_on", "2026-01-01", "revocation_told", 1, "state",
	    "given");
}

/* The states of a person's consents, with commas between. */
static void
assert_states(struct store *store, const uint8_t *person, const char *expected)
{
	json_t *states = NULL;
	struct pmj_error err;
	char *text;

	check_ok(records_consent_states(store->journal, &states, person, &err), &err);
	text = json_text(states);
	assert_string_equal(text, expected);
	free(text);
	json_decref(states);
}

static void
test_consent(void **state)
{
	struct store store;
	uint8_t asha[PMJ_RECORD_BYTES], juma[PMJ_RECORD_BYTES];
	struct store_line given, revoked;
	char id[PMJ_RECORD_CHARS + 1];
	struct pmj_error err;
	json_t *knows = NULL, *set, *was;
	bool known;
	int64_t n;

	(void)state;
	store_start(&store);
	add(&store, asha, "person", 1, json_pack("{s:s}", "name", "Asha"));
	add(&store, juma, "person", 2, json_pack("{s:s}", "name", "Juma"));
	assert_false(covered(&store, asha, "Clinic"));
	assert_states(&store, asha, "[]");
	store_line(&given, "consent", NULL, 1, 3, grant(id_of(id, asha)), NULL, NULL);
	(void)store_append(store.journal, &given);
	assert_true(covered(&store, asha, "Clinic"));
	assert_states(&store, asha, "[\"given\"]");
	assert_states(&store, juma, "[]");
	assert_false(covered(&store, asha, "Shelter"));
	assert_false(covered(&store, juma, "Clinic"));
	was =
	    json_pack("{s:[o]}", "state", json_hex(entry_version(&given.entry), PMJ_VERSION_BYTES));
	/* The line of a revocation does not name the person: it is found through its record. */
	store_line(&revoked, "consent", given.entry.rec, 2, 1,
	    json_pack("{s:s}", "state", "revoked"), was, "revoke");
	n = store_append_as(store.journal, &revoked, ENTRY_HELD, &known);
	assert_true(covered(&store, asha, "Clinic")); /* not admitted: as if it were not here */
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(entries_set_status(store.journal, n, ENTRY_ADMITTED, NULL, &err), &err);
	check_ok(journal_commit(store.journal, &err), &err);
	assert_false(covered(&store, asha, "Clinic"));
	assert_states(&store, asha, "[\"revoked\"]");
	set = grant(id);
	check_ok(records_knows(store.journal, &knows, asha, set, &err), &err);
	assert_int_equal(json_array_size(knows), 1);
	json_decref(knows);
	json_decref(set);
	store_line_close(&given);
	store_line_close(&revoked);
	store_end(&store);
}

/* ---- what changes under the rows ---- */

#define BOAT(version, more)                                                                        \
	"[kind]\nname = boat\nversion = " version                                                  \
	"\nscope = programme\ntitle.en = Boat\ntitle.sw = Boti\n"                                  \
	"plural.en = Boats\nplural.sw = Boti\nhelp.en = A boat.\nhelp.sw = Boti.\nshows = name\n"  \
	"[field name]\ntype = text\nrequired = yes\nsearchable = yes\nprivacy = open\nlabel.en = " \
	"Name\n"                                                                                   \
	"label.sw = Jina\nhelp.en = Its name.\nhelp.sw = Jina lake.\n" more

static void
test_kind_gains_a_field(void **state)
{
	static const char old_text[] = BOAT("1", "");
	static const char new_text[] = BOAT("2",
	    "[field seats]\ntype = integer\nprivacy = open\nlabel.en = Seats\nlabel.sw = Viti\n"
	    "help.en = How many.\nhelp.sw = Vingapi.\n");
	struct kind *old_kind = NULL, *new_kind = NULL;
	struct kinds old_kinds = {.list = &old_kind, .count = 1},
	             new_kinds = {.list = &new_kind, .count = 1};
	struct kinds none = {0}, own;
	struct store store;
	struct store_line early, late;
	struct pmj_error err;
	bool row;
	struct sql *sql;

	(void)state;
	check_ok(kind_read_text(&old_kind, "boat.ini", old_text, strlen(old_text), &err), &err);
	check_ok(kind_read_text(&new_kind, "boat.ini", new_text, strlen(new_text), &err), &err);
	store_start(&store);
	own = store.kinds;
	check_ok(journal_use_kinds(store.journal, &old_kinds, NULL, &err), &err);
	/* Written where the field was known already. */
	store_line(&early, "boat", NULL, 1, 1, json_pack("{s:s,s:i}", "name", "Dhow", "seats", 12),
	    NULL, NULL);
	store_line(&late, "boat", NULL, 1, 2, json_pack("{s:s}", "name", "Canoe"), NULL, NULL);
	(void)store_append(store.journal, &early);
	(void)store_append(store.journal, &late);
	check_ok(project_check(store.journal, &err), &err);
	check_ok(journal_use_kinds(store.journal, &new_kinds, NULL, &err), &err);
	check_ok(project_check(store.journal, &err), &err);
	sql = sql_get(store.journal, "SELECT seats FROM boat WHERE name = 'Dhow'");
	check_ok(sql_row(sql, &row, &err), &err);
	assert_true(row);
	assert_int_equal(sql_col_int(sql, 0), 12);
	sql_done(sql);
	/* And on opening, with the kind gone: kept, shown raw, its table dropped; then back again.
	 */
	store.setup.kinds = &none;
	store_reopen(&store);
	check_ok(project_check(store.journal, &err), &err);
	assert_found(&store, "dhow", "");
	store.setup.kinds = &new_kinds;
	store_reopen(&store);
	check_ok(project_check(store.journal, &err), &err);
	assert_found(&store, "dhow", "Dhow");
	store.kinds = own;
	store_line_close(&early);
	store_line_close(&late);
	store_end(&store);
	kind_free(old_kind);
	kind_free(new_kind);
}

static void
exec_text(struct store *store, const char *text)
{
	struct pmj_error err;

	check_ok(sql_run(sql_get(store->journal, text), &err), &err);
}

/* What no chain covers is covered by the sum: a hold cannot be lifted by putting an old page back.
 */
static void
test_changed_status_is_found(void **state)
{
	struct store store;
	struct store_line line;
	struct pmj_error err;
	uint64_t next;
	bool known;

	(void)state;
	store_start(&store);
	store_line(&line, "person", NULL, 1, 1, json_pack("{s:s}", "name", "Asha"), NULL, NULL);
	(void)store_append_as(store.journal, &line, ENTRY_HELD, &known);
	check_ok(journal_check_slice(store.journal, 0, 10, &next, &err), &err);
	exec_text(&store, "UPDATE pmj_entry SET status = 0");
	check_code(journal_check_slice(store.journal, 0, 10, &next, &err), PMJ_INTEGRITY);
	exec_text(&store, "UPDATE pmj_entry SET status = 1");
	check_ok(journal_check_slice(store.journal, 0, 10, &next, &err), &err);
	store_line_close(&line);
	store_end(&store);
}

/* Work goes on between the slices of a check and of a rebuild: records before, behind and at the
 * slice's end change. */
static void
test_slices_among_writes(void **state)
{
	struct store store;
	uint8_t rec[PMJ_RECORD_BYTES];
	int64_t records, differed;
	struct pmj_error err;
	uint64_t next = 0, count;
	uint8_t j[32];
	bool done = false;
	int i = 0;

	(void)state;
	store_start(&store);
	for (i = 0; i < 60; i++)
		add(&store, rec, "person", i, json_pack("{s:s}", "name", "Asha"));
	for (i = 0; !done; i++) {
		check_ok(project_check_slice(store.journal, 7, true, &done, &err), &err);
		if (i < 20)
			add(&store, rec, "person", i, json_pack("{s:s}", "name", "Juma"));
	}
	assert_true(i > 8);
	exec_text(&store,
	    "UPDATE pmj_record SET title = 'Other' WHERE rec = (SELECT max(rec) FROM pmj_record)");
	exec_text(&store, "INSERT INTO person (_num, voided, name) VALUES (999, 0, 'Nobody')");
	exec_text(&store, "INSERT INTO pmj_subject (_num, person) VALUES (1000, "
	                  "x'00000000000000000001')");
	do {
		check_ok(project_rebuild_slice(store.journal, 7, &done, &records, &differed, &err),
		    &err);
		if (!done && i++ < 60)
			add(&store, rec, "person", i, json_pack("{s:s}", "name", "Neema"));
	} while (!done);
	assert_int_equal(differed, 3); /* a title, a stray row of a kind, a stray subject */
	check_ok(project_check(store.journal, &err), &err);
	do {
		uint64_t from = next;
		check_ok(journal_check_slice(store.journal, from, 11, &next, &err), &err);
		if (i++ < 80)
			add(&store, rec, "person", i, json_pack("{s:s}", "name", "Daudi"));
		journal_head(store.journal, &count, j);
	} while (next < count);
	store_end(&store);
}

static void
test_chain_survives_reopening(void **state)
{
	struct store store;
	uint8_t rec[PMJ_RECORD_BYTES], before[32], after[32], middle[32];
	struct pmj_error err;
	uint64_t count = 0;

	(void)state;
	store_start(&store);
	for (int i = 0; i < 5; i++)
		add(&store, rec, "person", i, json_pack("{s:s}", "name", "Asha"));
	journal_head(store.journal, &count, middle);
	for (int i = 0; i < 5; i++)
		add(&store, rec, "person", i, json_pack("{s:s}", "name", "Juma"));
	journal_head(store.journal, &count, before);
	store_reopen(&store);
	journal_head(store.journal, &count, after);
	assert_int_equal(count, 10);
	assert_memory_equal(before, after, 32);
	check_ok(journal_chain_at(store.journal, 5, after, &err), &err);
	assert_memory_equal(middle, after, 32);
	check_code(journal_chain_at(store.journal, 11, after, &err), PMJ_NOT_FOUND);
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_list),
	    cmocka_unit_test(test_list_in_answers), cmocka_unit_test(test_find_who_is_spoken_of),
	    cmocka_unit_test(test_find), cmocka_unit_test(test_find_in_pieces),
	    cmocka_unit_test(test_search_follows_changes), cmocka_unit_test(test_today),
	    cmocka_unit_test(test_links_as_ids), cmocka_unit_test(test_people),
	    cmocka_unit_test(test_consent), cmocka_unit_test(test_kind_gains_a_field),
	    cmocka_unit_test(test_changed_status_is_found),
	    cmocka_unit_test(test_slices_among_writes),
	    cmocka_unit_test(test_chain_survives_reopening)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
