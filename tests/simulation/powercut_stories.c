#include "powercut_stories.h"

#include <stdio.h>

#include "powercut_sim.h"

#define INSERT "INSERT INTO t (a, b) VALUES (noise(%d, 20), noise(%d, %d));"

static void
begin(struct sim *sim)
{
	sim_create(sim);
	sim_tx(sim, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
	            "CREATE INDEX t_a ON t (a)");
}

static void
add(struct sim *sim, int n, int bytes)
{
	sim_tx(sim, INSERT, n, n + 1000, bytes);
}

/* As `add`, many rows in one transaction. */
static void
add_many(struct sim *sim, int n, int rows, int bytes)
{
	sim_tx(sim,
	    "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) "
	    "INSERT INTO t (a, b) SELECT noise(i + %d, 20), noise(i + %d, %d) FROM c",
	    rows, n, n + 1000, bytes);
}

static void
creation(struct sim *sim)
{
	sim_create(sim);
	sim_close(sim, false);
	sim_open(sim);
	sim_tx(sim, "CREATE TABLE t (a)");
}

static void
single_commits(struct sim *sim)
{
	begin(sim);
	for (int i = 0; i < 25; i++)
		add(sim, i, 100);
}

/* More pages than the cache: frames are written before the commit, overwritten, and their sums put
 * right. */
static void
spill(struct sim *sim)
{
	begin(sim);
	sim_pragma(sim, "PRAGMA cache_size=6");
	for (int i = 0; i < 3; i++) {
		sim_tx(sim,
		    "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 24) "
		    "INSERT INTO t (a, b) SELECT noise(i + %d, 20), noise(i, 900) FROM c;"
		    "UPDATE t SET b = noise(id + %d, 900) WHERE id %% 2 = 0;"
		    "UPDATE t SET a = noise(id + %d, 20)",
		    i * 100, i, i);
		add(sim, i, 50);
	}
}

/* The first frames of a log rewritten in their own transaction: the sums start at the WAL header.
 */
static void
spill_first(struct sim *sim)
{
	begin(sim);
	add_many(sim, 0, 20, 700);
	sim_pragma(sim, "PRAGMA cache_size=6");
	for (int i = 0; i < 2; i++) {
		sim_checkpoint(sim);
		sim_tx(sim,
		    "UPDATE t SET b = noise(id + %d, 700); UPDATE t SET a = noise(id + %d, 20);"
		    "UPDATE t SET b = noise(id + %d, 701)",
		    i, i, i + 50);
		add(sim, i, 30);
	}
}

static void
checkpoints(struct sim *sim)
{
	begin(sim);
	for (int i = 0; i < 12; i++) {
		add(sim, i, 300);
		if (i % 3 == 2)
			sim_checkpoint(sim);
	}
}

static void
many_checkpoints(struct sim *sim)
{
	begin(sim);
	for (int i = 0; i < 8; i++) {
		add(sim, i, 200);
		sim_checkpoint(sim);
	}
	sim_checkpoint(sim);
}

static void
growth(struct sim *sim)
{
	begin(sim);
	for (int i = 0; i < 5; i++) {
		add_many(sim, i * 50, 4, 6000);
		sim_checkpoint(sim);
	}
}

/* Pages go to the free list, are used again, and the file shrinks by nothing. */
static void
deletes(struct sim *sim)
{
	begin(sim);
	add_many(sim, 0, 24, 1500);
	sim_checkpoint(sim);
	sim_tx(sim, "DELETE FROM t WHERE id %% 2 = 0");
	sim_checkpoint(sim);
	sim_tx(sim, "DELETE FROM t WHERE id < 12");
	add_many(sim, 100, 6, 1500);
	sim_checkpoint(sim);
}

static void
reopen(struct sim *sim)
{
	begin(sim);
	for (int i = 0; i < 6; i++) {
		add(sim, i, 150);
		add(sim, i + 100, 150);
		sim_close(sim, i % 2 == 0);
		sim_open(sim);
	}
}

/* Killed, not cut: what was written stays with the kernel, synced or not, and recovery starts from
 * it. */
static void
killed(struct sim *sim)
{
	begin(sim);
	for (int i = 0; i < 5; i++) {
		add(sim, i, 150);
		add_many(sim, i * 10, 3, 1000);
		sim_kill(sim);
		sim_open(sim);
	}
}

static void
rolled_back(struct sim *sim)
{
	begin(sim);
	add_many(sim, 0, 12, 800);
	sim_pragma(sim, "PRAGMA cache_size=6");
	for (int i = 0; i < 3; i++) {
		sim_tx_undone(
		    sim, "UPDATE t SET b = noise(id + %d, 820); UPDATE t SET a = noise(id, 21)", i);
		add(sim, i, 60);
		if (i == 1)
			sim_checkpoint(sim);
	}
}

static void
savepoints(struct sim *sim)
{
	begin(sim);
	add_many(sim, 0, 12, 800);
	sim_pragma(sim, "PRAGMA cache_size=6");
	for (int i = 0; i < 3; i++)
		sim_tx(sim,
		    "SAVEPOINT one; UPDATE t SET b = noise(id + %d, 900); SAVEPOINT two;"
		    "UPDATE t SET a = noise(id + 5, 30); ROLLBACK TO two; DELETE FROM t WHERE id = "
		    "%d;"
		    "RELEASE one; INSERT INTO t (a, b) VALUES ('x', noise(%d, 2000))",
		    i, i + 1, i);
}

/* Frames overwritten after a savepoint, then the log taken back to it: SQLite 3.40.1 keeps its mark
 * of where sums must be put right, past frames that now need it. Sizes as a random story had them
 * that found it. */
static void
savepoint_undone(struct sim *sim)
{
	static const int tails[] = {4519, 573, 475, 445, 284, 256};

	begin(sim);
	add_many(sim, 0, 7, 461);
	for (int i = 0; i < 6; i++)
		add(sim, i + 10, tails[i]);
	add_many(sim, 100, 15, 815);
	for (int i = 0; i < 3; i++) {
		sim_tx(sim,
		    "SAVEPOINT s; UPDATE t SET a = noise(id + %d, 9); ROLLBACK TO s;" INSERT, i,
		    i + 50, i + 60, 8885 - 1500 * i);
		sim_tx_undone(
		    sim, "UPDATE t SET b = noise(id + %d, 700); DELETE FROM t WHERE id < 10", i);
		sim_pragma(sim, "PRAGMA cache_size=8");
	}
}

static void
tables_come_and_go(struct sim *sim)
{
	begin(sim);
	add_many(sim, 0, 8, 500);
	sim_tx(sim, "CREATE TABLE u AS SELECT * FROM t; CREATE INDEX u_b ON u (b)");
	sim_checkpoint(sim);
	sim_tx(sim, "DROP TABLE u");
	sim_tx(sim, "CREATE TABLE w (x INTEGER PRIMARY KEY, y); INSERT INTO w SELECT id, b FROM t");
	sim_checkpoint(sim);
}

static void
search_rows(struct sim *sim)
{
	begin(sim);
	sim_tx(sim, "CREATE VIRTUAL TABLE f USING fts5 (body)");
	for (int i = 0; i < 4; i++) {
		add(sim, i, 80);
		sim_tx(
		    sim, "INSERT INTO f (body) VALUES ('market ' || noise(%d, 60) || ' day')", i);
	}
	sim_checkpoint(sim);
	sim_tx(sim, "DELETE FROM f WHERE rowid = 2");
}

/* As the full-text table is merged: nobody waits for it, and what comes next carries it along. */
static void
not_waited_for(struct sim *sim)
{
	begin(sim);
	add_many(sim, 0, 12, 800);
	for (int i = 0; i < 6; i++) {
		sim_tx_loose(sim, "UPDATE t SET b = noise(id + %d, 820)", i);
		if (i % 2 == 0)
			sim_tx_loose(sim, "UPDATE t SET a = noise(id + %d, 20)", i);
		if (i % 3 != 1)
			add(sim, i, 60);
		if (i > 2)
			sim_checkpoint(sim);
	}
}

const struct story stories[] = {
    {"creation", creation},
    {"single commits", single_commits},
    {"spill", spill},
    {"spill at the start", spill_first},
    {"checkpoints", checkpoints},
    {"many checkpoints", many_checkpoints},
    {"growth", growth},
    {"deletes", deletes},
    {"reopen", reopen},
    {"killed", killed},
    {"rolled back", rolled_back},
    {"savepoints", savepoints},
    {"savepoint undone", savepoint_undone},
    {"tables", tables_come_and_go},
    {"search", search_rows},
    {"not waited for", not_waited_for},
};
const size_t story_count = sizeof(stories) / sizeof(stories[0]);

static int
below(struct sim *sim, uint32_t limit)
{
	return (int)rng_below(&sim->rng, limit);
}

static void
random_step(struct sim *sim)
{
	int n = below(sim, 1000000);
	char pragma[40];

	switch (below(sim, 14)) {
	case 0:
		sim_checkpoint(sim);
		break;
	case 1:
		sim_close(sim, below(sim, 2) == 0);
		sim_open(sim);
		break;
	case 2:
		sim_kill(sim);
		sim_open(sim);
		break;
	case 3:
		(void)snprintf(pragma, sizeof(pragma), "PRAGMA cache_size=%d", 5 + below(sim, 30));
		sim_pragma(sim, pragma);
		break;
	case 4:
		add_many(sim, n, 1 + below(sim, 20), 1 + below(sim, 1500));
		break;
	case 5:
		sim_tx(sim, "DELETE FROM t WHERE id %% %d = 0", 2 + below(sim, 5));
		break;
	case 6:
		sim_tx(sim, "UPDATE t SET b = noise(id + %d, %d); UPDATE t SET a = noise(id, %d)",
		    n, 1 + below(sim, 900), 1 + below(sim, 40));
		break;
	case 7:
		sim_tx_undone(sim,
		    "UPDATE t SET b = noise(id + %d, %d); DELETE FROM t WHERE id < 10", n,
		    1 + below(sim, 900));
		break;
	case 8:
		sim_tx(sim,
		    "SAVEPOINT s; UPDATE t SET a = noise(id + %d, 9); ROLLBACK TO s;" INSERT, n, n,
		    n, 1 + below(sim, 9000));
		break;
	case 9:
		sim_tx_loose(sim, "UPDATE t SET b = noise(id + %d, %d)", n, 1 + below(sim, 900));
		break;
	default:
		add(sim, n, 1 + below(sim, 600));
		break;
	}
}

void
story_random(struct sim *sim)
{
	int steps = 10 + below(sim, 30);

	begin(sim);
	for (int i = 0; i < steps && !sim_done(sim); i++) {
		random_step(sim);
		/* Small journals are quick to look at. */
		if (i % 8 == 7)
			sim_tx(sim, "DELETE FROM t WHERE id > 30");
	}
}
