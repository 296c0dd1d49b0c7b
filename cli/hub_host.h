/* hub_host.h - a machine made ready to hold the mailboxes of a hub. */
#ifndef CLI_HUB_HOST_H
#define CLI_HUB_HOST_H
#include "cli/cli.h"

extern const struct option hub_host_options[];

/** `hub host prepare`: conf/host/prepare, run as root, and what it says. */
PMJ_MUST_CHECK enum pmj_code hub_host(
    struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
