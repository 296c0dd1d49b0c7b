/* journal_inner.h - the open journal as the files of this folder see it. Private to the folder. */
#ifndef STORE_JOURNAL_INNER_H
#define STORE_JOURNAL_INNER_H
#include <sqlite3.h>

#include "store/journal.h"
#include "store/rows.h"

#define JOURNAL_CACHE_KIB (16 * 1024)
#define JOURNAL_EVENTS_MAX 10000

/* What a transaction changes beside the rows; put back when it is rolled back. */
struct journal_live {
	uint64_t count;             /* entries */
	uint8_t j[PRIM_HASH_BYTES]; /* the chain's head */
	struct rows_total total;    /* of the projections */
	struct rows_sum entry_sum;  /* of what is not in a line: status, origin, reason ... */
	bool dirty;

	/* A check or rebuild under way: records up to check_at are in check_total. */
	bool checking, mending;
	bool check_digests; /* told by the entries, too */
	size_t check_table; /* of which numbers up to check_number have a record */
	int64_t check_number;
	uint8_t check_at[PMJ_RECORD_BYTES];
	struct rows_total check_total;
	int64_t records, differed;
	bool entry_checking; /* entries up to entry_at are in entry_check_sum */
	uint64_t entry_at;
	struct rows_sum entry_check_sum;
};

/* A text that is to go into the full-text table within the transaction (search_rows.c). */
struct search_row {
	int64_t number;
	char *text; /* NULL: none any more */
	char *old;  /* whose words the table has; NULL: none */
	bool there; /* the table has words of this number, or a text of it is kept */
	bool told;  /* by the record's line and a recipe: it need not be kept */
};

struct journal;
struct shorts;
struct recipes;
struct names;
/** The key of the rows' sums, where it is not the file's own (journal_rekey.c). */
void journal_row_key(struct journal *journal);

#define JOURNAL_SQL_BUCKETS 256
#define JOURNAL_OWN_TABLES 2 /* of those below: pmj_record, pmj_subject */

struct journal {
	const struct os *os;
	struct ring *ring;
	const struct kinds *kinds;
	char *home, *path;
	uint8_t store_uuid[16];
	char vfs[32];
	int64_t cache_kib;
	uint8_t *row_key; /* guarded, PRIM_KEY_BYTES */
	sqlite3 *db;
	struct sql *statements[JOURNAL_SQL_BUCKETS];
	struct recipes *recipes;   /* that were asked for */
	struct shorts *shorts;     /* numbers of kinds and devices; NULL: not read yet */
	struct rows_table *tables; /* pmj_record, pmj_subject, then one a kind */
	size_t table_count;
	int erased; /* are there erased entries? 0: not known, 1: none, 2: yes */
	bool in_transaction;
	bool resting;         /* one is open, but nobody is in it */
	bool rested;          /* the one under way has rested before */
	uint64_t transaction; /* number of the last that was begun */
	uint64_t lost;        /* of the last that had rested and was rolled back */
	bool kinds_owed; /* what records show by a kind that changed is still to be made anew */
	bool renewing;   /* made new for this version: entries of an earlier one are left */
	bool dead;       /* a sync failed: nothing works until the file was opened again */
	int64_t wal_frames;
	struct journal_live live, before;
	struct search_row *search; /* that wait, by number */
	size_t search_count, search_room;
	size_t search_new; /* of those, not there yet */
	bool search_wrote; /* the transaction under way put something into the table */
	int search_owed;   /* commits that did, since it was last merged */
};

/** Set err from an SQLite result about what was being done; marks the journal dead after a failed
 * sync. */
enum pmj_code journal_fail(struct journal *journal, int result, struct pmj_error *err);
/** Close and open the file anew: the way on after a failed sync. */
PMJ_MUST_CHECK enum pmj_code journal_reconnect(struct journal *journal, struct pmj_error *err);
/** Run statements without rows or parameters. */
PMJ_MUST_CHECK enum pmj_code journal_exec(
    struct journal *journal, const char *text, struct pmj_error *err);

/** Our own tables, forward from the file's version to ours, and those of the folders above that are
 * not there yet. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code schema_migrate(
    struct journal *journal, const char *const *texts, struct pmj_error *err);
/** The tables of this version, in a file that has none of them. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code schema_own(struct journal *journal, struct pmj_error *err);
/** Tables and columns for the kinds in force; projects what a changed kind shows otherwise. Inside
 * a transaction. */
PMJ_MUST_CHECK enum pmj_code schema_kinds(
    struct journal *journal, bool *owed, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code schema_kinds_shown(struct journal *journal, struct pmj_error *err);
/** The names of the tables of kinds. */
PMJ_MUST_CHECK enum pmj_code schema_kind_names(
    struct journal *journal, struct names *out, struct pmj_error *err);
/** Read the list of tables (journal->tables) from the file. */
PMJ_MUST_CHECK enum pmj_code schema_tables(struct journal *journal, struct pmj_error *err);
/** The table of a kind, or NULL. */
const struct rows_table *schema_table(const struct journal *journal, const char *kind);
void schema_forget(struct journal *journal);
/** Is it one of those that name whom a record is about? */
bool schema_is_subject(const struct kind *kind, const struct field *field);
/** Notes have none: they are long, `find` looks into them, and nobody lists by one. */
bool schema_has_column(const struct field *field);

/** A file of an earlier version: what is in it is set aside, to be made new (journal_renew.c).
 * Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code renew_begin(
    struct journal *journal, int64_t version, struct pmj_error *err);
/** What of an earlier version is left? Told by the file. */
bool renew_is_owed(struct journal *journal);

/** The head and the sums as they stand in the file. */
PMJ_MUST_CHECK enum pmj_code journal_live_read(struct journal *journal, struct pmj_error *err);
/** j_0 and j_i of 5.3. */
void journal_chain_start(const struct journal *journal, uint8_t j[static PRIM_HASH_BYTES]);
/** The chain's value after entry n, from the last one that is kept before it: a slice of a check
 * begins with it, and what it says is not checked. */
PMJ_MUST_CHECK enum pmj_code journal_chain_stored(
    struct journal *journal, uint64_t n, uint8_t j[static PRIM_HASH_BYTES], struct pmj_error *err);
void journal_chain_next(uint8_t j[static PRIM_HASH_BYTES], const uint8_t e[static PMJ_ENTRY_BYTES]);

/** Finalise every cached statement. */
void sql_drop_all(struct journal *journal);
struct sqlite3_stmt *sql_handle(struct sql *sql);

/** Begin unless one is open; *mine says that the caller ends it. */
PMJ_MUST_CHECK enum pmj_code journal_begin_own(
    struct journal *journal, bool *mine, struct pmj_error *err);
/** Commit when rc is PMJ_OK, else roll back, if the transaction is mine; returns the outcome of
 * all. */
PMJ_MUST_CHECK enum pmj_code journal_end_own(
    struct journal *journal, bool mine, enum pmj_code rc, struct pmj_error *err);

#endif
