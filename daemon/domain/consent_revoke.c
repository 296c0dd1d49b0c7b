/* consent_revoke.c - revocations and refusals: which consents they cancel (security 8.4). */
#include <string.h>

#include "base/text.h"
#include "domain/consent_inner.h"
#include "domain/value.h"

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
		if (!consent_is_answer(field->values[i].value) ||
		    consent_names_recipient(field->values[i].value, request))
			return true;
	return false;
}

/* Have two lists of purposes something in common: a word, or one is the general purpose and the
 * other something it covers? */
static bool
purposes_meet(const struct kind *kind, const json_t *a, const json_t *b)
{
	if (consent_overlap(a, b))
		return true;
	for (size_t i = 1; i < kind->consent_general_count; i++)
		if ((consent_lists(a, kind->consent_general[0]) &&
		        consent_lists(b, kind->consent_general[i])) ||
		    (consent_lists(b, kind->consent_general[0]) &&
		        consent_lists(a, kind->consent_general[i])))
			return true;
	return false;
}

static bool
revokes_purpose(
    const struct kind *kind, const struct merge_record *record, const struct merge_record *grant)
{
	const struct merge_field *taken = merge_field(record, "purpose");
	const struct merge_field *given = merge_field(grant, "purpose");

	if (taken == NULL || given == NULL)
		return true;
	for (size_t i = 0; i < taken->count; i++)
		for (size_t j = 0; j < given->count; j++)
			if (!consent_is_answer(taken->values[i].value) ||
			    purposes_meet(kind, taken->values[i].value, given->values[j].value))
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
		    consent_lists(d->entries[i]->knows, version))
			return true;
	return false;
}

bool
consent_refusing_stands(const struct kind *kind, const struct merge_record *grant)
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

void
consent_check_revocations(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	for (size_t i = 0; i < d->entry_count; i++) {
		const struct entry *entry = d->entries[i];
		const struct merge_record *record;
		if (!is_revocation(d->kind, entry))
			continue;
		record = record_of(d->records, d->record_count, entry);
		if (record == NULL || knows(d, grant, entry))
			continue;
		if (record == grant && consent_refusing_stands(d->kind, grant))
			continue; /* said by check_state */
		if (record == grant) {
			doubts->taken_back = true;
			consent_doubt(doubts, 6, "it was revoked or refused",
			    "ask the person, and record a new consent if they give one");
			return;
		}
		if (revokes_recipient(record, d->request) &&
		    revokes_purpose(d->kind, record, grant)) {
			doubts->taken_back = true;
			consent_doubt(doubts, 4,
			    "another consent for the same recipient was revoked or refused, and "
			    "this "
			    "one does not know of it",
			    "ask the person, and record a new consent if they give one");
			return;
		}
	}
}

/* Words may be classes that have someone in common. */
static bool
may_be_same(const json_t *a, const json_t *b)
{
	if (!consent_is_answer(a) || !consent_is_answer(b) || !value_is_id(a) || !value_is_id(b))
		return true;
	return text_same(json_string_value(a), json_string_value(b));
}

static bool
may_cover(const struct kind *kind, const struct merge_record *record, const json_t *grant_set)
{
	const struct merge_field *recipient = merge_field(record, "recipient");
	const struct merge_field *purpose = merge_field(record, "purpose");
	const json_t *to = json_object_get(grant_set, "recipient");
	const json_t *why = json_object_get(grant_set, "purpose");
	bool same_to = recipient == NULL, same_why = purpose == NULL;

	for (size_t i = 0; recipient != NULL && i < recipient->count; i++)
		same_to = same_to || may_be_same(recipient->values[i].value, to);
	for (size_t i = 0; purpose != NULL && i < purpose->count; i++)
		same_why = same_why || !consent_is_answer(purpose->values[i].value) ||
		           !consent_is_answer(why) ||
		           purposes_meet(kind, purpose->values[i].value, why);
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
		if (record != NULL && may_cover(kind, record, grant_set) &&
		    !consent_lists(list, version))
			(void)json_array_append_new(list, json_string(version));
	}
	return list;
}
