/* vfs_bench.c - one side of the bench of the journal's VFS. Built twice: bench_vfs runs plain
 * SQLite or the sealed VFS, bench_vfs_sqlcipher runs SQLCipher, whose library has the same symbols.
 *
 *   bench_vfs plain|sealed FOLDER ROWS         bench_vfs_sqlcipher sqlcipher FOLDER ROWS
 *
 * bench.py starts all three and gives each the same rows to measure in turn: a row's name comes on
 * a line of standard input, "processor-us wall-us" of one unit of it goes back. First goes back a
 * line of versions, when the data are there. What each row means is in README.md. */
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef BENCH_SQLCIPHER
#define SQLITE_HAS_CODEC 1
#include <sqlcipher/sqlite3.h>
#else
#include <sqlite3.h>

#include "pamoja/pmjvfs.h"
#endif

#define BULK_ROWS 20000
#define CACHE_AS_IN_THE_JOURNAL "PRAGMA cache_size=-16384"

struct side {
	const char *name;
	char path[2][PATH_MAX]; /* records; search, which SQLCipher's SQLite cannot do */
	bool has_search;
	int rows;
	uint64_t random;
};

/* splitmix64: the same numbers for each side, since each is asked for the same measurements. */
static uint32_t
draw(struct side *side)
{
	uint64_t z = (side->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32);
}

struct lap {
	double cpu_us, wall_us;
};

static double
clock_us(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct lap
lap_begin(void)
{
	return (struct lap){clock_us(CLOCK_PROCESS_CPUTIME_ID), clock_us(CLOCK_MONOTONIC)};
}

static struct lap
lap_end(struct lap began, int units)
{
	struct lap now = lap_begin();

	return (struct lap){
	    (now.cpu_us - began.cpu_us) / units, (now.wall_us - began.wall_us) / units};
}

static void
must(sqlite3 *db, int rc, const char *what)
{
	if (rc == SQLITE_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, db != NULL ? sqlite3_errmsg(db) : "cannot");
	exit(1);
}

static void
run(sqlite3 *db, const char *sql)
{
	must(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	must(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
	return statement;
}

static void
step(sqlite3 *db, sqlite3_stmt *statement)
{
	int rc;

	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		;
	if (rc != SQLITE_DONE)
		must(db, rc, sqlite3_sql(statement));
	(void)sqlite3_reset(statement);
}

/* What pmjvfs_prepare sets, for those who do not have it. */
#define SETTINGS                                                                                   \
	"PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY;"          \
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"           \
	"PRAGMA secure_delete=ON; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"                  \
	"PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA wal_checkpoint(TRUNCATE)"

static sqlite3 *
connect(const struct side *side, int which)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	sqlite3 *db = NULL;

#ifdef BENCH_SQLCIPHER
	must(db, sqlite3_open_v2(side->path[which], &db, flags, NULL), "open");
	/* A key, not a passphrase: nothing is stretched. The page size is ours. */
	run(db, "PRAGMA key=\"x'0102030405060708090a0b0c0d0e0f10"
	        "1112131415161718191a1b1c1d1e1f20'\"; PRAGMA cipher_page_size=4096");
	run(db, SETTINGS);
#else
	must(db, sqlite3_open_v2(side->path[which], &db, flags, side->name), "open");
	if (strcmp(side->name, "sealed") == 0)
		must(db, pmjvfs_prepare(db), "prepare");
	else
		run(db, SETTINGS);
#endif
	return db;
}

static void
checkpoint(sqlite3 *db)
{
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* ---- data: people, entries about them, and what a journal keeps beside ---- */

#define ENTRY_COLUMNS "(n INTEGER PRIMARY KEY, e BLOB NOT NULL, person INTEGER, body TEXT)"

static const char schema[] =
    "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, village TEXT, phone TEXT, note TEXT,"
    " version INTEGER);"
    "CREATE TABLE entry " ENTRY_COLUMNS ";"
    "CREATE UNIQUE INDEX entry_e ON entry (e);"
    "CREATE INDEX entry_person ON entry (person, n);"
    "CREATE TABLE bulk " ENTRY_COLUMNS ";"
    "CREATE INDEX bulk_person ON bulk (person, n);"
    "CREATE TABLE outbox (n INTEGER PRIMARY KEY, lane INTEGER);"
    "CREATE TABLE head (id INTEGER PRIMARY KEY, count INTEGER, j BLOB)";

static const char *const villages[] = {"Loitokitok", "Kimana", "Rombo", "Illasit", "Entarara"};
static const char *const names[] = {
    "Juma", "Neema", "Asha", "Baraka", "Zawadi", "Imani", "Tumaini"};

static void
name_of(char *out, size_t room, uint32_t i)
{
	(void)snprintf(out, room, "%s %c%c %06" PRIx32, names[i % 7], 'A' + (int)(i % 26),
	    'a' + (int)(i / 26 % 26), (i * 2654435761u) >> 8);
}

static const char talk[] =
    "talked about work, housing and the way to the clinic; will come again on market day with a "
    "friend from the group; asked what the referral would cost and who would see it; agreed on a "
    "plan for the week and on whom to ring when a night is long; laughed about the football match";

/* An entry as it lies in the journal: 32 bytes of hash and 300 of JSON. */
static void
bind_entry(struct side *side, sqlite3_stmt *statement, uint32_t person)
{
	uint8_t hash[32];
	char body[301];
	int at;

	for (size_t i = 0; i < sizeof(hash); i++)
		hash[i] = (uint8_t)draw(side);
	at = snprintf(body, sizeof(body),
	    "{\"v\":1,\"kind\":\"contact\",\"person\":\"p%06" PRIu32 "\",\"set\":{\"kind\":"
	    "\"one-on-one\",\"on\":\"2026-11-%02" PRIu32 "\",\"minutes\":%" PRIu32
	    ",\"place\":\"%s\",\"note\":\"",
	    person, 1 + draw(side) % 28, draw(side) % 90, villages[draw(side) % 5]);
	memcpy(body + at, talk + draw(side) % 64, (size_t)(297 - at));
	memcpy(body + 297, "\"}}", 4);
	(void)sqlite3_bind_blob(statement, 1, hash, sizeof(hash), SQLITE_TRANSIENT);
	(void)sqlite3_bind_int(statement, 2, (int)person);
	(void)sqlite3_bind_text(statement, 3, body, 300, SQLITE_TRANSIENT);
}

static void
fill_people(struct side *side, sqlite3 *db)
{
	sqlite3_stmt *statement = prepare(db, "INSERT INTO person VALUES (?1, ?2, ?3, ?4, ?5, 1)");
	char text[64];

	for (uint32_t i = 0; i < (uint32_t)side->rows; i++) {
		(void)sqlite3_bind_int(statement, 1, (int)i);
		name_of(text, sizeof(text), i);
		(void)sqlite3_bind_text(statement, 2, text, -1, SQLITE_TRANSIENT);
		(void)sqlite3_bind_text(statement, 3, villages[i % 5], -1, SQLITE_STATIC);
		(void)snprintf(text, sizeof(text), "+2547%08" PRIu32, draw(side) % 100000000);
		(void)sqlite3_bind_text(statement, 4, text, -1, SQLITE_TRANSIENT);
		(void)sqlite3_bind_text(statement, 5,
		    "met at the market; asked about work, housing and the clinic; will come again",
		    -1, SQLITE_STATIC);
		step(db, statement);
	}
	(void)sqlite3_finalize(statement);
}

static void
fill_entries(struct side *side, sqlite3 *db, const char *sql, int count)
{
	sqlite3_stmt *statement = prepare(db, sql);

	for (int i = 0; i < count; i++) {
		bind_entry(side, statement, draw(side) % (uint32_t)side->rows);
		step(db, statement);
	}
	(void)sqlite3_finalize(statement);
}

#define INSERT_ENTRY "INSERT INTO entry (e, person, body) VALUES (?1, ?2, ?3)"
#define INSERT_BULK "INSERT INTO bulk (e, person, body) VALUES (?1, ?2, ?3)"

static void
fill_records(struct side *side)
{
	sqlite3 *db = connect(side, 0);

	run(db, CACHE_AS_IN_THE_JOURNAL);
	run(db, schema);
	run(db, "INSERT INTO head VALUES (1, 0, zeroblob(32))");
	run(db, "BEGIN");
	fill_people(side, db);
	run(db, "COMMIT; BEGIN");
	fill_entries(side, db, INSERT_ENTRY, side->rows);
	run(db, "COMMIT");
	checkpoint(db);
	must(db, sqlite3_close(db), "close");
}

static void
fill_search(struct side *side)
{
	sqlite3 *db = connect(side, 1);
	sqlite3_stmt *statement;
	char name[64];

	run(db, CACHE_AS_IN_THE_JOURNAL);
	run(db, "CREATE VIRTUAL TABLE search USING fts5 (words); BEGIN");
	statement = prepare(db, "INSERT INTO search (rowid, words) VALUES (?1, ?2 || ' ' || ?3)");
	for (uint32_t i = 0; i < (uint32_t)side->rows; i++) {
		(void)sqlite3_bind_int(statement, 1, (int)i);
		name_of(name, sizeof(name), i);
		(void)sqlite3_bind_text(statement, 2, name, -1, SQLITE_TRANSIENT);
		(void)sqlite3_bind_text(statement, 3, villages[i % 5], -1, SQLITE_STATIC);
		step(db, statement);
	}
	(void)sqlite3_finalize(statement);
	run(db, "COMMIT");
	checkpoint(db);
	must(db, sqlite3_close(db), "close");
}

/* ---- rows ---- */

/* What saving one entry does: the entry and its two indexes, the person's row, outbox and head. */
static void
save_entry(struct side *side, sqlite3 *db, sqlite3_stmt *const statements[static 4])
{
	uint32_t person = draw(side) % (uint32_t)side->rows;

	run(db, "BEGIN IMMEDIATE");
	bind_entry(side, statements[0], person);
	step(db, statements[0]);
	(void)sqlite3_bind_int(statements[1], 1, (int)person);
	step(db, statements[1]);
	step(db, statements[2]);
	step(db, statements[3]);
	run(db, "COMMIT");
}

static struct lap
commits(struct side *side, const char *pragma, int count)
{
	sqlite3 *db = connect(side, 0);
	sqlite3_stmt *statements[4];
	struct lap lap;

	run(db, CACHE_AS_IN_THE_JOURNAL);
	run(db, pragma);
	statements[0] = prepare(db, INSERT_ENTRY);
	statements[1] = prepare(db, "UPDATE person SET version = version + 1 WHERE id = ?1");
	statements[2] = prepare(db, "INSERT INTO outbox (lane) VALUES (1)");
	statements[3] = prepare(db, "UPDATE head SET count = count + 1, j = randomblob(32)");
	for (int i = 0; i < count / 4; i++)
		save_entry(side, db, statements);
	lap = lap_begin();
	for (int i = 0; i < count; i++)
		save_entry(side, db, statements);
	lap = lap_end(lap, count);
	for (int i = 0; i < 4; i++)
		(void)sqlite3_finalize(statements[i]);
	checkpoint(db);
	must(db, sqlite3_close(db), "close");
	return lap;
}

static struct lap
commit_full(struct side *side)
{
	return commits(side, "PRAGMA synchronous=FULL", 200);
}

static struct lap
commit_normal(struct side *side)
{
	return commits(side, "PRAGMA synchronous=NORMAL", 400);
}

/* The table that rows are poured into starts empty each time, and what was freed is used again. */
static struct lap
pour(struct side *side, int per)
{
	sqlite3 *db = connect(side, 0);
	struct lap lap;

	run(db, CACHE_AS_IN_THE_JOURNAL);
	run(db, "DELETE FROM bulk");
	checkpoint(db);
	lap = lap_begin();
	for (int i = 0; i < BULK_ROWS; i += per) {
		run(db, "BEGIN");
		fill_entries(side, db, INSERT_BULK, per);
		run(db, "COMMIT");
	}
	lap = lap_end(lap, BULK_ROWS);
	checkpoint(db);
	must(db, sqlite3_close(db), "close");
	return lap;
}

static struct lap
bulk(struct side *side)
{
	return pour(side, BULK_ROWS);
}

static struct lap
hundreds(struct side *side)
{
	return pour(side, 100);
}

static struct lap
checkpoints(struct side *side)
{
	sqlite3 *db = connect(side, 0);
	struct lap lap;

	run(db, CACHE_AS_IN_THE_JOURNAL);
	run(db, "DELETE FROM bulk");
	checkpoint(db);
	run(db, "BEGIN");
	fill_entries(side, db, INSERT_BULK, BULK_ROWS);
	run(db, "COMMIT");
	lap = lap_begin();
	checkpoint(db);
	lap = lap_end(lap, 1);
	must(db, sqlite3_close(db), "close");
	return lap;
}

/* The same query `count` times with numbers drawn, after a quarter of that to warm up. */
static struct lap
queries(struct side *side, int which, const char *cache, const char *sql, int count)
{
	sqlite3 *db = connect(side, which);
	sqlite3_stmt *statement;
	struct lap lap = {0};
	char prefix[16];

	run(db, cache);
	statement = prepare(db, sql);
	for (int i = -count / 4; i < count; i++) {
		if (i == 0)
			lap = lap_begin();
		(void)sqlite3_bind_int(statement, 1, (int)(draw(side) % (uint32_t)side->rows));
		(void)snprintf(prefix, sizeof(prefix), "%03" PRIx32 "*", draw(side) % 4096);
		(void)sqlite3_bind_text(statement, 2, prefix, -1, SQLITE_STATIC);
		step(db, statement);
	}
	lap = lap_end(lap, count);
	(void)sqlite3_finalize(statement);
	must(db, sqlite3_close(db), "close");
	return lap;
}

#define LOOKUP "SELECT name, village, note, ?2 FROM person WHERE id = ?1"

static struct lap
lookup_2mb(struct side *side)
{
	return queries(side, 0, "PRAGMA cache_size=-2000", LOOKUP, 20000);
}

static struct lap
lookup_10_pages(struct side *side)
{
	return queries(side, 0, "PRAGMA cache_size=10", LOOKUP, 20000);
}

static struct lap
lookup_64mb(struct side *side)
{
	return queries(side, 0, "PRAGMA cache_size=-64000; SELECT sum(length(note)) FROM person",
	    LOOKUP, 40000);
}

static struct lap
prefix_search(struct side *side)
{
	return queries(side, 1, "PRAGMA cache_size=-2000",
	    "SELECT rowid, ?1 FROM search WHERE search MATCH ?2 LIMIT 20", 2000);
}

static struct lap
scan(struct side *side)
{
	return queries(
	    side, 0, "PRAGMA cache_size=-2000", "SELECT sum(length(body)), ?1, ?2 FROM entry", 2);
}

static struct lap
open_and_query(struct side *side)
{
	struct lap lap = lap_begin();

	for (int i = 0; i < 50; i++) {
		sqlite3 *db = connect(side, 0);

		run(db, "SELECT name FROM person WHERE id = 77");
		must(db, sqlite3_close(db), "close");
	}
	return lap_end(lap, 50);
}

/* No time, but told as one: the bytes of the records' file. */
static struct lap
file_bytes(struct side *side)
{
	struct stat info = {0};

	if (stat(side->path[0], &info) != 0)
		exit(1);
	return (struct lap){(double)info.st_size, (double)info.st_size};
}

static const struct {
	const char *name;
	struct lap (*measure)(struct side *side);
} rows[] = {
    {"commit_full", commit_full},
    {"commit_normal", commit_normal},
    {"bulk", bulk},
    {"hundreds", hundreds},
    {"open", open_and_query},
    {"lookup_2mb", lookup_2mb},
    {"lookup_10_pages", lookup_10_pages},
    {"lookup_64mb", lookup_64mb},
    {"prefix", prefix_search},
    {"scan", scan},
    {"checkpoint", checkpoints},
    {"bytes", file_bytes},
};

static void
answer(struct side *side, const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0 &&
		    (side->has_search || rows[i].measure != prefix_search)) {
			struct lap lap = rows[i].measure(side);

			(void)printf("%.3f %.3f\n", lap.cpu_us, lap.wall_us);
			(void)fflush(stdout);
			return;
		}
	(void)printf("cannot\n");
	(void)fflush(stdout);
}

static void
versions(void)
{
#ifdef BENCH_SQLCIPHER
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;

	must(db, sqlite3_open(":memory:", &db), "open");
	statement = prepare(db, "PRAGMA cipher_version");
	(void)sqlite3_step(statement);
	(void)printf("SQLCipher %s (SQLite %s)\n", (const char *)sqlite3_column_text(statement, 0),
	    sqlite3_libversion());
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
#else
	(void)printf("SQLite %s\n", sqlite3_libversion());
#endif
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct side side = {.random = 12345};
	char row[32];

	if (argc != 4 || (side.rows = atoi(argv[3])) < 100) {
		(void)fputs("use: bench_vfs plain|sealed|sqlcipher FOLDER ROWS\n", stderr);
		return 2;
	}
	side.name = strcmp(argv[1], "plain") == 0 ? "unix" : argv[1];
#ifndef BENCH_SQLCIPHER
	static const uint8_t key[PMJVFS_KEY_BYTES] = {1};
	static const uint8_t file_id[PMJVFS_FILE_ID_BYTES] = {2};

	side.has_search = true;
	must(NULL, pmjvfs_register("sealed", "unix", key, file_id), "register");
#endif
	for (int i = 0; i < 2; i++)
		(void)snprintf(side.path[i], sizeof(side.path[i]), "%s/%s-%s.db", argv[2], argv[1],
		    i == 0 ? "records" : "search");
	fill_records(&side);
	if (side.has_search)
		fill_search(&side);
	versions();
	while (fgets(row, sizeof(row), stdin) != NULL) {
		row[strcspn(row, "\n")] = '\0';
		answer(&side, row);
	}
	return 0;
}
