/* fixture_store.h - real sealed journals in a folder of their own, and lines to put into them. */
#ifndef TESTS_FIXTURE_STORE_H
#define TESTS_FIXTURE_STORE_H
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "check.h"
#include "crypto/prim.h"
#include "entries.h"
#include "place.h"
#include "store/records.h"

struct store {
	char dir[64];
	struct ring *ring;
	struct kinds kinds;
	struct journal *journal;
	struct journal_setup setup;
};

static const uint8_t store_uuid[16] = {0xc3, 1, 2, 3};

static inline void
store_start_with(struct store *store, const char *kinds_dir)
{
	struct pmj_error err;

	memset(store, 0, sizeof(*store));
	prim_start();
	(void)snprintf(store->dir, sizeof(store->dir), "%s/pamoja-store-XXXXXX", place_for_tests());
	assert_non_null(mkdtemp(store->dir));
	check_ok(ring_new(&store->ring, false, 1700000000000, &err), &err);
	check_ok(kinds_read(&store->kinds, &os_real, kinds_dir, &err), &err);
	store->setup = (struct journal_setup){.os = &os_real,
	    .home = store->dir,
	    .ring = store->ring,
	    .store_uuid = store_uuid,
	    .kinds = &store->kinds};
	check_ok(journal_create(&store->journal, &store->setup, &err), &err);
}

static inline void
store_start(struct store *store)
{
	store_start_with(store, TESTS_DIR "/../conf/kinds");
}

static inline void
store_reopen(struct store *store)
{
	struct pmj_error err;

	journal_close(store->journal);
	store->journal = NULL;
	check_ok(journal_open(&store->journal, &store->setup, &err), &err);
}

static inline int
store_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
store_end(struct store *store)
{
	journal_close(store->journal);
	kinds_close(&store->kinds);
	ring_free(store->ring);
	(void)nftw(store->dir, store_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A line as a device writes it. set, was: JSON text or NULL. */
struct store_line {
	struct buf bytes;
	struct entry entry;
};

static inline void
store_line(struct store_line *out, const char *kind, const uint8_t *rec, uint8_t device, int64_t pt,
    json_t *set, json_t *was, const char *verb)
{
	uint8_t by[PMJ_DEVICE_BYTES], e[PMJ_ENTRY_BYTES];
	struct line_draft draft = {.kind = kind,
	    .kv = 1,
	    .rec = rec,
	    .by = by,
	    .pt = pt,
	    .set = set,
	    .was = was,
	    .verb = verb};
	struct pmj_error err;

	memset(by, device, sizeof(by));
	prim_random(draft.n, sizeof(draft.n));
	buf_init(&out->bytes, PMJ_LINE_MAX);
	line_write(&out->bytes, &draft);
	prim_hash(e, "pmj entry v1", PRIM_PARTS({out->bytes.bytes, out->bytes.len}));
	check_ok(line_read(&out->entry, buf_text(&out->bytes), out->bytes.len, e, &err), &err);
	json_decref(set);
	json_decref(was);
}

static inline void
store_line_close(struct store_line *line)
{
	entry_close(&line->entry);
	buf_close(&line->bytes);
}

/* Append inside a transaction of its own. */
static inline int64_t
store_append_as(
    struct journal *journal, const struct store_line *line, enum entry_status status, bool *known)
{
	struct entries_new new_entry = {.entry = &line->entry,
	    .line = buf_text(&line->bytes),
	    .len = line->bytes.len,
	    .origin = ENTRY_RECEIVED,
	    .status = status,
	    .reason = status == ENTRY_HELD ? "test" : NULL};
	struct pmj_error err;
	int64_t n = 0;

	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_append(journal, &new_entry, &n, known, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	return n;
}

static inline int64_t
store_append(struct journal *journal, const struct store_line *line)
{
	bool known;

	return store_append_as(journal, line, ENTRY_ADMITTED, &known);
}

/* What is found, in answers as large as they may be. A new reference. */
static inline json_t *
store_find(struct journal *journal, const char *words, int64_t limit)
{
	struct records_find *find = records_find_new(journal, words, limit, LANG_EN);
	struct pmj_error err;
	json_t *out = NULL;

	while (out == NULL)
		check_ok(records_find_step(find, &out, 0, &err), &err);
	records_find_free(find);
	return out;
}

static inline void
store_digest(struct journal *journal, uint8_t out[static 32])
{
	struct pmj_error err;
	int64_t entries;

	check_ok(records_digest(journal, out, &entries, NULL, &err), &err);
}

#endif
