/* note.h - `pamoja note`: a thought kept at once, even while locked, and what becomes of it after
 * unlocking. */
#ifndef CLI_NOTE_H
#define CLI_NOTE_H
#include "cli/cli.h"

extern const struct option note_options[];
enum pmj_code note_run(struct cli *cli, const struct args *args, struct pmj_error *err);
/** On a terminal: show each waiting note and ask whether to keep or drop it. */
PMJ_MUST_CHECK enum pmj_code note_review(struct cli *cli, struct pmj_error *err);

#endif
