/* merge_judge.c - may this entry stand among the others of its record (8.2)? Clocks play no part.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/merge.h"

#define NAMED_MAX                                                                                  \
	256 /* states that one move names: one, a few in a conflict; judging is quadratic in it */

static const struct entry *
find_version(const uint8_t version[static PMJ_VERSION_BYTES], const struct entry *const *others,
    size_t count)
{
	const struct entry *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (memcmp(others[i]->e, version, PMJ_VERSION_BYTES) == 0 &&
		    (found == NULL || found->stub))
			found = others[i];
	return found;
}

static const struct entry *
find_maker(const struct entry *const *others, size_t count)
{
	const struct entry *maker = NULL;

	for (size_t i = 0; i < count; i++)
		if (others[i]->makes && (maker == NULL || maker->stub))
			maker = others[i];
	return maker;
}

static bool
names_version(const struct entry *entry, const char *field, const struct entry *older)
{
	const json_t *list = json_object_get(entry->was, field);
	char version[2 * PMJ_VERSION_BYTES + 1];

	text_hex(version, older->e, PMJ_VERSION_BYTES);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), version) == 0)
			return true;
	return false;
}

static bool
is_declared(const struct move *move, const char *from)
{
	for (size_t i = 0; i < move->from_count; i++)
		if (strcmp(move->from[i], from) == 0)
			return true;
	return false;
}

/*
 * Judge a move by the states that stood: those its `was` names, less what another of them had
 * replaced (a chain of own entries names its older links too). A refusal must never be blocked by a
 * conflict, so for it one fitting state is enough; any other move must be declared from all of
 * them. Without a verb only a state that stood may be set: that settles a conflict.
 */
static enum merge_verdict
judge_from(const struct kind *kind, const struct entry *entry, const char *to,
    const struct entry *const *named, size_t count)
{
	const struct move *move = entry->verb != NULL ? kind_move(kind, entry->verb) : NULL;
	const struct state *state = kind_state(kind, to);
	size_t stood = 0, fit = 0;

	if (state == NULL || (entry->verb != NULL && (move == NULL || strcmp(move->to, to) != 0)))
		return MERGE_MOVE;
	for (size_t i = 0; i < count; i++) {
		const char *from = json_string_value(json_object_get(named[i]->set, "state"));
		bool replaced = false;
		for (size_t j = 0; j < count && !replaced; j++)
			replaced = j != i && names_version(named[j], "state", named[i]);
		if (replaced)
			continue;
		if (from == NULL && named[i]->stub)
			return MERGE_OK; /* only the hub can judge it, and has */
		stood++;
		if (from != NULL &&
		    (move != NULL ? is_declared(move, from) : strcmp(from, to) == 0))
			fit++;
	}
	if (fit > 0 && (fit == stood || state->refusing || move == NULL))
		return MERGE_OK;
	return MERGE_MOVE;
}

/* A move of a record that never had a state: made before its kind had any, so it stands in the
 * first one. */
static enum merge_verdict
judge_first(const struct kind *kind, const struct entry *entry, const char *to,
    const struct entry *const *others, size_t count)
{
	const struct entry *maker = find_maker(others, count);
	const struct move *move = entry->verb != NULL ? kind_move(kind, entry->verb) : NULL;

	if (maker == NULL)
		return MERGE_WAITING;
	if (json_object_get(maker->set, "state") != NULL ||
	    json_object_get(maker->was, "state") != NULL || move == NULL)
		return MERGE_MOVE;
	return strcmp(move->to, to) == 0 && is_declared(move, kind->states[0].name) ? MERGE_OK
	                                                                            : MERGE_MOVE;
}

static enum merge_verdict
judge_state(const struct kind *kind, const struct entry *entry, const struct entry *const *others,
    size_t count)
{
	const char *to = json_string_value(json_object_get(entry->set, "state"));
	const json_t *was = json_object_get(entry->was, "state");
	size_t named_count = json_array_size(was);
	const struct entry **named;
	enum merge_verdict verdict = MERGE_OK;

	if (to == NULL)
		return MERGE_OK;
	if (kind->state_count == 0)
		return MERGE_MOVE;
	if (entry->makes)
		return kind_starts_in(kind, to) ? MERGE_OK : MERGE_MOVE;
	if (named_count == 0)
		return judge_first(kind, entry, to, others, count);
	if (named_count > NAMED_MAX)
		return MERGE_MOVE;
	named = mem_array(named_count, sizeof(*named));
	for (size_t i = 0; i < named_count && verdict == MERGE_OK; i++) {
		uint8_t version[PMJ_VERSION_BYTES];
		if (!text_unhex(
		        version, sizeof(version), json_string_value(json_array_get(was, i))))
			verdict = MERGE_MOVE;
		else if ((named[i] = find_version(version, others, count)) == NULL)
			verdict = MERGE_WAITING;
	}
	if (verdict == MERGE_OK)
		verdict = judge_from(kind, entry, to, named, named_count);
	free(named);
	return verdict;
}

static bool
edits(const struct entry *entry)
{
	const char *field;
	json_t *value;

	json_object_foreach((json_t *)entry->set, field,
	    value) if (strcmp(field, "state") != 0 && strcmp(field, "voided") != 0 &&
	               strcmp(field, "void_reason") != 0) return true;
	return false;
}

/* Whom a record is about decides who may have it, so it never changes: what was sent under one
 * person's consent, or to one person's team, would become another's. */
static enum merge_verdict
judge_subjects(const struct kind *kind, const struct entry *entry, const struct entry *maker)
{
	for (size_t i = 0; i < kind->subject_count; i++) {
		const json_t *value = json_object_get(entry->set, kind->subjects[i]);

		if (value == NULL)
			continue;
		if (maker == NULL)
			return MERGE_WAITING;
		if (!maker->stub &&
		    !json_equal(value, json_object_get(maker->set, kind->subjects[i])))
			return MERGE_SUBJECT;
	}
	return MERGE_OK;
}

/* A move that is its author's alone, or a second person's. */
static enum merge_verdict
judge_by(const struct kind *kind, const struct entry *entry, const struct entry *maker)
{
	const struct move *move = entry->verb != NULL ? kind_move(kind, entry->verb) : NULL;

	if (move == NULL || move->by == BY_ANYONE)
		return MERGE_OK;
	if (maker == NULL)
		return MERGE_WAITING;
	return (memcmp(maker->by, entry->by, PMJ_DEVICE_BYTES) == 0) == (move->by == BY_AUTHOR)
	           ? MERGE_OK
	           : MERGE_BY;
}

/* An edit of what a second person's move stood for: what they agreed to would become something
 * else. One who did not know of it raises a conflict, which the coordinator settles. */
static bool
edits_agreed(const struct kind *kind, const struct entry *entry, const struct entry *const *others,
    size_t count)
{
	const char *field;
	json_t *value;

	if (entry->verb != NULL)
		return false;
	json_object_foreach((json_t *)entry->set, field, value)
	{
		for (size_t i = 0; i < count; i++) {
			const struct move *move =
			    others[i]->verb != NULL ? kind_move(kind, others[i]->verb) : NULL;

			if (move != NULL && move->by == BY_ANOTHER && strcmp(field, "state") != 0 &&
			    names_version(entry, field, others[i]))
				return true;
		}
	}
	return false;
}

enum merge_verdict
merge_judge(const struct kind *kind, const struct entry *entry, const struct entry *const *others,
    size_t count)
{
	const struct entry *maker = find_maker(others, count);
	enum merge_verdict verdict;

	if (entry->stub)
		return MERGE_OK;
	if (!entry->makes && maker != NULL && strcmp(maker->kind, entry->kind) != 0)
		return MERGE_KIND;
	if (kind == NULL)
		return MERGE_OK;
	if (!entry->makes && kind->append_only && edits(entry))
		return MERGE_APPEND_ONLY;
	if (!entry->makes && kind->author_only) {
		if (maker == NULL)
			return MERGE_WAITING;
		if (memcmp(maker->by, entry->by, PMJ_DEVICE_BYTES) != 0)
			return MERGE_AUTHOR_ONLY;
	}
	if (!entry->makes && (verdict = judge_subjects(kind, entry, maker)) != MERGE_OK)
		return verdict;
	if (!entry->makes && (verdict = judge_by(kind, entry, maker)) != MERGE_OK)
		return verdict;
	if (!entry->makes && edits_agreed(kind, entry, others, count))
		return MERGE_BY;
	return judge_state(kind, entry, others, count);
}
