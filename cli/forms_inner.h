/* forms_inner.h - what the files that make tables of documents share; for forms.c and hsds*.c
 * alone. */
#ifndef CLI_FORMS_INNER_H
#define CLI_FORMS_INNER_H
#include "cli/forms.h"

void forms_put_cell(struct buf *out, bool first, const char *text);
/** A value that is one answer; NULL for what is none. Caller frees. */
char *forms_answer(const json_t *value);
/** *list lies in *document, a new reference; services: of a directory. PMJ_INVALID without one. */
PMJ_MUST_CHECK enum pmj_code forms_list(json_t **document, const json_t **list, const char *text,
    size_t len, bool services, struct pmj_error *err);
/** hsds_to_table of the services alone. They may share what belongs to them: as text, of which each
 * would have its own, a small directory could be gigabytes. */
PMJ_MUST_CHECK enum pmj_code hsds_list_to_table(
    struct buf *out, json_t *refused, const json_t *list, struct pmj_error *err);
/** Its row (at, from 0) stays empty, and says why. */
void forms_refuse(json_t *refused, size_t at, const struct pmj_error *why);

#endif
