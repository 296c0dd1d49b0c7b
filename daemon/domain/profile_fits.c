/* profile_fits.c - a country's rules and the kinds in force: does each name what the other has; and
 * what a country asks of a consent, laid over what the kinds ask. */
#include "domain/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static enum pmj_code
misfit(const struct profile *profile, int line, struct pmj_error *err, const char *what,
    const char *word)
{
	return conf_fail(err, &profile->retain.conf, line, "there is no %s %.60s", what, word);
}

static int
line_of(const struct profile *profile, const char *key)
{
	const struct conf_item *item = conf_get(&profile->retain.conf, "profile", key);

	return item != NULL ? item->line : 0;
}

/* Of every kind that records consents, what is asked of one must be its field, or its word. */
static enum pmj_code
consent_fits(const struct profile *profile, const struct kind *kind, struct pmj_error *err)
{
	const struct field *how = kind_field(kind, "how");

	for (size_t i = 0; i < profile->needs_count; i++)
		if (kind_field(kind, profile->needs[i]) == NULL) {
			(void)misfit(profile, line_of(profile, "consent_needs"), err, "field",
			    profile->needs[i]);
			pmj_hint(err, "the fields of a %s: pamoja %s add --help", kind->name,
			    kind->name);
			return PMJ_INVALID;
		}
	for (size_t i = 0; i < profile->signs_count; i++)
		if (how == NULL || field_choice(how, profile->signs[i]) == NULL) {
			(void)misfit(profile, line_of(profile, "consent_signed"), err,
			    "way to give a consent called", profile->signs[i]);
			pmj_hint(
			    err, "use words of its field how: pamoja %s add --help", kind->name);
			return PMJ_INVALID;
		}
	return PMJ_OK;
}

static enum pmj_code
route_fits(const struct profile *profile, const struct profile_route *route,
    const struct kinds *kinds, struct pmj_error *err)
{
	for (size_t i = 0; i < kinds->count; i++) {
		const struct move *move = kind_move(kinds->list[i], route->verb);

		if (move != NULL && move->discloses)
			return PMJ_OK;
	}
	(void)misfit(profile, route->line, err, "way without a consent called", route->verb);
	pmj_hint(err, "those there are: emergency, report, audit, research");
	return PMJ_INVALID;
}

/* It is dated by the field that brings a record into `today`. */
static enum pmj_code
duty_fits(const struct profile *profile, const struct profile_duty *duty, const struct kinds *kinds,
    struct pmj_error *err)
{
	const struct kind *kind = kinds_get(kinds, duty->of);
	const struct field *field = kind != NULL ? kind_field(kind, duty->field) : NULL;

	if (kind != NULL && kind->due != NULL && field != NULL &&
	    (field->choice_count == 0 || field->open || field_choice(field, duty->value) != NULL))
		return PMJ_OK;
	if (kind == NULL)
		(void)misfit(profile, duty->line, err, "kind", duty->of);
	else if (kind->due == NULL)
		(void)conf_fail(err, &profile->retain.conf, duty->line,
		    "a %.40s has no day by which something is due", duty->of);
	else if (field == NULL)
		(void)misfit(profile, duty->line, err, "field", duty->field);
	else
		(void)misfit(profile, duty->line, err, "choice", duty->value);
	pmj_hint(err, "such as: of = incident, when = kind is breach");
	return PMJ_INVALID;
}

enum pmj_code
profile_fits(const struct profile *profile, const struct kinds *kinds, struct pmj_error *err)
{
	enum pmj_code rc = retain_kinds(&profile->retain, kinds, err);

	for (size_t i = 0; i < kinds->count && rc == PMJ_OK; i++)
		if (kinds->list[i]->revocation_wins)
			rc = consent_fits(profile, kinds->list[i], err);
	for (size_t i = 0; i < profile->route_count && rc == PMJ_OK; i++)
		rc = route_fits(profile, &profile->routes[i], kinds, err);
	for (size_t i = 0; i < profile->duty_count && rc == PMJ_OK; i++)
		rc = duty_fits(profile, &profile->duties[i], kinds, err);
	return rc;
}

static void
replace_words(char ***list, size_t *count, char **words, size_t word_count)
{
	if (word_count == 0)
		return;
	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	*list = mem_grow(*list, word_count, sizeof(**list));
	for (size_t i = 0; i < word_count; i++)
		(*list)[i] = mem_strdup(words[i]);
	*count = word_count;
}

void
profile_lay_over(const struct profile *profile, struct kinds *kinds)
{
	for (size_t i = 0; i < kinds->count; i++) {
		struct kind *kind = kinds->list[i];

		if (!kind->revocation_wins)
			continue;
		replace_words(&kind->consent_needs, &kind->consent_needs_count, profile->needs,
		    profile->needs_count);
		replace_words(&kind->consent_signed, &kind->consent_signed_count, profile->signs,
		    profile->signs_count);
	}
}
