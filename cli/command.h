/* command.h - the table of commands, and finding the one that was typed. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H
#include "cli/cli.h"

extern const struct option command_global[]; /* options of every command */
extern const struct command command_table[]; /* ends with a NULL name */
extern const struct command command_kind;    /* KIND add|list|VERB, for every kind there is */

/** The command of one or two words (second may be NULL); NULL when the table has none. */
const struct command *command_find(const char *first, const char *second);
/** Do commands begin with this word and need a second ("hub", "enrol")? */
bool command_is_group(const char *first);
/**
 * Run what was typed (without the program's name).
 *
 * json    told early, so that also an error before the command is printed as asked for.
 * Errors  PMJ_USAGE with the nearest command; else the command's own.
 */
PMJ_MUST_CHECK enum pmj_code command_run(char **argv, bool *json, struct pmj_error *err);

#endif
