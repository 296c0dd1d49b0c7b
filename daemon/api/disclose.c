/* disclose.c - something of a person leaves the programme: the entry that accounts for it is saved
 * before a word of it is read, and only where a consent covers it, or it goes a way that needs
 * none. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"

struct disclose {
	const struct call *call;
	struct disclosed made;
	const json_t *words; /* of a consent's information; what is told */
};

/* The record, then the move that tells: two entries, one transaction, so that nothing is left
 * prepared. */
static enum pmj_code
append_told(const struct call *call, struct disclosed *d, const struct core_draft *made,
    bool *urgent, struct pmj_error *err)
{
	struct core *core = call->core;
	struct record_full record = {.row_count = 0};
	struct core_draft moved = {.kind = d->kind, .rec = d->rec, .verb = d->move->verb};
	json_t *set = json_object(), *was = NULL;
	uint8_t same[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if ((rc = core_append_inside(core, made, d->rec, urgent, err)) != PMJ_OK ||
	    (rc = records_load(core->journal, &record, d->rec, err)) != PMJ_OK)
		goto out;
	record_set_disclosed(d->kind, &record.merged, set);
	for (size_t i = 0; i < d->move->asks_count; i++)
		(void)json_object_set(
		    set, d->move->asks[i], json_object_get(d->set, d->move->asks[i]));
	(void)json_object_set_new(set, "state", json_string(d->move->to));
	was = merge_was(&record.merged, set);
	moved.set = set;
	moved.was = was;
	rc = core_append_inside(core, &moved, same, urgent, err);
out:
	json_decref(set);
	json_decref(was);
	record_full_close(&record);
	return rc;
}

enum pmj_code
record_save_disclosed(const struct call *call, struct disclosed *d, const struct core_draft *made,
    struct pmj_error *err)
{
	struct core *core = call->core;
	bool urgent = false;
	enum pmj_code rc = journal_begin(core->journal, err);

	if (rc != PMJ_OK)
		return rc;
	if ((rc = append_told(call, d, made, &urgent, err)) == PMJ_OK)
		rc = journal_commit(core->journal, err);
	else
		journal_rollback(core->journal);
	if (rc == PMJ_OK)
		core_written(core, urgent);
	return rc;
}

/* What stands in the way: not even begun there, something the move asks for, no consent. */
static enum pmj_code
may_disclose(struct disclose *d, uint8_t consent[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct told told;
	enum pmj_code rc;

	(void)json_object_del(d->made.set, "consent");
	(void)json_object_del(d->made.set, "notice");
	if (!d->made.move->needs_consent && !d->made.move->discloses)
		return pmj_fail(err, PMJ_USAGE, "%s of a %s tells nothing", d->made.move->verb,
		    d->made.kind->name);
	for (size_t i = 0; i < d->made.move->asks_count; i++) {
		const json_t *value = json_object_get(d->made.set, d->made.move->asks[i]);

		if (value != NULL && !json_is_null(value) && !json_is_false(value))
			continue;
		rc = pmj_fail(
		    err, PMJ_INVALID, "%s needs %s", d->made.move->verb, d->made.move->asks[i]);
		pmj_hint(err, "say it with %s=...", d->made.move->asks[i]);
		return rc;
	}
	if (!d->made.move->needs_consent)
		return country_route(d->call, d->made.move, err);
	if ((rc = record_covered(d->call, &told, d->made.kind, NULL, d->made.set, err)) != PMJ_OK)
		return rc;
	if (told.nothing)
		return record_fail_nothing("this recipient", err);
	memcpy(consent, told.consent, PMJ_RECORD_BYTES);
	return record_put_told(d->call, d->made.kind, &told, d->made.set, err);
}

/* Without words of its own it is what the consent describes, and the entry says so. */
static enum pmj_code
put_told_words(
    struct disclose *d, const uint8_t consent[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc;

	if (d->made.kind->discloses == NULL)
		return PMJ_OK;
	d->words = json_object_get(d->made.set, d->made.kind->discloses);
	if (json_array_size(d->words) > 0)
		return PMJ_OK;
	if (!d->made.move->needs_consent) {
		(void)json_object_set_new(
		    d->made.set, d->made.kind->discloses, json_pack("[s]", "all"));
		d->words = json_object_get(d->made.set, d->made.kind->discloses);
		return PMJ_OK;
	}
	rc = records_load(d->call->core->journal, &record, consent, err);
	if (rc == PMJ_OK)
		(void)json_object_set_new(
		    d->made.set, d->made.kind->discloses, record_information(&record.merged));
	d->words = json_object_get(d->made.set, d->made.kind->discloses);
	record_full_close(&record);
	return rc == PMJ_OK ? record_check_information(d->words, consent, err) : rc;
}

/* The copy of the consent that goes along has what the person said; a worker's note is none of it.
 */
static void
leave_out_notes(json_t *consent, const struct kind *kind)
{
	for (size_t i = 0; kind != NULL && i < kind->field_count; i++) {
		if (kind->fields[i].type != FIELD_NOTE)
			continue;
		(void)json_object_del(json_object_get(consent, "fields"), kind->fields[i].name);
		(void)json_object_del(json_object_get(consent, "texts"), kind->fields[i].name);
	}
	(void)json_object_del(consent, "conflicts");
}

static enum pmj_code
disclosed_answer(
    json_t **out, const struct disclose *d, const uint8_t *consent, struct pmj_error *err)
{
	json_t *item = NULL;
	enum pmj_code rc = PMJ_OK;

	*out = call_id(d->call, d->made.rec);
	(void)json_object_set(*out, "words", (json_t *)d->words);
	if (consent == NULL)
		return PMJ_OK;
	rc = records_item(d->call->core->journal, &item, consent, d->call->lang, err);
	if (rc != PMJ_OK)
		return rc;
	leave_out_notes(item, kinds_get(&d->call->core->kinds, json_str(item, "kind")));
	(void)json_object_set_new(*out, "consent", item);
	return PMJ_OK;
}

/* "fields" of the body, with the person. New reference. */
static json_t *
fields_about(
    const struct call *call, const struct kind *kind, const uint8_t person[PMJ_RECORD_BYTES])
{
	json_t *typed = json_copy((json_t *)record_fields(call));
	char id[PMJ_RECORD_CHARS + 1];

	text_base32(id, person, PMJ_RECORD_BYTES);
	(void)json_object_set_new(typed, kind->subjects[0], json_string(id));
	return typed;
}

enum pmj_code
record_disclose(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full about = {.row_count = 0};
	struct record_new wanted = {.kind = json_str(call->body, "kind")};
	struct disclose d = {.call = call};
	uint8_t person[PMJ_RECORD_BYTES], consent[PMJ_RECORD_BYTES];
	struct core_draft draft;
	json_t *typed = NULL, *knows = NULL;
	const struct kind *kind;
	const char *verb;
	enum pmj_code rc;

	if ((rc = call_text(call, &verb, "verb", err)) != PMJ_OK ||
	    (rc = call_text(call, &wanted.kind, "kind", err)) != PMJ_OK ||
	    (rc = kinds_need(&d.made.kind, &call->core->kinds, wanted.kind, err)) != PMJ_OK ||
	    (rc = record_find_move(&d.made.move, d.made.kind, verb, err)) != PMJ_OK ||
	    (rc = record_person(call, &about, &kind, person, err)) != PMJ_OK ||
	    (rc = record_stands(call, "person", person, err)) != PMJ_OK)
		goto out;
	if (d.made.kind->subject_count == 0) {
		rc = pmj_fail(err, PMJ_USAGE, "a %s is about nobody", d.made.kind->name);
		goto out;
	}
	wanted.fields = typed = fields_about(call, d.made.kind, person);
	if ((rc = record_prepare(call, &draft, &d.made.set, &knows, &wanted, err)) != PMJ_OK ||
	    (rc = may_disclose(&d, consent, err)) != PMJ_OK ||
	    (rc = put_told_words(&d, consent, err)) != PMJ_OK ||
	    (rc = record_save_disclosed(call, &d.made, &draft, err)) != PMJ_OK)
		goto out;
	rc = disclosed_answer(out, &d, d.made.move->needs_consent ? consent : NULL, err);
out:
	json_decref(typed);
	json_decref(d.made.set);
	json_decref(knows);
	record_full_close(&about);
	return rc;
}
