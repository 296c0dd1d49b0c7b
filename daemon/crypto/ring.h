/* ring.h - what the key file keeps (security 4.2): signing seed, seal secrets per epoch, journal
 * key, anchors, pins. The secrets live in guarded memory; other folders name a key and ask the ring
 * to sign or open. */
#ifndef CRYPTO_RING_H
#define CRYPTO_RING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/os.h"
#include "crypto/prim.h"
#include "pamoja/limits.h"

struct ring;

struct ring_lane { /* of an anchor: a live lane's head */
	uint8_t lane;
	uint8_t incarnation[16];
	uint64_t segno;
	uint8_t segment_id[32];
	uint64_t seq;
	uint8_t chain[32];
};
#define RING_ANCHOR_LANES_MAX 64
#define RING_EPOCHS_MAX 64 /* 90 days each */
struct ring_anchor {
	uint64_t count; /* journal entries */
	uint8_t j[32];  /* journal chain head */
	size_t lanes;
	struct ring_lane lane[RING_ANCHOR_LANES_MAX];
};
struct ring_pin {
	bool set;
	uint8_t root_pk[32];
	uint8_t next_root_hash[32];
	uint32_t serial;
	uint8_t cert_hash[32];
};
struct ring_epoch { /* public side of a seal epoch */
	uint64_t created_ms;
	uint32_t epoch;
	uint8_t state; /* 1 next, 2 current, 3 ended */
	uint8_t pk[32];
	uint8_t key_id[PRIM_KEY_ID_BYTES];
};

/** A new ring with fresh random signing seed, seal epoch 1 (current), journal file id + DEK,
 * incarnation; for a hub an op signing seed. */
PMJ_MUST_CHECK enum pmj_code ring_new(
    struct ring **out, bool hub, uint64_t now_ms, struct pmj_error *err);
void ring_free(struct ring *ring);
/** Ring plaintext (records u16 type, u16 length, value; unknown types kept) into room bytes of
 * guarded memory; *len of them were written. PMJ_TOO_BIG. */
PMJ_MUST_CHECK enum pmj_code ring_pack(
    uint8_t *out, size_t room, size_t *len, struct ring *ring, struct pmj_error *err);
/** PMJ_DAMAGED_KEYS when a record is cut, missing, doubled or of the wrong length. */
PMJ_MUST_CHECK enum pmj_code ring_decode(
    struct ring **out, const uint8_t *bytes, size_t len, struct pmj_error *err);

const uint8_t *ring_sign_pk(const struct ring *ring);   /* 32: the device's */
const uint8_t *ring_device_id(const struct ring *ring); /* 16 */
bool ring_is_hub(const struct ring *ring);
const uint8_t *ring_op_pk(
    const struct ring *ring); /* 32: the hub's operating key; NULL on a device */

enum ring_key { RING_KEY_DEVICE, RING_KEY_OP };
/** SIG(label, parts) with the device's or the hub's operating key. */
void ring_sign(struct ring *ring, enum ring_key which, uint8_t sig[static 64], const char *label,
    const struct prim_part *parts, size_t count);
#define RING_VOUCH_BYTES 16
/** The hub's word for these bytes, which only the hub can check: KDF(16, "pmj hub word v1",
 * operating seed, bytes). */
void ring_vouch(
    struct ring *ring, uint8_t out[static RING_VOUCH_BYTES], const void *bytes, size_t len);
/** The public half of a key that segments to this ring may be sealed to: a seal epoch, or the image
 * of a signing key, to which only a restored end's announcement is sealed. False: none of ours. */
bool ring_reader_pk(
    const struct ring *ring, const uint8_t key_id[static PRIM_KEY_ID_BYTES], uint8_t pk[static 32]);
/** DH of such a key's secret, named by its key id, with pk. PMJ_NOT_FOUND: epoch gone;
 * PMJ_INTEGRITY: low-order point. */
PMJ_MUST_CHECK enum pmj_code ring_dh(struct ring *ring,
    const uint8_t key_id[static PRIM_KEY_ID_BYTES], uint8_t out[static 32],
    const uint8_t pk[static 32], struct pmj_error *err);
size_t ring_epochs(const struct ring *ring, struct ring_epoch *out, size_t room);
/** The epoch in state 2. */
void ring_epoch_current(const struct ring *ring, struct ring_epoch *out);
void ring_epoch_add(struct ring *ring, uint64_t now_ms); /* a new one in state 1 */
void ring_epoch_state(struct ring *ring, uint32_t epoch, uint8_t state);
void ring_epoch_destroy(struct ring *ring, uint32_t epoch);

/** The journal's file id and DEK. dek is guarded: copy out 32 bytes only into guarded memory, wipe
 * after. */
const uint8_t *ring_file_id(const struct ring *ring); /* 8 */
void ring_dek(struct ring *ring, uint8_t out[static 32]);
void ring_set_journal(
    struct ring *ring, const uint8_t file_id[static 8], const uint8_t dek[static 32]);

void ring_anchor(const struct ring *ring, struct ring_anchor *out);
void ring_set_anchor(struct ring *ring, const struct ring_anchor *anchor);
void ring_pin(const struct ring *ring, struct ring_pin *out);
void ring_set_pin(struct ring *ring, const struct ring_pin *pin);
void ring_roster(const struct ring *ring, uint64_t *version, uint8_t head[static 32]);
void ring_set_roster(struct ring *ring, uint64_t version, const uint8_t head[static 32]);
const uint8_t *ring_incarnation(const struct ring *ring); /* 16: of the device's up lane */
void ring_set_incarnation(struct ring *ring, const uint8_t incarnation[static 16]);
uint64_t ring_hub_time(const struct ring *ring); /* highest seen, ms */
void ring_set_hub_time(struct ring *ring, uint64_t ms);
bool ring_has_tombstone_key(const struct ring *ring);
/** The tombstone key (32), made when first asked for. KDF-only use; wipe the copy. */
void ring_tombstone_key(struct ring *ring, uint8_t out[static 32]);

#endif
