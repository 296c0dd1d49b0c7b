#include "lower_disk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INODES_MAX 24
#define NAMES_MAX 8
#define FOLDER_OPS_MAX 64
#define NAME_BYTES 32

struct bytes {
	uint8_t *at;
	size_t count, room;
};

struct pending {
	bool truncate;
	sqlite3_int64 offset; /* of a write, or the new size */
	size_t len;
	size_t data; /* in the inode's arena */
};

struct inode {
	bool used;
	int opened;
	struct bytes now;  /* as the living see it */
	struct bytes safe; /* as it is on the disk for certain */
	struct bytes arena;
	struct pending *ops; /* between the two, in order */
	size_t op_count, op_room;
};

struct name {
	char text[NAME_BYTES]; /* "" is free */
	int inode;
};

struct folder_op {
	char gone[NAME_BYTES]; /* a name that goes, or "" */
	struct name come;      /* one that comes, or "" */
};

struct disk {
	sqlite3_vfs vfs;
	struct inode inodes[INODES_MAX];
	struct name now[NAMES_MAX];
	struct name safe[NAMES_MAX];
	struct folder_op ops[FOLDER_OPS_MAX];
	size_t op_count;
	disk_hook *hook;
	void *hook_arg;
	int fail_in;
	int fail_rc;
	enum disk_op failed_op;
	bool failed, frozen;
	struct rng rng; /* what a failing call leaves behind */
};

struct disk_file {
	sqlite3_file base;
	struct disk *disk;
	struct inode *inode;
	bool sync_folder; /* unix syncs the folder at the first sync of a new WAL */
};

uint64_t
rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t
rng_below(struct rng *rng, uint32_t below)
{
	return (uint32_t)(rng_next(rng) >> 32) % below;
}

static void *
room_for(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (p == NULL)
		abort();
	return p;
}

/* Make room; what is new there is zero. */
static void
bytes_room(struct bytes *b, size_t count)
{
	size_t room = b->room;

	if (count <= room)
		return;
	b->room = count * 2;
	b->at = room_for(b->at, b->room);
	memset(b->at + room, 0, b->room - room);
}

/* Everything past count is kept zero, so growing shows zeros. */
static void
bytes_resize(struct bytes *b, size_t count)
{
	bytes_room(b, count);
	if (count < b->count)
		memset(b->at + count, 0, b->count - count);
	b->count = count;
}

static void
bytes_copy(struct bytes *to, const struct bytes *from)
{
	bytes_resize(to, from->count);
	if (from->count > 0)
		memcpy(to->at, from->at, from->count);
}

static void
apply(struct bytes *b, const struct pending *op, const uint8_t *data)
{
	size_t offset = (size_t)op->offset;

	if (op->truncate) {
		bytes_resize(b, offset);
		return;
	}
	if (offset + op->len > b->count)
		bytes_resize(b, offset + op->len);
	memcpy(b->at + offset, data, op->len);
}

static void
pend(struct inode *inode, struct pending op, const void *data)
{
	if (inode->op_count == inode->op_room) {
		inode->op_room = inode->op_room * 2 + 16;
		inode->ops = room_for(inode->ops, inode->op_room * sizeof(*inode->ops));
	}
	op.data = inode->arena.count;
	bytes_room(&inode->arena, inode->arena.count + op.len + 1); /* never NULL */
	if (op.len > 0)
		memcpy(inode->arena.at + op.data, data, op.len);
	inode->arena.count += op.len;
	inode->ops[inode->op_count++] = op;
	apply(&inode->now, &op, inode->arena.at + op.data);
}

static void
settle(struct inode *inode)
{
	for (size_t i = 0; i < inode->op_count; i++)
		apply(&inode->safe, &inode->ops[i], inode->arena.at + inode->ops[i].data);
	inode->op_count = 0;
	inode->arena.count = 0;
}

static bool
arrives(const struct disk_cut *how)
{
	return rng_below(how->rng, 256) < how->keep_of_256;
}

/* Lay what arrived of one write over b, sector by sector; size apart. */
static void
apply_torn(
    struct bytes *b, const struct pending *op, const uint8_t *data, const struct disk_cut *how)
{
	size_t at = (size_t)op->offset;
	size_t end = at + op->len;

	bytes_room(b, end);
	while (at < end) {
		size_t stop = (at / DISK_SECTOR + 1) * DISK_SECTOR;
		size_t len = (stop < end ? stop : end) - at;

		if (how->tear && rng_below(how->rng, 16) == 0)
			memcpy(b->at + at, data, rng_below(how->rng, (uint32_t)len + 1));
		else if (arrives(how))
			memcpy(b->at + at, data, len);
		at += len;
		data += len;
	}
	if (end > b->count && arrives(how))
		b->count = end;
}

/* What a cut makes of `safe` and the pending. */
static void
survive(struct bytes *out, const struct inode *inode, const struct disk_cut *how)
{
	size_t most;

	bytes_copy(out, &inode->safe);
	most = out->count;
	for (size_t i = 0; i < inode->op_count; i++) {
		const struct pending *op = &inode->ops[i];

		if (!op->truncate)
			apply_torn(out, op, inode->arena.at + op->data, how);
		else if (arrives(how))
			bytes_resize(out, (size_t)op->offset);
		if (!op->truncate && (size_t)op->offset + op->len > most)
			most = (size_t)op->offset + op->len;
	}
	if (most > out->count) /* pieces that arrived behind a size that did not */
		memset(out->at + out->count, 0, most - out->count);
}

/* Names. */

static struct name *
look_up(struct name *names, const char *text)
{
	for (size_t i = 0; i < NAMES_MAX; i++)
		if (strcmp(names[i].text, text) == 0)
			return &names[i];
	return NULL;
}

static void
apply_folder(struct name *names, const struct folder_op *op)
{
	struct name *slot;

	if (op->gone[0] != '\0' && (slot = look_up(names, op->gone)) != NULL)
		slot->text[0] = '\0';
	if (op->come.text[0] == '\0')
		return;
	slot = look_up(names, op->come.text);
	if (slot == NULL)
		slot = look_up(names, "");
	assert(slot != NULL);
	*slot = op->come;
}

static void
pend_folder(struct disk *disk, const char *gone, const char *come, int inode)
{
	struct folder_op *op;

	assert(disk->op_count < FOLDER_OPS_MAX);
	op = &disk->ops[disk->op_count++];
	memset(op, 0, sizeof(*op));
	(void)snprintf(op->gone, sizeof(op->gone), "%s", gone);
	(void)snprintf(op->come.text, sizeof(op->come.text), "%s", come);
	op->come.inode = inode;
	apply_folder(disk->now, op);
}

static bool
named(const struct disk *disk, int inode)
{
	for (size_t i = 0; i < NAMES_MAX; i++)
		if ((disk->now[i].text[0] != '\0' && disk->now[i].inode == inode) ||
		    (disk->safe[i].text[0] != '\0' && disk->safe[i].inode == inode))
			return true;
	for (size_t i = 0; i < disk->op_count; i++)
		if (disk->ops[i].come.text[0] != '\0' && disk->ops[i].come.inode == inode)
			return true;
	return false;
}

static void
inode_clear(struct inode *inode)
{
	bytes_resize(&inode->now, 0);
	bytes_resize(&inode->safe, 0);
	inode->arena.count = 0;
	inode->op_count = 0;
	inode->used = false;
}

static int
inode_new(struct disk *disk)
{
	for (int i = 0; i < INODES_MAX; i++) {
		struct inode *inode = &disk->inodes[i];

		if (inode->used && (inode->opened > 0 || named(disk, i)))
			continue;
		inode_clear(inode);
		inode->used = true;
		return i;
	}
	abort();
}

bool
disk_has(const struct disk *disk, const char *name)
{
	return look_up((struct name *)disk->now, name) != NULL;
}

void
disk_rename(struct disk *disk, const char *from, const char *to)
{
	struct name *name = look_up(disk->now, from);

	assert(name != NULL);
	pend_folder(disk, from, to, name->inode);
	if (disk->hook != NULL)
		disk->hook(disk->hook_arg, disk, DISK_DELETE);
}

static void
settle_folder(struct disk *disk)
{
	for (size_t i = 0; i < disk->op_count; i++)
		apply_folder(disk->safe, &disk->ops[i]);
	disk->op_count = 0;
}

void
disk_sync_folder(struct disk *disk)
{
	if (disk->hook != NULL)
		disk->hook(disk->hook_arg, disk, DISK_SYNC);
	settle_folder(disk);
}

/* Faults and hooks. True when this call must fail. */
static bool
fails(struct disk *disk, enum disk_op op)
{
	if (disk->frozen)
		return true;
	if (disk->fail_in < 0 || disk->fail_in-- > 0)
		return false;
	disk->failed = true;
	disk->failed_op = op;
	return true;
}

static int
failure(const struct disk *disk, enum disk_op op)
{
	if (disk->frozen)
		return SQLITE_IOERR;
	if (op == DISK_SYNC)
		return SQLITE_IOERR_FSYNC;
	if (op == DISK_OPEN)
		return SQLITE_CANTOPEN;
	return disk->fail_rc == SQLITE_FULL && op != DISK_WRITE ? SQLITE_IOERR : disk->fail_rc;
}

static void
watch(struct disk *disk, enum disk_op op)
{
	if (disk->hook != NULL)
		disk->hook(disk->hook_arg, disk, op);
}

/* The file methods. */

static int
file_close(sqlite3_file *base)
{
	struct disk_file *file = (struct disk_file *)base;

	file->inode->opened--;
	return SQLITE_OK;
}

static int
file_read(sqlite3_file *base, void *out, int bytes, sqlite3_int64 offset)
{
	struct disk_file *file = (struct disk_file *)base;
	const struct bytes *now = &file->inode->now;
	size_t at = (size_t)offset;
	size_t len = (size_t)bytes;
	size_t there = at >= now->count ? 0 : now->count - at;

	if (fails(file->disk, DISK_READ))
		return failure(file->disk, DISK_READ);
	if (there > len)
		there = len;
	if (there > 0)
		memcpy(out, now->at + at, there);
	memset((uint8_t *)out + there, 0, len - there);
	return there < len ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int
file_write(sqlite3_file *base, const void *in, int bytes, sqlite3_int64 offset)
{
	struct disk_file *file = (struct disk_file *)base;
	struct pending op = {.offset = offset, .len = (size_t)bytes};

	if (fails(file->disk, DISK_WRITE)) {
		if (!file->disk->frozen) {
			op.len = rng_below(&file->disk->rng, (uint32_t)bytes);
			pend(file->inode, op, in);
		}
		return failure(file->disk, DISK_WRITE);
	}
	pend(file->inode, op, in);
	watch(file->disk, DISK_WRITE);
	return SQLITE_OK;
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct disk_file *file = (struct disk_file *)base;

	if (fails(file->disk, DISK_TRUNCATE))
		return failure(file->disk, DISK_TRUNCATE);
	pend(file->inode, (struct pending){.truncate = true, .offset = size}, NULL);
	watch(file->disk, DISK_TRUNCATE);
	return SQLITE_OK;
}

/* A failed fsync leaves an unknown part on the disk and forgets the rest: a second one would not
 * write it. */
static void
sync_in_part(struct disk *disk, struct inode *inode)
{
	struct disk_cut how = {.rng = &disk->rng, .keep_of_256 = 128};
	struct bytes left = {0};

	survive(&left, inode, &how);
	bytes_copy(&inode->safe, &left);
	free(left.at);
	inode->op_count = 0;
	inode->arena.count = 0;
}

static int
file_sync(sqlite3_file *base, int flags)
{
	struct disk_file *file = (struct disk_file *)base;

	(void)flags;
	if (fails(file->disk, DISK_SYNC)) {
		if (!file->disk->frozen)
			sync_in_part(file->disk, file->inode);
		return failure(file->disk, DISK_SYNC);
	}
	watch(file->disk, DISK_SYNC);
	settle(file->inode);
	if (file->sync_folder)
		settle_folder(file->disk);
	file->sync_folder = false;
	return SQLITE_OK;
}

static int
file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	struct disk_file *file = (struct disk_file *)base;

	if (fails(file->disk, DISK_SIZE))
		return failure(file->disk, DISK_SIZE);
	*size = (sqlite3_int64)file->inode->now.count;
	return SQLITE_OK;
}

/* One connection at a time: nobody to lock out. */
static int
file_lock(sqlite3_file *base, int level)
{
	(void)base, (void)level;
	return SQLITE_OK;
}

static int
file_check_reserved(sqlite3_file *base, int *held)
{
	(void)base;
	*held = 0;
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *base, int op, void *arg)
{
	(void)base, (void)op, (void)arg;
	return SQLITE_NOTFOUND;
}

static int
file_sector(sqlite3_file *base)
{
	(void)base;
	return DISK_SECTOR;
}

/* More than the sealed VFS may pass on: it must not promise any of this to SQLite. */
static int
file_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SEQUENTIAL |
	       SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_BATCH_ATOMIC;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
};

/* The VFS methods. */

static int
vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags, int *out_flags)
{
	struct disk *disk = (struct disk *)vfs;
	struct disk_file *file = (struct disk_file *)out;
	struct name *name = look_up(disk->now, path);
	int inode;

	file->base.pMethods = NULL;
	if (fails(disk, DISK_OPEN))
		return failure(disk, DISK_OPEN);
	if (name == NULL ? (flags & SQLITE_OPEN_CREATE) == 0 : (flags & SQLITE_OPEN_EXCLUSIVE) != 0)
		return SQLITE_CANTOPEN;
	if (name == NULL) {
		inode = inode_new(disk);
		pend_folder(disk, "", path, inode);
		name = look_up(disk->now, path);
	}
	file->disk = disk;
	file->inode = &disk->inodes[name->inode];
	file->inode->opened++;
	file->sync_folder = (flags & SQLITE_OPEN_WAL) != 0 && (flags & SQLITE_OPEN_CREATE) != 0;
	file->base.pMethods = &file_methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
	struct disk *disk = (struct disk *)vfs;

	if (fails(disk, DISK_DELETE))
		return SQLITE_IOERR_DELETE;
	if (!disk_has(disk, path))
		return SQLITE_IOERR_DELETE_NOENT;
	pend_folder(disk, path, "", 0);
	watch(disk, DISK_DELETE);
	if (sync_folder)
		settle_folder(disk);
	return SQLITE_OK;
}

static int
vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
	struct disk *disk = (struct disk *)vfs;
	struct name *name = look_up(disk->now, path);

	/* As unix: an empty file does not exist for SQLITE_ACCESS_EXISTS. */
	*result = name != NULL &&
	          (flags != SQLITE_ACCESS_EXISTS || disk->inodes[name->inode].now.count > 0);
	return SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *vfs, const char *path, int bytes, char *out)
{
	(void)vfs;
	sqlite3_snprintf(bytes, out, "%s", path);
	return SQLITE_OK;
}

static int
vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int
vfs_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = 212000000000000; /* always the same day */
	return SQLITE_OK;
}

static int
vfs_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	*out = 212000000000000.0 / 86400000.0;
	return SQLITE_OK;
}

static int
vfs_randomness(sqlite3_vfs *vfs, int bytes, char *out)
{
	(void)vfs;
	memset(out, 0, (size_t)bytes);
	return bytes;
}

struct disk *
disk_new(const char *vfs_name)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	if (disk == NULL)
		abort();
	disk->fail_in = -1;
	disk->vfs = (sqlite3_vfs){
	    .iVersion = 2,
	    .szOsFile = sizeof(struct disk_file),
	    .mxPathname = NAME_BYTES - 1,
	    .zName = vfs_name,
	    .xOpen = vfs_open,
	    .xDelete = vfs_delete,
	    .xAccess = vfs_access,
	    .xFullPathname = vfs_full_path,
	    .xRandomness = vfs_randomness,
	    .xSleep = vfs_sleep,
	    .xCurrentTime = vfs_time,
	    .xCurrentTimeInt64 = vfs_time_ms,
	};
	if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK)
		abort();
	return disk;
}

void
disk_free(struct disk *disk)
{
	if (disk == NULL)
		return;
	(void)sqlite3_vfs_unregister(&disk->vfs);
	for (size_t i = 0; i < INODES_MAX; i++) {
		free(disk->inodes[i].now.at);
		free(disk->inodes[i].safe.at);
		free(disk->inodes[i].arena.at);
		free(disk->inodes[i].ops);
	}
	free(disk);
}

void
disk_clear(struct disk *disk)
{
	for (size_t i = 0; i < INODES_MAX; i++) {
		assert(disk->inodes[i].opened == 0);
		if (disk->inodes[i].used)
			inode_clear(&disk->inodes[i]);
	}
	memset(disk->now, 0, sizeof(disk->now));
	memset(disk->safe, 0, sizeof(disk->safe));
	disk->op_count = 0;
	disk->fail_in = -1;
	disk->failed = false;
	disk->frozen = false;
}

void
disk_watch(struct disk *disk, disk_hook *hook, void *arg)
{
	disk->hook = hook;
	disk->hook_arg = arg;
}

void
disk_fail(struct disk *disk, int call, int rc)
{
	disk->fail_in = call;
	disk->fail_rc = rc;
	disk->failed = false;
	disk->rng.state = (uint64_t)call;
}

bool
disk_failed(const struct disk *disk, enum disk_op *op)
{
	if (disk->failed && op != NULL)
		*op = disk->failed_op;
	return disk->failed;
}

void
disk_freeze(struct disk *disk, bool frozen)
{
	disk->frozen = frozen;
}

void
disk_cut(struct disk *to, const struct disk *from, const struct disk_cut *how)
{
	disk_clear(to);
	memcpy(to->safe, from->safe, sizeof(to->safe));
	for (size_t i = 0; i < from->op_count; i++)
		if (arrives(how))
			apply_folder(to->safe, &from->ops[i]);
	memcpy(to->now, to->safe, sizeof(to->now));
	for (int i = 0; i < INODES_MAX; i++) {
		struct inode *inode = &to->inodes[i];

		if (!from->inodes[i].used || !named(to, i))
			continue;
		inode->used = true;
		survive(&inode->safe, &from->inodes[i], how);
		bytes_copy(&inode->now, &inode->safe);
	}
}

void
disk_settle(struct disk *disk, const char *name)
{
	struct name *found = look_up(disk->now, name);

	assert(found != NULL);
	settle_folder(disk);
	settle(&disk->inodes[found->inode]);
}

void
disk_put(struct disk *disk, const char *name, const uint8_t *bytes, size_t count)
{
	struct inode *inode;

	if (look_up(disk->now, name) == NULL)
		pend_folder(disk, "", name, inode_new(disk));
	disk_settle(disk, name);
	inode = &disk->inodes[look_up(disk->now, name)->inode];
	bytes_resize(&inode->now, count);
	if (count > 0)
		memcpy(inode->now.at, bytes, count);
	bytes_copy(&inode->safe, &inode->now);
}

size_t
disk_size(struct disk *disk, const char *name)
{
	struct name *found = look_up(disk->now, name);

	assert(found != NULL);
	return disk->inodes[found->inode].now.count;
}

void
disk_cut_short(struct disk *disk, const char *name, size_t count)
{
	struct name *found = look_up(disk->now, name);

	assert(found != NULL);
	disk->inodes[found->inode].now.count = count;
}

uint8_t *
disk_bytes(struct disk *disk, const char *name, size_t *count)
{
	struct name *found = look_up(disk->now, name);
	struct inode *inode;

	*count = 0;
	if (found == NULL)
		return NULL;
	inode = &disk->inodes[found->inode];
	assert(inode->op_count == 0);
	*count = inode->now.count;
	return inode->now.at;
}
