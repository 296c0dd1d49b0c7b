/* doctor.h - `pamoja doctor`: is everything here in order, and what mends what is not. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H
#include "cli/cli.h"

/** Errors PMJ_PARTIAL (exit status 8) when a check failed; what to do is listed by then. */
PMJ_MUST_CHECK enum pmj_code doctor_run(
    struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
