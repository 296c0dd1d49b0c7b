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

struct prim_digest {
	crypto_generichash_state state;
};

struct prim_digest *
prim_digest_new(void)
{
	struct prim_digest *digest = NULL;

	/* The state wants an alignment that mem_new does not promise. */
	if (posix_memalign((void **)&digest, 64, sizeof(*digest)) != 0)
		abort();
	(void)crypto_generichash_init(&digest->state, NULL, 0, PRIM_HASH_BYTES);
	return digest;
}

void
prim_digest_add(struct prim_digest *digest, const void *bytes, size_t len)
{
	(void)crypto_generichash_update(&digest->state, bytes, len);
}

void
prim_digest_end(const struct prim_digest *digest, uint8_t out[static PRIM_HASH_BYTES])
{
	crypto_generichash_state state = digest->state;

	(void)crypto_generichash_final(&state, out, PRIM_HASH_BYTES);
	sodium_memzero(&state, sizeof(state));
}

void
prim_digest_free(struct prim_digest *digest)
{
	if (digest != NULL)
		sodium_memzero(digest, sizeof(*digest));
	free(digest);
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

/* XChaCha20-Poly1305 from its parts, as its draft describes it: what libsodium's one call does,
 * which takes no more bytes than it authenticates. Stream block 0 is the one-time key of the tag.
 */
struct page_key {
	uint8_t key[crypto_stream_chacha20_ietf_KEYBYTES];
	uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES];
	uint8_t tag_key[64];
};

static void
page_key_init(struct page_key *page, const uint8_t nonce[static PRIM_NONCE_BYTES],
    const uint8_t key[static PRIM_KEY_BYTES])
{
	(void)crypto_core_hchacha20(page->key, nonce, key, NULL);
	memset(page->nonce, 0, 4);
	memcpy(page->nonce + 4, nonce + crypto_core_hchacha20_INPUTBYTES, 8);
	(void)crypto_stream_chacha20_ietf(
	    page->tag_key, sizeof(page->tag_key), page->nonce, page->key);
}

static void
put_length(uint8_t *out, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

/* AAD and ciphertext, each filled up with zeros to 16 bytes, and both lengths. */
static void
page_tag(uint8_t tag[static PRIM_TAG_BYTES], const struct page_key *page, const uint8_t *sealed,
    size_t len, const uint8_t *aad, size_t aad_len)
{
	static const uint8_t zeros[16];
	uint8_t lengths[16];
	crypto_onetimeauth_poly1305_state state;

	put_length(lengths, aad_len);
	put_length(lengths + 8, len);
	(void)crypto_onetimeauth_poly1305_init(&state, page->tag_key);
	(void)crypto_onetimeauth_poly1305_update(&state, aad, aad_len);
	(void)crypto_onetimeauth_poly1305_update(&state, zeros, (16 - aad_len % 16) % 16);
	(void)crypto_onetimeauth_poly1305_update(&state, sealed, len);
	(void)crypto_onetimeauth_poly1305_update(&state, zeros, (16 - len % 16) % 16);
	(void)crypto_onetimeauth_poly1305_update(&state, lengths, sizeof(lengths));
	(void)crypto_onetimeauth_poly1305_final(&state, tag);
	sodium_memzero(&state, sizeof(state));
}

void
prim_seal_page(uint8_t out[static PRIM_PAGE_BYTES], uint8_t tag[static PRIM_TAG_BYTES],
    const uint8_t plain[static PRIM_PAGE_BYTES], size_t len, const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES])
{
	struct page_key page;

	page_key_init(&page, nonce, key);
	(void)crypto_stream_chacha20_ietf_xor_ic(
	    out, plain, PRIM_PAGE_BYTES, page.nonce, 1, page.key);
	page_tag(tag, &page, out, len, aad, aad_len);
	sodium_memzero(&page, sizeof(page));
}

int
prim_open_page(uint8_t out[static PRIM_PAGE_BYTES], const uint8_t sealed[static PRIM_PAGE_BYTES],
    size_t len, const uint8_t tag[static PRIM_TAG_BYTES], const uint8_t *aad, size_t aad_len,
    const uint8_t nonce[static PRIM_NONCE_BYTES], const uint8_t key[static PRIM_KEY_BYTES])
{
	struct page_key page;
	uint8_t wanted[PRIM_TAG_BYTES];
	int rc;

	page_key_init(&page, nonce, key);
	page_tag(wanted, &page, sealed, len, aad, aad_len);
	rc = crypto_verify_16(wanted, tag);
	if (rc == 0)
		(void)crypto_stream_chacha20_ietf_xor_ic(
		    out, sealed, PRIM_PAGE_BYTES, page.nonce, 1, page.key);
	sodium_memzero(&page, sizeof(page));
	sodium_memzero(wanted, sizeof(wanted));
	return rc;
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

int
prim_sign_image_pk(uint8_t pk[static 32], const uint8_t sign_pk[static PRIM_SIGN_PK_BYTES])
{
	return crypto_sign_ed25519_pk_to_curve25519(pk, sign_pk);
}

void
prim_sign_image_sk(uint8_t sk[static 32], const uint8_t sign_sk[static PRIM_SIGN_SK_BYTES])
{
	(void)crypto_sign_ed25519_sk_to_curve25519(sk, sign_sk);
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
