/* fence.h - what each process of the carrier may reach: an errand its own folders, the session
 * nothing at all. */
#ifndef CARRY_FENCE_H
#define CARRY_FENCE_H
#include <stdbool.h>

#include "carry/job.h"

/** No folder of the job may hold the home, or what lies in its run: the fence would let in what is
 * to stay out. */
PMJ_MUST_CHECK enum pmj_code fence_check(
    const struct job *job, const char *home, struct pmj_error *err);
/** Only the job's own folders from now on (they must be there), and the network only where the job
 * goes there. */
PMJ_MUST_CHECK enum pmj_code fence_job(const struct job *job, struct pmj_error *err);
/** No file, no program and no network from now on; only the names in the home's folders may be
 * listed. *in_force false: this kernel has no Landlock, and only the network is shut. */
PMJ_MUST_CHECK enum pmj_code fence_session(bool *in_force, const char *home, struct pmj_error *err);

#endif
