/* bare.h - bare repositories of our own making: made whole or not at all, checked before libgit2
 * may look at them, swept of what stopped programs left. */
#ifndef CARRY_BARE_H
#define CARRY_BARE_H
#include <git2.h>

#include "pamoja/error.h"
#include "pamoja/limits.h"

/**
 * Make a bare repository at path with the settings of a mailbox: synced, no gc by itself, fast
 * forward only, no hooks. It appears under its name only when everything is on disk. One that is
 * there is left alone. Where the parent folder may be written by its group, so may it.
 */
PMJ_MUST_CHECK enum pmj_code bare_make(const char *path, struct pmj_error *err);

/* Two files of a mailbox that pamoja-gate reads and its hub writes. */
#define BARE_TOKENS "tokens"
#define BARE_WRITERS "writers"
/** Write such a file where its text is another. */
PMJ_MUST_CHECK enum pmj_code bare_put_text(
    const char *path, const char *name, const char *text, struct pmj_error *err);

/** FOLDER/<mailbox-hex>.git. Caller frees. */
char *bare_path(const char *folder, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);

/**
 * Open a bare repository without searching anywhere.
 *
 * Errors   PMJ_NOT_FOUND; PMJ_INTEGRITY where hooks, alternates, includes, a work tree, replaced
 *          objects or links make it anything but a plain bare repository.
 */
PMJ_MUST_CHECK enum pmj_code bare_open(
    git_repository **out, const char *path, struct pmj_error *err);

/**
 * Keep other programs of ours out until the descriptor is closed.
 *
 * Errors   PMJ_BUSY when another held it for all of wait_ms.
 */
PMJ_MUST_CHECK enum pmj_code bare_lock(
    int *fd, const char *path, int wait_ms, struct pmj_error *err);

/** Remove what cut pushes and stopped programs left, if older than older_s. Returns how much. */
size_t bare_sweep(const char *path, long older_s);
/** The same at once, and locks too: only where bare_lock says that nobody else is there. */
void bare_sweep_own(const char *path);
/** Remove a repository of our own, with all in it. Nothing is followed. */
void bare_remove(const char *path);

#endif
