/* journal.c - the file: made, opened, checkpointed, closed. */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/pmjvfs.h"
#include "store/cache.h"
#include "store/journal_inner.h"
#include "store/lines.h"
#include "store/recipe.h"
#include "store/records.h"
#include "store/search.h"
#include "store/shorts.h"

#define OPEN_FLAGS (SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE)

/* ---- the connection ---- */

static void
derive_row_key(struct journal *journal, const uint8_t *dek)
{
	prim_kdf(journal->row_key, PRIM_KEY_BYTES, "pmj row key v1", dek,
	    PRIM_PARTS({ring_file_id(journal->ring), PMJVFS_FILE_ID_BYTES}));
}

/* Several journals may be open in one program (a test has a hub and its workers): a VFS name each.
 */
static enum pmj_code
register_vfs(struct journal *journal, struct pmj_error *err)
{
	static unsigned number;
	uint8_t *dek = prim_guarded(PMJVFS_KEY_BYTES);
	int result;

	if (dek == NULL)
		return pmj_fail(err, PMJ_NO_MEMORY, "no locked memory for the journal's key");
	(void)snprintf(journal->vfs, sizeof(journal->vfs), "pamoja-%u", number++);
	ring_dek(journal->ring, dek);
	derive_row_key(journal, dek);
	result = pmjvfs_register(journal->vfs, NULL, dek, ring_file_id(journal->ring));
	prim_guarded_free(dek);
	if (result != SQLITE_OK)
		return journal_fail(journal, result, err);
	return PMJ_OK;
}

static int
frames_written(void *ctx, sqlite3 *db, const char *name, int frames)
{
	struct journal *journal = ctx;

	(void)db;
	(void)name;
	journal->wal_frames = frames;
	return SQLITE_OK;
}

static void
disconnect(struct journal *journal)
{
	sql_drop_all(journal);
	shorts_forget(journal);
	recipe_forget(journal);
	(void)sqlite3_close(journal->db);
	journal->db = NULL;
}

/* The version in the file, before anything may change it: neither recovery nor closing writes to
 * the file here. */
static enum pmj_code
peek_version(struct journal *journal, struct pmj_error *err)
{
	sqlite3_stmt *statement = NULL;
	int64_t version = -1;
	sqlite3 *db = NULL;
	int result = sqlite3_open_v2(journal->path, &db, OPEN_FLAGS, journal->vfs);

	if (result == SQLITE_OK)
		result = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);
	if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		version = sqlite3_column_int64(statement, 0);
		result = SQLITE_OK;
	}
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	if (result != SQLITE_OK)
		return journal_fail(journal, result, err);
	if (version > JOURNAL_VERSION) {
		(void)pmj_fail(err, PMJ_TOO_NEW,
		    "the journal has version %lld, this program knows up to %d", (long long)version,
		    JOURNAL_VERSION);
		pmj_hint(err, "use the newer program again; the journal was not changed");
		return PMJ_TOO_NEW;
	}
	return PMJ_OK;
}

static enum pmj_code
connect(struct journal *journal, const char *path, int more_flags, struct pmj_error *err)
{
	char *pragma = mem_printf("PRAGMA cache_size=-%lld", (long long)journal->cache_kib);
	int result = sqlite3_open_v2(path, &journal->db, OPEN_FLAGS | more_flags, journal->vfs);

	if (result == SQLITE_OK)
		result = sqlite3_extended_result_codes(journal->db, 1);
	if (result == SQLITE_OK)
		result = pmjvfs_prepare(journal->db);
	/* After it: setting the cache reads the schema, which must not happen before exclusive
	 * locking. */
	if (result == SQLITE_OK)
		result = sqlite3_exec(journal->db, pragma, NULL, NULL, NULL);
	free(pragma);
	if (result == SQLITE_OK)
		result = search_functions(journal->db);
	if (result == SQLITE_OK)
		result = lines_functions(journal->db, journal);
	if (result == SQLITE_OK)
		result = shorts_functions(journal->db, journal);
	if (result != SQLITE_OK) {
		enum pmj_code rc = journal_fail(journal, result, err);
		disconnect(journal);
		return rc;
	}
	(void)sqlite3_wal_hook(journal->db, frames_written, journal);
	journal->wal_frames = 0;
	journal->dead = false;
	return PMJ_OK;
}

/* After a failed sync nobody knows what is on the disk: look again. */
enum pmj_code
journal_reconnect(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc;

	disconnect(journal);
	if ((rc = connect(journal, journal->path, 0, err)) != PMJ_OK) {
		journal->dead = true;
		return rc;
	}
	journal->live.dirty = false;
	return journal_live_read(journal, err);
}

/* ---- made, opened, closed ---- */

static char *
file_path(const struct journal *journal, const char *suffix)
{
	char hex[2 * PMJVFS_FILE_ID_BYTES + 1];

	(void)text_hex(hex, ring_file_id(journal->ring), PMJVFS_FILE_ID_BYTES);
	return mem_printf("%s/journal-%s.db%s", journal->home, hex, suffix);
}

static enum pmj_code
journal_new(struct journal **out, const struct journal_setup *setup, struct pmj_error *err)
{
	struct journal *journal = mem_new(sizeof(*journal));
	enum pmj_code rc;

	*out = NULL;
	cache_start();
	prim_start();
	journal->os = setup->os;
	journal->ring = setup->ring;
	journal->kinds = setup->kinds;
	journal->home = mem_strdup(setup->home);
	journal->path = file_path(journal, "");
	journal->cache_kib = setup->cache_kib > 0 ? setup->cache_kib : JOURNAL_CACHE_KIB;
	memcpy(journal->store_uuid, setup->store_uuid, sizeof(journal->store_uuid));
	if ((journal->row_key = prim_guarded(PRIM_KEY_BYTES)) == NULL)
		rc = pmj_fail(err, PMJ_NO_MEMORY, "no locked memory for the journal's key");
	else
		rc = register_vfs(journal, err);
	if (rc != PMJ_OK) {
		journal_close(journal);
		return rc;
	}
	*out = journal;
	return PMJ_OK;
}

/* All of it at once. */
static enum pmj_code
renew(struct journal *journal, struct pmj_error *err)
{
	bool done = !journal->renewing;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && !done)
		rc = journal_renew_step(journal, INT64_MAX, &done, err);
	return rc;
}

static enum pmj_code
read_in(struct journal *journal, const struct journal_setup *setup, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = schema_migrate(journal, setup->schema, err)) != PMJ_OK)
		goto out;
	journal_row_key(journal);
	if ((rc = journal_live_read(journal, err)) != PMJ_OK)
		goto out;
	if (setup->kinds_in != NULL)
		setup->kinds_in(setup->kinds_ctx, journal);
	rc = schema_kinds(journal, setup->in_steps ? &journal->kinds_owed : NULL, err);
out:
	if (rc == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

/* An old journal, or one whose making was cut short. */
static void
remove_others(struct journal *journal)
{
	const char *own = strrchr(journal->path, '/') + 1;
	size_t own_len = strlen(own);
	char **names = NULL;
	size_t count = 0;

	if (fs_list(&names, &count, journal->home, NULL) != PMJ_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(names[i], "journal-", 8) != 0 || strstr(names[i], ".db") == NULL)
			continue;
		if (strncmp(names[i], own, own_len) == 0 &&
		    (names[i][own_len] == '\0' || strcmp(names[i] + own_len, "-wal") == 0))
			continue;
		fs_drop(journal->os, journal->home, names[i]);
	}
	fs_list_free(names, count);
}

/* SQLite gives a new WAL the mode of the file, so the file is made here. */
static enum pmj_code
make_file(const struct journal *journal, const char *path, struct pmj_error *err)
{
	const struct os *os = journal->os;
	int fd;

	(void)os->unlink(os->ctx, path);
	fd = os->open(os->ctx, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return pmj_fail_errno(err, errno, "making the journal", path);
	(void)os->close(os->ctx, fd);
	return PMJ_OK;
}

static enum pmj_code
fill_file(struct journal *journal, const char *path, const struct journal_setup *setup,
    struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = make_file(journal, path, err)) != PMJ_OK ||
	    (rc = connect(journal, path, SQLITE_OPEN_CREATE, err)) != PMJ_OK)
		return rc;
	if ((rc = read_in(journal, setup, err)) == PMJ_OK)
		rc = journal_checkpoint(journal, err);
	disconnect(journal);
	schema_forget(journal);
	return rc;
}

enum pmj_code
journal_create(struct journal **out, const struct journal_setup *setup, struct pmj_error *err)
{
	struct journal *journal = NULL;
	char *path = NULL;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = journal_new(&journal, setup, err)) != PMJ_OK)
		return rc;
	path = file_path(journal, ".new");
	if (fs_exists(setup->os, journal->path)) {
		rc = pmj_fail(err, PMJ_BUSY, "there is a journal already: %s", journal->path);
		goto out;
	}
	if ((rc = fill_file(journal, path, setup, err)) != PMJ_OK)
		goto out;
	if (setup->os->rename(setup->os->ctx, path, journal->path) != 0) {
		rc = pmj_fail_errno(err, errno, "naming the journal", journal->path);
		goto out;
	}
	if ((rc = fs_sync_dir(setup->os, journal->home, err)) != PMJ_OK)
		goto out;
	journal_close(journal);
	journal = NULL;
	rc = journal_open(out, setup, err);
out:
	if (journal != NULL)
		(void)setup->os->unlink(setup->os->ctx, path);
	journal_close(journal);
	free(path);
	return rc;
}

enum pmj_code
journal_open(struct journal **out, const struct journal_setup *setup, struct pmj_error *err)
{
	struct journal *journal = NULL;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = journal_new(&journal, setup, err)) != PMJ_OK)
		return rc;
	if (!fs_exists(setup->os, journal->path)) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "the journal is not there: %s", journal->path);
		goto out;
	}
	if ((rc = peek_version(journal, err)) != PMJ_OK ||
	    (rc = connect(journal, journal->path, 0, err)) != PMJ_OK ||
	    (rc = read_in(journal, setup, err)) != PMJ_OK ||
	    (!setup->in_steps && (rc = renew(journal, err)) != PMJ_OK) ||
	    (rc = journal_checkpoint(journal, err)) != PMJ_OK)
		goto out;
	remove_others(journal);
	*out = journal;
	journal = NULL;
out:
	journal_close(journal);
	return rc;
}

void
journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->in_transaction)
		journal_rollback(journal);
	/* The checkpoint settles what rests. */
	if (journal->db != NULL && !journal->dead &&
	    (journal->wal_frames > 0 || journal->resting) &&
	    journal_checkpoint(journal, NULL) != PMJ_OK)
		journal->dead =
		    true; /* the WAL keeps what was committed; the next open takes it in */
	disconnect(journal);
	schema_forget(journal);
	search_forget(journal);
	if (journal->vfs[0] != '\0')
		(void)pmjvfs_unregister(journal->vfs);
	prim_guarded_free(journal->row_key);
	free(journal->home);
	free(journal->path);
	free(journal);
}

enum pmj_code
journal_checkpoint(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc = journal_settle(journal, err);
	int result;

	if (rc != PMJ_OK)
		return rc;
	result = journal->dead ? SQLITE_IOERR : pmjvfs_checkpoint(journal->db);
	if (result != SQLITE_OK)
		return journal_fail(journal, result, err);
	journal->wal_frames = 0;
	return PMJ_OK;
}

int64_t
journal_wal_frames(const struct journal *journal)
{
	return journal->wal_frames;
}

enum pmj_code
journal_use_kinds(
    struct journal *journal, const struct kinds *kinds, bool *owed, struct pmj_error *err)
{
	const struct kinds *old = journal->kinds;
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	journal->kinds = kinds;
	recipe_forget(journal);
	if ((rc = schema_kinds(journal, owed, err)) == PMJ_OK)
		rc = journal_commit(journal, err);
	else
		journal_rollback(journal);
	if (rc != PMJ_OK) {
		journal->kinds = old;
		recipe_forget(journal);
		if (schema_tables(journal, NULL) != PMJ_OK)
			journal->dead = true;
	}
	return rc;
}

bool
journal_kinds_owed(const struct journal *journal)
{
	return journal->kinds_owed;
}

enum pmj_code
journal_kinds_shown(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc = journal_begin(journal, err);

	if (rc != PMJ_OK)
		return rc;
	if ((rc = schema_kinds_shown(journal, err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

const struct kinds *
journal_kinds(const struct journal *journal)
{
	return journal->kinds;
}

const struct os *
journal_os(const struct journal *journal)
{
	return journal->os;
}

struct ring *
journal_ring(const struct journal *journal)
{
	return journal->ring;
}
