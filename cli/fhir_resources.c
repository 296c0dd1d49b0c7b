/* fhir_resources.c - which resource a kind's record becomes, and where its fields go. The one place
 * of the client that knows kinds by name: what FHIR calls things is no data of a programme. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/fhir_inner.h"
#include "cli/kinds.h"

static void
put_patient(const struct resource_of *m)
{
	static const char *const genders[][2] = {
	    {"woman", "female"}, {"man", "male"}, {NULL, NULL}};
	static const char *const languages[][2] = {{"swahili", "sw"}, {"english", "en"},
	    {"maasai", "mas"}, {"kikuyu", "ki"}, {"kamba", "kam"}, {"luo", "luo"}, {"luhya", "luy"},
	    {"kalenjin", "kln"}, {"sukuma", "suk"}, {"somali", "so"}, {"sign language", "sgn"},
	    {NULL, NULL}};
	json_t *r = fhir_begin_resource(m, "Patient", SELF);
	int64_t year = json_int(m->fields, "birth_year", 0);
	const char *tag = fhir_beside(languages, fhir_plain(m, "language"), NULL);

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(r, "active",
	    json_boolean(!json_flag(m->item, "voided") &&
	                 (m->state == NULL || strcmp(m->state, "closed") != 0)));
	fhir_put(r, "name", fhir_list(fhir_text(fhir_words(m, "name"))));
	if (fhir_plain(m, "phone") != NULL)
		fhir_put(r, "telecom",
		    json_pack("[{s:s,s:s}]", "system", "phone", "value", fhir_plain(m, "phone")));
	if (fhir_plain(m, "gender") != NULL)
		fhir_put(r, "gender",
		    json_string(fhir_beside(genders, fhir_plain(m, "gender"), "other")));
	if (fhir_plain(m, "birth_date") != NULL) {
		fhir_put(r, "birthDate", json_string(fhir_plain(m, "birth_date")));
	} else if (year > 0) {
		char *text = mem_printf("%04lld", (long long)year);

		fhir_put(r, "birthDate", json_string(text));
		free(text);
	}
	fhir_put(r, "address", fhir_list(fhir_text(fhir_words(m, "village"))));
	if (fhir_plain(m, "language") != NULL)
		fhir_put(r, "communication",
		    json_pack("[{s:o}]", "language",
		        tag != NULL ? fhir_coded("urn:ietf:bcp:47", tag, fhir_words(m, "language"))
		                    : fhir_text(fhir_words(m, "language"))));
	fhir_put_entry(m, r, SELF);
}

static void
put_encounter(const struct resource_of *m)
{
	static const char *const classes[][2] = {{"phone", "VR"}, {"message", "VR"},
	    {"online", "VR"}, {"letter", "VR"}, {"visit", "HH"}, {"accompaniment", "FLD"},
	    {"hearing", "FLD"}, {NULL, NULL}};
	json_t *r = fhir_begin_resource(m, "Encounter", SELF);
	int64_t minutes = json_int(m->fields, "minutes", -1);

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error" : "finished"));
	fhir_put(r, "class",
	    json_pack("{s:s,s:s}", "system", ACT_CODE, "code",
	        fhir_beside(classes, fhir_plain(m, "kind"), "AMB")));
	fhir_put(r, "type", fhir_list(fhir_text(fhir_words(m, "kind"))));
	fhir_put(r, "subject", fhir_patient(m));
	fhir_put(r, "period", fhir_period(fhir_plain(m, "on"), fhir_plain(m, "on")));
	if (minutes >= 0)
		fhir_put(r, "length",
		    json_pack("{s:I,s:s,s:s,s:s}", "value", (json_int_t)minutes, "unit", "min",
		        "system", UCUM, "code", "min"));
	if (fhir_words(m, "place") != NULL)
		fhir_put(r, "location",
		    json_pack("[{s:{s:s}}]", "location", "display", fhir_words(m, "place")));
	fhir_put_entry(m, r, SELF);
}

static json_t *
service(const struct resource_of *m, const char *intent, const char *status, const char *category)
{
	json_t *r = fhir_begin_resource(m, "ServiceRequest", SELF);

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(
	    r, "status", json_string(json_flag(m->item, "voided") ? "entered-in-error" : status));
	fhir_put(r, "intent", json_string(intent));
	fhir_put(r, "category", fhir_list(fhir_text(fhir_words(m, category))));
	fhir_put(r, "code", fhir_text(fhir_words(m, category)));
	fhir_put(r, "subject", fhir_patient(m));
	fhir_put(r, "authoredOn", fhir_made_on(m));
	return r;
}

static void
put_need(const struct resource_of *m)
{
	static const char *const states[][2] = {
	    {"met", "completed"}, {"not_met", "revoked"}, {"withdrawn", "revoked"}, {NULL, NULL}};
	json_t *r = service(m, "proposal", fhir_beside(states, m->state, "active"), "area");

	fhir_put(r, "reasonCode", fhir_notes(m, "text"));
	fhir_put(r, "note", fhir_notes(m, "note"));
	fhir_put_entry(m, r, SELF);
}

static json_t *
of_whom(const struct resource_of *m)
{
	return fhir_words(m, "resource") != NULL
	           ? json_pack("{s:s}", "display", fhir_words(m, "resource"))
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
	json_t *r = service(m, "order", fhir_beside(asked, m->state, "active"), "category");
	const char *urgency = fhir_plain(m, "urgency");

	fhir_put(r, "priority",
	    json_string(urgency != NULL && strcmp(urgency, "today") == 0 ? "urgent" : "routine"));
	fhir_put(r, "performer", fhir_list(of_whom(m)));
	fhir_put(r, "reasonCode", fhir_notes(m, "reason"));
	fhir_put(r, "note", fhir_notes(m, "note"));
	fhir_put_entry(m, r, SELF);

	r = fhir_begin_resource(m, "Task", TASK);
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                                             : fhir_beside(tasks, m->state, "requested")));
	fhir_put(r, "statusReason", fhir_text(fhir_words(m, "declined_reason")));
	fhir_put(r, "businessStatus", fhir_text(json_str(m->item, "state_label")));
	fhir_put(r, "intent", json_string("order"));
	fhir_put(r, "focus", fhir_reference(m->id, SELF, NULL));
	fhir_put(r, "for", fhir_patient(m));
	fhir_put(r, "authoredOn", fhir_made_on(m));
	fhir_put(r, "owner", of_whom(m));
	if (fhir_words(m, "outcome") != NULL)
		fhir_put(r, "output",
		    json_pack("[{s:{s:s},s:s}]", "type", "text", "outcome", "valueString",
		        fhir_words(m, "outcome")));
	fhir_put_entry(m, r, TASK);
}

static void
put_followup(const struct resource_of *m)
{
	static const char *const states[][2] = {
	    {"done", "completed"}, {"cancelled", "cancelled"}, {NULL, NULL}};
	json_t *r = fhir_begin_resource(m, "Task", SELF);

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                                             : fhir_beside(states, m->state, "requested")));
	fhir_put(r, "intent", json_string("plan"));
	if (fhir_words(m, "what") != NULL)
		fhir_put(r, "description", json_string(fhir_words(m, "what")));
	fhir_put(r, "for", fhir_patient(m));
	fhir_put(r, "authoredOn", fhir_made_on(m));
	if (fhir_plain(m, "due") != NULL)
		fhir_put(r, "restriction",
		    json_pack("{s:o}", "period", fhir_period(NULL, fhir_plain(m, "due"))));
	fhir_put(r, "note", fhir_notes(m, "done_note"));
	fhir_put_entry(m, r, SELF);
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
	    {"revoked", "inactive"}, {"ended", "inactive"}, {"refused", "rejected"}, {NULL, NULL}};
	const char *status = json_flag(m->item, "voided") ? "entered-in-error"
	                                                  : fhir_beside(states, m->state, "active");
	json_t *r = fhir_begin_resource(m, "Consent", SELF), *provision;

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(r, "status", json_string(status));
	fhir_put(r, "scope",
	    fhir_coded(
	        "http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", NULL));
	fhir_put(r, "category", fhir_list(fhir_coded("http://loinc.org", "59284-0", "Consent")));
	fhir_put(r, "patient", fhir_patient(m));
	if (fhir_plain(m, "signed_on") != NULL)
		fhir_put(r, "dateTime", json_string(fhir_plain(m, "signed_on")));
	fhir_put(r, "policyRule", fhir_text("written consent to disclosure (42 CFR 2.31)"));
	provision = json_pack("{s:s}", "type", strcmp(status, "rejected") == 0 ? "deny" : "permit");
	fhir_put(provision, "period", fhir_period(fhir_plain(m, "from"), fhir_plain(m, "expires")));
	if (fhir_words(m, "recipient") != NULL)
		fhir_put(provision, "actor",
		    json_pack("[{s:o,s:{s:s}}]", "role",
		        fhir_coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
		            "IRCP", NULL),
		        "reference", "display", fhir_words(m, "recipient")));
	fhir_put(provision, "purpose", words_of(m, "purpose", true));
	fhir_put(provision, "code", words_of(m, "information", false));
	fhir_put(r, "provision", provision);
	fhir_put_entry(m, r, SELF);
}

static void
put_goal(const struct resource_of *m)
{
	static const char *const states[][2] = {{"started", "active"}, {"reached", "completed"},
	    {"set_aside", "cancelled"}, {NULL, NULL}};
	json_t *r = fhir_begin_resource(m, "Goal", SELF);

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(r, "lifecycleStatus",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                                             : fhir_beside(states, m->state, "proposed")));
	if (m->state != NULL && strcmp(m->state, "reached") == 0)
		fhir_put(r, "achievementStatus",
		    fhir_coded("http://terminology.hl7.org/CodeSystem/goal-achievement", "achieved",
		        NULL));
	fhir_put(r, "category", fhir_list(fhir_text(fhir_words(m, "area"))));
	fhir_put(r, "description",
	    fhir_text(fhir_words(m, "text") != NULL ? fhir_words(m, "text") : "not told"));
	fhir_put(r, "subject", fhir_patient(m));
	if (fhir_plain(m, "by") != NULL)
		fhir_put(r, "target", json_pack("[{s:s}]", "dueDate", fhir_plain(m, "by")));
	fhir_put(r, "note", fhir_notes(m, "note"));
	fhir_put_entry(m, r, SELF);
}

static void
put_team(const struct resource_of *m)
{
	json_t *r = fhir_begin_resource(m, "CareTeam", SELF), *who = json_object();
	bool over = m->state != NULL && strcmp(m->state, "ended") == 0;

	fhir_put(r, "identifier", fhir_identifier(m));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error"
	                : over                       ? "inactive"
	                                             : "active"));
	fhir_put(r, "subject", fhir_patient(m));
	fhir_put(r, "period", fhir_period(fhir_plain(m, "from"), fhir_plain(m, "until")));
	fhir_put(who, "role", fhir_list(fhir_text(fhir_words(m, "role"))));
	if (fhir_words(m, "worker") != NULL)
		fhir_put(who, "member", json_pack("{s:s}", "display", fhir_words(m, "worker")));
	fhir_put(who, "period", fhir_period(fhir_plain(m, "from"), fhir_plain(m, "until")));
	fhir_put(r, "participant", fhir_list(who));
	fhir_put(r, "reasonCode", fhir_notes(m, "reason"));
	fhir_put_entry(m, r, SELF);
}

/* An instrument: each whole number a question, the label its text. */
static void
put_answers(const struct resource_of *m)
{
	json_t *r = fhir_begin_resource(m, "QuestionnaireResponse", SELF), *items = json_array();
	const json_t *field;
	char *canonical = mem_printf("urn:pamoja:questionnaire:%s", json_str(m->kind, "name"));
	size_t i;

	fhir_put(r, "identifier", json_pack("{s:s,s:s}", "system", RECORD_SYSTEM, "value", m->id));
	fhir_put(r, "questionnaire", json_string(canonical));
	fhir_put(r, "status",
	    json_string(json_flag(m->item, "voided") ? "entered-in-error" : "completed"));
	fhir_put(r, "subject", fhir_patient(m));
	if (fhir_plain(m, "on") != NULL)
		fhir_put(r, "authored", json_string(fhir_plain(m, "on")));
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
	fhir_put_entry(m, r, SELF);
}

static void
put_provenance(const struct resource_of *m)
{
	json_t *r = fhir_begin_resource(m, "Provenance", PROVENANCE);

	(void)json_object_set_new(r, "text",
	    json_pack("{s:s,s:s}", "status", "generated", "div",
	        "<div xmlns=\"http://www.w3.org/1999/xhtml\">who wrote it, and when</div>"));
	fhir_put(r, "target", fhir_list(fhir_reference(m->id, SELF, NULL)));
	fhir_put(r, "recorded", fhir_made_on(m));
	fhir_put(r, "agent",
	    json_pack("[{s:o*,s:{s:s}}]", "type", fhir_text(json_str(m->item, "role")), "who",
	        "display", json_str(m->item, "by") != NULL ? json_str(m->item, "by") : "unknown"));
	fhir_put_entry(m, r, PROVENANCE);
}

bool
fhir_entries(json_t *entries, const json_t *item, const json_t *kind, const json_t *there)
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
	    json_str(item, "id"), json_str(item, "state"), there, entries};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (name != NULL && strcmp(name, forms[i].kind) == 0) {
			forms[i].put(&m);
			if (json_object_get(item, "made_at") != NULL)
				put_provenance(&m);
			return true;
		}
	return false;
}
