/* fhir_resources.c - which resource a kind's record becomes, and where its fields go. The one place
 * of the client that knows kinds by name: what FHIR calls things is no data of a programme. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/fhir.h"
#include "cli/kinds.h"

#define ACT_CODE "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define UCUM "http://unitsofmeasure.org"
enum { SELF, TASK = 1, PROVENANCE = 2 };

struct resource_of { /* of one record */
	const json_t *item, *kind, *fields, *texts;
	const char *id, *state;
	json_t *entries;
};

static const char *
words_said(const struct resource_of *m, const char *field)
{
	return json_str(m->texts, field);
}

/* A plain value of a field; NULL also for "chose not to say". */
static const char *
plain_of(const struct resource_of *m, const char *field)
{
	return json_str(m->fields, field);
}

/* What stands beside a word in a table of pairs that NULL ends; otherwise when it stands nowhere.
 */
static const char *
beside(const char *const (*pairs)[2], const char *word, const char *otherwise)
{
	for (; word != NULL && (*pairs)[0] != NULL; pairs++)
		if (strcmp((*pairs)[0], word) == 0)
			return (*pairs)[1];
	return otherwise;
}

static json_t *
patient_of(const struct resource_of *m)
{
	json_t *out = fhir_reference(plain_of(m, "person"), SELF, words_said(m, "person"));

	if (out != NULL)
		(void)json_object_set_new(out, "type", json_string("Patient"));
	return out;
}

static json_t *
period_of(const char *start, const char *end)
{
	return start == NULL && end == NULL ? NULL
	                                    : json_pack("{s:s*,s:s*}", "start", start, "end", end);
}

static json_t *
list_of_one(json_t *one)
{
	return one != NULL ? json_pack("[o]", one) : NULL;
}

/* ---- the narrative: all that is told of the record, readable ---- */

static void
put_xhtml(struct buf *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		static const char special[] = "&<>\"";
		static const char *const as[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
		const char *hit = strchr(special, *text);

		if (hit != NULL)
			buf_put_text(out, as[hit - special]);
		else if ((unsigned char)*text >= ' ')
			buf_put_u8(out, (uint8_t)*text);
		else
			buf_put_text(out, *text == '\n' ? "<br/>" : " ");
	}
}

static json_t *
narrative(const struct resource_of *m)
{
	const json_t *field;
	struct buf div;
	json_t *out;
	size_t i;

	buf_init(&div, 0);
	buf_put_text(&div, "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>");
	put_xhtml(&div, json_str(m->kind, "title"));
	if (json_str(m->item, "state_label") != NULL) {
		buf_put_text(&div, ": ");
		put_xhtml(&div, json_str(m->item, "state_label"));
	}
	buf_put_text(&div, "</p><table>");
	json_array_foreach(json_arr(m->kind, "fields"), i, field)
	{
		const char *text = words_said(m, json_str(field, "name"));

		if (text == NULL || *text == '\0')
			continue;
		buf_put_text(&div, "<tr><td>");
		put_xhtml(&div, kinds_label(field));
		buf_put_text(&div, "</td><td>");
		put_xhtml(&div, text);
		buf_put_text(&div, "</td></tr>");
	}
	buf_put_text(&div, "<tr><td>id</td><td>");
	put_xhtml(&div, m->id);
	buf_put_text(&div, "</td></tr></table></div>");
	out = json_pack("{s:s,s:s}", "status", "additional", "div", buf_text(&div));
	buf_wipe(&div);
	return out;
}

/* ---- one resource ---- */

static json_t *
begin_resource(const struct resource_of *m, const char *type, unsigned which)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "%s%s", m->id,
	    which == TASK         ? "-task"
	    : which == PROVENANCE ? "-by"
	                          : "");
	return json_pack("{s:s,s:s,s:{s:[{s:s,s:s},{s:s,s:s}]},s:o}", "resourceType", type, "id",
	    id, "meta", "security", "system",
	    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code", "R", "system",
	    ACT_CODE, "code", "NORDSCLCD", "text", narrative(m));
}

static void
put_entry(const struct resource_of *m, json_t *resource, unsigned which)
{
	char url[FHIR_URL_MAX];

	(void)json_array_append_new(m->entries,
	    json_pack("{s:s,s:o}", "fullUrl", fhir_url(url, m->id, which), "resource", resource));
}

static json_t *
identifier(const struct resource_of *m)
{
	return json_pack("[{s:s,s:s}]", "system", "urn:pamoja:record", "value", m->id);
}

/* NULL: a list does not say it. */
static json_t *
made_on(const struct resource_of *m)
{
	char at[21];

	if (json_object_get(m->item, "made_at") == NULL)
		return NULL;
	return json_string(fhir_instant(at, json_int(m->item, "made_at", 0)));
}

static void
put_patient(const struct resource_of *m)
{
	static const char *const genders[][2] = {
	    {"woman", "female"}, {"man", "male"}, {NULL, NULL}};
	static const char *const languages[][2] = {{"swahili", "sw"}, {"english", "en"},
	    {"maasai", "mas"}, {"kikuyu", "ki"}, {"kamba", "kam"}, {"luo", "luo"}, {"luhya", "luy"},
	    {"kalenjin", "kln"}, {"sukuma", "suk"}, {"somali", "so"}, {"sign language", "sgn"},
	    {NULL, NULL}};
	json_t *r = begin_resource(m, "Patient", SELF);
	int64_t year = json_int(m->fields, "birth_year", 0);
	const char *tag = beside(languages, plain_of(m, "language"), NULL);

	fhir_put(r, "identifier", identifier(m));
	fhir_put(r, "active", json_boolean(m->state == NULL || strcmp(m->state, "closed") != 0));
	fhir_put(r, "name", list_of_one(fhir_text(words_said(m, "name"))));
	if (plain_of(m, "phone") != NULL)
		fhir_put(r, "telecom",
		    json_pack("[{s:s,s:s}]", "system", "phone", "value", plain_of(m, "phone")));
	if (plain_of(m, "gender") != NULL)
		fhir_put(r, "gender", json_string(beside(genders, plain_of(m, "gender"), "other")));
	if (year > 0) {
		char *text = mem_printf("%04lld", (long long)year);

		fhir_put(r, "birthDate", json_string(text));
		free(text);
	}
	fhir_put(r, "address", list_of_one(fhir_text(words_said(m, "village"))));
	if (plain_of(m, "language") != NULL)
		fhir_put(r, "communication",
		    json_pack("[{s:o}]", "language",
		        tag != NULL ? fhir_coded("urn:ietf:bcp:47", tag, words_said(m, "language"))
		                    : fhir_text(words_said(m, "language"))));
	put_entry(m, r, SELF);
}

static void
put_encounter(const struct resource_of *m)
{
	static const char *const classes[][2] = {{"phone", "VR"}, {"message", "VR"},
	    {"online", "VR"}, {"letter", "VR"}, {"visit", "HH"}, {"accompaniment", "FLD"},
	    {"hearing", "FLD"}, {NULL, NULL}};
	json_t *r = begin_resource(m, "Encounter", SELF);
	int64_t minutes = json_int(m->fields, "minutes", -1);

	fhir_put(r, "identifier", identifier(m));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error" : "finished"));
	fhir_put(r, "class",
	    json_pack("{s:s,s:s}", "system", ACT_CODE, "code",
	        beside(classes, plain_of(m, "kind"), "AMB")));
	fhir_put(r, "type", list_of_one(fhir_text(words_said(m, "kind"))));
	fhir_put(r, "subject", patient_of(m));
	fhir_put(r, "period", period_of(plain_of(m, "on"), plain_of(m, "on")));
	if (minutes >= 0)
		fhir_put(r, "length",
		    json_pack("{s:I,s:s,s:s,s:s}", "value", (json_int_t)minutes, "unit", "min",
		        "system", UCUM, "code", "min"));
	if (words_said(m, "place") != NULL)
		fhir_put(r, "location",
		    json_pack("[{s:{s:s}}]", "location", "display", words_said(m, "place")));
	put_entry(m, r, SELF);
}

static json_t *
notes_of(const struct resource_of *m, const char *field)
{
	return list_of_one(fhir_text(words_said(m, field)));
}

static json_t *
service(const struct resource_of *m, const char *intent, const char *status, const char *category)
{
	json_t *r = begin_resource(m, "ServiceRequest", SELF);

	fhir_put(r, "identifier", identifier(m));
	fhir_put(
	    r, "status", json_string(json_flag(m->item, "voided") ? "entered-in-error" : status));
	fhir_put(r, "intent", json_string(intent));
	fhir_put(r, "category", list_of_one(fhir_text(words_said(m, category))));
	fhir_put(r, "code", fhir_text(words_said(m, category)));
	fhir_put(r, "subject", patient_of(m));
	fhir_put(r, "authoredOn", made_on(m));
	return r;
}

static void
put_need(const struct resource_of *m)
{
	static const char *const states[][2] = {
	    {"met", "completed"}, {"not_met", "revoked"}, {"withdrawn", "revoked"}, {NULL, NULL}};
	json_t *r = service(m, "proposal", beside(states, m->state, "active"), "area");

	fhir_put(r, "reasonCode", notes_of(m, "text"));
	fhir_put(r, "note", notes_of(m, "note"));
	put_entry(m, r, SELF);
}

static json_t *
of_whom(const struct resource_of *m)
{
	return words_said(m, "resource") != NULL
	           ? json_pack("{s:s}", "display", words_said(m, "resource"))
	           : NULL;
}

/* The request, and the task by which the loop is closed. */
static void
put_referral(const struct resource_of *m)
{
	static const char *const asked[][2] = {{"draft", "draft"}, {"declined", "revoked"},
	    {"withdrawn", "revoked"}, {"closed", "completed"}, {NULL, NULL}};
	static const char *const tasks[][2] = {{"draft", "draft"}, {"sent", "requested"},
	    {"received", "received"}, {"accepted", "accepted"}, {"declined", "rejected"},
	    {"attended", "completed"}, {"withdrawn", "cancelled"}, {"closed", "completed"},
	    {NULL, NULL}};
	json_t *r = service(m, "order", beside(asked, m->state, "active"), "category");
	const char *urgency = plain_of(m, "urgency");

	fhir_put(r, "priority",
	    json_string(urgency != NULL && strcmp(urgency, "today") == 0 ? "urgent" : "routine"));
	fhir_put(r, "performer", list_of_one(of_whom(m)));
	fhir_put(r, "reasonCode", notes_of(m, "reason"));
	fhir_put(r, "note", notes_of(m, "note"));
	put_entry(m, r, SELF);

	r = begin_resource(m, "Task", TASK);
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                                             : beside(tasks, m->state, "requested")));
	fhir_put(r, "statusReason", fhir_text(words_said(m, "declined_reason")));
	fhir_put(r, "businessStatus", fhir_text(json_str(m->item, "state_label")));
	fhir_put(r, "intent", json_string("order"));
	fhir_put(r, "focus", fhir_reference(m->id, SELF, NULL));
	fhir_put(r, "for", patient_of(m));
	fhir_put(r, "authoredOn", made_on(m));
	fhir_put(r, "owner", of_whom(m));
	if (words_said(m, "outcome") != NULL)
		fhir_put(r, "output",
		    json_pack("[{s:{s:s},s:s}]", "type", "text", "outcome", "valueString",
		        words_said(m, "outcome")));
	put_entry(m, r, TASK);
}

static void
put_followup(const struct resource_of *m)
{
	static const char *const states[][2] = {
	    {"done", "completed"}, {"cancelled", "cancelled"}, {NULL, NULL}};
	json_t *r = begin_resource(m, "Task", SELF);

	fhir_put(r, "identifier", identifier(m));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                                             : beside(states, m->state, "requested")));
	fhir_put(r, "intent", json_string("plan"));
	if (words_said(m, "what") != NULL)
		fhir_put(r, "description", json_string(words_said(m, "what")));
	fhir_put(r, "for", patient_of(m));
	fhir_put(r, "authoredOn", made_on(m));
	if (plain_of(m, "due") != NULL)
		fhir_put(r, "restriction",
		    json_pack("{s:o}", "period", period_of(NULL, plain_of(m, "due"))));
	fhir_put(r, "note", notes_of(m, "done_note"));
	put_entry(m, r, SELF);
}

/* Words of a list, as codes of ours and as people read them. */
static json_t *
words_of(const struct resource_of *m, const char *field, bool coded)
{
	const json_t *list = json_arr(m->fields, field), *word;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(list, i, word)
	{
		char *system = mem_printf("urn:pamoja:consent:%s", field);
		json_t *coding =
		    json_pack("{s:s,s:s}", "system", system, "code", json_string_value(word));

		(void)json_array_append_new(out, coded ? coding
		                                       : json_pack("{s:[o],s:s}", "coding", coding,
		                                             "text", json_string_value(word)));
		free(system);
	}
	if (json_array_size(out) > 0)
		return out;
	json_decref(out);
	return NULL;
}

static void
put_consent(const struct resource_of *m)
{
	static const char *const states[][2] = {
	    {"revoked", "inactive"}, {"refused", "rejected"}, {NULL, NULL}};
	const char *status =
	    json_flag(m->item, "voided") ? "entered-in-error" : beside(states, m->state, "active");
	json_t *r = begin_resource(m, "Consent", SELF), *provision;

	fhir_put(r, "identifier", identifier(m));
	fhir_put(r, "status", json_string(status));
	fhir_put(r, "scope",
	    fhir_coded(
	        "http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", NULL));
	fhir_put(r, "category", list_of_one(fhir_coded("http://loinc.org", "59284-0", "Consent")));
	fhir_put(r, "patient", patient_of(m));
	if (plain_of(m, "signed_on") != NULL)
		fhir_put(r, "dateTime", json_string(plain_of(m, "signed_on")));
	fhir_put(r, "policyRule", fhir_text("written consent to disclosure (42 CFR 2.31)"));
	provision = json_pack("{s:s}", "type", strcmp(status, "rejected") == 0 ? "deny" : "permit");
	fhir_put(provision, "period", period_of(plain_of(m, "from"), plain_of(m, "expires")));
	if (words_said(m, "recipient") != NULL)
		fhir_put(provision, "actor",
		    json_pack("[{s:o,s:{s:s}}]", "role",
		        fhir_coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
		            "IRCP", NULL),
		        "reference", "display", words_said(m, "recipient")));
	fhir_put(provision, "purpose", words_of(m, "purpose", true));
	fhir_put(provision, "code", words_of(m, "information", false));
	fhir_put(r, "provision", provision);
	put_entry(m, r, SELF);
}

static void
put_goal(const struct resource_of *m)
{
	static const char *const states[][2] = {{"started", "active"}, {"reached", "completed"},
	    {"set_aside", "cancelled"}, {NULL, NULL}};
	json_t *r = begin_resource(m, "Goal", SELF);

	fhir_put(r, "identifier", identifier(m));
	fhir_put(r, "lifecycleStatus",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                                             : beside(states, m->state, "proposed")));
	if (m->state != NULL && strcmp(m->state, "reached") == 0)
		fhir_put(r, "achievementStatus",
		    fhir_coded("http://terminology.hl7.org/CodeSystem/goal-achievement", "achieved",
		        NULL));
	fhir_put(r, "category", list_of_one(fhir_text(words_said(m, "area"))));
	fhir_put(r, "description",
	    fhir_text(words_said(m, "text") != NULL ? words_said(m, "text") : "not told"));
	fhir_put(r, "subject", patient_of(m));
	if (plain_of(m, "by") != NULL)
		fhir_put(r, "target", json_pack("[{s:s}]", "dueDate", plain_of(m, "by")));
	fhir_put(r, "note", notes_of(m, "note"));
	put_entry(m, r, SELF);
}

static void
put_team(const struct resource_of *m)
{
	json_t *r = begin_resource(m, "CareTeam", SELF), *who = json_object();
	bool over = m->state != NULL && strcmp(m->state, "ended") == 0;

	fhir_put(r, "identifier", identifier(m));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                : over                       ? "inactive"
	                                             : "active"));
	fhir_put(r, "subject", patient_of(m));
	fhir_put(r, "period", period_of(plain_of(m, "from"), plain_of(m, "until")));
	fhir_put(who, "role", list_of_one(fhir_text(words_said(m, "role"))));
	if (words_said(m, "worker") != NULL)
		fhir_put(who, "member", json_pack("{s:s}", "display", words_said(m, "worker")));
	fhir_put(who, "period", period_of(plain_of(m, "from"), plain_of(m, "until")));
	fhir_put(r, "participant", list_of_one(who));
	fhir_put(r, "reasonCode", notes_of(m, "reason"));
	put_entry(m, r, SELF);
}

/* An instrument: each whole number a question, the label its text. */
static void
put_answers(const struct resource_of *m)
{
	json_t *r = begin_resource(m, "QuestionnaireResponse", SELF), *items = json_array();
	const json_t *field;
	char *canonical = mem_printf("urn:pamoja:questionnaire:%s", json_str(m->kind, "name"));
	size_t i;

	fhir_put(
	    r, "identifier", json_pack("{s:s,s:s}", "system", "urn:pamoja:record", "value", m->id));
	fhir_put(r, "questionnaire", json_string(canonical));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error" : "completed"));
	fhir_put(r, "subject", patient_of(m));
	if (plain_of(m, "on") != NULL)
		fhir_put(r, "authored", json_string(plain_of(m, "on")));
	json_array_foreach(json_arr(m->kind, "fields"), i, field)
	{
		const char *name = json_str(field, "name");
		const json_t *value = json_object_get(m->fields, name);
		const char *type = json_str(field, "type");

		if (json_is_string(value) && type != NULL && strcmp(type, "choice") == 0)
			(void)json_array_append_new(
			    items, json_pack("{s:s,s:s,s:[{s:s}]}", "linkId", name, "text",
			               kinds_label(field), "answer", "valueString",
			               json_str(m->texts, name)));
		else if (json_is_integer(value))
			(void)json_array_append_new(items,
			    json_pack("{s:s,s:s,s:[{s:O}]}", "linkId", name, "text",
			        kinds_label(field), "answer", "valueInteger", (json_t *)value));
	}
	if (json_array_size(items) > 0)
		(void)json_object_set(r, "item", items);
	json_decref(items);
	free(canonical);
	put_entry(m, r, SELF);
}

static void
put_provenance(const struct resource_of *m)
{
	json_t *r = begin_resource(m, "Provenance", PROVENANCE);

	(void)json_object_set_new(r, "text",
	    json_pack("{s:s,s:s}", "status", "generated", "div",
	        "<div xmlns=\"http://www.w3.org/1999/xhtml\">who wrote it, and when</div>"));
	fhir_put(r, "target", list_of_one(fhir_reference(m->id, SELF, NULL)));
	fhir_put(r, "recorded", made_on(m));
	fhir_put(r, "agent",
	    json_pack("[{s:o*,s:{s:s}}]", "type", fhir_text(json_str(m->item, "role")), "who",
	        "display", json_str(m->item, "by") != NULL ? json_str(m->item, "by") : "unknown"));
	put_entry(m, r, PROVENANCE);
}

bool
fhir_entries(json_t *entries, const json_t *item, const json_t *kind)
{
	static const struct {
		const char *kind;
		void (*put)(const struct resource_of *m);
	} forms[] = {{"person", put_patient}, {"contact", put_encounter},
	    {"referral", put_referral}, {"need", put_need}, {"followup", put_followup},
	    {"consent", put_consent}, {"goal", put_goal}, {"pairing", put_team},
	    {"barc10", put_answers}, {"outcome", put_answers}};
	const char *name = json_str(item, "kind");
	struct resource_of m = {item, kind, json_obj(item, "fields"), json_obj(item, "texts"),
	    json_str(item, "id"), json_str(item, "state"), entries};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (name != NULL && strcmp(name, forms[i].kind) == 0) {
			forms[i].put(&m);
			if (json_object_get(item, "made_at") != NULL)
				put_provenance(&m);
			return true;
		}
	return false;
}
