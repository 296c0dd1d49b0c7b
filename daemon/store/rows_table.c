/* rows_table.c - the statements by which the rows of a table are read and written. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rows.h"

static void
put_columns(struct buf *out, const struct rows_table *table, size_t count, const char *after,
    const char *between)
{
	for (size_t i = 0; i < count; i++)
		buf_putf(out, "%s\"%s\"%s", i > 0 ? between : "", table->columns[i], after);
}

static char *
take_text(struct buf *b)
{
	char *text = mem_strdup(buf_text(b));

	buf_close(b);
	return text;
}

/* Rows of one record. Those that are of many come in the order of its id: the numbers are this
 * machine's, the ids everybody's. */
static char *
select_text(const struct rows_table *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_put_text(&b, "SELECT ");
	put_columns(&b, table, table->column_count, "", ", ");
	buf_putf(&b, " FROM \"%s\" WHERE %s = ?1 ORDER BY ", table->name,
	    table->by_number ? "_num" : "rec");
	put_columns(&b, table, table->key_count, "", ", ");
	if (table->key_count == 0)
		buf_put_text(&b, "_num");
	return take_text(&b);
}

static char *
range_text(const struct rows_table *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_put_text(&b, "SELECT ");
	for (size_t i = 0; i < table->column_count; i++)
		buf_putf(&b, "%st.\"%s\"", i > 0 ? ", " : "", table->columns[i]);
	if (table->by_number)
		buf_putf(&b, " FROM pmj_record r CROSS JOIN \"%s\" t ON t._num = r.num WHERE r.rec",
		    table->name);
	else
		buf_putf(&b, " FROM \"%s\" t WHERE t.rec", table->name);
	buf_putf(&b, " > ?1 AND %s.rec <= ?2 ORDER BY %s.rec", table->by_number ? "r" : "t",
	    table->by_number ? "r" : "t");
	for (size_t i = table->by_number ? 0 : 1; i < table->key_count; i++)
		buf_putf(&b, ", t.\"%s\"", table->columns[i]);
	return take_text(&b);
}

/* An update keeps the row's number, by which its search row is found. */
static char *
insert_text(const struct rows_table *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_putf(&b, "INSERT INTO \"%s\" (", table->name);
	put_columns(&b, table, table->column_count, "", ", ");
	buf_put_text(&b, table->by_number ? ", _num) VALUES (" : ") VALUES (");
	for (size_t i = 0; i < table->column_count + (table->by_number ? 1 : 0); i++)
		buf_putf(&b, "%s?%zu", i > 0 ? ", " : "", i + 1);
	buf_put_text(&b, ") ON CONFLICT (");
	if (!table->by_number)
		put_columns(&b, table, table->key_count, "", ", ");
	else if (table->key_count == 0)
		buf_put_text(&b, "_num");
	else
		buf_putf(&b, "_num, \"%s\"", table->columns[0]);
	buf_put_text(&b, ") DO ");
	buf_put_text(&b, table->key_count == table->column_count ? "NOTHING" : "UPDATE SET ");
	for (size_t i = table->key_count; i < table->column_count; i++)
		buf_putf(&b, "%s\"%s\" = excluded.\"%s\"", i > table->key_count ? ", " : "",
		    table->columns[i], table->columns[i]);
	return take_text(&b);
}

static char *
remove_text(const struct rows_table *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_putf(&b, "DELETE FROM \"%s\" WHERE 1", table->name);
	for (size_t i = 0; i < table->key_count; i++)
		buf_putf(&b, " AND \"%s\" = ?%zu", table->columns[i], i + 1);
	if (table->by_number)
		buf_putf(&b, " AND _num = ?%zu", table->column_count + 1);
	return take_text(&b);
}

/* In the order of numbers; 1 where there is no record of this number, or one of another kind than
 * the table's. Those of our own tables are of any. */
static char *
numbers_text(const struct rows_table *table)
{
	return mem_printf(
	    "SELECT t._num, r.num IS NULL FROM (SELECT DISTINCT _num FROM \"%s\" WHERE "
	    "_num > ?1 ORDER BY _num LIMIT ?2) t LEFT JOIN pmj_record r ON r.num = "
	    "t._num%s%s%s ORDER BY t._num",
	    table->name, table->key_count == 0 ? " AND r.kind = pmj_short('" : "",
	    table->key_count == 0 ? table->name : "", table->key_count == 0 ? "')" : "");
}

void
rows_table_init(struct rows_table *table, const char *name, const char *const *columns,
    size_t column_count, size_t key_count, bool by_number)
{
	memset(table, 0, sizeof(*table));
	table->name = mem_strdup(name);
	table->columns = mem_array(column_count, sizeof(*table->columns));
	for (size_t i = 0; i < column_count; i++)
		table->columns[i] = mem_strdup(columns[i]);
	table->column_count = column_count;
	table->key_count = key_count;
	table->by_number = by_number;
	table->select = select_text(table);
	table->range = range_text(table);
	table->insert = insert_text(table);
	table->remove = remove_text(table);
	if (!by_number)
		return;
	table->numbers = numbers_text(table);
	table->drop = mem_printf("DELETE FROM \"%s\" WHERE _num = ?1", name);
}

void
rows_table_close(struct rows_table *table)
{
	for (size_t i = 0; i < table->column_count; i++)
		free(table->columns[i]);
	free(table->columns);
	free(table->name);
	free(table->select);
	free(table->range);
	free(table->insert);
	free(table->remove);
	free(table->numbers);
	free(table->drop);
	memset(table, 0, sizeof(*table));
}
