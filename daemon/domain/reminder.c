/* reminder.c - [reminder NAME] of a kind: what a value brings about, some days later. */
#include "domain/reminder.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/kind_check_inner.h"
#include "domain/kind_part.h"

static const char *const reminder_keys[] = {
    "when", "makes", "days", "text.en", "text.sw", "says.en", "says.sw"};

static enum pmj_code
read_days(struct reminder *reminder, const struct part *part)
{
	const struct conf_item *item = part_item(part, "days");
	char **words = NULL;
	size_t count = 0;
	enum pmj_code rc = part_list(&words, &count, part, "days");

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		size_t digits = strspn(words[i], "0123456789");

		if (count <= REMINDER_DAYS_MAX && digits > 0 && digits <= 4 &&
		    words[i][digits] == '\0') {
			reminder->days[reminder->day_count++] = atoi(words[i]);
			continue;
		}
		(void)conf_fail(part->err, part->conf, item->line, "days = %.60s is not understood",
		    item->value);
		pmj_hint(part->err, "write at most %d numbers of days: days = 2 | 7 | 30",
		    REMINDER_DAYS_MAX);
		rc = PMJ_INVALID;
	}
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	free((void *)words);
	return rc == PMJ_OK && count == 0 ? part_missing(part, "days", "2 | 7 | 30") : rc;
}

enum pmj_code
kind_read_reminder(struct kind *kind, const struct part *part)
{
	struct reminder *reminder;
	enum pmj_code rc;

	kind->reminders =
	    mem_grow(kind->reminders, kind->reminder_count + 1, sizeof(*kind->reminders));
	reminder = &kind->reminders[kind->reminder_count++];
	memset(reminder, 0, sizeof(*reminder));
	reminder->name = mem_strdup(part->section + strlen("reminder "));
	reminder->makes = part_text(part, "makes");
	if ((rc = kind_check_keys(part, reminder_keys, COUNT(reminder_keys), NULL)) != PMJ_OK ||
	    (rc = part_when(&reminder->field, &reminder->value, part, "when", "")) != PMJ_OK ||
	    (rc = part_texts(&reminder->says, part, "says", false)) != PMJ_OK ||
	    (rc = part_texts(&reminder->text, part, "text", true)) != PMJ_OK)
		return rc;
	if (reminder->field == NULL)
		return part_missing(part, "when", "FIELD is VALUE");
	if (reminder->makes == NULL)
		return part_missing(part, "makes", "followup");
	return read_days(reminder, part);
}

void
reminder_close(struct reminder *reminder)
{
	free(reminder->name);
	free(reminder->field);
	free(reminder->value);
	free(reminder->makes);
	for (size_t i = 0; i < LANG_COUNT; i++) {
		free(reminder->text.in[i]);
		free(reminder->says.in[i]);
	}
}

bool
field_can_be(const struct field *field, const char *value)
{
	if (field->type == FIELD_YES_NO)
		return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
	return field->choice_count == 0 || field_choice(field, value) != NULL;
}

enum pmj_code
kind_check_reminder(const struct kind *kind, const struct reminder *reminder,
    const struct conf *conf, struct pmj_error *err)
{
	int line = kind_check_line_in(conf, "reminder", reminder->name, "when");
	const struct field *field = kind_field(kind, reminder->field);

	if (field != NULL && field_can_be(field, reminder->value) &&
	    (kind->subject_count > 0 || strcmp(kind->name, "person") == 0))
		return PMJ_OK;
	(void)conf_fail(err, conf, line,
	    field == NULL ? "there is no field %.40s"
	    : !field_can_be(field, reminder->value)
	        ? "%.40s is never that"
	        : "a kind without a person has no %.40s to remind of",
	    reminder->field);
	pmj_hint(err,
	    "name a field of this kind, and one of its values, in a kind that is about a person");
	return PMJ_INVALID;
}

enum pmj_code
reminder_check_link(const struct kinds *kinds, const struct kind *kind,
    const struct reminder *reminder, const char *dir, struct pmj_error *err)
{
	const struct kind *makes = kinds_get(kinds, reminder->makes);
	const struct field *says = makes != NULL ? kind_field(makes, makes->shows) : NULL;

	if (makes != NULL && makes->due != NULL && makes->subject_count == 1 &&
	    (says->type == FIELD_TEXT || says->type == FIELD_NOTE))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID,
	    "%.100s/%s.ini: [reminder %.40s] makes %.40s, which is no kind with a person, a due "
	    "date "
	    "and a text",
	    dir, kind->name, reminder->name, reminder->makes);
	pmj_hint(err, "write makes = followup");
	return PMJ_INVALID;
}

bool
reminder_is_value(const json_t *value, const char *wanted)
{
	json_t *one;
	size_t i;

	if (json_is_boolean(value))
		return strcmp(json_is_true(value) ? "yes" : "no", wanted) == 0;
	json_array_foreach(value, i, one)
	{
		if (reminder_is_value(one, wanted))
			return true;
	}
	return json_is_string(value) && strcmp(json_string_value(value), wanted) == 0;
}

bool
reminder_is_due(const struct reminder *reminder, const json_t *set, const json_t *before)
{
	return reminder_is_value(json_object_get(set, reminder->field), reminder->value) &&
	       !reminder_is_value(before, reminder->value);
}

static bool
says(const struct texts *texts, const char *words)
{
	for (size_t i = 0; i < LANG_COUNT; i++)
		if (texts->in[i] != NULL && strcmp(texts->in[i], words) == 0)
			return true;
	return false;
}

const struct reminder *
reminder_of_words(const struct kinds *kinds, const struct kind *makes, const char *words)
{
	for (size_t i = 0; words != NULL && i < kinds->count; i++)
		for (size_t j = 0; j < kinds->list[i]->reminder_count; j++) {
			const struct reminder *reminder = &kinds->list[i]->reminders[j];

			if (strcmp(reminder->makes, makes->name) == 0 &&
			    says(&reminder->text, words))
				return reminder;
		}
	return NULL;
}
