/* init.h - making a home for records, or for a hub. */
#ifndef CLI_INIT_H
#define CLI_INIT_H
#include "cli/cli.h"

extern const struct option init_options[];
extern const char *const init_roles[]; /* NULL ended */
enum pmj_code init_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
