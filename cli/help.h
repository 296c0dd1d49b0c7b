/* help.h - what can be typed: all of it, one command, or a kind's commands made from its
 * declaration. */
#ifndef CLI_HELP_H
#define CLI_HELP_H
#include "cli/cli.h"

/** Everything on one screen; kinds too when the daemon is running. */
void help_all(struct cli *cli);
/** One command of the table. */
void help_command(const struct command *command);
/** The commands that begin with one word, such as "hub". */
void help_group(const char *first);
/** A heading, with an empty line above. */
void help_title(const char *title);
/** A kind: its verbs, fields, examples. verb narrows it to one of them, or NULL. */
PMJ_MUST_CHECK enum pmj_code help_kind(const json_t *kind, const char *verb, struct pmj_error *err);
/** `pamoja help [CMD [SUB]]`. */
enum pmj_code help_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
