/* vfs_setup.c - section 6.1: a connection set up in its order, each step read back, or not used at
 * all. */
#include <string.h>

#include "store/vfs_file.h"

/* A pragma, and what it must say: itself, or when it is asked again. */
struct setting {
	const char *set;
	const char *get; /* NULL when `set` answers */
	const char *expected;
};

/* Before the first page is read: nothing here touches the file. */
static const struct setting before_open[] = {
    {"PRAGMA locking_mode=EXCLUSIVE", NULL, "exclusive"},
    {"PRAGMA temp_store=MEMORY", "PRAGMA temp_store", "2"},
};

/* A file without a page 1 has no place for the reserve yet. Only under a temporary name: a cut in
 * here leaves a file that nobody will open. */
static const struct setting creation[] = {
    {"PRAGMA page_size=4096", "PRAGMA page_size", "4096"},
    {"PRAGMA journal_mode=MEMORY", NULL, "memory"},
    {"CREATE TABLE pmjvfs_page1 (unused INTEGER)", "SELECT count(*) FROM sqlite_schema", "1"},
};

static const struct setting after_open[] = {
    {"PRAGMA journal_mode=WAL", NULL, "wal"},
    {"PRAGMA synchronous=FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA secure_delete=ON", NULL, "1"},
    {"PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", "1"},
};

/* The same without a parser: half of what opening costs is parsing. */
static const struct {
	int option, wanted;
} options[] = {
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
};

/* Run one statement; its first column is the answer, if one is expected. */
static int
ask_setting(sqlite3 *db, const char *sql, const char *expected)
{
	sqlite3_stmt *statement = NULL;
	const unsigned char *answer;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	int finalized;

	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW && expected != NULL) {
		answer = sqlite3_column_text(statement, 0);
		rc = answer != NULL && strcmp((const char *)answer, expected) == 0 ? SQLITE_DONE
		                                                                   : SQLITE_ERROR;
	} else if (rc == SQLITE_DONE && expected != NULL) {
		rc = SQLITE_ERROR;
	}
	finalized = sqlite3_finalize(statement);
	if (rc != SQLITE_DONE)
		return rc;
	return finalized;
}

static int
apply(sqlite3 *db, const struct setting *settings, size_t count)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < count; i++) {
		rc = ask_setting(
		    db, settings[i].set, settings[i].get == NULL ? settings[i].expected : NULL);
		if (rc == SQLITE_OK && settings[i].get != NULL)
			rc = ask_setting(db, settings[i].get, settings[i].expected);
	}
	return rc;
}
#define APPLY(db, settings) apply(db, settings, sizeof(settings) / sizeof((settings)[0]))

static int
configure(sqlite3 *db)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(options) / sizeof(options[0]); i++) {
		int now = -1;

		rc = sqlite3_db_config(db, options[i].option, options[i].wanted, &now);
		if (rc == SQLITE_OK && now != options[i].wanted)
			rc = SQLITE_ERROR;
	}
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	if (rc == SQLITE_OK && sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, -1) != 0)
		rc = SQLITE_ERROR;
	return rc;
}

/* wal_autocheckpoint=0 and mmap_size=0. The first is a hook, which says what it was when it is
 * taken away. */
static int
no_hook_no_mapping(sqlite3 *db)
{
	sqlite3_int64 mapped = 0;
	int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_MMAP_SIZE, &mapped);

	(void)sqlite3_wal_hook(db, NULL, NULL);
	if (rc == SQLITE_OK && (mapped != 0 || sqlite3_wal_hook(db, NULL, NULL) != NULL))
		rc = SQLITE_ERROR;
	return rc;
}

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

struct vfs_file *
vfs_main_file(sqlite3 *db)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods != &vfs_db_methods)
		return NULL;
	return (struct vfs_file *)file;
}

/* Past the checkpoint the file's own page 1 must open, and say what was asked for: as it was read
 * or written on the way here, or else read now. */
static int
check_page1(struct vfs_file *file)
{
	int rc = SQLITE_OK;

	if (!file->page1_good) {
		uint8_t page[VFS_PAGE];

		rc = file->base.pMethods->xRead(&file->base, page, VFS_PAGE, 0);
		prim_wipe(page, sizeof(page));
	}
	return rc == SQLITE_OK && !file->page1_good ? SQLITE_NOTADB : rc;
}

int
pmjvfs_prepare(struct sqlite3 *db)
{
	struct vfs_file *file = vfs_main_file(db);
	sqlite3_int64 size = 0;
	int rc;

	if (file == NULL)
		return SQLITE_MISUSE;
	if ((rc = file->base.pMethods->xFileSize(&file->base, &size)) != SQLITE_OK)
		return rc;
	rc = reserve(db);
	if (rc == SQLITE_OK)
		rc = APPLY(db, before_open);
	if (rc == SQLITE_OK && size == 0)
		rc = APPLY(db, creation);
	if (rc == SQLITE_OK)
		rc = APPLY(db, after_open);
	if (rc == SQLITE_OK)
		rc = no_hook_no_mapping(db);
	if (rc == SQLITE_OK)
		rc = configure(db);
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
