/* schema.c - our tables by version, and those of the folders above. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/entries.h"
#include "store/journal_inner.h"

/* What never changes with a version. */
static const char lasting_tables[] =
    "CREATE TABLE pmj_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE pmj_event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, "
    "code TEXT, message TEXT);";

/* Hashes scatter: each index that goes by one costs every new line a page of its own. So rows of
 * records go by the record's number, and entries by hash only where their record's id does not find
 * them: it is the beginning of the hash that made it. No name of a table or index here is one that
 * an earlier version had for an index: both are there while a journal is made new.
 *
 * FTS5 merges what it has written 64 of its pages at a time, for each level of them: with pages of
 * 4,050 bytes that is up to 30 ms in the middle of whoever writes, with these some 8, and no more
 * in all; four of them fit into a page of the file, and of 1,000 bytes only three would. They are
 * merged in steps of our own (search_rows.c). */
static const char tables[] =
    "CREATE TABLE pmj_short (no INTEGER PRIMARY KEY, what NOT NULL UNIQUE);"
    "CREATE TABLE pmj_entry ("
    " n INTEGER PRIMARY KEY," /* place in the journal's chain, from 1 */
    " e BLOB,"                /* NULL: the line makes its record; ENTRY_KEPT bytes where there is a
                                 line; of a stub all */
    " kind INTEGER NOT NULL," /* pmj_short */
    " rec BLOB,"              /* of a control line: NULL */
    " by INTEGER NOT NULL,"   /* pmj_short */
    " pt INTEGER NOT NULL, counter INTEGER NOT NULL,"
    " rv INTEGER NOT NULL,"
    " status INTEGER NOT NULL," /* enum entry_status */
    " origin INTEGER NOT NULL," /* enum entry_origin */
    " line BLOB,"               /* packed; NULL: a stub */
    " was TEXT,"                /* of a stub: field -> versions, for each field that was set */
    " recv INTEGER, recv_counter INTEGER,"
    " reason TEXT, mark TEXT,"
    " j BLOB);" /* the chain after each ENTRY_CHAINED-th entry */
    /* SQLite puts n behind each by itself, in order; named, it stands there twice. */
    "CREATE INDEX pmj_entry_of ON pmj_entry (rec) WHERE rec IS NOT NULL;"
    "CREATE INDEX pmj_entry_by_e ON pmj_entry (e) WHERE " ENTRY_BY_HASH ";"
    "CREATE INDEX pmj_entry_held ON pmj_entry (status) WHERE status IN (1, 2);"
    "CREATE TABLE pmj_record ("
    " num INTEGER PRIMARY KEY," /* row of pmj_search */
    " rec BLOB NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL," /* pmj_short */
    " title TEXT,"            /* what the kind's `shows` field holds, if that is text of its own */
    " name TEXT,"             /* title, folded */
    " state TEXT,"
    " voided INTEGER NOT NULL, conflict INTEGER NOT NULL, handed_over INTEGER NOT NULL,"
    " made_by INTEGER,"  /* pmj_short */
    " made_ago INTEGER," /* so many ms before changed_pt */
    " changed_pt INTEGER NOT NULL,"
    " due TEXT, closed INTEGER NOT NULL,"
    " entries INTEGER NOT NULL," /* admitted ones */
    " private INTEGER NOT NULL," /* its author's alone: in no digest (8.6). What a
                                    record's is, its entries tell (digest.c) */
    " words INTEGER);" /* pmj_recipe: with the line that alone makes the record it tells what the
                          record is found by; NULL: pmj_text has it */
    "CREATE TABLE pmj_recipe (no INTEGER PRIMARY KEY, recipe TEXT NOT NULL UNIQUE);"
    "CREATE INDEX pmj_record_latest ON pmj_record (kind, changed_pt);"
    "CREATE INDEX pmj_record_named ON pmj_record (name) WHERE name IS NOT NULL;"
    "CREATE INDEX pmj_record_till ON pmj_record (kind, due) WHERE due IS NOT NULL AND closed = 0"
    " AND voided = 0;" /* `today` takes the first of each kind */
    "CREATE INDEX pmj_record_differs ON pmj_record (rec) WHERE conflict = 1;"
    "CREATE TABLE pmj_subject (_num INTEGER NOT NULL, person BLOB NOT NULL, PRIMARY KEY (_num, "
    "person)) WITHOUT ROWID;"
    "CREATE INDEX pmj_subject_about ON pmj_subject (person);"
    "CREATE TABLE pmj_text (num INTEGER PRIMARY KEY, text BLOB NOT NULL);"
    "CREATE VIRTUAL TABLE pmj_search USING fts5 (text, content = '', columnsize = 0, detail = "
    "none, prefix = '2 3', tokenize = \"unicode61 remove_diacritics 2\");"
    "INSERT INTO pmj_search (pmj_search, rank) VALUES ('pgsz', 980);"
    "INSERT INTO pmj_search (pmj_search, rank) VALUES ('automerge', 0);";

enum pmj_code
schema_own(struct journal *journal, struct pmj_error *err)
{
	return journal_exec(journal, tables, err);
}

static enum pmj_code
our_tables(struct journal *journal, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "PRAGMA user_version");
	char set[48];
	enum pmj_code rc;
	int64_t version;
	bool row = false;

	if ((rc = sql_row(sql, &row, err)) != PMJ_OK)
		return rc;
	version = row ? sql_col_int(sql, 0) : 0;
	sql_done(sql);
	assert(version <= JOURNAL_VERSION);
	if (version == JOURNAL_VERSION)
		return PMJ_OK;
	if (version == 0 && (rc = journal_exec(journal, lasting_tables, err)) != PMJ_OK)
		return rc;
	if ((rc = version == 0 ? schema_own(journal, err) : renew_begin(journal, version, err)) !=
	    PMJ_OK)
		return rc;
	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %d", JOURNAL_VERSION);
	return journal_exec(journal, set, err);
}

/* A text runs once in the life of a file. */
static enum pmj_code
once(struct journal *journal, const char *text, struct pmj_error *err)
{
	uint8_t hash[PRIM_HASH_BYTES];
	char key[8 + 32 + 1] = "schema: ";
	enum pmj_code rc;

	prim_hash(hash, "pmj schema v1", PRIM_PARTS({text, strlen(text)}));
	(void)text_hex(key + 8, hash, 16);
	if (journal_int(journal, key, 0) == 1)
		return PMJ_OK;
	if ((rc = journal_exec(journal, text, err)) != PMJ_OK) {
		pmj_context(err, "making a table");
		return rc;
	}
	return journal_put_int(journal, key, 1, err);
}

enum pmj_code
schema_migrate(struct journal *journal, const char *const *texts, struct pmj_error *err)
{
	enum pmj_code rc = our_tables(journal, err);

	if (rc == PMJ_OK)
		journal->renewing = renew_is_owed(journal);
	for (size_t i = 0; rc == PMJ_OK && texts != NULL && texts[i] != NULL; i++)
		rc = once(journal, texts[i], err);
	return rc;
}
