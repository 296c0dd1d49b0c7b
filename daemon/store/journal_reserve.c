/* journal_reserve.c - 4 MiB kept back, so that a full disk never costs the record that is open
 * (6.5). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/fs.h"
#include "base/mem.h"
#include "store/journal_inner.h"

#define PIECE (64 * 1024)
#define MARGIN (1024 * 1024) /* left to others on the disk */

bool
journal_reserve_there(const struct journal *journal)
{
	char *path = fs_join(journal->home, "reserve");
	struct stat st;
	bool there = journal->os->stat(journal->os->ctx, path, &st) == 0 && S_ISREG(st.st_mode) &&
	             st.st_size >= JOURNAL_RESERVE_BYTES;

	free(path);
	return there;
}

/* Random bytes: a file system that compresses, or leaves holes, would keep nothing back for zeros.
 */
static int
fill(const struct os *os, int fd)
{
	uint8_t *piece = mem_new(PIECE);
	int errnum = 0;

	for (size_t done = 0; errnum == 0 && done < JOURNAL_RESERVE_BYTES;) {
		ssize_t wrote;
		os->random(os->ctx, piece, PIECE);
		wrote = os->write(os->ctx, fd, piece, PIECE);
		if (wrote <= 0)
			errnum = wrote < 0 ? errno : ENOSPC;
		else
			done += (size_t)wrote;
	}
	if (errnum == 0 && os->fsync(os->ctx, fd) != 0)
		errnum = errno;
	free(piece);
	return errnum;
}

/* Asked first: on a disk that stays nearly full each try would write it full for a moment. */
static bool
has_room(const char *home)
{
	struct statvfs disk;

	return statvfs(home, &disk) != 0 ||
	       disk.f_bavail > (JOURNAL_RESERVE_BYTES + MARGIN) / disk.f_frsize;
}

enum pmj_code
journal_reserve_make(struct journal *journal, struct pmj_error *err)
{
	const struct os *os = journal->os;
	enum pmj_code rc = PMJ_OK;
	char *path;
	int fd, errnum;

	if (journal_reserve_there(journal))
		return PMJ_OK;
	if (!has_room(journal->home))
		return pmj_fail(err, PMJ_FULL, "there is no room for the reserve yet");
	path = fs_join(journal->home, "reserve");
	fd = os->open(os->ctx, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		rc = pmj_fail_errno(err, errno, "making the reserve", path);
		goto out;
	}
	errnum = fill(os, fd);
	if (os->close(os->ctx, fd) != 0 && errnum == 0)
		errnum = errno;
	if (errnum != 0) {
		(void)os->unlink(os->ctx, path);
		rc = pmj_fail_errno(err, errnum, "making the reserve", path);
	}
out:
	free(path);
	return rc;
}

enum pmj_code
journal_reserve_release(struct journal *journal, struct pmj_error *err)
{
	const struct os *os = journal->os;
	char *path = fs_join(journal->home, "reserve");
	enum pmj_code rc = PMJ_OK;

	if (os->unlink(os->ctx, path) != 0)
		rc = errno == ENOENT
		         ? pmj_fail(err, PMJ_NOT_FOUND, "the reserve was used up before")
		         : pmj_fail_errno(err, errno, "giving up the reserve", path);
	free(path);
	return rc;
}
