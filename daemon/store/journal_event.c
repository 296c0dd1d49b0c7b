/* journal_event.c - what happened, for `log`: ids and counts, no names. */
#include "store/journal_inner.h"

enum pmj_code
journal_event(struct journal *journal, const char *event, const char *code, const char *message,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    journal, "INSERT INTO pmj_event (at, event, code, message) VALUES (?1, ?2, ?3, ?4)");
	enum pmj_code rc;

	(void)sql_text(sql_int(sql, 1, os_now(journal->os)), 2, event);
	(void)sql_text(sql_text(sql, 3, code), 4, message);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	sql = sql_get(journal, "DELETE FROM pmj_event WHERE id <= ?1");
	return sql_run(sql_int(sql, 1, sql_last_id(journal) - JOURNAL_EVENTS_MAX), err);
}

static json_t *
event_json(struct sql *sql)
{
	json_t *event = json_object();

	(void)json_object_set_new(event, "at", json_integer(sql_col_int(sql, 0)));
	(void)json_object_set_new(event, "event", json_string(sql_col_text(sql, 1)));
	(void)json_object_set_new(event, "message",
	    sql_col_null(sql, 3) ? json_null() : json_string(sql_col_text(sql, 3)));
	(void)json_object_set_new(
	    event, "code", sql_col_null(sql, 2) ? json_null() : json_string(sql_col_text(sql, 2)));
	return event;
}

enum pmj_code
journal_events(
    struct journal *journal, json_t **out, int64_t since_ms, int64_t limit, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT at, event, code, message FROM pmj_event WHERE "
	                                   "at >= ?1 ORDER BY id DESC LIMIT ?2");
	json_t *list = json_array();
	enum pmj_code rc;
	bool row = false;

	*out = NULL;
	(void)sql_int(sql_int(sql, 1, since_ms), 2, limit > 0 ? limit : 50);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		(void)json_array_insert_new(list, 0, event_json(sql));
	if (rc != PMJ_OK) {
		json_decref(list);
		return rc;
	}
	*out = list;
	return PMJ_OK;
}
