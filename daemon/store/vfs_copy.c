/* vfs_copy.c - section 6.7: the journal copied page by page under a new key and file id. No VACUUM:
 * that needs a journal file, which this VFS refuses, or the whole journal in memory. */

#include <string.h>

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

struct pmjvfs_copying {
	struct vfs_file *from;
	struct target target;
	sqlite3_int64 size, at;
	bool compares; /* all is written: it is read back */
};

static int
copy_page(sqlite3_file *from, sqlite3_file *to, sqlite3_int64 at)
{
	uint8_t page[VFS_PAGE];
	int rc = from->pMethods->xRead(from, page, VFS_PAGE, at);

	if (rc == SQLITE_OK)
		rc = to->pMethods->xWrite(to, page, VFS_PAGE, at);
	prim_wipe(page, sizeof(page));
	return rc;
}

/* What is read back is opened with the new key, and so is what was sealed with it. */
static int
compare_page(sqlite3_file *from, sqlite3_file *to, sqlite3_int64 at)
{
	uint8_t one[VFS_PAGE], other[VFS_PAGE];
	int rc = from->pMethods->xRead(from, one, VFS_PAGE, at);

	if (rc == SQLITE_OK)
		rc = to->pMethods->xRead(to, other, VFS_PAGE, at);
	if (rc == SQLITE_OK && memcmp(one, other, VFS_PAGE) != 0)
		rc = SQLITE_IOERR_DATA;
	prim_wipe(one, sizeof(one));
	prim_wipe(other, sizeof(other));
	return rc;
}

int
pmjvfs_copy_begin(
    struct pmjvfs_copying **out, struct sqlite3 *db, const char *to_path, const char *to_vfs)
{
	struct pmjvfs_copying *copying = sqlite3_malloc(sizeof(*copying));
	int rc;

	*out = NULL;
	if (copying == NULL)
		return SQLITE_NOMEM;
	memset(copying, 0, sizeof(*copying));
	copying->from = vfs_main_file(db);
	rc = copying->from == NULL ? SQLITE_MISUSE : pmjvfs_checkpoint(db);
	if (rc == SQLITE_OK)
		rc = target_open(&copying->target, to_path, to_vfs);
	if (rc == SQLITE_OK)
		rc = copying->from->base.pMethods->xFileSize(&copying->from->base, &copying->size);
	if (rc != SQLITE_OK) {
		pmjvfs_copy_end(copying);
		return rc;
	}
	*out = copying;
	return SQLITE_OK;
}

int
pmjvfs_copy_some(struct pmjvfs_copying *copying, int pages, int *done)
{
	sqlite3_file *from = &copying->from->base, *to = copying->target.file;
	int rc = SQLITE_OK;

	*done = 0;
	for (; rc == SQLITE_OK && pages > 0 && copying->at < copying->size; pages--) {
		if (copying->at != LOCK_PAGE_AT)
			rc = copying->compares ? compare_page(from, to, copying->at)
			                       : copy_page(from, to, copying->at);
		copying->at += VFS_PAGE;
	}
	if (rc != SQLITE_OK || copying->at < copying->size)
		return rc;
	if (copying->compares) {
		*done = 1;
		return SQLITE_OK;
	}
	copying->compares = true;
	copying->at = 0;
	return to->pMethods->xSync(to, SQLITE_SYNC_FULL);
}

void
pmjvfs_copy_end(struct pmjvfs_copying *copying)
{
	target_close(&copying->target);
	sqlite3_free(copying);
}

int
pmjvfs_copy(struct sqlite3 *db, const char *to_path, const char *to_vfs)
{
	struct pmjvfs_copying *copying;
	int rc = pmjvfs_copy_begin(&copying, db, to_path, to_vfs), done = 0;

	if (rc != SQLITE_OK)
		return rc;
	while (rc == SQLITE_OK && !done)
		rc = pmjvfs_copy_some(copying, 1024, &done);
	pmjvfs_copy_end(copying);
	return rc;
}
