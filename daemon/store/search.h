/* search.h - the full-text table, written by code: trusted_schema=OFF lets no trigger touch it.
 * Private to the folder. The text of a record is folded (base/text); words of a query match by
 * prefix; phone numbers as digits, also without country code. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H
#include <sqlite3.h>

#include "domain/merge.h"
#include "store/journal.h"

/** SQL functions of this connection: pmj_fold(text). An SQLite result. */
int search_functions(sqlite3 *db);
/** The text to be found by, folded. Caller frees. */
char *search_text(const struct kind *kind, const struct merge_record *record);
/** What words the table has of the record with this number; NULL: none. *kept: pmj_text has the
 * text, else its line and a recipe told it. Asked before its row or its lines change. */
PMJ_MUST_CHECK enum pmj_code search_there(
    struct journal *journal, int64_t number, char **text, bool *kept, struct pmj_error *err);
/** A line of this record is about to go, or to be held: what it tells is kept until the record is
 * projected. */
PMJ_MUST_CHECK enum pmj_code search_keep(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
struct search_new {
	int64_t number;
	const char *text; /* NULL: none any more */
	char *old;        /* as search_there said, before */
	bool kept;        /* the same */
	bool fresh;       /* the record is new, nothing is there */
	bool told;        /* its line and a recipe tell the text */
};
/** Set the search text of a record in this transaction: it may wait until search_settle. *differed:
 * it was another one. The caller frees new->old, which may be NULL afterwards. */
PMJ_MUST_CHECK enum pmj_code search_put(
    struct journal *journal, struct search_new *new, bool *differed, struct pmj_error *err);
/** Put in what waits: before a commit, and before anybody asks. */
PMJ_MUST_CHECK enum pmj_code search_settle(struct journal *journal, struct pmj_error *err);
/** What waits is gone with its transaction. */
void search_forget(struct journal *journal);
/** What was typed as the words that the table would make of it, a space between: it keeps no places
 * of words, so a query must not ask for two in a row. NULL: that cannot be told. Caller frees. */
char *search_words(sqlite3 *db, const char *typed);
/** All texts into the table anew. In a transaction. */
PMJ_MUST_CHECK enum pmj_code search_rebuild(struct journal *journal, struct pmj_error *err);
/** A query in the words of FTS5, or NULL when there is nothing to look for. exact: whole words
 * only. Caller frees. */
char *search_query(const char *words, bool exact);
/** Records whose name sounds like these words; NULL: one of them sounds like nothing. */
char *search_query_sound(const char *words);

#endif
