/* vfs_file.c - what an open file of the sealed VFS does whichever of the two it is: syncs, nonces,
 * and the methods that only pass on, or refuse. */
#include "store/vfs_file.h"

#include <string.h>

int
vfs_sync_lower(struct vfs_file *file, int flags)
{
	int rc;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	vfs_nonces_drop(file);
	if (!file->unsynced)
		return SQLITE_OK;
	rc = file->lower->pMethods->xSync(file->lower, flags);
	file->unsynced = rc != SQLITE_OK;
	/* The kernel reports lost pages once and then forgets them: a second sync would lie. */
	if (rc != SQLITE_OK && VFS_RULE(VFS_RULE_FINAL_FSYNC))
		file->dead = true;
	return rc;
}

void
vfs_nonce(struct vfs_file *file, uint8_t out[static PRIM_NONCE_BYTES])
{
	struct vfs_nonces *nonces = &file->nonces;

	if (nonces->left == 0) {
		prim_random(nonces->bytes, sizeof(nonces->bytes));
		nonces->left = VFS_NONCES;
	}
	memcpy(out, nonces->bytes + --nonces->left * PRIM_NONCE_BYTES, PRIM_NONCE_BYTES);
}

void
vfs_nonces_drop(struct vfs_file *file)
{
	file->nonces.left = 0;
}

int
vfs_lock(sqlite3_file *base, int level)
{
	sqlite3_file *lower = ((struct vfs_file *)base)->lower;

	return lower->pMethods->xLock(lower, level);
}

int
vfs_unlock(sqlite3_file *base, int level)
{
	sqlite3_file *lower = ((struct vfs_file *)base)->lower;

	return lower->pMethods->xUnlock(lower, level);
}

int
vfs_check_reserved(sqlite3_file *base, int *held)
{
	sqlite3_file *lower = ((struct vfs_file *)base)->lower;

	return lower->pMethods->xCheckReservedLock(lower, held);
}

/* Only what is known to be harmless goes down. Growing in chunks and mapping would go round the
 * seal. */
int
vfs_control(sqlite3_file *base, int op, void *arg)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc;

	switch (op) {
	case SQLITE_FCNTL_SIZE_HINT:
	case SQLITE_FCNTL_CHUNK_SIZE:
		return SQLITE_OK;
	case SQLITE_FCNTL_MMAP_SIZE:
		*(sqlite3_int64 *)arg = 0;
		return SQLITE_OK;
	case SQLITE_FCNTL_POWERSAFE_OVERWRITE:
		*(int *)arg = 1;
		return SQLITE_OK;
	case SQLITE_FCNTL_VFSNAME:
		rc = file->lower->pMethods->xFileControl(file->lower, op, arg);
		if (rc == SQLITE_OK)
			*(char **)arg =
			    sqlite3_mprintf("%s/%z", file->vfs->base.zName, *(char **)arg);
		else
			*(char **)arg = sqlite3_mprintf("%s", file->vfs->base.zName);
		return SQLITE_OK;
	case SQLITE_FCNTL_SYNC:
	case SQLITE_FCNTL_SYNC_OMITTED:
	case SQLITE_FCNTL_COMMIT_PHASETWO:
	case SQLITE_FCNTL_CKPT_START:
	case SQLITE_FCNTL_CKPT_DONE:
	case SQLITE_FCNTL_HAS_MOVED:
	case SQLITE_FCNTL_PERSIST_WAL:
	case SQLITE_FCNTL_LOCKSTATE:
	case SQLITE_FCNTL_LAST_ERRNO:
		return file->lower->pMethods->xFileControl(file->lower, op, arg);
	default:
		return SQLITE_NOTFOUND;
	}
}

int
vfs_sector_bytes(sqlite3_file *base)
{
	sqlite3_file *lower = ((struct vfs_file *)base)->lower;

	return lower->pMethods->xSectorSize != NULL ? lower->pMethods->xSectorSize(lower)
	                                            : VFS_PAGE;
}

int
vfs_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* The shared-memory file would hold page numbers and a checksum of plaintext: there is none. */
int
vfs_shm_map(sqlite3_file *base, int page, int bytes, int extend, void volatile **out)
{
	(void)base, (void)page, (void)bytes, (void)extend;
	*out = NULL;
	return SQLITE_IOERR;
}

int
vfs_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
	(void)base, (void)offset, (void)count, (void)flags;
	return SQLITE_IOERR;
}

void
vfs_shm_barrier(sqlite3_file *base)
{
	(void)base;
}

int
vfs_shm_unmap(sqlite3_file *base, int remove)
{
	(void)base, (void)remove;
	return SQLITE_OK;
}
