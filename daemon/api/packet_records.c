/* packet_records.c - from the classes of information that a consent names to the fields of a
 * person's records, in pieces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/packet_inner.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/reminder.h"

static bool
in_classes_by_name(const json_t *classes, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)classes, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

static bool
is_person(const struct kind *kind)
{
	return strcmp(kind->name, "person") == 0;
}

/* Would a kind's own record be told under this word? Not only for whose it is. */
static bool
kind_resolves(const struct kind *kind, const char *class)
{
	const struct field *by = kind->told_by != NULL ? kind_field(kind, kind->told_by) : NULL;

	if ((is_person(kind) && kind_field(kind, class) != NULL) ||
	    (by != NULL && field_choice(by, class) != NULL))
		return true;
	for (size_t i = 0; i < kind->field_count; i++)
		if (strcmp(kind->fields[i].name, kind->shows) != 0 &&
		    kind_tells(kind, &kind->fields[i], &class, 1))
			return true;
	return false;
}

bool
packet_resolves(const struct kinds *kinds, const char *class)
{
	for (size_t i = 0; class != NULL && i < kinds->count; i++)
		if (kind_resolves(kinds->list[i], class))
			return true;
	return false;
}

/* What was open to the person's partner is told by these words; which the kinds' files say. */
struct told_words {
	const char *list[32];
	size_t count;
};

static void
take_words(struct told_words *to, const json_t *classes)
{
	to->count = 0;
	for (size_t i = 0; i < json_array_size(classes) && to->count < 32; i++)
		to->list[to->count++] = json_string_value(json_array_get(classes, i));
}

/* Is the field told of this record: under a word, or, of the person, by its own name? Another
 * person is never named in it. */
static bool
is_told(const struct kind *kind, const struct merge_record *merged, const struct packet *packet,
    const struct field *field)
{
	struct told_words words;

	if (kind_is_subject(kind, field->name) ||
	    (field->link_kind != NULL && strcmp(field->link_kind, "person") == 0))
		return false;
	take_words(&words, packet->classes);
	return (is_person(kind) && in_classes_by_name(packet->classes, field->name)) ||
	       (kind->told_by != NULL && kind_tells_by(kind, merge_shown(merged, kind->told_by),
	                                     words.list, words.count)) ||
	       kind_tells(kind, field, words.list, words.count);
}

/* What was refused or withdrawn is no part of what is told, nor what was voided. */
static bool
counts(const struct kind *kind, const struct merge_record *merged)
{
	const char *name = json_string_value(merge_shown(merged, "state"));
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;

	return merged->kind != NULL && !merged->voided && (state == NULL || !state->refusing);
}

static enum pmj_code
put_record(json_t *items, const struct call *call, const struct packet *packet,
    const struct kind *kind, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc = records_load(call->core->journal, &record, rec, err);
	json_t *lines = json_array();

	for (size_t i = 0; rc == PMJ_OK && counts(kind, &record.merged) && i < kind->field_count;
	     i++) {
		const struct field *field = &kind->fields[i];
		json_t *line = is_told(kind, &record.merged, packet, field)
		                   ? packet_line(call, kind, &record.merged, field->name)
		                   : NULL;

		if (line != NULL)
			(void)json_array_append_new(lines, line);
	}
	if (json_array_size(lines) > 0) {
		const char *on = json_string_value(merge_shown(&record.merged, "on"));

		(void)json_array_append_new(
		    items, json_pack("{s:s,s:O}", "on", on != NULL ? on : "", "lines", lines));
	}
	json_decref(lines);
	record_full_close(&record);
	return rc;
}

/* The records of one kind that a packet may speak of: of the person all, of the kind it goes with
 * this one alone, for the others tell where else the person was sent. */
static enum pmj_code
records_to_tell(const struct call *call, const struct packet *packet, const struct kind *kind,
    uint8_t (**recs)[PMJ_RECORD_BYTES], size_t *count, struct pmj_error *err)
{
	const uint8_t *one = kind == packet->kind ? packet->merged->rec
	                     : is_person(kind)    ? packet->person
	                                          : NULL;

	*recs = NULL;
	*count = 0;
	if (kind->scope != SCOPE_PERSON || (kind->discloses_to != NULL && one == NULL))
		return PMJ_OK;
	if (one == NULL)
		return records_about(
		    call->core->journal, recs, count, packet->person, kind->name, err);
	*recs = mem_array(1, sizeof(**recs));
	memcpy((*recs)[0], one, PMJ_RECORD_BYTES);
	*count = 1;
	return PMJ_OK;
}

/* The person first, then the kinds by name. */
static const struct kind *
kind_at_place(const struct kinds *kinds, size_t place)
{
	size_t person = 0;

	while (person < kinds->count && !is_person(kinds->list[person]))
		person++;
	if (place == 0 && person < kinds->count)
		return kinds->list[person];
	return kinds->list[place <= person && person < kinds->count ? place - 1 : place];
}

static enum pmj_code
put_kind(const struct call *call, json_t *out, const struct packet *packet, size_t kind_at,
    size_t record_at, int64_t until_ms, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	const struct kind *kind = kind_at_place(&call->core->kinds, kind_at);
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0, i = record_at;
	json_t *items = json_array();
	char next[48];
	enum pmj_code rc = records_to_tell(call, packet, kind, &recs, &count, err);

	while (rc == PMJ_OK && i < count && (i == record_at || os->mono_ms(os->ctx) < until_ms))
		rc = put_record(items, call, packet, kind, recs[i++], err);
	if (json_array_size(items) > 0)
		(void)json_array_append_new(json_object_get(out, "sections"),
		    json_pack("{s:s,s:s,s:O}", "kind", kind->name, "title",
		        texts_in(count > 1 ? &kind->plural : &kind->title, call->lang), "items",
		        items));
	if (rc == PMJ_OK && i < count) {
		(void)snprintf(next, sizeof(next), "%zu-%zu", kind_at, i);
		(void)json_object_set_new(out, "next", json_string(next));
	}
	json_decref(items);
	free(recs);
	return rc;
}

enum pmj_code
packet_put(const struct call *call, json_t *out, const struct packet *packet, size_t kind_at,
    size_t record_at, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	const struct kinds *kinds = &call->core->kinds;
	int64_t until_ms = os->mono_ms(os->ctx) + CORE_PIECE_MS;
	enum pmj_code rc = PMJ_OK;
	char next[48];

	(void)json_object_set_new(out, "sections", json_array());
	for (size_t i = kind_at; i < kinds->count && rc == PMJ_OK; i++) {
		if (i > kind_at && os->mono_ms(os->ctx) >= until_ms) {
			(void)snprintf(next, sizeof(next), "%zu-0", i);
			(void)json_object_set_new(out, "next", json_string(next));
			break;
		}
		rc = put_kind(call, out, packet, i, i == kind_at ? record_at : 0, until_ms, err);
		if (json_object_get(out, "next") != NULL)
			break;
	}
	return rc;
}
