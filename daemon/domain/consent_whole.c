/* consent_whole.c - what makes a consent complete (42 CFR 2.31): what must be filled, what the
 * general one may leave out, and purposes that take a consent of their own. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/consent_inner.h"

#define END "expires" /* what the general one may leave open */

bool
consent_is_filled(const struct merge_record *grant, const char *name)
{
	const struct merge_field *field = merge_field(grant, name);

	for (size_t i = 0; field != NULL && i < field->count; i++)
		if (!consent_is_answer(field->values[i].value) ||
		    json_is_false(field->values[i].value))
			return false;
	return field != NULL;
}

bool
consent_is_general_purpose(const struct kind *kind, const struct consent_request *request)
{
	for (size_t i = 0; i < kind->consent_general_count; i++)
		if ((request->purpose != NULL &&
		        text_same(request->purpose, kind->consent_general[i])) ||
		    (request->category != NULL &&
		        text_same(request->category, kind->consent_general[i])))
			return true;
	return false;
}

/* Is this the general purpose alone, which need not expire? purposes: a value, or NULL. */
static bool
consent_is_general(const struct kind *kind, const json_t *purposes)
{
	return kind->consent_general_count > 0 && json_array_size(purposes) == 1 &&
	       consent_lists(purposes, kind->consent_general[0]);
}

const char *
consent_mixes(const struct kind *kind, const json_t *purposes)
{
	for (size_t i = 0; i < kind->consent_apart_count && json_array_size(purposes) > 1; i++)
		if (consent_lists(purposes, kind->consent_apart[i]))
			return kind->consent_apart[i];
	return NULL;
}

/* By every value of its purposes that stands, or (some) by one of them. */
static bool
grants_generally(const struct kind *kind, const struct merge_record *grant, bool some)
{
	const struct merge_field *field = merge_field(grant, "purpose");

	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const json_t *value = field->values[i].value;

		if (some && kind->consent_general_count > 0 &&
		    consent_lists(value, kind->consent_general[0]))
			return true;
		if (!some && !consent_is_general(kind, value))
			return false;
	}
	return field != NULL && !some;
}

static void
need(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant,
    const char *name)
{
	const struct field *field = kind_field(d->kind, name);
	char what[120], hint[160], id[PMJ_RECORD_CHARS + 1];

	if (consent_is_filled(grant, name))
		return;
	text_base32(id, grant->rec, PMJ_RECORD_BYTES);
	if (field != NULL && field->type == FIELD_YES_NO)
		(void)snprintf(what, sizeof(what), "%s is not answered with yes", name);
	else
		(void)snprintf(what, sizeof(what), "%s is missing", name);
	(void)snprintf(hint, sizeof(hint), "ask the person, then: pamoja edit %s %s=...", id, name);
	consent_doubt(doubts, 1, what, hint);
}

/* Does a value that stands say that the recipient passes it on? Of several one is enough. */
static bool
goes_through(const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *field = merge_field(grant, d->kind->consent_through[0]);

	for (size_t i = 0; field != NULL && i < field->count; i++)
		if (json_is_true(field->values[i].value))
			return true;
	return d->request->through;
}

static void
check_apart(struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	const struct merge_field *field = merge_field(grant, "purpose");
	char what[120];

	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *apart = consent_mixes(d->kind, field->values[i].value);

		if (apart == NULL)
			continue;
		(void)snprintf(
		    what, sizeof(what), "\"%.60s\" stands in it beside other purposes", apart);
		consent_doubt(doubts, 1, what,
		    "ask the person for two consents, one for that alone and one for the rest");
		return;
	}
}

void
consent_check_complete(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant)
{
	static const char *const usual[] = {
	    "person", "recipient", "purpose", "information", "from", "expires", "how"};
	size_t count = d->kind->consent_needs_count > 0 ? d->kind->consent_needs_count
	                                                : sizeof(usual) / sizeof(usual[0]);
	bool open_ended = grants_generally(d->kind, grant, false);

	for (size_t i = 0; i < count; i++) {
		const char *name =
		    d->kind->consent_needs_count > 0 ? d->kind->consent_needs[i] : usual[i];

		if (!open_ended || strcmp(name, END) != 0)
			need(doubts, d, grant, name);
	}
	if (grants_generally(d->kind, grant, true))
		for (size_t i = 0; i < d->kind->consent_general_needs_count; i++)
			need(doubts, d, grant, d->kind->consent_general_needs[i]);
	if (d->kind->consent_through_count > 0 && goes_through(d, grant))
		for (size_t i = 1; i < d->kind->consent_through_count; i++)
			need(doubts, d, grant, d->kind->consent_through[i]);
	check_apart(doubts, d, grant);
}
