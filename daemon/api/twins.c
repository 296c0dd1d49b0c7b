/* twins.c - a reminder that one and the same change made on two laptops, or what is to be done
 * about one consent that was taken back on two: at the hub one of them stays. */
#include <string.h>

#include "api/core_inner.h"
#include "api/record_inner.h"
#include "base/diag.h"
#include "base/text.h"
#include "domain/reminder.h"

#define LOOKED "reminders.looked" /* up to which number the hub has looked */

static bool
twin_is_closed(const struct kind *kind, const struct merge_record *merged)
{
	const char *name = json_string_value(merge_shown(merged, "state"));
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;

	return state != NULL && state->closed;
}

static const char *
twin_words(const struct kind *kind, const struct merge_record *merged)
{
	return json_string_value(merge_shown(merged, kind->shows));
}

static bool
twin_could_be(const struct core *core, const struct kind *kind, const struct merge_record *one)
{
	const char *words = twin_words(kind, one);

	return !one->voided &&
	       (reminder_of_words(&core->kinds, kind, words) != NULL || record_told_of(words));
}

/* Both say what to do about one record. Two laptops may shorten its id differently; what the hub
 * finds ambiguous is not the same. */
static bool
tell_of_one(struct core *core, const char *a, const char *b)
{
	uint8_t of_a[PMJ_RECORD_BYTES], of_b[PMJ_RECORD_BYTES];
	struct pmj_error ignored;

	return a != NULL && b != NULL &&
	       records_resolve(core->journal, of_a, NULL, a, &ignored) == PMJ_OK &&
	       records_resolve(core->journal, of_b, NULL, b, &ignored) == PMJ_OK &&
	       memcmp(of_a, of_b, PMJ_RECORD_BYTES) == 0;
}

/* Made by the same rule for the same day, on another laptop. The words may be in two languages.
 * Where a consent was taken back the day may differ, as long as nobody was told yet: an earlier one
 * that is done stands for what was sent before it, not for what was sent again since. */
static bool
are_twins(struct core *core, const struct kind *kind, const struct merge_record *a,
    const struct merge_record *b)
{
	const char *words = twin_words(kind, a), *other = twin_words(kind, b);
	const struct reminder *rule = reminder_of_words(&core->kinds, kind, words);
	bool same_day = json_equal(merge_shown(a, kind->due), merge_shown(b, kind->due));

	if (b->voided || b->maker == NULL || a->maker == NULL ||
	    memcmp(a->rec, b->rec, PMJ_RECORD_BYTES) == 0 ||
	    memcmp(a->maker->by, b->maker->by, PMJ_DEVICE_BYTES) == 0)
		return false;
	if (rule != NULL)
		return same_day && rule == reminder_of_words(&core->kinds, kind, other);
	return (same_day || (!twin_is_closed(kind, a) && !twin_is_closed(kind, b))) &&
	       tell_of_one(core, record_told_of(words), record_told_of(other));
}

static enum pmj_code
void_twin(struct core *core, const struct kind *kind, const struct merge_record *gone,
    const struct merge_record *stays, struct pmj_error *err)
{
	char brief[PMJ_RECORD_CHARS + 1];
	uint8_t recs[1][PMJ_RECORD_BYTES];
	struct core_draft draft = {.kind = kind, .rec = gone->rec};
	json_t *set, *was;
	enum pmj_code rc;

	records_short(core->journal, brief, stays->rec);
	set = json_pack("{s:b,s:o}", "voided", 1, "void_reason",
	    json_sprintf("the same was noted on another laptop: %s", brief));
	was = merge_was(gone, set);
	draft.set = set;
	draft.was = was;
	rc = core_append(core, &draft, 1, recs, err);
	json_decref(set);
	json_decref(was);
	return rc;
}

/* What was done stays done; of two that are open the one with the smaller id stays. */
static enum pmj_code
settle_twins(struct core *core, const struct kind *kind, const struct merge_record *a,
    const struct merge_record *b, struct pmj_error *err)
{
	bool done = twin_is_closed(kind, a), other_done = twin_is_closed(kind, b);
	bool first = done != other_done ? done : memcmp(a->rec, b->rec, PMJ_RECORD_BYTES) < 0;

	if (done && other_done)
		return PMJ_OK;
	return void_twin(core, kind, first ? b : a, first ? a : b, err);
}

/* The others of its person; over as soon as it is voided itself. */
static enum pmj_code
look_for_twins(struct core *core, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full one = {.row_count = 0};
	uint8_t person[PMJ_RECORD_BYTES], (*recs)[PMJ_RECORD_BYTES] = NULL;
	bool settled = false;
	const char *id;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = records_load(core->journal, &one, rec, err)) != PMJ_OK)
		goto out;
	id = json_string_value(merge_shown(&one.merged, kind->subjects[0]));
	if (id == NULL || !text_unbase32(person, sizeof(person), id, PMJ_RECORD_CHARS) ||
	    !twin_could_be(core, kind, &one.merged))
		goto out;
	rc = records_about(core->journal, &recs, &count, person, kind->name, err);
	for (size_t i = 0; i < count && rc == PMJ_OK && !settled; i++) {
		struct record_full other = {.row_count = 0};

		if ((rc = records_load(core->journal, &other, recs[i], err)) == PMJ_OK &&
		    are_twins(core, kind, &one.merged, &other.merged)) {
			rc = settle_twins(core, kind, &one.merged, &other.merged, err);
			settled = true;
		}
		record_full_close(&other);
	}
out:
	free(recs);
	record_full_close(&one);
	return rc;
}

bool
core_twins_step(struct core *core)
{
	const struct kind *kind = kinds_get(&core->kinds, "followup");
	uint8_t rec[PMJ_RECORD_BYTES];
	struct pmj_error err;
	bool found = false, more = false;
	enum pmj_code rc;

	if (core->hub == NULL || core->backup != NULL || kind == NULL || kind->subject_count != 1)
		return false;
	if (core->twins_looked == 0)
		core->twins_looked = journal_int(core->journal, LOOKED, 0);
	core->step_name = "the same reminder twice";
	rc = records_made_since(
	    core->journal, &core->twins_looked, rec, &found, &more, kind->name, &err);
	if (rc == PMJ_OK && found)
		rc = look_for_twins(core, kind, rec, &err);
	if (rc == PMJ_OK && found && !more)
		rc = journal_put_int(core->journal, LOOKED, core->twins_looked, &err);
	if (rc != PMJ_OK)
		diag_error("looking for the same reminder twice", &err);
	return rc == PMJ_OK && more;
}
