#include "carry/away.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* One host, known by the same marks: whether it is the right one is part of the answer. */
static bool
same_place(const struct job_remote *a, const struct job_remote *b)
{
	struct address at, other;

	return address_read(&at, a->url, NULL) == PMJ_OK &&
	       address_read(&other, b->url, NULL) == PMJ_OK && at.way == other.way &&
	       at.way != ADDRESS_FOLDER && strcmp(at.host, other.host) == 0 &&
	       strcmp(at.port, other.port) == 0 && same_text(a->pin, b->pin) &&
	       same_text(a->ca, b->ca);
}

bool
away_known(const struct away *away, const struct job_remote *remote, struct pmj_error *why)
{
	for (size_t i = 0; i < away->count; i++)
		if (same_place(away->places[i].remote, remote)) {
			*why = away->places[i].why;
			return true;
		}
	return false;
}

void
away_note(struct away *away, const struct job_remote *remote, const struct pmj_error *why)
{
	away->places = mem_grow(away->places, away->count + 1, sizeof(*away->places));
	away->places[away->count].remote = remote;
	away->places[away->count++].why = *why;
}

void
away_close(struct away *away)
{
	free(away->places);
	*away = (struct away){0};
}
