/* names.h - a short list of texts, such as the names of tables. Private to the folder. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H
#include "store/sql.h"

/** All zeros: empty. */
struct names {
	char **list; /* copies */
	size_t count;
};
void names_add(struct names *names, const char *name);
bool names_has(const struct names *names, const char *name);
/** Column `col` of every row. */
PMJ_MUST_CHECK enum pmj_code names_read(
    struct names *names, struct sql *sql, int col, struct pmj_error *err);
/** Empties it. */
void names_close(struct names *names);

#endif
