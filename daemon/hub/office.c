/* office.c - who is who: devices, their mailboxes and the care teams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"

#define DEVICE_COLUMNS "device, sign_pk, seal_pk, mailbox, role, name, state, until"

static void
device_of_row(struct hub_device *out, struct sql *q)
{
	memset(out, 0, sizeof(*out));
	(void)sql_col_copy(q, 0, out->device, sizeof(out->device));
	(void)sql_col_copy(q, 1, out->sign_pk, sizeof(out->sign_pk));
	(void)sql_col_copy(q, 2, out->seal_pk, sizeof(out->seal_pk));
	out->has_mailbox = sql_col_copy(q, 3, out->mailbox, sizeof(out->mailbox));
	(void)snprintf(out->role, sizeof(out->role), "%s", sql_col_text(q, 4));
	(void)snprintf(out->name, sizeof(out->name), "%s", sql_col_text(q, 5));
	(void)snprintf(out->state, sizeof(out->state), "%s", sql_col_text(q, 6));
	if (!sql_col_null(q, 7))
		(void)snprintf(out->until, sizeof(out->until), "%s", sql_col_text(q, 7));
}

static enum pmj_code
one_device(struct hub_device *out, struct sql *q, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(q, &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return pmj_fail(err, PMJ_NOT_FOUND, "no such device in the roster");
	device_of_row(out, q);
	sql_done(q);
	return PMJ_OK;
}

enum pmj_code
office_device(struct hub *hub, struct hub_device *out,
    const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT " DEVICE_COLUMNS " FROM pmj_device WHERE device = ?1");

	return one_device(out, sql_blob(q, 1, device, PMJ_DEVICE_BYTES), err);
}

enum pmj_code
office_by_mailbox(struct hub *hub, struct hub_device *out,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT " DEVICE_COLUMNS " FROM pmj_device WHERE mailbox = ?1");

	return one_device(out, sql_blob(q, 1, mailbox, PMJ_MAILBOX_BYTES), err);
}

static enum pmj_code
read_devices(struct hub_device **out, size_t *count, struct sql *q, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		*out = mem_grow(*out, *count + 1, sizeof(**out));
		device_of_row(&(*out)[(*count)++], q);
	}
	return rc;
}

enum pmj_code
office_devices(struct hub *hub, struct hub_device **out, size_t *count, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT " DEVICE_COLUMNS
	    " FROM pmj_device WHERE mailbox IS NOT NULL AND state = 'live' ORDER BY device");

	*out = NULL;
	*count = 0;
	return read_devices(out, count, q, err);
}

enum pmj_code
office_files(struct hub *hub, struct hub_device **out, size_t *count,
    const uint8_t first[static PMJ_DEVICE_BYTES], bool supervisors, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT " DEVICE_COLUMNS " FROM pmj_device WHERE mailbox IS NOT NULL AND state = 'live'"
	    " AND (device IN (" SAME_WORKERS ") OR (?2 AND role = 'supervisor')) ORDER BY device");

	*out = NULL;
	*count = 0;
	(void)sql_int(sql_blob(q, 1, first, PMJ_DEVICE_BYTES), 2, supervisors);
	return read_devices(out, count, q, err);
}

bool
office_is_office(const char *role)
{
	return strcmp(role, "supervisor") == 0 || strcmp(role, "coordinator") == 0;
}

bool
office_is_suspended(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES])
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT 1 FROM pmj_device WHERE device = ?1 AND state = 'suspended'");

	(void)sql_blob(q, 1, device, PMJ_DEVICE_BYTES);
	return sql_any(q, false);
}

enum pmj_code
office_mailboxes(struct hub *hub, struct hub_device **out, size_t *count, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT " DEVICE_COLUMNS " FROM pmj_device WHERE mailbox IS NOT NULL ORDER BY device");

	*out = NULL;
	*count = 0;
	return read_devices(out, count, q, err);
}

enum pmj_code
office_team(struct hub *hub, struct hub_device **out, size_t *count,
    const uint8_t (*persons)[PMJ_RECORD_BYTES], size_t person_count, struct pmj_error *err)
{
	struct sql *q;
	size_t kept = 0;
	enum pmj_code rc;

	*out = NULL;
	*count = 0;
	if (person_count == 0)
		return PMJ_OK;
	q = sql_get(hub->journal,
	    "SELECT " DEVICE_COLUMNS
	    " FROM pmj_device WHERE mailbox IS NOT NULL AND state = 'live' AND "
	    "device IN (SELECT device FROM pmj_team WHERE person = ?1 AND "
	    "to_ver IS NULL) ORDER BY device");
	(void)sql_blob(q, 1, persons[0], PMJ_RECORD_BYTES);
	if ((rc = read_devices(out, count, q, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < *count; i++) {
		bool on = true;

		for (size_t p = 1; p < person_count && on; p++)
			if ((rc = office_on_team(
			         hub, &on, persons[p], (*out)[i].device, -1, err)) != PMJ_OK)
				return rc;
		if (on)
			(*out)[kept++] = (*out)[i];
	}
	*count = kept;
	return PMJ_OK;
}

size_t
office_subjects(struct hub *hub, uint8_t out[][PMJ_RECORD_BYTES], size_t room,
    const struct kind *kind, const struct entry *entry)
{
	uint8_t(*of_record)[PMJ_RECORD_BYTES] = NULL;
	size_t record_count = 0, count = 0;

	if (strcmp(kind->name, "person") == 0) {
		memcpy(out[0], entry->rec, PMJ_RECORD_BYTES);
		return 1;
	}
	if (!entry->makes &&
	    records_subjects(hub->journal, &of_record, &record_count, entry->rec, NULL) == PMJ_OK) {
		for (size_t i = 0; i < record_count && count < room; i++)
			memcpy(out[count++], of_record[i], PMJ_RECORD_BYTES);
	}
	free(of_record);
	for (size_t i = 0; i < kind->subject_count && count < room; i++) {
		const char *id =
		    entry->set != NULL ? json_str(entry->set, kind->subjects[i]) : NULL;

		if (id != NULL && strlen(id) == PMJ_RECORD_CHARS &&
		    text_unbase32(out[count], PMJ_RECORD_BYTES, id, PMJ_RECORD_CHARS))
			count++;
	}
	return count;
}

bool
office_knows(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES])
{
	struct sql *q = sql_get(hub->journal, "SELECT 1 FROM pmj_entry WHERE rec = ?1 AND kind = "
	                                      "pmj_short('person') AND status IN (0, 1) LIMIT 1");

	(void)sql_blob(q, 1, person, PMJ_RECORD_BYTES);
	return sql_any(q, false);
}

enum pmj_code
office_was_on_team(struct hub *hub, bool *then, bool *now,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t device[static PMJ_DEVICE_BYTES],
    int64_t rv, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT from_ver, to_ver FROM pmj_team WHERE person = ?1 AND device = ?2");
	enum pmj_code rc;
	bool row;

	*then = *now = false;
	(void)sql_blob(q, 1, person, PMJ_RECORD_BYTES);
	(void)sql_blob(q, 2, device, PMJ_DEVICE_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		bool open = sql_col_null(q, 1);

		*now = *now || open;
		*then = *then || (sql_col_int(q, 0) <= rv && (open || sql_col_int(q, 1) > rv));
	}
	return rc;
}

enum pmj_code
office_on_team(struct hub *hub, bool *on, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES], int64_t rv, struct pmj_error *err)
{
	enum pmj_code rc;
	bool then, now;

	rc = office_was_on_team(hub, &then, &now, person, device, rv, err);
	*on = rv < 0 ? now : then;
	return rc;
}

enum pmj_code
office_join_team(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES], int64_t from_ver, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_team(person, device, from_ver, to_ver) VALUES(?1, ?2, ?3, NULL)"
	    " ON CONFLICT DO NOTHING");

	(void)sql_blob(q, 1, person, PMJ_RECORD_BYTES);
	(void)sql_blob(q, 2, device, PMJ_DEVICE_BYTES);
	return sql_run(sql_int(q, 3, from_ver), err);
}

enum pmj_code
office_leave_team(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES], int64_t to_ver, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "UPDATE pmj_team SET to_ver = ?3 WHERE person = ?1 AND device = ?2 AND to_ver IS NULL");

	(void)sql_blob(q, 1, person, PMJ_RECORD_BYTES);
	(void)sql_blob(q, 2, device, PMJ_DEVICE_BYTES);
	return sql_run(sql_int(q, 3, to_ver), err);
}

#define DEVICE_DIGITS_MIN 6 /* of an id, to name a device */

static bool
is_hex(const char *typed)
{
	return typed[strspn(typed, "0123456789abcdefABCDEF")] == '\0';
}

/* A device id as hex or its first digits. */
static bool
is_hex_prefix(const char *typed)
{
	return is_hex(typed) && strlen(typed) >= DEVICE_DIGITS_MIN &&
	       strlen(typed) <= 2 * (size_t)PMJ_DEVICE_BYTES;
}

static enum pmj_code
worker(struct hub *hub, uint8_t *device, const char *typed, bool live, struct pmj_error *err)
{
	struct sql *q = sql_int(
	    sql_get(hub->journal, "SELECT device, name FROM pmj_device WHERE mailbox IS NOT NULL"
	                          " AND (state <> 'revoked') = ?1"),
	    1, live);
	char hex[2 * PMJ_DEVICE_BYTES + 1];
	char names[200] = "";
	size_t found = 0, used = 0;
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		uint8_t id[PMJ_DEVICE_BYTES];
		const char *name = sql_col_text(q, 1);

		(void)sql_col_copy(q, 0, id, sizeof(id));
		(void)text_hex(hex, id, sizeof(id));
		if (used + strlen(name) + 3 < sizeof(names))
			used += (size_t)snprintf(
			    names + used, sizeof(names) - used, "%s%s", used > 0 ? ", " : "", name);
		if (text_same(name, typed) ||
		    (is_hex_prefix(typed) && strncasecmp(hex, typed, strlen(typed)) == 0)) {
			memcpy(device, id, sizeof(id));
			found++;
		}
	}
	if (rc != PMJ_OK)
		return rc;
	if (found == 1)
		return PMJ_OK;
	rc = pmj_fail(err, found > 1 ? PMJ_AMBIGUOUS : PMJ_NOT_FOUND,
	    found > 1 ? "more than one worker is called %s"
	    : live    ? "no worker is called %s"
	              : "no laptop of %s was revoked",
	    typed);
	if (found > 1)
		pmj_hint(err, "name the device instead: pamoja hub roster lists them");
	else if (is_hex(typed) && strlen(typed) < DEVICE_DIGITS_MIN)
		pmj_hint(err, "a device is named by the first %d digits of its id, or more",
		    DEVICE_DIGITS_MIN);
	else if (live)
		pmj_hint(err, "enrolled here: %s", names[0] != '\0' ? names : "nobody yet");
	else
		pmj_hint(err, "revoked here: %s", names[0] != '\0' ? names : "none");
	return rc;
}

enum pmj_code
hub_worker(struct hub *hub, uint8_t device[static PMJ_DEVICE_BYTES], const char *typed,
    struct pmj_error *err)
{
	return worker(hub, device, typed, true, err);
}

enum pmj_code
hub_worker_gone(struct hub *hub, uint8_t device[static PMJ_DEVICE_BYTES], const char *typed,
    struct pmj_error *err)
{
	return worker(hub, device, typed, false, err);
}

void
hub_who(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], char **name, char **role)
{
	struct hub_device who;

	if (office_device(hub, &who, device, NULL) != PMJ_OK)
		memset(&who, 0, sizeof(who));
	*name = mem_strdup(who.name);
	*role = mem_strdup(who.role);
}
