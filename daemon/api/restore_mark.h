/* restore_mark.h - the journal that a restore fills, marked until its keys are written. */
#ifndef API_RESTORE_MARK_H
#define API_RESTORE_MARK_H
#include "api/core.h"

/** The journal of this name is being filled. */
PMJ_MUST_CHECK enum pmj_code restore_mark_write(
    const struct core *core, const char *name, struct pmj_error *err);
/** It is this home's now, or gone. */
void restore_mark_remove(const struct core *core);
/** Remove every file of the home whose name begins so. */
void restore_mark_sweep(const struct core *core, const char *name);
/** A restore that was cut off left its journal: away with it. PMJ_BUSY for any other journal that
 * has no keys beside it. */
PMJ_MUST_CHECK enum pmj_code restore_mark_tidy(struct core *core, struct pmj_error *err);

#endif
