/* record_remind.c - records that a value of another brings about (`[reminder NAME]`): made in the
 * same transaction, in the worker's language, for days that are still to come. */
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "base/text.h"
#include "domain/reminder.h"

/* The day it happened: what the record says of that, else today. */
static int64_t
day_of(const struct call *call, const json_t *set, const struct merge_record *merged)
{
	const char *on = json_str(set, "on");
	char today[11];

	if (on == NULL && merged != NULL)
		on = json_string_value(merge_shown(merged, "on"));
	record_date(call, today);
	return date_days(on != NULL && date_is_day(on) ? on : today);
}

/* The person: the record itself, or whom it is about. NULL: the record is made in this call. */
static const char *
person_of(const struct reminders *out, const struct kind *kind, const json_t *set,
    const struct merge_record *merged)
{
	const char *id;

	if (kind->subject_count == 0)
		return out->person[0] != '\0' ? out->person : NULL;
	id = json_str(set, kind->subjects[0]);
	return id != NULL || merged == NULL
	           ? id
	           : json_string_value(merge_shown(merged, kind->subjects[0]));
}

/* What something urgent brings about is urgent, too: it stands first in `today`. */
static void
make_urgent(json_t *set, const struct kind *makes)
{
	const struct field *field =
	    makes->urgent_field != NULL ? kind_field(makes, makes->urgent_field) : NULL;

	if (field != NULL && field->type == FIELD_CHOICE)
		(void)json_object_set_new(
		    set, makes->urgent_field, json_string(makes->urgent_value));
}

static void
add_reminder(struct reminders *out, const struct call *call, const struct kind *makes,
    const struct reminder *reminder, const char *person, int64_t day)
{
	struct core_draft *draft = &out->drafts[out->count];
	json_t *set = json_object();
	char date[11];

	date_of_days(date, day);
	(void)json_object_set_new(set, makes->due, json_string(date));
	(void)json_object_set_new(
	    set, makes->shows, json_string(texts_in(&reminder->text, call->lang)));
	/* Written for the worker: it may say of the person what no paper in a pocket should. */
	if (makes->plan.only_if != NULL)
		(void)json_object_set_new(set, makes->plan.only_if, json_false());
	if (makes->state_count > 0)
		(void)json_object_set_new(set, "state", json_string(makes->states[0].name));
	if (person != NULL)
		(void)json_object_set_new(set, makes->subjects[0], json_string(person));
	*draft = (struct core_draft){
	    .kind = makes, .set = set, .about = person == NULL ? makes->subjects[0] : NULL};
	out->sets[out->count++] = set;
}

void
record_reminders(struct reminders *out, const struct call *call, const struct kind *kind,
    const uint8_t *rec, const json_t *set, const struct merge_record *merged)
{
	char today[11];
	int64_t now, since;

	out->count = 0;
	out->says = NULL;
	out->person[0] = '\0';
	if (kind->reminder_count == 0)
		return;
	if (rec != NULL)
		text_base32(out->person, rec, PMJ_RECORD_BYTES);
	record_date(call, today);
	now = date_days(today);
	since = day_of(call, set, merged);
	for (size_t i = 0; i < kind->reminder_count; i++) {
		const struct reminder *reminder = &kind->reminders[i];
		const struct kind *makes = kinds_get(&call->core->kinds, reminder->makes);
		const json_t *before = merged != NULL ? merge_shown(merged, reminder->field) : NULL;
		const char *person = person_of(out, kind, set, merged);

		if (makes == NULL || !reminder_is_due(reminder, set, before))
			continue;
		if (person == NULL && kind->subject_count > 0)
			continue; /* handed over: whom it is about is not known here any more */
		for (size_t d = 0; d < reminder->day_count && out->count < REMINDERS_MAX; d++) {
			if (since + reminder->days[d] < now)
				continue;
			add_reminder(out, call, makes, reminder, person, since + reminder->days[d]);
			if (kind_is_urgent(kind, NULL, set))
				make_urgent(out->sets[out->count - 1], makes);
			/* What to do at once is not said of what is long past. */
			if (reminder->says.in[LANG_EN] != NULL)
				out->says = texts_in(&reminder->says, call->lang);
		}
	}
}

void
record_say_reminders(json_t *answer, const struct call *call, const struct reminders *reminders,
    uint8_t (*recs)[PMJ_RECORD_BYTES])
{
	json_t *list = json_array();

	for (size_t i = 0; i < reminders->count; i++) {
		const struct kind *makes = reminders->drafts[i].kind;
		json_t *one = call_id(call, recs[i]);

		(void)json_object_set_new(one, "kind", json_string(makes->name));
		(void)json_object_set(one, "due", json_object_get(reminders->sets[i], makes->due));
		(void)json_object_set(
		    one, "text", json_object_get(reminders->sets[i], makes->shows));
		(void)json_array_append_new(list, one);
	}
	if (reminders->count > 0)
		(void)json_object_set(answer, "reminders", list);
	if (reminders->says != NULL)
		(void)json_object_set_new(answer, "says", json_string(reminders->says));
	json_decref(list);
}

void
record_reminders_close(struct reminders *reminders)
{
	for (size_t i = 0; i < reminders->count; i++)
		json_decref(reminders->sets[i]);
}
