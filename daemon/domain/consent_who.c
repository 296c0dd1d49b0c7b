/* consent_who.c - who signed a consent, who may tell something under it, and what of it nobody here
 * can read. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/consent_inner.h"

#define OWN_HAND "the person" /* the choice of signed_by that is no guardian */
#define WHO_WORD_MAX 128

/* Of a child each value that stands must name another. */
void
consent_check_guardian(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *by = merge_field(grant, "signed_by");
	const char *person = json_string_value(merge_shown(grant, "person"));
	bool own = by == NULL;
	char hint[256];

	for (size_t i = 0; by != NULL && i < by->count; i++)
		own = own || !consent_is_answer(by->values[i].value) ||
		      consent_lists(by->values[i].value, OWN_HAND);
	if (!own || d->request->age == CONSENT_OF_AGE)
		return;
	if (d->request->age == CONSENT_CHILD) {
		consent_doubt(doubts, 1, "by the day or year of birth the person is a child here",
		    "ask who may lawfully sign for them, and record it as a new consent: "
		    "signed_by=guardian");
		return;
	}
	(void)snprintf(hint, sizeof(hint),
	    "if they are of age already, write down the day: pamoja edit %.20s birth_date=...; "
	    "else ask who may lawfully sign for them: signed_by=guardian",
	    person != NULL ? person : "PERSON");
	consent_doubt(doubts, 1, "by the year of birth the person may still be a child here", hint);
}

/* ---- who may tell it ---- */

/* "Neema, Juma and the nurses": is one of them called so? */
static bool
names_one(const char *text, const char *name)
{
	static const char *const between[] = {",", ";", "/", "|", "&", " and ", " na "};
	char word[WHO_WORD_MAX];

	while (name != NULL && *text != '\0') {
		const char *end = text + strlen(text), *next = end, *hit;

		for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++)
			if ((hit = strstr(text, between[i])) != NULL && hit < end) {
				end = hit;
				next = hit + strlen(between[i]);
			}
		while (text < end && *text == ' ')
			text++;
		while (end > text && end[-1] == ' ')
			end--;
		(void)snprintf(word, sizeof(word), "%.*s", (int)(end - text), text);
		if (text_same(word, name))
			return true;
		text = next;
	}
	return false;
}

/* A class that the kind declares is whoever of the programme has the record; else it is the worker,
 * by name or role. */
static bool
admits(const struct deciding *d, const json_t *value)
{
	const struct field *field = kind_field(d->kind, "discloser");
	const char *text = json_string_value(value);

	if (!consent_is_answer(value) || text == NULL)
		return true; /* that one is missing is said by check_complete */
	for (size_t i = 0; field != NULL && i < field->choice_count; i++)
		if (text_same(text, field->choices[i].value))
			return true;
	return names_one(text, d->request->by_name) || names_one(text, d->request->by_role);
}

void
consent_check_discloser(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *who = merge_field(grant, "discloser");
	char what[160], hint[200], id[PMJ_RECORD_CHARS + 1];

	for (size_t i = 0; d->request->by_name != NULL && who != NULL && i < who->count; i++) {
		if (admits(d, who->values[i].value))
			continue;
		(void)snprintf(what, sizeof(what), "only %.60s may share under it",
		    json_string_value(who->values[i].value));
		(void)snprintf(hint, sizeof(hint),
		    "ask them to do it; or ask the person, then: pamoja edit %s "
		    "discloser=\"care team\"",
		    text_base32(id, grant->rec, PMJ_RECORD_BYTES));
		consent_doubt(doubts, 1, what, hint);
		return;
	}
}

/* ---- what is not known here ---- */

static bool
is_said(const struct merge_field *field)
{
	for (size_t i = 0; i < field->count; i++)
		if (field->values[i].value == NULL || !json_is_null(field->values[i].value))
			return true;
	return false;
}

/* A field of the office's newer kinds, or a newer program's: it may be what the person did not
 * want. Also a "no" and "chose not to say", for nobody here knows what was asked. */
void
consent_check_known(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	static const char *const built_in[] = {"state", "voided", "void_reason"};
	char what[160];

	for (size_t i = 0; i < grant->field_count; i++) {
		const struct merge_field *field = &grant->fields[i];
		bool known = kind_field(d->kind, field->name) != NULL;

		for (size_t j = 0; j < sizeof(built_in) / sizeof(*built_in); j++)
			known = known || strcmp(field->name, built_in[j]) == 0;
		if (known || !is_said(field))
			continue;
		(void)snprintf(what, sizeof(what),
		    "it says something that is not understood here (%.40s)", field->name);
		consent_doubt(doubts, 1, what,
		    "get the office's newer kinds: pamoja sync; or install the newer Pamoja. "
		    "Until then somebody shares it whose laptop has them");
		return;
	}
}
