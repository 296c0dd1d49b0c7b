/* status.h - how things stand: status, log, verify. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H
#include "cli/cli.h"

extern const struct option status_log_options[], status_verify_options[];
enum pmj_code status_run(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code status_log(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code status_verify(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
