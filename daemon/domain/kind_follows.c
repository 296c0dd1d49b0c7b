/* kind_follows.c - a version of a kind that comes after a published one: it may gain, never lose
 * (8.3). */
#include <string.h>

#include "domain/kind.h"

static enum pmj_code
lost(struct pmj_error *err, const struct kind *kind, const char *what, const char *name)
{
	(void)pmj_fail(err, PMJ_REFUSED, "%s: the %s %s was published and is gone or changed",
	    kind->name, what, name);
	pmj_hint(err, "put it back as it was; new ones may be added beside it");
	return PMJ_REFUSED;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
move_stays(const struct move *old, const struct move *next)
{
	if (next == NULL || strcmp(old->to, next->to) != 0 || old->by != next->by)
		return false;
	for (size_t i = 0; i < old->from_count; i++) {
		bool there = false;
		for (size_t j = 0; j < next->from_count; j++)
			there = there || strcmp(old->from[i], next->from[j]) == 0;
		if (!there)
			return false;
	}
	return true;
}

/* What was added up once is added up for ever: the hub may judge an old entry anew. */
static bool
total_stays(const struct kind *old, const struct kind *next)
{
	if (old->total == NULL)
		return true;
	if (!same_text(old->total, next->total) || old->adds_count != next->adds_count)
		return false;
	for (size_t i = 0; i < old->adds_count; i++)
		if (strcmp(old->adds[i], next->adds[i]) != 0)
			return false;
	return true;
}

enum pmj_code
kind_follows(const struct kind *old, const struct kind *next, struct pmj_error *err)
{
	for (size_t i = 0; i < old->field_count; i++) {
		const struct field *was = &old->fields[i];
		const struct field *is = kind_field(next, was->name);
		if (is == NULL || is->type != was->type || is->privacy != was->privacy ||
		    !same_text(is->link_kind, was->link_kind))
			return lost(err, old, "field", was->name);
		for (size_t j = 0; j < was->choice_count; j++)
			if (field_choice(is, was->choices[j].value) == NULL)
				return lost(err, old, "choice", was->choices[j].value);
	}
	for (size_t i = 0; i < old->state_count; i++) {
		const struct state *was = &old->states[i];
		const struct state *is = kind_state(next, was->name);
		if (is == NULL || is->refusing != was->refusing || is->closed != was->closed ||
		    (was->start && !is->start))
			return lost(err, old, "state", was->name);
	}
	if (old->state_count > 0 && strcmp(old->states[0].name, next->states[0].name) != 0)
		return lost(err, old, "first state", old->states[0].name);
	for (size_t i = 0; i < old->move_count; i++)
		if (!move_stays(&old->moves[i], kind_move(next, old->moves[i].verb)))
			return lost(err, old, "move", old->moves[i].verb);
	if (old->scope != next->scope || old->append_only != next->append_only ||
	    old->author_only != next->author_only || old->revocation_wins != next->revocation_wins)
		return lost(err, old, "rule", "scope, append_only, author_only or revocation_wins");
	if (!total_stays(old, next))
		return lost(err, old, "rule", "total or adds");
	if (next->version < old->version) {
		(void)pmj_fail(err, PMJ_REFUSED, "%s: version %d is older than %d", next->name,
		    next->version, old->version);
		pmj_hint(err, "write version = %d", old->version + 1);
		return PMJ_REFUSED;
	}
	return PMJ_OK;
}
