#include "cli/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/home.h"

enum pmj_code
outfile_open(struct outfile *out, const char *typed, struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc;

	*out = (struct outfile){.fd = -1};
	if (strcmp(typed, "-") == 0) {
		out->stdout_too = true;
		out->fd = STDOUT_FILENO;
		return PMJ_OK;
	}
	if ((rc = home_absolute(&out->path, typed, err)) != PMJ_OK)
		return rc;
	if (lstat(out->path, &st) == 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "%s is there already", out->path);
		pmj_hint(err, "name another file; nothing was overwritten");
		return rc;
	}
	out->part = mem_printf("%s.part", out->path);
	(void)unlink(out->part); /* of a run that was cut off; its name is ours */
	out->fd = open(out->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out->fd >= 0)
		return PMJ_OK;
	rc = pmj_fail_errno(err, errno, "writing", out->part);
	if (err->hint[0] == '\0')
		pmj_hint(err, "choose a place where you may write, such as your stick");
	return rc;
}

enum pmj_code
outfile_put(struct outfile *out, struct buf *bytes, struct pmj_error *err)
{
	enum pmj_code rc = buf_check(bytes, err);
	size_t at = 0;

	while (rc == PMJ_OK && at < bytes->len) {
		ssize_t put = write(out->fd, bytes->bytes + at, bytes->len - at);

		if (put > 0)
			at += (size_t)put;
		else if (put == 0 || errno != EINTR)
			rc = pmj_fail_errno(
			    err, errno, "writing", out->part != NULL ? out->part : "-");
	}
	if (bytes->len > 0)
		mem_wipe(bytes->bytes, bytes->len);
	buf_clear(bytes);
	return rc;
}

enum pmj_code
outfile_finish(struct outfile *out, struct pmj_error *err)
{
	char *dir;
	enum pmj_code rc;

	if (out->stdout_too)
		return PMJ_OK;
	if (fsync(out->fd) != 0)
		return pmj_fail_errno(err, errno, "writing", out->part);
	/* link, not rename: a file that came there meanwhile is not overwritten; a stick's file
	 * system knows no links. */
	if (link(out->part, out->path) == 0)
		(void)unlink(out->part);
	else if (errno == EEXIST)
		return pmj_fail(err, PMJ_REFUSED, "%s is there already", out->path);
	else if (rename(out->part, out->path) != 0)
		return pmj_fail_errno(err, errno, "naming", out->path);
	(void)close(out->fd);
	out->fd = -1;
	dir = fs_dirname(out->path);
	rc = fs_sync_dir(&os_real, dir, err);
	free(dir);
	return rc;
}

void
outfile_close(struct outfile *out)
{
	if (out->fd >= 0 && !out->stdout_too) {
		(void)close(out->fd);
		(void)unlink(out->part);
	}
	free(out->path);
	free(out->part);
	*out = (struct outfile){.fd = -1};
}
