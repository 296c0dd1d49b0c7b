/* args.h - what was typed: taken away from the process list, then sorted into words and options by
 * tables. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H
#include <stdbool.h>
#include <stddef.h>

#include "pamoja/error.h"

struct option {
	const char *name;  /* without the dashes; NULL ends a table */
	const char *takes; /* what follows, for help ("FILE"); NULL for a flag */
	const char *help;
};

#define ARGS_GIVEN_MAX 32

struct args {
	char **words; /* what is no option, in order; not owned */
	size_t count;
	struct {
		const char *name;
		const char *value; /* "" for a flag */
	} given[ARGS_GIVEN_MAX];
	size_t given_count;
};

/**
 * Copy the arguments into memory of our own and zero the originals, so that /proc/PID/cmdline
 * shows the program's name and nothing that was typed after it. Also makes the process undumpable.
 *
 * Returns  a NULL ended list like argv. It lives until the program ends; args_forget wipes it.
 */
char **args_hide(int argc, char **argv);
void args_forget(void);

/**
 * Sort argv (without the program's name) into words and options. "--" ends the options; a lone "-"
 * is a word; -h is --help.
 *
 * tables  NULL ended list of option tables; the first that knows a name wins.
 * Errors  PMJ_USAGE naming the option, the hint offers the nearest.
 */
PMJ_MUST_CHECK enum pmj_code args_parse(
    struct args *out, char **argv, const struct option *const *tables, struct pmj_error *err);
void args_close(struct args *args);
bool args_has(const struct args *args, const char *name);
/** The last value given for an option, or NULL. */
const char *args_value(const struct args *args, const char *name);
/** Where in argv the first word stands, stepping over options of this table and their values; the
 * end when there is none. */
size_t args_first_word(char **argv, const struct option *table);
/** Words from `from` on, with a space between. Caller frees. */
char *args_join(const struct args *args, size_t from);
/** A day from an option's value, as YYYY-MM-DD; "" when it was not given. PMJ_INVALID. */
PMJ_MUST_CHECK enum pmj_code args_date(
    char out[static 11], const struct args *args, const char *name, struct pmj_error *err);
/** A count from an option's value: `otherwise` when it was not given. PMJ_INVALID. */
PMJ_MUST_CHECK enum pmj_code args_number(
    long *out, const struct args *args, const char *name, long otherwise, struct pmj_error *err);

#endif
