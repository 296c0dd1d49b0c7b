/* How hard a passphrase is stretched on this machine, and how often it may be tried
 * (security 4.3, 4.4). */
#include <stdint.h>

#include "crypto/image.h"
#include "crypto/keyfile.h"
#include "crypto/prim.h"
#include "crypto/secret.h"

/* Time of one stretching in ms; -1 when the memory is not to be had. */
static int64_t
stretch_ms(const struct os *os, struct secret *x, uint32_t ops, uint32_t mem_kib)
{
	static const uint8_t salt[16] = {0};
	int64_t start = os->mono_ms(os->ctx);
	enum pmj_code rc;

	rc = prim_argon2id(secret_use(x), (const uint8_t *)"time it", 7, salt, ops, mem_kib, NULL);
	secret_done(x);
	return rc == PMJ_OK ? os->mono_ms(os->ctx) - start : -1;
}

void
keyfile_calibrate(struct keyfile_cost *out, const struct os *os, uint32_t unlock_ms)
{
	static const uint32_t mib[] = {256, 192, 128, 96, 64};
	const size_t last = sizeof(mib) / sizeof(mib[0]) - 1;
	struct secret *x = NULL;
	int64_t took = -1, least;

	out->ops = IMAGE_OPS_MIN;
	out->mem_kib = IMAGE_MEM_KIB_MIN;
	if (secret_new(&x, 32, NULL) != PMJ_OK)
		return;
	/* The least first: time grows as the memory does, so it tells which larger ones need no
	 * try. */
	least = stretch_ms(os, x, out->ops, mib[last] * 1024);
	for (size_t i = 0; i <= last; i++) {
		if (i < last && least * mib[i] / mib[last] > (int64_t)unlock_ms * 3 / 2)
			continue;
		out->mem_kib = mib[i] * 1024;
		took = i < last ? stretch_ms(os, x, out->ops, out->mem_kib) : least;
		if (took >= 0 && took <= (int64_t)unlock_ms)
			break;
	}
	secret_free(x);
	if (took < 0 || took >= (int64_t)unlock_ms / 2)
		return;
	/* Time grows as the passes do: raise them to reach half of unlock_ms. A clock too coarse to
	 * say counts as 1 ms. */
	took = took > 0 ? took : 1;
	while (out->ops < IMAGE_OPS_MAX && took * out->ops / IMAGE_OPS_MIN < (int64_t)unlock_ms / 2)
		out->ops++;
}

enum pmj_code
keyfile_tries_take(struct keyfile_tries *tries, const struct os *os, struct pmj_error *err)
{
	/* Boot time: the wall clock may be set back, and suspend must not lengthen the minute. */
	int64_t now = os->boot_ms(os->ctx);
	int64_t oldest = tries->at_ms[tries->next];

	if (oldest != 0 && now - oldest < 60000) {
		(void)pmj_fail(err, PMJ_BUSY, "%d tries within a minute", KEYFILE_TRIES);
		pmj_hint(
		    err, "wait %d seconds, then try again", (int)((60999 - (now - oldest)) / 1000));
		return PMJ_BUSY;
	}
	tries->at_ms[tries->next] = now;
	tries->next = (tries->next + 1) % KEYFILE_TRIES;
	return PMJ_OK;
}
