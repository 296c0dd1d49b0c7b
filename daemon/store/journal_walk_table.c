/* journal_walk_table.c - what a table and its indexes are, from the schema. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal_inner.h"
#include "store/journal_walk_inner.h"

static void
index_close(struct walk_index *index)
{
	free(index->name);
	free(index->columns);
	free(index->named);
	free(index->same);
	free(index->where);
}

void
walk_table_close(struct walk_table *table)
{
	for (size_t i = 0; i < table->index_count; i++)
		index_close(&table->indexes[i]);
	free(table->indexes);
	index_close(&table->self);
	free(table->primary);
	free(table->name);
	memset(table, 0, sizeof(*table));
}

static char *
more(char *list, const char *between, char *item)
{
	char *out =
	    mem_printf("%s%s%s", list != NULL ? list : "", list != NULL ? between : "", item);

	free(list);
	free(item);
	return out;
}

static void
add_column(struct walk_index *index, const char *name)
{
	const char *quote = strcmp(name, "rowid") == 0 ? "" : "\"";
	size_t number = ++index->count;

	index->columns = more(index->columns, ", ", mem_printf("%s%s%s", quote, name, quote));
	index->named =
	    more(index->named, ", ", mem_printf("%s%s%s AS c%zu", quote, name, quote, number));
	index->same = more(
	    index->same, " AND ", mem_printf("x.%s%s%s IS r.c%zu", quote, name, quote, number));
}

/* Column 0 of each row; nothing when there is none. */
static enum pmj_code
add_columns(struct walk_index *index, struct sql *sql, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		add_column(index, sql_col_text(sql, 0));
	return rc;
}

/* Nothing for a table whose key is its rowid. */
static enum pmj_code
add_key(struct walk_index *index, struct journal *journal, const char *table, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 AND (SELECT wr FROM "
	    "pragma_table_list WHERE schema = 'main' AND name = ?1) = 1 ORDER BY pk");

	return add_columns(index, sql_text(sql, 1, table), err);
}

static enum pmj_code
add_index(
    struct walk_table *table, struct journal *journal, struct sql *list, struct pmj_error *err)
{
	const char *text = sql_col_text(list, 2);
	const char *where = text != NULL ? strstr(text, " WHERE ") : NULL;
	struct walk_index *index;
	enum pmj_code rc;

	table->indexes = mem_grow(table->indexes, table->index_count + 1, sizeof(*table->indexes));
	index = &table->indexes[table->index_count++];
	memset(index, 0, sizeof(*index));
	index->name = mem_strdup(sql_col_text(list, 0));
	index->where = where != NULL ? mem_strdup(where + strlen(" WHERE ")) : NULL;
	rc = add_columns(index,
	    sql_text(sql_get(journal, "SELECT name FROM pragma_index_info(?1) ORDER BY seqno"), 1,
	        index->name),
	    err);
	if (rc == PMJ_OK && table->primary == NULL)
		add_column(index, "rowid");
	else if (rc == PMJ_OK)
		rc = add_key(index, journal, table->name, err);
	return rc;
}

enum pmj_code
walk_table_read(
    struct walk_table *out, struct journal *journal, const char *name, struct pmj_error *err)
{
	struct sql *list;
	enum pmj_code rc;
	bool row = false;

	memset(out, 0, sizeof(*out));
	out->name = mem_strdup(name);
	if ((rc = add_key(&out->self, journal, name, err)) != PMJ_OK)
		return rc;
	if (out->self.count == 0)
		add_column(&out->self, "rowid");
	else
		out->primary = mem_printf("sqlite_autoindex_%s_1", name);
	list = sql_get(journal,
	    "SELECT l.name, l.origin, s.sql FROM pragma_index_list(?1) l LEFT JOIN sqlite_schema s"
	    " ON s.type = 'index' AND s.name = l.name");
	(void)sql_text(list, 1, name);
	while ((rc = sql_row(list, &row, err)) == PMJ_OK && row)
		if (out->primary == NULL || strcmp(sql_col_text(list, 1), "pk") != 0)
			if ((rc = add_index(out, journal, list, err)) != PMJ_OK)
				break;
	sql_done(list);
	return rc;
}
