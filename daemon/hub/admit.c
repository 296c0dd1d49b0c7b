/* admit.c - admission, decided once, at ingest (8.5): an entry is admitted unless a hold stands
 * that no release names. A bad entry never stops the lane. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/adds_up.h"
#include "hub/hub_inner.h"
#include "log/photo.h"
#include "sync/erase.h"

/* What admission says of an entry. reason NULL: admitted. */
struct verdict {
	const char *reason; /* of a hold */
	bool waits;         /* for another entry; reason says which sort */
	const char *mark;
};

/* Authority for kinds of scope person: on the team in roster version rv, or made the person; or the
 * office itself. */
static enum pmj_code
judge_team(struct hub *hub, struct verdict *out, const struct hub_device *writer,
    const struct kind *kind, const struct entry *entry, struct pmj_error *err)
{
	uint8_t persons[16][PMJ_RECORD_BYTES];
	size_t count = office_subjects(hub, persons, 16, kind, entry);
	enum pmj_code rc;

	if (strcmp(kind->name, "person") == 0 && entry->makes)
		return PMJ_OK; /* the maker is on the team from now on */
	if (count == 0 && !entry->makes) {
		out->reason = "record_unknown";
		out->waits = true;
	}
	for (size_t i = 0; i < count; i++) {
		bool then, now;

		if (!office_knows(hub, persons[i])) {
			out->reason = "person_unknown";
			out->waits = true;
			return PMJ_OK;
		}
		if (!writer->has_mailbox)
			continue;
		if ((rc = office_was_on_team(
		         hub, &then, &now, persons[i], entry->by, entry->rv, err)) != PMJ_OK)
			return rc;
		if (!then) {
			out->reason = "not_on_team";
			return PMJ_OK;
		}
		if (!now)
			out->mark = "after_handover";
	}
	return PMJ_OK;
}

/* Authority for worker files and supervision: who made it, and supervisors. */
static enum pmj_code
judge_file(struct hub *hub, struct verdict *out, const struct hub_device *writer,
    const struct kind *kind, const struct entry *entry, struct pmj_error *err)
{
	bool may, known;
	enum pmj_code rc = file_may_write(hub, &may, &known, kind, entry, writer, err);

	if (rc == PMJ_OK && !known) {
		out->reason = "record_unknown";
		out->waits = true;
	} else if (rc == PMJ_OK && !may) {
		out->reason = "not_your_office";
	}
	return rc;
}

static bool
values_fit(const struct kind *kind, const struct entry *entry)
{
	const char *name;
	json_t *value;

	if (entry->set == NULL)
		return true;
	json_object_foreach((json_t *)entry->set, name, value)
	{
		const struct field *field = kind_field(kind, name);

		if (!value_is_legal(value) || (field != NULL && !value_fits(field, value)))
			return false;
	}
	return adds_up(kind, entry->set);
}

/* States, moves and the kind's own rules, against all that is here of the record. */
static enum pmj_code
judge_rules(struct hub *hub, struct verdict *out, const struct kind *kind,
    const struct entry *entry, struct pmj_error *err)
{
	static const char *const reasons[] = {[MERGE_MOVE] = "move",
	    [MERGE_WAITING] = "version_unknown",
	    [MERGE_KIND] = "kind",
	    [MERGE_APPEND_ONLY] = "append_only",
	    [MERGE_AUTHOR_ONLY] = "author_only",
	    [MERGE_SUBJECT] = "subject",
	    [MERGE_BY] = "by"};
	struct entry_row *rows = NULL;
	const struct entry **others = NULL;
	size_t count = 0, other_count = 0;
	struct entry same = *entry;
	enum merge_verdict verdict;
	enum pmj_code rc;

	/* What makes a record is judged by itself, whatever came before it. */
	if (!entry->makes &&
	    (rc = entries_of_record(hub->journal, &rows, &count, entry->rec, false, err)) != PMJ_OK)
		return rc;
	others = calloc(count > 0 ? count : 1, sizeof(*others));
	if (others == NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		if (memcmp(rows[i].entry.e, entry->e, PMJ_ENTRY_BYTES) != 0)
			others[other_count++] = &rows[i].entry;
	if (file_is(kind))
		same_as_maker(hub, &same, rows, count);
	verdict = merge_judge(kind, &same, others, other_count);
	if (verdict != MERGE_OK) {
		out->reason = reasons[verdict];
		out->waits = verdict == MERGE_WAITING;
	}
	free((void *)others);
	entry_rows_free(rows, count);
	return PMJ_OK;
}

/* n: its number; it has none while it comes. What waited here when its laptop was taken off is no
 * later than that. */
static bool
is_of_revoked(struct hub *hub, const struct hub_device *writer, int64_t n)
{
	return strcmp(writer->state, "live") != 0 && (n == 0 || n > leave_since(hub, writer));
}

static enum pmj_code
judge_by_rules(struct hub *hub, struct verdict *out, const struct hub_device *writer,
    const struct entry *entry, int64_t n, int64_t recv_ms, struct pmj_error *err)
{
	const struct kind *kind = kinds_get(journal_kinds(hub->journal), entry->kind);
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (entry->pt > recv_ms + CLOCK_AHEAD_MS || entry->pt < recv_ms - CLOCK_BEHIND_MS)
		out->mark = "clock_suspect";
	if (memcmp(entry->by, writer->device, PMJ_DEVICE_BYTES) != 0)
		out->reason = "forged_author";
	else if (is_of_revoked(hub, writer, n))
		out->reason = "revoked";
	else if (kind == NULL)
		out->reason = "kind_unknown";
	else if (kind->scope == SCOPE_AUTHOR)
		out->reason = "private_kind";
	else if (!values_fit(kind, entry))
		out->reason = "bad_value";
	if (out->reason != NULL)
		return PMJ_OK;
	if (kind->scope == SCOPE_PERSON &&
	    (rc = judge_team(hub, out, writer, kind, entry, err)) != PMJ_OK)
		return rc;
	if (file_is(kind) && (rc = judge_file(hub, out, writer, kind, entry, err)) != PMJ_OK)
		return rc;
	if (out->reason != NULL)
		return PMJ_OK;
	return judge_rules(hub, out, kind, entry, err);
}

/* What the rules hold, and the coordinator let in before this hub was restored, stays in. */
static enum pmj_code
judge(struct hub *hub, struct verdict *out, const struct hub_device *writer,
    const struct entry *entry, int64_t n, int64_t recv_ms, struct pmj_error *err)
{
	enum pmj_code rc = judge_by_rules(hub, out, writer, entry, n, recv_ms, err);

	if (rc == PMJ_OK && out->reason != NULL && !out->waits && back_let_in(hub, entry->e))
		out->reason = NULL;
	return rc;
}

static enum entry_status
status_of(const struct verdict *verdict)
{
	return verdict->waits            ? ENTRY_WAITING
	       : verdict->reason != NULL ? ENTRY_HELD
	                                 : ENTRY_ADMITTED;
}

/* What follows from an admitted entry: a new person's team, the teams' copies. */
static enum pmj_code
after_admission(
    struct hub *hub, const struct kind *kind, const struct entry *entry, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (entry->makes && strcmp(entry->kind, "person") == 0)
		rc = office_join_team(hub, entry->rec, entry->by, 0, err);
	if (rc == PMJ_OK)
		rc = share_entry(hub, kind, entry, err);
	return rc;
}

/* When it came: one note for all that comes within a millisecond. Nothing is in its order. */
static void
note_arrival(struct hub *hub, struct entries_new *entry)
{
	int64_t now = os_now(hub->os);

	if (hub->noted_ms != now)
		hub_stamp_or_last(hub, &hub->noted.pt, &hub->noted.counter);
	hub->noted_ms = now;
	entry->recv_ms = hub->noted.pt;
	entry->recv_counter = hub->noted.counter;
}

/* The device as it is while nothing but entries comes: each line of a segment asks. Not at a hub
 * that was restored, where entries tell of devices. */
static enum pmj_code
writer_of(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	enum pmj_code rc;

	if (!hub->returning && hub->writer_in == journal_transaction(hub->journal) &&
	    memcmp(hub->writer.device, device, PMJ_DEVICE_BYTES) == 0)
		return PMJ_OK;
	hub->writer_in = 0;
	if ((rc = office_device(hub, &hub->writer, device, err)) == PMJ_OK)
		hub->writer_in = journal_transaction(hub->journal);
	return rc;
}

/* Of a person who was erased nothing is taken in but that something came. */
static enum pmj_code
refuse_erased(struct hub *hub, const struct sync_line *line, struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n;
	bool known;

	rc = entries_append_erased(hub->journal, line->entry, ENTRY_RECEIVED, &n, &known, err);
	if (rc != PMJ_OK || known)
		return rc;
	return hold_entry(hub, n, line->entry, "erased", &hub->writer, err);
}

/* *came: until now it was here by another's hand only, and did not count. */
static enum pmj_code
author_came(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line, int64_t n,
    bool *came, struct pmj_error *err)
{
	enum pmj_code rc;

	*came = false;
	if (memcmp(line->entry->by, peer->device, PMJ_DEVICE_BYTES) != 0)
		return PMJ_OK;
	if ((rc = back_came(hub, n, came, err)) != PMJ_OK || *came)
		return rc;
	return held_as_forged(hub, n, came, err);
}

static enum pmj_code
admit_entry(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	struct entries_new entry = {
	    .entry = line->entry, .line = line->bytes, .len = line->len, .origin = ENTRY_RECEIVED};
	const struct hub_device *writer = &hub->writer;
	struct verdict verdict = {.reason = "deferred", .waits = true};
	enum pmj_code rc;
	int64_t n;
	bool known, over, gone, came = false;

	if ((rc = writer_of(hub, peer->device, err)) != PMJ_OK ||
	    (rc = erase_refuses(hub->journal, line->entry, &gone, err)) != PMJ_OK)
		return rc;
	if (gone)
		return refuse_erased(hub, line, err);
	if ((rc = defer_full(hub, &over, peer->device, err)) != PMJ_OK)
		return rc;
	over = over || strcmp(writer->state, "suspended") == 0;
	note_arrival(hub, &entry);
	if (!over &&
	    (rc = judge(hub, &verdict, writer, line->entry, 0, entry.recv_ms, err)) != PMJ_OK)
		return rc;
	entry.reason = verdict.reason;
	entry.mark = verdict.mark;
	entry.status = status_of(&verdict);
	if ((rc = entries_append(hub->journal, &entry, &n, &known, err)) != PMJ_OK ||
	    (known && (rc = author_came(hub, peer, line, n, &came, err)) != PMJ_OK) ||
	    (came && (rc = entries_set_status(hub->journal, n, entry.status, entry.reason, err)) !=
	                 PMJ_OK))
		return rc;
	known = known && !came;
	if (!known)
		rc = over ? defer_entry(hub, n, peer, line, err)
		          : defer_count(hub, peer->device, line->len, err);
	if (rc != PMJ_OK)
		return rc;
	if (!known && hub->returning &&
	    (rc = returned_note(hub, n, line, peer->device, err)) != PMJ_OK)
		return rc;
	if (!known && entry.status == ENTRY_HELD)
		rc = hold_entry(hub, n, line->entry, verdict.reason, writer, err);
	else if (!known && entry.status == ENTRY_ADMITTED)
		rc = after_admission(hub, kinds_get(journal_kinds(hub->journal), line->entry->kind),
		    line->entry, err);
	if (rc == PMJ_OK && entry.status == ENTRY_ADMITTED && !line->newest)
		rc = sync_queue_forward(hub->sync, peer->mailbox, n, false, err);
	hub->waiting = true;
	return rc;
}

enum pmj_code
admit_own(struct hub *hub, const struct entry *entry, const char *line, size_t len, int64_t *n,
    struct pmj_error *err)
{
	struct entries_new new_entry = {
	    .entry = entry, .line = line, .len = len, .origin = ENTRY_OWN};
	struct hub_device self;
	struct verdict verdict;
	enum pmj_code rc;
	bool known;

	if ((rc = office_device(hub, &self, entry->by, err)) != PMJ_OK ||
	    (rc = judge(hub, &verdict, &self, entry, 0, entry->pt, err)) != PMJ_OK)
		return rc;
	new_entry.reason = verdict.reason;
	new_entry.status = status_of(&verdict);
	if ((rc = entries_append(hub->journal, &new_entry, n, &known, err)) != PMJ_OK || known)
		return rc;
	hub->waiting = true;
	if (new_entry.status == ENTRY_HELD)
		return hold_entry(hub, *n, entry, verdict.reason, &self, err);
	return new_entry.status == ENTRY_ADMITTED
	           ? after_admission(
	                 hub, kinds_get(journal_kinds(hub->journal), entry->kind), entry, err)
	           : PMJ_OK;
}

enum pmj_code
admit_line(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	if (!line->entry->control)
		return admit_entry(hub, peer, line, err);
	hub->writer_in = 0; /* it may tell something of its device */
	if (strcmp(line->entry->kind, "ctl.ack") == 0)
		return heard_ack(hub, peer, line, err);
	if (strcmp(line->entry->kind, "ctl.hello") == 0)
		return hub_hello(hub, peer, line, err);
	if (strcmp(line->entry->kind, "ctl.return") == 0)
		return returned_line(hub, peer, line, err);
	if (strcmp(line->entry->kind, "ctl.sign") == 0)
		return pending_sign(hub, peer, line, err);
	if (photo_is(line->entry->kind, line->entry->has_rec))
		return photo_came(hub, peer, line, err);
	return journal_event(hub->journal, "line_refused", "refused",
	    "a device sent a control line that is not its to send", err);
}

enum pmj_code
admit_again(struct hub *hub, int64_t n, bool *settled, struct pmj_error *err)
{
	struct entry_row row = {.n = 0};
	struct hub_device writer;
	struct verdict verdict;
	enum pmj_code rc;

	*settled = false;
	if ((rc = entries_get(hub->journal, &row, n, err)) != PMJ_OK)
		return rc;
	if (row.status == ENTRY_ERASED) { /* while it waited */
		*settled = true;
		goto out;
	}
	if ((rc = office_device(hub, &writer, row.entry.by, err)) != PMJ_OK ||
	    (rc = judge(hub, &verdict, &writer, &row.entry, n, row.recv_ms, err)) != PMJ_OK)
		goto out;
	if (verdict.waits) {
		if (row.reason == NULL || strcmp(row.reason, verdict.reason) != 0)
			rc =
			    entries_set_status(hub->journal, n, ENTRY_WAITING, verdict.reason, err);
		goto out;
	}
	*settled = true;
	rc = entries_set_status(hub->journal, n, status_of(&verdict), verdict.reason, err);
	if (rc == PMJ_OK && verdict.reason != NULL)
		rc = hold_entry(hub, n, &row.entry, verdict.reason, &writer, err);
	else if (rc == PMJ_OK)
		rc = after_admission(
		    hub, kinds_get(journal_kinds(hub->journal), row.entry.kind), &row.entry, err);
out:
	entry_row_close(&row);
	return rc;
}
