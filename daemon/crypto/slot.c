#include "crypto/slot.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/prim.h"
#include "crypto/stretch.h"

_Static_assert(SLOT_AT_CT + SLOT_KEY_BYTES + PRIM_TAG_BYTES == SLOT_AT_HOLDER, "slot layout");

#define AAD_BYTES (PRIM_LABEL_BYTES + 16 + SLOT_AT_NONCE)

void
slot_begin(uint8_t slot[static SLOT_BYTES], enum slot_type type, uint32_t ops, uint32_t mem_kib)
{
	memset(slot, 0, SLOT_BYTES);
	slot[SLOT_AT_TYPE] = (uint8_t)type;
	slot[SLOT_AT_ALG] = 1;
	if (type != SLOT_PASSPHRASE)
		return;
	put_le32(slot + SLOT_AT_OPS, ops);
	put_le32(slot + SLOT_AT_MEM_KIB, mem_kib);
	prim_random(slot + SLOT_AT_SALT, 16);
}

enum pmj_code
slot_stretch(uint8_t x[static 32], const uint8_t slot[static SLOT_BYTES], const char *passphrase,
    struct pmj_error *err)
{
	return stretch_argon2id(x, (const uint8_t *)passphrase, strlen(passphrase),
	    slot + SLOT_AT_SALT, get_le32(slot + SLOT_AT_OPS), get_le32(slot + SLOT_AT_MEM_KIB),
	    err);
}

void
slot_keys(struct slot_work *work, const uint8_t store_uuid[static 16], uint32_t index,
    const uint8_t slot[static SLOT_BYTES])
{
	uint8_t le_index[4];

	put_le32(le_index, index);
	prim_kdf(work->kek_commit, sizeof(work->kek_commit), "pmj slot key v1", work->x,
	    PRIM_PARTS({store_uuid, 16}, {le_index, 4}, {slot, SLOT_AT_COMMIT}));
}

int
slot_commits(const struct slot_work *work, const uint8_t slot[static SLOT_BYTES])
{
	return prim_equal(work->kek_commit + 32, slot + SLOT_AT_COMMIT, 32);
}

/* LABEL || store_uuid || slot[0..128) */
static void
slot_aad(uint8_t out[static AAD_BYTES], const uint8_t *store_uuid, const uint8_t *slot)
{
	static const char label[PRIM_LABEL_BYTES] = "pmj slot box v1";

	memcpy(out, label, PRIM_LABEL_BYTES);
	memcpy(out + PRIM_LABEL_BYTES, store_uuid, 16);
	memcpy(out + PRIM_LABEL_BYTES + 16, slot, SLOT_AT_NONCE);
}

void
slot_seal(uint8_t slot[static SLOT_BYTES], const uint8_t store_uuid[static 16],
    const uint8_t kek[static 32], const uint8_t mk[static SLOT_KEY_BYTES])
{
	uint8_t aad[AAD_BYTES];

	slot_aad(aad, store_uuid, slot);
	prim_random(slot + SLOT_AT_NONCE, PRIM_NONCE_BYTES);
	prim_seal(
	    slot + SLOT_AT_CT, mk, SLOT_KEY_BYTES, aad, sizeof(aad), slot + SLOT_AT_NONCE, kek);
}

int
slot_open(uint8_t mk[static SLOT_KEY_BYTES], const uint8_t slot[static SLOT_BYTES],
    const uint8_t store_uuid[static 16], const uint8_t kek[static 32])
{
	uint8_t aad[AAD_BYTES];

	slot_aad(aad, store_uuid, slot);
	return prim_open(mk, slot + SLOT_AT_CT, SLOT_KEY_BYTES + PRIM_TAG_BYTES, aad, sizeof(aad),
	    slot + SLOT_AT_NONCE, kek);
}

/* x = KDF(32, "pmj slot dh v1", DH(sk, pk), epk || slot_pk): one of the two pairs is known. */
static int
shared_x(struct slot_work *work, const uint8_t *slot, const uint8_t *sk, const uint8_t *pk)
{
	if (prim_dh(work->shared, sk, pk) != 0)
		return -1;
	prim_kdf(work->x, sizeof(work->x), "pmj slot dh v1", work->shared,
	    PRIM_PARTS({slot + SLOT_AT_EPK, 32}, {slot + SLOT_AT_PK, 32}));
	return 0;
}

int
slot_seal_public(uint8_t slot[static SLOT_BYTES], const uint8_t store_uuid[static 16],
    uint32_t index, const uint8_t mk[static SLOT_KEY_BYTES], struct slot_work *work)
{
	prim_random(work->esk, sizeof(work->esk));
	prim_dh_public(slot + SLOT_AT_EPK, work->esk);
	if (shared_x(work, slot, work->esk, slot + SLOT_AT_PK) != 0)
		return -1;
	slot_keys(work, store_uuid, index, slot);
	memcpy(slot + SLOT_AT_COMMIT, work->kek_commit + 32, 32);
	slot_seal(slot, store_uuid, work->kek_commit, mk);
	return 0;
}

int
slot_x_public(
    struct slot_work *work, const uint8_t slot[static SLOT_BYTES], const uint8_t slot_sk[static 32])
{
	return shared_x(work, slot, slot_sk, slot + SLOT_AT_EPK);
}
