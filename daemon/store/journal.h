/* journal.h - the encrypted SQLite database: all entries known here and the projections made from
 * them. One process, one thread. Tables: pmj_* are ours; each kind has a plain table of its own
 * name. Folders above add their tables by `schema`. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H
#include <stdbool.h>

#include "crypto/ring.h"
#include "domain/kind.h"
#include "store/sql.h"

#define JOURNAL_RESERVE_BYTES (4 * 1024 * 1024)
/* PRAGMA user_version; a higher one in the file is refused unchanged (PMJ_TOO_NEW). */
#define JOURNAL_VERSION 4

struct journal;
struct journal_setup {
	const struct os *os;
	const char *home;  /* the file is HOME/journal-<file_id hex>.db; others of that pattern are
	                      deleted at open */
	struct ring *ring; /* DEK, file id */
	const uint8_t *store_uuid; /* 16 */
	const struct kinds *kinds; /* must outlive the journal */
	/* Called when values and tables can be read, before the tables of kinds are looked at: what
	 * `kinds` points to may be changed by what the journal holds. Or NULL. */
	void (*kinds_in)(void *ctx, struct journal *journal);
	void *kinds_ctx;
	const char *const *schema; /* NULL-ended: CREATE TABLE ... texts of the folders above */
	int64_t cache_kib;         /* 0: 16 MiB */
	/* One of an earlier version is made new by whoever opens it, and so is what many records
	 * show by a kind that changed. */
	bool in_steps;
};
/** New file under a temporary name, prepared as 6.1 asks, schema made, closed, renamed, folder
 * synced, opened. */
PMJ_MUST_CHECK enum pmj_code journal_create(
    struct journal **out, const struct journal_setup *setup, struct pmj_error *err);
/** Errors PMJ_TOO_NEW; PMJ_INTEGRITY: damaged or not ours; PMJ_NOT_FOUND. Checkpoints right after.
 * Missing kind tables and columns are added and projected. */
PMJ_MUST_CHECK enum pmj_code journal_open(
    struct journal **out, const struct journal_setup *setup, struct pmj_error *err);
/** A journal of an earlier version is made new for this one: opened with in_steps, nothing else may
 * be asked of it before that is done. Each step is a transaction or some: a program that ends
 * anywhere goes on when it is opened again. */
bool journal_is_renewing(const struct journal *journal);
/** Some of it until mono ms until_ms. *done: it is ours. PMJ_INTEGRITY names the entry. */
PMJ_MUST_CHECK enum pmj_code journal_renew_step(
    struct journal *journal, int64_t until_ms, bool *done, struct pmj_error *err);
/** Entries so far, and how many there are. */
void journal_renewed(struct journal *journal, int64_t *done, int64_t *of);
/** Opened with in_steps: is what records show by a kind that changed still to be made anew
 * (project_rebuild_slice, then journal_kinds_shown)? */
bool journal_kinds_owed(const struct journal *journal);
/** Checkpoint and close. NULL is fine. */
void journal_close(struct journal *journal);
/** Truncating checkpoint (at lock, every 1,000 frames, when idle). */
PMJ_MUST_CHECK enum pmj_code journal_checkpoint(struct journal *journal, struct pmj_error *err);
/** Frames in the WAL now: checkpoint from 1,000 on. */
int64_t journal_wal_frames(const struct journal *journal);
/** Has so much been written to the full-text table that its segments are to be merged? Never inside
 * a transaction, nor while one rests. */
bool journal_search_owes(const struct journal *journal);
/** Merge some of them: so many pages of theirs, in a transaction of its own, which is durable with
 * the next that is committed: what it says was said before. *more: again. */
PMJ_MUST_CHECK enum pmj_code journal_search_merge(
    struct journal *journal, int64_t pages, bool *more, struct pmj_error *err);

/** What was taken out of the full-text table still stands in its index until that is merged into
 * one: some of it, in transactions of its own, durable like journal_search_merge. begin: all that
 * is there now. *more: again, without `begin`. */
PMJ_MUST_CHECK enum pmj_code journal_search_purge(
    struct journal *journal, bool begin, bool *more, struct pmj_error *err);

/** One level. Whatever fails inside: journal_rollback. After commit returned PMJ_OK the rows are
 * durable. */
PMJ_MUST_CHECK enum pmj_code journal_begin(struct journal *journal, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code journal_commit(struct journal *journal, struct pmj_error *err);
void journal_rollback(struct journal *journal);

/* Work that nobody waits for may spread one transaction over several steps, so that many pieces
 * share a commit and a sync: journal_begin_more goes on with what rests, or begins; journal_rest
 * leaves it open. Whoever calls journal_begin meanwhile commits it first. */
PMJ_MUST_CHECK enum pmj_code journal_begin_more(struct journal *journal, struct pmj_error *err);
/** Returns the number by which journal_fate knows the transaction. Nothing in it is durable yet. */
uint64_t journal_rest(struct journal *journal);
/** Commit what rests, if anything does. */
PMJ_MUST_CHECK enum pmj_code journal_settle(struct journal *journal, struct pmj_error *err);
/** The number of the transaction under way, or of the last; never 0 once one was begun. Whoever
 * begins one of their own gets another, so what was read under a number stands under it, but for
 * what was written under it. */
uint64_t journal_transaction(const struct journal *journal);
enum journal_fate { JOURNAL_RESTS, JOURNAL_DURABLE, JOURNAL_LOST };
/** What became of a transaction that rested. */
enum journal_fate journal_fate(const struct journal *journal, uint64_t transaction);

PMJ_MUST_CHECK enum pmj_code journal_put_int(
    struct journal *journal, const char *key, int64_t value, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code journal_put_text(
    struct journal *journal, const char *key, const char *value, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code journal_put_blob(
    struct journal *journal, const char *key, const void *bytes, size_t len, struct pmj_error *err);
/** Every value whose name begins so is gone. */
PMJ_MUST_CHECK enum pmj_code journal_forget(
    struct journal *journal, const char *beginning, struct pmj_error *err);
int64_t journal_int(struct journal *journal, const char *key, int64_t otherwise);
/** Caller frees; NULL when absent. */
char *journal_text(struct journal *journal, const char *key);
bool journal_blob(struct journal *journal, const char *key, void *out, size_t len);

/** Entries so far and the journal chain's head (5.3). */
void journal_head(struct journal *journal, uint64_t *count, uint8_t j[static 32]);
/** The chain value after `count` entries (recomputed from the entries; for the anchor's check).
 * PMJ_NOT_FOUND beyond the end. */
PMJ_MUST_CHECK enum pmj_code journal_chain_at(
    struct journal *journal, uint64_t count, uint8_t j[static 32], struct pmj_error *err);
/** Verify the chain over entries (from, to] against stored values, at most `most` of them; *next is
 * where to go on. PMJ_INTEGRITY names the entry. */
PMJ_MUST_CHECK enum pmj_code journal_check_slice(
    struct journal *journal, uint64_t from, uint64_t most, uint64_t *next, struct pmj_error *err);
/** Does every page of every table open, and do its indexes say what its rows say (6.6)? Some at a
 * time, until the clock says until_ms; what is written between two steps does no harm.
 * PMJ_INTEGRITY names the table. End with journal_walk_free, before the journal is closed. */
struct journal_walk;
PMJ_MUST_CHECK enum pmj_code journal_walk_new(
    struct journal_walk **out, struct journal *journal, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code journal_walk_step(
    struct journal_walk *walk, int64_t until_ms, bool *done, struct pmj_error *err);
void journal_walk_free(struct journal_walk *walk);
/** Other kinds from now on (the hub published some): their tables are made, what they show
 * otherwise is projected; with `owed` not here, but told, to be done by project_rebuild_slice and
 * then noted by journal_kinds_shown (else the next journal_open does it). Outside a transaction. */
PMJ_MUST_CHECK enum pmj_code journal_use_kinds(
    struct journal *journal, const struct kinds *kinds, bool *owed, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code journal_kinds_shown(struct journal *journal, struct pmj_error *err);
const struct kinds *journal_kinds(const struct journal *journal);
const struct os *journal_os(const struct journal *journal);
struct ring *journal_ring(const struct journal *journal);

/* Another key and file for the journal (6.7), while nothing is written to it. */
struct journal_rekey;
/** This file is to go with its key. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code journal_rekey_wanted(struct journal *journal, struct pmj_error *err);
/** Is it still this file? */
bool journal_rekey_due(struct journal *journal);
/** Begin; from here to the end nothing may be written. PMJ_FULL where there is no room for two. */
PMJ_MUST_CHECK enum pmj_code journal_rekey_new(
    struct journal_rekey **out, struct journal *journal, struct pmj_error *err);
/** Some of it until mono ms until_ms. *done: the new file is whole, read back and on the disk. */
PMJ_MUST_CHECK enum pmj_code journal_rekey_step(
    struct journal_rekey *rekey, int64_t until_ms, bool *done, struct pmj_error *err);
/** The ring names the new file (on), or the old one again: the key file is the caller's to write,
 * and what is in it counts. */
void journal_rekey_turn(struct journal_rekey *rekey, bool on);
/** The old file, to be overwritten and removed when the journal is closed; NULL: it is still in
 * use. Caller frees. */
char *journal_rekey_left(const struct journal_rekey *rekey);
/** One that was not turned takes the new file away. Before the journal is closed. */
void journal_rekey_free(struct journal_rekey *rekey);

/** HOME/reserve, 4 MiB kept back for a full disk (6.5). Making it again when it is there does
 * nothing. PMJ_FULL: no room yet. */
PMJ_MUST_CHECK enum pmj_code journal_reserve_make(struct journal *journal, struct pmj_error *err);
/** Give the reserve up, so that the open record can be saved and the journal checkpointed.
 * PMJ_NOT_FOUND: it was given up before. */
PMJ_MUST_CHECK enum pmj_code journal_reserve_release(
    struct journal *journal, struct pmj_error *err);
bool journal_reserve_there(const struct journal *journal);
/** Did mlock take SQLite's page cache arena (section 2)? Known once a journal was opened. */
bool store_cache_locked(void);
/** SQLite's own version, as it runs: "3.40.1". */
const char *store_library_version(void);

/** What happened, for `log`: ids and counts, no names. Old ones beyond 10,000 go. */
PMJ_MUST_CHECK enum pmj_code journal_event(struct journal *journal, const char *event,
    const char *code, const char *message, struct pmj_error *err);
/** Newest last: {"at","event","message","code"}. New reference. */
PMJ_MUST_CHECK enum pmj_code journal_events(
    struct journal *journal, json_t **out, int64_t since_ms, int64_t limit, struct pmj_error *err);

#endif
