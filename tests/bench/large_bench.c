/* large_bench.c - a hub's journal of many people and entries, put into a home through the store's
 * own code, and where its bytes lie. The daemon must be stopped. All of it is made up.
 * Use: bench_large HOME PASSPHRASE_FILE ENTRIES [SEED]   (ENTRIES 0: only where the bytes lie) */
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "crypto/keyfile.h"
#include "crypto/prim.h"
#include "hub/hub.h"
#include "large_words.h"
#include "store/entries.h"
#include "store/journal.h"
#include "store/sql.h"
#include "sync/sync.h"

#define DEVICES 400 /* writers */
#define RESOURCES 200
#define A_PERSON 10         /* entries */
#define DAYS 900            /* that the programme has been at work */
#define COMMIT_ENTRIES 1000 /* in a transaction */
#define CHECKPOINT_FRAMES 1000
#define END_MS INT64_C(1795000000000) /* 18 November 2026 */

static struct journal *journal;
static long made, wanted;
static uint8_t devices[DEVICES][PMJ_DEVICE_BYTES];

struct known { /* a record that later ones speak of */
	uint8_t rec[PMJ_RECORD_BYTES];
	uint8_t e[PMJ_VERSION_BYTES];
	uint16_t device;
};
static struct known *people, *followups, *referrals, resources[RESOURCES];
static long person_count, followup_count, referral_count;
static long followup_at, referral_at; /* the next to be finished */

/* ---- lines ---- */

static void
put_entry(struct known *out, struct line_draft *draft, int device)
{
	struct entries_new new_entry = {.origin = ENTRY_RECEIVED, .status = ENTRY_ADMITTED};
	uint8_t e[PMJ_ENTRY_BYTES];
	struct entry entry;
	struct buf line;
	int64_t n;
	bool known;

	buf_init(&line, 0);
	for (size_t i = 0; i < sizeof(draft->n); i++)
		draft->n[i] = (uint8_t)pick(256);
	draft->kv = 4;
	draft->by = devices[device];
	draft->pt = END_MS - (wanted - made) * (DAYS * INT64_C(86400000) / wanted) - pick(60000);
	draft->rv = 40 + made * 200 / wanted;
	line_write(&line, draft);
	prim_hash(e, "pmj entry v1", PRIM_PARTS({line.bytes, line.len}));
	must(line_read(&entry, buf_text(&line), line.len, e, &err), "line");
	new_entry.entry = &entry;
	new_entry.line = buf_text(&line);
	new_entry.len = line.len;
	new_entry.recv_ms = draft->pt + pick(4 * 3600000);
	must(entries_append(journal, &new_entry, &n, &known, &err), "append");
	if (out != NULL && draft->rec == NULL)
		memcpy(out->rec, entry.rec, PMJ_RECORD_BYTES);
	if (out != NULL) {
		memcpy(out->e, e, sizeof(out->e));
		out->device = (uint16_t)device;
	}
	entry_close(&entry);
	buf_close(&line);
	made++;
}

static void
put_new(struct known *out, const char *kind, int device, json_t *set)
{
	struct line_draft draft = {.kind = kind, .set = set};

	put_entry(out, &draft, device);
	json_decref(set);
}

/* The field of a record made anew; where it is its state, by a move. */
static void
put_edit(struct known *of, const char *kind, const char *field, const char *value, const char *verb)
{
	char version[2 * PMJ_VERSION_BYTES + 1];
	json_t *set = json_pack("{s:s}", field, value);
	json_t *was = json_pack("{s:[s]}", field, text_hex(version, of->e, PMJ_VERSION_BYTES));
	struct line_draft draft = {
	    .kind = kind, .rec = of->rec, .set = set, .was = was, .verb = verb};

	put_entry(of, &draft, of->device);
	json_decref(set);
	json_decref(was);
}

/* ---- what is recorded ---- */

static char *
day(char out[11], int64_t ms)
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm;

	(void)gmtime_r(&at, &tm);
	(void)strftime(out, 11, "%Y-%m-%d", &tm);
	return out;
}

static int64_t
now_ms(void)
{
	return END_MS - (wanted - made) * (DAYS * INT64_C(86400000) / wanted);
}

static void
put_resource(struct known *out)
{
	char name[120];

	(void)snprintf(name, sizeof(name), "%s %s", PICK(places), PICK(services));
	put_new(out, "resource", (int)pick(DEVICES),
	    json_pack("{s:s,s:s,s:s}", "name", name, "category", PICK(categories), "place",
	        PICK(places)));
}

static void
put_person(void)
{
	char name[64], phone[32];

	(void)snprintf(name, sizeof(name), "%s %s", PICK(first_names), PICK(last_names));
	(void)snprintf(phone, sizeof(phone), "+2547%08ld", pick(100000000));
	put_new(&people[person_count], "person", (int)pick(DEVICES),
	    json_pack("{s:s,s:i,s:s,s:s,s:s}", "name", name, "birth_year", (int)(1950 + pick(56)),
	        "village", PICK(places), "language", PICK(languages), "phone", phone));
	person_count++;
}

static void
put_contact(const struct known *person, const char *id)
{
	char on[11], note[400];

	put_new(NULL, "contact", person->device,
	    json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "person", id, "kind", PICK(modes), "on",
	        day(on, now_ms() - pick(2) * 86400000), "minutes", (int)(5 + 5 * pick(17)), "place",
	        PICK(places), "note", write_note(note, sizeof(note), 1 + (int)pick(3))));
}

static void
put_consent(const struct known *person, const char *id)
{
	char from[11], expires[11], to[PMJ_RECORD_CHARS + 1];

	(void)text_base32(to, resources[pick(RESOURCES)].rec, PMJ_RECORD_BYTES);
	put_new(NULL, "consent", person->device,
	    json_pack("{s:s,s:s,s:[s],s:[s,s],s:s,s:s,s:s}", "person", id, "recipient", to,
	        "purpose", "referral", "information", "contact details", PICK(information), "from",
	        day(from, now_ms()), "expires", day(expires, now_ms() + 365 * INT64_C(86400000)),
	        "how", "written"));
}

static void
put_followup(const struct known *person, const char *id)
{
	char due[11];

	put_new(&followups[followup_count++], "followup", person->device,
	    json_pack("{s:s,s:s,s:s,s:s}", "person", id, "due",
	        day(due, now_ms() + (3 + pick(28)) * INT64_C(86400000)), "what", PICK(tasks),
	        "state", "open"));
}

static void
put_referral(const struct known *person, const char *id)
{
	char note[400], to[PMJ_RECORD_CHARS + 1];

	(void)text_base32(to, resources[pick(RESOURCES)].rec, PMJ_RECORD_BYTES);
	put_new(&referrals[referral_count++], "referral", person->device,
	    json_pack("{s:s,s:s,s:s,s:s,s:s}", "person", id, "resource", to, "category",
	        PICK(categories), "reason", write_note(note, sizeof(note), 1), "state", "draft"));
}

/* About somebody: mostly of those who came in the last months. */
static const struct known *
somebody(char id[static PMJ_RECORD_CHARS + 1])
{
	long recent = person_count < 5000 ? person_count : 5000;
	long at = pick(4) > 0 ? person_count - 1 - pick(recent) : pick(person_count);

	(void)text_base32(id, people[at].rec, PMJ_RECORD_BYTES);
	return &people[at];
}

/* Ten entries a person: one who comes, four contacts, a consent, a referral and what comes of it, a
 * follow-up and its end. In each hundred two edits of a person take the place of contacts. */
static void
put_next(void)
{
	char id[PMJ_RECORD_CHARS + 1];
	const struct known *person = made % A_PERSON > 0 ? somebody(id) : NULL;

	switch (made % A_PERSON) {
	case 0:
		put_person();
		break;
	case 2:
		put_consent(person, id);
		break;
	case 4:
		put_referral(person, id);
		break;
	case 5:
		put_followup(person, id);
		break;
	case 7:
		if (referral_at < referral_count)
			put_edit(&referrals[referral_at++], "referral", "state", "sent", "send");
		break;
	case 9:
		if (followup_count - followup_at > 20000 ||
		    (followup_at < followup_count && pick(5) > 0))
			put_edit(&followups[followup_at++], "followup", "state", "done", "done");
		else
			put_contact(person, id);
		break;
	default:
		if (pick(20) == 0)
			put_edit(&people[person - people], "person", "village", PICK(places), NULL);
		else
			put_contact(person, id);
		break;
	}
}

static void
settle(void)
{
	bool more = true;

	if (journal_wal_frames(journal) >= CHECKPOINT_FRAMES)
		must(journal_checkpoint(journal, &err), "checkpoint");
	while (journal_search_owes(journal) && more) {
		must(journal_search_merge(journal, 500, &more, &err), "merge of the search");
		if (journal_wal_frames(journal) >= CHECKPOINT_FRAMES)
			must(journal_checkpoint(journal, &err), "checkpoint");
	}
}

static void
fill(void)
{
	double wall = clock_now(CLOCK_MONOTONIC), cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);

	people = mem_array((size_t)wanted, sizeof(*people));
	followups = mem_array((size_t)wanted, sizeof(*followups));
	referrals = mem_array((size_t)wanted, sizeof(*referrals));
	for (size_t i = 0; i < DEVICES; i++)
		for (size_t k = 0; k < PMJ_DEVICE_BYTES; k++)
			devices[i][k] = (uint8_t)pick(256);
	while (made < wanted) {
		must(journal_begin(journal, &err), "begin");
		if (person_count == 0) {
			for (size_t i = 0; i < RESOURCES; i++)
				put_resource(&resources[i]);
			made = 0;
		}
		for (long end = made + COMMIT_ENTRIES; made < end && made < wanted;)
			put_next();
		must(journal_commit(journal, &err), "commit");
		settle();
	}
	(void)fprintf(stderr, "%ld entries of %ld people: %.1f s, %.1f s of processor\n", made,
	    person_count, clock_now(CLOCK_MONOTONIC) - wall,
	    clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	free(people);
	free(followups);
	free(referrals);
}

/* A line each table and index: bytes, pages, bytes of rows, bytes unused. */
static void
tell_bytes(void)
{
	struct sql *sql =
	    sql_get(journal, "SELECT name, sum(pgsize), count(*), sum(payload), sum(unused)"
	                     " FROM dbstat GROUP BY name ORDER BY 2 DESC");
	bool row = false;

	while (sql_row(sql, &row, &err) == PMJ_OK && row)
		(void)printf("%s %lld %lld %lld %lld\n", sql_col_text(sql, 0),
		    (long long)sql_col_int(sql, 1), (long long)sql_col_int(sql, 2),
		    (long long)sql_col_int(sql, 3), (long long)sql_col_int(sql, 4));
}

int
main(int argc, char **argv)
{
	const char *schema[64] = {NULL};
	struct journal_setup setup = {.os = &os_real, .schema = schema};
	char *folder = fs_join(conf_dir(), "kinds"), *path;
	struct keyfile *keys;
	struct kinds kinds = {0};
	struct buf passphrase;
	size_t count = 0;

	if (argc < 4)
		return 2;
	wanted = strtol(argv[3], NULL, 10);
	pick_state = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
	for (const char *const *at = sync_schema; *at != NULL; at++)
		schema[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL; at++)
		schema[count++] = *at;
	prim_start();
	path = fs_join(argv[1], "keys");
	buf_init(&passphrase, 0);
	must(fs_read(&passphrase, &os_real, argv[2], 1024, &err), "passphrase");
	passphrase.bytes[strcspn(buf_text(&passphrase), "\n")] = '\0';
	must(kinds_read(&kinds, &os_real, folder, &err), "kinds");
	must(keyfile_unlock(&keys, &setup.ring, &os_real, path, buf_text(&passphrase), &err),
	    "unlock");
	setup.home = argv[1];
	setup.kinds = &kinds;
	setup.store_uuid = keyfile_store_uuid(keys);
	must(journal_open(&journal, &setup, &err), "open");
	if (wanted > 0)
		fill();
	must(journal_checkpoint(journal, &err), "checkpoint");
	tell_bytes();
	journal_close(journal);
	ring_free(setup.ring);
	keyfile_free(keys);
	kinds_close(&kinds);
	buf_wipe(&passphrase);
	free(path);
	free(folder);
	return 0;
}
