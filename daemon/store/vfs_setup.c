/* vfs_setup.c - section 6.1: a connection set up in its order, each step read back, or not used at
 * all. */
#include <stdlib.h>
#include <string.h>

#include "store/vfs_file.h"

struct setting {
	const char *set;
	const char *get;
	const char *expected;
};

/* Before the first page is read: nothing here touches the file. */
static const struct setting before_open[] = {
    {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA locking_mode", "exclusive"},
    {"PRAGMA temp_store=MEMORY", "PRAGMA temp_store", "2"},
};

/* A file without a page 1 has no place for the reserve yet. Only under a temporary name: a cut in
 * here leaves a file that nobody will open. */
static const struct setting creation[] = {
    {"PRAGMA journal_mode=MEMORY", "PRAGMA journal_mode", "memory"},
    {"CREATE TABLE pmjvfs_page1 (unused INTEGER)", "SELECT count(*) FROM sqlite_schema", "1"},
};

static const struct setting after_open[] = {
    {"PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous=FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA wal_autocheckpoint=0", "PRAGMA wal_autocheckpoint", "0"},
    {"PRAGMA secure_delete=ON", "PRAGMA secure_delete", "1"},
    {"PRAGMA mmap_size=0", "PRAGMA mmap_size", "0"},
    {"PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", "1"},
    {"PRAGMA trusted_schema=OFF", "PRAGMA trusted_schema", "0"},
};

static const struct setting last[] = {
    {"PRAGMA foreign_keys=ON", "PRAGMA foreign_keys", "1"},
};

static int
check_answer(sqlite3 *db, const char *get, const char *expected)
{
	sqlite3_stmt *statement = NULL;
	const unsigned char *answer;
	int rc = sqlite3_prepare_v2(db, get, -1, &statement, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		answer = sqlite3_column_text(statement, 0);
		rc = answer != NULL && strcmp((const char *)answer, expected) == 0 ? SQLITE_OK
		                                                                   : SQLITE_ERROR;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_ERROR;
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

static int
apply(sqlite3 *db, const struct setting *settings, size_t count)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < count; i++) {
		rc = sqlite3_exec(db, settings[i].set, NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			rc = check_answer(db, settings[i].get, settings[i].expected);
	}
	return rc;
}
#define APPLY(db, settings) apply(db, settings, sizeof(settings) / sizeof((settings)[0]))

static int
reserve(sqlite3 *db)
{
	int bytes = VFS_RESERVED;
	int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);

	bytes = -1; /* only ask */
	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
	return rc == SQLITE_OK && bytes != VFS_RESERVED ? SQLITE_ERROR : rc;
}

static int
configure(sqlite3 *db, int option, int wanted)
{
	int now = -1;
	int rc = sqlite3_db_config(db, option, wanted, &now);

	return rc == SQLITE_OK && now != wanted ? SQLITE_ERROR : rc;
}

struct vfs_file *
vfs_main_file(sqlite3 *db)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods != &vfs_db_methods)
		return NULL;
	return (struct vfs_file *)file;
}

/* Past the checkpoint the file's own page 1 must open, and say what was asked for. */
static int
check_page1(struct vfs_file *file)
{
	uint8_t page[VFS_PAGE];
	int rc = file->base.pMethods->xRead(&file->base, page, VFS_PAGE, 0);

	if (rc == SQLITE_OK && (page[16] != 0x10 || page[17] != 0 || page[18] != 2 ||
	                           page[19] != 2 || page[20] != VFS_RESERVED))
		rc = SQLITE_NOTADB;
	prim_wipe(page, sizeof(page));
	return rc;
}

int
pmjvfs_prepare(struct sqlite3 *db)
{
	static const struct setting page_bytes = {
	    "PRAGMA page_size=4096", "PRAGMA page_size", "4096"};
	struct vfs_file *file = vfs_main_file(db);
	sqlite3_int64 size = 0;
	int rc;

	if (file == NULL)
		return SQLITE_MISUSE;
	if ((rc = file->base.pMethods->xFileSize(&file->base, &size)) != SQLITE_OK)
		return rc;
	rc = apply(db, &page_bytes, 1);
	if (rc == SQLITE_OK)
		rc = reserve(db);
	if (rc == SQLITE_OK)
		rc = APPLY(db, before_open);
	if (rc == SQLITE_OK && size == 0)
		rc = APPLY(db, creation);
	if (rc == SQLITE_OK)
		rc = APPLY(db, after_open);
	if (rc == SQLITE_OK)
		rc = configure(db, SQLITE_DBCONFIG_DEFENSIVE, 1);
	if (rc == SQLITE_OK)
		rc = configure(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0);
	if (rc == SQLITE_OK)
		rc = APPLY(db, last);
	if (rc == SQLITE_OK) {
		(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
		rc = sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, -1) == 0 ? SQLITE_OK : SQLITE_ERROR;
	}
	if (rc == SQLITE_OK)
		rc = pmjvfs_checkpoint(db);
	return rc == SQLITE_OK ? check_page1(file) : rc;
}

int
pmjvfs_checkpoint(struct sqlite3 *db)
{
	sqlite3_file *wal = NULL;
	sqlite3_int64 size = 0;
	int frames = -1;
	int rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, &frames, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (rc != SQLITE_OK)
		return rc;
	if (frames != 0 || wal == NULL || wal->pMethods != &vfs_wal_methods)
		return SQLITE_ERROR;
	rc = wal->pMethods->xFileSize(wal, &size);
	return rc == SQLITE_OK && size != 0 ? SQLITE_ERROR : rc;
}
