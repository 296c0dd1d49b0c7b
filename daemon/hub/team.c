/* team.c - who works with whom: assign, unassign, and a person handed from one laptop to another.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"

static json_t *
team_statement(
    const char *op, const uint8_t person[PMJ_RECORD_BYTES], const uint8_t device[PMJ_DEVICE_BYTES])
{
	char id[PMJ_RECORD_CHARS + 1];

	return json_pack("{s:s,s:s,s:o}", "op", op, "person",
	    text_base32(id, person, PMJ_RECORD_BYTES), "device",
	    json_hex(device, PMJ_DEVICE_BYTES));
}

enum pmj_code
team_need_person(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc;

	if ((rc = records_load(hub->journal, &record, person, err)) != PMJ_OK)
		return rc;
	if (record.merged.kind == NULL) {
		rc = pmj_fail(err, PMJ_REFUSED, "this record is here, and not merged yet");
		pmj_hint(err,
		    "`pamoja show` of it says why; what was put off comes in with: pamoja "
		    "hub merge --all");
	} else if (strcmp(record.merged.kind, "person") != 0) {
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

	if ((rc = team_need_person(hub, person, err)) != PMJ_OK ||
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
	return decide_end(hub, rc, err);
}

static enum pmj_code
assign_if_allowed(struct hub *hub, const uint8_t person[PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	enum pmj_code rc = boundary_allows(hub, person, device, err);

	return rc == PMJ_OK ? assign_inside(hub, person, device, err) : rc;
}

enum pmj_code
hub_assign(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t (*devices)[PMJ_DEVICE_BYTES], size_t count, struct pmj_error *err)
{
	enum pmj_code rc = change_team(hub, person, devices, count, false, assign_if_allowed, err);

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
	struct hub_device old, new;
	team_change *assign;
	enum pmj_code rc;
	int64_t n, ver;
	bool on;

	if ((rc = office_device(hub, &old, from, err)) != PMJ_OK ||
	    (rc = office_device(hub, &new, to, err)) != PMJ_OK ||
	    (rc = office_on_team(hub, &on, person, to, -1, err)) != PMJ_OK)
		return rc;
	/* Another laptop of the same worker brings nobody new together. */
	assign = text_same(old.name, new.name) ? assign_inside : assign_if_allowed;
	if ((!on && (rc = assign(hub, person, &new, err)) != PMJ_OK) ||
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
