/* consent.c - may this be disclosed? Every reason against it is named, so that a person can mend
 * it. */
#include "base/date.h"
#include "domain/consent_inner.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/value.h"

#define EVERYTHING "all" /* the choice of information that covers any */

void
consent_doubt(struct doubts *doubts, unsigned weight, const char *what, const char *hint)
{
	size_t used = strlen(doubts->words);

	doubts->weight += weight;
	(void)snprintf(
	    doubts->words + used, sizeof(doubts->words) - used, "%s%s", used > 0 ? "; " : "", what);
	if (*doubts->hint == '\0')
		(void)snprintf(doubts->hint, sizeof(doubts->hint), "%s", hint);
}

bool
consent_is_answer(const json_t *value)
{
	return value != NULL && !json_is_null(value) && !json_is_object(value) &&
	       !(json_is_string(value) && json_string_length(value) == 0) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

/* Does one value of `recipient` name whom the request names? */
bool
consent_names_recipient(const json_t *value, const struct consent_request *request)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return false;
	if (value_is_id(value))
		return request->recipient != NULL && strcmp(text, request->recipient) == 0;
	for (size_t i = 0; i < request->class_count; i++)
		if (text_same(text, request->classes[i]))
			return true;
	return request->recipient_name != NULL && text_same(text, request->recipient_name);
}

bool
consent_lists(const json_t *value, const char *word)
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

bool
consent_overlap(const json_t *a, const json_t *b)
{
	if (json_is_string(a))
		return consent_lists(b, json_string_value(a));
	for (size_t i = 0; i < json_array_size(a); i++)
		if (consent_lists(b, json_string_value(json_array_get(a, i))))
			return true;
	return false;
}

static bool
covers_information(const json_t *value, const struct deciding *d)
{
	const struct consent_request *request = d->request;

	if (consent_lists(value, EVERYTHING))
		return true;
	for (size_t i = 0; i < request->information_count; i++)
		if (!consent_lists(value, request->information[i]))
			return false;
	return true;
}

static void
check_state(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *field = merge_field(grant, "state");

	if (grant->voided)
		consent_doubt(doubts, 8, "it was voided", "record a new consent");
	if (consent_refusing_stands(d->kind, grant)) {
		doubts->taken_back = true;
		consent_doubt(doubts, 6, "it was revoked or refused",
		    "ask the person, and record a new consent if they give one");
		return;
	}
	if (field == NULL && d->kind->state_count > 0)
		consent_doubt(
		    doubts, 4, "whether it was given is not known here", "ask the coordinator");
	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *name = json_string_value(field->values[i].value);
		const struct state *state = name != NULL ? kind_state(d->kind, name) : NULL;
		if (state != NULL && !state->closed)
			continue;
		consent_doubt(doubts, 4, "it does not stand any more", "record a new consent");
		return;
	}
}

/* Each value that stands must lie on the right side of the day. */
static void
check_days(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	static const struct {
		const char *field;
		bool begins;
	} ends[] = {{"from", true}, {"expires", false}};

	for (size_t i = 0; i < 2; i++) {
		const struct merge_field *field = merge_field(grant, ends[i].field);
		for (size_t j = 0; field != NULL && j < field->count; j++) {
			const char *day = json_string_value(field->values[j].value);
			char what[60];
			int order;
			if (day == NULL)
				continue;
			order = strcmp(d->request->on, day);
			if (date_is_day(day) && (ends[i].begins ? order >= 0 : order <= 0))
				continue;
			if (ends[i].begins)
				(void)snprintf(
				    what, sizeof(what), "it is not valid before %.20s", day);
			else
				(void)snprintf(what, sizeof(what), "it expired on %.20s", day);
			consent_doubt(doubts, 1, what,
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
		if (!consent_is_answer(how->values[i].value) || enough)
			continue; /* a missing one is said by check_complete */
		(void)snprintf(
		    what, sizeof(what), "it is only %.40s, and a signed form is needed", text);
		consent_doubt(doubts, 1, what,
		    "ask the person to sign a form, by hand or thumbprint, and record it as a new "
		    "consent");
		return;
	}
}

static bool
all_fit(const struct merge_record *grant, const char *name, const struct deciding *d,
    bool (*fits)(const json_t *value, const struct deciding *d))
{
	const struct merge_field *field = merge_field(grant, name);

	for (size_t i = 0; field != NULL && i < field->count; i++)
		if (!fits(field->values[i].value, d))
			return false;
	return field != NULL;
}

static bool
covers_recipient(const json_t *value, const struct deciding *d)
{
	return consent_names_recipient(value, d->request);
}

static bool
covers_purpose(const json_t *value, const struct deciding *d)
{
	const struct consent_request *request = d->request;

	return consent_lists(value, request->purpose) || consent_lists(value, request->category) ||
	       (d->kind->consent_general_count > 0 &&
	           consent_lists(value, d->kind->consent_general[0]) &&
	           consent_is_general_purpose(d->kind, request));
}

/* A recipient that is nobody's record but a word of the kind file: nobody would guess it. */
static const char *
typed_recipient(const struct consent_request *request)
{
	const char *name = request->recipient_name;

	return request->recipient == NULL && name != NULL && strchr(name, ' ') == NULL ? name
	                                                                               : "...";
}

static void
say_how_to_record(char *hint, size_t size, const struct consent_request *request)
{
	(void)snprintf(hint, size,
	    "ask the person; then: pamoja consent add person=... recipient=%.40s purpose=%.40s "
	    "information=... expires=... how=written",
	    typed_recipient(request), request->purpose != NULL ? request->purpose : "...");
}

/* A part that is missing altogether is said by check_complete. */
static void
check_scope(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct consent_request *request = d->request;
	char what[120], hint[256];

	if (consent_is_filled(grant, "recipient") &&
	    !all_fit(grant, "recipient", d, covers_recipient)) {
		say_how_to_record(hint, sizeof(hint), request);
		consent_doubt(doubts, 32, "it is for another recipient", hint);
	}
	if (consent_is_filled(grant, "purpose") && !all_fit(grant, "purpose", d, covers_purpose)) {
		(void)snprintf(what, sizeof(what), "its purpose is not %.60s",
		    request->purpose != NULL ? request->purpose : "stated");
		consent_doubt(doubts, 16, what, "ask the person for a consent with this purpose");
	}
	if (consent_is_filled(grant, "information") &&
	    !all_fit(grant, "information", d, covers_information))
		consent_doubt(doubts, 2,
		    "it does not cover all the information that would be disclosed",
		    "disclose less, or ask the person for a wider consent");
}

/* To be allowed over a border each value that stands must say yes. */
static void
check_border(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	char what[120], hint[160], id[PMJ_RECORD_CHARS + 1];

	if (d->request->abroad == NULL || consent_is_filled(grant, "abroad"))
		return;
	text_base32(id, grant->rec, PMJ_RECORD_BYTES);
	(void)snprintf(what, sizeof(what),
	    "it does not say that anything may leave the country (to: %.40s)", d->request->abroad);
	(void)snprintf(hint, sizeof(hint),
	    "counts without names may cross; for more ask the person, then: pamoja edit %s "
	    "abroad=yes",
	    id);
	consent_doubt(doubts, 1, what, hint);
}

static void
judge_grant(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	memset(doubts, 0, sizeof(*doubts));
	check_scope(doubts, d, grant);
	check_state(doubts, d, grant);
	consent_check_revocations(doubts, d, grant);
	consent_check_complete(doubts, d, grant);
	check_days(doubts, d, grant);
	check_signed(doubts, d, grant);
	consent_check_known(doubts, d, grant);
	consent_check_guardian(doubts, d, grant);
	consent_check_discloser(doubts, d, grant);
	check_border(doubts, d, grant);
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
	say_how_to_record(out->hint, sizeof(out->hint), request);
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
		out->taken_back = doubts.taken_back;
		(void)snprintf(out->missing, sizeof(out->missing), "%s", doubts.words);
		(void)snprintf(out->hint, sizeof(out->hint), "%s", doubts.hint);
	}
	if (out->covered)
		out->nearest = false;
}

void
consent_usable(struct consent_verdict *out, const struct kind *kind,
    const struct merge_record *record, const char *on, enum consent_age age)
{
	struct consent_request request = {.on = on, .age = age};
	struct deciding d = {.kind = kind, .request = &request};
	struct doubts doubts = {.weight = 0};

	memset(out, 0, sizeof(*out));
	check_state(&doubts, &d, record);
	out->covered = doubts.weight > 0;
	if (out->covered)
		return;
	consent_check_complete(&doubts, &d, record);
	check_days(&doubts, &d, record);
	check_signed(&doubts, &d, record);
	consent_check_known(&doubts, &d, record);
	consent_check_guardian(&doubts, &d, record);
	out->covered = doubts.weight == 0;
	(void)snprintf(out->missing, sizeof(out->missing), "%s", doubts.words);
	(void)snprintf(out->hint, sizeof(out->hint), "%s", doubts.hint);
}
