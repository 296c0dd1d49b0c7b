/* branch.h - the branches of chains: reading tips, and moving one without overwriting another's
 * move. */
#ifndef CARRY_BRANCH_H
#define CARRY_BRANCH_H
#include <git2.h>

#include "carry/shape.h"

#define BRANCH_NAME_ROOM 64

struct branch_tip {
	struct shape_place run; /* its segno is not filled */
	git_oid commit;
};

struct branch_tips {
	struct branch_tip *items;
	size_t count;
};

/** refs/heads/l<lane>/<incarnation-hex> */
void branch_name(char out[static BRANCH_NAME_ROOM], const struct shape_place *run);

/** The branches of a lane. Names that are not of the form are left out. */
PMJ_MUST_CHECK enum pmj_code branch_tips(git_repository *repo, struct branch_tips *out,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane, struct pmj_error *err);
void branch_tips_close(struct branch_tips *tips);

/** The tip of one run; *out is zero when there is no such branch. */
PMJ_MUST_CHECK enum pmj_code branch_tip(
    git_repository *repo, git_oid *out, const struct shape_place *run, struct pmj_error *err);

/**
 * Move a branch from `was` (zero: it must not exist) to `to`, under git's own lock, after the
 * objects' folders were synced; the move itself is synced too.
 *
 * Errors   PMJ_BUSY when the branch is not at `was` (any more); nothing was changed.
 */
PMJ_MUST_CHECK enum pmj_code branch_move(git_repository *repo, const struct shape_place *run,
    const git_oid *to, const git_oid *was, struct pmj_error *err);

/**
 * Remove a branch that is at `was`; that is synced.
 *
 * Errors   PMJ_BUSY when it is not (any more); nothing was changed.
 */
PMJ_MUST_CHECK enum pmj_code branch_drop(
    git_repository *repo, const struct shape_place *run, const git_oid *was, struct pmj_error *err);

#endif
