/* prim.h - the five primitives of the format specification, section 3, over libsodium. LABEL is an
 * ASCII string of at most 16 characters, right-padded with NUL to 16 bytes; every use has its own.
 */
#ifndef CRYPTO_PRIM_H
#define CRYPTO_PRIM_H
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

#define PRIM_KEY_BYTES 32
#define PRIM_HASH_BYTES 32
#define PRIM_NONCE_BYTES 24
#define PRIM_TAG_BYTES 16
#define PRIM_SIGNATURE_BYTES 64
#define PRIM_SIGN_PK_BYTES 32
#define PRIM_SIGN_SEED_BYTES 32
#define PRIM_SIGN_SK_BYTES 64
#define PRIM_LABEL_BYTES 16
#define PRIM_KEY_ID_BYTES 8

struct prim_part {
	const void *bytes;
	size_t len;
};
#define PRIM_PARTS(...)                                                                            \
	((const struct prim_part[]){__VA_ARGS__}),                                                 \
	    (sizeof((const struct prim_part[]){__VA_ARGS__}) / sizeof(struct prim_part))

/** sodium_init; aborts the program when it fails. Idempotent. Call before anything else here. */
void prim_start(void);
/** libsodium's own version, as it runs: "1.0.18". */
const char *prim_library_version(void);
void prim_random(void *out, size_t count);
/** Equal in constant time. */
int prim_equal(const void *a, const void *b, size_t count);
void prim_wipe(void *bytes, size_t count);
/** Memory between guard pages, locked where the limits allow it; NULL when there is none. Not
 * zeroed. */
void *prim_guarded(size_t bytes);
/** Wipes, then frees; NULL does nothing. */
void prim_guarded_free(void *bytes);

/** H(label, d) = BLAKE2b-256(LABEL || parts). */
void prim_hash(uint8_t out[static PRIM_HASH_BYTES], const char *label,
    const struct prim_part *parts, size_t count);
/** BLAKE2b-256 of bytes that come in pieces, without a label: what `b2sum -l 256` says of a file.
 */
struct prim_digest;
struct prim_digest *prim_digest_new(void);
void prim_digest_add(struct prim_digest *digest, const void *bytes, size_t len);
void prim_digest_end(const struct prim_digest *digest, uint8_t out[static PRIM_HASH_BYTES]);
void prim_digest_free(struct prim_digest *digest);
/** KDF(out_len, label, k, info) = BLAKE2b-out_len, key k of 32 bytes, over LABEL || parts. out_len
 * 16 to 64. */
void prim_kdf(uint8_t *out, size_t out_len, const char *label,
    const uint8_t key[static PRIM_KEY_BYTES], const struct prim_part *parts, size_t count);
/** AEAD = XChaCha20-Poly1305-IETF. out receives len + 16 bytes. out may be `plain` itself. */
void prim_seal(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES]);
/** Opens len bytes (tag included) into out (len - 16). Returns 0, or -1 when not authentic (out
 * undefined). */
PMJ_MUST_CHECK int prim_open(uint8_t *out, const uint8_t *sealed, size_t len, const uint8_t *aad,
    size_t aad_len, const uint8_t nonce[static PRIM_NONCE_BYTES],
    const uint8_t key[static PRIM_KEY_BYTES]);
/** The same with the tag apart from the ciphertext. */
void prim_seal_detached(uint8_t *out, uint8_t tag[static PRIM_TAG_BYTES], const uint8_t *plain,
    size_t len, const uint8_t *aad, size_t aad_len, const uint8_t nonce[static PRIM_NONCE_BYTES],
    const uint8_t key[static PRIM_KEY_BYTES]);
PMJ_MUST_CHECK int prim_open_detached(uint8_t *out, const uint8_t *sealed, size_t len,
    const uint8_t tag[static PRIM_TAG_BYTES], const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES]);
/**
 * The same, the same bytes, for a page: plain, out and sealed have PRIM_PAGE_BYTES in any case, of
 * which len (at most that) count; what stands in out behind them afterwards means nothing.
 *
 * ChaCha20 with AVX2 takes 512 bytes at a time, and the tail of 4056 bytes costs as much as three
 * times its length: taking the whole page saves a fifth of the time.
 */
#define PRIM_PAGE_BYTES 4096
void prim_seal_page(uint8_t out[static PRIM_PAGE_BYTES], uint8_t tag[static PRIM_TAG_BYTES],
    const uint8_t plain[static PRIM_PAGE_BYTES], size_t len, const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES]);
PMJ_MUST_CHECK int prim_open_page(uint8_t out[static PRIM_PAGE_BYTES],
    const uint8_t sealed[static PRIM_PAGE_BYTES], size_t len,
    const uint8_t tag[static PRIM_TAG_BYTES], const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES]);
/** X25519. Returns -1 for a low-order point: the caller MUST refuse. */
PMJ_MUST_CHECK int prim_dh(
    uint8_t out[static 32], const uint8_t sk[static 32], const uint8_t pk[static 32]);
void prim_dh_public(uint8_t pk[static 32], const uint8_t sk[static 32]);
/** Ed25519 key pair from a seed. */
void prim_sign_pair(uint8_t pk[static PRIM_SIGN_PK_BYTES], uint8_t sk[static PRIM_SIGN_SK_BYTES],
    const uint8_t seed[static PRIM_SIGN_SEED_BYTES]);
/** The X25519 pair that a signing key pair stands for. Returns -1 for a key that is none. */
PMJ_MUST_CHECK int prim_sign_image_pk(
    uint8_t pk[static 32], const uint8_t sign_pk[static PRIM_SIGN_PK_BYTES]);
void prim_sign_image_sk(uint8_t sk[static 32], const uint8_t sign_sk[static PRIM_SIGN_SK_BYTES]);
/** SIG(label, m) = Ed25519 over LABEL || BLAKE2b-512(parts). */
void prim_sign(uint8_t sig[static PRIM_SIGNATURE_BYTES], const char *label,
    const uint8_t sk[static PRIM_SIGN_SK_BYTES], const struct prim_part *parts, size_t count);
PMJ_MUST_CHECK int prim_verify(const uint8_t sig[static PRIM_SIGNATURE_BYTES], const char *label,
    const uint8_t pk[static PRIM_SIGN_PK_BYTES], const struct prim_part *parts, size_t count);

/* Ids of section 3. */
void prim_device_id(uint8_t out[static 16], const uint8_t sign_pk[static 32]);
void prim_sign_key_id(uint8_t out[static PRIM_KEY_ID_BYTES], const uint8_t sign_pk[static 32]);
void prim_seal_key_id(uint8_t out[static PRIM_KEY_ID_BYTES], const uint8_t seal_pk[static 32]);

#endif
