/* import_past.h - the last imports that are over, by their marks: a file that is given once more,
 * by mistake or because the last answer was lost, would double every row. Kept in the transaction
 * that forgets which rows of it are saved, so one of the two is always known. */
#ifndef API_IMPORT_PAST_H
#define API_IMPORT_PAST_H
#include "api/core.h"

#define IMPORT_PAST_MAX 64 /* of older ones the same file is taken as a new one */

/** PMJ_NOT_CONFIRMED, with when and how many rows, if the import of this name is over. mapping: the
 * mark of how it is read, "" for none: said where it was read otherwise. */
PMJ_MUST_CHECK enum pmj_code import_past_check(
    const struct core *core, const char *name, const char *mapping, struct pmj_error *err);
bool import_past_has(struct journal *journal, const char *name);
/** It is over now: `saved` of its `rows` rows are in. Once more is once. */
PMJ_MUST_CHECK enum pmj_code import_past_put(const struct core *core, const char *name,
    const char *mapping, int64_t saved, int64_t rows, struct pmj_error *err);
/** It begins once more. */
PMJ_MUST_CHECK enum pmj_code import_past_drop(
    struct journal *journal, const char *name, struct pmj_error *err);

#endif
