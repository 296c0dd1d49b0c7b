/* copy.c - what somebody keeps for themselves, told by their own word: a record of a kind that
 * others may have is made of it, and the one that stays here says so. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"

/* Of what stands, and of what was typed for this copy, whatever the other kind has too. What was
 * typed as nothing is left out. */
static json_t *
copy_set(const struct kind *to, const struct merge_record *from, const json_t *typed)
{
	json_t *set = json_object();

	for (size_t i = 0; i < to->field_count; i++) {
		const char *name = to->fields[i].name;
		const json_t *value = record_moved_value(from, typed, name);

		if (value != NULL && !json_is_null(value))
			(void)json_object_set(set, name, (json_t *)value);
	}
	if (to->state_count > 0)
		(void)json_object_set_new(set, "state", json_string(to->states[0].name));
	return set;
}

static enum pmj_code
append_both(struct core *core, const struct core_draft *copy, const struct core_draft *moved,
    uint8_t made[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	uint8_t same[PMJ_RECORD_BYTES];
	bool urgent = false;
	enum pmj_code rc = journal_begin(core->journal, err);

	if (rc != PMJ_OK)
		return rc;
	if ((rc = core_append_inside(core, copy, made, &urgent, err)) == PMJ_OK &&
	    (rc = core_append_inside(core, moved, same, &urgent, err)) == PMJ_OK)
		rc = journal_commit(core->journal, err);
	else
		journal_rollback(core->journal);
	if (rc == PMJ_OK)
		core_written(core, urgent);
	return rc;
}

/* What was told once is told: two copies of one would be two to whoever reads them. */
static enum pmj_code
check_not_sent(const struct call *call, const struct kind *kind, const struct move *move,
    const struct merge_record *merged, struct pmj_error *err)
{
	const struct merge_field *state = merge_field(merged, "state");
	const struct os *os = call->core->os;
	enum pmj_code rc;
	char day[17];

	for (size_t i = 0; state != NULL && i < state->count; i++) {
		const struct merge_value *one = &state->values[i];
		const char *name = json_string_value(one->value);

		if (name == NULL || strcmp(name, move->to) != 0)
			continue;
		(void)date_stamp(day, one->entry->pt, os->offset_minutes(os->ctx, one->entry->pt));
		day[10] = '\0';
		rc = pmj_fail(err, PMJ_REFUSED,
		    "this %s was sent already, on %s: nothing was sent again", kind->name, day);
		pmj_hint(err, "to tell more, write a new one: pamoja %s add; then send that one",
		    kind->name);
		return rc;
	}
	return PMJ_OK;
}

enum pmj_code
record_copy(const struct call *call, json_t **out, const struct kind *kind, const struct move *move,
    const uint8_t rec[static PMJ_RECORD_BYTES], const struct record_full *record, const json_t *set,
    struct pmj_error *err)
{
	const struct kind *to = kinds_get(&call->core->kinds, move->copies);
	json_t *told = NULL, *state = json_pack("{s:s}", "state", move->to);
	json_t *was = merge_was(&record->merged, state), *copy;
	struct core_draft first,
	    second = {.kind = kind, .rec = rec, .set = state, .was = was, .verb = move->verb};
	uint8_t made[PMJ_RECORD_BYTES];
	enum pmj_code rc = check_not_sent(call, kind, move, &record->merged, err);

	if (rc != PMJ_OK)
		goto out;
	if (to == NULL) {
		rc = pmj_fail(err, PMJ_FAILED, "there is no kind %.40s", move->copies);
		goto out;
	}
	told = copy_set(to, &record->merged, set);
	first = (struct core_draft){.kind = to, .set = told};
	if ((rc = append_both(call->core, &first, &second, made, err)) != PMJ_OK)
		goto out;
	*out = record_saved(call, rec, kind, state);
	copy = call_id(call, made);
	(void)json_object_set_new(copy, "kind", json_string(to->name));
	(void)json_object_set_new(*out, "copy", copy);
out:
	json_decref(told);
	json_decref(state);
	json_decref(was);
	return rc;
}
