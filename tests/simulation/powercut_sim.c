#include "powercut_sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pamoja/pmjvfs.h"

#define NEW_JOURNAL "journal.new"
#define FAULTS_SHOWN 5

static const char *const disk_names[SIM_LEVELS] = {"disk0", "disk1", "disk2"};
static const char *const sealed_names[SIM_LEVELS] = {"sealed0", "sealed1", "sealed2"};

static void examine(struct sim *sim, int level, const struct disk_cut *how);

/* noise(seed, bytes): text that is the same in both databases. */
static void
noise(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct rng rng = {(uint64_t)sqlite3_value_int64(values[0])};
	int bytes = sqlite3_value_int(values[1]);
	char *text = sqlite3_malloc(bytes + 1);

	(void)count;
	if (text == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	for (int i = 0; i < bytes; i++)
		text[i] = (char)('a' + rng_below(&rng, 26));
	sqlite3_result_text(context, text, bytes, sqlite3_free);
}

static void
add_noise(sqlite3 *db)
{
	if (sqlite3_create_function(db, "noise", 2,
	        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, noise, NULL,
	        NULL) != SQLITE_OK)
		abort();
}

static uint64_t
mix(uint64_t hash, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return (hash ^ count) * 0x100000001b3u;
}

/* All rows of one query, value by value. */
static int
mix_rows(sqlite3 *db, const char *sql, uint64_t *hash)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc != SQLITE_OK)
		return rc;
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const void *value = sqlite3_column_blob(statement, i);
			size_t bytes = (size_t)sqlite3_column_bytes(statement, i);

			*hash = mix(*hash, value != NULL ? value : "", bytes);
		}
	return sqlite3_finalize(statement);
}

int
sim_content(sqlite3 *db, uint64_t *out)
{
	sqlite3_stmt *tables = NULL;
	char sql[128];
	int rc;

	*out = 14695981039346656037u;
	rc = mix_rows(db,
	    "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'pmjvfs%' ORDER BY name", out);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db,
		    "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND "
		    "name NOT LIKE 'pmjvfs%' ORDER BY name",
		    -1, &tables, NULL);
	if (rc != SQLITE_OK)
		return rc;
	while (rc == SQLITE_OK && sqlite3_step(tables) == SQLITE_ROW) {
		(void)snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" NOT INDEXED",
		    (const char *)sqlite3_column_text(tables, 0));
		rc = mix_rows(db, sql, out);
	}
	if (rc != SQLITE_OK) {
		(void)sqlite3_finalize(tables);
		return rc;
	}
	return sqlite3_finalize(tables);
}

void
sim_fault(struct sim *sim, unsigned long *counter, const char *what)
{
	unsigned long before = sim->tally.unopenable + sim->tally.lost + sim->tally.wrong;

	(*counter)++;
	if (before < FAULTS_SHOWN)
		fprintf(stderr, "powercut: story %s, story seed %" PRIu64 ", call %u: %s\n",
		    sim->story, sim->seed, sim->calls, what);
}

static int
open_named(int level, const char *name, int flags, sqlite3 **db)
{
	int rc = sqlite3_open_v2(name, db, flags, sealed_names[level]);

	if (rc == SQLITE_OK) {
		(void)sqlite3_extended_result_codes(*db, 1);
		rc = pmjvfs_prepare(*db);
	} else {
		rc = sqlite3_extended_errcode(*db);
	}
	if (rc != SQLITE_OK) {
		(void)sqlite3_close(*db);
		*db = NULL;
	}
	return rc;
}

int
sim_open_level(struct sim *sim, int level, sqlite3 **db)
{
	(void)sim;
	return open_named(level, SIM_JOURNAL, SQLITE_OPEN_READWRITE, db);
}

static bool
answers(sqlite3 *db, const char *sql, const char *expected)
{
	sqlite3_stmt *statement = NULL;
	bool same = false;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(statement, 0);

		same = text != NULL && strcmp((const char *)text, expected) == 0;
	}
	return sqlite3_finalize(statement) == SQLITE_OK && same;
}

/* Is the content what was acknowledged, or that and the transaction in flight; or that without what
 * nobody waited for? */
static void
judge(struct sim *sim, uint64_t content)
{
	if (content == sim->acked)
		return;
	if (sim->has_inflight && content == sim->inflight) {
		sim->tally.undone++;
		return;
	}
	for (size_t i = sim->durable; i < sim->history_count; i++)
		if (sim->history[i] == content) {
			sim->tally.undone++;
			return;
		}
	for (size_t i = 0; i < sim->history_count; i++)
		if (sim->history[i] == content) {
			sim_fault(sim, &sim->tally.lost, "an earlier state came back");
			return;
		}
	sim_fault(sim, &sim->tally.wrong, "content that never was");
}

/* Every page of the journal opens, free ones too: there are no holes. */
static bool
whole(sqlite3 *db)
{
	uint8_t page[PMJVFS_PAGE_BYTES];
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

	if (rc == SQLITE_OK)
		rc = file->pMethods->xFileSize(file, &size);
	for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += PMJVFS_PAGE_BYTES)
		rc = file->pMethods->xRead(file, page, PMJVFS_PAGE_BYTES, at);
	return rc == SQLITE_OK;
}

/* After the judgement the journal must still be of use. */
static void
second_life(struct sim *sim, int level, sqlite3 *db)
{
	if (sqlite3_exec(db,
	        "CREATE TABLE IF NOT EXISTS later (x); INSERT INTO later VALUES (zeroblob(9000))",
	        NULL, NULL, NULL) != SQLITE_OK)
		sim_fault(sim, &sim->tally.wrong, "cannot be written any more");
	(void)sqlite3_close(db);
	if (sim_open_level(sim, level, &db) != SQLITE_OK) {
		sim_fault(sim, &sim->tally.unopenable, "not after writing on");
		return;
	}
	if (!answers(db, "SELECT count(*) FROM later", "1") || !whole(db))
		sim_fault(sim, &sim->tally.lost, "what was written on is not there");
	(void)sqlite3_close(db);
}

/* Open what the cut left, and compare. Returns whether content is known. */
static bool
look(struct sim *sim, int level, uint64_t *content)
{
	sqlite3 *db = NULL;
	char text[80];
	int rc;

	sim->tally.cuts++;
	if (!disk_has(sim->disks[level], SIM_JOURNAL)) {
		if (sim->exists)
			sim_fault(sim, &sim->tally.lost, "the journal's name is gone");
		return false;
	}
	rc = sim_open_level(sim, level, &db);
	if (rc != SQLITE_OK) {
		(void)snprintf(text, sizeof(text), "does not open: %d", rc);
		sim_fault(sim, &sim->tally.unopenable, text);
		return false;
	}
	rc = sim_content(db, content);
	if (rc != SQLITE_OK || !answers(db, "PRAGMA integrity_check", "ok")) {
		(void)snprintf(text, sizeof(text), "integrity: %d %s", rc, sqlite3_errmsg(db));
		sim_fault(sim, &sim->tally.wrong, text);
		(void)sqlite3_close(db);
		return false;
	}
	judge(sim, *content);
	if (rng_below(&sim->cut_rng, 16) == 0)
		second_life(sim, level, db);
	else
		(void)sqlite3_close(db);
	return true;
}

/* Level 1 is recovering: cut it too, once. */
static void
cut_recovery(void *arg, struct disk *disk, enum disk_op op)
{
	struct sim *sim = arg;
	struct disk_cut how = {.rng = &sim->cut_rng, .keep_of_256 = 128, .tear = true};
	uint64_t content;

	(void)op;
	if (sim->second_calls++ != sim->second_at)
		return;
	disk_cut(sim->disks[2], disk, &how);
	if (look(sim, 2, &content) && content != sim->second_expected)
		sim_fault(sim, &sim->tally.wrong, "a cut recovery ended otherwise");
}

static void
examine_twice(struct sim *sim, const struct disk_cut *how, uint64_t content)
{
	sqlite3 *db = NULL;

	disk_cut(sim->disks[1], sim->disks[0], how);
	sim->second_at = rng_below(&sim->cut_rng, 10);
	sim->second_calls = 0;
	sim->second_expected = content;
	disk_watch(sim->disks[1], cut_recovery, sim);
	if (sim_open_level(sim, 1, &db) == SQLITE_OK)
		(void)sqlite3_close(db);
	disk_watch(sim->disks[1], NULL, NULL);
}

static void
examine(struct sim *sim, int level, const struct disk_cut *how)
{
	struct rng start = *how->rng;
	struct rng again = start;
	struct disk_cut same = *how;
	uint64_t content;

	disk_cut(sim->disks[level], sim->disks[0], how);
	if (look(sim, level, &content) && rng_below(&sim->cut_rng, 8) == 0) {
		same.rng = &again;
		examine_twice(sim, &same, content);
	}
}

static void
on_call(void *arg, struct disk *disk, enum disk_op op)
{
	static const struct {
		unsigned keep_of_256;
		bool tear;
	} plan[] = {{0, false}, {256, false}, {128, true}, {0, true}, {230, true}};
	struct sim *sim = arg;
	struct disk_cut how = {.rng = &sim->cut_rng};

	(void)disk, (void)op;
	sim->calls++;
	if (sim->busy || sim->plan == SIM_NO_CUTS || sim_done(sim))
		return;
	sim->busy = true;
	if (sim->plan == SIM_EVERY_CALL) {
		for (size_t i = 0; i < sizeof(plan) / sizeof(plan[0]) && !sim_done(sim); i++) {
			how.keep_of_256 = plan[i].keep_of_256;
			how.tear = plan[i].tear;
			examine(sim, 1, &how);
		}
	} else if (rng_below(&sim->cut_rng, 4) == 0) {
		how.keep_of_256 = rng_below(&sim->cut_rng, 257);
		how.tear = rng_below(&sim->cut_rng, 2) == 0;
		examine(sim, 1, &how);
	}
	sim->busy = false;
}

void
sim_init(struct sim *sim, uint64_t seed, unsigned long cuts_wanted)
{
	uint8_t key[PMJVFS_KEY_BYTES];
	uint8_t file_id[PMJVFS_FILE_ID_BYTES];

	memset(sim, 0, sizeof(*sim));
	memset(key, 8, sizeof(key));
	memset(file_id, 9, sizeof(file_id));
	sim->cut_rng.state = seed;
	sim->cuts_wanted = cuts_wanted;
	for (int i = 0; i < SIM_LEVELS; i++) {
		sim->disks[i] = disk_new(disk_names[i]);
		if (pmjvfs_register(sealed_names[i], disk_names[i], key, file_id) != SQLITE_OK)
			abort();
	}
}

void
sim_close_all(struct sim *sim)
{
	for (int i = 0; i < SIM_LEVELS; i++) {
		if (pmjvfs_unregister(sealed_names[i]) != SQLITE_OK)
			abort();
		disk_free(sim->disks[i]);
	}
}

bool
sim_done(const struct sim *sim)
{
	return sim->tally.cuts >= sim->cuts_wanted;
}

static void
all_is_durable(struct sim *sim)
{
	sim->durable = sim->history_count > 0 ? sim->history_count - 1 : 0;
}

void
sim_begin(struct sim *sim, const char *story, uint64_t seed, enum sim_plan plan)
{
	disk_clear(sim->disks[0]);
	disk_watch(sim->disks[0], on_call, sim);
	sim->story = story;
	sim->plan = plan;
	sim->seed = seed;
	sim->rng.state = seed;
	sim->calls = 0;
	sim->exists = false;
	sim->has_inflight = false;
	sim->history_count = sim->durable = 0;
	if (sqlite3_open_v2(":memory:", &sim->twin, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sim_content(sim->twin, &sim->acked) != SQLITE_OK)
		abort();
	add_noise(sim->twin);
	sim->history[sim->history_count++] = sim->acked;
}

void
sim_end(struct sim *sim)
{
	struct disk_cut nothing_pending_arrives = {.rng = &sim->cut_rng};

	if (sim->db != NULL)
		sim_close(sim, rng_below(&sim->rng, 2) == 0);
	sim->busy = true;
	examine(sim, 1, &nothing_pending_arrives);
	sim->busy = false;
	disk_watch(sim->disks[0], NULL, NULL);
	disk_fail(sim->disks[0], -1, SQLITE_OK);
	(void)sqlite3_close(sim->twin);
	sim->twin = NULL;
}

static void
twin_run(struct sim *sim, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(sim->twin, sql, NULL, NULL, &message) == SQLITE_OK)
		return;
	fprintf(stderr, "powercut: story %s, the twin: %s: %s\n", sim->story, sql, message);
	abort();
}

/* A failing call is expected once; any other error is a fault of the VFS. */
static void
expect_failure(struct sim *sim, int rc, const char *doing)
{
	char text[120];

	if (disk_failed(sim->disks[0], NULL))
		return;
	(void)snprintf(text, sizeof(text), "%s: %d, though no call failed", doing, rc);
	sim_fault(sim, &sim->tally.wrong, text);
}

/* The failed fsync must have ended the handle it happened on. */
static bool
one_is_dead(sqlite3 *db)
{
	sqlite3_int64 size;
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
	    file != NULL && file->pMethods != NULL &&
	    file->pMethods->xFileSize(file, &size) == SQLITE_IOERR_FSYNC)
		return true;
	return sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK &&
	       file != NULL && file->pMethods != NULL &&
	       file->pMethods->xFileSize(file, &size) == SQLITE_IOERR_FSYNC;
}

/* Nothing was acknowledged, and the connection can be used on only if it shows just that. */
static bool
goes_on(struct sim *sim)
{
	enum disk_op op = DISK_READ;
	uint64_t content;

	(void)sqlite3_exec(sim->db, "ROLLBACK", NULL, NULL, NULL);
	if (disk_failed(sim->disks[0], &op) && op == DISK_SYNC) {
		if (!one_is_dead(sim->db))
			sim_fault(sim, &sim->tally.wrong, "a failed fsync was not final");
		return false;
	}
	if (sim_content(sim->db, &content) != SQLITE_OK)
		return false;
	if (content != sim->acked)
		sim_fault(sim, &sim->tally.wrong, "a failed transaction shows");
	return true;
}

static void
acknowledge(struct sim *sim)
{
	if (sim->history_count == SIM_HISTORY_MAX)
		abort();
	/* One that changes nothing writes nothing, and so syncs nothing. */
	if (!sim->loose && sim->inflight != sim->acked)
		sim->durable = sim->history_count;
	sim->has_inflight = false;
	sim->acked = sim->inflight;
	sim->history[sim->history_count++] = sim->acked;
}

/* After an error: not saved, so either it is not there, or only the sync's answer was lost. */
static void
recover(struct sim *sim)
{
	struct disk_cut nothing = {.rng = &sim->cut_rng};
	uint64_t content = 0;
	bool same_connection = goes_on(sim);

	if (!same_connection) {
		(void)sqlite3_close(sim->db);
		sim->db = NULL;
		sim_open(sim);
		if (sim_content(sim->db, &content) != SQLITE_OK)
			sim_fault(sim, &sim->tally.wrong, "cannot be read after an error");
		judge(sim, content);
		if (sim->has_inflight && content == sim->inflight && content != sim->acked) {
			acknowledge(sim);
			twin_run(sim, "COMMIT");
		}
	}
	if (sqlite3_get_autocommit(sim->twin) == 0)
		twin_run(sim, "ROLLBACK");
	sim->has_inflight = false;
	if (same_connection)
		return;
	sim->busy = true;
	examine(sim, 1, &nothing);
	sim->busy = false;
}

static int
create_once(void)
{
	sqlite3 *db = NULL;
	int rc = open_named(0, NEW_JOURNAL, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db);

	if (rc == SQLITE_OK)
		rc = pmjvfs_checkpoint(db);
	(void)sqlite3_close(db);
	return rc;
}

void
sim_create(struct sim *sim)
{
	sqlite3_vfs *plain = sqlite3_vfs_find(disk_names[0]);
	int rc = create_once();

	if (rc != SQLITE_OK) {
		expect_failure(sim, rc, "creating");
		(void)plain->xDelete(plain, NEW_JOURNAL, 0);
		(void)plain->xDelete(plain, NEW_JOURNAL "-wal", 0);
		rc = create_once();
		if (rc != SQLITE_OK)
			abort();
	}
	disk_rename(sim->disks[0], NEW_JOURNAL, SIM_JOURNAL);
	disk_sync_folder(sim->disks[0]);
	sim->exists = true;
	sim_open(sim);
}

void
sim_open(struct sim *sim)
{
	int rc = sim_open_level(sim, 0, &sim->db);

	if (rc != SQLITE_OK) {
		expect_failure(sim, rc, "opening");
		rc = sim_open_level(sim, 0, &sim->db);
	}
	if (rc != SQLITE_OK) {
		fprintf(stderr, "powercut: seed %" PRIu64 ", story %s: cannot go on: %d\n",
		    sim->seed, sim->story, rc);
		exit(1);
	}
	add_noise(sim->db);
	all_is_durable(sim); /* it was checkpointed */
}

void
sim_close(struct sim *sim, bool checkpoint)
{
	int rc = SQLITE_OK;

	if (checkpoint)
		rc = pmjvfs_checkpoint(sim->db);
	if (rc != SQLITE_OK)
		expect_failure(sim, rc, "checkpoint before closing");
	else if (checkpoint)
		all_is_durable(sim);
	(void)sqlite3_close(sim->db);
	sim->db = NULL;
}

void
sim_kill(struct sim *sim)
{
	disk_freeze(sim->disks[0], true);
	(void)sqlite3_close(sim->db);
	disk_freeze(sim->disks[0], false);
	sim->db = NULL;
}

static char *
format_sql(const char *format, va_list args)
{
	char *sql = sqlite3_vmprintf(format, args);

	if (sql == NULL)
		abort();
	return sql;
}

/* Run sql as one transaction on the journal. The savepoint makes search tables write what they hold
 * back, so that the twin's content before its own commit is the content after this one. */
#define END_OF_BODY "SAVEPOINT written; RELEASE written"

static bool
saved(struct sim *sim, const char *sql)
{
	int rc;

	twin_run(sim, "BEGIN");
	twin_run(sim, sql);
	twin_run(sim, END_OF_BODY);
	if (sim_content(sim->twin, &sim->inflight) != SQLITE_OK)
		abort();
	rc = sqlite3_exec(sim->db, "BEGIN", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sim->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sim->db, END_OF_BODY, NULL, NULL, NULL);
	if (rc == SQLITE_OK) {
		sim->has_inflight = true;
		rc = sqlite3_exec(sim->db, "COMMIT", NULL, NULL, NULL);
	}
	if (rc != SQLITE_OK) {
		expect_failure(sim, rc, "a transaction");
		recover(sim);
		return sim->acked == sim->inflight;
	}
	twin_run(sim, "COMMIT");
	acknowledge(sim);
	return true;
}

void
sim_tx(struct sim *sim, const char *format, ...)
{
	va_list args;
	char *sql;

	va_start(args, format);
	sql = format_sql(format, args);
	va_end(args);
	if (!saved(sim, sql) && !saved(sim, sql))
		sim_fault(sim, &sim->tally.wrong, "cannot be saved after the error went away");
	sqlite3_free(sql);
}

void
sim_tx_loose(struct sim *sim, const char *format, ...)
{
	va_list args;
	char *sql;

	va_start(args, format);
	sql = format_sql(format, args);
	va_end(args);
	for (int i = 0; i < 2; i++) {
		sim_pragma(sim, "PRAGMA synchronous=NORMAL");
		sim->loose = true;
		if (saved(sim, sql))
			break;
	}
	sim->loose = false;
	sim_pragma(sim, "PRAGMA synchronous=FULL");
	sqlite3_free(sql);
}

void
sim_tx_undone(struct sim *sim, const char *format, ...)
{
	va_list args;
	char *sql;
	int rc;

	va_start(args, format);
	sql = format_sql(format, args);
	va_end(args);
	rc = sqlite3_exec(sim->db, "BEGIN", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sim->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sim->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_free(sql);
	if (rc != SQLITE_OK) {
		expect_failure(sim, rc, "a transaction to be undone");
		recover(sim);
	}
}

void
sim_pragma(struct sim *sim, const char *sql)
{
	int rc = sqlite3_exec(sim->db, sql, NULL, NULL, NULL);

	if (rc != SQLITE_OK) {
		expect_failure(sim, rc, sql);
		recover(sim);
	}
}

void
sim_checkpoint(struct sim *sim)
{
	int rc = pmjvfs_checkpoint(sim->db);

	if (rc != SQLITE_OK) {
		expect_failure(sim, rc, "a checkpoint");
		recover(sim);
	} else {
		all_is_durable(sim);
	}
}
