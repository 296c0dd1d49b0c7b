/* taken_back.c - what was sent cannot be taken back. When a consent is, whoever looks at what was
 * sent under it is told to tell the recipient, until it is withdrawn or closed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/consent.h"

#define CONSENTS "consent"
#define MAKES "followup"
#define TOLD_MAX 16 /* follow-ups of one consent */

static const char *const why[LANG_COUNT] = {
    "the consent was taken back: tell them, then withdraw or close it",
    "ridhaa imeondolewa: waambie, kisha iondoe au ifunge"};

/* What a follow-up says, around whom to tell and before the record in question. */
static const struct {
	const char *before, *after;
} tells[LANG_COUNT] = {{"the consent was taken back. Tell ", ", then withdraw or close referral "},
    {"ridhaa imeondolewa. Waambie ", ", kisha ondoa au funga rufaa "}};

/* The person's consents, as they are found by whom they are about. */
struct consents {
	struct record_full *full;
	struct merge_record *records;
	const struct entry **entries;
	size_t count, entry_count;
};

static void
consents_close(struct consents *c)
{
	for (size_t i = 0; i < c->count; i++)
		record_full_close(&c->full[i]);
	free(c->full);
	free(c->records);
	free((void *)c->entries);
}

static bool
refuses(const struct kind *kind, const char *name)
{
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;

	return state != NULL && state->refusing;
}

/* Is one of the person's consents refused or taken back? Of most people none is, and then nothing
 * has to be read of any: in `today` that was a third of all it cost. */
static enum pmj_code
any_refused(const struct call *call, bool *out, const struct kind *kind,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	json_t *states = NULL, *state;
	enum pmj_code rc = records_consent_states(call->core->journal, &states, person, err);
	size_t i;

	*out = false;
	json_array_foreach(states, i, state) *out = *out || refuses(kind, json_string_value(state));
	json_decref(states);
	return rc;
}

static enum pmj_code
consents_of(const struct call *call, struct consents *c, const struct kind *kind,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct journal *journal = call->core->journal;
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc = records_about(journal, &recs, &count, person, kind->name, err);

	memset(c, 0, sizeof(*c));
	c->full = mem_array(count + 1, sizeof(*c->full));
	c->records = mem_array(count + 1, sizeof(*c->records));
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct record_full *full = &c->full[c->count];

		if ((rc = records_load(journal, full, recs[i], err)) != PMJ_OK)
			break;
		c->entries =
		    mem_grow(c->entries, c->entry_count + full->row_count + 1, sizeof(*c->entries));
		for (size_t r = 0; r < full->row_count; r++)
			if (full->rows[r].status == ENTRY_ADMITTED)
				c->entries[c->entry_count++] = &full->rows[r].entry;
		c->records[c->count++] = full->merged; /* a view: closed with full */
	}
	free(recs);
	return rc;
}

/* The day it was last sent; false: it was not, or there is nothing more to do, or to tell. */
static bool
was_sent(const struct call *call, char day[static 17], const struct kind *kind,
    const struct record_full *record)
{
	const char *name = json_string_value(merge_shown(&record->merged, "state"));
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;
	bool sent = false;

	if (!kind_sends(kind) || record->merged.voided || state == NULL || state->closed ||
	    record_unsent(kind, name) ||
	    record_told_nothing(merge_shown(&record->merged, kind->discloses)))
		return false;
	for (size_t i = 0; i < record->row_count; i++) {
		const struct entry *entry = &record->rows[i].entry;
		const struct move *move = entry->verb != NULL ? kind_move(kind, entry->verb) : NULL;

		if (move == NULL || !move->needs_consent)
			continue;
		(void)date_stamp(
		    day, entry->pt, call->core->os->offset_minutes(call->core->os->ctx, entry->pt));
		day[10] = '\0';
		sent = true;
	}
	return sent;
}

/* One that merely ran out since took nothing back: so it is asked of the day it was sent, too. */
static bool
back_on(const struct consents *c, const struct kind *kind, struct asked *asked, const char *day)
{
	struct consent_verdict verdict;

	asked->request.on = day;
	consent_decide(
	    &verdict, kind, c->records, c->count, c->entries, c->entry_count, &asked->request);
	return !verdict.covered && verdict.taken_back;
}

enum pmj_code
record_taken_back(
    const struct call *call, bool *out, const struct record_full *record, struct pmj_error *err)
{
	const struct kind *consents = kinds_get(&call->core->kinds, CONSENTS), *kind;
	struct consents c = {.count = 0};
	struct asked asked = {.person = {0}};
	char sent[17], today[11];
	enum pmj_code rc = PMJ_OK;
	bool refused = false;

	*out = false;
	kind =
	    record->merged.kind != NULL ? kinds_get(&call->core->kinds, record->merged.kind) : NULL;
	if (consents == NULL || kind == NULL || !was_sent(call, sent, kind, record))
		return PMJ_OK;
	if ((rc = record_ask(call, &asked, kind, &record->merged, NULL, err)) == PMJ_OK &&
	    (rc = any_refused(call, &refused, consents, asked.person, err)) == PMJ_OK && refused &&
	    !asked.to.nothing &&
	    (rc = consents_of(call, &c, consents, asked.person, err)) == PMJ_OK) {
		record_date(call, today);
		*out = back_on(&c, consents, &asked, sent) && back_on(&c, consents, &asked, today);
	}
	consents_close(&c);
	record_asked_close(&asked);
	return rc;
}

static enum pmj_code
mark_item(const struct call *call, json_t *item, struct pmj_error *err)
{
	const struct kind *kind = kinds_get(&call->core->kinds, json_str(item, "kind"));
	struct record_full record = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	bool back = false;
	enum pmj_code rc;

	if (kind == NULL || !kind_sends(kind) || json_str(item, "state") == NULL ||
	    record_unsent(kind, json_str(item, "state")) ||
	    !text_unbase32(rec, sizeof(rec), json_str(item, "id"), PMJ_RECORD_CHARS))
		return PMJ_OK;
	if ((rc = records_load(call->core->journal, &record, rec, err)) == PMJ_OK)
		rc = record_taken_back(call, &back, &record, err);
	if (rc == PMJ_OK && back)
		(void)json_object_set_new(item, "why", json_string(why[call->lang]));
	record_full_close(&record);
	return rc;
}

enum pmj_code
record_mark_taken_back(const struct call *call, json_t *items, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < json_array_size(items) && rc == PMJ_OK; i++)
		rc = mark_item(call, json_array_get(items, i), err);
	return rc;
}

/* What is to be done about one of them, today: an entry of its own, since the consent is taken back
 * whether or not this can be saved. */
static void
make_followup(const struct call *call, const uint8_t person[static PMJ_RECORD_BYTES],
    const char *to, const char *brief)
{
	const struct kind *makes = kinds_get(&call->core->kinds, MAKES);
	char date[11], id[PMJ_RECORD_CHARS + 1], *words;
	uint8_t rec[1][PMJ_RECORD_BYTES];
	struct core_draft draft = {.kind = makes};
	struct pmj_error err;
	json_t *set;

	if (makes == NULL || makes->due == NULL || makes->subject_count != 1)
		return;
	record_date(call, date);
	words =
	    mem_printf("%s%s%s%s", tells[call->lang].before, to, tells[call->lang].after, brief);
	set = json_pack("{s:s,s:s,s:s}", makes->due, date, makes->shows, words, makes->subjects[0],
	    text_base32(id, person, PMJ_RECORD_BYTES));
	if (makes->plan.only_if != NULL)
		(void)json_object_set_new(set, makes->plan.only_if, json_false());
	if (makes->state_count > 0)
		(void)json_object_set_new(set, "state", json_string(makes->states[0].name));
	draft.set = set;
	if (core_append(call->core, &draft, 1, rec, &err) != PMJ_OK)
		diag_error("a follow-up of a consent that was taken back", &err);
	json_decref(set);
	free(words);
}

const char *
record_told_of(const char *words)
{
	const char *at;

	for (size_t i = 0; words != NULL && i < LANG_COUNT; i++)
		if (strncmp(words, tells[i].before, strlen(tells[i].before)) == 0 &&
		    (at = strrchr(words, ' ')) != NULL &&
		    strlen(tells[i].after) <= (size_t)(at + 1 - words) &&
		    strncmp(at + 1 - strlen(tells[i].after), tells[i].after,
		        strlen(tells[i].after)) == 0)
			return at + 1;
	return NULL;
}

static enum pmj_code
add_told(json_t *list, const struct call *call, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	bool back = false;
	enum pmj_code rc;

	if ((rc = records_load(call->core->journal, &record, rec, err)) == PMJ_OK &&
	    (rc = record_taken_back(call, &back, &record, err)) == PMJ_OK && back) {
		json_t *one = call_id(call, rec);
		char *to = records_title(call->core->journal, rec, call->lang);

		(void)json_object_set_new(one, "kind", json_string(record.merged.kind));
		(void)json_object_set_new(one, "title", json_string(to));
		(void)json_array_append_new(list, one);
		if (json_array_size(list) <= TOLD_MAX)
			make_followup(call, person, to, json_str(one, "short"));
		free(to);
	}
	record_full_close(&record);
	return rc;
}

void
record_say_told(json_t *answer, const struct call *call, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], const json_t *set)
{
	const struct kinds *kinds = &call->core->kinds;
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL, (*people)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0, person_count = 0;
	struct pmj_error err;
	json_t *list;

	if (!kind->revocation_wins || !refuses(kind, json_str(set, "state")))
		return;
	list = json_array();
	if (records_subjects(call->core->journal, &people, &person_count, rec, &err) != PMJ_OK)
		person_count = 0;
	for (size_t i = 0; i < kinds->count && person_count > 0; i++) {
		if (!kind_sends(kinds->list[i]) ||
		    records_about(call->core->journal, &recs, &count, people[0],
		        kinds->list[i]->name, &err) != PMJ_OK)
			continue;
		for (size_t r = 0; r < count; r++)
			if (add_told(list, call, people[0], recs[r], &err) != PMJ_OK)
				break;
		free(recs);
		recs = NULL;
	}
	if (json_array_size(list) > 0)
		(void)json_object_set(answer, "told", list);
	json_decref(list);
	free(people);
}
