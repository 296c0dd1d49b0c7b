/* backup.h - a copy of the records in one sealed file. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H
#include "cli/cli.h"

#define BACKUP_MAGIC "PMJBAK"              /* its first bytes */
#define BACKUP_HALVES_SUFFIX ".two-halves" /* the name of the file for a backup key ends so */

enum pmj_code backup_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
