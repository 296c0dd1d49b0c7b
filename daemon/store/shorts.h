/* shorts.h - kinds and devices by short numbers: what stands in every row stands there as one byte
 * or two. Numbers are this journal's own, and never given again. Private to the folder and to
 * statements. */
#ifndef STORE_SHORTS_H
#define STORE_SHORTS_H
#include <sqlite3.h>

#include "store/journal.h"

/** SQL functions of this connection. An SQLite result.
 *   pmj_short(what)   the number of a kind's name (text) or of a device (blob); NULL: it has none
 *   pmj_long(no)      what has the number; NULL: nothing
 *   pmj_id(text)      the bytes of a record's id; NULL: it is none */
int shorts_functions(sqlite3 *db, struct journal *journal);
/** What has the number; NULL: nothing has. Lives until the next that is added. */
const void *shorts_long(struct journal *journal, int64_t no, size_t *len);
/** The number of a kind's name (text) or of a device; one that has none gets it, so inside a
 * transaction. */
PMJ_MUST_CHECK enum pmj_code shorts_number(struct journal *journal, int64_t *no, const void *what,
    size_t len, bool text, struct pmj_error *err);
/** They are read anew: after a rollback, or from another file. */
void shorts_forget(struct journal *journal);

#endif
