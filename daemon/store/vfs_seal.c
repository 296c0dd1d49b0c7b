#include "store/vfs_seal.h"

#include <string.h>

#define AAD_BYTES (PRIM_LABEL_BYTES + PMJVFS_FILE_ID_BYTES + VFS_SALTS_BYTES + 4)

/* Padded with NUL to 16 bytes by the array itself. */
static const char labels[][PRIM_LABEL_BYTES] = {
    [VFS_KIND_PAGE] = "pmj page v1",
    [VFS_KIND_WAL_HEADER] = "pmj walhead v1",
    [VFS_KIND_FRAME_HEADER] = "pmj walfh v1",
    [VFS_KIND_FRAME_PAGE] = "pmj walpg v1",
};

void
vfs_derive(struct vfs_keys *keys, const uint8_t dek[static PRIM_KEY_BYTES],
    const uint8_t file_id[static PMJVFS_FILE_ID_BYTES])
{
	prim_kdf(keys->page, sizeof(keys->page), "pmj vfs page v1", dek,
	    PRIM_PARTS({file_id, PMJVFS_FILE_ID_BYTES}));
	prim_kdf(keys->wal, sizeof(keys->wal), "pmj vfs wal v1", dek,
	    PRIM_PARTS({file_id, PMJVFS_FILE_ID_BYTES}));
}

/* LABEL(kind) || file_id || salts[8] || le32(n) */
static void
aad_of(uint8_t out[static AAD_BYTES], const struct vfs_binding *at)
{
	memcpy(out, labels[at->kind], PRIM_LABEL_BYTES);
	out += PRIM_LABEL_BYTES;
	memcpy(out, at->file_id, PMJVFS_FILE_ID_BYTES);
	out += PMJVFS_FILE_ID_BYTES;
	if (at->salts != NULL)
		memcpy(out, at->salts, VFS_SALTS_BYTES);
	else
		memset(out, 0, VFS_SALTS_BYTES);
	out += VFS_SALTS_BYTES;
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(at->n >> (8 * i));
}

static const uint8_t *
key_of(const struct vfs_keys *keys, const struct vfs_binding *at)
{
	return at->kind == VFS_KIND_PAGE ? keys->page : keys->wal;
}

void
vfs_seal_page(uint8_t sealed[static VFS_PAGE], uint8_t tag[static PRIM_TAG_BYTES],
    const uint8_t plain[static VFS_PAGE], const uint8_t nonce[static PRIM_NONCE_BYTES],
    const struct vfs_keys *keys, const struct vfs_binding *at)
{
	uint8_t aad[AAD_BYTES];

	_Static_assert(VFS_PAGE == PRIM_PAGE_BYTES, "one size of page");
	aad_of(aad, at);
	prim_seal_page(
	    sealed, tag, plain, VFS_PAGE_PLAIN, aad, sizeof(aad), nonce, key_of(keys, at));
}

int
vfs_open_page(uint8_t plain[static VFS_PAGE], const uint8_t sealed[static VFS_PAGE],
    const uint8_t tag[static PRIM_TAG_BYTES], const uint8_t nonce[static PRIM_NONCE_BYTES],
    const struct vfs_keys *keys, const struct vfs_binding *at)
{
	uint8_t aad[AAD_BYTES];

	aad_of(aad, at);
	return prim_open_page(
	    plain, sealed, VFS_PAGE_PLAIN, tag, aad, sizeof(aad), nonce, key_of(keys, at));
}

void
vfs_seal_run(uint8_t *run, const uint8_t *plain, size_t len, const struct vfs_keys *keys,
    const struct vfs_binding *at)
{
	uint8_t aad[AAD_BYTES];
	uint8_t *sealed = run + PRIM_NONCE_BYTES;

	aad_of(aad, at);
	prim_seal_detached(
	    sealed, sealed + len, plain, len, aad, sizeof(aad), run, key_of(keys, at));
}

int
vfs_open_run(uint8_t *plain, const uint8_t *run, size_t len, const struct vfs_keys *keys,
    const struct vfs_binding *at)
{
	uint8_t aad[AAD_BYTES];
	const uint8_t *sealed = run + PRIM_NONCE_BYTES;

	aad_of(aad, at);
	return prim_open_detached(
	    plain, sealed, len, sealed + len, aad, sizeof(aad), run, key_of(keys, at));
}
