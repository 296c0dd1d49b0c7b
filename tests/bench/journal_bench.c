/* journal_bench.c - appends per second through the real sealed journal, with projection and search,
 * and what reading costs. Use: bench_journal [COUNT] [FOLDER]; COUNT contacts of COUNT/10 people,
 * in a new folder below FOLDER (default /tmp). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "store/records.h"

static struct journal *journal;
struct lap {
	double wall, cpu;
};

static struct lap
lap_begin(void)
{
	return (struct lap){clock_now(CLOCK_MONOTONIC), clock_now(CLOCK_PROCESS_CPUTIME_ID)};
}

static void
lap_end(const struct lap *lap, const char *what, double count)
{
	double wall = clock_now(CLOCK_MONOTONIC) - lap->wall;
	double cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID) - lap->cpu;

	(void)printf("%-44s %10.0f /s   %9.1f us each   cpu %9.1f us each\n", what, count / wall,
	    wall / count * 1e6, cpu / count * 1e6);
	(void)fflush(stdout);
}

/* A line as a device writes it, appended; rec receives the record. */
static void
append(uint8_t rec[PMJ_RECORD_BYTES], const char *kind, int64_t pt, json_t *set)
{
	uint8_t by[PMJ_DEVICE_BYTES] = {1}, e[PMJ_ENTRY_BYTES];
	struct line_draft draft = {.kind = kind, .kv = 1, .by = by, .pt = pt, .set = set};
	struct entries_new new_entry = {.origin = ENTRY_OWN, .status = ENTRY_ADMITTED};
	struct entry entry;
	struct buf line;
	int64_t n;
	bool known;

	buf_init(&line, 0);
	prim_random(draft.n, sizeof(draft.n));
	line_write(&line, &draft);
	prim_hash(e, "pmj entry v1", PRIM_PARTS({line.bytes, line.len}));
	must(line_read(&entry, buf_text(&line), line.len, e, &err), "line");
	new_entry.entry = &entry;
	new_entry.line = buf_text(&line);
	new_entry.len = line.len;
	must(entries_append(journal, &new_entry, &n, &known, &err), "append");
	memcpy(rec, entry.rec, PMJ_RECORD_BYTES);
	entry_close(&entry);
	buf_close(&line);
	json_decref(set);
}

static void
append_contact(long i, const uint8_t *person)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	char id[PMJ_RECORD_CHARS + 1], note[96];

	(void)snprintf(
	    note, sizeof(note), "talked about work, housing and the way to the clinic, %ld", i);
	append(rec, "contact", 1700000000000 + i,
	    json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "person",
	        text_base32(id, person, PMJ_RECORD_BYTES), "kind", "one-on-one", "on", "2026-11-23",
	        "minutes", (int)(i % 60), "place", "Kimana", "note", note));
}

static void
write_all(long count, uint8_t (*people)[PMJ_RECORD_BYTES], long person_count)
{
	struct lap lap = lap_begin();

	must(journal_begin(journal, &err), "begin");
	for (long i = 0; i < person_count; i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "Person %ld of Loitokitok", i);
		append(people[i], "person", 1600000000000 + i,
		    json_pack("{s:s,s:s,s:s,s:s}", "name", name, "village", "Kimana", "phone",
		        "0712 345 678", "state", "active"));
	}
	must(journal_commit(journal, &err), "commit");
	lap_end(&lap, "people, one transaction", (double)person_count);
	lap = lap_begin();
	must(journal_begin(journal, &err), "begin");
	for (long i = 0; i < count; i++)
		append_contact(i, people[i % person_count]);
	must(journal_commit(journal, &err), "commit");
	lap_end(&lap, "contacts, one transaction", (double)count);
	lap = lap_begin();
	for (long i = 0; i < count / 10; i++) {
		must(journal_begin(journal, &err), "begin");
		append_contact(i, people[i % person_count]);
		must(journal_commit(journal, &err), "commit");
		if (journal_wal_frames(journal) >= 1000)
			must(journal_checkpoint(journal, &err), "checkpoint");
	}
	lap_end(&lap, "contacts, a transaction each, checkpoints too", (double)(count / 10));
}

static void
read_all(uint8_t (*people)[PMJ_RECORD_BYTES], long person_count)
{
	struct records_query query = {.kind = "contact"};
	struct lap lap = lap_begin();
	json_t *answer;
	long rounds = 200;

	for (long i = 0; i < rounds; i++) {
		must(records_item(journal, &answer, people[i % person_count], LANG_EN, &err),
		    "item");
		json_decref(answer);
	}
	lap_end(&lap, "an item", (double)rounds);
	lap = lap_begin();
	for (long i = 0; i < rounds; i++) {
		must(records_list(journal, &answer, &query, LANG_EN, &err), "list");
		json_decref(answer);
	}
	lap_end(&lap, "the latest 50 contacts", (double)rounds);
	lap = lap_begin();
	for (long i = 0; i < rounds; i++) {
		char id[PMJ_RECORD_CHARS + 1];
		query.where = json_pack(
		    "{s:s}", "person", text_base32(id, people[i % person_count], PMJ_RECORD_BYTES));
		must(records_list(journal, &answer, &query, LANG_EN, &err), "list");
		json_decref(answer);
		json_decref((json_t *)query.where);
	}
	lap_end(&lap, "the contacts of a person", (double)rounds);
	lap = lap_begin();
	for (long i = 0; i < rounds; i++) {
		struct records_find *find;
		char words[32];
		(void)snprintf(words, sizeof(words), "loito %ld", i % person_count);
		find = records_find_new(journal, words, 10, LANG_EN);
		for (answer = NULL; answer == NULL;)
			must(records_find_step(find, &answer, 0, &err), "find");
		records_find_free(find);
		json_decref(answer);
	}
	lap_end(&lap, "find, two words", (double)rounds);
}

static void
check_all(void)
{
	struct lap lap = lap_begin();
	uint64_t next = 0, count;
	int64_t records, differed, entries;
	uint8_t j[32];

	journal_head(journal, &count, j);
	while (next < count)
		must(journal_check_slice(journal, next, 1000, &next, &err), "chain");
	lap_end(&lap, "chain and lines checked, an entry", (double)count);
	lap = lap_begin();
	must(project_check(journal, &err), "check");
	lap_end(&lap, "rows against their sum, an entry", (double)count);
	lap = lap_begin();
	must(project_rebuild(journal, &records, &differed, &err), "rebuild");
	lap_end(&lap, "rebuilt and compared, a record", (double)records);
	lap = lap_begin();
	must(records_digest(journal, j, &entries, NULL, &err), "digest");
	lap_end(&lap, "the journal's digest (all of it)", 1);
}

int
main(int argc, char **argv)
{
	static const uint8_t store_uuid[16] = {1};
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
	char *home = mem_printf("%s/pamoja-bench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
	struct journal_setup setup = {.os = &os_real, .home = home, .store_uuid = store_uuid};
	uint8_t(*people)[PMJ_RECORD_BYTES];
	struct kinds kinds = {0};
	char **names = NULL;
	size_t name_count = 0;
	struct lap lap;

	if (count < 100 || mkdtemp(home) == NULL)
		return 2;
	prim_start();
	must(ring_new(&setup.ring, false, 1, &err), "ring");
	must(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err), "kinds");
	setup.kinds = &kinds;
	must(journal_create(&journal, &setup, &err), "create");
	people = mem_array((size_t)count / 10, sizeof(*people));
	(void)printf("%ld contacts of %ld people; page cache %s\n", count, count / 10,
	    store_cache_locked() ? "locked" : "not locked");
	write_all(count, people, count / 10);
	read_all(people, count / 10);
	check_all();
	journal_close(journal);
	lap = lap_begin();
	must(journal_open(&journal, &setup, &err), "open");
	lap_end(&lap, "opened", 1);
	journal_close(journal);
	kinds_close(&kinds);
	ring_free(setup.ring);
	must(fs_list(&names, &name_count, home, &err), "list");
	for (size_t i = 0; i < name_count; i++) {
		char *path = fs_join(home, names[i]);
		(void)unlink(path);
		free(path);
	}
	fs_list_free(names, name_count);
	(void)rmdir(home);
	free(people);
	free(home);
	return 0;
}
