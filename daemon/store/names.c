#include "store/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
names_add(struct names *names, const char *name)
{
	names->list = mem_grow(names->list, names->count + 1, sizeof(*names->list));
	names->list[names->count++] = mem_strdup(name);
}

bool
names_has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

enum pmj_code
names_read(struct names *names, struct sql *sql, int col, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		names_add(names, sql_col_text(sql, col));
	return rc;
}

void
names_close(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	memset(names, 0, sizeof(*names));
}
