/* import_kept.h - which rows of the last import are saved, and as what: whoever gives the same file
 * again, because the import broke off, saves no row twice. Kept in the transaction that saves them.
 */
#ifndef API_IMPORT_KEPT_H
#define API_IMPORT_KEPT_H
#include "store/journal.h"

#define IMPORT_KEPT "import." /* so begin its names in the journal */
#define IMPORT_KEPT_ROWS 400  /* in one value, of about a page */
#define IMPORT_KEPT_ROW_MAX 4000000

struct import_kept {
	struct journal *journal;
	int64_t part;                                    /* that is in ids; -1: none yet */
	bool changed;                                    /* ids, since they were read */
	uint8_t ids[IMPORT_KEPT_ROWS][PMJ_RECORD_BYTES]; /* zeros: not saved */
};

/** The rows of the import of this name; what was kept of any other is forgotten. */
PMJ_MUST_CHECK enum pmj_code import_kept_begin(
    struct import_kept *kept, struct journal *journal, const char *name, struct pmj_error *err);
/** Some of what is kept of any import but this one (NULL: of all) is forgotten; *more: there is
 * more of it. */
PMJ_MUST_CHECK enum pmj_code import_kept_forget(
    struct journal *journal, const char *name, bool *more, struct pmj_error *err);
/** Are rows kept of an import that is called as this but for what stands behind `file` and a space?
 */
bool import_kept_otherwise(struct journal *journal, const char *file, const char *name);
/** Is that row saved? Then rec is its record. PMJ_USAGE for a number that is none. */
PMJ_MUST_CHECK enum pmj_code import_kept_row(struct import_kept *kept, int64_t row, bool *saved,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** The row that was asked for last is saved as this. */
void import_kept_put(
    struct import_kept *kept, int64_t row, const uint8_t rec[static PMJ_RECORD_BYTES]);
/** Before the transaction ends. */
PMJ_MUST_CHECK enum pmj_code import_kept_save(struct import_kept *kept, struct pmj_error *err);

#endif
