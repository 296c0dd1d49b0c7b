/* scale_test.c - what a question costs goes by its answer, not by how much is in the journal:
 * SQLite's own counts of what it did, of a journal and of one four times as large. No clock is
 * looked at. */
#include <sqlite3.h>

#include "base/date.h"
#include "base/text.h"
#include "fixture_store.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

/* People; each has a consent and a follow-up. More than a list walks at once. */
#define SMALL 2500
#define LARGE 10000

static uint8_t first_person[PMJ_RECORD_BYTES];

static void
add(struct store *store, uint8_t rec[PMJ_RECORD_BYTES], const char *kind, int64_t pt, json_t *set)
{
	struct entries_new new_entry = {.origin = ENTRY_RECEIVED, .status = ENTRY_ADMITTED};
	struct store_line line;
	struct pmj_error err;
	int64_t n;
	bool known;

	store_line(&line, kind, NULL, 1, pt, set, NULL, NULL);
	new_entry.entry = &line.entry;
	new_entry.line = buf_text(&line.bytes);
	new_entry.len = line.bytes.len;
	check_ok(entries_append(store->journal, &new_entry, &n, &known, &err), &err);
	memcpy(rec, line.entry.rec, PMJ_RECORD_BYTES);
	store_line_close(&line);
}

static void
add_person(struct store *store, int number)
{
	uint8_t person[PMJ_RECORD_BYTES], other[PMJ_RECORD_BYTES];
	char id[PMJ_RECORD_CHARS + 1], name[32], day[11];
	int64_t pt = 1000 + number * INT64_C(10);

	(void)snprintf(name, sizeof(name), "Person %d", number);
	date_of_days(day, date_days("2024-01-01") + number % 900);
	add(store, person, "person", pt,
	    json_pack("{s:s,s:s,s:s,s:i}", "name", name, "village",
	        number % 2 > 0 ? "Kimana" : "Rombo", "state", number == 0 ? "paused" : "active",
	        "birth_year", number == 0 ? 1901 : 1990));
	if (number == 0)
		memcpy(first_person, person, sizeof(person));
	(void)text_base32(id, person, PMJ_RECORD_BYTES);
	add(store, other, "consent", pt + 1,
	    json_pack("{s:s,s:s,s:[s],s:[s],s:s,s:s,s:s}", "person", id, "recipient", "Clinic",
	        "purpose", "referral", "information", "all", "from", "2024-01-01", "expires", day,
	        "how", "written"));
	add(store, other, "followup", pt + 2,
	    json_pack(
	        "{s:s,s:s,s:s,s:s}", "person", id, "due", day, "what", "call", "state", "open"));
}

/* ---- questions ---- */

static void
ask_list(struct store *store, const char *kind, json_t *where)
{
	struct records_query query = {.kind = kind, .where = where};
	struct pmj_error err;
	json_t *answer;

	check_ok(records_list(store->journal, &answer, &query, LANG_EN, &err), &err);
	json_decref(answer);
	json_decref(where);
}

static void
ask_today(struct store *store)
{
	struct records_due asked = {.on = "2026-11-23", .until = "2026-11-23"};
	struct pmj_error err;
	json_t *answer, *left;

	check_ok(records_today(store->journal, &answer, &asked, LANG_EN, &err), &err);
	assert_int_equal(json_array_size(json_arr(answer, "items")), 50);
	left = json_object_get(answer, "left");
	assert_int_equal(json_array_size(left), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(json_int(json_array_get(left, i), "count", 0), 1000);
		assert_true(json_flag(json_array_get(left, i), "many"));
	}
	json_decref(answer);
}

static void
ask_stale(struct store *store)
{
	struct pmj_error err;
	json_t *answer = NULL;

	check_ok(records_stale(store->journal, &answer, LANG_EN, &err), &err);
	json_decref(answer);
}

static void
ask_latest(struct store *store)
{
	ask_list(store, "person", NULL);
}

static void
ask_rare_state(struct store *store)
{
	ask_list(store, "person", json_pack("{s:s}", "state", "paused"));
}

static void
ask_common_text(struct store *store)
{
	ask_list(store, "person", json_pack("{s:s}", "village", "kimana"));
}

static void
ask_absent_text(struct store *store)
{
	ask_list(store, "person", json_pack("{s:s}", "village", "Nowhere"));
}

static void
ask_of_person(struct store *store)
{
	char id[PMJ_RECORD_CHARS + 1];

	(void)text_base32(id, first_person, PMJ_RECORD_BYTES);
	ask_list(store, "followup", json_pack("{s:s}", "person", id));
}

static void
ask_consent(struct store *store)
{
	static const char *const all[] = {"all"};
	struct consent_request request = {.recipient_name = "Clinic",
	    .purpose = "referral",
	    .information = all,
	    .information_count = 1,
	    .on = "2026-11-23"};
	struct consent_verdict verdict;
	struct pmj_error err;

	check_ok(records_consent(store->journal, &verdict, first_person, &request, &err), &err);
}

static void
ask_who_names(struct store *store)
{
	struct records_named at = {.n = 100};
	struct pmj_error err;

	check_ok(records_naming(store->journal, &at, first_person, 64, &err), &err);
	assert_false(at.found || at.end);
	assert_int_equal(at.n, 164);
}

static void
ask_newest(struct store *store)
{
	int64_t made, changed;
	struct pmj_error err;

	check_ok(records_newest(store->journal, &made, &changed,
	             kinds_get(&store->kinds, "followup"), first_person, &err),
	    &err);
	assert_int_equal(made, 1002);
}

static void
ask_made_since(struct store *store)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	int64_t num = 100;
	bool found, more;
	struct pmj_error err;

	check_ok(
	    records_made_since(store->journal, &num, rec, &found, &more, "followup", &err), &err);
}

static void
ask_find(struct store *store)
{
	json_decref(store_find(store->journal, "person 2499", 0));
}

static const struct {
	const char *name;
	void (*ask)(struct store *store);
} questions[] = {{"today", ask_today}, {"what was not checked for long", ask_stale},
    {"the latest", ask_latest}, {"by a rare state", ask_rare_state},
    {"by a common text", ask_common_text}, {"by a text of nobody", ask_absent_text},
    {"of a person", ask_of_person}, {"a consent", ask_consent},
    {"who names a person", ask_who_names}, {"the newest of a person", ask_newest},
    {"what came since", ask_made_since}, {"find", ask_find}};

#define QUESTIONS (sizeof(questions) / sizeof(*questions))

/* ---- what they cost ---- */

static int
count_step(void *ctx)
{
	++*(int64_t *)ctx;
	return 0;
}

static int64_t
pages_fetched(struct store *store)
{
	int hits = 0, misses = 0, high;

	(void)sqlite3_db_status(store->journal->db, SQLITE_DBSTATUS_CACHE_HIT, &hits, &high, 0);
	(void)sqlite3_db_status(store->journal->db, SQLITE_DBSTATUS_CACHE_MISS, &misses, &high, 0);
	return (int64_t)hits + misses;
}

/* Steps of SQLite's machine, and pages: one of them is the work of some ten steps. */
static int64_t
cost_of(struct store *store, void (*ask)(struct store *store))
{
	int64_t steps = 0, pages = pages_fetched(store);

	ask(store); /* statements are prepared */
	pages = pages_fetched(store);
	sqlite3_progress_handler(store->journal->db, 1, count_step, &steps);
	ask(store);
	sqlite3_progress_handler(store->journal->db, 0, NULL, NULL);
	return steps + 10 * (pages_fetched(store) - pages);
}

static void
fill(struct store *store, int from, int to)
{
	struct pmj_error err;

	check_ok(journal_begin(store->journal, &err), &err);
	for (int i = from; i < to; i++)
		add_person(store, i);
	check_ok(journal_commit(store->journal, &err), &err);
}

static void
test_by_the_answer(void **state)
{
	int64_t small[QUESTIONS], large;
	uint8_t rec[PMJ_RECORD_BYTES];
	struct pmj_error err;
	struct store store;

	(void)state;
	store_start(&store);
	check_ok(journal_begin(store.journal, &err), &err);
	for (int i = 0; i < 20; i++)
		add(&store, rec, "resource", 1 + i,
		    json_pack("{s:s,s:s}", "name", "Clinic", "category", "health"));
	check_ok(journal_commit(store.journal, &err), &err);
	fill(&store, 0, SMALL);
	for (size_t i = 0; i < QUESTIONS; i++)
		small[i] = cost_of(&store, questions[i].ask);
	fill(&store, SMALL, LARGE);
	for (size_t i = 0; i < QUESTIONS; i++) {
		large = cost_of(&store, questions[i].ask);
		print_message("%-30s %8lld of %d people, %8lld of %d\n", questions[i].name,
		    (long long)small[i], SMALL, (long long)large, LARGE);
		assert_true(large < 2 * small[i] + 200);
	}
	store_end(&store);
}

/* The time is over at once: each answer looks at one window, and says where it goes on, also where
 * it found nothing. What all of them found is the list. */
static void
test_walked_in_answers(void **state)
{
	struct records_query query = {.kind = "person", .until_ms = 1};
	char from[64];
	struct pmj_error err;
	struct store store;
	json_t *answer;
	int answers = 0, found = 0, empty = 0;

	(void)state;
	store_start(&store);
	fill(&store, 0, LARGE);
	query.where = json_pack("{s:s}", "birth_year", "1901");
	do {
		size_t count;

		check_ok(records_list(store.journal, &answer, &query, LANG_EN, &err), &err);
		count = json_array_size(json_arr(answer, "items"));
		found += (int)count;
		empty += count == 0;
		query.from = NULL;
		if (json_str(answer, "next") != NULL) {
			(void)snprintf(from, sizeof(from), "%s", json_str(answer, "next"));
			query.from = from;
		}
		json_decref(answer);
	} while (query.from != NULL && ++answers < 9);
	assert_int_equal(found, 1);
	assert_int_equal(empty, 2);
	assert_int_equal(answers, 2);
	json_decref((json_t *)query.where);
	store_end(&store);
}

/* Each kind has its share, however many of another are overdue for longer; and in answers of one
 * record each it is the same. */
static void
test_today_is_shared(void **state)
{
	struct records_due asked = {.on = "2026-11-23", .until = "2026-11-23", .limit = 9};
	uint8_t person[PMJ_RECORD_BYTES];
	json_t *whole, *answer, *items = json_array(), *item;
	size_t followups = 0, urgent = 0, i;
	struct pmj_error err;
	struct store store;
	char from[64];

	(void)state;
	store_start(&store);
	check_ok(journal_begin(store.journal, &err), &err);
	for (int number = 0; number < 30; number++)
		add_person(&store, number);
	/* Of today, and a crisis: before those of two years ago. */
	add(&store, person, "followup", 4000,
	    json_pack("{s:s,s:s,s:s,s:s}", "due", "2026-11-23", "what", "call", "state", "open",
	        "priority", "same day"));
	for (int number = 0; number < 2; number++)
		add(&store, person, "training", 5000 + number,
		    json_pack("{s:s,s:s,s:s}", "kind", "course", "course", "first aid", "renew_by",
		        "2026-11-20"));
	check_ok(journal_commit(store.journal, &err), &err);
	check_ok(records_today(store.journal, &whole, &asked, LANG_EN, &err), &err);
	json_array_foreach(json_arr(whole, "items"), i, item)
	{
		followups += strcmp(json_str(item, "kind"), "followup") == 0;
		urgent += json_flag(item, "urgent");
	}
	assert_int_equal(json_array_size(json_arr(whole, "items")), 9);
	assert_string_equal(
	    json_str(json_array_get(json_arr(whole, "items"), 7), "kind"), "training");
	assert_true(followups >= 3);
	assert_int_equal(urgent, 1);
	assert_int_equal(json_array_size(json_arr(whole, "left")), 2);
	asked.until_ms = 1;
	do {
		check_ok(records_today(store.journal, &answer, &asked, LANG_EN, &err), &err);
		assert_int_equal(json_array_size(json_arr(answer, "items")), 1);
		(void)json_array_extend(items, json_object_get(answer, "items"));
		asked.from = NULL;
		if (json_str(answer, "next") != NULL) {
			(void)snprintf(from, sizeof(from), "%s", json_str(answer, "next"));
			asked.from = from;
		} else {
			assert_true(json_equal(
			    json_object_get(answer, "left"), json_object_get(whole, "left")));
		}
		json_decref(answer);
	} while (asked.from != NULL && json_array_size(items) < 20);
	assert_true(json_equal(items, json_object_get(whole, "items")));
	asked.from = "tomorrow";
	check_code(records_today(store.journal, &answer, &asked, LANG_EN, &err), PMJ_USAGE);
	json_decref(items);
	json_decref(whole);
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_the_answer),
	    cmocka_unit_test(test_walked_in_answers), cmocka_unit_test(test_today_is_shared)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
