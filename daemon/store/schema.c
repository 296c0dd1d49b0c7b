/* schema.c - our tables by version, and those of the folders above. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/entries.h"
#include "store/journal_inner.h"

/* From version i to i + 1. Never changed once released: a new version is a new text. */
static const char *const migrations[JOURNAL_VERSION] = {
    "CREATE TABLE pmj_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE pmj_entry ("
    " n INTEGER PRIMARY KEY," /* place in the journal's chain, from 1 */
    " e BLOB NOT NULL UNIQUE,"
    " kind TEXT NOT NULL,"
    " rec BLOB," /* of a control line: NULL */
    " by BLOB NOT NULL,"
    " pt INTEGER NOT NULL, counter INTEGER NOT NULL,"
    " rv INTEGER NOT NULL,"
    " status INTEGER NOT NULL," /* enum entry_status */
    " origin INTEGER NOT NULL," /* enum entry_origin */
    " line BLOB,"               /* as received, without line end; NULL: a stub */
    " was TEXT,"                /* of a stub: field -> versions, for each field that was set */
    " recv INTEGER, recv_counter INTEGER,"
    " reason TEXT, mark TEXT,"
    " j BLOB NOT NULL);" /* the chain after this entry */
    "CREATE INDEX pmj_entry_rec ON pmj_entry (rec, n) WHERE rec IS NOT NULL;"
    "CREATE INDEX pmj_entry_status ON pmj_entry (status, n) WHERE status IN (1, 2);"
    "CREATE INDEX pmj_entry_consent ON pmj_entry (rec) WHERE kind = 'consent';"
    "CREATE TABLE pmj_record ("
    " num INTEGER PRIMARY KEY," /* row of pmj_search */
    " rec BLOB NOT NULL UNIQUE,"
    " kind TEXT NOT NULL,"
    " title TEXT," /* what the kind's `shows` field holds, if that is text of its own */
    " name TEXT,"  /* title, folded */
    " state TEXT,"
    " voided INTEGER NOT NULL, conflict INTEGER NOT NULL, handed_over INTEGER NOT NULL,"
    " made_by BLOB, made_pt INTEGER,"
    " changed_pt INTEGER NOT NULL,"
    " due TEXT, closed INTEGER NOT NULL,"
    " entries INTEGER NOT NULL," /* admitted ones */
    " private INTEGER NOT NULL," /* its author's alone: in no digest (8.6) */
    " digest BLOB NOT NULL,"
    " shown TEXT NOT NULL);" /* JSON: field -> [value], [] where it is handed over */
    "CREATE INDEX pmj_record_changed ON pmj_record (changed_pt, rec);"
    "CREATE INDEX pmj_record_kind ON pmj_record (kind, changed_pt, rec);"
    "CREATE INDEX pmj_record_name ON pmj_record (name) WHERE name IS NOT NULL;"
    "CREATE INDEX pmj_record_due ON pmj_record (due) WHERE due IS NOT NULL AND closed = 0 AND "
    "voided = 0;"
    "CREATE INDEX pmj_record_conflict ON pmj_record (rec) WHERE conflict = 1;"
    "CREATE TABLE pmj_subject (rec BLOB NOT NULL, person BLOB NOT NULL, PRIMARY KEY (rec, person)) "
    "WITHOUT ROWID;"
    "CREATE INDEX pmj_subject_person ON pmj_subject (person, rec);"
    "CREATE TABLE pmj_event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, "
    "code TEXT, message TEXT);"
    "CREATE VIRTUAL TABLE pmj_search USING fts5 (text, columnsize = 0, prefix = '2 3',"
    " tokenize = \"unicode61 remove_diacritics 2\");",
    /* Hashes scatter: each index that goes by one costs every new line a page of its own. So rows
     * of records go by the record's number, and entries by hash only where their record's id does
     * not find them: it is the beginning of the hash that made it. */
    "CREATE TABLE pmj_entry_2 (n INTEGER PRIMARY KEY, e BLOB NOT NULL, kind TEXT NOT NULL, rec "
    "BLOB, by BLOB NOT NULL, pt INTEGER NOT NULL, counter INTEGER NOT NULL, rv INTEGER NOT NULL,"
    " status INTEGER NOT NULL, origin INTEGER NOT NULL, line BLOB, was TEXT, recv INTEGER,"
    " recv_counter INTEGER, reason TEXT, mark TEXT, j BLOB NOT NULL);"
    "INSERT INTO pmj_entry_2 SELECT n, e, kind, rec, by, pt, counter, rv, status, origin, line,"
    " was, recv, recv_counter, reason, mark, j FROM pmj_entry ORDER BY n;"
    "DROP TABLE pmj_entry;"
    "ALTER TABLE pmj_entry_2 RENAME TO pmj_entry;"
    "CREATE INDEX pmj_entry_rec ON pmj_entry (rec, n) WHERE rec IS NOT NULL;"
    "CREATE UNIQUE INDEX pmj_entry_e ON pmj_entry (e) WHERE " ENTRY_BY_HASH ";"
    "CREATE INDEX pmj_entry_status ON pmj_entry (status, n) WHERE status IN (1, 2);"
    "CREATE INDEX pmj_entry_consent ON pmj_entry (rec) WHERE kind = 'consent';"
    "DROP TABLE pmj_subject;"
    "CREATE TABLE pmj_subject (_num INTEGER NOT NULL, person BLOB NOT NULL, rec BLOB NOT NULL,"
    " PRIMARY KEY (_num, person)) WITHOUT ROWID;"
    "CREATE INDEX pmj_subject_person ON pmj_subject (person, rec);",
    /* A fourth of the bytes. Lines are packed. `e` is NULL where the line makes its record: it is
     * the line's hash; the chain is kept with each ENTRY_CHAINED-th entry. What is shown of a
     * record is made from its entries when it is asked for. Words are kept without their places,
     * and what they were read from apart, packed. */
    "CREATE TABLE pmj_entry_3 (n INTEGER PRIMARY KEY, e BLOB, kind TEXT NOT NULL, rec BLOB, by "
    "BLOB NOT NULL, pt INTEGER NOT NULL, counter INTEGER NOT NULL, rv INTEGER NOT NULL,"
    " status INTEGER NOT NULL, origin INTEGER NOT NULL, line BLOB, was TEXT, recv INTEGER,"
    " recv_counter INTEGER, reason TEXT, mark TEXT, j BLOB);"
    "INSERT INTO pmj_entry_3 SELECT n, iif(line IS NULL OR " ENTRY_BY_HASH ", e, NULL), kind, rec,"
    " by, pt, counter, rv, status, origin, pmj_packed(line, by, pt, rec), was, recv, recv_counter,"
    " reason, mark, iif(n % 64 = 0, j, NULL) FROM pmj_entry ORDER BY n;"
    "DROP TABLE pmj_entry;"
    "ALTER TABLE pmj_entry_3 RENAME TO pmj_entry;"
    "CREATE INDEX pmj_entry_rec ON pmj_entry (rec, n) WHERE rec IS NOT NULL;"
    "CREATE UNIQUE INDEX pmj_entry_e ON pmj_entry (e) WHERE " ENTRY_BY_HASH ";"
    "CREATE INDEX pmj_entry_status ON pmj_entry (status, n) WHERE status IN (1, 2);"
    "CREATE INDEX pmj_entry_consent ON pmj_entry (rec) WHERE kind = 'consent';"
    "DROP TABLE pmj_record;"
    "DELETE FROM pmj_subject;"
    "CREATE TABLE pmj_record (num INTEGER PRIMARY KEY, rec BLOB NOT NULL UNIQUE, kind TEXT NOT "
    "NULL, title TEXT, name TEXT, state TEXT, voided INTEGER NOT NULL, conflict INTEGER NOT NULL,"
    " handed_over INTEGER NOT NULL, made_by BLOB, made_pt INTEGER, changed_pt INTEGER NOT NULL, "
    "due TEXT, closed "
    "INTEGER NOT "
    "NULL, entries INTEGER NOT NULL, private INTEGER NOT NULL, digest BLOB NOT NULL);"
    "CREATE INDEX pmj_record_changed ON pmj_record (changed_pt);"
    "CREATE INDEX pmj_record_kind ON pmj_record (kind, changed_pt);"
    "CREATE INDEX pmj_record_name ON pmj_record (name) WHERE name IS NOT NULL;"
    "CREATE INDEX pmj_record_due ON pmj_record (due) WHERE due IS NOT NULL AND closed = 0 AND "
    "voided = 0;"
    "CREATE INDEX pmj_record_conflict ON pmj_record (rec) WHERE conflict = 1;"
    "DROP TABLE pmj_search;"
    "CREATE TABLE pmj_text (num INTEGER PRIMARY KEY, text BLOB NOT NULL);"
    "CREATE VIRTUAL TABLE pmj_search USING fts5 (text, content = '', columnsize = 0, detail = "
    "none, prefix = '2 3', tokenize = \"unicode61 remove_diacritics 2\");",
};

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
	journal->remake = version > 0;
	if (version > 0 && (rc = schema_drop_kinds(journal, err)) != PMJ_OK)
		return rc;
	for (; version < JOURNAL_VERSION; version++)
		if ((rc = journal_exec(journal, migrations[version], err)) != PMJ_OK)
			return rc;
	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %d", JOURNAL_VERSION);
	return journal_exec(journal, set, err);
}

/* FTS5 merges what it has written 64 of its pages at a time, for each level of them: with pages of
 * 4,050 bytes that is up to 30 ms in the middle of whoever writes, with these some 8, and no more
 * in all. */
#define SEARCH_PAGES "INSERT INTO pmj_search (pmj_search, rank) VALUES ('pgsz', 1000);"
/* Merged in steps of our own (search_rows.c). */
#define SEARCH_MERGES "INSERT INTO pmj_search (pmj_search, rank) VALUES ('automerge', 0);"

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

/* Indexes hold nothing of their own, so they may come and go without a version: made where they are
 * not there yet. Of what is open, by kind and the day it is due from: `today` takes the first of
 * each kind. */
#define INDEXES                                                                                    \
	"DROP INDEX IF EXISTS pmj_record_due;"                                                     \
	"DROP INDEX IF EXISTS pmj_entry_consent;"                                                  \
	"CREATE INDEX IF NOT EXISTS pmj_record_open ON pmj_record (kind, due) WHERE due IS NOT "   \
	"NULL AND closed = 0 AND voided = 0;"

enum pmj_code
schema_migrate(struct journal *journal, const char *const *texts, struct pmj_error *err)
{
	enum pmj_code rc = our_tables(journal, err);

	if (rc == PMJ_OK)
		rc = once(journal, SEARCH_PAGES, err);
	if (rc == PMJ_OK)
		rc = once(journal, SEARCH_MERGES, err);
	if (rc == PMJ_OK)
		rc = journal_exec(journal, INDEXES, err);
	for (size_t i = 0; rc == PMJ_OK && texts != NULL && texts[i] != NULL; i++)
		rc = once(journal, texts[i], err);
	return rc;
}
