/* cache.h - SQLite's page cache in one locked arena, set up before SQLite is used at all. Private
 * to the folder. */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

/** Idempotent. Where another part started SQLite first, or the arena cannot be had, SQLite takes
 * pages from the heap. */
void cache_start(void);

#endif
