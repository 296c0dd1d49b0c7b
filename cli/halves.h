/* halves.h - the two halves of a hub's backup key, each a paper of 15 words held by another person:
 * asked for, read from files, put into a request. */
#ifndef CLI_HALVES_H
#define CLI_HALVES_H
#include "cli/cli.h"

#define HALVES_WORDS 15       /* on each paper */
#define HALVES_TEXT_MAX 4096u /* as typed, or in a file */
#define HALVES_OPTIONS                                                                             \
	{"half-file", "FILE", "one half of a backup key, where there is no terminal"},             \
	{                                                                                          \
		"other-half-file", "FILE", "the other half"                                        \
	}

struct halves {
	struct buf text[2];
};
void halves_init(struct halves *halves);
void halves_wipe(struct halves *halves);
/** From the two files that were named, or asked for, one person after the other. PMJ_USAGE when
 * there is no terminal. */
PMJ_MUST_CHECK enum pmj_code halves_read(
    struct halves *halves, const struct args *args, struct pmj_error *err);
/** Put them into a request. */
void halves_put(json_t *body, const struct halves *halves);
/** The two files that were named; *named: both were. PMJ_USAGE for one alone. */
PMJ_MUST_CHECK enum pmj_code halves_files(
    const char *files[static 2], bool *named, const struct args *args, struct pmj_error *err);
/** Ask for the words of one paper, on one line or many, as the paper has them. False: the person
 * stopped. */
bool halves_ask_words(struct buf *out);

#endif
