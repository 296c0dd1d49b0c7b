/* moves.c - the declared moves of a record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"

/* Every state that stands (several when in conflict) must allow the move. */
static enum pmj_code
check_move(const struct kind *kind, const struct move *move, const struct merge_record *merged,
    struct pmj_error *err)
{
	const struct merge_field *field = merge_field(merged, "state");
	enum pmj_code rc;

	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *now = json_string_value(field->values[i].value);
		bool allowed = false;

		for (size_t f = 0; now != NULL && f < move->from_count; f++)
			allowed = allowed || strcmp(move->from[f], now) == 0;
		if (!allowed) {
			struct buf can;

			buf_init(&can, 200);
			for (size_t m = 0; m < kind->move_count; m++)
				for (size_t f = 0; now != NULL && f < kind->moves[m].from_count;
				     f++)
					if (strcmp(kind->moves[m].from[f], now) == 0)
						buf_putf(&can, "%s%s", can.len > 0 ? ", " : "",
						    kind->moves[m].verb);
			rc = pmj_fail(err, PMJ_REFUSED, "this %s is %s; it cannot %s now",
			    kind->name, now != NULL ? now : "handed over", move->verb);
			pmj_hint(err, "from here it can: %s",
			    can.len > 0 ? buf_text(&can) : "nothing more");
			buf_close(&can);
			return rc;
		}
	}
	return PMJ_OK;
}

const json_t *
record_moved_value(const struct merge_record *merged, const json_t *set, const char *name)
{
	const json_t *value = name != NULL ? json_object_get(set, name) : NULL;

	if (name == NULL)
		return NULL;
	return value != NULL || merged == NULL ? value : merge_shown(merged, name);
}

/* A second pair of eyes is not one's own; and what a person says of themselves nobody else says. */
static enum pmj_code
check_by(const struct call *call, const struct kind *kind, const struct move *move,
    const struct merge_record *merged, struct pmj_error *err)
{
	const uint8_t *self = ring_device_id(call->core->ring);
	bool own = merged->maker != NULL && memcmp(merged->maker->by, self, PMJ_DEVICE_BYTES) == 0;
	enum pmj_code rc;

	if (move->by == BY_ANYONE || merged->maker == NULL || own == (move->by == BY_AUTHOR))
		return PMJ_OK;
	if (!own)
		return pmj_fail(
		    err, PMJ_REFUSED, "only who wrote this %s can %s it", kind->name, move->verb);
	rc = pmj_fail(err, PMJ_REFUSED, "who wrote this %s cannot %s it", kind->name, move->verb);
	pmj_hint(err, "it is for a second person; after a sync they have it");
	return rc;
}

/* What a second person agreed to is set by the entry that says so: one who changes it elsewhere
 * without knowing of this raises a conflict, and does not change what was signed. A field of which
 * two values stand is left to whoever settles it. */
static void
set_agreed(const struct kind *kind, const struct move *move, const struct merge_record *merged,
    json_t *set)
{
	for (size_t i = 0; move->by == BY_ANOTHER && i < kind->field_count; i++) {
		const char *name = kind->fields[i].name;
		const struct merge_field *field = merge_field(merged, name);
		const json_t *value = merge_shown(merged, name);

		if (field != NULL && !field->conflict && value != NULL && !json_is_null(value) &&
		    json_object_get(set, name) == NULL)
			(void)json_object_set(set, name, (json_t *)value);
	}
}

bool
record_is_agreed(const struct kind *kind, const struct merge_record *merged)
{
	const struct merge_field *state = merge_field(merged, "state");

	for (size_t i = 0; state != NULL && i < state->count; i++) {
		const char *verb = state->values[i].entry->verb;
		const struct move *move = verb != NULL ? kind_move(kind, verb) : NULL;

		if (move != NULL && move->by == BY_ANOTHER)
			return true;
	}
	return false;
}

static enum pmj_code
check_asks(const struct move *move, const struct merge_record *merged, const json_t *set,
    const struct kind *kind, struct pmj_error *err)
{
	for (size_t i = 0; i < move->asks_count; i++) {
		const json_t *value = record_moved_value(merged, set, move->asks[i]);

		if (value == NULL || json_is_null(value) || json_is_false(value)) {
			enum pmj_code rc =
			    pmj_fail(err, PMJ_INVALID, "%s needs %s", move->verb, move->asks[i]);

			pmj_hint(err, "pamoja %s %s ID %s=%s", kind->name, move->verb,
			    move->asks[i],
			    kind_field(kind, move->asks[i])->type == FIELD_YES_NO ? "yes" : "...");
			return rc;
		}
	}
	return PMJ_OK;
}

/* A day that the move itself says: it happens now, unless another is given. */
static void
set_date(const struct call *call, const struct move *move, json_t *set)
{
	char today[11];

	if (move->dates == NULL || json_object_get(set, move->dates) != NULL)
		return;
	record_date(call, today);
	(void)json_object_set_new(set, move->dates, json_string(today));
}

enum pmj_code
record_find_move(
    const struct move **out, const struct kind *kind, const char *verb, struct pmj_error *err)
{
	const char **verbs;
	const char *near;
	enum pmj_code rc;

	if ((*out = kind_move(kind, verb)) != NULL)
		return PMJ_OK;
	verbs = mem_array(kind->move_count, sizeof(*verbs));
	for (size_t i = 0; i < kind->move_count; i++)
		verbs[i] = kind->moves[i].verb;
	near = text_nearest(verb, verbs, kind->move_count);
	rc = pmj_fail(err, PMJ_USAGE, "a %s has no move \"%.40s\"", kind->name, verb);
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "pamoja %s --help lists its moves", kind->name);
	free((void *)verbs);
	return rc;
}

enum pmj_code
record_move(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const char *wanted = json_str(call->body, "kind");
	const struct kind *kind;
	const struct move *move;
	uint8_t rec[PMJ_RECORD_BYTES];
	json_t *set = json_object();
	const char *verb;
	enum pmj_code rc;

	if ((rc = call_text(call, &verb, "verb", err)) != PMJ_OK ||
	    (rc = record_open(call, &record, &kind, rec, err)) != PMJ_OK)
		goto out;
	if (wanted != NULL && strcmp(wanted, kind->name) != 0) {
		rc = pmj_fail(
		    err, PMJ_NOT_FOUND, "%s is a %s, not a %s", call->part[0], kind->name, wanted);
		goto out;
	}
	if (record.merged.voided) {
		rc = pmj_fail(err, PMJ_REFUSED, "this %s was voided", kind->name);
		goto out;
	}
	if ((rc = record_find_move(&move, kind, verb, err)) != PMJ_OK ||
	    (rc = record_take(call, set, kind, record_fields(call), err)) != PMJ_OK ||
	    (rc = record_keeps_subjects(kind, &record.merged, set, err)) != PMJ_OK ||
	    (rc = check_move(kind, move, &record.merged, err)) != PMJ_OK ||
	    (rc = check_by(call, kind, move, &record.merged, err)) != PMJ_OK)
		goto out;
	set_date(call, move, set);
	if ((rc = check_asks(move, &record.merged, set, kind, err)) != PMJ_OK)
		goto out;
	if (move->copies != NULL) {
		if ((rc = record_copy(call, out, kind, move, rec, &record, set, err)) == PMJ_OK)
			(void)json_object_set_new(*out, "state", json_string(move->to));
		goto out;
	}
	rc = move->needs_consent || move->discloses
	         ? record_discloses(call, kind, move, &record.merged, set, err)
	         : record_keeps_consent(call, kind, &record.merged, set, move->to, err);
	if (rc != PMJ_OK)
		goto out;
	set_agreed(kind, move, &record.merged, set);
	(void)json_object_set_new(set, "state", json_string(move->to));
	if ((rc = record_append(call, out, kind, rec, &record, set, move->verb, err)) == PMJ_OK)
		(void)json_object_set_new(*out, "state", json_string(move->to));
out:
	json_decref(set);
	record_full_close(&record);
	return rc;
}
