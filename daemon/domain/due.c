/* due.c - what stands in `today`: a day that was chosen, one that comes near, and silence. */
#include "domain/due.h"

#include <string.h>

#include "base/date.h"

#define DUE_DAY_MS INT64_C(86400000)

/* Silence counts from when the state was recorded; the day is the same in any time zone. */
static void
silence_of(
    struct due *out, const struct kind *kind, const struct merge_record *record, const char *chosen)
{
	const struct merge_field *field = merge_field(record, "state");
	const struct merge_value *value = field != NULL ? &field->values[field->shown] : NULL;
	const char *name = value != NULL ? json_string_value(value->value) : NULL;
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;
	char began[11];
	int64_t day;

	if (state == NULL || state->silent_days == 0 || value->entry == NULL)
		return;
	day = value->entry->pt / DUE_DAY_MS;
	date_of_days(began, day);
	if (chosen != NULL && strcmp(chosen, began) > 0)
		return;
	date_of_days(out->from, day + state->silent_days);
	memcpy(out->day, out->from, sizeof(out->day));
	out->why = &state->silent;
}

/* Is it in a state in which what was due is done? Of several that stand each must be one. */
static bool
is_at_rest(const struct kind *kind, const struct merge_record *record)
{
	const struct merge_field *field = merge_field(record, "state");
	bool rests = field != NULL && field->count > 0;

	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *name = json_string_value(field->values[i].value);
		const struct state *state = name != NULL ? kind_state(kind, name) : NULL;

		rests = rests && state != NULL && state->rests;
	}
	return rests;
}

void
due_of(struct due *out, const struct kind *kind, const struct merge_record *record)
{
	const char *chosen = kind != NULL && kind->due != NULL
	                         ? json_string_value(merge_shown(record, kind->due))
	                         : NULL;

	memset(out, 0, sizeof(*out));
	if (chosen != NULL && (!date_is_day(chosen) || is_at_rest(kind, record)))
		chosen = NULL;
	if (chosen != NULL) {
		date_of_days(out->from, date_days(chosen) - kind->due_before);
		memcpy(out->day, chosen, sizeof(out->day));
		if (kind->due_says.in[LANG_EN] != NULL)
			out->why = &kind->due_says;
	}
	if (kind != NULL)
		silence_of(out, kind, record, chosen);
}
