/* packet.c - what is handed over with a referral: the notice, a copy of the consent, and of the
 * records what that consent covers and no more. The ledger is written before anything is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/packet_inner.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/notice.h"

#define LEDGER "disclosure" /* the kind, and its move under a consent */
#define LEDGER_MOVE "tell"

enum pmj_code
record_notice(const struct call *call, struct notice *out, const char *name, struct pmj_error *err)
{
	enum pmj_code rc = office_notice(call->core, out, name, err);

	if (rc != PMJ_OK) {
		pmj_context(err, "nothing is told without its notice");
		if (err->hint[0] == '\0')
			pmj_hint(err, "put the file back: it comes with Pamoja");
	}
	return rc;
}

char *
record_words(const struct call *call, const struct field *field, const json_t *value)
{
	uint8_t rec[PMJ_RECORD_BYTES];

	if (value_is_id(value) &&
	    text_unbase32(rec, sizeof(rec), json_string_value(value), PMJ_RECORD_CHARS))
		return records_title(call->core->journal, rec, call->lang);
	return value_text(field, value, call->lang);
}

static bool
in_list(const json_t *list, const char *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
	{
		if (text_same(json_string_value(one), word))
			return true;
	}
	return false;
}

/* Does what stands allow that word to be told? */
static bool
allows(const json_t *value, const char *word)
{
	return in_list(value, word) || in_list(value, "all");
}

json_t *
record_information(const struct merge_record *consent)
{
	const struct merge_field *field = merge_field(consent, "information");
	size_t count = field != NULL ? field->count : 0, i;
	json_t *out = json_array(), *one;

	for (size_t from = 0; from < count; from++)
		json_array_foreach((json_t *)field->values[from].value, i, one)
		{
			const char *word = json_string_value(one);
			bool everywhere = word != NULL && !in_list(out, word);

			for (size_t v = 0; v < count; v++)
				everywhere = everywhere && allows(field->values[v].value, word);
			if (everywhere)
				(void)json_array_append(out, one);
		}
	return out;
}

enum pmj_code
record_check_information(
    const json_t *words, const uint8_t consent[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	char id[PMJ_RECORD_CHARS + 1];

	if (json_array_size(words) > 0)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_REFUSED,
	    "what this consent allows to be told was written down twice, and nothing stands in "
	    "both");
	pmj_hint(err, "ask the person, then: pamoja edit %s information=...",
	    text_base32(id, consent, PMJ_RECORD_BYTES));
	return PMJ_REFUSED;
}

json_t *
packet_line(const struct call *call, const struct kind *kind, const struct merge_record *merged,
    const char *name)
{
	const struct field *field = kind_field(kind, name);
	const json_t *value = merge_shown(merged, name);
	json_t *line = NULL;
	char *text;

	if (field == NULL || value == NULL || json_is_null(value) || json_is_object(value))
		return NULL;
	text = record_words(call, field, value);
	if (*text != '\0')
		line = json_pack(
		    "{s:s,s:s}", "label", texts_in(&field->label, call->lang), "text", text);
	free(text);
	return line;
}

/* May a packet be made of this record now? */
static enum pmj_code
check_sendable(const struct kind *kind, const struct merge_record *merged, struct pmj_error *err)
{
	const char *name = json_string_value(merge_shown(merged, "state"));
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;
	enum pmj_code rc;

	if (!kind_sends(kind)) {
		rc = pmj_fail(err, PMJ_USAGE, "a %s is not sent to anybody", kind->name);
		pmj_hint(err, "name a referral: pamoja referral list shows the ids");
	} else if (merged->voided) {
		rc = pmj_fail(err, PMJ_REFUSED, "this %s was voided", kind->name);
	} else if (state != NULL && (state->closed || state->refusing)) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "this %s is %s: nothing is handed over for it any more", kind->name, name);
		pmj_hint(err, "add a new one for another service");
	} else if (merge_shown(merged, kind->discloses_to) == NULL) {
		rc = pmj_fail(err, PMJ_INVALID, "packet needs %s", kind->discloses_to);
		pmj_hint(err, "pamoja edit ID %s=...", kind->discloses_to);
	} else {
		rc = PMJ_OK;
	}
	return rc;
}

static void
put_if(json_t *set, const struct kind *kind, const char *field, const char *text)
{
	if (kind_field(kind, field) != NULL)
		(void)json_object_set_new(set, field, json_string(text));
}

/* What is told, as the accounting says it. */
static enum pmj_code
ledger_line(const struct call *call, const struct packet *packet, struct disclosed *line,
    struct pmj_error *err)
{
	const struct kind *kind = packet->kind, *ledger = line->kind;
	const json_t *purpose =
	    kind->discloses_for != NULL ? merge_shown(packet->merged, kind->discloses_for) : NULL;
	struct told told = {.nothing = false};
	char id[PMJ_RECORD_CHARS + 1];

	(void)json_object_set_new(line->set, ledger->subjects[0],
	    json_string(text_base32(id, packet->person, PMJ_RECORD_BYTES)));
	(void)json_object_set(line->set, ledger->discloses_to,
	    (json_t *)merge_shown(packet->merged, kind->discloses_to));
	(void)json_object_set_new(line->set, ledger->discloses_for,
	    json_string(json_is_string(purpose) ? json_string_value(purpose) : kind->name));
	(void)json_object_set(line->set, ledger->discloses, packet->classes);
	put_if(
	    line->set, ledger, kind->name, text_base32(id, packet->merged->rec, PMJ_RECORD_BYTES));
	put_if(line->set, ledger, "way", "packet");
	(void)json_object_set_new(line->set, "state", json_string(ledger->states[0].name));
	memcpy(told.consent, packet->consent, sizeof(told.consent));
	return record_put_told(call, ledger, &told, line->set, err);
}

/* One line of the ledger: durable before anything leaves the daemon. */
static enum pmj_code
write_ledger(const struct call *call, const struct packet *packet,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct disclosed line = {.set = json_object()};
	struct core_draft draft = {.set = line.set};
	enum pmj_code rc;

	if ((rc = kinds_need(&line.kind, &call->core->kinds, LEDGER, err)) != PMJ_OK ||
	    (rc = record_find_move(&line.move, line.kind, LEDGER_MOVE, err)) != PMJ_OK ||
	    (rc = ledger_line(call, packet, &line, err)) != PMJ_OK)
		goto out;
	draft.kind = line.kind;
	if ((rc = record_save_disclosed(call, &line, &draft, err)) == PMJ_OK)
		memcpy(rec, line.rec, PMJ_RECORD_BYTES);
out:
	json_decref(line.set);
	return rc;
}

/* Classes that no kind's file resolves: nobody must believe that they are in the packet. */
static json_t *
unresolved(const struct call *call, const json_t *classes)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach((json_t *)classes, i, one)
	{
		if (!packet_resolves(&call->core->kinds, json_string_value(one)))
			(void)json_array_append(out, one);
	}
	return out;
}

/* What was chosen for this record, else what the consent describes. */
static enum pmj_code
choose_classes(const struct call *call, struct packet *packet, const struct record_full *consent,
    struct pmj_error *err)
{
	const json_t *chosen = packet->kind->discloses != NULL
	                           ? merge_shown(packet->merged, packet->kind->discloses)
	                           : NULL;
	json_t *none;
	enum pmj_code rc = PMJ_OK;

	packet->classes = json_array_size(chosen) > 0 ? json_incref((json_t *)chosen)
	                                              : record_information(&consent->merged);
	if ((rc = record_check_information(packet->classes, consent->merged.rec, err)) != PMJ_OK)
		return rc;
	none = unresolved(call, packet->classes);
	if (json_array_size(none) == json_array_size(packet->classes)) {
		char *words = value_text(NULL, packet->classes, call->lang);

		rc = pmj_fail(err, PMJ_REFUSED,
		    "nothing that is recorded answers to what may be shared: %.80s", words);
		pmj_hint(err, "ask the person for a consent in the words that `pamoja consent add "
		              "--help` lists");
		free(words);
	}
	json_decref(none);
	return rc;
}

static void
packet_head(json_t *out, const struct call *call, const struct packet *packet)
{
	const struct kind *kind = packet->kind;
	char *name, *role, *to, *what, *purpose, date[11];

	core_who(call->core, ring_device_id(call->core->ring), &name, &role);
	to = record_words(call, NULL, merge_shown(packet->merged, kind->discloses_to));
	what = value_text(kind->discloses != NULL ? kind_field(kind, kind->discloses) : NULL,
	    packet->classes, call->lang);
	purpose = value_text(
	    kind->discloses_for != NULL ? kind_field(kind, kind->discloses_for) : NULL,
	    kind->discloses_for != NULL ? merge_shown(packet->merged, kind->discloses_for) : NULL,
	    call->lang);
	record_date(call, date);
	(void)json_object_set_new(out, "to", json_string(to));
	(void)json_object_set_new(out, "purpose", json_string(purpose));
	(void)json_object_set_new(out, "information", json_string(what));
	(void)json_object_set_new(out, "on", json_string(date));
	(void)json_object_set_new(out, "by", json_string(name));
	(void)json_object_set_new(out, "role", json_string(role));
	free(to);
	free(what);
	free(purpose);
	free(name);
	free(role);
}

/* The notice, the consent's copy and the ledger; then the first part of the records. */
static enum pmj_code
make(const struct call *call, json_t **out, struct packet *packet,
    const struct record_full *consent, struct pmj_error *err)
{
	const struct kind *kind = kinds_get(&call->core->kinds, consent->merged.kind);
	struct notice notice;
	uint8_t ledger[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if ((rc = country_notice(call, &notice, false, err)) != PMJ_OK)
		return rc;
	if ((rc = choose_classes(call, packet, consent, err)) == PMJ_OK &&
	    (rc = write_ledger(call, packet, ledger, err)) == PMJ_OK) {
		*out = call_id(call, ledger);
		packet_head(*out, call, packet);
		(void)json_object_set_new(*out, "notice", notice_json(&notice, call->lang));
		(void)json_object_set_new(*out, "consent", packet_consent(call, kind, consent));
		(void)json_object_set_new(*out, "unresolved", unresolved(call, packet->classes));
		rc = packet_put(call, *out, packet, 0, 0, err);
	}
	notice_close(&notice);
	return rc;
}

enum pmj_code
record_packet(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0}, consent = {.row_count = 0};
	struct packet packet = {.merged = &record.merged};
	uint8_t rec[PMJ_RECORD_BYTES];
	struct told told;
	enum pmj_code rc;

	if ((rc = record_open(call, &record, &packet.kind, rec, err)) != PMJ_OK ||
	    (rc = check_sendable(packet.kind, &record.merged, err)) != PMJ_OK ||
	    (rc = record_covered(call, &told, packet.kind, &record.merged, NULL, err)) != PMJ_OK)
		goto out;
	if (told.nothing) {
		char *name = record_words(
		    call, NULL, merge_shown(&record.merged, packet.kind->discloses_to));

		rc = record_fail_nothing(name, err);
		free(name);
		goto out;
	}
	memcpy(packet.person, told.person, sizeof(packet.person));
	memcpy(packet.consent, told.consent, sizeof(packet.consent));
	if ((rc = records_load(call->core->journal, &consent, told.consent, err)) == PMJ_OK)
		rc = make(call, out, &packet, &consent, err);
out:
	json_decref(packet.classes);
	record_full_close(&consent);
	record_full_close(&record);
	return rc;
}

/* The rest of a packet whose ledger line this laptop wrote a moment ago: what it says was told, and
 * no more. */
static enum pmj_code
read_ledger(const struct call *call, struct packet *packet, const struct record_full *record,
    const struct record_full *ledger, struct pmj_error *err)
{
	const struct kind *kind =
	    ledger->merged.kind != NULL ? kinds_get(&call->core->kinds, ledger->merged.kind) : NULL;
	const struct entry *maker = ledger->merged.maker;
	const char *of, *person;
	char id[PMJ_RECORD_CHARS + 1];

	(void)text_base32(id, record->merged.rec, PMJ_RECORD_BYTES);
	of = kind != NULL && strcmp(kind->name, LEDGER) == 0
	         ? json_string_value(merge_shown(&ledger->merged, packet->kind->name))
	         : NULL;
	if (of == NULL || strcmp(of, id) != 0 || ledger->merged.voided || maker == NULL ||
	    memcmp(maker->by, ring_device_id(call->core->ring), PMJ_DEVICE_BYTES) != 0 ||
	    os_now(call->core->os) - maker->pt > PACKET_REST_MS)
		return pmj_fail(err, PMJ_REFUSED, "this packet is not being made any more");
	person = json_string_value(merge_shown(&ledger->merged, kind->subjects[0]));
	if (person == NULL ||
	    !text_unbase32(packet->person, sizeof(packet->person), person, strlen(person)))
		return pmj_fail(err, PMJ_REFUSED, "no person is named in it");
	packet->classes = json_incref((json_t *)merge_shown(&ledger->merged, kind->discloses));
	return PMJ_OK;
}

enum pmj_code
record_packet_part(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0}, ledger = {.row_count = 0};
	struct packet packet = {.merged = &record.merged};
	const char *typed = json_str(call->query, "ledger"), *from = json_str(call->query, "from");
	uint8_t rec[PMJ_RECORD_BYTES], ledger_rec[PMJ_RECORD_BYTES];
	unsigned kind_at, record_at;
	enum pmj_code rc;

	if (typed == NULL || from == NULL || sscanf(from, "%u-%u", &kind_at, &record_at) != 2)
		return pmj_fail(err, PMJ_USAGE, "a packet is asked for with POST");
	if ((rc = record_look(call, &record, &packet.kind, rec, err)) != PMJ_OK ||
	    (rc = call_record(call, ledger_rec, typed, err)) != PMJ_OK ||
	    (rc = records_load(call->core->journal, &ledger, ledger_rec, err)) != PMJ_OK ||
	    (rc = read_ledger(call, &packet, &record, &ledger, err)) != PMJ_OK)
		goto out;
	*out = json_object();
	rc = packet_put(call, *out, &packet, kind_at, record_at, err);
out:
	json_decref(packet.classes);
	record_full_close(&ledger);
	record_full_close(&record);
	return rc;
}
