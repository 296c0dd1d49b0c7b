#include "api/backup_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define COLUMNS_MAX 28

/* A column is its name and, after a colon, what it holds: integer, text, bytes. `read` stands for
 * it in the SELECT where it is not the column itself. The first `keys` columns order the table.
 *
 * Rows may be added while the backup is written; ?1 and ?2 (struct backup_until) keep them out, and
 * undo what happened later to rows that are in. Exchanges wait meanwhile, so that lanes stand. */
static const struct saved_table {
	const char *name;
	size_t keys;
	const char *where;
	struct {
		const char *name;
		char type;
		const char *read;
	} column[COLUMNS_MAX];
} tables[] = {
    {"pmj_device", 1,
        "mailbox IS NULL OR EXISTS (SELECT 1 FROM pmj_roster r WHERE r.device = pmj_device.device "
        "AND r.n <= ?1)",
        {{"device", 'b', NULL}, {"sign_pk", 'b', NULL}, {"seal_pk", 'b', NULL},
            {"mailbox", 'b', NULL}, {"role", 't', NULL}, {"name", 't', NULL}, {"until", 't', NULL},
            {"state", 't', NULL}, {"enrolled_ms", 'i', NULL}, {"beacon_seen", 'b', NULL},
            {"roster_seen", 'i', NULL}}},
    {"pmj_heard", 1, "1",
        {{"device", 'b', NULL}, {"inc", 'b', NULL}, {"seq", 'i', NULL}, {"waits", 'i', NULL},
            {"at_ms", 'i', NULL}, {"came_ms", 'i', NULL}, {"beacon_ms", 'i', NULL},
            {"stale", 'i', NULL}, {"stale_day", 'i', NULL}, {"rv", 'i', NULL},
            {"head", 'b', NULL}}},
    {"pmj_roster", 1, "n <= ?1",
        {{"ver", 'i', NULL}, {"hash", 'b', NULL}, {"n", 'i', NULL}, {"op", 't', NULL},
            {"device", 'b', NULL}}},
    {"pmj_team", 3, "from_ver <= ?2",
        {{"person", 'b', NULL}, {"device", 'b', NULL}, {"from_ver", 'i', NULL},
            {"to_ver", 'i', "CASE WHEN to_ver <= ?2 THEN to_ver END"}}},
    {"pmj_hold_line", 1, "n <= ?1",
        {{"n", 'i', NULL}, {"e", 'b', NULL}, {"held", 'i', NULL}, {"reason", 't', NULL},
            {"released", 'i', "CASE WHEN released <= ?1 THEN released END"}}},
    {"pmj_deferred", 1, "n <= ?1",
        {{"n", 'i', NULL}, {"device", 'b', NULL}, {"mailbox", 'b', NULL}, {"inc", 'b', NULL},
            {"seq", 'i', NULL}}},
    {"pmj_back", 1, "n <= ?1", {{"n", 'i', NULL}, {"giver", 'b', NULL}, {"name", 't', NULL}}},
    {"pmj_let_in", 1, "1", {{"e", 'b', NULL}}},
    {"pmj_same", 2, "n <= ?1", {{"of", 'b', NULL}, {"device", 'b', NULL}, {"n", 'i', NULL}}},
    {"pmj_moved", 1, "n <= ?1",
        {{"device", 'b', NULL}, {"n", 'i', NULL}, {"e", 'b', NULL}, {"came_ms", 'i', NULL}}},
    {"pmj_backup_key", 1, "1",
        {{"number", 'i', NULL}, {"made_ms", 'i', NULL}, {"pk", 'b', NULL}, {"used", 'i', NULL},
            {"destroyed_ms", 'i', NULL}}},
    {"pmj_pending", 1, "n <= ?1",
        {{"id", 'b', NULL}, {"n", 'i', NULL}, {"act", 't', NULL}, {"extra", 't', NULL},
            {"asked_ms", 'i', NULL}, {"state", 'i', NULL}}},
    {"pmj_pending_sign", 2,
        "EXISTS (SELECT 1 FROM pmj_pending p WHERE p.id = pmj_pending_sign.id AND p.n <= ?1)",
        {{"id", 'b', NULL}, {"device", 'b', NULL}, {"g", 'b', NULL}, {"at_ms", 'i', NULL}}},
    {"pmj_ask", 1, "1",
        {{"id", 'b', NULL}, {"act", 't', NULL}, {"at_ms", 'i', NULL}, {"answer", 't', NULL},
            {"state", 't', NULL}}},
    {"pmj_erased", 2, "EXISTS (SELECT 1 FROM pmj_erase e WHERE e.act = pmj_erased.act)",
        {{"act", 'b', NULL}, {"device", 'b', NULL}, {"removed_ms", 'i', NULL},
            {"unreadable_ms", 'i', NULL}}},
    {"pmj_erase", 1, "1",
        {{"act", 'b', NULL}, {"person", 'b', NULL}, {"begun_ms", 'i', NULL}, {"stage", 'i', NULL},
            {"rec", 'b', NULL}, {"n", 'i', NULL}, {"removed_ms", 'i', NULL}, {"epoch", 'i', NULL},
            {"unreadable_ms", 'i', NULL}}},
    {"pmj_tomb", 1, "1", {{"tag", 'b', NULL}}},
    {"pmj_photo", 1, "n <= ?1",
        {{"n", 'i', NULL}, {"rec", 'b', NULL}, {"hash", 'b', NULL}, {"by", 'b', NULL},
            {"part", 'i', NULL}, {"parts", 'i', NULL}, {"bytes", 'i', NULL}, {"own", 'i', NULL},
            {"whole", 'i', NULL}}},
    {"pmj_share", 1, "ver <= ?2",
        {{"id", 'i', NULL}, {"device", 'b', NULL}, {"work", 'i', NULL}, {"person", 'b', NULL},
            {"kind", 't', NULL}, {"ver", 'i', NULL}, {"at", 'i', NULL}, {"rec", 'b', NULL},
            {"n", 'i', NULL}}},
    {"pmj_who", 1, "1",
        {{"device", 'b', NULL}, {"name", 't', NULL}, {"role", 't', NULL}, {"until", 't', NULL}}},
    {"pmj_hold", 1, "1", {{"hold", 'b', NULL}, {"e", 'b', NULL}, {"reason", 't', NULL}}},
    {"pmj_handed", 1, "1", {{"record", 'b', NULL}, {"name", 't', NULL}, {"at", 'i', NULL}}},
    {"pmj_lane", 1, "1",
        {{"id", 'i', NULL}, {"mailbox", 'b', NULL}, {"lane", 'i', NULL}, {"inc", 'b', NULL},
            {"real", 'b', NULL}, {"ours", 'i', NULL}, {"segno", 'i', NULL},
            {"segment_id", 'b', NULL}, {"seq", 'i', NULL}, {"chain", 'b', NULL},
            {"part", 'i', NULL}, {"part_chain", 'b', NULL}, {"acked_segno", 'i', NULL},
            {"acked_seq", 'i', NULL}, {"deferred_seq", 'i', NULL}, {"count_seq", 'i', NULL},
            {"told_seq", 'i', NULL}, {"closed", 'i', NULL}, {"done", 'i', NULL},
            {"nack", 'i', NULL}, {"stopped", 't', NULL}, {"made_ms", 'i', NULL},
            {"gap_ms", 'i', NULL}, {"reader_pk", 'b', NULL}, {"cause", 't', NULL},
            {"named_segno", 'i', NULL}}},
    {"pmj_point", 2, "1",
        {{"lane", 'i', NULL}, {"segno", 'i', NULL}, {"id", 'b', NULL}, {"seq", 'i', NULL},
            {"chain", 'b', NULL}}},
    {"pmj_foreign", 2, "1", {{"mailbox", 'b', NULL}, {"inc", 'b', NULL}, {"segno", 'i', NULL}}},
    /* Lines without a number serve a lane and are made anew; so is the wrapping of a forwarded one.
     */
    {"pmj_queue", 1, "n <= ?1",
        {{"id", 'i', NULL}, {"mailbox", 'b', NULL}, {"rank", 'i', NULL}, {"pos", 'i', NULL},
            {"n", 'i', NULL}, {"forward", 'i', NULL}}},
    {"pmj_sent", 2, "n <> 0 AND n <= ?1",
        {{"lane", 'i', NULL}, {"seq", 'i', NULL}, {"segno", 'i', NULL}, {"n", 'i', NULL},
            {"forward", 'i', NULL}, {"counts", 'i', NULL}, {"chain", 'b', NULL}}},
    /* Lines of a run that was left which are not back in the queue yet: they are in pmj_sent. */
    {"pmj_again", 1, "1",
        {{"id", 'i', NULL}, {"lane", 'i', NULL}, {"segno", 'i', NULL}, {"seq", 'i', NULL},
            {"pos", 'i', NULL}}},
    {"pmj_done", 3, "n <= ?1",
        {{"n", 'i', NULL}, {"mailbox", 'b', NULL}, {"forward", 'i', NULL}, {"lane", 'i', NULL},
            {"seq", 'i', NULL}}},
    /* A longer one would not fit into a cell as hex; its writer has it, too. */
    {"pmj_bad", 2, "length(line) <= 8000",
        {{"lane", 'i', NULL}, {"seq", 'i', NULL}, {"reason", 't', NULL}, {"line", 'b', NULL}}},
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static size_t
column_count(const struct saved_table *table)
{
	size_t count = 0;

	while (count < COLUMNS_MAX && table->column[count].name != NULL)
		count++;
	return count;
}

/* The texts of the statements are made once and kept: sql_get asks for that. */
static char *select_text[TABLES], *insert_text[TABLES];

static void
put_names(struct buf *b, const struct saved_table *table, size_t count, bool read)
{
	for (size_t i = 0; i < count; i++)
		buf_putf(b, "%s%s", i > 0 ? ", " : "",
		    read && table->column[i].read != NULL ? table->column[i].read
		                                          : table->column[i].name);
}

static const char *
select_of(size_t at)
{
	const struct saved_table *table = &tables[at];
	struct buf b;

	if (select_text[at] != NULL)
		return select_text[at];
	buf_init(&b, 0);
	buf_put_text(&b, "SELECT ");
	put_names(&b, table, column_count(table), true);
	buf_putf(&b, " FROM %s WHERE (%s) AND (", table->name, table->where);
	put_names(&b, table, table->keys, false);
	buf_put_text(&b, ") > (");
	for (size_t i = 0; i < table->keys; i++)
		buf_putf(&b, "%s?%zu", i > 0 ? ", " : "", i + 4);
	buf_put_text(&b, ") ORDER BY ");
	put_names(&b, table, table->keys, false);
	buf_put_text(&b, " LIMIT ?3");
	select_text[at] = mem_strdup(buf_text(&b));
	buf_close(&b);
	return select_text[at];
}

static const char *
insert_of(size_t at)
{
	const struct saved_table *table = &tables[at];
	size_t count = column_count(table);
	struct buf b;

	if (insert_text[at] != NULL)
		return insert_text[at];
	buf_init(&b, 0);
	buf_putf(&b, "INSERT INTO %s (", table->name);
	put_names(&b, table, count, false);
	buf_put_text(&b, ") VALUES (");
	for (size_t i = 0; i < count; i++)
		buf_putf(&b, "%s?%zu", i > 0 ? ", " : "", i + 1);
	buf_put_text(&b, ")");
	insert_text[at] = mem_strdup(buf_text(&b));
	buf_close(&b);
	return insert_text[at];
}

/* ---- values ---- */

json_t *
backup_value(struct sql *sql, int col, char type)
{
	const uint8_t *bytes;
	size_t len;

	if (sql_col_null(sql, col))
		return json_null();
	if (type == 'i')
		return json_integer((json_int_t)sql_col_int(sql, col));
	if (type == 't')
		return json_string(sql_col_text(sql, col));
	bytes = sql_col_blob(sql, col, &len);
	return json_hex(bytes != NULL ? bytes : (const uint8_t *)"", len);
}

static bool
bind_value(struct sql *sql, int at, char type, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = text != NULL ? strlen(text) : 0;
	uint8_t *bytes;
	bool good;

	if (value == NULL || json_is_null(value)) {
		(void)sql_null(sql, at);
		return value != NULL;
	}
	if (type == 'i') {
		(void)sql_int(sql, at, (int64_t)json_integer_value(value));
		return json_is_integer(value);
	}
	if (text == NULL)
		return false;
	if (type == 't') {
		(void)sql_text(sql, at, text);
		return true;
	}
	bytes = mem_new(len / 2 + 1);
	if ((good = len % 2 == 0 && text_unhex(bytes, len / 2, text)))
		(void)sql_blob(sql, at, bytes, len / 2);
	free(bytes);
	return good;
}

/* ---- out ---- */

static json_t *
row_of(const struct saved_table *table, struct sql *sql)
{
	size_t count = column_count(table);
	json_t *cells = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
		    cells, backup_value(sql, (int)i, table->column[i].type));
	return json_pack("{s:s,s:s,s:o}", "kind", "bak.row", "t", table->name, "c", cells);
}

/* Before the first key of any type stands the least integer. */
static void
bind_after(struct sql *sql, const struct saved_table *table, const json_t *after)
{
	for (size_t i = 0; i < table->keys; i++)
		if (after == NULL)
			(void)sql_int(sql, (int)i + 4, INT64_MIN);
		else
			(void)bind_value(
			    sql, (int)i + 4, table->column[i].type, json_array_get(after, i));
}

enum pmj_code
backup_tables_next(struct journal *journal, json_t **out, struct backup_place *place,
    const struct backup_until *until, size_t most, bool *done, struct pmj_error *err)
{
	const struct saved_table *table = &tables[place->table];
	struct sql *sql;
	json_t *last = NULL;
	size_t count = 0;
	enum pmj_code rc;
	bool row = false;

	*out = json_array();
	*done = place->table == TABLES;
	if (*done)
		return PMJ_OK;
	sql = sql_get(journal, select_of(place->table));
	(void)sql_int(sql_int(sql, 1, until->n), 2, until->roster);
	bind_after(sql_int(sql, 3, (int64_t)most), table, place->after);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		last = row_of(table, sql);
		(void)json_array_append_new(*out, last);
		count++;
	}
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
		return rc;
	}
	json_decref(place->after);
	place->after = last != NULL ? json_copy(json_object_get(last, "c")) : NULL;
	if (count < most) {
		backup_place_close(place);
		place->table++;
	}
	return PMJ_OK;
}

void
backup_place_close(struct backup_place *place)
{
	json_decref(place->after);
	place->after = NULL;
}

/* ---- back ---- */

enum pmj_code
backup_tables_put(struct journal *journal, const json_t *row, struct pmj_error *err)
{
	const char *name = json_str(row, "t");
	const json_t *cells = json_arr(row, "c");
	struct sql *sql;
	size_t at = 0, count;

	while (at < TABLES && (name == NULL || strcmp(tables[at].name, name) != 0))
		at++;
	if (at == TABLES)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "the backup holds a table that is none of ours");
	count = column_count(&tables[at]);
	if (json_array_size(cells) != count)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "a row of %s has not %zu cells", tables[at].name, count);
	sql = sql_get(journal, insert_of(at));
	for (size_t i = 0; i < count; i++)
		if (!bind_value(
		        sql, (int)i + 1, tables[at].column[i].type, json_array_get(cells, i)))
			return pmj_fail(err, PMJ_INTEGRITY, "a row of %s: %s cannot be read",
			    tables[at].name, tables[at].column[i].name);
	return sql_run(sql, err);
}
