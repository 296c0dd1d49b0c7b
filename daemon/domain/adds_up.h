/* adds_up.h - of kinds that are instruments (`total`, `adds`): the total is the sum of the answers.
 * Pure. */
#ifndef DOMAIN_ADDS_UP_H
#define DOMAIN_ADDS_UP_H
#include <stdbool.h>

#include "base/json.h"
#include "domain/kind.h"

/** True for no total, one without answers (of a paper that shows no more), or the sum of all. */
bool adds_up(const struct kind *kind, const json_t *set);
/**
 * Set the total where every answer is given; a total that was typed must agree.
 *
 * set      the fields of a new record.
 * Errors   PMJ_INVALID: it is another, or a total beside answers of which some are missing.
 */
PMJ_MUST_CHECK enum pmj_code adds_up_complete(
    const struct kind *kind, json_t *set, struct pmj_error *err);

#endif
