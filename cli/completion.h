/* completion.h - `pamoja completion SHELL`: a script that completes what is typed, made from the
 * tables and the kinds. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H
#include "cli/cli.h"

/** The script holds all it offers: nothing of ours runs when TAB is pressed, and nothing recorded
 * can be shown. */
enum pmj_code completion_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
