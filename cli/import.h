/* import.h - `pamoja import`: many records from a file, JSON lines or CSV. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H
#include "cli/cli.h"

extern const struct option import_options[];
enum pmj_code import_run(struct cli *cli, const struct args *args, struct pmj_error *err);
/** The made-up people of conf/practice.jsonl, for a practice home; quietly. */
PMJ_MUST_CHECK enum pmj_code import_practice(struct cli *cli, size_t *saved, struct pmj_error *err);

#endif
