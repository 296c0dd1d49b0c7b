/*
 * Argon2id fills 64 MiB and more. In pages of 4 KiB that is a page fault for every four of its
 * blocks, and on many machines these faults cost more than the stretching itself: time that a
 * person waits for and that makes no guess dearer, since whoever guesses takes large pages.
 * libsodium maps the memory itself and offers no place to ask for them; many systems give them
 * only to who asks ("madvise"). So this program's mmap(), which libsodium's call finds before
 * libc's, asks, for this call and no other.
 */
#include "crypto/stretch.h"

#include <dlfcn.h>
#include <sodium.h>
#include <stdbool.h>
#include <sys/mman.h>

static _Thread_local bool stretching;

typedef void *(*map_call)(void *, size_t, int, int, int, off_t);

/* The next in line: libc's, or that of a tool which looks on. */
static map_call
next_mmap(void)
{
	static map_call next;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "mmap");
	return next;
}

/* The memory is not filled at once (MAP_POPULATE): it would be there, in small pages, before the
 * advice. */
void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *map;

	if (!stretching || fd >= 0)
		return next_mmap()(at, len, prot, flags, fd, offset);
	map = next_mmap()(at, len, prot, flags & ~MAP_POPULATE, fd, offset);
	if (map != MAP_FAILED)
		(void)madvise(map, len, MADV_HUGEPAGE); /* where there are none, small ones do */
	return map;
}

enum pmj_code
stretch_argon2id(uint8_t out[static 32], const uint8_t *pass, size_t pass_len,
    const uint8_t salt[static 16], uint32_t ops, uint32_t mem_kib, struct pmj_error *err)
{
	int failed;

	stretching = true;
	failed = crypto_pwhash(out, 32, (const char *)pass, pass_len, salt, ops,
	    (size_t)mem_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
	stretching = false;
	if (failed != 0)
		return pmj_fail(err, PMJ_NO_MEMORY,
		    "not enough memory to stretch the passphrase (%u MiB)", mem_kib / 1024);
	return PMJ_OK;
}
