/* hub.h - the coordinator's commands. */
#ifndef CLI_HUB_H
#define CLI_HUB_H
#include "cli/cli.h"

extern const struct option hub_enrol_options[], hub_resolve_options[], hub_merge_options[],
    hub_revoke_options[], hub_release_options[], hub_suspend_options[], hub_renew_options[],
    hub_move_options[], hub_report_options[], hub_match_options[], hub_replace_options[],
    hub_role_options[];
enum pmj_code hub_enrol(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_merge(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_conflicts(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_resolve(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_assign(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_unassign(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_revoke(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_suspend(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_role(struct cli *cli, const struct args *args, struct pmj_error *err);
/** The root key, where one was brought, into a body; and out of memory. */
enum pmj_code hub_put_root(json_t *body, const struct args *args, struct pmj_error *err);
void hub_wipe_root(json_t *body);
enum pmj_code hub_replace(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_roster(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_renew(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_move(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_kinds(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_caseload(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_desk(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_match(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_report(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_materials(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_held(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code hub_release(struct cli *cli, const struct args *args, struct pmj_error *err);
/** What the reason of a hold means to a coordinator. */
const char *hub_reason_words(const char *reason);

#endif
