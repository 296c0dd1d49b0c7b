#include "carry/branch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/chain.h"

/* git holds a branch's lock for milliseconds, so one that stands this long belongs to a program
 * that was stopped. Ours are excluded by the lock on the whole repository (bare.h). */
#define STALE_LOCK_S 5

void
branch_name(char out[static BRANCH_NAME_ROOM], const struct shape_place *run)
{
	char hex[2 * PMJ_INCARNATION_BYTES + 1];

	(void)snprintf(out, BRANCH_NAME_ROOM, "refs/heads/l%u/%s", run->lane,
	    text_hex(hex, run->incarnation, sizeof(run->incarnation)));
}

enum pmj_code
branch_tips(git_repository *repo, struct branch_tips *out,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane, struct pmj_error *err)
{
	git_reference_iterator *it = NULL;
	git_reference *ref = NULL;
	char glob[32];
	size_t front;
	size_t room = 0;
	int n;

	memset(out, 0, sizeof(*out));
	front = (size_t)snprintf(glob, sizeof(glob), "refs/heads/l%u/*", lane) - 1;
	errno = 0;
	n = git_reference_iterator_glob_new(&it, repo, glob);
	while (n == 0 && (n = git_reference_next(&ref, it)) == 0) {
		struct branch_tip tip = {0};
		const char *name = git_reference_name(ref) + front;

		memcpy(tip.run.mailbox, mailbox, sizeof(tip.run.mailbox));
		tip.run.lane = lane;
		if (git_reference_type(ref) == GIT_REFERENCE_DIRECT &&
		    strspn(name, "0123456789abcdef") == strlen(name) &&
		    text_unhex(tip.run.incarnation, sizeof(tip.run.incarnation), name)) {
			git_oid_cpy(&tip.commit, git_reference_target(ref));
			if (out->count == room) {
				room = room == 0 ? 8 : room * 2;
				out->items = mem_grow(out->items, room, sizeof(*out->items));
			}
			out->items[out->count++] = tip;
		}
		git_reference_free(ref);
	}
	git_reference_iterator_free(it);
	if (n != GIT_ITEROVER) {
		branch_tips_close(out);
		return chain_fail(err, n, "cannot list the branches");
	}
	return PMJ_OK;
}

void
branch_tips_close(struct branch_tips *tips)
{
	free(tips->items);
	memset(tips, 0, sizeof(*tips));
}

enum pmj_code
branch_tip(git_repository *repo, git_oid *out, const struct shape_place *run, struct pmj_error *err)
{
	char name[BRANCH_NAME_ROOM];
	git_reference *ref = NULL;
	enum pmj_code rc = PMJ_OK;
	int n;

	memset(out, 0, sizeof(*out));
	branch_name(name, run);
	errno = 0;
	n = git_reference_lookup(&ref, repo, name);
	if (n == GIT_ENOTFOUND)
		return PMJ_OK;
	if (n < 0)
		return chain_fail(err, n, "cannot read a branch");
	if (git_reference_type(ref) == GIT_REFERENCE_DIRECT)
		git_oid_cpy(out, git_reference_target(ref));
	else
		rc = pmj_fail(err, PMJ_INTEGRITY, "branch %s points to another name", name);
	git_reference_free(ref);
	return rc;
}

static enum pmj_code
sync_folders(git_repository *repo, const char *const *folders, size_t count, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		char *dir = mem_printf("%s%s", git_repository_path(repo), folders[i]);

		rc = fs_sync_dir(&os_real, dir, err);
		free(dir);
	}
	return rc;
}

/* Wait a little for a lock that another git holds; take away one that nobody holds any more. */
static int
lock_branch(git_transaction *tx, git_repository *repo, const char *name)
{
	const struct timespec moment = {0, 50 * 1000 * 1000};
	char *path = mem_printf("%s%s.lock", git_repository_path(repo), name);
	struct stat st;
	int n;

	for (int tries = 0; (n = git_transaction_lock_ref(tx, name)) == GIT_ELOCKED; tries++) {
		if (tries == 40 * STALE_LOCK_S) /* it comes back each time we take it away */
			break;
		if ((lstat(path, &st) == 0 && time(NULL) - st.st_mtime > STALE_LOCK_S) ||
		    tries == 20 * STALE_LOCK_S) /* or its clock is not ours */
			(void)unlink(path);
		else
			(void)nanosleep(&moment, NULL);
	}
	free(path);
	return n;
}

/* Under the lock: compare, then set; to NULL: remove. */
static enum pmj_code
move_locked(git_transaction *tx, git_repository *repo, const struct shape_place *run,
    const git_oid *to, const git_oid *was, struct pmj_error *err)
{
	char name[BRANCH_NAME_ROOM];
	git_signature *who = NULL;
	git_oid now;
	enum pmj_code rc;
	int n;

	branch_name(name, run);
	if ((rc = branch_tip(repo, &now, run, err)) != PMJ_OK)
		return rc;
	if (!git_oid_equal(&now, was))
		return pmj_fail(err, PMJ_BUSY, "branch %s was moved by another meanwhile", name);
	errno = 0;
	n = git_signature_new(&who, "pamoja", "pamoja@invalid", 1, 0);
	if (n == 0)
		n = to != NULL ? git_transaction_set_target(tx, name, to, who, "pamoja")
		               : git_transaction_remove(tx, name);
	if (n == 0)
		n = git_transaction_commit(tx);
	git_signature_free(who);
	return n == 0 ? PMJ_OK : chain_fail(err, n, "cannot move the branch");
}

enum pmj_code
branch_move(git_repository *repo, const struct shape_place *run, const git_oid *to,
    const git_oid *was, struct pmj_error *err)
{
	static const char *const before[] = {"objects"};
	char name[BRANCH_NAME_ROOM];
	char lane[32];
	const char *const after[] = {lane, "refs/heads", "refs"};
	git_transaction *tx = NULL;
	enum pmj_code rc;
	int n;

	branch_name(name, run);
	(void)snprintf(lane, sizeof(lane), "refs/heads/l%u", run->lane);
	if ((rc = sync_folders(repo, before, 1, err)) != PMJ_OK)
		return rc;
	errno = 0;
	n = git_transaction_new(&tx, repo);
	if (n == 0)
		n = lock_branch(tx, repo, name);
	if (n < 0)
		rc = chain_fail(err, n, "cannot lock the branch");
	else
		rc = move_locked(tx, repo, run, to, was, err);
	git_transaction_free(tx);
	/* A first branch of a lane makes the lane's folder; with the last one it goes. */
	if (rc == PMJ_OK && to == NULL)
		rc = sync_folders(repo, after + 1, 1, err);
	else if (rc == PMJ_OK)
		rc = sync_folders(repo, after, git_oid_is_zero(was) ? 3 : 1, err);
	return rc;
}

/* The name is in the folder of its lane, or in the list of packed branches beside `refs`. */
enum pmj_code
branch_drop(
    git_repository *repo, const struct shape_place *run, const git_oid *was, struct pmj_error *err)
{
	static const char *const top[] = {""};
	char lane[32];
	const char *const lanes[] = {lane};
	char *dir;
	enum pmj_code rc = branch_move(repo, run, NULL, was, err);

	(void)snprintf(lane, sizeof(lane), "refs/heads/l%u", run->lane);
	dir = mem_printf("%s%s", git_repository_path(repo), lane);
	if (rc == PMJ_OK && fs_exists(&os_real, dir))
		rc = sync_folders(repo, lanes, 1, err);
	free(dir);
	return rc == PMJ_OK ? sync_folders(repo, top, 1, err) : rc;
}
