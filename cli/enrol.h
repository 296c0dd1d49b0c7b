/* enrol.h - joining a hub, on the worker's side; and the comparing of words, which both sides do.
 */
#ifndef CLI_ENROL_H
#define CLI_ENROL_H
#include "cli/cli.h"

#define ENROL_TEXT_MAX (256u * 1024)

extern const struct option enrol_request_options[], enrol_accept_options[];
enum pmj_code enrol_request(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code enrol_accept(struct cli *cli, const struct args *args, struct pmj_error *err);

/**
 * The request or invitation meant: the first word, or --file F. A JSON document of ours is
 * understood, spaces and line ends around it are dropped.
 *
 * key  the member to take when it is JSON ("request", "invitation").
 */
PMJ_MUST_CHECK enum pmj_code enrol_text(
    struct buf *out, const struct args *args, const char *key, struct pmj_error *err);
/**
 * POST body; where the daemon answers {"ask":[i,j]}, ask for these two words (`where` says what
 * they are read from) and post again with "typed", until right or the person gives up.
 *
 * Errors  PMJ_NOT_CONFIRMED without a terminal and without --words-checked.
 */
PMJ_MUST_CHECK enum pmj_code enrol_compare(struct cli *cli, json_t **out, const char *path,
    json_t *body, const struct args *args, const char *where, struct pmj_error *err);
/** Hand over a text for the other side: to a file (NULL: standard output, so that it can be
 * redirected). */
PMJ_MUST_CHECK enum pmj_code enrol_hand_over(
    const char *file, const char *text, struct pmj_error *err);

#endif
