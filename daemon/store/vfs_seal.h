/* vfs_seal.h - the sealed shapes of journal and WAL on disk: offsets, sizes, keys, and the AEAD
 * calls everything in vfs*.c goes through. Private to the VFS. Source: the format specification,
 * section 6.2. */
#ifndef STORE_VFS_SEAL_H
#define STORE_VFS_SEAL_H
#include <stddef.h>
#include <stdint.h>

#include "crypto/prim.h"
#include "pamoja/pmjvfs.h"

#define VFS_PAGE PMJVFS_PAGE_BYTES
#define VFS_RESERVED PMJVFS_RESERVED_BYTES
#define VFS_PAGE_PLAIN (VFS_PAGE - VFS_RESERVED) /* what a database page has for SQLite: 4056 */
#define VFS_SALTS_BYTES 8
#define VFS_OVERHEAD (PRIM_NONCE_BYTES + PRIM_TAG_BYTES)

/* As SQLite sees its WAL (logical) ... */
#define WAL_HEADER 32
#define WAL_FRAME_HEADER 24
#define WAL_FRAME (WAL_FRAME_HEADER + VFS_PAGE)
#define WAL_SALTS_AT 16   /* in the WAL header */
#define FRAME_COMMIT_AT 4 /* in a frame header: pages of the database after a commit, else 0 */
/* ... and as it lies on disk: nonce | ciphertext | tag for each part. */
#define DISK_HEADER (WAL_HEADER + VFS_OVERHEAD) /* 72 */
#define FRAME_HEADER_PLAIN 32                   /* SQLite's 24, le32 synced, zero[4] */
#define DISK_FRAME_HEADER (FRAME_HEADER_PLAIN + VFS_OVERHEAD) /* 72 */
#define DISK_FRAME_PAGE (VFS_PAGE + VFS_OVERHEAD)             /* 4136 */
#define DISK_FRAME (DISK_FRAME_HEADER + DISK_FRAME_PAGE)      /* 4208 */

_Static_assert(VFS_OVERHEAD == VFS_RESERVED, "nonce and tag fill the reserve exactly");
_Static_assert(DISK_HEADER == 72 && DISK_FRAME_HEADER == 72 && DISK_FRAME == 4208, "section 6.2");

/** In guarded memory. */
struct vfs_keys {
	uint8_t page[PRIM_KEY_BYTES];
	uint8_t wal[PRIM_KEY_BYTES];
};

enum vfs_kind { VFS_KIND_PAGE, VFS_KIND_WAL_HEADER, VFS_KIND_FRAME_HEADER, VFS_KIND_FRAME_PAGE };

/** What one sealed piece is bound to. salts NULL stands for eight zero bytes. */
struct vfs_binding {
	enum vfs_kind kind;
	const uint8_t *file_id;
	const uint8_t *salts;
	uint32_t n; /* page number from 1, or frame index from 0 */
};

/** K_page and K_wal from the journal's DEK. */
void vfs_derive(struct vfs_keys *keys, const uint8_t dek[static PRIM_KEY_BYTES],
    const uint8_t file_id[static PMJVFS_FILE_ID_BYTES]);

/**
 * Seal a database page, its first VFS_PAGE_PLAIN bytes, with the tag apart.
 *
 * sealed  may be plain itself. Its last VFS_RESERVED bytes mean nothing afterwards: nonce and tag
 * go there.
 * nonce   fresh random bytes, made by the caller: never one that was used before.
 */
void vfs_seal_page(uint8_t sealed[static VFS_PAGE], uint8_t tag[static PRIM_TAG_BYTES],
    const uint8_t plain[static VFS_PAGE], const uint8_t nonce[static PRIM_NONCE_BYTES],
    const struct vfs_keys *keys, const struct vfs_binding *at);

/** Open one into plain (may be sealed itself; the last VFS_RESERVED bytes mean nothing afterwards).
 * Returns 0, or -1 when not authentic (plain undefined). */
PMJ_MUST_CHECK int vfs_open_page(uint8_t plain[static VFS_PAGE],
    const uint8_t sealed[static VFS_PAGE], const uint8_t tag[static PRIM_TAG_BYTES],
    const uint8_t nonce[static PRIM_NONCE_BYTES], const struct vfs_keys *keys,
    const struct vfs_binding *at);

/** Pieces of the WAL: nonce | ciphertext | tag in one run of len + VFS_OVERHEAD bytes; the nonce is
 * already in place. */
void vfs_seal_run(uint8_t *run, const uint8_t *plain, size_t len, const struct vfs_keys *keys,
    const struct vfs_binding *at);
PMJ_MUST_CHECK int vfs_open_run(uint8_t *plain, const uint8_t *run, size_t len,
    const struct vfs_keys *keys, const struct vfs_binding *at);

#endif
