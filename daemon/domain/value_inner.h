/* value_inner.h - what the files that read a typed value share. Only for value*.c. Pure. */
#ifndef DOMAIN_VALUE_INNER_H
#define DOMAIN_VALUE_INNER_H
#include "domain/value.h"

#define VALUE_TEXT_MAX 1000 /* bytes of one line; a note may be as long as a string of a line */
#define VALUE_DECIMAL_MAX 30

/* What one value is read with. */
struct taking {
	const struct kind *kind;
	const struct field *field;
	const struct value_context *context;
	struct pmj_error *err;
};

/* PMJ_INVALID "FIELD = TYPED WHAT", with what would be right as the hint. */
enum pmj_code value_not_right(
    const struct taking *t, const char *typed, const char *what, const char *right);
/* PMJ_INVALID for what no terminal may be sent and, in one-line texts, what turns the order of
 * letters. */
PMJ_MUST_CHECK enum pmj_code value_may_hold(const struct taking *t, const char *typed, bool note);
/* At most 60 bytes of what was typed, cut between characters, for a message. Returns out. */
const char *value_shown(char out[static 64], const char *typed);
/* Without spaces and line ends around it. The caller frees. */
char *value_trimmed(const char *text);

bool value_is_decimal(const char *text);
/* {"declined":true}, the answer "chose not to say". */
bool value_is_declined(const json_t *value);

/* The declared choice that was meant: by its value, or by its label in any language; or NULL. */
const struct choice *value_choice_meant(const struct field *field, const char *typed);
/* *out: a new reference on success, else as it was. */
PMJ_MUST_CHECK enum pmj_code value_take_choice(
    json_t **out, const struct taking *t, const char *typed);
/* typed: a list of strings, or one string with commas, semicolons or bars between. */
PMJ_MUST_CHECK enum pmj_code value_take_choices(
    json_t **out, const struct taking *t, const json_t *typed);

#endif
