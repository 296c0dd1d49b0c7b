/* ring_inner.h - the ring from inside, for its two sources. Private to crypto/ring*.c. */
#ifndef CRYPTO_RING_INNER_H
#define CRYPTO_RING_INNER_H
#include "crypto/ring.h"

struct secret;

/* In guarded memory. Bytes only, so it has no alignment. */
struct ring_secrets {
	uint8_t seed[PRIM_SIGN_SEED_BYTES];
	uint8_t sk[PRIM_SIGN_SK_BYTES];
	uint8_t op_seed[PRIM_SIGN_SEED_BYTES];
	uint8_t op_sk[PRIM_SIGN_SK_BYTES];
	uint8_t image_sk[32]; /* while it is used */
	uint8_t dek[32];
	uint8_t tombstone[32];
	uint8_t epoch_sk[RING_EPOCHS_MAX][32]; /* beside ring->epoch */
};

struct ring {
	struct secret *secrets; /* struct ring_secrets */
	struct secret *strange; /* records of types not known here, as they came; or NULL */
	size_t strange_len;
	bool hub, has_tombstone;
	uint8_t sign_pk[32], device_id[16], op_pk[32];
	struct ring_image { /* of a signing key: the X25519 key it stands for */
		uint8_t pk[32], key_id[PRIM_KEY_ID_BYTES];
	} image[2]; /* by enum ring_key */
	uint8_t file_id[8];
	size_t epochs;
	struct ring_epoch epoch[RING_EPOCHS_MAX];
	struct ring_anchor anchor;
	struct ring_pin pin;
	uint64_t roster_version;
	uint8_t roster_head[32];
	uint8_t incarnation[16];
	uint64_t hub_time;
};

/** Empty, with its guarded memory. */
PMJ_MUST_CHECK enum pmj_code ring_alloc(struct ring **out, struct pmj_error *err);
/** The secrets, readable until ring_secrets_done. */
struct ring_secrets *ring_secrets_use(struct ring *ring);
void ring_secrets_done(struct ring *ring);
/* What follows from the secrets. */
void ring_derive_sign(struct ring *ring, struct ring_secrets *s);
void ring_derive_op(struct ring *ring, struct ring_secrets *s);
void ring_derive_epoch(struct ring_epoch *epoch, const uint8_t *sk);

#endif
