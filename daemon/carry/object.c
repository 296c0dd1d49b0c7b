/* object.c - git objects, durable when they are said to be. */
#include "carry/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "carry/chain.h"

static char *
object_path(git_repository *repo, const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];

	(void)git_oid_tostr(hex, sizeof(hex), id);
	return mem_printf("%sobjects/%.2s/%s", git_repository_path(repo), hex, hex + 2);
}

/* libgit2 syncs a file and the folder it is in, but not the folder of a folder it made, and nothing
 * that a run before us left without syncing. */
static enum pmj_code
object_sync(git_repository *repo, const git_oid *id, struct pmj_error *err)
{
	char *path = object_path(repo, id);
	char *dir = fs_dirname(path);
	enum pmj_code rc;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) { /* in a pack, which was synced by whoever made it */
		rc = PMJ_OK;
		goto out;
	}
	rc = fsync(fd) == 0 ? PMJ_OK : pmj_fail_errno(err, errno, "cannot sync", path);
	(void)close(fd);
	if (rc == PMJ_OK)
		rc = fs_sync_dir(&os_real, dir, err);
out:
	free(path);
	free(dir);
	return rc;
}

/* Is it there and whole? What is there and broken is taken away, so that it can be written anew. */
static bool
object_whole(git_repository *repo, git_odb *odb, const git_oid *id)
{
	git_odb_object *object = NULL;
	char *path = NULL;

	if (!git_odb_exists(odb, id))
		return false;
	if (git_odb_read(&object, odb, id) == 0) {
		git_odb_object_free(object);
		return true;
	}
	path = object_path(repo, id);
	(void)unlink(path);
	free(path);
	return false;
}

enum pmj_code
object_put(git_repository *repo, git_oid *out, const void *bytes, size_t len, git_object_t type,
    struct pmj_error *err)
{
	git_odb *odb = NULL;
	enum pmj_code rc = PMJ_OK;
	int n;

	errno = 0;
	if ((n = git_repository_odb(&odb, repo)) < 0 ||
	    (n = git_odb_hash(out, bytes, len, type)) < 0) {
		rc = chain_fail(err, n, "cannot use the store of objects");
		goto out;
	}
	if (object_whole(repo, odb, out)) {
		rc = object_sync(repo, out, err);
		goto out;
	}
	errno = 0;
	if ((n = git_odb_write(out, odb, bytes, len, type)) < 0)
		rc = chain_fail(err, n, "cannot write an object");
out:
	git_odb_free(odb);
	return rc;
}

enum pmj_code
object_read(git_repository *repo, git_odb_object **out, const git_oid *id, git_object_t type,
    struct pmj_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_odb *odb = NULL;
	enum pmj_code rc = PMJ_OK;
	int n;

	*out = NULL;
	errno = 0;
	n = git_repository_odb(&odb, repo);
	if (n == 0)
		n = git_odb_read(out, odb, id);
	if (n < 0) {
		rc = chain_fail(err, n, "cannot read an object");
	} else if (git_odb_object_type(*out) != type) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "object %s is not of the right type",
		    git_oid_tostr(hex, sizeof(hex), id));
		git_odb_object_free(*out);
		*out = NULL;
	}
	git_odb_free(odb);
	return rc;
}

void
object_drop(git_repository *repo, const git_oid *id)
{
	char *path = object_path(repo, id);

	(void)unlink(path);
	free(path);
}
