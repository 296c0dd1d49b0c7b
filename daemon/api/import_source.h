/* import_source.h - records that were imported under an id of their source (a form's submission, a
 * directory's service, another home): imported again, they are recognised. Known here alone, and by
 * a hash: ids of elsewhere are not kept. */
#ifndef API_IMPORT_SOURCE_H
#define API_IMPORT_SOURCE_H
#include "store/records.h"

/** The record that was made of it; false: none, or it was voided since. */
bool import_source_find(struct journal *journal, const char *kind, const char *source,
    uint8_t rec[static PMJ_RECORD_BYTES]);
/** Inside the transaction that saves the record. */
PMJ_MUST_CHECK enum pmj_code import_source_keep(struct journal *journal, const char *kind,
    const char *source, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);

#endif
