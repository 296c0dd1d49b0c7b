/* disclosures.c - the accounting of what was told about a person, to whom, what for, by whom (42
 * CFR 2.25): read from the entries that told it, which nobody can take back. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "base/text.h"
#include "domain/notice.h"
#include "domain/profile.h"

/* Where the next piece goes on: in a kind of the list, behind one of its records about the person,
 * so that nothing is looked for anew. */
struct told_cursor {
	size_t kind;
	uint8_t behind[PMJ_RECORD_BYTES];
	bool within;
	int64_t until_ms;
	bool more;
	const struct profile *law; /* of the country */
};

/* What stood when it was told: the entry that tells sets it (see moves.c), an older program's did
 * not. */
static const json_t *
told_value(const struct record_full *record, const struct entry *entry, const char *field)
{
	const json_t *value =
	    field != NULL && entry->set != NULL ? json_object_get(entry->set, field) : NULL;

	return value != NULL || field == NULL ? value : merge_shown(&record->merged, field);
}

static void
put_text(json_t *item, const struct call *call, const struct kind *kind, const char *name,
    const char *field, const json_t *value)
{
	char *text = value_text(field != NULL ? kind_field(kind, field) : NULL, value, call->lang);

	if (value != NULL)
		(void)json_object_set_new(item, name, json_string(text));
	free(text);
}

static json_t *
item_of(const struct call *call, const struct kind *kind, const struct record_full *record,
    const struct entry_row *row)
{
	const struct entry *entry = &row->entry;
	json_t *item = call_id(call, record->merged.rec);
	char *name, *role,
	    *to = record_words(call, kind_field(kind, kind->discloses_to),
	        told_value(record, entry, kind->discloses_to));
	char day[17];

	core_who(call->core, entry->by, &name, &role);
	(void)date_stamp(
	    day, entry->pt, call->core->os->offset_minutes(call->core->os->ctx, entry->pt));
	day[10] = '\0';
	(void)json_object_set_new(item, "kind", json_string(kind->name));
	(void)json_object_set_new(
	    item, "kind_label", json_string(texts_in(&kind->title, call->lang)));
	(void)json_object_set_new(item, "at", json_integer((json_int_t)entry->pt));
	(void)json_object_set_new(item, "on", json_string(day));
	(void)json_object_set_new(item, "to", json_string(to));
	(void)json_object_set_new(item, "by", json_string(name));
	(void)json_object_set_new(item, "role", json_string(role));
	put_text(item, call, kind, "purpose", kind->discloses_for,
	    told_value(record, entry, kind->discloses_for));
	put_text(item, call, kind, "category", kind->discloses_category,
	    told_value(record, entry, kind->discloses_category));
	put_text(item, call, kind, "information", kind->discloses,
	    told_value(record, entry, kind->discloses));
	free(to);
	free(name);
	free(role);
	return item;
}

/* What only the accounting knows: how it was told, and with which notice. A line that was voided
 * stays in it, and says so. */
static void
put_told_how(json_t *item, const struct call *call, const struct kind *kind,
    const struct merge_record *merged)
{
	const char *const names[] = {"way", "notice"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (kind_field(kind, names[i]) != NULL)
			put_text(
			    item, call, kind, names[i], names[i], merge_shown(merged, names[i]));
	(void)json_object_set_new(item, "voided", json_boolean(merged->voided));
}

/* Told without a consent: by which of the ways that are open then, and what the move asked for:
 * why. */
static void
put_route(json_t *item, const struct call *call, const struct kind *kind, const struct move *move,
    const struct entry *entry, const struct profile *law)
{
	(void)json_object_set_new(item, "route", json_string(move->verb));
	(void)json_object_set_new(
	    item, "route_label", json_string(texts_in(&move->label, call->lang)));
	country_put_law(item, law, move->verb, call->lang);
	if (move->asks_count > 0 && entry->set != NULL)
		put_text(item, call, kind, "reason", move->asks[0],
		    json_object_get(entry->set, move->asks[0]));
}

/* Held at the hub or not: what was told was told. */
static enum pmj_code
of_record(json_t *items, const struct call *call, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], const char *since, const struct told_cursor *at,
    struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc = records_load(call->core->journal, &record, rec, err);

	for (size_t i = 0; i < record.row_count && rc == PMJ_OK; i++) {
		const char *verb = record.rows[i].entry.verb;
		const struct move *move = verb != NULL ? kind_move(kind, verb) : NULL;
		json_t *item;

		if (move == NULL || (!move->needs_consent && !move->discloses))
			continue;
		if (kind->discloses != NULL && record_told_nothing(told_value(&record,
		                                   &record.rows[i].entry, kind->discloses)))
			continue;
		item = item_of(call, kind, &record, &record.rows[i]);
		put_told_how(item, call, kind, &record.merged);
		if (move->discloses)
			put_route(item, call, kind, move, &record.rows[i].entry, at->law);
		if (strcmp(json_str(item, "on"), since) >= 0)
			(void)json_array_append(items, item);
		json_decref(item);
	}
	record_full_close(&record);
	return rc;
}

/* Some of a kind; one at least. *all: there are no more. */
static enum pmj_code
some_of_kind(json_t *items, bool *all, const struct call *call, const struct kind *kind,
    const uint8_t person[static PMJ_RECORD_BYTES], const char *since, struct told_cursor *at,
    struct pmj_error *err)
{
	const struct os *os = call->core->os;
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0, i = 0;
	enum pmj_code rc = records_about_next(call->core->journal, &recs, &count, person,
	    kind->name, at->within ? at->behind : NULL, err);

	for (; rc == PMJ_OK && i < count && (i == 0 || os->mono_ms(os->ctx) < at->until_ms); i++) {
		if ((rc = of_record(items, call, kind, recs[i], since, at, err)) != PMJ_OK)
			break;
		memcpy(at->behind, recs[i], PMJ_RECORD_BYTES);
		at->within = true;
	}
	*all = count == 0;
	free(recs);
	return rc;
}

static enum pmj_code
of_kinds(json_t *items, const struct call *call, const uint8_t person[static PMJ_RECORD_BYTES],
    const char *since, struct told_cursor *at, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	const struct kinds *kinds = &call->core->kinds;
	enum pmj_code rc = PMJ_OK;

	for (; at->kind < kinds->count && rc == PMJ_OK; at->kind++, at->within = false) {
		bool all = kinds->list[at->kind]->discloses_to == NULL;

		while (rc == PMJ_OK && !all) {
			rc = some_of_kind(
			    items, &all, call, kinds->list[at->kind], person, since, at, err);
			at->more = !all && os->mono_ms(os->ctx) >= at->until_ms;
			if (at->more)
				return rc;
		}
	}
	return rc;
}

/* "3", "3-7k3f9..." */
static bool
read_from(struct told_cursor *at, const char *from)
{
	char *end;

	at->kind = strtoul(from, &end, 10);
	if (*end == '\0')
		return end != from;
	at->within = true;
	return end != from && *end == '-' &&
	       text_unbase32(at->behind, sizeof(at->behind), end + 1, PMJ_RECORD_CHARS);
}

static void
put_next(json_t *out, const struct told_cursor *at)
{
	char id[PMJ_RECORD_CHARS + 1] = "";

	if (at->within)
		(void)text_base32(id, at->behind, PMJ_RECORD_BYTES);
	(void)json_object_set_new(
	    out, "next", json_sprintf("%zu%s%s", at->kind, at->within ? "-" : "", id));
}

/* The first piece brings the notice that stands above the list. The list is the person's by right:
 * a file that cannot be read keeps nobody from it. */
static void
put_accounting(json_t *out, const struct call *call)
{
	struct pmj_error err;
	struct notice notice;

	if (country_notice(call, &notice, true, &err) != PMJ_OK) {
		(void)json_object_set_new(out, "notice_missing", json_string(err.message));
		return;
	}
	(void)json_object_set_new(out, "notice", notice_json(&notice, call->lang));
	notice_close(&notice);
}

enum pmj_code
record_disclosures(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	struct told_cursor at = {.until_ms = os->mono_ms(os->ctx) + CORE_PIECE_MS};
	const char *from = json_str(call->query, "from");
	struct record_full person = {.row_count = 0};
	struct profile law = {.name = NULL};
	struct pmj_error ignored = {0};
	uint8_t rec[PMJ_RECORD_BYTES];
	const struct kind *kind;
	json_t *items = json_array();
	char since[11] = "";
	enum pmj_code rc;

	(void)!office_profile(call->core, &law, &ignored);
	at.law = &law;
	if (from != NULL && !read_from(&at, from))
		rc = pmj_fail(err, PMJ_USAGE, "from is the \"next\" of an earlier answer");
	else
		rc = call_since(call, since, err);
	if (rc == PMJ_OK && since[0] == '\0')
		country_since(call, since);
	if (rc != PMJ_OK || (rc = record_person(call, &person, &kind, rec, err)) != PMJ_OK ||
	    (rc = of_kinds(items, call, rec, since, &at, err)) != PMJ_OK)
		goto out;
	*out = json_pack("{s:O,s:s}", "items", items, "since", since);
	if (at.more)
		put_next(*out, &at);
	if (from == NULL)
		put_accounting(*out, call);
out:
	profile_close(&law);
	json_decref(items);
	record_full_close(&person);
	return rc;
}
