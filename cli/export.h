/* export.h - records into a file of the person's: as a table, lines, FHIR, or a page to be read. */
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H
#include "cli/cli.h"
#include "cli/outfile.h"
#include "pamoja/error.h"

enum export_format { EXPORT_CSV, EXPORT_LINES, EXPORT_FHIR, EXPORT_PAGE };
enum export_ways { EXPORT_TOLD, EXPORT_WITHOUT, EXPORT_INTERNAL, EXPORT_OWN, EXPORT_OPEN };

struct export_notice {
	char *version;
	char *text; /* with the word that it is a draft, where it is one */
};
/* One export, while it is made. */
struct export
{
	struct cli *cli;
	struct outfile file;
	struct buf bytes; /* not written yet */
	enum export_format format;
	enum export_ways way;
	const json_t *kinds;
	const json_t *kind; /* of the records; NULL: all */
	struct export_notice notice;
	const char *lang;                 /* of labels and notice */
	size_t people, records, unmapped; /* unmapped: records that this form has no place for */
	json_t *left_out;        /* [{"short","title","message"}]: of whom nothing may be told */
	size_t photos_missing;   /* of signed papers: not whole here yet */
	struct pmj_error failed; /* of what a writer had to fetch */
	json_t *state;           /* of the writer of this format; or NULL */
};
/* What writes a format: the beginning, each person with their records, the end. about: the answer
 * of the disclosure ("words","consent"), or NULL. */
struct export_writer {
	void (*begin)(struct export *e);
	void (*person)(struct export *e, const json_t *about, const json_t *items);
	void (*end)(struct export *e);
};
extern const struct export_writer export_csv, export_lines, export_fhir, export_page;

/** One cell as a spreadsheet may have it: quoted, and no formula. */
void export_cell(struct buf *out, const char *text);

extern const struct option export_options[];
enum pmj_code export_run(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
