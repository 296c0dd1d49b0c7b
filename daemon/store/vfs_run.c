/* vfs_run.c - neighbours on the disk, sealed, that go out in one write or come in with one read: a
 * call to the kernel costs as much as a fifth of a page's sealing. */
#include <assert.h>

#include "store/vfs_file.h"

static sqlite3_int64
piece_at(const struct vfs_run *run, uint32_t i)
{
	return run->head + (sqlite3_int64)i * run->piece_bytes;
}

static uint8_t *
piece(const struct vfs_run *run, uint32_t i)
{
	return run->bytes + (size_t)(i - run->at) * (size_t)run->piece_bytes;
}

static bool
holds(const struct vfs_run *run, uint32_t i)
{
	return i >= run->at && i - run->at < run->count;
}

static bool
run_has_room(struct vfs_run *run)
{
	if (run->bytes == NULL)
		run->bytes = sqlite3_malloc(VFS_RUN_PIECES * run->piece_bytes);
	return run->bytes != NULL;
}

bool
vfs_run_takes(const struct vfs_file *file, uint32_t i)
{
	const struct vfs_run *run = &file->run;

	return !run->unwritten || holds(run, i) || i == run->at + run->count;
}

uint8_t *
vfs_run_slot(struct vfs_file *file, uint32_t i)
{
	struct vfs_run *run = &file->run;

	assert(vfs_run_takes(file, i) && !vfs_run_full(file));
	if (!run_has_room(run))
		return NULL;
	if (!run->unwritten) {
		run->at = i;
		run->count = 0;
		run->unwritten = true;
	}
	if (!holds(run, i))
		run->count++;
	return piece(run, i);
}

uint8_t *
vfs_run_waiting(struct vfs_file *file, uint32_t i)
{
	struct vfs_run *run = &file->run;

	return run->unwritten && holds(run, i) ? piece(run, i) : NULL;
}

bool
vfs_run_full(const struct vfs_file *file)
{
	return file->run.unwritten && file->run.count == VFS_RUN_PIECES;
}

int
vfs_run_write(struct vfs_file *file)
{
	struct vfs_run *run = &file->run;
	int rc;

	if (!run->unwritten)
		return SQLITE_OK;
	rc = vfs_lower_write(
	    file, run->bytes, (int)run->count * run->piece_bytes, piece_at(run, run->at));
	if (rc == SQLITE_OK)
		vfs_run_drop(file);
	return rc;
}

void
vfs_run_drop(struct vfs_file *file)
{
	file->run.unwritten = false;
	file->run.count = 0;
}

/* Pieces i and after it, as many as there are. Too few, or an error on a later one: the reader of i
 * goes alone. */
static bool
read_on(struct vfs_file *file, uint32_t i)
{
	struct vfs_run *run = &file->run;
	sqlite3_int64 size = 0;
	sqlite3_int64 count;

	run->count = 0;
	if (!run_has_room(run) || vfs_lower_size(file, &size) != SQLITE_OK)
		return false;
	count = (size - piece_at(run, i)) / run->piece_bytes;
	if (count > VFS_RUN_PIECES)
		count = VFS_RUN_PIECES;
	if (count < 2 || vfs_lower_read(file, run->bytes, (int)count * run->piece_bytes,
	                     piece_at(run, i)) != SQLITE_OK)
		return false;
	run->at = i;
	run->count = (uint32_t)count;
	return true;
}

const uint8_t *
vfs_run_read(struct vfs_file *file, uint32_t i)
{
	struct vfs_run *run = &file->run;

	if (run->unwritten)
		return NULL;
	run->in_order = i == run->read_next ? run->in_order + 1 : 0;
	run->read_next = i + 1;
	if (!holds(run, i) && (run->in_order < VFS_RUN_STARTS || !read_on(file, i)))
		return NULL;
	return piece(run, i);
}

void
vfs_run_close(struct vfs_file *file)
{
	sqlite3_free(file->run.bytes);
	file->run.bytes = NULL;
	vfs_run_drop(file);
}
