/* import_inner.h - what the files of import share; for import_*.c alone. */
#ifndef CLI_IMPORT_INNER_H
#define CLI_IMPORT_INNER_H
#include "cli/cli.h"
#include "cli/import.h"
#include "cli/rows.h"

#define IMPORT_SHOWN_MAX 20u

/* What the file is: kind of its rows, and how its columns are read. */
struct reading {
	const char *kind;
	struct mapping map;
	bool mapped, hsds;
	const char *main;  /* the file of the main table, or NULL */
	const char *alike; /* take, skip or refuse: people who may be here already */
	char mark[17];     /* of the mapping: how the file is read; "" for none */
	bool package;      /* a folder of tables, of which one was made already */
};

enum pmj_code import_choose(struct reading *as, const struct args *args, struct pmj_error *err);
/** *name is the caller's: under it the daemon keeps what is saved of this file. */
enum pmj_code import_read(struct cli *cli, struct rows *rows, char **name, const char *path,
    struct reading *as, struct pmj_error *err);

struct import_counts {
	size_t done, failed, skipped, before; /* before: of those done */
};
struct import_counts import_count(const struct rows *rows);
void import_say(struct cli *cli, const struct rows *rows, bool dry_run);
/** People who may be here already, row by row. */
void import_say_alike(const struct rows *rows, bool dry_run);
/** "line 7, column 3 (birth_year)" Caller frees. */
char *import_place(const struct rows *rows, const struct row *row);
/** The outcome of all rows as one code: in part, or what the first failed of. */
enum pmj_code import_outcome(const struct rows *rows, bool dry_run, struct pmj_error *err);
/** It broke off between two requests, or within one whose answer never came. */
enum pmj_code import_broke_off(const struct rows *rows, struct pmj_error *err);
/** By Ctrl-C, between two requests. */
enum pmj_code import_was_stopped(const struct rows *rows, bool dry_run, struct pmj_error *err);

#endif
