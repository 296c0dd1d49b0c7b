/* restored.h - what of a ring goes into a backup, and the ring that comes out of one (security
 * 11.5): the same device by its signing seed, with seal key, journal key and incarnation of its
 * own.
 */
#ifndef CRYPTO_RESTORED_H
#define CRYPTO_RESTORED_H
#include "base/buf.h"
#include "crypto/ring.h"
#include "crypto/words.h"

/** Append the ring's records that a backup may hold: signing seeds, pins, roster head, hub time,
 * tombstone key. Never a seal secret or the journal's key. Wipe the buf with buf_wipe. */
PMJ_MUST_CHECK enum pmj_code restored_records(
    struct buf *out, struct ring *ring, struct pmj_error *err);
/** The highest seal epoch that was ever made here. */
uint32_t restored_last_epoch(const struct ring *ring);
/**
 * The ring of a restored device.
 *
 * records     as restored_records gave them. PMJ_INTEGRITY for any other record.
 * last_epoch  of the backup. The new seal key takes a number that no earlier restore and no later
 *             life of the lost machine can have used: the seconds since 1970, above last_epoch.
 */
PMJ_MUST_CHECK enum pmj_code restored_ring(struct ring **out, const uint8_t *records, size_t len,
    uint32_t last_epoch, uint64_t now_ms, struct pmj_error *err);
/** A ring whose one seal key is the recovery slot's: it opens the backups of this store, and
 * nothing else is in it. PMJ_INVALID for a mistyped code. */
PMJ_MUST_CHECK enum pmj_code restored_reader(struct ring **out, const char *code,
    const uint8_t store_uuid[static 16], struct pmj_error *err);

struct restored_halves {
	const char *text[2];              /* as typed from the two papers, in any order */
	const struct words *const *lists; /* whose words they may be */
	size_t count;
	uint16_t day;   /* out: when their key was made, in days since 1970-01-01 */
	uint8_t number; /* out: of their key, mod 16 */
};
/** The same with a hub's backup key, of which two people hold a half each. PMJ_INVALID: mistyped,
 * one half twice, or halves of two keys; the message says which. */
PMJ_MUST_CHECK enum pmj_code restored_reader_halves(struct ring **out,
    struct restored_halves *typed, const uint8_t store_uuid[static 16], struct pmj_error *err);

#endif
