/* kindfiles.h - the kinds read from their files, without a daemon: as much of them as completion
 * needs. */
#ifndef CLI_KINDFILES_H
#define CLI_KINDFILES_H
#include "base/json.h"
#include "pamoja/error.h"

/**
 * The kinds of a home (its last good set), else those of conf_dir().
 *
 * out      a list like GET /v1/kinds has it, with name, label, fields (name, label, type, choices)
 *          and moves (verb, label) only; the caller decrefs.
 * Errors   PMJ_INVALID with file and line. What a kind must be beyond that is the daemon's to
 * check.
 */
PMJ_MUST_CHECK enum pmj_code kindfiles_read(
    json_t **out, const char *home, const char *lang, struct pmj_error *err);

#endif
