/* records.c - records written: add, edit, void, and what every change goes through. */
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "domain/code.h"

/* A dry run of an import cannot know ids that will be made: all zeros stand for one. */
static enum pmj_code
dry_link(void *ctx, char out[static 17], const char *kind, const char *typed, struct pmj_error *err)
{
	if (strspn(typed, "0") != PMJ_RECORD_CHARS || typed[PMJ_RECORD_CHARS] != '\0')
		return records_link(ctx, out, kind, typed, err);
	memcpy(out, typed, PMJ_RECORD_CHARS + 1);
	return PMJ_OK;
}

struct value_context
record_context(const struct call *call)
{
	const struct os *os = call->core->os;
	int64_t now = os_now(os);

	return (struct value_context){.now_ms = now,
	    .offset_minutes = os->offset_minutes(os->ctx, now),
	    .heard_ms = (int64_t)ring_hub_time(call->core->ring),
	    .link = json_flag(call->body, "dry_run") ? dry_link : records_link,
	    .link_ctx = call->core->journal};
}

void
record_date(const struct call *call, char out[static 11])
{
	struct value_context context = record_context(call);

	(void)date_read(out, "today", context.now_ms, context.offset_minutes);
}

/* Typed fields into the values of a line. */
enum pmj_code
record_take(const struct call *call, json_t *set, const struct kind *kind, const json_t *typed,
    struct pmj_error *err)
{
	struct value_context context = record_context(call);
	enum pmj_code rc;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)typed, name, value)
	{
		const struct field *field;
		json_t *taken;

		if ((rc = kind_need_field(&field, kind, name, err)) != PMJ_OK)
			return rc;
		if (field_is_code(field)) {
			rc = pmj_fail(
			    err, PMJ_INVALID, "%s is given by Pamoja, at random", field->name);
			pmj_hint(err, "leave it out");
			return rc;
		}
		if ((rc = value_take(&taken, kind, field, value, &context, err)) != PMJ_OK)
			return rc;
		(void)json_object_set_new(set, name, taken);
	}
	return PMJ_OK;
}

const json_t *
record_fields(const struct call *call)
{
	static json_t *none;
	const json_t *fields = json_obj(call->body, "fields");

	if (fields != NULL)
		return fields;
	if (none == NULL)
		none = json_object();
	return none;
}

/* One value of an open field that another field says, or that comes near to a declared choice. */
static void
add_new_word(json_t *words, const struct kind *kind, const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value), *near = NULL;
	const struct field *of = NULL;

	if (text == NULL || field->type == FIELD_LINK || field_choice(field, text) != NULL)
		return;
	if ((of = value_said_elsewhere(&near, kind, field, text)) == NULL)
		near = value_near_choice(field, text);
	if (near != NULL)
		(void)json_array_append_new(
		    words, json_pack("{s:s,s:s,s:s,s:s*}", "field", field->name, "value", text,
		               "near", near, "of", of != NULL ? of->name : NULL));
}

json_t *
record_saved(const struct call *call, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct kind *kind, const json_t *set)
{
	json_t *out = call_id(call, rec);

	record_say_new_words(out, kind, set);
	return out;
}

void
record_say_new_words(json_t *answer, const struct kind *kind, const json_t *set)
{
	json_t *words = json_array(), *value, *one;
	const char *name;
	size_t i;

	json_object_foreach((json_t *)set, name, value)
	{
		const struct field *field = kind_field(kind, name);

		if (field == NULL || field->choice_count == 0)
			continue;
		add_new_word(words, kind, field, value);
		json_array_foreach(value, i, one) add_new_word(words, kind, field, one);
	}
	if (json_array_size(words) > 0)
		(void)json_object_set(answer, "new_words", words);
	json_decref(words);
}

/* An entry, and the records it brings about: made in one transaction. */
struct made {
	uint8_t recs[1 + REMINDERS_MAX][PMJ_RECORD_BYTES];
	struct reminders reminders;
};

static enum pmj_code
append_with(const struct call *call, struct made *made, const struct core_draft *draft,
    const struct merge_record *merged, struct pmj_error *err)
{
	struct core_draft drafts[1 + REMINDERS_MAX] = {*draft};
	enum pmj_code rc;

	record_reminders(&made->reminders, call, draft->kind, draft->rec, draft->set, merged);
	memcpy(drafts + 1, made->reminders.drafts, made->reminders.count * sizeof(*drafts));
	rc = core_append(call->core, drafts, 1 + made->reminders.count, made->recs, err);
	if (rc != PMJ_OK)
		record_reminders_close(&made->reminders);
	return rc;
}

static json_t *
saved_with(const struct call *call, struct made *made, const struct core_draft *draft,
    const struct merge_record *merged)
{
	json_t *out = record_saved(call, made->recs[0], draft->kind, draft->set);

	record_say_unusable(out, call, draft->kind, made->recs[0]);
	record_say_reminders(out, call, &made->reminders, made->recs + 1);
	record_warn(out, call, draft->kind, draft->set);
	record_say_told(out, call, draft->kind, made->recs[0], draft->set);
	country_say(out, call, draft->kind, draft->set, merged);
	record_reminders_close(&made->reminders);
	return out;
}

enum pmj_code
record_add(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_new wanted = {
	    call->part[0], record_fields(call), json_str(call->body, "verb")};
	struct core_draft draft;
	struct made made;
	json_t *set, *knows, *alike = NULL;
	enum pmj_code rc;

	rc = record_prepare(call, &draft, &set, &knows, &wanted, err);
	if (rc == PMJ_OK)
		alike = record_alike(call, draft.kind, set);
	if (rc == PMJ_OK && wanted.verb == NULL)
		rc = record_lasts(call, draft.kind, set, err);
	if (rc == PMJ_OK && wanted.verb == NULL)
		country_date(call, draft.kind, set);
	if (rc == PMJ_OK)
		rc = append_with(call, &made, &draft, NULL, err);
	if (rc == PMJ_OK)
		*out = saved_with(call, &made, &draft, NULL);
	if (rc == PMJ_OK && wanted.verb != NULL)
		(void)json_object_set(*out, "state", json_object_get(set, "state"));
	if (rc == PMJ_OK && json_array_size(alike) > 0)
		(void)json_object_set(*out, "alike", alike);
	json_decref(alike);
	json_decref(set);
	json_decref(knows);
	return rc;
}

/* What the rules of the kind say to a change of its fields. */
static enum pmj_code
may_change(const struct call *call, const struct kind *kind, const struct merge_record *merged,
    struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (merged->voided) {
		rc = pmj_fail(err, PMJ_REFUSED, "this %s was voided", kind->name);
		pmj_hint(err, "add a new one: pamoja %s add", kind->name);
	} else if (kind->append_only) {
		rc = pmj_fail(err, PMJ_REFUSED, "a %s is never changed", kind->name);
		pmj_hint(err, "void it with a reason, then add the right one");
	} else if (record_is_agreed(kind, merged)) {
		rc = pmj_fail(
		    err, PMJ_REFUSED, "this %s stays as a second person agreed to it", kind->name);
		pmj_hint(err, "void it with a reason, then add the right one");
	} else if (kind->author_only && merged->maker != NULL &&
	           memcmp(merged->maker->by, ring_device_id(call->core->ring), PMJ_DEVICE_BYTES) !=
	               0) {
		rc = pmj_fail(err, PMJ_REFUSED, "only its author may change this %s", kind->name);
	}
	return rc;
}

static void
name_version(json_t *list, const json_t *version)
{
	size_t index;
	json_t *there;

	json_array_foreach(list, index, there)
	{
		if (json_equal(there, version))
			return;
	}
	(void)json_array_append(list, (json_t *)version);
}

/* What one own entry adds to the versions a new one names (8.2): what it named itself, while no
 * receipt covers it, and its own version while it is held. */
static void
name_own(json_t *list, const struct entry_row *row, const char *field)
{
	json_t *version;
	size_t index;

	json_array_foreach(json_object_get(row->entry.was, field), index, version)
	{
		name_version(list, version);
	}
	if (row->status == ENTRY_HELD) {
		version = json_hex(entry_version(&row->entry), PMJ_VERSION_BYTES);
		name_version(list, version);
		json_decref(version);
	}
}

/* Every version that stands, and (so that a chain survives when a link of it is held) what own
 * entries named that no receipt covers yet. Not for `state`: a move is judged from exactly the
 * states it names. */
static json_t *
record_was(const struct call *call, const struct record_full *record, const json_t *set)
{
	json_t *was = merge_was(&record->merged, set);
	const char *field;
	json_t *value;

	if (call->core->sync == NULL || call->core->is_hub)
		return was;
	json_object_foreach((json_t *)set, field, value)
	{
		for (size_t i = 0; i < record->row_count; i++) {
			const struct entry_row *row = &record->rows[i];
			json_t *list = json_object_get(was, field);

			if (strcmp(field, "state") == 0 || row->origin != ENTRY_OWN ||
			    row->entry.set == NULL ||
			    json_object_get(row->entry.set, field) == NULL ||
			    (row->status == ENTRY_ADMITTED &&
			        strcmp(sync_entry_state(call->core->sync, row->n), "merged") == 0))
				continue;
			if (list == NULL) {
				(void)json_object_set_new(was, field, json_array());
				list = json_object_get(was, field);
			}
			name_own(list, row, field);
		}
	}
	return was;
}

/* Append one entry to a record that is here; `set` is borrowed. */
enum pmj_code
record_append(const struct call *call, json_t **out, const struct kind *kind,
    const uint8_t rec[PMJ_RECORD_BYTES], const struct record_full *record, const json_t *set,
    const char *verb, struct pmj_error *err)
{
	struct core_draft draft = {.kind = kind, .rec = rec, .set = set, .verb = verb};
	json_t *was = record_was(call, record, set);
	struct made made;
	enum pmj_code rc;

	draft.was = was;
	if ((rc = append_with(call, &made, &draft, &record->merged, err)) == PMJ_OK)
		*out = saved_with(call, &made, &draft, &record->merged);
	json_decref(was);
	return rc;
}

/* Whom a record is about stays as it was made: it decides who may have it, and whose consent covers
 * what was sent. The same person named again is no change. */
enum pmj_code
record_keeps_subjects(
    const struct kind *kind, const struct merge_record *merged, json_t *set, struct pmj_error *err)
{
	for (size_t i = 0; i < kind->subject_count; i++) {
		const char *name = kind->subjects[i];
		const json_t *value = json_object_get(set, name);
		enum pmj_code rc;

		if (value == NULL)
			continue;
		if (json_equal(value, merge_shown(merged, name))) {
			(void)json_object_del(set, name);
			continue;
		}
		rc =
		    pmj_fail(err, PMJ_REFUSED, "the %s of a %s is never changed", name, kind->name);
		pmj_hint(err, "void it with a reason, then add it for the right one");
		return rc;
	}
	return PMJ_OK;
}

enum pmj_code
record_look(const struct call *call, struct record_full *record, const struct kind **kind,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = call_record(call, rec, call->part[0], err)) != PMJ_OK ||
	    (rc = records_load(call->core->journal, record, rec, err)) != PMJ_OK)
		return rc;
	return kinds_need(kind, &call->core->kinds,
	    record->merged.kind != NULL ? record->merged.kind : record->rows[0].entry.kind, err);
}

enum pmj_code
record_person(const struct call *call, struct record_full *record, const struct kind **kind,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	enum pmj_code rc = record_look(call, record, kind, rec, err);

	if (rc != PMJ_OK || strcmp((*kind)->name, "person") == 0)
		return rc;
	rc = pmj_fail(err, PMJ_USAGE, "%s is a %s: name a person", call->part[0], (*kind)->name);
	pmj_hint(err, "pamoja person list shows the ids");
	return rc;
}

enum pmj_code
record_open(const struct call *call, struct record_full *record, const struct kind **kind,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	enum pmj_code rc = record_look(call, record, kind, rec, err);

	if (rc != PMJ_OK || record->merged.kind != NULL)
		return rc;
	rc = pmj_fail(err, PMJ_REFUSED, "nothing of this %s is admitted at the hub", (*kind)->name);
	pmj_hint(err, "`pamoja show %s` says why; the coordinator can release it", call->part[0]);
	return rc;
}

enum pmj_code
record_edit(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const struct kind *kind;
	uint8_t rec[PMJ_RECORD_BYTES];
	json_t *set = json_object();
	enum pmj_code rc;

	if ((rc = record_open(call, &record, &kind, rec, err)) != PMJ_OK ||
	    (rc = may_change(call, kind, &record.merged, err)) != PMJ_OK ||
	    (rc = record_take(call, set, kind, record_fields(call), err)) != PMJ_OK ||
	    (rc = record_keeps_subjects(kind, &record.merged, set, err)) != PMJ_OK ||
	    (rc = record_apart(kind, set, err)) != PMJ_OK ||
	    (rc = record_keeps_one_way(call, kind, &record.merged, set, err)) != PMJ_OK)
		goto out;
	if (json_object_size(set) == 0) {
		rc = pmj_fail(err, PMJ_USAGE, "nothing to change was given");
		pmj_hint(err, "write FIELD=VALUE, for example %s=...", kind->fields[0].name);
		goto out;
	}
	for (size_t i = 0; i < kind->field_count; i++) {
		const json_t *value = json_object_get(set, kind->fields[i].name);

		if (kind->fields[i].required && json_is_null(value)) {
			rc = pmj_fail(err, PMJ_INVALID, "%s needs %s; it cannot be emptied",
			    kind->name, kind->fields[i].name);
			goto out;
		}
	}
	if ((rc = record_keeps_consent(call, kind, &record.merged, set, NULL, err)) == PMJ_OK)
		rc = record_append(call, out, kind, rec, &record, set, NULL, err);
out:
	json_decref(set);
	record_full_close(&record);
	return rc;
}

enum pmj_code
record_void(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const struct kind *kind;
	uint8_t rec[PMJ_RECORD_BYTES];
	const char *reason;
	json_t *set = NULL;
	enum pmj_code rc;

	if ((rc = call_text(call, &reason, "reason", err)) != PMJ_OK)
		return rc;
	if (reason[strspn(reason, " \t")] == '\0') {
		rc = pmj_fail(err, PMJ_USAGE, "say why it is voided");
		pmj_hint(err, "pamoja void ID \"entered twice\"");
		return rc;
	}
	if ((rc = record_open(call, &record, &kind, rec, err)) != PMJ_OK)
		goto out;
	if (record.merged.voided) {
		rc = pmj_fail(err, PMJ_REFUSED, "this %s was voided already", kind->name);
		goto out;
	}
	set = json_pack("{s:b,s:s}", "voided", 1, "void_reason", reason);
	rc = record_append(call, out, kind, rec, &record, set, NULL, err);
out:
	json_decref(set);
	record_full_close(&record);
	return rc;
}
