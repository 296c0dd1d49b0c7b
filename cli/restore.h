/* restore.h - a home made out of a backup, or a look whether it could be. */
#ifndef CLI_RESTORE_H
#define CLI_RESTORE_H
#include "cli/cli.h"

extern const struct option restore_options[];
enum pmj_code restore_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
