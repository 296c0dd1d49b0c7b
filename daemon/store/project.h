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
/** What a record's digest was before its admitted entries changed, for the sum of them to be made
 * right: no row says it. Whoever changes one of its entries asks first. */
struct project_was {
	int64_t but; /* it is told by all that there are now but this one; 0: nothing changed */
	bool known;  /* it is this */
	uint8_t digest[PRIM_HASH_BYTES];
};
PMJ_MUST_CHECK enum pmj_code project_ask(struct journal *journal, struct project_was *was,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** Project a record anew from its entries. */
PMJ_MUST_CHECK enum pmj_code project_record(struct journal *journal,
    const uint8_t rec[static PMJ_RECORD_BYTES], const struct project_was *was,
    struct pmj_error *err);
/** The same where none changed; *differed: some row was not what it had to be. */
PMJ_MUST_CHECK enum pmj_code project_renew(struct journal *journal,
    const uint8_t rec[static PMJ_RECORD_BYTES], bool *differed, struct pmj_error *err);
/** Add a row to a total, or take it away. digest: of the record whose own row it is; of any other
 * row it is not looked at, and NULL leaves it and the count of entries out. */
void project_count(struct journal *journal, struct rows_total *total, const struct row_set *set,
    const struct row *row, const uint8_t *digest, bool add);
/** Every record of a kind anew (its declaration changed). */
PMJ_MUST_CHECK enum pmj_code project_kind(
    struct journal *journal, const char *kind, struct pmj_error *err);

#endif
