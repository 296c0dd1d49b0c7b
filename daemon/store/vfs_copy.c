/* vfs_copy.c - section 6.7: the journal copied page by page under a new key and file id. No VACUUM:
 * that needs a journal file, which this VFS refuses, or the whole journal in memory. */

#include "store/vfs_file.h"

/* The new file, open for this copy alone. */
struct target {
	sqlite3_vfs *vfs;
	char *full;            /* the path, absolute */
	sqlite3_filename path; /* the same in the form xOpen wants */
	sqlite3_file *file;    /* its methods are NULL while it is not open */
};

static void
target_close(struct target *target)
{
	if (target->file != NULL && target->file->pMethods != NULL)
		(void)target->file->pMethods->xClose(target->file);
	sqlite3_free(target->file);
	sqlite3_free_filename(target->path);
	sqlite3_free(target->full);
}

static int
target_open(struct target *target, const char *path, const char *vfs_name)
{
	int rc;

	target->vfs = sqlite3_vfs_find(vfs_name);
	if (target->vfs == NULL || !vfs_is_sealed(target->vfs))
		return SQLITE_MISUSE;
	target->full = sqlite3_malloc(target->vfs->mxPathname + 1);
	if (target->full == NULL)
		return SQLITE_NOMEM;
	rc = target->vfs->xFullPathname(
	    target->vfs, path, target->vfs->mxPathname + 1, target->full);
	if (rc != SQLITE_OK)
		return rc;
	target->path = sqlite3_create_filename(target->full, "", "", 0, NULL);
	target->file = sqlite3_malloc(target->vfs->szOsFile);
	if (target->path == NULL || target->file == NULL)
		return SQLITE_NOMEM;
	target->file->pMethods = NULL;
	return target->vfs->xOpen(target->vfs, target->path, target->file,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE |
	        SQLITE_OPEN_MAIN_DB,
	    NULL);
}

/* The page with SQLite's lock byte is never written, so it is a hole in any journal that is longer.
 */
#define LOCK_PAGE_AT 0x40000000

static int
copy_pages(sqlite3_file *from, sqlite3_file *to)
{
	uint8_t page[VFS_PAGE];
	sqlite3_int64 size = 0;
	int rc = from->pMethods->xFileSize(from, &size);

	for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += VFS_PAGE) {
		if (at == LOCK_PAGE_AT)
			continue;
		rc = from->pMethods->xRead(from, page, VFS_PAGE, at);
		if (rc == SQLITE_OK)
			rc = to->pMethods->xWrite(to, page, VFS_PAGE, at);
	}
	prim_wipe(page, sizeof(page));
	return rc == SQLITE_OK ? to->pMethods->xSync(to, SQLITE_SYNC_FULL) : rc;
}

int
pmjvfs_copy(struct sqlite3 *db, const char *to_path, const char *to_vfs)
{
	struct vfs_file *from = vfs_main_file(db);
	struct target target = {0};
	int rc = from == NULL ? SQLITE_MISUSE : pmjvfs_checkpoint(db);

	if (rc == SQLITE_OK)
		rc = target_open(&target, to_path, to_vfs);
	if (rc == SQLITE_OK)
		rc = copy_pages(&from->base, target.file);
	target_close(&target);
	return rc;
}
