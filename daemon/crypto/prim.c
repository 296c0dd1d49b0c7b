#include "crypto/prim.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PRIM_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(PRIM_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(PRIM_SIGN_SK_BYTES == crypto_sign_SECRETKEYBYTES, "sign key");

void
prim_start(void)
{
	if (sodium_init() < 0) {
		fputs("pamoja: libsodium cannot start\n", stderr);
		abort();
	}
}

const char *
prim_library_version(void)
{
	return sodium_version_string();
}

void
prim_random(void *out, size_t count)
{
	randombytes_buf(out, count);
}

int
prim_equal(const void *a, const void *b, size_t count)
{
	return sodium_memcmp(a, b, count) == 0;
}

void
prim_wipe(void *bytes, size_t count)
{
	sodium_memzero(bytes, count);
}

void *
prim_guarded(size_t bytes)
{
	return sodium_malloc(bytes);
}

void
prim_guarded_free(void *bytes)
{
	sodium_free(bytes);
}

static void
label_pad(uint8_t out[static PRIM_LABEL_BYTES], const char *label)
{
	assert(strlen(label) <= PRIM_LABEL_BYTES);
	for (size_t i = 0; i < PRIM_LABEL_BYTES; i++)
		out[i] = *label != '\0' ? (uint8_t)*label++ : 0;
}

static void
hash_parts(uint8_t *out, size_t out_len, const char *label, const uint8_t *key, size_t key_len,
    const struct prim_part *parts, size_t count)
{
	crypto_generichash_state state;
	uint8_t padded[PRIM_LABEL_BYTES];

	(void)crypto_generichash_init(&state, key, key_len, out_len);
	if (label != NULL) {
		label_pad(padded, label);
		(void)crypto_generichash_update(&state, padded, sizeof(padded));
	}
	for (size_t i = 0; i < count; i++)
		(void)crypto_generichash_update(&state, parts[i].bytes, parts[i].len);
	(void)crypto_generichash_final(&state, out, out_len);
	sodium_memzero(&state, sizeof(state));
}

void
prim_hash(uint8_t out[static PRIM_HASH_BYTES], const char *label, const struct prim_part *parts,
    size_t count)
{
	hash_parts(out, PRIM_HASH_BYTES, label, NULL, 0, parts, count);
}

void
prim_kdf(uint8_t *out, size_t out_len, const char *label, const uint8_t key[static PRIM_KEY_BYTES],
    const struct prim_part *parts, size_t count)
{
	assert(out_len >= 16 && out_len <= 64);
	hash_parts(out, out_len, label, key, PRIM_KEY_BYTES, parts, count);
}

void
prim_seal(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES])
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
	    out, NULL, plain, len, aad, aad_len, NULL, nonce, key);
}

int
prim_open(uint8_t *out, const uint8_t *sealed, size_t len, const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES])
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(
	    out, NULL, NULL, sealed, len, aad, aad_len, nonce, key);
}

void
prim_seal_detached(uint8_t *out, uint8_t tag[static PRIM_TAG_BYTES], const uint8_t *plain,
    size_t len, const uint8_t *aad, size_t aad_len, const uint8_t nonce[static PRIM_NONCE_BYTES],
    const uint8_t key[static PRIM_KEY_BYTES])
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
	    out, tag, NULL, plain, len, aad, aad_len, NULL, nonce, key);
}

int
prim_open_detached(uint8_t *out, const uint8_t *sealed, size_t len,
    const uint8_t tag[static PRIM_TAG_BYTES], const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES])
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
	    out, NULL, sealed, len, tag, aad, aad_len, nonce, key);
}

int
prim_dh(uint8_t out[static 32], const uint8_t sk[static 32], const uint8_t pk[static 32])
{
	return crypto_scalarmult(out, sk, pk);
}

void
prim_dh_public(uint8_t pk[static 32], const uint8_t sk[static 32])
{
	(void)crypto_scalarmult_base(pk, sk);
}

void
prim_sign_pair(uint8_t pk[static PRIM_SIGN_PK_BYTES], uint8_t sk[static PRIM_SIGN_SK_BYTES],
    const uint8_t seed[static PRIM_SIGN_SEED_BYTES])
{
	(void)crypto_sign_seed_keypair(pk, sk, seed);
}

/* LABEL || BLAKE2b-512(parts): the 80 bytes that are really signed. */
static void
signed_bytes(uint8_t out[static PRIM_LABEL_BYTES + 64], const char *label,
    const struct prim_part *parts, size_t count)
{
	label_pad(out, label);
	hash_parts(out + PRIM_LABEL_BYTES, 64, NULL, NULL, 0, parts, count);
}

void
prim_sign(uint8_t sig[static PRIM_SIGNATURE_BYTES], const char *label,
    const uint8_t sk[static PRIM_SIGN_SK_BYTES], const struct prim_part *parts, size_t count)
{
	uint8_t message[PRIM_LABEL_BYTES + 64];

	signed_bytes(message, label, parts, count);
	(void)crypto_sign_detached(sig, NULL, message, sizeof(message), sk);
}

int
prim_verify(const uint8_t sig[static PRIM_SIGNATURE_BYTES], const char *label,
    const uint8_t pk[static PRIM_SIGN_PK_BYTES], const struct prim_part *parts, size_t count)
{
	uint8_t message[PRIM_LABEL_BYTES + 64];

	signed_bytes(message, label, parts, count);
	return crypto_sign_verify_detached(sig, message, sizeof(message), pk);
}

enum pmj_code
prim_argon2id(uint8_t out[static 32], const uint8_t *pass, size_t pass_len,
    const uint8_t salt[static 16], uint32_t ops, uint32_t mem_kib, struct pmj_error *err)
{
	if (crypto_pwhash(out, 32, (const char *)pass, pass_len, salt, ops, (size_t)mem_kib * 1024,
	        crypto_pwhash_ALG_ARGON2ID13) != 0)
		return pmj_fail(err, PMJ_NO_MEMORY,
		    "not enough memory to stretch the passphrase (%u MiB)", mem_kib / 1024);
	return PMJ_OK;
}

static void
hashed_id(uint8_t *out, size_t out_len, const char *label, const uint8_t *key)
{
	uint8_t hash[PRIM_HASH_BYTES];

	prim_hash(hash, label, PRIM_PARTS({key, 32}));
	memcpy(out, hash, out_len);
}

void
prim_device_id(uint8_t out[static 16], const uint8_t sign_pk[static 32])
{
	hashed_id(out, 16, "pmj device v1", sign_pk);
}

void
prim_sign_key_id(uint8_t out[static PRIM_KEY_ID_BYTES], const uint8_t sign_pk[static 32])
{
	hashed_id(out, PRIM_KEY_ID_BYTES, "pmj sign kid v1", sign_pk);
}

void
prim_seal_key_id(uint8_t out[static PRIM_KEY_ID_BYTES], const uint8_t seal_pk[static 32])
{
	hashed_id(out, PRIM_KEY_ID_BYTES, "pmj seal kid v1", seal_pk);
}
