/* Journal and WAL as somebody else may have left them. The first byte chooses: 0 the rest is a WAL
 * beside a good journal, 1 the rest is a journal beside a good WAL, 2 edits of a good pair, 3 calls
 * on an open WAL compared with a model. What opens must be a state that once was; what reads must
 * be what was written. */
#include <stdlib.h>
#include <string.h>

#include "../simulation/lower_disk.h"
#include "pamoja/pmjvfs.h"
#include "store/vfs_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

#define NAME "journal"
#define LOG "journal-wal"
#define ROWS 5 /* transactions in the good WAL */
#define FRAMES 8
#define FRAME_AT(k) (32 + 4120 * (sqlite3_int64)(k))

static struct disk *disk;
static uint8_t *good[2]; /* journal, WAL */
static size_t good_bytes[2];
static const char *const names[2] = {NAME, LOG};

static sqlite3 *
open_prepared(int flags)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(NAME, &db, flags, "sealed") != SQLITE_OK ||
	    pmjvfs_prepare(db) != SQLITE_OK) {
		(void)sqlite3_close(db);
		return NULL;
	}
	return db;
}

/* A journal of one table, checkpointed, and a WAL of ROWS transactions after it. */
static void
make_good(void)
{
	static const uint8_t key[PMJVFS_KEY_BYTES] = {8};
	static const uint8_t file_id[PMJVFS_FILE_ID_BYTES] = {9};
	sqlite3 *db;

	disk = disk_new("disk");
	MUST(pmjvfs_register("sealed", "disk", key, file_id) == SQLITE_OK);
	db = open_prepared(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	MUST(
	    db != NULL && sqlite3_exec(db, "CREATE TABLE t (a, b)", NULL, NULL, NULL) == SQLITE_OK);
	MUST(pmjvfs_checkpoint(db) == SQLITE_OK);
	for (int i = 0; i < ROWS; i++)
		MUST(sqlite3_exec(db,
		         "INSERT INTO t SELECT count(*) + 1, printf('%.*c', 5000, char(97 + "
		         "count(*))) "
		         "FROM t",
		         NULL, NULL, NULL) == SQLITE_OK);
	disk_freeze(disk, true);
	(void)sqlite3_close(db);
	disk_freeze(disk, false);
	for (int i = 0; i < 2; i++) {
		const uint8_t *bytes;

		disk_settle(disk, names[i]);
		bytes = disk_bytes(disk, names[i], &good_bytes[i]);
		good[i] = malloc(good_bytes[i]);
		MUST(bytes != NULL && good[i] != NULL);
		memcpy(good[i], bytes, good_bytes[i]);
	}
}

/* Rows 1 to n, each as it was written, for some n; or nothing at all can be had. */
static void
check_state(void)
{
	sqlite3 *db = open_prepared(SQLITE_OPEN_READWRITE);
	sqlite3_stmt *statement = NULL;
	int n = 0;
	int rc;

	if (db == NULL)
		return;
	rc = sqlite3_prepare_v2(db, "SELECT a, b FROM t ORDER BY rowid", -1, &statement, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(statement, 1);

		if (text == NULL) /* the value's own pages are damaged */
			break;
		MUST(sqlite3_column_int(statement, 0) == n + 1);
		MUST(sqlite3_column_bytes(statement, 1) == 5000);
		for (int i = 0; i < 5000; i++)
			MUST(text[i] == 'a' + n);
		n++;
		rc = SQLITE_OK;
	}
	MUST(n <= ROWS);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
}

/* 6 bytes an edit: what, which file, where (of 65536 parts of it), with what. */
static void
edit(const uint8_t *at)
{
	const char *name = names[at[1] & 1];
	size_t piece = at[1] & 1 ? DISK_FRAME : VFS_PAGE;
	size_t head = at[1] & 1 ? DISK_HEADER : 0;
	size_t from = head + piece * (at[4] % 16);
	size_t to = head + piece * (at[5] % 16);
	size_t count, where;
	const uint8_t *now;
	uint8_t *bytes;

	disk_settle(disk, name);
	now = disk_bytes(disk, name, &count);
	where = count * (size_t)(at[2] << 8 | at[3]) / 65536 + (at[4] & 7);
	bytes = calloc(1, count + 256); /* room for a tail of zeros */
	MUST(now != NULL && bytes != NULL);
	memcpy(bytes, now, count);
	if (at[0] % 4 == 0 && where < count)
		bytes[where] ^= (uint8_t)(at[5] | 1);
	else if (at[0] % 4 == 1)
		count = where;
	else if (at[0] % 4 == 2 && from + piece <= count && to + piece <= count)
		memmove(bytes + to, bytes + from, piece);
	else if (at[0] % 4 == 3 && count < 1 << 20)
		count += at[5];
	disk_put(disk, name, bytes, count);
	free(bytes);
}

/* The WAL as a model sees it. */
struct model {
	struct {
		uint8_t header, page; /* the byte each is full of */
		bool there;
	} frames[FRAMES];
	unsigned count;
};

static int
wal_put(sqlite3_file *file, uint8_t fill, int len, sqlite3_int64 at)
{
	uint8_t bytes[VFS_PAGE];

	memset(bytes, fill, (size_t)len);
	return file->pMethods->xWrite(file, bytes, len, at);
}

static void
compare(sqlite3_file *file, const struct model *model)
{
	uint8_t frame[WAL_FRAME];
	sqlite3_int64 size;

	MUST(file->pMethods->xFileSize(file, &size) == SQLITE_OK);
	MUST(size == FRAME_AT(model->count));
	for (unsigned k = 0; k < model->count; k++) {
		MUST(file->pMethods->xRead(file, frame, WAL_FRAME, FRAME_AT(k)) == SQLITE_OK);
		for (size_t i = 0; i < WAL_FRAME; i++)
			MUST(frame[i] == (i < WAL_FRAME_HEADER ? model->frames[k].header
			                                       : model->frames[k].page));
	}
	for (unsigned k = 0; k < model->count; k++) { /* in order: read ahead */
		MUST(file->pMethods->xRead(file, frame, VFS_PAGE, FRAME_AT(k) + 24) == SQLITE_OK);
		for (size_t i = 0; i < VFS_PAGE; i++)
			MUST(frame[i] == model->frames[k].page);
	}
}

static sqlite3_file *
wal_open(sqlite3_filename name)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("sealed");
	sqlite3_file *file = malloc((size_t)vfs->szOsFile);

	MUST(file != NULL);
	MUST(vfs->xOpen(vfs, name, file,
	         SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK);
	return file;
}

/* A whole frame, at the end or over an old one. */
static void
put_frame(sqlite3_file *file, struct model *model, unsigned k, uint8_t header, uint8_t page)
{
	k = k > model->count ? model->count : k;
	MUST(wal_put(file, header, WAL_FRAME_HEADER, FRAME_AT(k)) == SQLITE_OK);
	MUST(wal_put(file, page, VFS_PAGE, FRAME_AT(k) + 24) == SQLITE_OK);
	model->frames[k].header = header;
	model->frames[k].page = page;
	model->count = k >= model->count ? k + 1 : model->count;
}

static void
wal_call(sqlite3_file *file, struct model *model, uint8_t what, uint8_t fill)
{
	unsigned k = (what >> 3) % FRAMES;

	switch (what & 7) {
	case 0:
		put_frame(file, model, k, fill, (uint8_t)~fill);
		break;
	case 1: /* zeros: not the last of its transaction, so it waits */
		put_frame(file, model, k, 0, (uint8_t)~fill);
		break;
	case 2:
		if (k < model->count) {
			MUST(wal_put(file, fill, VFS_PAGE, FRAME_AT(k) + 24) == SQLITE_OK);
			model->frames[k].page = fill;
		}
		break;
	case 3:
		if (k < model->count) {
			MUST(wal_put(file, fill, WAL_FRAME_HEADER, FRAME_AT(k)) == SQLITE_OK);
			model->frames[k].header = fill;
		}
		break;
	case 4:
		MUST(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK);
		break;
	case 5:
		MUST(wal_put(file, fill, WAL_HEADER, 0) == SQLITE_OK);
		model->count = 0;
		break;
	case 6:
		k = k > model->count ? model->count : k;
		MUST(file->pMethods->xTruncate(file, FRAME_AT(k)) == SQLITE_OK);
		model->count = k;
		break;
	default:
		compare(file, model);
		break;
	}
}

static void
play_calls(const uint8_t *bytes, size_t len)
{
	sqlite3_filename name = sqlite3_create_filename(LOG, "", "", 0, NULL);
	sqlite3_file *file = wal_open(name);
	uint8_t header[WAL_HEADER];
	struct model model = {0};

	MUST(wal_put(file, 's', WAL_HEADER, 0) == SQLITE_OK);
	for (size_t i = 0; i + 1 < len; i += 2)
		wal_call(file, &model, bytes[i], bytes[i + 1]);
	compare(file, &model);
	MUST(file->pMethods->xClose(file) == SQLITE_OK);
	free(file);
	file = wal_open(name); /* and all of it again, as recovery reads it */
	MUST(file->pMethods->xRead(file, header, WAL_HEADER, 0) == SQLITE_OK);
	compare(file, &model);
	MUST(file->pMethods->xClose(file) == SQLITE_OK);
	free(file);
	sqlite3_free_filename(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	unsigned how;

	if (disk == NULL)
		make_good();
	if (len < 1 || len > 1 << 16)
		return 0;
	how = bytes[0] % 4;
	bytes++;
	len--;
	disk_clear(disk);
	if (how == 3) {
		play_calls(bytes, len < 400 ? len : 400);
		return 0;
	}
	disk_put(disk, NAME, how == 1 ? bytes : good[0], how == 1 ? len : good_bytes[0]);
	disk_put(disk, LOG, how == 0 ? bytes : good[1], how == 0 ? len : good_bytes[1]);
	for (size_t i = 0; how == 2 && i + 6 <= len && i < 60; i += 6)
		edit(bytes + i);
	check_state();
	return 0;
}
