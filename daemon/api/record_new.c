/* record_new.c - a record to be made: completed, in a state it may start in, about someone who
 * stands.
 */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/text.h"
#include "domain/adds_up.h"
#include "domain/code.h"

static void
put_code(const struct call *call, json_t *set, const struct field *field)
{
	uint8_t random[CODE_RANDOM];
	char code[CODE_CHARS + 1];

	call->core->os->random(call->core->os->ctx, random, sizeof(random));
	(void)json_object_set_new(set, field->name, json_string(code_make(code, random)));
}

/* Defaults for what was not said, then whether all that is required is there. What a refusal leaves
 * unsaid stays so: it was not signed today, nor by anyone. */
static enum pmj_code
complete_fields(const struct call *call, json_t *set, const struct kind *kind, bool added,
    struct pmj_error *err)
{
	struct value_context context = record_context(call);
	enum pmj_code rc;

	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (field_is_code(field) && added)
			put_code(call, set, field);
		else if (json_object_get(set, field->name) == NULL && field->otherwise != NULL &&
		         (added || field->required)) {
			json_t *typed = json_string(field->otherwise);
			json_t *taken = NULL;

			rc = value_take(&taken, kind, field, typed, &context, err);
			json_decref(typed);
			if (rc != PMJ_OK)
				return rc;
			(void)json_object_set_new(set, field->name, taken);
		}
		if (field->required && (json_object_get(set, field->name) == NULL ||
		                           json_is_null(json_object_get(set, field->name)))) {
			rc = pmj_fail(err, PMJ_INVALID, "%s needs %s (%s)", kind->name, field->name,
			    texts_in(&field->label, call->lang));
			pmj_hint(err, "add %s=%s", field->name,
			    field->example != NULL ? field->example : "...");
			return rc;
		}
	}
	return PMJ_OK;
}

/* A grant of consent names the revocations that stood here (8.4). */
static enum pmj_code
grant_knows(const struct call *call, json_t **knows, const struct kind *kind, const json_t *set,
    struct pmj_error *err)
{
	uint8_t person[PMJ_RECORD_BYTES];
	const char *id = json_str(set, "person");

	*knows = NULL;
	if (!kind->revocation_wins || id == NULL ||
	    !text_unbase32(person, sizeof(person), id, PMJ_RECORD_CHARS))
		return PMJ_OK;
	return records_knows(call->core->journal, knows, person, set, err);
}

/* The state in which the record is made: the first, or the one the move leads to when the kind lets
 * a record start there. */
static enum pmj_code
first_state(const char **out, const struct kind *kind, const struct record_new *wanted,
    struct pmj_error *err)
{
	const struct move *move;
	enum pmj_code rc;

	*out = kind->state_count > 0 ? kind->states[0].name : NULL;
	if (wanted->verb == NULL)
		return PMJ_OK;
	if ((rc = record_find_move(&move, kind, wanted->verb, err)) != PMJ_OK)
		return rc;
	*out = move->to;
	if (kind_starts_in(kind, move->to))
		return PMJ_OK;
	rc = pmj_fail(
	    err, PMJ_USAGE, "which %s? %s is for one that is there", kind->name, move->verb);
	pmj_hint(err, "pamoja %s %s ID; `pamoja %s list` shows the ids", kind->name, move->verb,
	    kind->name);
	return rc;
}

enum pmj_code
record_stands(const struct call *call, const char *field,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	char brief[PMJ_RECORD_CHARS + 1];
	bool voided = false;
	enum pmj_code rc;

	if ((rc = records_is_voided(call->core->journal, &voided, rec, err)) != PMJ_OK || !voided)
		return rc;
	records_short(call->core->journal, brief, rec);
	rc = pmj_fail(
	    err, PMJ_REFUSED, "%s %s was voided: nothing can be recorded about it", field, brief);
	pmj_hint(
	    err, "`pamoja history %s` says why; name the right %s, or add one anew", brief, field);
	return rc;
}

/* Nothing is recorded about one whose record was voided: whoever looks for the person finds the
 * right one, and this would stay behind. */
static enum pmj_code
subjects_stand(
    const struct call *call, const struct kind *kind, const json_t *set, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < kind->subject_count && rc == PMJ_OK; i++) {
		const char *id = json_str(set, kind->subjects[i]);
		uint8_t rec[PMJ_RECORD_BYTES];

		if (id != NULL && text_unbase32(rec, sizeof(rec), id, strlen(id)))
			rc = record_stands(call, kind->subjects[i], rec, err);
		for (size_t j = 0; j < i && id != NULL && rc == PMJ_OK; j++) {
			const char *other = json_str(set, kind->subjects[j]);

			if (other == NULL || strcmp(other, id) != 0)
				continue;
			rc = pmj_fail(err, PMJ_INVALID, "%s and %s are the same person",
			    kind->subjects[j], kind->subjects[i]);
			pmj_hint(err, "name two people");
		}
	}
	return rc;
}

static bool
is_one_way(const struct kind *kind, const char *value)
{
	for (size_t i = 1; value != NULL && i < kind->one_way_count; i++)
		if (strcmp(kind->one_way[i], value) == 0)
			return true;
	return false;
}

static enum pmj_code
keeps_one_way(
    const struct call *call, const struct kind *kind, const json_t *set, struct pmj_error *err)
{
	const char *value = kind->one_way_count > 0 ? json_str(set, kind->one_way[0]) : NULL;
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL, rec[PMJ_RECORD_BYTES];
	char brief[PMJ_RECORD_CHARS + 1];
	size_t count = 0;
	enum pmj_code rc = PMJ_OK;

	if (!is_one_way(kind, value) || json_str(set, kind->subjects[0]) == NULL ||
	    !text_unbase32(rec, sizeof(rec), json_str(set, kind->subjects[0]), PMJ_RECORD_CHARS))
		return PMJ_OK;
	rc = records_about(call->core->journal, &recs, &count, rec, kind->name, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct record_full other = {.row_count = 0};

		if ((rc = records_load(call->core->journal, &other, recs[i], err)) == PMJ_OK &&
		    !other.merged.voided &&
		    json_equal(merge_shown(&other.merged, kind->one_way[0]),
		        json_object_get(set, kind->one_way[0])) &&
		    json_equal(merge_shown(&other.merged, kind->subjects[0]),
		        json_object_get(set, kind->subjects[1])) &&
		    json_equal(merge_shown(&other.merged, kind->subjects[1]),
		        json_object_get(set, kind->subjects[0]))) {
			records_short(call->core->journal, brief, recs[i]);
			rc = pmj_fail(err, PMJ_INVALID,
			    "%s stands the other way round already: two people cannot be each "
			    "other's %s",
			    brief, value);
			pmj_hint(err,
			    "pamoja show %s; if that one is wrong: pamoja void %s \"the wrong way "
			    "round\"",
			    brief, brief);
		}
		record_full_close(&other);
	}
	free(recs);
	return rc;
}

enum pmj_code
record_keeps_one_way(const struct call *call, const struct kind *kind,
    const struct merge_record *merged, const json_t *set, struct pmj_error *err)
{
	json_t *whole;
	enum pmj_code rc;

	if (kind->one_way_count == 0 || json_object_get(set, kind->one_way[0]) == NULL)
		return PMJ_OK;
	whole = json_copy((json_t *)set);
	for (size_t i = 0; i < kind->subject_count; i++) {
		const json_t *who = merge_shown(merged, kind->subjects[i]);

		if (who != NULL)
			(void)json_object_set(whole, kind->subjects[i], (json_t *)who);
	}
	rc = keeps_one_way(call, kind, whole, err);
	json_decref(whole);
	return rc;
}

/* One record to be made: checked, with its initial state. */
enum pmj_code
record_prepare(const struct call *call, struct core_draft *draft, json_t **set, json_t **knows,
    const struct record_new *wanted, struct pmj_error *err)
{
	const struct state *state;
	const char *first;
	enum pmj_code rc;

	*set = json_object();
	*knows = NULL;
	memset(draft, 0, sizeof(*draft));
	if ((rc = kinds_need(&draft->kind, &call->core->kinds, wanted->kind, err)) != PMJ_OK ||
	    (rc = first_state(&first, draft->kind, wanted, err)) != PMJ_OK ||
	    (rc = record_take(call, *set, draft->kind, wanted->fields, err)) != PMJ_OK ||
	    (rc = complete_fields(call, *set, draft->kind, wanted->verb == NULL, err)) != PMJ_OK ||
	    (rc = adds_up_complete(draft->kind, *set, err)) != PMJ_OK ||
	    (rc = subjects_stand(call, draft->kind, *set, err)) != PMJ_OK ||
	    (rc = keeps_one_way(call, draft->kind, *set, err)) != PMJ_OK ||
	    (rc = record_made_under_consent(call, draft->kind, *set, err)) != PMJ_OK)
		return rc;
	state = first != NULL ? kind_state(draft->kind, first) : NULL;
	if ((state == NULL || !state->refusing) &&
	    ((rc = record_apart(draft->kind, *set, err)) != PMJ_OK ||
	        (rc = grant_knows(call, knows, draft->kind, *set, err)) != PMJ_OK))
		return rc;
	if (first != NULL)
		(void)json_object_set_new(*set, "state", json_string(first));
	draft->set = *set;
	draft->knows = *knows != NULL && json_array_size(*knows) > 0 ? *knows : NULL;
	return PMJ_OK;
}
