/* backup.h - a copy of the records in one sealed file, and a home made out of it. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H
#include "cli/cli.h"

extern const struct option backup_restore_options[];
enum pmj_code backup_run(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code backup_restore(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
