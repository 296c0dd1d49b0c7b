/* fs.h - whole files: read with a limit, written so that a power cut leaves the old or the new. */
#ifndef BASE_FS_H
#define BASE_FS_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/os.h"

/** Read a regular file, not through a link, at most limit bytes, into out (cleared first).
 * PMJ_NOT_FOUND, PMJ_TOO_BIG. */
PMJ_MUST_CHECK enum pmj_code fs_read(
    struct buf *out, const struct os *os, const char *path, size_t limit, struct pmj_error *err);
/** From the beginning of what is open already, such as a text of /proc: at most limit bytes,
 * nothing where that fails. */
void fs_read_again(struct buf *out, int fd, size_t limit);
/** Write path.part (mode 0600), fsync, rename, fsync the folder. */
PMJ_MUST_CHECK enum pmj_code fs_write(
    const struct os *os, const char *path, const void *bytes, size_t count, struct pmj_error *err);
/** The same without the folder: many files, then fs_sync_dir once. Until then a power cut may take
 * the name, never part of the bytes. */
PMJ_MUST_CHECK enum pmj_code fs_write_bytes(
    const struct os *os, const char *path, const void *bytes, size_t count, struct pmj_error *err);
/** fsync of a folder, so that its names are durable. */
PMJ_MUST_CHECK enum pmj_code fs_sync_dir(
    const struct os *os, const char *dir, struct pmj_error *err);
/** mkdir with mode 0700 and its parents; an existing folder is fine. */
PMJ_MUST_CHECK enum pmj_code fs_make_dir(
    const struct os *os, const char *dir, struct pmj_error *err);
/** Overwrite in place with random bytes, fsync, unlink (best effort against recovery). A missing
 * file is PMJ_OK. */
PMJ_MUST_CHECK enum pmj_code fs_shred(const struct os *os, const char *path, struct pmj_error *err);
/** Unlink dir/name, where it does not matter if that fails. */
void fs_drop(const struct os *os, const char *dir, const char *name);
/** Refuse a file or folder that others may read or write, or that is not ours: PMJ_PERMISSION, hint
 * is the chmod. */
PMJ_MUST_CHECK enum pmj_code fs_check_private(
    const struct os *os, const char *path, struct pmj_error *err);
bool fs_exists(const struct os *os, const char *path);
/** Names in a folder, sorted; "." and ".." left out. Caller frees with fs_list_free. */
PMJ_MUST_CHECK enum pmj_code fs_list(
    char ***names, size_t *count, const char *dir, struct pmj_error *err);
void fs_list_free(char **names, size_t count);
/** dir + "/" + name; caller frees. */
char *fs_join(const char *dir, const char *name);
/** The folder of a path; caller frees. */
char *fs_dirname(const char *path);

#endif
