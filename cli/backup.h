/* backup.h - a copy of the records in one sealed file. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H
#include "cli/cli.h"

#define BACKUP_MAGIC "PMJBAK"              /* its first bytes */
#define BACKUP_HALVES_SUFFIX ".two-halves" /* the name of the file for a backup key ends so */

/** Make them: for the recovery code, and where there is a backup key a second one (else NULL). New
 * references: {"file","at","entries"}. */
PMJ_MUST_CHECK enum pmj_code backup_make(
    struct cli *cli, const char *file, json_t **first, json_t **second, struct pmj_error *err);
enum pmj_code backup_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
