/* consent.c - may this be disclosed? Every reason against it is named, so that a person can mend
 * it. */
#include "domain/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/value.h"

#define EVERYTHING "all" /* the choice of information that covers any */

/* One decision being made. */
struct deciding {
	const struct kind *kind;
	const struct merge_record *records;
	size_t record_count;
	const struct entry *const *entries;
	size_t entry_count;
	const struct consent_request *request;
};

/* What speaks against one consent. */
struct doubts {
	char words[256];
	char hint[256];
	unsigned weight; /* the nearest consent has the least */
};

static void
doubt(struct doubts *doubts, unsigned weight, const char *what, const char *hint)
{
	size_t used = strlen(doubts->words);

	doubts->weight += weight;
	(void)snprintf(
	    doubts->words + used, sizeof(doubts->words) - used, "%s%s", used > 0 ? "; " : "", what);
	if (*doubts->hint == '\0')
		(void)snprintf(doubts->hint, sizeof(doubts->hint), "%s", hint);
}

static bool
is_answer(const json_t *value)
{
	return value != NULL && !json_is_null(value) && !json_is_object(value) &&
	       !(json_is_string(value) && json_string_length(value) == 0) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

/* Does one value of `recipient` name whom the request names? */
static bool
names_recipient(const json_t *value, const struct consent_request *request)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return false;
	if (value_is_id(value))
		return request->recipient != NULL && strcmp(text, request->recipient) == 0;
	return request->recipient_name != NULL && text_same(text, request->recipient_name);
}

static bool
lists(const json_t *value, const char *word)
{
	if (word == NULL)
		return false;
	if (json_is_string(value))
		return text_same(json_string_value(value), word);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *item = json_string_value(json_array_get(value, i));
		if (item != NULL && text_same(item, word))
			return true;
	}
	return false;
}

static bool
overlap(const json_t *a, const json_t *b)
{
	if (json_is_string(a))
		return lists(b, json_string_value(a));
	for (size_t i = 0; i < json_array_size(a); i++)
		if (lists(b, json_string_value(json_array_get(a, i))))
			return true;
	return false;
}

static bool
covers_information(const json_t *value, const struct consent_request *request)
{
	if (lists(value, EVERYTHING))
		return true;
	for (size_t i = 0; i < request->information_count; i++)
		if (!lists(value, request->information[i]))
			return false;
	return true;
}

static const struct merge_record *
record_of(const struct merge_record *records, size_t count, const struct entry *entry)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(records[i].rec, entry->rec, PMJ_RECORD_BYTES) == 0)
			return &records[i];
	return NULL;
}

/* An entry that took a consent back, or recorded a refusal. What a stub set nobody here can tell,
 * so it may be one. */
static bool
is_revocation(const struct kind *kind, const struct entry *entry)
{
	const char *to = json_string_value(json_object_get(entry->set, "state"));
	const struct state *state = to != NULL ? kind_state(kind, to) : NULL;

	if (entry->stub)
		return entry->makes || json_object_get(entry->was, "state") != NULL;
	return state != NULL && state->refusing;
}

/* Does a revocation in this record speak of the recipient asked for? Nobody named, or nobody known
 * any more: everyone. */
static bool
revokes_recipient(const struct merge_record *record, const struct consent_request *request)
{
	const struct merge_field *field = merge_field(record, "recipient");

	if (field == NULL)
		return true;
	for (size_t i = 0; i < field->count; i++)
		if (!is_answer(field->values[i].value) ||
		    names_recipient(field->values[i].value, request))
			return true;
	return false;
}

static bool
revokes_purpose(const struct merge_record *record, const struct merge_record *grant)
{
	const struct merge_field *taken = merge_field(record, "purpose");
	const struct merge_field *given = merge_field(grant, "purpose");

	if (taken == NULL || given == NULL)
		return true;
	for (size_t i = 0; i < taken->count; i++)
		for (size_t j = 0; j < given->count; j++)
			if (!is_answer(taken->values[i].value) ||
			    overlap(taken->values[i].value, given->values[j].value))
				return true;
	return false;
}

static bool
knows(const struct deciding *d, const struct merge_record *grant, const struct entry *revocation)
{
	char version[2 * PMJ_VERSION_BYTES + 1];

	text_hex(version, revocation->e, PMJ_VERSION_BYTES);
	for (size_t i = 0; i < d->entry_count; i++)
		if (memcmp(d->entries[i]->rec, grant->rec, PMJ_RECORD_BYTES) == 0 &&
		    lists(d->entries[i]->knows, version))
			return true;
	return false;
}

static bool
refusing_stands(const struct kind *kind, const struct merge_record *grant)
{
	const struct merge_field *field = merge_field(grant, "state");

	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *name = json_string_value(field->values[i].value);
		const struct state *state = name != NULL ? kind_state(kind, name) : NULL;
		if (state != NULL && state->refusing)
			return true;
	}
	return false;
}

static void
check_revocations(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	for (size_t i = 0; i < d->entry_count; i++) {
		const struct entry *entry = d->entries[i];
		const struct merge_record *record;
		if (!is_revocation(d->kind, entry))
			continue;
		record = record_of(d->records, d->record_count, entry);
		if (record == NULL || knows(d, grant, entry))
			continue;
		if (record == grant && refusing_stands(d->kind, grant))
			continue; /* said by check_state */
		if (record == grant) {
			doubt(doubts, 6, "it was revoked or refused",
			    "ask the person, and record a new consent if they give one");
			return;
		}
		if (revokes_recipient(record, d->request) && revokes_purpose(record, grant)) {
			doubt(doubts, 4,
			    "another consent for the same recipient was revoked or refused, and "
			    "this "
			    "one does not know of it",
			    "ask the person, and record a new consent if they give one");
			return;
		}
	}
}

static void
check_state(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *field = merge_field(grant, "state");

	if (grant->voided)
		doubt(doubts, 8, "it was voided", "record a new consent");
	if (refusing_stands(d->kind, grant)) {
		doubt(doubts, 6, "it was revoked or refused",
		    "ask the person, and record a new consent if they give one");
		return;
	}
	if (field == NULL && d->kind->state_count > 0)
		doubt(doubts, 4, "whether it was given is not known here", "ask the coordinator");
	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *name = json_string_value(field->values[i].value);
		const struct state *state = name != NULL ? kind_state(d->kind, name) : NULL;
		if (state != NULL && !state->closed)
			continue;
		doubt(doubts, 4, "it does not stand any more", "record a new consent");
		return;
	}
}

/* Is the field filled, by every value of it that stands? A yes-no is filled by yes. */
static bool
is_filled(const struct merge_record *grant, const char *name)
{
	const struct merge_field *field = merge_field(grant, name);

	for (size_t i = 0; field != NULL && i < field->count; i++)
		if (!is_answer(field->values[i].value) || json_is_false(field->values[i].value))
			return false;
	return field != NULL;
}

static void
check_complete(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	static const char *const usual[] = {
	    "person", "recipient", "purpose", "information", "from", "expires", "how"};
	size_t count = d->kind->consent_needs_count > 0 ? d->kind->consent_needs_count
	                                                : sizeof(usual) / sizeof(usual[0]);
	char what[120], hint[160], id[PMJ_RECORD_CHARS + 1];

	text_base32(id, grant->rec, PMJ_RECORD_BYTES);
	for (size_t i = 0; i < count; i++) {
		const char *name =
		    d->kind->consent_needs_count > 0 ? d->kind->consent_needs[i] : usual[i];
		const struct field *field = kind_field(d->kind, name);
		if (is_filled(grant, name))
			continue;
		if (field != NULL && field->type == FIELD_YES_NO)
			(void)snprintf(what, sizeof(what), "%s is not answered with yes", name);
		else
			(void)snprintf(what, sizeof(what), "%s is missing", name);
		(void)snprintf(
		    hint, sizeof(hint), "ask the person, then: pamoja edit %s %s=...", id, name);
		doubt(doubts, 1, what, hint);
	}
}

/* Each value that stands must lie on the right side of the day. */
static void
check_days(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	static const struct {
		const char *field, *words;
		bool begins;
	} ends[] = {{"from", "it is not valid before", true}, {"expires", "it expired on", false}};

	for (size_t i = 0; i < 2; i++) {
		const struct merge_field *field = merge_field(grant, ends[i].field);
		for (size_t j = 0; field != NULL && j < field->count; j++) {
			const char *day = json_string_value(field->values[j].value);
			char what[60];
			int order;
			if (day == NULL)
				continue;
			order = strcmp(d->request->on, day);
			if (text_is_date(day) && (ends[i].begins ? order >= 0 : order <= 0))
				continue;
			(void)snprintf(what, sizeof(what), "%s %.20s", ends[i].words, day);
			doubt(doubts, 1, what,
			    ends[i].begins ? "wait until then, or ask the person for a new consent"
			                   : "ask the person for a new consent");
			break;
		}
	}
}

static void
check_signed(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *how = merge_field(grant, "how");

	for (size_t i = 0; how != NULL && i < how->count; i++) {
		const char *text = json_string_value(how->values[i].value);
		bool enough = d->kind->consent_signed_count == 0;
		char what[120];
		for (size_t j = 0; text != NULL && j < d->kind->consent_signed_count; j++)
			enough = enough || text_same(text, d->kind->consent_signed[j]);
		if (!is_answer(how->values[i].value) || enough)
			continue; /* a missing one is said by check_complete */
		(void)snprintf(
		    what, sizeof(what), "it is only %.40s, and a signed form is needed", text);
		doubt(doubts, 1, what,
		    "ask the person to sign a form, by hand or thumbprint, and record it as a new "
		    "consent");
		return;
	}
}

static bool
all_fit(const struct merge_record *grant, const char *name, const struct consent_request *request,
    bool (*fits)(const json_t *value, const struct consent_request *request))
{
	const struct merge_field *field = merge_field(grant, name);

	for (size_t i = 0; field != NULL && i < field->count; i++)
		if (!fits(field->values[i].value, request))
			return false;
	return field != NULL;
}

static bool
covers_purpose(const json_t *value, const struct consent_request *request)
{
	return lists(value, request->purpose) || lists(value, request->category);
}

/* A part that is missing altogether is said by check_complete. */
static void
check_scope(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct consent_request *request = d->request;
	char what[120];

	if (is_filled(grant, "recipient") && !all_fit(grant, "recipient", request, names_recipient))
		doubt(doubts, 32, "it is for another recipient",
		    "ask the person for a consent that names this recipient");
	if (is_filled(grant, "purpose") && !all_fit(grant, "purpose", request, covers_purpose)) {
		(void)snprintf(what, sizeof(what), "its purpose is not %.60s",
		    request->purpose != NULL ? request->purpose : "stated");
		doubt(doubts, 16, what, "ask the person for a consent with this purpose");
	}
	if (is_filled(grant, "information") &&
	    !all_fit(grant, "information", request, covers_information))
		doubt(doubts, 2, "it does not cover all the information that would be disclosed",
		    "disclose less, or ask the person for a wider consent");
}

static void
judge_grant(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	memset(doubts, 0, sizeof(*doubts));
	check_scope(doubts, d, grant);
	check_state(doubts, d, grant);
	check_revocations(doubts, d, grant);
	check_complete(doubts, d, grant);
	check_days(doubts, d, grant);
	check_signed(doubts, d, grant);
}

/* People joined as the same lend each other their refusals, never their grants. */
static bool
is_of_person(const struct merge_record *grant, const char *person)
{
	const struct merge_field *field = merge_field(grant, "person");

	if (person == NULL)
		return true;
	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *id = json_string_value(field->values[i].value);
		if (id == NULL || strcmp(id, person) != 0)
			return false;
	}
	return field != NULL;
}

void
consent_decide(struct consent_verdict *out, const struct kind *kind,
    const struct merge_record *records, size_t record_count, const struct entry *const *entries,
    size_t entry_count, const struct consent_request *request)
{
	struct deciding d = {kind, records, record_count, entries, entry_count, request};
	unsigned least = 0;

	memset(out, 0, sizeof(*out));
	(void)snprintf(out->missing, sizeof(out->missing), "no consent of this person is recorded");
	(void)snprintf(out->hint, sizeof(out->hint),
	    "ask the person; then: pamoja consent add person=... recipient=... purpose=%.40s "
	    "information=... expires=... how=written",
	    request->purpose != NULL ? request->purpose : "...");
	for (size_t i = 0; i < record_count && !out->covered; i++) {
		struct doubts doubts;
		if (!is_of_person(&records[i], request->person))
			continue;
		judge_grant(&doubts, &d, &records[i]);
		if (out->nearest &&
		    (doubts.weight > least ||
		        (doubts.weight == least &&
		            memcmp(records[i].rec, out->consent, PMJ_RECORD_BYTES) > 0)))
			continue;
		least = doubts.weight;
		out->nearest = true;
		out->covered = least == 0;
		memcpy(out->consent, records[i].rec, PMJ_RECORD_BYTES);
		(void)snprintf(out->missing, sizeof(out->missing), "%s", doubts.words);
		(void)snprintf(out->hint, sizeof(out->hint), "%s", doubts.hint);
	}
	if (out->covered)
		out->nearest = false;
}

/* Could the two name the same recipient? An id and a plain text may. */
static bool
may_be_same(const json_t *a, const json_t *b)
{
	if (!is_answer(a) || !is_answer(b) || value_is_id(a) != value_is_id(b))
		return true;
	return text_same(json_string_value(a), json_string_value(b));
}

static bool
may_cover(const struct merge_record *record, const json_t *grant_set)
{
	const struct merge_field *recipient = merge_field(record, "recipient");
	const struct merge_field *purpose = merge_field(record, "purpose");
	const json_t *to = json_object_get(grant_set, "recipient");
	const json_t *why = json_object_get(grant_set, "purpose");
	bool same_to = recipient == NULL, same_why = purpose == NULL;

	for (size_t i = 0; recipient != NULL && i < recipient->count; i++)
		same_to = same_to || may_be_same(recipient->values[i].value, to);
	for (size_t i = 0; purpose != NULL && i < purpose->count; i++)
		same_why = same_why || !is_answer(purpose->values[i].value) || !is_answer(why) ||
		           overlap(purpose->values[i].value, why);
	return same_to && same_why;
}

json_t *
consent_knows(const struct kind *kind, const struct merge_record *records, size_t record_count,
    const struct entry *const *entries, size_t entry_count, const json_t *grant_set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < entry_count; i++) {
		const struct merge_record *record;
		char version[2 * PMJ_VERSION_BYTES + 1];
		/* Every later word on a state may be a revocation; of the first ones a refusal
		 * recorded at once is. To know one too many grants nothing. */
		if (entries[i]->makes && !is_revocation(kind, entries[i]))
			continue;
		if (!entries[i]->makes && json_object_get(entries[i]->set, "state") == NULL &&
		    !(entries[i]->stub && json_object_get(entries[i]->was, "state") != NULL))
			continue;
		record = record_of(records, record_count, entries[i]);
		text_hex(version, entries[i]->e, PMJ_VERSION_BYTES);
		if (record != NULL && may_cover(record, grant_set) && !lists(list, version))
			(void)json_array_append_new(list, json_string(version));
	}
	return list;
}
