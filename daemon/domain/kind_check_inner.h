/* kind_check_inner.h - what the checks of a kind and of its fields share. */
#ifndef DOMAIN_KIND_CHECK_INNER_H
#define DOMAIN_KIND_CHECK_INNER_H
#include "domain/kind_check.h"

/* Of `receives_nothing` (kind_receives.c). */
enum pmj_code kind_check_receives(
    const struct kind *kind, const struct conf *conf, struct pmj_error *err);
/* Of the rules about consents (kind_consent.c). */
enum pmj_code kind_check_consent(
    const struct kind *kind, const struct conf *conf, struct pmj_error *err);
/** PMJ_INVALID: `who` names a field that is not declared; name NULL: it names none. */
enum pmj_code kind_check_field_named(const struct kind *kind, const char *name,
    const struct conf *conf, int line, const char *who, struct pmj_error *err);
bool kind_check_one_of(const char *name, const char *const *names, size_t count);
/** The line of a key, else of its section, else 0. */
int kind_check_line(const struct conf *conf, const char *section, const char *key);
/** The same in a section of two words, such as [field NAME]. */
int kind_check_line_in(
    const struct conf *conf, const char *word, const char *name, const char *key);

/** `if` of a [plan] is a yes-no. */
PMJ_MUST_CHECK enum pmj_code kind_check_plan_if(
    const struct kind *kind, const struct conf *conf, struct pmj_error *err);
/** `one_way`: a field, then values that two people of the record cannot be for each other. */
PMJ_MUST_CHECK enum pmj_code kind_check_one_way(
    const struct kind *kind, const struct conf *conf, struct pmj_error *err);

#endif
