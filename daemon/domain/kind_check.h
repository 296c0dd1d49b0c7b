/* kind_check.h - what must be true of a kind beyond its single lines. Used by kind.c only. Pure. */
#ifndef DOMAIN_KIND_CHECK_H
#define DOMAIN_KIND_CHECK_H
#include "domain/kind.h"

struct conf;

/** A field by itself: its name, and that type, choices, link, bounds and default fit each other.
 * line: of its section. */
PMJ_MUST_CHECK enum pmj_code kind_check_field(const struct kind *kind, const struct field *field,
    const struct conf *conf, int line, struct pmj_error *err);
/** The whole kind: every name that a move or rule speaks of is declared, every state can be
 * reached. */
PMJ_MUST_CHECK enum pmj_code kind_check(
    const struct kind *kind, const struct conf *conf, struct pmj_error *err);
/** Every link of a set leads to a kind of the set. dir: for the message. */
PMJ_MUST_CHECK enum pmj_code kinds_check_links(
    const struct kinds *kinds, const char *dir, struct pmj_error *err);

#endif
