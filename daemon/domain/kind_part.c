/* kind_part.c - one value of a section, with errors that name line and mend. */
#include "domain/kind_part.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

const char *const kind_lang_names[LANG_COUNT] = {"en", "sw"};

enum pmj_code
part_missing(const struct part *part, const char *key, const char *example)
{
	(void)conf_fail(part->err, part->conf, part->line, "[%s] has no %s", part->section, key);
	pmj_hint(part->err, "add a line such as: %s = %s", key, example);
	return PMJ_INVALID;
}

static enum pmj_code
wrong(const struct part *part, const struct conf_item *item, const char *const *right, size_t count)
{
	char list[200] = "";
	const char *near = text_nearest(item->value, right, count);

	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(list);
		(void)snprintf(
		    list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", right[i]);
	}
	(void)conf_fail(
	    part->err, part->conf, item->line, "%s = %.60s is not known", item->key, item->value);
	if (near != NULL)
		pmj_hint(part->err, "did you mean %s? (%s)", near, list);
	else
		pmj_hint(part->err, "use one of: %s", list);
	return PMJ_INVALID;
}

const struct conf_item *
part_item(const struct part *part, const char *key)
{
	const struct conf_item *item = conf_get(part->conf, part->section, key);

	return item != NULL && *item->value != '\0' ? item : NULL;
}

char *
part_text(const struct part *part, const char *key)
{
	const struct conf_item *item = part_item(part, key);

	return item != NULL ? mem_strdup(item->value) : NULL;
}

enum pmj_code
part_flag(bool *to, const struct part *part, const char *key)
{
	static const char *const words[] = {"yes", "no"};
	const struct conf_item *item = part_item(part, key);

	*to = false;
	if (item == NULL)
		return PMJ_OK;
	for (size_t i = 0; i < 2; i++)
		if (strcmp(item->value, words[i]) == 0) {
			*to = i == 0;
			return PMJ_OK;
		}
	return wrong(part, item, words, 2);
}

enum pmj_code
part_number(int64_t *to, const struct part *part, const char *key)
{
	const struct conf_item *item = part_item(part, key);
	char *end = NULL;

	*to = 0;
	if (item == NULL)
		return PMJ_OK;
	errno = 0;
	*to = strtoll(item->value, &end, 10);
	if (errno == 0 && *end == '\0' && *to >= INT_MIN && *to <= INT_MAX)
		return PMJ_OK;
	(void)conf_fail(part->err, part->conf, item->line, "%s = %.60s is not a whole number", key,
	    item->value);
	pmj_hint(part->err, "write it with digits only, such as %s = 10", key);
	return PMJ_INVALID;
}

enum pmj_code
part_days(int *to, const struct part *part, const char *key)
{
	const struct conf_item *item = part_item(part, key);
	int64_t days = 0;
	enum pmj_code rc = part_number(&days, part, key);

	*to = 0;
	if (rc == PMJ_OK && (days < 0 || days > 3650)) {
		rc = conf_fail(part->err, part->conf, item->line, "%s = %.20s is out of range", key,
		    item->value);
		pmj_hint(part->err, "write a number of days from 0 to 3650");
	}
	if (rc == PMJ_OK)
		*to = (int)days;
	return rc;
}

/* One word of a table; `otherwise` when the key is absent (COUNT of the table: it must be there).
 */
enum pmj_code
part_word(size_t *to, const struct part *part, const char *key, const char *const *words,
    size_t count, size_t otherwise)
{
	const struct conf_item *item = part_item(part, key);

	*to = otherwise;
	if (item == NULL)
		return otherwise < count ? PMJ_OK : part_missing(part, key, words[0]);
	for (*to = 0; *to < count; ++*to)
		if (strcmp(item->value, words[*to]) == 0)
			return PMJ_OK;
	return wrong(part, item, words, count);
}

enum pmj_code
part_when(char **field, char **value, const struct part *part, const char *key, const char *lead)
{
	const struct conf_item *item = part_item(part, key);
	size_t skip = strlen(lead);
	const char *is;

	if (item == NULL)
		return PMJ_OK;
	is = strstr(item->value, " is ");
	if (strncmp(item->value, lead, skip) != 0 || is == NULL || is <= item->value + skip ||
	    is[4] == '\0') {
		(void)conf_fail(part->err, part->conf, item->line, "%s = %.60s is not understood",
		    key, item->value);
		pmj_hint(part->err, "write %s = %sFIELD is VALUE", key, lead);
		return PMJ_INVALID;
	}
	*field = mem_strndup(item->value + skip, (size_t)(is - item->value) - skip);
	*value = mem_strdup(is + 4);
	return PMJ_OK;
}

enum pmj_code
part_texts(struct texts *to, const struct part *part, const char *stem, bool required)
{
	char key[KIND_NAME_MAX + 8];

	for (size_t i = 0; i < LANG_COUNT; i++) {
		(void)snprintf(key, sizeof(key), "%s.%s", stem, kind_lang_names[i]);
		to->in[i] = part_text(part, key);
	}
	(void)snprintf(key, sizeof(key), "%s.en", stem);
	return to->in[LANG_EN] != NULL || !required ? PMJ_OK
	                                            : part_missing(part, key, "What people read");
}

/* The next of "a | b | c" without the blanks around it; *at moves past the bar, NULL after the
 * last. */
static char *
next_word(const char **at)
{
	const char *bar = strchr(*at, '|');
	const char *from = *at + strspn(*at, " \t");
	const char *end = bar != NULL ? bar : *at + strlen(*at);

	while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*at = bar != NULL ? bar + 1 : NULL;
	return mem_strndup(from, end > from ? (size_t)(end - from) : 0);
}

enum pmj_code
part_list(char ***list, size_t *count, const struct part *part, const char *key)
{
	const struct conf_item *item = part_item(part, key);
	const char *at = item != NULL ? item->value : NULL;

	while (at != NULL) {
		char *word = next_word(&at);

		*list = mem_grow(*list, *count + 1, sizeof(**list));
		(*list)[(*count)++] = word;
		if (*word == '\0') {
			(void)conf_fail(
			    part->err, part->conf, item->line, "%s has an empty word", key);
			pmj_hint(part->err, "write %s = one | two | three", key);
			return PMJ_INVALID;
		}
		for (size_t i = 0; i + 1 < *count; i++)
			if (strcmp((*list)[i], word) == 0) {
				(void)conf_fail(part->err, part->conf, item->line,
				    "%s names %.60s twice", key, word);
				pmj_hint(part->err, "remove one of the two");
				return PMJ_INVALID;
			}
	}
	return PMJ_OK;
}
