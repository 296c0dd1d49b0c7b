/* forget.h - a person is forgotten. */
#ifndef CLI_FORGET_H
#define CLI_FORGET_H
#include "cli/cli.h"

extern const struct option forget_options[];
/** Why somebody is forgotten, in words: those of the retention.ini that comes with Pamoja. */
const char *forget_cause_text(const char *cause);
enum pmj_code forget_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
