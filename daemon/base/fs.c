#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum pmj_code
fs_read(struct buf *out, const struct os *os, const char *path, size_t limit, struct pmj_error *err)
{
	uint8_t chunk[16384];
	struct stat st;
	enum pmj_code rc = PMJ_OK;
	int fd;

	buf_clear(out);
	fd = os->open(os->ctx, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return pmj_fail_errno(err, errno, "cannot read", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rc = pmj_fail(err, PMJ_IO, "%s is not a regular file", path);
		goto out;
	}
	for (;;) {
		ssize_t got = os->read(os->ctx, fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = pmj_fail_errno(err, errno, "cannot read", path);
			goto out;
		}
		if (got == 0)
			break;
		if (out->len + (size_t)got > limit) {
			rc = pmj_fail(err, PMJ_TOO_BIG, "%s is larger than %zu bytes", path, limit);
			goto out;
		}
		buf_put(out, chunk, (size_t)got);
	}
	rc = buf_check(out, err);
out:
	mem_wipe(chunk, sizeof(chunk));
	(void)os->close(os->ctx, fd);
	return rc;
}

static enum pmj_code
write_all(const struct os *os, int fd, const char *path, const void *bytes, size_t count,
    struct pmj_error *err)
{
	const uint8_t *at = bytes;

	while (count > 0) {
		ssize_t put = os->write(os->ctx, fd, at, count);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return pmj_fail_errno(err, errno, "cannot write", path);
		at += put;
		count -= (size_t)put;
	}
	return PMJ_OK;
}

void
fs_read_again(struct buf *out, int fd, size_t limit)
{
	char bytes[4096];
	off_t at = 0;
	ssize_t n;

	buf_clear(out);
	while (out->len < limit && (n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		buf_put(out, bytes, (size_t)n);
		at += n;
	}
}

enum pmj_code
fs_write_bytes(
    const struct os *os, const char *path, const void *bytes, size_t count, struct pmj_error *err)
{
	char *part = mem_printf("%s.part", path);
	enum pmj_code rc;
	int fd;

	fd = os->open(os->ctx, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		rc = pmj_fail_errno(err, errno, "cannot write", part);
		goto out;
	}
	rc = write_all(os, fd, part, bytes, count, err);
	if (rc == PMJ_OK && os->fsync(os->ctx, fd) != 0)
		rc = pmj_fail_errno(err, errno, "cannot sync", part);
	if (os->close(os->ctx, fd) != 0 && rc == PMJ_OK)
		rc = pmj_fail_errno(err, errno, "cannot close", part);
	if (rc == PMJ_OK && os->rename(os->ctx, part, path) != 0)
		rc = pmj_fail_errno(err, errno, "cannot rename", part);
	if (rc != PMJ_OK)
		(void)os->unlink(os->ctx, part);
out:
	free(part);
	return rc;
}

enum pmj_code
fs_write(
    const struct os *os, const char *path, const void *bytes, size_t count, struct pmj_error *err)
{
	char *dir = fs_dirname(path);
	enum pmj_code rc = fs_write_bytes(os, path, bytes, count, err);

	if (rc == PMJ_OK)
		rc = fs_sync_dir(os, dir, err);
	free(dir);
	return rc;
}

enum pmj_code
fs_sync_dir(const struct os *os, const char *dir, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	int fd = os->open(os->ctx, dir, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return pmj_fail_errno(err, errno, "cannot open", dir);
	/* Some network and FUSE file systems cannot sync a folder; their renames are what they are.
	 */
	if (os->fsync(os->ctx, fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		rc = pmj_fail_errno(err, errno, "cannot sync", dir);
	(void)os->close(os->ctx, fd);
	return rc;
}

enum pmj_code
fs_make_dir(const struct os *os, const char *dir, struct pmj_error *err)
{
	struct stat st;
	char *parent = NULL;
	enum pmj_code rc = PMJ_OK;

	/* stat, not lstat: a home reached through a link is the user's choice. */
	if (stat(dir, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return PMJ_OK;
		return pmj_fail(err, PMJ_IO, "%s is not a folder", dir);
	}
	parent = fs_dirname(dir);
	if (strcmp(parent, dir) != 0)
		rc = fs_make_dir(os, parent, err);
	if (rc == PMJ_OK && os->mkdir(os->ctx, dir, 0700) != 0 && errno != EEXIST)
		rc = pmj_fail_errno(err, errno, "cannot make", dir);
	if (rc == PMJ_OK)
		rc = fs_sync_dir(os, parent, err);
	free(parent);
	return rc;
}

enum pmj_code
fs_shred(const struct os *os, const char *path, struct pmj_error *err)
{
	uint8_t noise[4096];
	struct stat st;
	enum pmj_code rc = PMJ_OK;
	int fd;

	if (os->stat(os->ctx, path, &st) != 0)
		return errno == ENOENT ? PMJ_OK : pmj_fail_errno(err, errno, "cannot find", path);
	if (S_ISREG(st.st_mode)) {
		fd = os->open(os->ctx, path, O_WRONLY | O_NOFOLLOW, 0);
		for (off_t left = st.st_size; fd >= 0 && left > 0 && rc == PMJ_OK;) {
			size_t count = left < (off_t)sizeof(noise) ? (size_t)left : sizeof(noise);

			os->random(os->ctx, noise, count);
			rc = write_all(os, fd, path, noise, count, err);
			left -= (off_t)count;
		}
		if (fd >= 0) {
			(void)os->fsync(os->ctx, fd);
			(void)os->close(os->ctx, fd);
		}
	}
	if (os->unlink(os->ctx, path) != 0)
		return pmj_fail_errno(err, errno, "cannot remove", path);
	return rc;
}

void
fs_drop(const struct os *os, const char *dir, const char *name)
{
	char *path = fs_join(dir, name);

	(void)os->unlink(os->ctx, path);
	free(path);
}

enum pmj_code
fs_check_private(const struct os *os, const char *path, struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc;

	if (os->stat(os->ctx, path, &st) != 0)
		return pmj_fail_errno(err, errno, "cannot find", path);
	if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
		return pmj_fail_errno(err, errno, "cannot find", path);
	if (st.st_uid != geteuid()) {
		rc = pmj_fail(err, PMJ_PERMISSION, "%s belongs to another user", path);
		pmj_hint(err, "chown %u %s", (unsigned)geteuid(), path);
		return rc;
	}
	if ((st.st_mode & 077) != 0) {
		rc = pmj_fail(err, PMJ_PERMISSION, "other users may open %s (mode %03o)", path,
		    (unsigned)(st.st_mode & 0777));
		pmj_hint(err, "chmod %s %s", S_ISDIR(st.st_mode) ? "700" : "600", path);
		return rc;
	}
	return PMJ_OK;
}

bool
fs_exists(const struct os *os, const char *path)
{
	struct stat st;

	return os->stat(os->ctx, path, &st) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum pmj_code
fs_list(char ***names, size_t *count, const char *dir, struct pmj_error *err)
{
	DIR *open_dir = opendir(dir);
	struct dirent *item;
	size_t room = 0;

	*names = NULL;
	*count = 0;
	if (open_dir == NULL)
		return pmj_fail_errno(err, errno, "cannot list", dir);
	while ((item = readdir(open_dir)) != NULL) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		if (*count == room) {
			room = room == 0 ? 32 : room * 2;
			*names = mem_grow(*names, room, sizeof(**names));
		}
		(*names)[(*count)++] = mem_strdup(item->d_name);
	}
	(void)closedir(open_dir);
	if (*count > 0)
		qsort(*names, *count, sizeof(**names), by_name);
	return PMJ_OK;
}

void
fs_list_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

char *
fs_join(const char *dir, const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

char *
fs_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	if (slash == path)
		return mem_strdup("/");
	return mem_strndup(path, (size_t)(slash - path));
}
