/* alike.h - somebody who may be there already is written down: asked, or said; never in the way. */
#ifndef CLI_ALIKE_H
#define CLI_ALIKE_H
#include "cli/cli.h"

/**
 * Show who may be the same, and ask.
 *
 * same     receives the item of who was chosen, a new reference; or stays NULL.
 * is_new   is set when the person said that it is somebody new.
 */
PMJ_MUST_CHECK enum pmj_code alike_ask(struct cli *cli, json_t **same, bool *is_new,
    const json_t *fields, const json_t *kind, struct pmj_error *err);
/** What was typed goes into the record of who is there already, where nothing stands yet. */
PMJ_MUST_CHECK enum pmj_code alike_add_to(struct cli *cli, const json_t *same, const json_t *fields,
    const json_t *kind, struct pmj_error *err);
/** After it was saved without a question: who may be the same, and what to do then. */
void alike_say(struct cli *cli, const json_t *answer);

#endif
