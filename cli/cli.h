/* cli.h - what every command is given. */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include <stdbool.h>

#include "cli/args.h"
#include "cli/client.h"

struct cli {
	struct client client;
	bool json;                   /* one document to standard output, nothing else there */
	const char *passphrase_file; /* --passphrase-file or the environment's, or NULL */
	json_t *kinds;               /* as the daemon declared them, once all were asked for */
	json_t *some_kinds;          /* a list of those that were asked for by name */
};

/* One group is one paragraph of the help. */
enum command_group {
	GROUP_START,
	GROUP_RECORDS,
	GROUP_EXCHANGE,
	GROUP_HUB,
	GROUP_KIND,
	GROUP_COUNT
};

struct command {
	const char *name; /* one or two words */
	enum command_group group;
	enum pmj_code (*run)(struct cli *cli, const struct args *args, struct pmj_error *err);
	size_t least, most; /* words after the name; COMMAND_MANY for no end */
	const char *words;  /* what follows the name, for help */
	const char *summary;
	const struct option *options;
	const char *more; /* paragraphs and examples for --help; may be NULL */
};
#define COMMAND_MANY ((size_t)-1)

#endif
