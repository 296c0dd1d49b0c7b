/* mapping_inner.h - what the files of mapping share; for mapping*.c alone. */
#ifndef CLI_MAPPING_INNER_H
#define CLI_MAPPING_INNER_H
#include "cli/mapping.h"

/** One more field; the caller fills it. */
struct mapped *mapping_add(struct mapping *map, const json_t *kind, const char *field);
/** Its fields and columns, as the file says. */
PMJ_MUST_CHECK enum pmj_code mapping_bind_file(
    struct mapping *map, const json_t *kind, const struct csv_row *header, struct pmj_error *err);

#endif
