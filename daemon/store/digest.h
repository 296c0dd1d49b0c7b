/* digest.h - the digest of a record (8.6), which stands in no row: its admitted entries tell it.
 * Private to the folder. */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H
#include "domain/merge.h"
#include "store/entries.h"
#include "store/journal_inner.h"

void digest_of(uint8_t out[static PRIM_HASH_BYTES], const struct merge_record *record);
/** Of all of these entries of a record but the one with number `but` (0: of all). False: none is
 * left. */
bool digest_of_rows(
    uint8_t out[static PRIM_HASH_BYTES], const struct entry_row *rows, size_t count, int64_t but);
/** As the record's entries tell it now. *told false: no admitted one is here. */
PMJ_MUST_CHECK enum pmj_code digest_read(struct journal *journal,
    uint8_t out[static PRIM_HASH_BYTES], bool *told, const uint8_t rec[static PMJ_RECORD_BYTES],
    struct pmj_error *err);

#endif
