/* vfs_bench.c - what the sealed VFS costs: processor time as a ratio to plain SQLite with the same
 * settings and data, both in one run, the median of some rounds.
 *
 *   bench_vfs [FOLDER [ROWS]]     FOLDER a place for two databases (default: the current one) */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "pamoja/pmjvfs.h"

#define ROUNDS 5

struct side {
	const char *vfs;
	char path[PATH_MAX];
	sqlite3 *db;
	int rows;
};

static double
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
must(struct side *side, int rc, const char *what)
{
	if (rc == SQLITE_OK)
		return;
	fprintf(stderr, "%s: %s: %s\n", side->vfs, what, sqlite3_errmsg(side->db));
	exit(1);
}

static void
run(struct side *side, const char *sql)
{
	must(side, sqlite3_exec(side->db, sql, NULL, NULL, NULL), sql);
}

/* The plain one gets by hand what pmjvfs_prepare sets. */
static void
open_side(struct side *side)
{
	must(side,
	    sqlite3_open_v2(
	        side->path, &side->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, side->vfs),
	    "open");
	if (strcmp(side->vfs, "sealed") == 0)
		must(side, pmjvfs_prepare(side->db), "prepare");
	else
		run(side,
		    "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA "
		    "temp_store=MEMORY;"
		    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
		    "PRAGMA secure_delete=ON; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"
		    "PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON;"
		    "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void
close_side(struct side *side)
{
	must(side, sqlite3_close(side->db), "close");
	side->db = NULL;
}

static void
checkpoint(struct side *side)
{
	run(side, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* Rows of 200 to 400 bytes; `per` to a transaction. */
static void
insert(struct side *side, int count, int per)
{
	sqlite3_stmt *statement = NULL;
	char body[400];

	memset(body, 'j', sizeof(body));
	must(side,
	    sqlite3_prepare_v2(
	        side->db, "INSERT INTO entry (who, body) VALUES (?, ?)", -1, &statement, NULL),
	    "prepare");
	for (int i = 0; i < count; i++) {
		if (per > 1 && i % per == 0)
			run(side, "BEGIN");
		(void)sqlite3_bind_int(statement, 1, (i * 7919) % side->rows);
		(void)sqlite3_bind_text(statement, 2, body, 200 + i * 131 % 201, SQLITE_STATIC);
		if (sqlite3_step(statement) != SQLITE_DONE)
			must(side, SQLITE_ERROR, "insert");
		(void)sqlite3_reset(statement);
		if (per > 1 && (i % per == per - 1 || i == count - 1))
			run(side, "COMMIT");
	}
	(void)sqlite3_finalize(statement);
}

static void
fill(struct side *side)
{
	char sql[600];

	run(side,
	    "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, village TEXT, note TEXT);"
	    "CREATE TABLE entry (n INTEGER PRIMARY KEY, who INTEGER, body TEXT);"
	    "CREATE VIRTUAL TABLE search USING fts5 (words, prefix='2 3')");
	(void)snprintf(sql, sizeof(sql),
	    "BEGIN; WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < %d)"
	    "INSERT INTO person SELECT i, printf('name%%x', i * 2654435761 %% 4294967296),"
	    "printf('village%%d', i %% 400), hex(zeroblob(60)) FROM c; COMMIT;"
	    "BEGIN; INSERT INTO search (rowid, words) SELECT id, name || ' ' || village FROM "
	    "person; COMMIT",
	    side->rows - 1);
	run(side, sql);
	checkpoint(side);
	insert(side, side->rows, side->rows);
	checkpoint(side);
}

/* The measurements: each returns microseconds of processor time for one unit. */

static double
commits(struct side *side, const char *pragma)
{
	double start;

	run(side, pragma);
	start = cpu_us();
	insert(side, 300, 1);
	start = (cpu_us() - start) / 300;
	run(side, "PRAGMA synchronous=FULL");
	checkpoint(side);
	return start;
}

static double
commits_full(struct side *side)
{
	return commits(side, "PRAGMA synchronous=FULL");
}

static double
commits_normal(struct side *side)
{
	return commits(side, "PRAGMA synchronous=NORMAL");
}

static double
bulk(struct side *side)
{
	double start = cpu_us();

	insert(side, 20000, 20000);
	start = cpu_us() - start;
	checkpoint(side);
	return start;
}

static double
hundreds(struct side *side)
{
	double start = cpu_us();

	insert(side, 10000, 100);
	start = cpu_us() - start;
	checkpoint(side);
	return start;
}

static double
queries(struct side *side, const char *cache, const char *sql, int count)
{
	sqlite3_stmt *statement = NULL;
	uint32_t x = 12345;
	char prefix[16];
	double start = 0;

	run(side, cache);
	must(side, sqlite3_prepare_v2(side->db, sql, -1, &statement, NULL), "prepare");
	for (int i = -count / 4; i < count; i++) {
		if (i == 0)
			start = cpu_us();
		x = x * 1664525 + 1013904223;
		(void)sqlite3_bind_int(statement, 1, (int)(x >> 8) % side->rows);
		(void)snprintf(prefix, sizeof(prefix), "name%03x*", (x >> 12) & 0xfff);
		(void)sqlite3_bind_text(statement, 2, prefix, -1, SQLITE_STATIC);
		while (sqlite3_step(statement) == SQLITE_ROW)
			;
		(void)sqlite3_reset(statement);
	}
	start = (cpu_us() - start) / count;
	(void)sqlite3_finalize(statement);
	return start;
}

#define LOOKUP "SELECT name, note FROM person WHERE id = ?1"

static double
lookup_2mb(struct side *side)
{
	return queries(side, "PRAGMA cache_size=-2000", LOOKUP, 20000);
}

static double
lookup_10_pages(struct side *side)
{
	return queries(side, "PRAGMA cache_size=10", LOOKUP, 20000);
}

static double
lookup_64mb(struct side *side)
{
	(void)queries(side, "PRAGMA cache_size=-64000", "SELECT count(note) FROM person", 4);
	return queries(side, "PRAGMA cache_size=-64000", LOOKUP, 20000);
}

static double
prefix_search(struct side *side)
{
	return queries(side, "PRAGMA cache_size=-2000",
	    "SELECT rowid, ?1 FROM search WHERE search MATCH ?2 LIMIT 20", 2000);
}

static double
scan(struct side *side)
{
	return queries(
	    side, "PRAGMA cache_size=-2000", "SELECT sum(length(body)), ?1, ?2 FROM entry", 4);
}

static double
open_and_query(struct side *side)
{
	double start = cpu_us();

	for (int i = 0; i < 50; i++) {
		close_side(side);
		open_side(side);
		run(side, "SELECT name FROM person WHERE id = 77");
	}
	return (cpu_us() - start) / 50;
}

static double
checkpoints(struct side *side)
{
	double start;

	insert(side, 20000, 20000);
	start = cpu_us();
	checkpoint(side);
	return cpu_us() - start;
}

static const struct {
	const char *name;
	double (*measure)(struct side *side);
	double at_most; /* aimed at, as a ratio */
} rows[] = {
    {"commit, FULL", commits_full, 1.4},
    {"commit, NORMAL", commits_normal, 1.7},
    {"20,000 rows in one transaction", bulk, 1.2},
    {"10,000 rows, 100 a transaction", hundreds, 1.6},
    {"look-up, cache 2 MB", lookup_2mb, 2.1},
    {"look-up, cache 10 pages", lookup_10_pages, 2.9},
    {"look-up, cache 64 MB", lookup_64mb, 1.05},
    {"prefix search", prefix_search, 1.5},
    {"full scan", scan, 2.1},
    {"open and first query", open_and_query, 1.3},
    {"checkpoint", checkpoints, 2.0},
};

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_size);
	return values[ROUNDS / 2];
}

static long long
file_bytes(const struct side *side)
{
	FILE *file = fopen(side->path, "rb");
	long long size = -1;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (file != NULL)
		(void)fclose(file);
	return size;
}

int
main(int argc, char **argv)
{
	static const uint8_t key[PMJVFS_KEY_BYTES] = {1};
	static const uint8_t file_id[PMJVFS_FILE_ID_BYTES] = {2};
	static struct side sides[2] = {{.vfs = "unix"}, {.vfs = "sealed"}};
	double taken[2][ROUNDS];

	if (pmjvfs_register("sealed", "unix", key, file_id) != SQLITE_OK)
		return 1;
	for (int s = 0; s < 2; s++) {
		(void)snprintf(sides[s].path, sizeof(sides[s].path), "%s/bench-%s.db",
		    argc > 1 ? argv[1] : ".", sides[s].vfs);
		(void)unlink(sides[s].path);
		sides[s].rows = argc > 2 ? atoi(argv[2]) : 20000;
		open_side(&sides[s]);
		fill(&sides[s]);
	}
	printf(
	    "%-34s %12s %12s %6s %6s\n", "processor time", "plain us", "sealed us", "ratio", "aim");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double plain;
		double sealed;

		for (int round = 0; round < ROUNDS; round++)
			for (int s = 0; s < 2; s++)
				taken[s][round] = rows[i].measure(&sides[s]);
		plain = median(taken[0]);
		sealed = median(taken[1]);
		printf("%-34s %12.1f %12.1f %6.2f %6.2f\n", rows[i].name, plain, sealed,
		    sealed / plain, rows[i].at_most);
	}
	printf("%-34s %12lld %12lld %6.2f %6.2f\n", "file, bytes", file_bytes(&sides[0]),
	    file_bytes(&sides[1]), (double)file_bytes(&sides[1]) / (double)file_bytes(&sides[0]),
	    1.02);
	for (int s = 0; s < 2; s++) {
		close_side(&sides[s]);
		(void)unlink(sides[s].path);
	}
	return pmjvfs_unregister("sealed") == SQLITE_OK ? 0 : 1;
}
