/* export_inner.h - what the files of `export` share. Only for export*.c. */
#ifndef CLI_EXPORT_INNER_H
#define CLI_EXPORT_INNER_H
#include "cli/export.h"

/** Person by person: what may be told of each, after the daemon has saved that it is. way: the form
 * as the accounting calls it. */
PMJ_MUST_CHECK enum pmj_code export_people(struct export *e, const struct args *args,
    const struct export_writer *writer, const char *way, struct pmj_error *err);
/** All records of a kind, after one entry that says so. */
PMJ_MUST_CHECK enum pmj_code export_own_use(struct export *e, const struct args *args,
    const struct export_writer *writer, const char *way, struct pmj_error *err);
/** A person's own copy is in their language, as far as there is one of ours. */
PMJ_MUST_CHECK enum pmj_code export_choose_language(
    struct export *e, const struct args *args, struct pmj_error *err);

/** The photo of a record's signed paper, where one was kept, into the page. What fails is in
 * e->failed. */
void export_photo(struct export *e, const json_t *item);

#endif
