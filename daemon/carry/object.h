/* object.h - single git objects: written durably, read with their type checked. */
#ifndef CARRY_OBJECT_H
#define CARRY_OBJECT_H
#include <git2.h>

#include "pamoja/error.h"

/** Write one object, synced with its folder (those above it: branch_move). What is there already is
 * synced; what is there but unreadable is replaced. out: its id. */
PMJ_MUST_CHECK enum pmj_code object_put(git_repository *repo, git_oid *out, const void *bytes,
    size_t len, git_object_t type, struct pmj_error *err);
/** Read one object; free *out with git_odb_object_free. PMJ_INTEGRITY: of another type. */
PMJ_MUST_CHECK enum pmj_code object_read(git_repository *repo, git_odb_object **out,
    const git_oid *id, git_object_t type, struct pmj_error *err);

/** Remove one, where it lies alone: in no pack. */
void object_drop(git_repository *repo, const git_oid *id);

#endif
