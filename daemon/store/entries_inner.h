/* entries_inner.h - what of an entry no hash chain covers: status, origin, reason, mark, the hub's
 * note. Private to the folder. */
#ifndef STORE_ENTRIES_INNER_H
#define STORE_ENTRIES_INNER_H
#include "store/journal_inner.h"

/** Columns of a statement, from `from` on, as ENTRY_NOTE_COLUMNS names them. */
#define ENTRY_NOTE_COLUMNS "n, status, origin, recv, recv_counter, reason, mark, line IS NULL"
void entry_note_hash(
    uint8_t out[static PRIM_HASH_BYTES], const struct journal *journal, struct sql *sql, int from);

#endif
