#include "carry/bare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/chain.h"

#define CONFIG_BYTES_MAX 16384

static const char bare_config[] = "[core]\n"
                                  "\trepositoryformatversion = 0\n"
                                  "\tbare = true\n"
                                  "\tfsync = committed\n"
                                  "[receive]\n"
                                  "\tdenyNonFastForwards = true\n"
                                  "\tdenyDeletes = true\n"
                                  "\tautogc = false\n"
                                  "\tfsckObjects = true\n"
                                  "\tmaxInputSize = 64m\n"
                                  "[gc]\n"
                                  "\tauto = 0\n"
                                  "[uploadpack]\n"
                                  "\tallowReachableSHA1InWant = true\n";

static enum pmj_code
make_file(const char *dir, const char *name, const char *text, mode_t mode, struct pmj_error *err)
{
	char *path = fs_join(dir, name);
	enum pmj_code rc;

	rc = fs_write(&os_real, path, text, strlen(text), err);
	/* fs_write gives 0600; a shared folder needs the group to read it. */
	if (rc == PMJ_OK && mode != 0600 && chmod(path, mode) != 0)
		rc = pmj_fail_errno(err, errno, "cannot set the mode of", path);
	free(path);
	return rc;
}

/* Everything in a folder with a name of its own; renamed when whole. A half-made one of an earlier
 * try is simply gone over again. */
static enum pmj_code
make_inside(const char *part, bool shared, struct pmj_error *err)
{
	static const char *const dirs[] = {
	    "", "objects", "objects/pack", "objects/info", "refs", "refs/heads"};
	struct buf config;
	enum pmj_code rc = PMJ_OK;

	buf_init(&config, 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs) && rc == PMJ_OK; i++) {
		char *path = dirs[i][0] != '\0' ? fs_join(part, dirs[i]) : mem_strdup(part);

		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			rc = pmj_fail_errno(err, errno, "cannot make", path);
		else if (shared && chmod(path, 02770) != 0)
			rc = pmj_fail_errno(err, errno, "cannot set the mode of", path);
		free(path);
	}
	buf_put_text(&config, bare_config);
	if (shared)
		buf_put_text(&config, "[core]\n\tsharedRepository = group\n");
	if (rc == PMJ_OK)
		rc = buf_check(&config, err);
	if (rc == PMJ_OK)
		rc = make_file(part, "HEAD", "ref: refs/heads/main\n", shared ? 0660 : 0600, err);
	if (rc == PMJ_OK)
		rc = make_file(part, "config", buf_text(&config), shared ? 0660 : 0600, err);
	for (size_t i = sizeof(dirs) / sizeof(*dirs); i-- > 0 && rc == PMJ_OK;) {
		char *path = dirs[i][0] != '\0' ? fs_join(part, dirs[i]) : mem_strdup(part);

		rc = fs_sync_dir(&os_real, path, err);
		free(path);
	}
	buf_close(&config);
	return rc;
}

char *
bare_path(const char *folder, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	char hex[2 * PMJ_MAILBOX_BYTES + 1];

	return mem_printf("%s/%s.git", folder, text_hex(hex, mailbox, PMJ_MAILBOX_BYTES));
}

enum pmj_code
bare_make(const char *path, struct pmj_error *err)
{
	char *parent = fs_dirname(path);
	char *part = mem_printf("%s.part", path);
	struct stat st;
	enum pmj_code rc = PMJ_OK;

	if (lstat(path, &st) == 0)
		goto out;
	if (stat(parent, &st) != 0) {
		rc = pmj_fail_errno(err, errno, "cannot find", parent);
		goto out;
	}
	rc = make_inside(part, (st.st_mode & S_IWGRP) != 0, err);
	if (rc == PMJ_OK && rename(part, path) != 0 && errno != EEXIST && errno != ENOTEMPTY)
		rc = pmj_fail_errno(err, errno, "cannot rename", part);
	if (rc == PMJ_OK)
		rc = fs_sync_dir(&os_real, parent, err);
out:
	free(parent);
	free(part);
	return rc;
}

enum pmj_code
bare_put_text(const char *path, const char *name, const char *text, struct pmj_error *err)
{
	char *file = fs_join(path, name);
	struct buf now;
	struct stat st;
	enum pmj_code rc = PMJ_OK;

	buf_init(&now, 0);
	if (fs_read(&now, &os_real, file, CONFIG_BYTES_MAX, NULL) != PMJ_OK ||
	    strcmp(buf_text(&now), text) != 0)
		/* The web server that runs the gate may be of the group only. */
		rc = make_file(path, name, text,
		    stat(path, &st) == 0 && (st.st_mode & S_IWGRP) != 0 ? 0640 : 0600, err);
	buf_close(&now);
	free(file);
	return rc;
}

static bool
has(const char *path, const char *name)
{
	char *full = fs_join(path, name);
	bool there = fs_exists(&os_real, full);

	free(full);
	return there;
}

/* Sample hooks do nothing; anything else would run in another git that serves this folder. */
static bool
has_hooks(const char *path)
{
	char *dir = fs_join(path, "hooks");
	char **names = NULL;
	size_t count = 0;
	bool found = false;

	if (fs_list(&names, &count, dir, NULL) == PMJ_OK)
		for (size_t i = 0; i < count && !found; i++) {
			size_t n = strlen(names[i]);

			found = n < 7 || strcmp(names[i] + n - 7, ".sample") != 0;
		}
	fs_list_free(names, count);
	free(dir);
	return found;
}

/* A setting that would make libgit2 or git read, write or run something elsewhere. */
static bool
config_strays(const char *text)
{
	static const char *const words[] = {"include", "extensions", "worktree", "hookspath",
	    "alternaterefs", "sshcommand", "fsmonitor", "packobjectshook"};

	for (const char *at = text; *at != '\0'; at++)
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strncasecmp(at, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}

static enum pmj_code
check_config(const char *path, struct pmj_error *err)
{
	char *file = fs_join(path, "config");
	struct buf text;
	enum pmj_code rc;

	buf_init(&text, 0);
	rc = fs_read(&text, &os_real, file, CONFIG_BYTES_MAX, err);
	if (rc == PMJ_OK &&
	    (memchr(text.bytes != NULL ? text.bytes : (const uint8_t *)"", 0, text.len) != NULL ||
	        config_strays(buf_text(&text)))) {
		rc = pmj_fail(
		    err, PMJ_INTEGRITY, "%s has settings that a mailbox must not have", file);
		pmj_hint(err, "take includes, extensions, filters, work trees and hooks out of it");
	}
	buf_close(&text);
	free(file);
	return rc;
}

static enum pmj_code
check(const char *path, struct pmj_error *err)
{
	static const char *const strange[] = {"commondir", "gitdir", "config.worktree", "shallow",
	    "modules", "worktrees", "objects/info/alternates", "objects/info/http-alternates",
	    "info/grafts", "info/attributes", "refs/replace"};
	static const char *const folders[] = {"", "/objects", "/objects/pack", "/refs",
	    "/refs/heads", "/refs/heads/l1", "/refs/heads/l2"};
	const size_t needed = 5; /* of the folders; a lane's comes with its first branch */
	struct stat st;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char *dir = mem_printf("%s%s", path, folders[i]);
		int n = lstat(dir, &st);

		free(dir);
		if (n != 0 && i >= needed)
			continue;
		if (n != 0)
			return pmj_fail_errno(err, errno, "cannot find the repository", path);
		if (!S_ISDIR(st.st_mode))
			return pmj_fail(
			    err, PMJ_INTEGRITY, "%s%s is not a plain folder", path, folders[i]);
	}
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
		if (has(path, strange[i])) {
			(void)pmj_fail(err, PMJ_INTEGRITY,
			    "%s has %s, which a mailbox must not have", path, strange[i]);
			pmj_hint(err, "somebody changed this mailbox; look who, then remove it");
			return PMJ_INTEGRITY;
		}
	if (has_hooks(path)) {
		(void)pmj_fail(err, PMJ_INTEGRITY, "%s has hooks", path);
		pmj_hint(err, "empty the folder %s/hooks", path);
		return PMJ_INTEGRITY;
	}
	return check_config(path, err);
}

enum pmj_code
bare_open(git_repository **out, const char *path, struct pmj_error *err)
{
	enum pmj_code rc;
	int n;

	*out = NULL;
	if ((rc = check(path, err)) != PMJ_OK)
		return rc;
	errno = 0;
	n = git_repository_open_ext(out, path,
	    GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE |
	        GIT_REPOSITORY_OPEN_NO_DOTGIT,
	    NULL);
	return n == 0 ? PMJ_OK : chain_fail(err, n, "cannot open the repository");
}

enum pmj_code
bare_lock(int *fd, const char *path, int wait_ms, struct pmj_error *err)
{
	const struct timespec moment = {0, 20 * 1000 * 1000};
	int waited = 0;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return pmj_fail_errno(err, errno, "cannot open", path);
	while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return PMJ_OK; /* a file system without locks: git's own lock must do */
		if (waited >= wait_ms) {
			(void)close(*fd);
			*fd = -1;
			return pmj_fail(err, PMJ_BUSY, "another program is using %s", path);
		}
		(void)nanosleep(&moment, NULL);
		waited += 20;
	}
	return PMJ_OK;
}

void
bare_remove(const char *path)
{
	char **names = NULL;
	size_t count = 0;
	struct stat st;

	if (lstat(path, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		(void)unlink(path);
		return;
	}
	if (fs_list(&names, &count, path, NULL) == PMJ_OK)
		for (size_t i = 0; i < count; i++) {
			char *inner = fs_join(path, names[i]);

			bare_remove(inner);
			free(inner);
		}
	fs_list_free(names, count);
	(void)rmdir(path);
}

static bool
old_enough(const char *path, long older_s)
{
	struct stat st;

	return lstat(path, &st) == 0 && (older_s < 0 || time(NULL) - st.st_mtime >= older_s);
}

/* The names that git (2.39) and libgit2 (1.5) give to what is not finished. */
static bool
is_litter(const char *name, bool locks)
{
	size_t n = strlen(name);

	return strncmp(name, "tmp_", 4) == 0 || strncmp(name, "pack_git2_", 10) == 0 ||
	       strncmp(name, ".tmp-", 5) == 0 ||
	       (locks && n > 5 && strcmp(name + n - 5, ".lock") == 0);
}

static size_t
sweep_folder(const char *dir, long older_s, bool locks, int depth)
{
	char **names = NULL;
	size_t count = 0;
	size_t swept = 0;

	if (fs_list(&names, &count, dir, NULL) != PMJ_OK)
		return 0;
	for (size_t i = 0; i < count; i++) {
		char *path = fs_join(dir, names[i]);
		struct stat st;

		if (is_litter(names[i], locks)) {
			if (old_enough(path, older_s)) {
				bare_remove(path);
				swept++;
			}
		} else if (depth > 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			swept += sweep_folder(path, older_s, locks, depth - 1);
		}
		free(path);
	}
	fs_list_free(names, count);
	return swept;
}

size_t
bare_sweep(const char *path, long older_s)
{
	/* Both gits begin an object or a pack here, never in the 256 folders below. */
	char *objects = fs_join(path, "objects");
	char *packs = fs_join(path, "objects/pack");
	size_t swept = sweep_folder(objects, older_s, false, 0);

	swept += sweep_folder(packs, older_s, false, 0);
	free(objects);
	free(packs);
	return swept;
}

void
bare_sweep_own(const char *path)
{
	char *refs = fs_join(path, "refs");

	(void)bare_sweep(path, -1);
	(void)sweep_folder(refs, -1, true, 2);
	free(refs);
}
