/* secret.h - a handful of keys in guarded memory: locked, fenced, no access between uses, wiped
 * when freed. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

struct secret;
PMJ_MUST_CHECK enum pmj_code secret_new(struct secret **out, size_t len, struct pmj_error *err);
void secret_free(struct secret *secret);
/** Open for reading and writing; pair each with secret_done. Nests. */
uint8_t *secret_use(struct secret *secret);
void secret_done(struct secret *secret);

#endif
