/* profile.c - a country's rules, as a file says them. */
#include "domain/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/kind_part.h"

#define YEARS_MAX 100
#define LEAST_MIN 11 /* a country may be stricter than the rule of small cells, never less */
#define LEAST_MAX 1000
#define HOURS_MAX 8760

/* A whole number from least to most; absent: `otherwise`. */
static enum pmj_code
profile_number(int64_t *to, const struct part *part, const char *key, int64_t least, int64_t most,
    int64_t otherwise)
{
	const struct conf_item *item = part_item(part, key);
	enum pmj_code rc = part_number(to, part, key);

	if (item == NULL)
		*to = otherwise;
	if (rc != PMJ_OK || item == NULL || (*to >= least && *to <= most))
		return rc;
	(void)conf_fail(
	    part->err, part->conf, item->line, "%s = %.20s is out of range", key, item->value);
	pmj_hint(
	    part->err, "write a whole number from %lld to %lld", (long long)least, (long long)most);
	return PMJ_INVALID;
}

/* A notice's name; absent: `otherwise`. */
static enum pmj_code
profile_notice(char **to, const struct part *part, const char *key, const char *otherwise)
{
	const struct conf_item *item = part_item(part, key);

	*to = mem_strdup(item != NULL ? item->value : otherwise);
	if (item == NULL || kind_is_name(*to))
		return PMJ_OK;
	(void)conf_fail(
	    part->err, part->conf, item->line, "%s = %.40s is no name", key, item->value);
	pmj_hint(part->err, "write the name of a notice: %s = %s", key, otherwise);
	return PMJ_INVALID;
}

/* Without these a consent says nothing, whatever a country leaves out. */
static enum pmj_code
check_needs(const struct profile *profile, const struct part *part)
{
	static const char *const always[] = {
	    "person", "recipient", "purpose", "information", "how"};

	for (size_t i = 0; i < COUNT(always) && profile->needs_count > 0; i++) {
		bool found = false;

		for (size_t j = 0; j < profile->needs_count; j++)
			found = found || strcmp(profile->needs[j], always[i]) == 0;
		if (found)
			continue;
		(void)conf_fail(part->err, part->conf, part_item(part, "consent_needs")->line,
		    "consent_needs leaves out %s", always[i]);
		pmj_hint(part->err, "a consent without it says nothing: add | %s", always[i]);
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

/* What is marked as a draft are the numbers to call, so there must be some. */
static enum pmj_code
check_draft(struct profile *out, const struct part *part)
{
	enum pmj_code rc = part_flag(&out->draft, part, "draft");

	if (rc != PMJ_OK || !out->draft || out->emergency.in[LANG_EN] != NULL)
		return rc;
	(void)conf_fail(part->err, part->conf, part_item(part, "draft")->line,
	    "draft = yes, and nobody to call is named");
	pmj_hint(part->err, "add emergency.en = whom to call, or take draft away");
	return PMJ_INVALID;
}

static enum pmj_code
profile_head(struct profile *out, const struct part *part)
{
	static const char *const profile_keys[] = {"name", "version", "title.en", "title.sw",
	    "crosses", "consent_needs", "consent_signed", "look_back_years", "adult_years", "least",
	    "notice", "accounting", "emergency.en", "emergency.sw", "draft"};
	int64_t version = 0;
	enum pmj_code rc;

	if ((rc = kind_check_keys(part, profile_keys, COUNT(profile_keys), NULL)) != PMJ_OK ||
	    (rc = part_number(&version, part, "version")) != PMJ_OK ||
	    (rc = part_list(&out->crosses, &out->crosses_count, part, "crosses")) != PMJ_OK ||
	    (rc = part_list(&out->needs, &out->needs_count, part, "consent_needs")) != PMJ_OK ||
	    (rc = check_needs(out, part)) != PMJ_OK ||
	    (rc = part_list(&out->signs, &out->signs_count, part, "consent_signed")) != PMJ_OK ||
	    (rc = profile_number(&out->look_back_years, part, "look_back_years", 1, YEARS_MAX,
	         PROFILE_LOOK_BACK_YEARS)) != PMJ_OK ||
	    (rc = profile_number(&out->adult_years, part, "adult_years", 1, 30, 0)) != PMJ_OK ||
	    (rc = profile_number(&out->least, part, "least", LEAST_MIN, LEAST_MAX, 0)) != PMJ_OK ||
	    (rc = profile_notice(&out->notice, part, "notice", "redisclosure")) != PMJ_OK ||
	    (rc = profile_notice(&out->accounting, part, "accounting", "accounting")) != PMJ_OK ||
	    (rc = part_texts(&out->emergency, part, "emergency", false)) != PMJ_OK ||
	    (rc = check_draft(out, part)) != PMJ_OK ||
	    (rc = part_texts(&out->title, part, "title", true)) != PMJ_OK)
		return rc;
	out->version = (int)version;
	if ((out->name = part_text(part, "name")) == NULL || !kind_is_name(out->name))
		return part_missing(part, "name", "ke");
	return version >= 1 ? PMJ_OK : part_missing(part, "version", "1");
}

/* What goes to the person themself is theirs by right: no country shuts that way. */
static enum pmj_code
read_route(struct profile *out, const struct part *part, const char *verb)
{
	static const char *const route_keys[] = {"open", "under.en", "under.sw"};
	static const char *const words[] = {"yes", "no"};
	struct profile_route *route;
	size_t open = 0;
	enum pmj_code rc;

	out->routes = mem_grow(out->routes, out->route_count + 1, sizeof(*out->routes));
	route = &out->routes[out->route_count++];
	*route = (struct profile_route){.verb = mem_strdup(verb), .line = part->line};
	if ((rc = kind_check_keys(part, route_keys, COUNT(route_keys), NULL)) != PMJ_OK ||
	    (rc = part_word(&open, part, "open", words, COUNT(words), 0)) != PMJ_OK ||
	    (rc = part_texts(&route->under, part, "under", false)) != PMJ_OK)
		return rc;
	route->shut = open == 1;
	if (!route->shut || strcmp(verb, "give") != 0)
		return PMJ_OK;
	(void)conf_fail(part->err, part->conf, part_item(part, "open")->line,
	    "the way to the person themself cannot be shut");
	pmj_hint(part->err, "take the line away: what is kept about them is theirs to see");
	return PMJ_INVALID;
}

static enum pmj_code
read_duty(struct profile *out, const struct part *part)
{
	static const char *const duty_keys[] = {"of", "when", "hours", "to.en", "to.sw"};
	struct profile_duty *duty;
	enum pmj_code rc;

	out->duties = mem_grow(out->duties, out->duty_count + 1, sizeof(*out->duties));
	duty = &out->duties[out->duty_count++];
	*duty = (struct profile_duty){.of = part_text(part, "of"), .line = part->line};
	if ((rc = kind_check_keys(part, duty_keys, COUNT(duty_keys), NULL)) != PMJ_OK ||
	    (rc = part_when(&duty->field, &duty->value, part, "when", "")) != PMJ_OK ||
	    (rc = profile_number(&duty->hours, part, "hours", 1, HOURS_MAX, 0)) != PMJ_OK ||
	    (rc = part_texts(&duty->to, part, "to", true)) != PMJ_OK)
		return rc;
	if (duty->of == NULL)
		return part_missing(part, "of", "incident");
	if (duty->field == NULL)
		return part_missing(part, "when", "kind is breach");
	return duty->hours > 0 ? PMJ_OK : part_missing(part, "hours", "72");
}

/* [keep KIND] is read with the rest of what must be kept. */
static enum pmj_code
read_part(struct profile *out, const struct part *part)
{
	if (strcmp(part->section, "profile") == 0)
		return profile_head(out, part);
	if (strncmp(part->section, "route ", 6) == 0)
		return read_route(out, part, part->section + 6);
	if (strncmp(part->section, "duty ", 5) == 0)
		return read_duty(out, part);
	if (strncmp(part->section, "keep ", 5) == 0)
		return PMJ_OK;
	(void)conf_fail(
	    part->err, part->conf, part->line, "a profile has no section [%.40s]", part->section);
	pmj_hint(part->err, "write [profile], [route VERB], [duty NAME] or [keep KIND]");
	return PMJ_INVALID;
}

/* The conf is taken over, also on failure. */
static enum pmj_code
profile_from_conf(struct profile *out, struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (conf->section_count == 0 || strcmp(conf->sections[0].name, "profile") != 0 ||
	    conf->count == 0 || conf->items[0].section[0] == '\0') {
		rc = conf_fail(err, conf, 0, "a profile begins with the section [profile]");
		pmj_hint(err, "begin with [profile], name, version and title.en");
	}
	for (size_t i = 0; i < conf->section_count && rc == PMJ_OK; i++) {
		struct part part = {conf, conf->sections[i].name, conf->sections[i].line, err};

		rc = read_part(out, &part);
	}
	if (rc == PMJ_OK)
		rc = retain_of(&out->retain, conf, err);
	conf_close(conf);
	if (rc != PMJ_OK)
		profile_close(out);
	return rc;
}

enum pmj_code
profile_read(struct profile *out, const struct os *os, const char *path, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = conf_read(&conf, os, path, err)) != PMJ_OK)
		return rc;
	return profile_from_conf(out, &conf, err);
}

enum pmj_code
profile_read_text(
    struct profile *out, const char *name, const char *text, size_t len, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = conf_read_text(&conf, name, text, len, err)) != PMJ_OK)
		return rc;
	return profile_from_conf(out, &conf, err);
}

static void
words_free(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	free((void *)words);
}

static void
end_texts(struct texts *texts)
{
	for (size_t l = 0; l < LANG_COUNT; l++)
		free(texts->in[l]);
}

void
profile_close(struct profile *profile)
{
	for (size_t i = 0; i < profile->route_count; i++) {
		end_texts(&profile->routes[i].under);
		free(profile->routes[i].verb);
	}
	for (size_t i = 0; i < profile->duty_count; i++) {
		end_texts(&profile->duties[i].to);
		free(profile->duties[i].of);
		free(profile->duties[i].field);
		free(profile->duties[i].value);
	}
	free(profile->routes);
	free(profile->duties);
	end_texts(&profile->title);
	end_texts(&profile->emergency);
	words_free(profile->crosses, profile->crosses_count);
	words_free(profile->needs, profile->needs_count);
	words_free(profile->signs, profile->signs_count);
	free(profile->notice);
	free(profile->accounting);
	free(profile->name);
	retain_close(&profile->retain);
	memset(profile, 0, sizeof(*profile));
}

bool
profile_crosses(
    const struct profile *profile, const char *const *information, size_t information_count)
{
	bool all = information_count > 0;

	for (size_t i = 0; i < information_count; i++) {
		bool found = false;

		for (size_t j = 0; j < profile->crosses_count && !found; j++)
			found = information[i] != NULL &&
			        text_same(profile->crosses[j], information[i]);
		all = all && found;
	}
	return all;
}

const struct profile_route *
profile_route(const struct profile *profile, const char *verb)
{
	for (size_t i = 0; i < profile->route_count; i++)
		if (strcmp(profile->routes[i].verb, verb) == 0)
			return &profile->routes[i];
	return NULL;
}
