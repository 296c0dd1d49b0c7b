/* programme.h - the programme ends. */
#ifndef CLI_PROGRAMME_H
#define CLI_PROGRAMME_H
#include "cli/cli.h"

extern const struct option programme_options[];
enum pmj_code programme_end(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
