/* kind_check_inner.h - what the checks of a kind and of its fields share. */
#ifndef DOMAIN_KIND_CHECK_INNER_H
#define DOMAIN_KIND_CHECK_INNER_H
#include "domain/kind_check.h"

/* Of `receives_nothing` (kind_receives.c). */
enum pmj_code kind_check_receives(
    const struct kind *kind, const struct conf *conf, struct pmj_error *err);
bool kind_check_one_of(const char *name, const char *const *names, size_t count);
/** The line of a key, else of its section, else 0. */
int kind_check_line(const struct conf *conf, const char *section, const char *key);
/** The same in a section of two words, such as [field NAME]. */
int kind_check_line_in(
    const struct conf *conf, const char *word, const char *name, const char *key);

#endif
