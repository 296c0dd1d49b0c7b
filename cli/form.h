/* form.h - asking for a record's fields on the terminal, one after the other. */
#ifndef CLI_FORM_H
#define CLI_FORM_H
#include "cli/cli.h"

/**
 * Ask for these fields of a kind and put the answers into `fields`.
 *
 * names    list of field names, asked in this order; '?' helps, "back" goes to the one before,
 *          Enter leaves out what is not required.
 * Errors   PMJ_USAGE when the person ends it (Ctrl-D): nothing is saved.
 */
PMJ_MUST_CHECK enum pmj_code form_ask(struct cli *cli, json_t *fields, const json_t *kind,
    const json_t *names, struct pmj_error *err);
/**
 * An answer as typed, checked as far as it can be here: numbers of the choice list become its
 * values, dates are read. Pure but for the clock. *out is NULL when the daemon must judge (links).
 */
PMJ_MUST_CHECK enum pmj_code form_check(
    json_t **out, const json_t *field, const char *typed, struct pmj_error *err);
/** Was nothing given but whom it is about? Then the rest is asked for. */
bool form_only_about(const json_t *kind, json_t *fields);
/** PMJ_INVALID with the nearest name, where a field's name is none of the kind's. */
PMJ_MUST_CHECK enum pmj_code form_check_names(
    const json_t *kind, json_t *fields, struct pmj_error *err);
/** Names of the fields that are required, have no default and are not in `fields`. The caller
 * decrefs. */
json_t *form_missing(const json_t *kind, const json_t *fields);
/**
 * Ask for a whole new record: what is required, then - when there are more than FORM_SHORT - only
 * on request the rest. whole: what a consent needs to allow anything is asked for like what is
 * required. Errors as form_ask.
 */
#define FORM_SHORT 5
PMJ_MUST_CHECK enum pmj_code form_ask_new(
    struct cli *cli, json_t *fields, const json_t *kind, bool whole, struct pmj_error *err);

#endif
