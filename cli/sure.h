/* sure.h - what cannot be had back is done when somebody says that it is meant. */
#ifndef CLI_SURE_H
#define CLI_SURE_H
#include <stdbool.h>

#include "pamoja/error.h"

struct args;

/**
 * Is it said already, by --sure? Else there must be somebody to ask.
 *
 * ask      true: the caller says what will happen, and asks.
 * Errors   PMJ_NOT_CONFIRMED where nobody can be asked.
 */
PMJ_MUST_CHECK enum pmj_code sure_begin(bool *ask, const struct args *args, struct pmj_error *err);

#endif
