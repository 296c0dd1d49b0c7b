/* caseload.c - how much each worker carries, what runs out, and who could take somebody: for the
 * coordinator. In steps: it goes through the records of a month, and through all consents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "hub/caseload.h"

#define ROWS_AT_ONCE 200
#define COLUMNS 3

/* ---- one row of each sort ---- */

/* Whoever wrote it, on this laptop or one before; NULL: nobody who is here now. */
static struct load *
who_wrote(struct hub_caseload *load, struct sql *q)
{
	uint8_t by[PMJ_DEVICE_BYTES];

	return sql_col_copy(q, 2, by, sizeof(by)) ? load_of(load, by) : NULL;
}

static bool
is_from(struct sql *q, int column, const char *day)
{
	const char *on = sql_col_text(q, column);

	return on != NULL && strcmp(on, day) >= 0;
}

static enum pmj_code
row_contact(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	struct load *who = who_wrote(load, q);

	(void)err;
	if (who == NULL || !is_from(q, 3, load->contacts_from))
		return PMJ_OK;
	who->contacts++;
	who->crises += sql_col_int(q, 4) == 1;
	return PMJ_OK;
}

/* Of the worker who wrote it; what a supervisor wrote is of whom it names. */
static enum pmj_code
row_expected(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	struct load *who = who_wrote(load, q);
	const char *with = sql_col_text(q, 5);

	(void)err;
	if (who == NULL || strcmp(who->role, "supervisor") == 0)
		who = with != NULL ? load_named(load, with) : NULL;
	if (who == NULL)
		return PMJ_OK;
	if (is_from(q, 3, load->month_from)) {
		who->minutes += sql_col_int(q, 4);
		who->times++;
	}
	who->week += is_from(q, 3, load->week_from);
	return PMJ_OK;
}

/* A list of choices is JSON text. */
static void
add_words(json_t *to, const char *text)
{
	json_t *list = NULL, *word, *other;
	size_t i, j;

	if (text == NULL ||
	    json_read(&list, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK)
		return;
	json_array_foreach(list, i, word)
	{
		bool there = !json_is_string(word);

		json_array_foreach(to, j, other) there = there || json_equal(other, word);
		if (!there)
			(void)json_array_append(to, word);
	}
	json_decref(list);
}

static enum pmj_code
row_training(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	struct load *who = who_wrote(load, q);
	const char *state = sql_col_text(q, 3);

	(void)err;
	if (who != NULL && state != NULL && strcmp(state, "lapsed") != 0)
		add_words(who->tags, sql_col_text(q, 4));
	return PMJ_OK;
}

static enum pmj_code
row_worker(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	struct load *who = who_wrote(load, q);

	(void)err;
	if (who == NULL)
		return PMJ_OK;
	add_words(who->languages, sql_col_text(q, 3));
	add_words(who->tags, sql_col_text(q, 4));
	if (!sql_col_null(q, 5))
		who->most = sql_col_int(q, 5);
	return PMJ_OK;
}

/* Declared with one of the people they have, and nobody decided. */
static enum pmj_code
row_boundary(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	struct load *who = who_wrote(load, q);
	const char *state = sql_col_text(q, 3);
	uint8_t person[PMJ_RECORD_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool on = false;

	if (who == NULL || state == NULL || strcmp(state, "cleared") == 0 ||
	    !sql_col_copy(q, 4, person, sizeof(person)))
		return PMJ_OK;
	if ((rc = office_on_team(load->hub, &on, person, who->device, -1, err)) == PMJ_OK)
		who->boundaries += on;
	return rc;
}

/* Whoever has the person asks them anew; and all of them are listed, the first that end first. */
static enum pmj_code
row_consent(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	const char *state = sql_col_text(q, 3), *expires = sql_col_text(q, 4);
	uint8_t person[PMJ_RECORD_BYTES], rec[PMJ_RECORD_BYTES];
	struct hub_device *team = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if (state == NULL || strcmp(state, "given") != 0 || expires == NULL ||
	    strcmp(expires, load->today) < 0 || strcmp(expires, load->soon) > 0 ||
	    !sql_col_copy(q, 5, person, sizeof(person)) || !sql_col_copy(q, 1, rec, sizeof(rec)))
		return PMJ_OK;
	load_consent(load, rec, person, expires);
	rc = office_team(
	    load->hub, &team, &count, (const uint8_t(*)[PMJ_RECORD_BYTES])person, 1, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct load *who = load_of(load, team[i].device);

		if (who != NULL)
			who->consents++;
	}
	free(team);
	return rc;
}

/* Somebody who is with us, and whom nobody has. */
static enum pmj_code
row_person(struct hub_caseload *load, struct sql *q, struct pmj_error *err)
{
	const char *state = sql_col_text(q, 3);
	uint8_t person[PMJ_RECORD_BYTES];
	struct hub_device *team = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if ((state != NULL && strcmp(state, "closed") == 0) ||
	    !sql_col_copy(q, 1, person, sizeof(person)))
		return PMJ_OK;
	rc = office_team(
	    load->hub, &team, &count, (const uint8_t(*)[PMJ_RECORD_BYTES])person, 1, err);
	if (rc == PMJ_OK && count == 0) {
		load->nobodys++;
		load_without(load, person);
	}
	free(team);
	return rc;
}

/* ---- the walks ---- */

enum since { SINCE_EVER, SINCE_CONTACTS, SINCE_MONTH };

static const struct walk {
	const char *kind; /* NULL: the one that is expected each month */
	const char *columns[COLUMNS];
	enum since since;
	enum pmj_code (*row)(struct hub_caseload *load, struct sql *q, struct pmj_error *err);
} walks[] = {
    {"contact", {"on", "crisis", NULL}, SINCE_CONTACTS, row_contact},
    {NULL, {"on", "minutes", "with"}, SINCE_MONTH, row_expected},
    {"training", {"state", "competencies", NULL}, SINCE_EVER, row_training},
    {"worker", {"languages", "tags", "most"}, SINCE_EVER, row_worker},
    {"boundary", {"state", "person", NULL}, SINCE_EVER, row_boundary},
    {"consent", {"state", "expires", "person"}, SINCE_EVER, row_consent},
    {"person", {"state", NULL, NULL}, SINCE_EVER, row_person},
};
#define WALKS (sizeof(walks) / sizeof(*walks))

static char *
walk_text(const struct walk *walk, const struct kind *kind)
{
	struct buf text;
	char *out;

	buf_init(&text, 0);
	buf_put_text(&text, "SELECT r.changed_pt, r.rec, pmj_long(r.made_by)");
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *name = walk->columns[i];
		const struct field *field = name != NULL ? kind_field(kind, name) : NULL;

		/* Whom a link names in words has no record. */
		if (field != NULL && field->type == FIELD_LINK)
			buf_putf(&text, ", CASE typeof(t.\"%s\") WHEN 'blob' THEN t.\"%s\" END",
			    name, name);
		else if (field != NULL || (name != NULL && strcmp(name, "state") == 0))
			buf_putf(&text, ", t.\"%s\"", name);
		else
			buf_put_text(&text, ", NULL");
	}
	buf_putf(&text,
	    " FROM pmj_record r CROSS JOIN \"%s\" t ON t._num = r.num WHERE r.kind = pmj_short(?1) "
	    "AND"
	    " (r.changed_pt, r.rec) > (?2, ?3) AND t.voided = 0 ORDER BY r.changed_pt, r.rec"
	    " LIMIT %d",
	    kind->name, ROWS_AT_ONCE);
	out = mem_strdup(buf_text(&text));
	buf_close(&text);
	return out;
}

static int64_t
since_ms(const struct hub_caseload *load, enum since since)
{
	const char *day = since == SINCE_CONTACTS ? load->contacts_from
	                  : since == SINCE_MONTH  ? load->early_from
	                                          : "1970-01-02";

	return (date_days(day) - 1) * DAY_MS; /* whatever the zone */
}

static enum pmj_code
walk_some(struct hub_caseload *load, bool *done, struct pmj_error *err)
{
	const struct walk *walk = &walks[load->walk];
	const struct kind *kind = walk->kind != NULL
	                              ? kinds_get(journal_kinds(load->hub->journal), walk->kind)
	                              : load->expected;
	size_t rows = 0;
	enum pmj_code rc;
	struct sql *q;
	char *text;
	bool row;

	*done = true;
	if (kind == NULL)
		return PMJ_OK;
	if (load->at == 0)
		load->at = since_ms(load, walk->since);
	text = walk_text(walk, kind);
	q = sql_new(load->hub->journal, text);
	(void)sql_blob(sql_int(sql_text(q, 1, kind->name), 2, load->at), 3, load->at_rec,
	    sizeof(load->at_rec));
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		load->at = sql_col_int(q, 0);
		(void)sql_col_copy(q, 1, load->at_rec, sizeof(load->at_rec));
		rows++;
		if ((rc = walk->row(load, q, err)) != PMJ_OK)
			break;
	}
	sql_free(q);
	free(text);
	*done = rows < ROWS_AT_ONCE;
	return rc;
}

/* The next kind of which something may be due. What is told beforehand is no work that somebody is
 * late with. */
static const struct kind *
due_kind(struct hub_caseload *load)
{
	const struct kinds *kinds = journal_kinds(load->hub->journal);

	while (load->at_kind < kinds->count && kinds->list[load->at_kind]->due_before > 0)
		load->at_kind++;
	return load->at_kind < kinds->count ? kinds->list[load->at_kind] : NULL;
}

/* The next of what is due of a kind, as the index has it: first the rest of a day, then the days
 * after it. (SQLite seeks by no pair of a column and the row's number: all of a day would be gone
 * through each time.) */
static struct sql *
due_rows(struct hub_caseload *load, const struct kind *kind)
{
	struct sql *q;

	if (load->amid_day)
		q = sql_get(load->hub->journal,
		    "SELECT due, num, pmj_long(made_by) FROM pmj_record INDEXED BY pmj_record_till "
		    "WHERE kind = pmj_short(?4)"
		    " AND due IS NOT NULL AND closed = 0 AND voided = 0 AND due = ?2"
		    " AND num > ?3 ORDER BY num LIMIT 200");
	else
		q = sql_get(load->hub->journal,
		    "SELECT due, num, pmj_long(made_by) FROM pmj_record INDEXED BY pmj_record_till "
		    "WHERE kind = pmj_short(?4)"
		    " AND due IS NOT NULL AND closed = 0 AND voided = 0 AND due <= ?1 AND due > ?2"
		    " AND ?3 IS NOT NULL ORDER BY due, num LIMIT 200");
	(void)sql_text(sql_text(q, 1, load->soon), 2, load->at_due);
	return sql_text(sql_int(q, 3, load->at_num), 4, kind->name);
}

/* What is due: overdue, or of a worker's own file and soon. */
static enum pmj_code
due_some(struct hub_caseload *load, bool *done, struct pmj_error *err)
{
	const struct kind *kind = due_kind(load);
	struct sql *q;
	size_t rows = 0;
	enum pmj_code rc;
	bool row;

	*done = kind == NULL;
	if (kind == NULL)
		return PMJ_OK;
	q = due_rows(load, kind);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		struct load *who = who_wrote(load, q);
		const char *due = sql_col_text(q, 0);

		rows++;
		(void)snprintf(load->at_due, sizeof(load->at_due), "%.10s", due);
		load->at_num = sql_col_int(q, 1);
		if (who == NULL)
			continue;
		if (file_is(kind))
			who->certificates++;
		else
			who->overdue += strcmp(due, load->today) < 0;
	}
	if (rc == PMJ_OK && rows < ROWS_AT_ONCE && !load->amid_day) {
		load->at_kind++;
		load->at_due[0] = '\0';
	}
	load->amid_day = rows == ROWS_AT_ONCE;
	return rc;
}

/* How many people one worker has who are not closed. */
static enum pmj_code
people_of(struct hub_caseload *load, struct load *who, struct pmj_error *err)
{
	struct sql *q = sql_get(load->hub->journal,
	    "SELECT count(*) FROM pmj_team t JOIN pmj_record r ON r.rec = t.person WHERE t.device ="
	    " ?1 AND t.to_ver IS NULL AND r.closed = 0 AND r.voided = 0");
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, who->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		who->people = sql_col_int(q, 0);
	sql_done(q);
	return rc;
}

static enum pmj_code
go_on_with(struct hub_caseload *load, struct pmj_error *err)
{
	enum pmj_code rc;
	bool done = true;

	if (load->walk < WALKS)
		rc = walk_some(load, &done, err);
	else if (load->walk == WALKS)
		rc = due_some(load, &done, err);
	else
		rc = people_of(load, &load->list[load->walk - WALKS - 1], err);
	if (rc == PMJ_OK && done) {
		load->walk++;
		load->at = 0;
		memset(load->at_rec, 0, sizeof(load->at_rec));
	}
	return rc;
}

enum pmj_code
hub_caseload_step(struct hub_caseload *load, json_t **out, int64_t until_ms, struct pmj_error *err)
{
	const struct os *os = load->hub->os;
	enum pmj_code rc;

	*out = NULL;
	while (load->walk < WALKS + 1 + load->count) {
		if ((rc = go_on_with(load, err)) != PMJ_OK)
			return rc;
		if (os->mono_ms(os->ctx) >= until_ms)
			return PMJ_OK;
	}
	return caseload_tell(load, out, err);
}
