/* journal_walk_inner.h - a table and its indexes, as columns to ask for. Private to
 * journal_walk*.c.
 */
#ifndef STORE_JOURNAL_WALK_INNER_H
#define STORE_JOURNAL_WALK_INNER_H
#include "store/journal.h"

struct walk_index {
	char *name;
	char *columns; /* "a", "b", and then the key of the table */
	char *named;   /* "a" AS c1, "b" AS c2 ... */
	char *same;    /* x."a" IS r.c1 AND x."b" IS r.c2 ... */
	char *where;   /* of a partial one, else NULL */
	size_t count;  /* columns, those of the key too */
};

struct walk_table {
	char *name;
	char *primary;          /* its index that holds the rows, or NULL: rowid */
	struct walk_index self; /* the table as an index of its own: its key */
	struct walk_index *indexes;
	size_t index_count;
};

/** What the schema says of the table. Close it also after a failure. */
PMJ_MUST_CHECK enum pmj_code walk_table_read(
    struct walk_table *out, struct journal *journal, const char *name, struct pmj_error *err);
void walk_table_close(struct walk_table *table);

#endif
