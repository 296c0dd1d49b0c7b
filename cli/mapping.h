/* mapping.h - which column of a table goes into which field, and how: by the table's header alone,
 * or by a file that a programme writes once for each of its forms (pamoja-import(5)). Pure. */
#ifndef CLI_MAPPING_H
#define CLI_MAPPING_H
#include "base/conf.h"
#include "base/json.h"
#include "cli/csv.h"

#define MAPPING_COLUMNS_MAX 8u

enum mapping_date { DATES_ISO, DATES_DMY, DATES_MDY, DATES_YMD };
struct mapped { /* one field */
	const char *field;
	const json_t *declared;              /* the kind's; NULL for "ref" */
	size_t columns[MAPPING_COLUMNS_MAX]; /* from 0 */
	size_t column_count;
	const char *between; /* of several columns */
	const char *value;   /* always this; or NULL */
	const char *section; /* of the file, for its map.VALUE; or NULL */
	const char *parent;  /* the column has the key of a record of this kind; or NULL */
	enum mapping_date dates;
	bool spaces; /* several answers are told apart by spaces */
};
struct mapping {
	struct conf conf; /* the file; empty without one */
	bool has_file;
	/* A form server leaves out what nobody answered: a column that is not there is no mistake,
	 * as long as one of them is. */
	bool lenient;
	struct mapped *list;
	size_t count;
	size_t ref, only, state;             /* columns from 1; 0: none */
	size_t sources[MAPPING_COLUMNS_MAX]; /* from 1, of the key */
	size_t source_count;
	const char *only_value;
};

/** The file. PMJ_INVALID with its line. *kind: the kind it names, or NULL; lives as long. */
PMJ_MUST_CHECK enum pmj_code mapping_read(
    struct mapping *out, const char **kind, const char *path, struct pmj_error *err);
/** The same from memory. */
PMJ_MUST_CHECK enum pmj_code mapping_read_text(struct mapping *out, const char **kind,
    const char *name, const char *text, size_t len, struct pmj_error *err);
void mapping_close(struct mapping *map);
/** What [import] says under this key; NULL: nothing, or there is no file. */
const char *mapping_says(const struct mapping *map, const char *key);
/** main = OWN is THEIRS: the two columns, which the caller frees. PMJ_INVALID where it is not
 * understood. */
PMJ_MUST_CHECK enum pmj_code mapping_main(
    const struct mapping *map, char **own, char **theirs, struct pmj_error *err);
/** ODK writes group-question, Kobo group/question, CommCare form.group.question. */
bool mapping_same_column(const char *a, const char *b);
/** Find its fields and columns. PMJ_INVALID names the one that is not there, and the nearest. */
PMJ_MUST_CHECK enum pmj_code mapping_bind(
    struct mapping *map, const json_t *kind, const struct csv_row *header, struct pmj_error *err);

/** After that: PMJ_INVALID for a parent = that is no kind. */
PMJ_MUST_CHECK enum pmj_code mapping_check_parents(
    const struct mapping *map, const json_t *kinds, struct pmj_error *err);

/** Is it one of the rows that are to be taken? */
bool mapping_wants(const struct mapping *map, const struct csv_row *cells);
/** Its name for later rows, or NULL. */
const char *mapping_ref(const struct mapping *map, const struct csv_row *cells);
/** {"kind","ref"?,"source"?,"fields"} of a row. PMJ_INVALID: *column (from 1) is wrong. */
PMJ_MUST_CHECK enum pmj_code mapping_request(json_t **out, const struct mapping *map,
    const json_t *kind, const struct csv_row *cells, size_t *column, struct pmj_error *err);
/** From 1; 0: none. */
size_t mapping_column(const struct mapping *map, const char *field);

#endif
