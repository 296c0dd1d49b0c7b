/* conf_settings.c - the names of a file into a struct, by a table of what may be set. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "base/text.h"

static enum pmj_code
take_int(int64_t *to, const struct conf *conf, const struct conf_item *item,
    const struct setting *setting, struct pmj_error *err)
{
	const char *unit = setting->unit != NULL ? setting->unit : "";
	const char *gap = *unit != '\0' ? " " : "";
	char *end = NULL;
	long long number;

	errno = 0;
	number = strtoll(item->value, &end, 10);
	if (errno != 0 || end == item->value || *end != '\0') {
		(void)conf_fail(err, conf, item->line, "%s = %.60s is not a whole number",
		    item->key, item->value);
	} else if (number < setting->least || number > setting->most) {
		(void)conf_fail(err, conf, item->line, "%s = %lld is too %s", item->key, number,
		    number < setting->least ? "small" : "big");
	} else {
		*to = number;
		return PMJ_OK;
	}
	pmj_hint(err, "use %lld to %lld%s%s", (long long)setting->least, (long long)setting->most,
	    gap, unit);
	return PMJ_INVALID;
}

static enum pmj_code
take_flag(bool *to, const struct conf *conf, const struct conf_item *item, struct pmj_error *err)
{
	static const char *const yes[] = {"yes", "on", "true"};
	static const char *const no[] = {"no", "off", "false"};

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(item->value, yes[i]) == 0 || strcmp(item->value, no[i]) == 0) {
			*to = strcmp(item->value, yes[i]) == 0;
			return PMJ_OK;
		}
	}
	(void)conf_fail(
	    err, conf, item->line, "%s = %.60s is neither yes nor no", item->key, item->value);
	pmj_hint(err, "write %s = yes or %s = no", item->key, item->key);
	return PMJ_INVALID;
}

static enum pmj_code
take_setting(void *to, const struct conf *conf, const struct conf_item *item,
    const struct setting *setting, struct pmj_error *err)
{
	char *place = (char *)to + setting->offset;

	if (setting->type == SETTING_INT)
		return take_int((int64_t *)(void *)place, conf, item, setting, err);
	if (setting->type == SETTING_FLAG)
		return take_flag((bool *)(void *)place, conf, item, err);
	if (setting->most > 0 && strlen(item->value) > (size_t)setting->most) {
		(void)conf_fail(err, conf, item->line, "%s is too long", item->key);
		pmj_hint(err, "use at most %lld bytes", (long long)setting->most);
		return PMJ_INVALID;
	}
	*(char **)(void *)place = mem_strdup(item->value);
	return PMJ_OK;
}

/* The nearest of the names, offered in the hint; of the sections where the section itself is
 * unknown. */
static enum pmj_code
unknown_setting(const struct conf *conf, const struct conf_item *item, const struct setting *table,
    size_t count, struct pmj_error *err)
{
	const char **names = mem_array(count, sizeof(*names));
	const char *near;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].section, item->section) == 0)
			names[found++] = table[i].key;
	if (found > 0) {
		(void)conf_fail(
		    err, conf, item->line, "[%s] knows no setting %.60s", item->section, item->key);
		near = text_nearest(item->key, names, found);
	} else {
		for (size_t i = 0; i < count; i++)
			names[found++] = table[i].section;
		(void)conf_fail(err, conf, item->line, "there is no section [%s]", item->section);
		near = text_nearest(item->section, names, found);
	}
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "remove the line, or look the name up in the manual");
	free(names);
	return PMJ_INVALID;
}

enum pmj_code
conf_settings(void *to, const struct conf *conf, const struct setting *table, size_t count,
    struct pmj_error *err)
{
	for (size_t i = 0; i < conf->count; i++) {
		const struct conf_item *item = &conf->items[i];
		const struct setting *found = NULL;
		enum pmj_code rc;

		for (size_t j = 0; j < count && found == NULL; j++)
			if (strcmp(table[j].section, item->section) == 0 &&
			    strcmp(table[j].key, item->key) == 0)
				found = &table[j];
		rc = found != NULL ? take_setting(to, conf, item, found, err)
		                   : unknown_setting(conf, item, table, count, err);
		if (rc != PMJ_OK)
			return rc;
	}
	return PMJ_OK;
}
