/* value.h - what a person typed, checked by the field's type and made into the value of a line.
 * Pure. */
#ifndef DOMAIN_VALUE_H
#define DOMAIN_VALUE_H
#include "domain/kind.h"

/** What parsing needs of the outside. */
struct value_context {
	int64_t now_ms;
	int offset_minutes;
	int64_t heard_ms; /* the latest time heard of others, such as the hub's; 0: none */
	/** Resolve a record id or unambiguous prefix of this kind to its 16 characters;
	 * PMJ_NOT_FOUND / PMJ_AMBIGUOUS. */
	enum pmj_code (*link)(void *ctx, char out[static 17], const char *kind, const char *typed,
	    struct pmj_error *err);
	void *link_ctx;
};
/**
 * A typed JSON value (string as typed; or integer, boolean, list of strings, null) into the value a
 * line stores: text, note, phone, place, link, decimal, date (YYYY-MM-DD), time, choice -> string;
 * integer -> integer; yes-no -> boolean; choices -> list of strings; "" or null -> null (cleared);
 * "-declined-"/"chose not to say"/{"declined":true} -> {"declined":true}. Spaces around what was
 * typed do not count. A choice may be typed as its value or as its label in any language; choices
 * with commas, semicolons or bars between them. An open link that resolves to nothing is kept as
 * plain text. A date that must be past is no day after now, or after the latest time heard, where
 * this machine's clock is slow. A required field cannot be cleared; one that names a subject cannot
 * be declined. Errors PMJ_INVALID naming the field, what was typed and what would be right (nearest
 * choice offered); of a link also PMJ_NOT_FOUND and PMJ_AMBIGUOUS. *out NULL on failure, else a new
 * reference.
 */
PMJ_MUST_CHECK enum pmj_code value_take(json_t **out, const struct kind *kind,
    const struct field *field, const json_t *typed, const struct value_context *context,
    struct pmj_error *err);
/** What a note may not hold becomes '?' in place, as a terminal shows it: kept without being asked
 * again. */
void value_note_plain(char *text);
/** May a worker be called so: 1 to most bytes on one line, with nothing that steers a terminal or
 * turns the order of what is read? PMJ_USAGE says what is wrong. */
PMJ_MUST_CHECK enum pmj_code value_worker_name(
    const char *name, size_t most, struct pmj_error *err);
/** Is this a value a line may hold at all (5.1), whatever the kind? For lines from outside. */
bool value_is_legal(const json_t *value);
/** Does a line's value fit the field's type? For lines from outside (unknown fields are kept raw,
 * not judged). */
bool value_fits(const struct field *field, const json_t *value);
/** What may have been mistyped: the declared choice that a value of an open field comes near to
 * without being one; NULL when it is one, or nothing is near. */
const char *value_near_choice(const struct field *field, const char *value);
/** Another field of the kind that says what was typed here: a yes-no that is called so, or one with
 * such a choice. *value: what it would hold. NULL: there is none. */
const struct field *value_said_elsewhere(
    const char **value, const struct kind *kind, const struct field *field, const char *typed);
/** The declared choice that is meant, by its value or by its label in any language. *out is NULL
 * when an open list takes another word; PMJ_INVALID with the nearest when a closed one does not. */
PMJ_MUST_CHECK enum pmj_code value_choice(
    const struct choice **out, const struct field *field, const char *typed, struct pmj_error *err);
/** Is it the text of a record id (16 lower-case Crockford characters)? Tells a link from plain text
 * in an open link. */
bool value_is_id(const json_t *value);
/** For people: "yes", "chose not to say", list joined by ", ". Caller frees. */
char *value_text(const struct field *field, const json_t *value, enum lang lang);
/** The same of a field by its name, or of `state`. Caller frees. */
char *value_text_of(const struct kind *kind, const char *name, const json_t *value, enum lang lang);

#endif
