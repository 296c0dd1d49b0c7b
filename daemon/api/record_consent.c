/* record_consent.c - what is told about a person, and the consent that must cover it. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/notice.h"
#include "domain/profile.h"

static enum pmj_code
fail_verdict(const struct consent_verdict *verdict, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_REFUSED, "no consent covers this: %s", verdict->missing);
	pmj_hint(err, "%s", verdict->hint);
	return PMJ_REFUSED;
}

/* Of the consent that comes nearest: perhaps its class of recipients is nobody. */
static enum pmj_code
fail_near(const struct call *call, const struct consent_verdict *verdict, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc = records_load(call->core->journal, &record, verdict->consent, err);
	const struct kind *kind;

	if (rc == PMJ_OK && record.merged.kind != NULL &&
	    (kind = kinds_get(&call->core->kinds, record.merged.kind)) != NULL &&
	    record_class_empty(call, kind, merge_shown(&record.merged, "recipient"))) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "no consent covers this: nobody in the directory belongs to \"%.60s\"",
		    json_string_value(merge_shown(&record.merged, "recipient")));
		pmj_hint(err,
		    "if this service does: pamoja edit RESOURCE class=... or category=...; "
		    "else ask the person for a consent that names it");
	} else if (rc == PMJ_OK) {
		rc = fail_verdict(verdict, err);
	}
	record_full_close(&record);
	return rc;
}

/* Ask the person's consents whether this may be done today. consent (or NULL) receives the one that
 * covers it. */
static enum pmj_code
ask_consents(const struct call *call, const uint8_t person[static PMJ_RECORD_BYTES],
    const struct consent_request *what, uint8_t *consent, struct pmj_error *err)
{
	struct consent_request request = *what;
	struct consent_verdict verdict;
	char date[11];
	enum pmj_code rc;

	record_date(call, date);
	request.on = date;
	request.age = country_age(call, person);
	if ((rc = records_consent(call->core->journal, &verdict, person, &request, err)) != PMJ_OK)
		return rc;
	if (verdict.covered && consent != NULL)
		memcpy(consent, verdict.consent, PMJ_RECORD_BYTES);
	if (verdict.covered)
		return PMJ_OK;
	/* Where nobody is told anything, no service is looked for in a class either. */
	return verdict.nearest && request.by_name != NULL ? fail_near(call, &verdict, err)
	                                                  : fail_verdict(&verdict, err);
}

enum pmj_code
record_made_under_consent(
    const struct call *call, const struct kind *kind, const json_t *set, struct pmj_error *err)
{
	struct consent_request request = {
	    .recipient_name = kind->consent_to, .purpose = kind->consent_for};
	uint8_t person[PMJ_RECORD_BYTES];
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; kind->consent_for != NULL && i < kind->subject_count && rc == PMJ_OK;
	     i++) {
		const char *id = json_str(set, kind->subjects[i]);

		if (id != NULL && text_unbase32(person, sizeof(person), id, strlen(id)))
			rc = ask_consents(call, person, &request, NULL, err);
	}
	return rc;
}

static const char *
moved_text(const struct merge_record *merged, const json_t *set, const char *name)
{
	return json_string_value(record_moved_value(merged, set, name));
}

static const json_t *
shown_of(const void *ctx, const char *field)
{
	return merge_shown(ctx, field);
}

/* A text of its own; NULL when nothing is said. */
static char *
plain_copy(const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && *text != '\0' ? mem_strdup(text) : NULL;
}

static enum pmj_code
look_at_recipient(
    const struct call *call, struct recipient *out, const char *typed, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	const struct kind *kind;
	const struct state *state;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (typed == NULL || strlen(typed) != PMJ_RECORD_CHARS ||
	    !text_unbase32(rec, sizeof(rec), typed, PMJ_RECORD_CHARS))
		return PMJ_OK;
	out->known = true;
	out->name = records_title(call->core->journal, rec, call->lang);
	if ((rc = records_load(call->core->journal, &record, rec, err)) == PMJ_OK &&
	    record.merged.kind != NULL &&
	    (kind = kinds_get(&call->core->kinds, record.merged.kind)) != NULL) {
		const char *name = json_string_value(merge_shown(&record.merged, "state"));

		state = name != NULL ? kind_state(kind, name) : NULL;
		out->closed = state != NULL && state->closed;
		out->nothing = kind_receives_nothing(kind, shown_of, &record.merged);
		out->classes = record_classes(kind, &record.merged);
		out->through = kind->through != NULL &&
		               json_is_true(merge_shown(&record.merged, kind->through));
		out->country = plain_copy(merge_shown(&record.merged, "country"));
	}
	record_full_close(&record);
	return rc;
}

/* It must stand, and take people. */
static enum pmj_code
check_recipient(const struct call *call, const struct kind *kind, const char *typed,
    const struct recipient *to, struct pmj_error *err)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if (!to->known || !text_unbase32(rec, sizeof(rec), typed, PMJ_RECORD_CHARS))
		return PMJ_OK;
	if ((rc = record_stands(call, kind->discloses_to, rec, err)) != PMJ_OK || !to->closed)
		return rc;
	rc = pmj_fail(err, PMJ_REFUSED, "%.60s has closed or takes nobody any more", to->name);
	pmj_hint(err,
	    "choose another: pamoja resource list; if it is open again: pamoja resource "
	    "reopen %.20s",
	    typed);
	return rc;
}

/* Over the border of the programme's country goes what its profile lets cross, and what a consent
 * names. */
static enum pmj_code
check_crossing(const struct call *call, const char *country, struct consent_request *request,
    struct pmj_error *err)
{
	struct profile profile;
	enum pmj_code rc;

	if (country == NULL)
		return PMJ_OK;
	if ((rc = office_profile(call->core, &profile, err)) != PMJ_OK) {
		pmj_context(err, "nothing goes to another country without the country's profile");
		return rc;
	}
	if (profile.name != NULL && !text_same(profile.name, country) &&
	    !profile_crosses(&profile, request->information, request->information_count))
		request->abroad = country;
	profile_close(&profile);
	return PMJ_OK;
}

enum pmj_code
record_ask(const struct call *call, struct asked *out, const struct kind *kind,
    const struct merge_record *merged, const json_t *set, struct pmj_error *err)
{
	const json_t *list = record_moved_value(merged, set, kind->discloses);
	const char *person =
	    kind->subject_count > 0 ? moved_text(merged, set, kind->subjects[0]) : NULL;
	const char *purpose = moved_text(merged, set, kind->discloses_for);
	const char *to = moved_text(merged, set, kind->discloses_to);
	struct consent_request *request = &out->request;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (person == NULL ||
	    !text_unbase32(out->person, sizeof(out->person), person, strlen(person)))
		return pmj_fail(
		    err, PMJ_REFUSED, "no person is named, so nobody can have consented");
	if ((rc = look_at_recipient(call, &out->to, to, err)) != PMJ_OK)
		return rc;
	request->purpose = purpose != NULL ? purpose : kind->name;
	request->category = moved_text(merged, set, kind->discloses_category);
	request->information = out->information;
	for (size_t i = 0; i < json_array_size(list) && request->information_count < ASKED_MAX; i++)
		out->information[request->information_count++] =
		    json_string_value(json_array_get(list, i));
	request->recipient = out->to.known ? to : NULL;
	request->recipient_name = out->to.known ? out->to.name : to;
	request->through = out->to.through;
	request->classes = out->classes;
	list = out->to.classes;
	for (size_t i = 0; i < json_array_size(list) && request->class_count < ASKED_MAX; i++)
		out->classes[request->class_count++] = json_string_value(json_array_get(list, i));
	return PMJ_OK;
}

void
record_asked_close(struct asked *asked)
{
	json_decref(asked->to.classes);
	free(asked->to.country);
	free(asked->to.name);
	free(asked->by_name);
	free(asked->by_role);
}

/* What nobody looked at would go along: no list is cut short. The rules of the office and of the
 * country may ask more of a consent than those that are in force here instead. */
static enum pmj_code
may_ask(const struct call *call, const struct kind *kind, const struct merge_record *merged,
    const json_t *set, struct pmj_error *err)
{
	enum pmj_code rc = core_may_tell(call->core, err);

	if (rc == PMJ_OK &&
	    json_array_size(record_moved_value(merged, set, kind->discloses)) > ASKED_MAX) {
		rc = pmj_fail(
		    err, PMJ_REFUSED, "this names more than %d sorts of information", ASKED_MAX);
		pmj_hint(err, "name fewer, or \"all\" where the person allows all of it");
	} else if (rc == PMJ_OK && call->core->consents_in_doubt) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "the rules for consents that your office made are not understood on this "
		    "laptop, so nothing is told under one here");
		pmj_hint(err, "install the newer Pamoja; `pamoja doctor` says which rule it is. "
		              "Until then somebody shares it whose laptop knows them");
	}
	return rc;
}

enum pmj_code
record_covered(const struct call *call, struct told *out, const struct kind *kind,
    const struct merge_record *merged, const json_t *set, struct pmj_error *err)
{
	const char *to = moved_text(merged, set, kind->discloses_to);
	struct asked asked;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = record_ask(call, &asked, kind, merged, set, err)) != PMJ_OK)
		goto out;
	memcpy(out->person, asked.person, sizeof(out->person));
	if ((rc = record_stands(call, kind->subjects[0], out->person, err)) != PMJ_OK ||
	    (rc = check_recipient(call, kind, to, &asked.to, err)) != PMJ_OK)
		goto out;
	out->nothing = asked.to.nothing;
	core_who(call->core, ring_device_id(call->core->ring), &asked.by_name, &asked.by_role);
	asked.request.by_name = asked.by_name;
	asked.request.by_role = asked.by_role;
	if (!out->nothing && (rc = may_ask(call, kind, merged, set, err)) == PMJ_OK &&
	    (rc = check_crossing(call,
	         asked.to.country != NULL ? asked.to.country
	                                  : moved_text(merged, set, kind->discloses_country),
	         &asked.request, err)) == PMJ_OK)
		rc = ask_consents(call, out->person, &asked.request, out->consent, err);
out:
	record_asked_close(&asked);
	return rc;
}

void
record_set_disclosed(const struct kind *kind, const struct merge_record *merged, json_t *set)
{
	const char *const names[] = {kind->discloses_to, kind->discloses_for,
	    kind->discloses_category, kind->discloses_country, kind->discloses};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *value = record_moved_value(merged, set, names[i]);

		if (value != NULL)
			(void)json_object_set(set, names[i], (json_t *)value);
	}
}

/* A reader of the ledger finds there under which consent and with which notice it was told. */
enum pmj_code
record_put_told(const struct call *call, const struct kind *kind, const struct told *told,
    json_t *set, struct pmj_error *err)
{
	struct notice notice;
	char id[PMJ_RECORD_CHARS + 1], version[NOTICE_ID_MAX];
	enum pmj_code rc;

	if (kind_field(kind, "consent") != NULL)
		(void)json_object_set_new(
		    set, "consent", json_string(text_base32(id, told->consent, PMJ_RECORD_BYTES)));
	if (kind_field(kind, "notice") == NULL)
		return PMJ_OK;
	if ((rc = country_notice(call, &notice, false, err)) != PMJ_OK)
		return rc;
	notice_id(&notice, version);
	(void)json_object_set_new(set, "notice", json_string(version));
	notice_close(&notice);
	return PMJ_OK;
}

/* To whom nothing is ever told a person goes by themselves: no consent is needed, and the entry
 * says that nothing was told, whatever the recipient becomes later. */
enum pmj_code
record_discloses(const struct call *call, const struct kind *kind, const struct move *move,
    const struct merge_record *merged, json_t *set, struct pmj_error *err)
{
	const struct field *information =
	    kind->discloses != NULL ? kind_field(kind, kind->discloses) : NULL;
	struct told told;
	enum pmj_code rc = PMJ_OK;

	(void)json_object_del(set, "consent");
	(void)json_object_del(set, "notice");
	if (move->needs_consent)
		rc = record_covered(call, &told, kind, merged, set, err);
	else
		rc = country_route(call, move, err);
	if (rc != PMJ_OK)
		return rc;
	if (move->needs_consent && told.nothing) {
		if (information == NULL || field_choice(information, RECORD_TOLD_NOTHING) == NULL)
			return record_fail_nothing("this recipient", err);
		(void)json_object_set_new(
		    set, kind->discloses, json_pack("[s]", RECORD_TOLD_NOTHING));
	} else if (move->needs_consent) {
		rc = record_put_told(call, kind, &told, set, err);
	}
	record_set_disclosed(kind, merged, set);
	return rc;
}

bool
record_told_nothing(const json_t *information)
{
	const char *word = json_string_value(json_array_get(information, 0));

	return json_array_size(information) == 1 && word != NULL &&
	       strcmp(word, RECORD_TOLD_NOTHING) == 0;
}

enum pmj_code
record_fail_nothing(const char *name, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_REFUSED, "%.60s never receives anything about a person", name);
	pmj_hint(err, "the person goes there by themselves: pamoja slip ID prints where and when");
	return PMJ_REFUSED;
}

bool
record_unsent(const struct kind *kind, const char *state)
{
	for (size_t m = 0; m < kind->move_count; m++)
		for (size_t f = 0; kind->moves[m].needs_consent && f < kind->moves[m].from_count;
		     f++)
			if (state != NULL && strcmp(kind->moves[m].from[f], state) == 0)
				return true;
	return false;
}

enum pmj_code
record_keeps_consent(const struct call *call, const struct kind *kind,
    const struct merge_record *merged, const json_t *set, const char *to, struct pmj_error *err)
{
	const char *const names[] = {kind->discloses_to, kind->discloses_for,
	    kind->discloses_category, kind->discloses_country, kind->discloses};
	const struct merge_field *state = merge_field(merged, "state");
	bool changes = false, before = to != NULL ? record_unsent(kind, to) : true;
	struct told told;
	enum pmj_code rc;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *value = names[i] != NULL ? json_object_get(set, names[i]) : NULL;

		changes =
		    changes || (value != NULL && !json_equal(value, merge_shown(merged, names[i])));
	}
	for (size_t i = 0; to == NULL && state != NULL && i < state->count; i++)
		before = before && record_unsent(kind, json_string_value(state->values[i].value));
	if (!changes || before)
		return PMJ_OK;
	if ((rc = record_covered(call, &told, kind, merged, set, err)) != PMJ_OK || !told.nothing ||
	    record_told_nothing(record_moved_value(merged, set, kind->discloses)))
		return rc;
	return record_fail_nothing("this recipient", err);
}
