#include "crypto/cost.h"

#include <string.h>

#include "base/buf.h"

#define FLOOR_MIB (KEYSHAPE_MEM_KIB_MIN / 1024)

/* What is stretched, and where it goes. */
struct fit {
	uint8_t *slot;
	uint8_t *x;
	const struct os *os;
	const char *passphrase;
	int64_t took_ms; /* the last try */
};

static enum pmj_code
try_cost(struct fit *fit, uint32_t ops, uint32_t mib, struct pmj_error *err)
{
	int64_t start = fit->os->mono_ms(fit->os->ctx);
	enum pmj_code rc;

	put_le32(fit->slot + SLOT_AT_OPS, ops);
	put_le32(fit->slot + SLOT_AT_MEM_KIB, mib * 1024);
	rc = slot_stretch(fit->x, fit->slot, fit->passphrase, err);
	fit->took_ms = fit->os->mono_ms(fit->os->ctx) - start;
	return rc;
}

/* Step down from 256 MiB to what fits; MiB. The floor is tried first: time grows as the memory
 * does, or a little less, so it tells which larger ones need no try. What it gave waits in `kept`
 * for the case that none of them fits. */
static uint32_t
fit_memory(struct fit *fit, uint8_t kept[static 32], int64_t unlock_ms)
{
	static const uint32_t larger[] = {256, 192, 128, 96};
	int64_t least = fit->took_ms;

	memcpy(kept, fit->x, 32);
	for (size_t i = 0; i < sizeof(larger) / sizeof(larger[0]); i++) {
		if (least * larger[i] / FLOOR_MIB > unlock_ms * 5 / 4)
			continue;
		if (try_cost(fit, KEYSHAPE_OPS_MIN, larger[i], NULL) == PMJ_OK &&
		    fit->took_ms <= unlock_ms)
			return larger[i];
	}
	memcpy(fit->x, kept, 32);
	put_le32(fit->slot + SLOT_AT_MEM_KIB, KEYSHAPE_MEM_KIB_MIN);
	fit->took_ms = least;
	return FLOOR_MIB;
}

/* Time grows as the passes do: so many reach half of unlock_ms. A clock too coarse to say counts as
 * 1 ms. */
static uint32_t
raised_ops(int64_t took_ms, int64_t unlock_ms)
{
	uint32_t ops = KEYSHAPE_OPS_MIN;

	took_ms = took_ms > 0 ? took_ms : 1;
	while (ops < KEYSHAPE_OPS_MAX && took_ms * ops / KEYSHAPE_OPS_MIN < unlock_ms / 2)
		ops++;
	return ops;
}

enum pmj_code
cost_fit(uint8_t slot[static SLOT_BYTES], struct slot_work *work, const struct os *os,
    const char *passphrase, uint32_t unlock_ms, struct pmj_error *err)
{
	struct fit fit = {.slot = slot, .x = work->x, .os = os, .passphrase = passphrase};
	uint32_t mib, ops;
	enum pmj_code rc;

	slot_begin(slot, SLOT_PASSPHRASE, KEYSHAPE_OPS_MIN, KEYSHAPE_MEM_KIB_MIN);
	if ((rc = try_cost(&fit, KEYSHAPE_OPS_MIN, FLOOR_MIB, err)) != PMJ_OK)
		return rc;
	mib = fit_memory(&fit, work->shared, unlock_ms);
	ops = raised_ops(fit.took_ms, unlock_ms);
	return ops == KEYSHAPE_OPS_MIN ? PMJ_OK : try_cost(&fit, ops, mib, err);
}
