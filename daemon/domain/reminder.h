/* reminder.h - what a value of one record brings about: others, some days later. Declared as
 * [reminder NAME]. Pure. */
#ifndef DOMAIN_REMINDER_H
#define DOMAIN_REMINDER_H
#include "base/conf.h"
#include "domain/kind.h"

void reminder_close(struct reminder *reminder);
/** Can the field hold what this word means? */
bool field_can_be(const struct field *field, const char *value);
/** Is this, or one of a list, the value that `when = FIELD is VALUE` names? */
bool reminder_is_value(const json_t *value, const char *wanted);
/** Of the kind alone. */
PMJ_MUST_CHECK enum pmj_code kind_check_reminder(const struct kind *kind,
    const struct reminder *reminder, const struct conf *conf, struct pmj_error *err);
/** Does it make a kind with a due date, one person and a text? */
PMJ_MUST_CHECK enum pmj_code reminder_check_link(const struct kinds *kinds, const struct kind *kind,
    const struct reminder *reminder, const char *dir, struct pmj_error *err);
/** Does this change bring it about? before: the value that stood, or NULL. */
/** The reminder whose words these are, in any language: what it made is known by that. NULL: they
 * are somebody's own. */
const struct reminder *reminder_of_words(
    const struct kinds *kinds, const struct kind *makes, const char *words);
bool reminder_is_due(const struct reminder *reminder, const json_t *set, const json_t *before);

#endif
