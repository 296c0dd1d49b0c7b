/* country.c - what the profile of the programme's country says of a record that is made or told:
 * which ways are open, which notice goes along, how far back is accounted for, whom to call, what
 * is to be reported by when, and where a recipient is whom the directory does not know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/notice.h"
#include "domain/profile.h"

enum pmj_code
country_route(const struct call *call, const struct move *move, struct pmj_error *err)
{
	const struct profile_route *route;
	struct profile profile;
	enum pmj_code rc;

	if (!move->discloses || strcmp(move->verb, "give") == 0)
		return PMJ_OK;
	if ((rc = office_profile(call->core, &profile, err)) != PMJ_OK) {
		pmj_context(err, "nothing is told without a consent by rules that cannot be read");
		return rc;
	}
	route = profile_route(&profile, move->verb);
	if (route != NULL && route->shut) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "the profile of this country (%.20s) leaves no way without a consent for this: "
		    "%.60s",
		    profile.name, move->verb);
		pmj_hint(err, "ask the person for a consent; or ask your coordinator");
	}
	profile_close(&profile);
	return rc;
}

void
country_put_law(json_t *item, const struct profile *profile, const char *verb, enum lang lang)
{
	const struct profile_route *route = profile_route(profile, verb);

	if (route != NULL && route->under.in[LANG_EN] != NULL)
		(void)json_object_set_new(
		    item, "under", json_string(texts_in(&route->under, lang)));
}

enum pmj_code
country_notice(const struct call *call, struct notice *out, bool accounting, struct pmj_error *err)
{
	struct profile profile;
	enum pmj_code rc;

	if ((rc = office_profile(call->core, &profile, err)) != PMJ_OK) {
		pmj_context(err, "which notice goes along stands in the country's profile");
		return rc;
	}
	if (profile.name == NULL)
		rc = record_notice(call, out, accounting ? "accounting" : "redisclosure", err);
	else
		rc =
		    record_notice(call, out, accounting ? profile.accounting : profile.notice, err);
	profile_close(&profile);
	return rc;
}

/* The list is the person's by right: rules that cannot be read make it no shorter. */
void
country_since(const struct call *call, char since[static 11])
{
	struct pmj_error ignored = {0};
	struct profile profile = {.name = NULL};
	int64_t years = PROFILE_LOOK_BACK_YEARS;
	char today[11];

	if (office_profile(call->core, &profile, &ignored) == PMJ_OK && profile.name != NULL)
		years = profile.look_back_years;
	profile_close(&profile);
	record_date(call, today);
	date_of_days(since, date_days(today) - years * 366);
}

/* ---- who signs alone ---- */

static bool
is_day_text(const json_t *value)
{
	return json_is_string(value) && date_is_day(json_string_value(value));
}

/* Of age is who has had that birthday; of several days that stand the latest counts. */
static enum consent_age
age_by_day(const struct merge_field *born, int64_t years, const char *today, bool *known)
{
	enum consent_age age = CONSENT_OF_AGE;
	char comes[24];

	*known = false;
	for (size_t i = 0; born != NULL && i < born->count; i++) {
		const char *day = json_string_value(born->values[i].value);

		if (!is_day_text(born->values[i].value))
			continue;
		*known = true;
		(void)snprintf(comes, sizeof(comes), "%04lld%s",
		    strtoll(day, NULL, 10) + (long long)years, day + 4);
		if (strcmp(comes, today) > 0)
			age = CONSENT_CHILD;
	}
	return age;
}

/* Whoever comes of age in this year may have done so, or not yet. */
static enum consent_age
age_by_year(const struct merge_field *born, int64_t years, const char *today)
{
	enum consent_age age = CONSENT_OF_AGE;

	for (size_t i = 0; born != NULL && i < born->count; i++) {
		int64_t year = json_integer_value(born->values[i].value);
		int64_t lived = strtoll(today, NULL, 10) - year;

		if (year > 0 && lived < years)
			return CONSENT_CHILD;
		if (year > 0 && lived == years)
			age = CONSENT_PERHAPS_CHILD;
	}
	return age;
}

/* By the day where it is known, else by the year. One of whom neither is known is asked nothing. */
enum consent_age
country_age(const struct call *call, const uint8_t person[static PMJ_RECORD_BYTES])
{
	struct record_full record = {.row_count = 0};
	struct pmj_error ignored = {0};
	struct profile profile = {.name = NULL};
	enum consent_age age = CONSENT_OF_AGE;
	int64_t years = 0;
	char today[11];
	bool known;

	if (office_profile(call->core, &profile, &ignored) == PMJ_OK)
		years = profile.adult_years;
	profile_close(&profile);
	record_date(call, today);
	if (years > 0 && records_load(call->core->journal, &record, person, &ignored) == PMJ_OK) {
		age = age_by_day(merge_field(&record.merged, "birth_date"), years, today, &known);
		if (!known)
			age = age_by_year(merge_field(&record.merged, "birth_year"), years, today);
	}
	record_full_close(&record);
	return age;
}

/* ---- what is said when a record is made ---- */

static const struct profile_duty *
duty_of(const struct profile *profile, const struct kind *kind, const json_t *set)
{
	for (size_t i = 0; i < profile->duty_count; i++) {
		const struct profile_duty *duty = &profile->duties[i];
		const char *value = json_str(set, duty->field);

		if (strcmp(duty->of, kind->name) == 0 && value != NULL &&
		    text_same(value, duty->value))
			return duty;
	}
	return NULL;
}

void
country_date(const struct call *call, const struct kind *kind, json_t *set)
{
	struct pmj_error ignored = {0};
	const struct profile_duty *duty;
	struct profile profile;
	int64_t at;
	char day[11];

	if (kind->due == NULL || json_object_get(set, kind->due) != NULL ||
	    office_profile(call->core, &profile, &ignored) != PMJ_OK)
		return;
	if ((duty = duty_of(&profile, kind, set)) != NULL) {
		at = os_now(call->core->os) + duty->hours * HOUR_MS;
		at += call->core->os->offset_minutes(call->core->os->ctx, at) * MINUTE_MS;
		date_of_days(day, at / DAY_MS);
		(void)json_object_set_new(set, kind->due, json_string(day));
	}
	profile_close(&profile);
}

static void
say_more(json_t *answer, const char *text)
{
	const char *said = json_str(answer, "says");
	char *more = mem_printf("%s%s%s", said != NULL ? said : "", said != NULL ? " " : "", text);

	(void)json_object_set_new(answer, "says", json_string(more));
	free(more);
}

/* In danger of life the number is on the screen, and nobody looks for it. */
static void
say_emergency(json_t *answer, const struct call *call, const struct profile *profile)
{
	if (json_str(answer, "says") == NULL || profile->emergency.in[LANG_EN] == NULL)
		return;
	say_more(answer, texts_in(&profile->emergency, call->lang));
	if (profile->draft)
		(void)json_object_set_new(answer, "says_draft", json_true());
}

static void
say_duty(json_t *answer, const struct call *call, const struct profile *profile,
    const struct kind *kind, const json_t *set)
{
	const struct profile_duty *duty = duty_of(profile, kind, set);
	const char *by = kind->due != NULL ? json_str(set, kind->due) : NULL;

	if (duty != NULL)
		(void)json_object_set_new(answer, "duty",
		    json_pack("{s:s,s:I,s:s}", "to", texts_in(&duty->to, call->lang), "hours",
		        (json_int_t)duty->hours, "by", by != NULL ? by : ""));
}

/* Where somebody is whom the directory does not know is asked, and not guessed: here, until it is
 * said. */
static void
warn_where(
    json_t *answer, const struct kind *kind, const json_t *set, const struct merge_record *merged)
{
	const char *to = kind->discloses_to != NULL ? json_str(set, kind->discloses_to) : NULL;
	json_t *list = json_object_get(answer, "warnings");
	char *text;

	if (to == NULL || kind->discloses_country == NULL ||
	    record_moved_value(merged, set, kind->discloses_country) != NULL ||
	    value_is_id(json_object_get(set, kind->discloses_to)))
		return;
	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(answer, "warnings", list);
	}
	text = mem_printf("%.60s is not in the directory, so it is taken to be in this country. If "
	                  "it is in another, say so: pamoja edit %s %s=...",
	    to, json_str(answer, "short"), kind->discloses_country);
	(void)json_array_append_new(list, json_string(text));
	free(text);
}

void
country_say(json_t *answer, const struct call *call, const struct kind *kind, const json_t *set,
    const struct merge_record *merged)
{
	struct pmj_error ignored = {0};
	struct profile profile;

	if (office_profile(call->core, &profile, &ignored) != PMJ_OK)
		return;
	if (profile.name != NULL) {
		if (kind_is_urgent(kind, NULL, set))
			say_emergency(answer, call, &profile);
		say_duty(answer, call, &profile, kind, set);
		warn_where(answer, kind, set, merged);
	}
	profile_close(&profile);
}

/* Does each notice that it names come with the program, or was it published? */
static enum pmj_code
notices_there(const struct core *core, const struct profile *profile, struct pmj_error *err)
{
	const char *const names[] = {profile->notice, profile->accounting};
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < COUNT(names) && rc == PMJ_OK; i++) {
		struct notice notice = {.name = NULL};

		if (office_notice(core, &notice, names[i], err) == PMJ_OK) {
			notice_close(&notice);
			continue;
		}
		rc = pmj_fail(err, PMJ_INVALID,
		    "there is no notice %.40s, which the profile of "
		    "%.20s names",
		    names[i], profile->name);
		pmj_hint(err, "publish it first: pamoja hub kinds publish %s.ini", names[i]);
	}
	return rc;
}

enum pmj_code
country_fits(const struct core *core, const struct profile *profile, const struct kinds *kinds,
    struct pmj_error *err)
{
	enum pmj_code rc = profile_fits(profile, kinds, err);

	return rc == PMJ_OK ? notices_there(core, profile, err) : rc;
}

enum pmj_code
country_check(const struct call *call, json_t **out, const char *name, const char *text,
    struct pmj_error *err)
{
	struct profile profile;
	enum pmj_code rc;

	if ((rc = profile_read_text(&profile, name, text, strlen(text), err)) != PMJ_OK)
		return rc;
	if ((rc = country_fits(call->core, &profile, &call->core->kinds, err)) == PMJ_OK)
		*out = json_pack("{s:b,s:s,s:b,s:b}", "ok", 1, "name", profile.name, "profile", 1,
		    "draft", profile.draft);
	profile_close(&profile);
	return rc;
}

char *
country_unpublished(const struct core *core)
{
	const char *country = core->settings.country;
	char *file, *text = NULL;

	if (country == NULL || core->hub == NULL)
		return NULL;
	file = mem_printf("profiles/%s.ini", country);
	if (hub_published_version(core->journal, file) == 0)
		text =
		    mem_printf("the rules of this programme's country (%.32s) were never "
		               "published, so no laptop knows them. Read %s/%s, then: pamoja hub "
		               "kinds publish %s/%s",
		        country, core->conf, file, core->conf, file);
	free(file);
	return text;
}
