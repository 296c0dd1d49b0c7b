/* job_folder.h - the part of a job that goes to folders: those that hang are left out, and of a
 * hub's thousands of mailboxes those where nothing changed. */
#ifndef CARRY_JOB_FOLDER_H
#define CARRY_JOB_FOLDER_H
#include "carry/job.h"

/** Take old places out whose folder gives no answer. */
void job_leave_silent(struct job *job);
/** Exchange with a mailbox in a folder, where there is anything to do. */
PMJ_MUST_CHECK enum pmj_code job_run_folder(
    struct job *job, const struct job_remote *remote, struct pmj_error *err);

#endif
