/* entries_inner.h - what of an entry no hash chain covers: status, origin, reason, mark, the hub's
 * note. Private to the folder. */
#ifndef STORE_ENTRIES_INNER_H
#define STORE_ENTRIES_INNER_H
#include "store/entries.h"
#include "store/journal_inner.h"

/** Columns of a statement, from `from` on, as ENTRY_NOTE_COLUMNS names them. */
#define ENTRY_NOTE_COLUMNS "n, status, origin, recv, recv_counter, reason, mark, line IS NULL"
void entry_note_hash(
    uint8_t out[static PRIM_HASH_BYTES], const struct journal *journal, struct sql *sql, int from);

/** Add or take the note of entry n as it stands; *rec receives its record (has_rec false: none). */
PMJ_MUST_CHECK enum pmj_code entries_count(struct journal *journal, int64_t n, bool add,
    uint8_t *rec, bool *has_rec, struct pmj_error *err);
/** One row: n, e, kind, rec, by, pt, counter, status, origin, line, was, recv, recv_counter,
 * reason, mark; kind, by and line as they were before they were kept. */
PMJ_MUST_CHECK enum pmj_code entries_read_row(
    struct entry_row *out, struct sql *sql, struct pmj_error *err);
/** One of an earlier version, the next in the chain, into ours. was: of a stub, as it was kept. */
PMJ_MUST_CHECK enum pmj_code entries_renew(
    struct journal *journal, const struct entry_row *row, const char *was, struct pmj_error *err);
/** From now on there are. */
PMJ_MUST_CHECK enum pmj_code entries_note_erased(struct journal *journal, struct pmj_error *err);
/** May there be entries that were erased? Asked for each new record. */
bool entries_were_erased(struct journal *journal);

#endif
