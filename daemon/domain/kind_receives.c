/* kind_receives.c - who is never told anything about a person: `receives_nothing`. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/kind_check_inner.h"
#include "domain/kind_part.h"
#include "domain/reminder.h"

/* FIELD is VALUE | FIELD is VALUE, kept as FIELD, VALUE, FIELD, VALUE. */
enum pmj_code
kind_read_receives(struct kind *kind, const struct part *part)
{
	const struct conf_item *item = part_item(part, "receives_nothing");
	char **words = NULL;
	size_t count = 0;
	enum pmj_code rc = part_list(&words, &count, part, "receives_nothing");

	kind->receives_nothing = mem_array(2 * count, sizeof(*kind->receives_nothing));
	for (size_t i = 0; i < count; i++) {
		const char *is = strstr(words[i], " is ");

		if (rc == PMJ_OK && (is == NULL || is == words[i] || is[4] == '\0')) {
			rc = conf_fail(part->err, part->conf, item->line,
			    "receives_nothing = %.60s is not understood", words[i]);
			pmj_hint(
			    part->err, "write receives_nothing = FIELD is VALUE | FIELD is VALUE");
		}
		if (rc == PMJ_OK) {
			size_t at = kind->receives_nothing_count;

			kind->receives_nothing[at] = mem_strndup(words[i], (size_t)(is - words[i]));
			kind->receives_nothing[at + 1] = mem_strdup(is + 4);
			kind->receives_nothing_count += 2;
		}
		free(words[i]);
	}
	free((void *)words);
	return rc;
}

static enum pmj_code
check_when(const struct kind *kind, const char *name, const char *value, const struct conf *conf,
    int line, struct pmj_error *err)
{
	const struct field *field = name != NULL ? kind_field(kind, name) : NULL;

	if (name == NULL || (field != NULL && field_can_be(field, value)))
		return PMJ_OK;
	(void)conf_fail(err, conf, line,
	    field == NULL ? "there is no field %.40s" : "%.40s is never that", name);
	pmj_hint(err, "name a field of this kind, and one of its values");
	return PMJ_INVALID;
}

enum pmj_code
kind_check_receives(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < kind->receives_nothing_count && rc == PMJ_OK; i += 2)
		rc = check_when(kind, kind->receives_nothing[i], kind->receives_nothing[i + 1],
		    conf, kind_check_line(conf, "rules", "receives_nothing"), err);
	return rc;
}

bool
kind_receives_nothing(const struct kind *kind,
    const json_t *(*shown)(const void *ctx, const char *field), const void *ctx)
{
	for (size_t i = 0; i < kind->receives_nothing_count; i += 2)
		if (reminder_is_value(
		        shown(ctx, kind->receives_nothing[i]), kind->receives_nothing[i + 1]))
			return true;
	return false;
}
