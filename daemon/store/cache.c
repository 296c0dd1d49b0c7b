/* cache.c - pages of the journal lie in clear in SQLite's cache: keep what we can of it out of
 * swap. */
#include "store/cache.h"

#include <sqlite3.h>
#include <sys/mman.h>

#include "pamoja/pmjvfs.h"
#include "store/journal.h"

#define ARENA_BYTES (4 * 1024 * 1024)

static bool started;
static bool locked;

void
cache_start(void)
{
	int header = 0;
	int slot;
	void *arena;

	if (started)
		return;
	started = true;
	/* One connection, one thread: no statistics, and with them no mutex at each allocation. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header) != SQLITE_OK)
		return;
	slot = (PMJVFS_PAGE_BYTES + header + 7) / 8 * 8;
	arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return;
	(void)madvise(arena, ARENA_BYTES, MADV_DONTDUMP);
	locked = mlock(arena, ARENA_BYTES) == 0;
	if (sqlite3_config(SQLITE_CONFIG_PAGECACHE, arena, slot, ARENA_BYTES / slot) != SQLITE_OK) {
		locked = false;
		(void)munmap(arena, ARENA_BYTES);
	}
}

bool
store_cache_locked(void)
{
	return locked;
}

const char *
store_library_version(void)
{
	return sqlite3_libversion();
}
