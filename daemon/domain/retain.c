/* retain.c - retention.ini: what must be kept, by kind (security 11.1). */
#include "domain/retain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define FILE_NAME "retention.ini"
#define DAYS_A_YEAR 366 /* never a day too short */
#define YEARS_MAX 100
#define CAUSE_MAX 39

/* Is the word among those of a list? */
static bool
is_among(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list != NULL && *list != '\0') {
		size_t part = strcspn(list, "|"), from = strspn(list, " ");
		size_t end = part;

		while (end > from && list[end - 1] == ' ')
			end--;
		if (end - from == len && strncmp(list + from, word, len) == 0)
			return true;
		list += part;
		list += *list == '|';
	}
	return false;
}

bool
retain_holds(const struct retain_rule *rule, const char *cause)
{
	return !is_among(rule->but, cause);
}

enum pmj_code
retain_cause(
    const struct retain *retain, const char *typed, char out[static 40], struct pmj_error *err)
{
	size_t first = strcspn(retain->causes, " |");
	enum pmj_code rc;

	if (typed == NULL) {
		(void)snprintf(out, 40, "%.*s", (int)first, retain->causes);
		return PMJ_OK;
	}
	if (strlen(typed) <= CAUSE_MAX && is_among(retain->causes, typed)) {
		(void)snprintf(out, 40, "%s", typed);
		return PMJ_OK;
	}
	rc = pmj_fail(err, PMJ_INVALID, "%.40s is no cause to forget somebody", typed);
	pmj_hint(err, "one of: %.100s", retain->causes);
	return rc;
}

/* A whole number of days, of `years` or of `days`. */
static enum pmj_code
retain_days(struct retain *retain, struct retain_rule *rule, const char *section,
    const struct conf_section *at, struct pmj_error *err)
{
	const struct conf_item *years = conf_get(&retain->conf, section, "years");
	const struct conf_item *days = conf_get(&retain->conf, section, "days");
	const struct conf_item *item = years != NULL ? years : days;
	long long most = years != NULL ? YEARS_MAX : YEARS_MAX * DAYS_A_YEAR, n;
	char *end = NULL;

	if ((years == NULL) == (days == NULL))
		return conf_fail(err, &retain->conf, at->line, "say one of years and days");
	n = strtoll(item->value, &end, 10);
	if (*item->value == '\0' || *end != '\0' || n < 1 || n > most)
		return conf_fail(err, &retain->conf, item->line,
		    "%s = %.20s; write a whole number from 1 to %lld", item->key, item->value,
		    most);
	rule->days = years != NULL ? n * DAYS_A_YEAR : n;
	return PMJ_OK;
}

static enum pmj_code
retain_rule_read(struct retain *retain, const struct conf_section *at, struct pmj_error *err)
{
	const struct conf_item *from, *but;
	struct retain_rule rule = {.kind = at->name + strlen("keep "), .line = at->line};
	enum pmj_code rc;

	if ((rc = retain_days(retain, &rule, at->name, at, err)) != PMJ_OK)
		return rc;
	from = conf_get(&retain->conf, at->name, "from");
	but = conf_get(&retain->conf, at->name, "but");
	rule.changed = from != NULL && strcmp(from->value, "changed") == 0;
	if (from != NULL && !rule.changed && strcmp(from->value, "made") != 0)
		return conf_fail(err, &retain->conf, from->line,
		    "from = %.20s; write made or changed", from->value);
	rule.but = but != NULL ? but->value : NULL;
	retain->rules = mem_grow(retain->rules, retain->count + 1, sizeof(*retain->rules));
	retain->rules[retain->count++] = rule;
	return PMJ_OK;
}

/* Of its own sections, and of no others: a profile's are its own. */
static enum pmj_code
retain_check_keys(const struct retain *retain, struct pmj_error *err)
{
	static const char *const keep_keys[] = {"years", "days", "from", "but"};

	for (size_t i = 0; i < retain->conf.count; i++) {
		const struct conf_item *item = &retain->conf.items[i];
		bool keeps = strncmp(item->section, "keep ", 5) == 0;
		bool is_known =
		    strcmp(item->section, "forget") == 0 && strcmp(item->key, "causes") == 0;

		for (size_t k = 0; k < sizeof(keep_keys) / sizeof(*keep_keys) && !is_known; k++)
			is_known = keeps && strcmp(item->key, keep_keys[k]) == 0;
		if (!is_known && (keeps || strcmp(item->section, "forget") == 0))
			return conf_fail(err, &retain->conf, item->line,
			    "there is no %.30s in [%.40s]", item->key, item->section);
	}
	return PMJ_OK;
}

static enum pmj_code
retain_rules(struct retain *retain, struct pmj_error *err)
{
	enum pmj_code rc = retain_check_keys(retain, err);

	for (size_t i = 0; i < retain->conf.section_count && rc == PMJ_OK; i++)
		if (strncmp(retain->conf.sections[i].name, "keep ", 5) == 0)
			rc = retain_rule_read(retain, &retain->conf.sections[i], err);
	if (rc != PMJ_OK && err != NULL && err->hint[0] == '\0')
		pmj_hint(err, "it is like: years = 6, from = changed, but = mistake | law");
	return rc;
}

static enum pmj_code
retain_read_all(struct retain *retain, const struct kinds *kinds, struct pmj_error *err)
{
	const struct conf_item *causes = conf_get(&retain->conf, "forget", "causes");
	enum pmj_code rc = retain_rules(retain, err);

	retain->causes = causes != NULL && *causes->value != '\0' ? causes->value : "asked";
	for (size_t i = 0; i < retain->conf.section_count && rc == PMJ_OK; i++) {
		const struct conf_section *section = &retain->conf.sections[i];

		if (strncmp(section->name, "keep ", 5) != 0 && strcmp(section->name, "forget") != 0)
			rc = conf_fail(err, &retain->conf, section->line,
			    "there is no section [%.40s]; write [keep KIND] or [forget]",
			    section->name);
	}
	if (rc == PMJ_OK)
		rc = retain_kinds(retain, kinds, err);
	if (rc != PMJ_OK)
		retain_close(retain);
	return rc;
}

enum pmj_code
retain_kinds(const struct retain *retain, const struct kinds *kinds, struct pmj_error *err)
{
	for (size_t i = 0; i < retain->count; i++)
		if (kinds_get(kinds, retain->rules[i].kind) == NULL) {
			(void)conf_fail(err, &retain->conf, retain->rules[i].line,
			    "there is no kind %.40s", retain->rules[i].kind);
			pmj_hint(err, "the kinds there are: pamoja kinds");
			return PMJ_INVALID;
		}
	return PMJ_OK;
}

enum pmj_code
retain_of(struct retain *out, struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	out->conf = *conf;
	memset(conf, 0, sizeof(*conf));
	if ((rc = retain_rules(out, err)) != PMJ_OK)
		retain_close(out);
	return rc;
}

enum pmj_code
retain_read(struct retain *out, const struct os *os, const char *home, const struct kinds *kinds,
    struct pmj_error *err)
{
	char *path = fs_join(home, FILE_NAME);
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (!fs_exists(os, path)) {
		free(path);
		path = fs_join(conf_dir(), FILE_NAME);
	}
	if ((rc = conf_read(&out->conf, os, path, err)) == PMJ_OK)
		rc = retain_read_all(out, kinds, err);
	free(path);
	return rc;
}

enum pmj_code
retain_read_text(struct retain *out, const char *name, const char *text, const struct kinds *kinds,
    struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	rc = conf_read_text(&out->conf, name, text, strlen(text), err);
	return rc == PMJ_OK ? retain_read_all(out, kinds, err) : rc;
}

void
retain_close(struct retain *retain)
{
	free(retain->rules);
	conf_close(&retain->conf);
	memset(retain, 0, sizeof(*retain));
}
