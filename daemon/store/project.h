/* project.h - from admitted entries to the rows people see. Private to the folder; records.h names
 * what others call. Rows of one record depend on its admitted entries and the kinds in force, and
 * on nothing else. */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H
#include "domain/merge.h"
#include "store/journal_inner.h"

/** Project the record that this admitted entry alone makes (the fast way for new ones). Numbers are
 * found by e. */
PMJ_MUST_CHECK enum pmj_code project_first(
    struct journal *journal, const struct entry *entry, struct pmj_error *err);
/** As project_record; *differed: some row was not what it had to be. */
PMJ_MUST_CHECK enum pmj_code project_renew(struct journal *journal,
    const uint8_t rec[static PMJ_RECORD_BYTES], bool *differed, struct pmj_error *err);
/** Add a row to a total, or take it away. */
void project_count(struct journal *journal, struct rows_total *total, const struct row_set *set,
    const struct row *row, bool add);
/** Every record of a kind anew (its declaration changed). */
PMJ_MUST_CHECK enum pmj_code project_kind(
    struct journal *journal, const char *kind, struct pmj_error *err);

#endif
