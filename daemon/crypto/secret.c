#include "crypto/secret.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypto/prim.h"

struct secret {
	uint8_t *bytes; /* between guard pages, locked where the system allows, no access while uses
	                   is 0 */
	unsigned uses;
};

enum pmj_code
secret_new(struct secret **out, size_t len, struct pmj_error *err)
{
	struct secret *secret;

	*out = NULL;
	prim_start();
	secret = mem_new(sizeof(*secret));
	secret->bytes = sodium_malloc(len);
	if (secret->bytes == NULL) {
		free(secret);
		(void)pmj_fail(
		    err, PMJ_NO_MEMORY, "no guarded memory left for a key (%zu bytes)", len);
		pmj_hint(err, "close other programs, then try again");
		return PMJ_NO_MEMORY;
	}
	sodium_memzero(secret->bytes, len);
	(void)sodium_mprotect_noaccess(secret->bytes);
	*out = secret;
	return PMJ_OK;
}

void
secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	sodium_free(secret->bytes); /* makes it writable, checks its fences and wipes it */
	free(secret);
}

uint8_t *
secret_use(struct secret *secret)
{
	if (secret->uses++ == 0 && sodium_mprotect_readwrite(secret->bytes) != 0)
		abort(); /* the key is there but cannot be reached: stopping is safe */
	return secret->bytes;
}

void
secret_done(struct secret *secret)
{
	assert(secret->uses > 0);
	if (--secret->uses == 0)
		(void)sodium_mprotect_noaccess(secret->bytes);
}
