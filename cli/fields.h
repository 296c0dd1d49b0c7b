/* fields.h - FIELD=VALUE words, lines or JSON as the "fields" of a request. Values stay as typed:
 * the daemon checks them. */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H
#include "base/json.h"
#include "cli/args.h"

#define FIELDS_INPUT_MAX (512u * 1024)

/**
 * The words from `from` on. A lone "-" reads standard input instead: a JSON object, or lines of
 * field=value.
 *
 * out     a JSON object; a field named twice becomes a list. The caller decrefs.
 * Errors  PMJ_USAGE for a word without "="; PMJ_INVALID for input that is neither.
 */
PMJ_MUST_CHECK enum pmj_code fields_take(
    json_t **out, const struct args *args, size_t from, struct pmj_error *err);
/** The same from text; pure. */
PMJ_MUST_CHECK enum pmj_code fields_read(
    json_t **out, const char *text, size_t len, struct pmj_error *err);

#endif
