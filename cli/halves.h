/* halves.h - the two halves of a hub's backup key, each a paper of 15 words held by another person:
 * shown, typed back, read from files. */
#ifndef CLI_HALVES_H
#define CLI_HALVES_H
#include "cli/cli.h"

extern const struct option hub_backup_key_options[];
/** `hub backup-key`: a new one, the list of them, or the word that papers are destroyed. */
enum pmj_code hub_backup_key(struct cli *cli, const struct args *args, struct pmj_error *err);

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
/** What the state of the backup key in an answer asks of the coordinator: "" for nothing. Caller
 * frees. */
char *halves_advice(const json_t *state);

#endif
