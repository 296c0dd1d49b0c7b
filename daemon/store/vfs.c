/* vfs.c - names and opening: what the sealed VFS lets SQLite do at all. It fails closed: a database
 * and its WAL, and nothing else, ever. */
#include <string.h>

#include "store/vfs_file.h"

#ifdef PMJVFS_RULES_SWITCHED
unsigned vfs_rules_off;
#endif

/* All registered names; guarded by the mutex SQLite leaves to VFSs. */
static struct vfs *registered;

static sqlite3_mutex *
names_mutex(void)
{
	return sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);
}

static sqlite3_vfs *
lower_of(sqlite3_vfs *base)
{
	return ((struct vfs *)base)->lower;
}

int
vfs_close_lower(struct vfs_file *file)
{
	struct vfs *vfs = file->vfs;
	int rc =
	    file->lower->pMethods != NULL ? file->lower->pMethods->xClose(file->lower) : SQLITE_OK;

	file->base.pMethods = NULL;
	vfs_run_close(file);
	sqlite3_mutex_enter(names_mutex());
	vfs->open_files--;
	sqlite3_mutex_leave(names_mutex());
	return rc;
}

/* Whoever opens a journal without CREATE expects one: an emptied file must not pass for a new one.
 */
static int
check_not_emptied(struct vfs_file *file, int flags)
{
	sqlite3_int64 size = 0;
	int rc;

	if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || (flags & SQLITE_OPEN_CREATE) != 0)
		return SQLITE_OK;
	rc = file->lower->pMethods->xFileSize(file->lower, &size);
	return rc == SQLITE_OK && size == 0 ? SQLITE_IOERR_DATA : rc;
}

static bool
may_open(const char *path, int flags)
{
	int kind = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL);

	if (path == NULL || (kind != SQLITE_OPEN_MAIN_DB && kind != SQLITE_OPEN_WAL) ||
	    (flags & (SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TRANSIENT_DB |
	                 SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_TEMP_JOURNAL |
	                 SQLITE_OPEN_SUBJOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0)
		return false;
	/* These make SQLite read without locks or without the WAL. */
	return kind == SQLITE_OPEN_WAL || (!sqlite3_uri_boolean(path, "nolock", 0) &&
	                                      !sqlite3_uri_boolean(path, "immutable", 0));
}

static int
open_file(sqlite3_vfs *base, const char *path, sqlite3_file *out, int flags, int *out_flags)
{
	struct vfs *vfs = (struct vfs *)base;
	struct vfs_file *file = (struct vfs_file *)out;
	int rc;

	memset(file, 0, sizeof(*file));
	if (!may_open(path, flags))
		return SQLITE_CANTOPEN;
	file->vfs = vfs;
	file->lower = (sqlite3_file *)(file + 1);
	file->run.piece_bytes = flags & SQLITE_OPEN_MAIN_DB ? VFS_PAGE : DISK_FRAME;
	file->run.head = flags & SQLITE_OPEN_MAIN_DB ? 0 : DISK_HEADER;
	memset(file->lower, 0, (size_t)vfs->lower->szOsFile);
	file->unsynced = true; /* what an earlier handle wrote */
	sqlite3_mutex_enter(names_mutex());
	vfs->open_files++;
	sqlite3_mutex_leave(names_mutex());
	rc = vfs->lower->xOpen(vfs->lower, path, file->lower, flags, out_flags);
	if (rc == SQLITE_OK)
		rc = check_not_emptied(file, flags);
	if (rc != SQLITE_OK) {
		(void)vfs_close_lower(file);
		return rc;
	}
	file->base.pMethods = flags & SQLITE_OPEN_MAIN_DB ? &vfs_db_methods : &vfs_wal_methods;
	return SQLITE_OK;
}

static int
delete_file(sqlite3_vfs *base, const char *path, int sync_dir)
{
	return lower_of(base)->xDelete(lower_of(base), path, sync_dir);
}

static int
access_file(sqlite3_vfs *base, const char *path, int flags, int *result)
{
	return lower_of(base)->xAccess(lower_of(base), path, flags, result);
}

static int
full_path(sqlite3_vfs *base, const char *path, int bytes, char *out)
{
	return lower_of(base)->xFullPathname(lower_of(base), path, bytes, out);
}

/* No extension is ever loaded through this VFS. */
static void *
dl_open(sqlite3_vfs *base, const char *path)
{
	(void)base, (void)path;
	return NULL;
}

static void
dl_error(sqlite3_vfs *base, int bytes, char *out)
{
	(void)base;
	sqlite3_snprintf(bytes, out, "extensions are off");
}

static void (*dl_symbol(sqlite3_vfs *base, void *handle, const char *name))(void)
{
	(void)base, (void)handle, (void)name;
	return NULL;
}

static void
dl_close(sqlite3_vfs *base, void *handle)
{
	(void)base, (void)handle;
}

/* SQLite seeds its generator with this: the WAL's salts come from it. */
static int
randomness(sqlite3_vfs *base, int bytes, char *out)
{
	(void)base;
	prim_random(out, (size_t)bytes);
	return bytes;
}

static int
sleep_us(sqlite3_vfs *base, int microseconds)
{
	return lower_of(base)->xSleep(lower_of(base), microseconds);
}

static int
current_time(sqlite3_vfs *base, double *out)
{
	return lower_of(base)->xCurrentTime(lower_of(base), out);
}

static int
last_error(sqlite3_vfs *base, int bytes, char *out)
{
	return lower_of(base)->xGetLastError != NULL
	           ? lower_of(base)->xGetLastError(lower_of(base), bytes, out)
	           : 0;
}

static int
current_time_ms(sqlite3_vfs *base, sqlite3_int64 *out)
{
	return lower_of(base)->xCurrentTimeInt64(lower_of(base), out);
}

static void
vfs_free(struct vfs *vfs)
{
	if (vfs == NULL)
		return;
	prim_guarded_free(vfs->keys); /* wipes */
	sqlite3_free(vfs);
}

static struct vfs *
vfs_new(const char *name, sqlite3_vfs *lower)
{
	size_t name_bytes = strlen(name) + 1;
	struct vfs *vfs = sqlite3_malloc64(sizeof(*vfs) + name_bytes);

	if (vfs == NULL)
		return NULL;
	memset(vfs, 0, sizeof(*vfs));
	memcpy(vfs + 1, name, name_bytes);
	vfs->lower = lower;
	vfs->base = (sqlite3_vfs){
	    .iVersion = lower->iVersion >= 2 && lower->xCurrentTimeInt64 != NULL ? 2 : 1,
	    .szOsFile = (int)sizeof(struct vfs_file) + lower->szOsFile,
	    .mxPathname = lower->mxPathname,
	    .zName = (const char *)(vfs + 1),
	    .xOpen = open_file,
	    .xDelete = delete_file,
	    .xAccess = access_file,
	    .xFullPathname = full_path,
	    .xDlOpen = dl_open,
	    .xDlError = dl_error,
	    .xDlSym = dl_symbol,
	    .xDlClose = dl_close,
	    .xRandomness = randomness,
	    .xSleep = sleep_us,
	    .xCurrentTime = current_time,
	    .xGetLastError = last_error,
	    .xCurrentTimeInt64 = current_time_ms,
	};
	vfs->keys = prim_guarded(sizeof(*vfs->keys));
	if (vfs->keys == NULL) {
		vfs_free(vfs);
		return NULL;
	}
	return vfs;
}

/* Where the one of this name hangs in the list, or the list's end. */
static struct vfs **
find(const char *name)
{
	struct vfs **link = &registered;

	while (*link != NULL && strcmp((*link)->base.zName, name) != 0)
		link = &(*link)->next;
	return link;
}

bool
vfs_is_sealed(const sqlite3_vfs *vfs)
{
	return vfs->xOpen == open_file;
}

/* With the mutex held. */
static int
register_locked(struct vfs **link, const char *name, const char *lower_name)
{
	sqlite3_vfs *lower = sqlite3_vfs_find(lower_name);
	struct vfs *vfs;
	int rc;

	if (lower == NULL || vfs_is_sealed(lower))
		return SQLITE_ERROR;
	if (sqlite3_vfs_find(name) != NULL)
		return SQLITE_MISUSE; /* somebody else's name */
	vfs = vfs_new(name, lower);
	if (vfs == NULL)
		return SQLITE_NOMEM;
	rc = sqlite3_vfs_register(&vfs->base, 0);
	if (rc != SQLITE_OK) {
		vfs_free(vfs);
		return rc;
	}
	*link = vfs;
	return SQLITE_OK;
}

int
pmjvfs_register(const char *name, const char *lower, const uint8_t key[PMJVFS_KEY_BYTES],
    const uint8_t file_id[PMJVFS_FILE_ID_BYTES])
{
	struct vfs **link;
	int rc = sqlite3_initialize();

	/* SQLite aligns files to 8 bytes, no more. */
	_Static_assert(sizeof(struct vfs_file) % 8 == 0, "the lower file follows");
	if (rc != SQLITE_OK)
		return rc;
	prim_start();
	sqlite3_mutex_enter(names_mutex());
	link = find(name);
	if (*link == NULL)
		rc = register_locked(link, name, lower);
	else if ((*link)->open_files > 0)
		rc = SQLITE_BUSY;
	if (rc == SQLITE_OK) {
		memcpy((*link)->file_id, file_id, PMJVFS_FILE_ID_BYTES);
		vfs_derive((*link)->keys, key, file_id);
	}
	sqlite3_mutex_leave(names_mutex());
	return rc;
}

int
pmjvfs_unregister(const char *name)
{
	struct vfs **link;
	struct vfs *gone = NULL;
	int rc = SQLITE_NOTFOUND;

	sqlite3_mutex_enter(names_mutex());
	link = find(name);
	if (*link != NULL)
		rc = (*link)->open_files > 0 ? SQLITE_BUSY : sqlite3_vfs_unregister(&(*link)->base);
	if (rc == SQLITE_OK) {
		gone = *link;
		*link = gone->next;
	}
	sqlite3_mutex_leave(names_mutex());
	vfs_free(gone);
	return rc;
}
