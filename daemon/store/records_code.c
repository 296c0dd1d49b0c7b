/* records_code.c - the record that a slip's code belongs to. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/code.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

enum pmj_code
records_by_code(struct journal *journal, uint8_t rec[static PMJ_RECORD_BYTES], bool *found,
    const struct kind *kind, const char *code, struct pmj_error *err)
{
	const struct field *field = kind_code(kind);
	struct sql *sql;
	char *text;
	enum pmj_code rc;

	*found = false;
	if (field == NULL)
		return PMJ_OK;
	text = mem_printf("SELECT r.rec FROM \"%s\" t JOIN pmj_record r ON r.num = t._num WHERE "
	                  "t.\"%s\" = ?1 AND t.voided = 0",
	    kind->name, field->name);
	sql = sql_text(sql_new(journal, text), 1, code);
	if ((rc = sql_row(sql, found, err)) == PMJ_OK && *found)
		*found = sql_col_copy(sql, 0, rec, PMJ_RECORD_BYTES);
	sql_free(sql);
	free(text);
	return rc;
}
