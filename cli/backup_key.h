/* backup_key.h - the hub's monthly backup key, on two papers of two people. */
#ifndef CLI_BACKUP_KEY_H
#define CLI_BACKUP_KEY_H
#include "cli/cli.h"

extern const struct option backup_key_options[];
/** `hub backup-key`: a new one, the list of them, or the word that papers are destroyed. */
enum pmj_code backup_key_run(struct cli *cli, const struct args *args, struct pmj_error *err);
/** What the state of the backup key in an answer asks of the coordinator: "" for nothing. Caller
 * frees. */
char *backup_key_advice(const json_t *state);

#endif
