/* kind_over.c - kinds that the office published, over those that came with the program. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/kind_check.h"

/* Where it stands, or would stand: the set is sorted by name. */
static size_t
place_of(const struct kinds *kinds, const char *name, bool *there)
{
	size_t at = 0;

	while (at < kinds->count && strcmp(kinds->list[at]->name, name) < 0)
		at++;
	*there = at < kinds->count && strcmp(kinds->list[at]->name, name) == 0;
	return at;
}

static void
insert(struct kinds *kinds, size_t at, struct kind *kind)
{
	kinds->list = mem_grow(kinds->list, kinds->count + 1, sizeof(*kinds->list));
	memmove(
	    &kinds->list[at + 1], &kinds->list[at], (kinds->count - at) * sizeof(kinds->list[0]));
	kinds->list[at] = kind;
	kinds->count++;
}

enum pmj_code
kinds_lay_over(
    struct kinds *kinds, const char *file, const char *text, size_t len, struct pmj_error *err)
{
	struct kind *kind = NULL, *old;
	enum pmj_code rc;
	bool there;
	size_t at;

	if ((rc = kind_read_text(&kind, file, text, len, err)) != PMJ_OK)
		return rc;
	at = place_of(kinds, kind->name, &there);
	if (!there) {
		insert(kinds, at, kind);
		return PMJ_OK;
	}
	old = kinds->list[at];
	if (old->version > kind->version) {
		rc = kind_follows(kind, old, err);
	} else if ((rc = kind_follows(old, kind, err)) == PMJ_OK) {
		kinds->list[at] = kind;
		kind = old;
	}
	kind_free(kind);
	return rc;
}

enum pmj_code
kinds_hold_together(const struct kinds *kinds, struct pmj_error *err)
{
	return kinds_check_links(kinds, "the office's kinds", err);
}
