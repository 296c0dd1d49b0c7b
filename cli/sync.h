/* sync.h - exchanges with the hub: sync and carry. They wait, and tell how far it is; Ctrl-C stops
 * the exchange. */
#ifndef CLI_SYNC_H
#define CLI_SYNC_H
#include "cli/cli.h"

extern const struct option sync_options[];
enum pmj_code sync_run(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code sync_carry(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
