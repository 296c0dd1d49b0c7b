/* pending.h - what needs more than one person: listed, approved, refused. */
#ifndef CLI_PENDING_H
#define CLI_PENDING_H
#include "cli/cli.h"

extern const struct option pending_answer_options[];
enum pmj_code pending_list(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code pending_approve(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code pending_refuse(struct cli *cli, const struct args *args, struct pmj_error *err);
/** One item that waits, as people read it; at the hub also what is missing. */
void pending_say(const json_t *item);

#endif
