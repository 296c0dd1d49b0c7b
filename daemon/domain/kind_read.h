/* kind_read.h - a kind from a file that was read. Used by kind.c only. Pure. */
#ifndef DOMAIN_KIND_READ_H
#define DOMAIN_KIND_READ_H
#include "domain/kind.h"

struct conf;

/** The caller frees *out with kind_free. PMJ_INVALID with file, line and mend; *out is then as it
 * was. */
PMJ_MUST_CHECK enum pmj_code kind_from_conf(
    struct kind **out, const struct conf *conf, struct pmj_error *err);

#endif
