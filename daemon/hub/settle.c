/* settle.c - the coordinator's decisions: who works with whom, which value stands, what is let in
 * after all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"

static enum pmj_code
finish(struct hub *hub, enum pmj_code rc, struct pmj_error *err)
{
	if (rc == PMJ_OK)
		return journal_commit(hub->journal, err);
	journal_rollback(hub->journal);
	return rc;
}

static json_t *
team_statement(
    const char *op, const uint8_t person[PMJ_RECORD_BYTES], const uint8_t device[PMJ_DEVICE_BYTES])
{
	char id[PMJ_RECORD_CHARS + 1];

	return json_pack("{s:s,s:s,s:o}", "op", op, "person",
	    text_base32(id, person, PMJ_RECORD_BYTES), "device",
	    json_hex(device, PMJ_DEVICE_BYTES));
}

static enum pmj_code
need_person(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc;

	if ((rc = records_load(hub->journal, &record, person, err)) != PMJ_OK)
		return rc;
	if (record.merged.kind == NULL || strcmp(record.merged.kind, "person") != 0) {
		rc = pmj_fail(err, PMJ_INVALID, "that record is not a person");
		pmj_hint(err, "pamoja person list shows the people and their ids");
	}
	record_full_close(&record);
	return rc;
}

static enum pmj_code
assign_inside(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n, ver;

	rc = decide_statement(hub, team_statement("assign", person, device->device), &n, &ver, err);
	if (rc == PMJ_OK)
		rc = office_join_team(hub, person, device->device, ver, err);
	if (rc == PMJ_OK)
		rc = sync_queue(hub->sync, device->mailbox, n, false, err);
	return rc == PMJ_OK ? share_person(hub, person, device, err) : rc;
}

typedef enum pmj_code team_change(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err);

/* Change the team by those of the devices that are not (on: are) on it: all of them, or nothing. */
static enum pmj_code
change_team(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES],
    const uint8_t (*devices)[PMJ_DEVICE_BYTES], size_t count, bool on, team_change *change,
    struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = need_person(hub, person, err)) != PMJ_OK ||
	    (rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct hub_device who;
		bool is_on;

		if ((rc = office_device(hub, &who, devices[i], err)) != PMJ_OK ||
		    (rc = office_on_team(hub, &is_on, person, devices[i], -1, err)) != PMJ_OK)
			break;
		if (is_on == on)
			rc = change(hub, person, &who, err);
		else if (on)
			rc = pmj_fail(
			    err, PMJ_NOT_FOUND, "%s does not work with this person now", who.name);
		/* Assigned already: asking twice is no error. */
	}
	return finish(hub, rc, err);
}

enum pmj_code
hub_assign(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t (*devices)[PMJ_DEVICE_BYTES], size_t count, struct pmj_error *err)
{
	enum pmj_code rc = change_team(hub, person, devices, count, false, assign_inside, err);

	hub->waiting = true;
	return rc;
}

/* Who has the person now, for the one who hands over: "Neema, Juma". */
static char *
team_names(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES])
{
	struct hub_device *team = NULL;
	size_t count = 0;
	struct buf names;
	char *text;

	buf_init(&names, 400);
	if (office_team(hub, &team, &count, (const uint8_t(*)[PMJ_RECORD_BYTES])person, 1, NULL) ==
	    PMJ_OK) {
		for (size_t i = 0; i < count; i++)
			buf_putf(&names, "%s%s", i > 0 ? ", " : "", team[i].name);
	}
	text = mem_strdup(buf_text(&names));
	buf_close(&names);
	free(team);
	return text;
}

static enum pmj_code
unassign_inside(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	char *names = NULL;
	enum pmj_code rc;
	int64_t n, ver;

	rc = decide_statement(
	    hub, team_statement("unassign", person, device->device), &n, &ver, err);
	if (rc == PMJ_OK)
		rc = office_leave_team(hub, person, device->device, ver, err);
	if (rc == PMJ_OK)
		rc = sync_queue(hub->sync, device->mailbox, n, false, err);
	if (rc != PMJ_OK)
		return rc;
	names = team_names(hub, person);
	rc = decide_control(hub, "ctl.withdraw",
	    json_pack("{s:o,s:s,s:s}", "record", json_hex(person, PMJ_RECORD_BYTES), "reason",
	        "unassigned", "to", names),
	    &n, NULL, err);
	free(names);
	if (rc == PMJ_OK)
		rc = sync_queue(hub->sync, device->mailbox, n, false, err);
	return rc == PMJ_OK ? share_forget(hub, person, device, err) : rc;
}

enum pmj_code
team_hand_over(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t from[static PMJ_DEVICE_BYTES], const uint8_t to[static PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	struct hub_device new;
	enum pmj_code rc;
	int64_t n, ver;
	bool on;

	if ((rc = office_device(hub, &new, to, err)) != PMJ_OK ||
	    (rc = office_on_team(hub, &on, person, to, -1, err)) != PMJ_OK ||
	    (!on && (rc = assign_inside(hub, person, &new, err)) != PMJ_OK) ||
	    (rc = decide_statement(hub, team_statement("unassign", person, from), &n, &ver, err)) !=
	        PMJ_OK)
		return rc;
	return office_leave_team(hub, person, from, ver, err);
}

enum pmj_code
hub_unassign(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t (*devices)[PMJ_DEVICE_BYTES], size_t count, struct pmj_error *err)
{
	return change_team(hub, person, devices, count, true, unassign_inside, err);
}

/* --- conflicts --- */

static json_t *
conflict_values(struct hub *hub, const struct merge_field *field)
{
	json_t *values = json_array();

	for (size_t i = 0; i < field->count; i++) {
		const struct merge_value *value = &field->values[i];
		char *name, *role;

		hub_who(hub, value->entry->by, &name, &role);
		(void)json_array_append_new(
		    values, json_pack("{s:O,s:s,s:s,s:I,s:b}", "value",
		                value->value != NULL ? (json_t *)value->value : json_null(), "by",
		                name, "role", role, "at", (json_int_t)value->entry->pt, "shown",
		                i == field->shown));
		free(name);
		free(role);
	}
	return values;
}

static enum pmj_code
record_conflicts(struct hub *hub, json_t *items, const uint8_t rec[PMJ_RECORD_BYTES],
    enum lang lang, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	char id[PMJ_RECORD_CHARS + 1], small[PMJ_RECORD_CHARS + 1];
	enum pmj_code rc;
	char *title;

	if ((rc = records_load(hub->journal, &record, rec, err)) != PMJ_OK)
		return rc;
	title = records_title(hub->journal, rec, lang);
	records_short(hub->journal, small, rec);
	for (size_t i = 0; i < record.merged.field_count; i++) {
		const struct merge_field *field = &record.merged.fields[i];
		char *conflict_id;

		if (!field->conflict)
			continue;
		conflict_id = mem_printf("%s.%s", small, field->name);
		(void)json_array_append_new(items,
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "id", conflict_id, "record",
		        text_base32(id, rec, PMJ_RECORD_BYTES), "kind", record.merged.kind, "title",
		        title, "field", field->name, "values", conflict_values(hub, field)));
		free(conflict_id);
	}
	free(title);
	record_full_close(&record);
	return PMJ_OK;
}

enum pmj_code
hub_conflicts(struct hub *hub, json_t **out, enum lang lang, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT rec FROM pmj_record WHERE conflict = 1 ORDER BY rec");
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		uint8_t rec[PMJ_RECORD_BYTES];

		(void)sql_col_copy(q, 0, rec, sizeof(rec));
		if ((rc = record_conflicts(hub, items, rec, lang, err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	*out = rc == PMJ_OK ? json_pack("{s:O}", "items", items) : NULL;
	json_decref(items);
	return rc;
}

/* The conflicted field that `id` names: RECORD.FIELD, or RECORD when only one field is in conflict.
 */
static enum pmj_code
find_conflict(struct hub *hub, struct record_full *record, const struct merge_field **field,
    uint8_t rec[static PMJ_RECORD_BYTES], const char *id, struct pmj_error *err)
{
	const char *dot = strchr(id, '.');
	char *typed = dot != NULL ? mem_strndup(id, (size_t)(dot - id)) : mem_strdup(id);
	size_t found = 0;
	enum pmj_code rc;

	*field = NULL;
	rc = records_resolve(hub->journal, rec, NULL, typed, err);
	if (rc == PMJ_OK)
		rc = records_load(hub->journal, record, rec, err);
	free(typed);
	if (rc != PMJ_OK)
		return rc;
	for (size_t i = 0; i < record->merged.field_count; i++) {
		const struct merge_field *at = &record->merged.fields[i];

		if (at->conflict && (dot == NULL || strcmp(at->name, dot + 1) == 0)) {
			*field = at;
			found++;
		}
	}
	if (found == 1)
		return PMJ_OK;
	rc = found > 1 ? PMJ_AMBIGUOUS : PMJ_NOT_FOUND;
	(void)pmj_fail(err, rc,
	    found > 1 ? "%s has more than one conflict" : "%s has no conflict to settle", id);
	pmj_hint(err, "pamoja hub conflicts lists them with their ids");
	return rc;
}

static enum pmj_code
decided_value(struct hub *hub, json_t **out, const struct record_full *record,
    const struct merge_field *field, int keep, const json_t *typed, struct pmj_error *err)
{
	const struct kind *kind = kinds_get(journal_kinds(hub->journal), record->merged.kind);
	const struct field *declared = kind != NULL ? kind_field(kind, field->name) : NULL;
	struct value_context context = {.now_ms = os_now(hub->os),
	    .offset_minutes = hub->os->offset_minutes(hub->os->ctx, os_now(hub->os)),
	    .link = records_link,
	    .link_ctx = hub->journal};

	*out = NULL;
	if (keep > 0 && (size_t)keep <= field->count) {
		if (field->values[keep - 1].value == NULL)
			return pmj_fail(err, PMJ_REFUSED, "value %d is not here any more", keep);
		*out = json_incref((json_t *)field->values[keep - 1].value);
		return PMJ_OK;
	}
	if (typed == NULL)
		return pmj_fail(err, PMJ_INVALID, "there are %zu values; --keep takes 1 to %zu",
		    field->count, field->count);
	if (declared == NULL)
		return pmj_fail(err, PMJ_INVALID, "the field %s takes --keep only", field->name);
	return value_take(out, kind, declared, typed, &context, err);
}

enum pmj_code
hub_resolve(struct hub *hub, const char *id, int keep, const json_t *value,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const struct merge_field *field;
	const struct kind *kind;
	json_t *decided = NULL, *set = NULL, *was = NULL;
	enum pmj_code rc;
	int64_t n;

	if ((rc = find_conflict(hub, &record, &field, rec, id, err)) != PMJ_OK ||
	    (rc = decided_value(hub, &decided, &record, field, keep, value, err)) != PMJ_OK)
		goto out;
	if ((rc = kinds_need(&kind, journal_kinds(hub->journal), record.merged.kind, err)) !=
	    PMJ_OK)
		goto out;
	set = json_pack("{s:O}", field->name, decided);
	was = merge_was(&record.merged, set);
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		goto out;
	rc = decide_entry(hub, kind, rec, set, was, &n, err);
	if (rc == PMJ_OK)
		rc = share_record(hub, rec, kind, true, err);
	rc = finish(hub, rc, err);
out:
	json_decref(decided);
	json_decref(set);
	json_decref(was);
	record_full_close(&record);
	return rc;
}

/* --- holds --- */

enum pmj_code
hub_held(struct hub *hub, json_t **out, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT x.e, h.reason, x.by, x.kind, x.rec, x.recv FROM pmj_hold_line h"
	    " JOIN pmj_entry x ON x.n = h.held WHERE h.released IS NULL ORDER BY h.n");
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		uint8_t e[PMJ_ENTRY_BYTES], by[PMJ_DEVICE_BYTES], rec[PMJ_RECORD_BYTES];
		char hex[17], id[PMJ_RECORD_CHARS + 1];
		char *name, *role;

		(void)sql_col_copy(q, 0, e, sizeof(e));
		(void)sql_col_copy(q, 2, by, sizeof(by));
		(void)sql_col_copy(q, 4, rec, sizeof(rec));
		hub_who(hub, by, &name, &role);
		(void)json_array_append_new(items,
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "id", text_hex(hex, e, 8), "reason",
		        sql_col_text(q, 1), "by", name, "kind", sql_col_text(q, 3), "record",
		        text_base32(id, rec, sizeof(rec)), "since", (json_int_t)sql_col_int(q, 5)));
		free(name);
		free(role);
	}
	*out = rc == PMJ_OK ? json_pack("{s:O}", "items", items) : NULL;
	json_decref(items);
	return rc;
}

struct hold {
	int64_t hold_n;
	int64_t held;
	uint8_t hold_e[PMJ_ENTRY_BYTES];
};

static enum pmj_code
find_hold(struct hub *hub, struct hold *out, const char *id, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT h.n, h.held, h.e FROM pmj_hold_line h CROSS JOIN pmj_entry x ON x.n = h.held"
	    " WHERE h.released IS NULL AND substr(lower(hex(x.e)), 1, ?2) = ?1");
	size_t found = 0;
	enum pmj_code rc;
	bool row;

	if (strlen(id) < 6 || strspn(id, "0123456789abcdef") != strlen(id)) {
		rc = pmj_fail(err, PMJ_INVALID, "%.40s is not the id of a held entry", id);
		pmj_hint(err, "pamoja hub held lists them with their ids");
		return rc;
	}
	(void)sql_text(q, 1, id);
	(void)sql_int(q, 2, (int64_t)strlen(id));
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		out->hold_n = sql_col_int(q, 0);
		out->held = sql_col_int(q, 1);
		(void)sql_col_copy(q, 2, out->hold_e, sizeof(out->hold_e));
		found++;
	}
	if (rc == PMJ_OK && found == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "no held entry %s", id);
		pmj_hint(err, "pamoja hub held lists them with their ids");
	} else if (rc == PMJ_OK && found > 1) {
		rc = pmj_fail(err, PMJ_AMBIGUOUS, "%s fits %zu held entries", id, found);
	}
	return rc;
}

static enum pmj_code
release_inside(
    struct hub *hub, const struct hold *hold, const struct entry_row *row, struct pmj_error *err)
{
	struct hub_device author;
	struct sql *q;
	enum pmj_code rc;
	int64_t n;

	rc = decide_control(hub, "ctl.release",
	    json_pack("{s:o,s:o}", "hold", json_hex(hold->hold_e, PMJ_ENTRY_BYTES), "e",
	        json_hex(row->entry.e, PMJ_ENTRY_BYTES)),
	    &n, NULL, err);
	if (rc != PMJ_OK)
		return rc;
	q = sql_get(hub->journal, "UPDATE pmj_hold_line SET released = ?2 WHERE n = ?1");
	(void)sql_int(q, 1, hold->hold_n);
	if ((rc = sql_run(sql_int(q, 2, n), err)) != PMJ_OK)
		return rc;
	if ((rc = entries_set_status(hub->journal, hold->held, ENTRY_ADMITTED, NULL, err)) !=
	    PMJ_OK)
		return rc;
	if (office_device(hub, &author, row->entry.by, NULL) == PMJ_OK && author.has_mailbox &&
	    (rc = sync_queue(hub->sync, author.mailbox, n, false, err)) != PMJ_OK)
		return rc;
	if (row->entry.makes && strcmp(row->entry.kind, "person") == 0 &&
	    (rc = office_join_team(hub, row->entry.rec, row->entry.by, 0, err)) != PMJ_OK)
		return rc;
	return share_record(hub, row->entry.rec,
	    kinds_get(journal_kinds(hub->journal), row->entry.kind), false, err);
}

enum pmj_code
hub_release(struct hub *hub, const char *id, struct pmj_error *err)
{
	struct entry_row row = {.n = 0};
	struct hold hold = {.held = 0};
	enum pmj_code rc;

	if ((rc = find_hold(hub, &hold, id, err)) != PMJ_OK ||
	    (rc = entries_get(hub->journal, &row, hold.held, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_begin(hub->journal, err)) == PMJ_OK)
		rc = finish(hub, release_inside(hub, &hold, &row, err), err);
	entry_row_close(&row);
	hub->waiting = true;
	return rc;
}
