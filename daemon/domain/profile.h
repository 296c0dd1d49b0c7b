/* profile.h - what holds for a programme in its country: conf/profiles/NAME.ini, in versions. It
 * relaxes or tightens what the kinds ask for. Pure, but for reading the file through `base`. */
#ifndef DOMAIN_PROFILE_H
#define DOMAIN_PROFILE_H
#include "domain/retain.h"

#define PROFILE_LOOK_BACK_YEARS 3 /* 42 CFR 2.25, where a profile says nothing else */

/* [route VERB]: a way on which something is told without a consent. */
struct profile_route {
	char *verb;
	bool shut;          /* open = no */
	struct texts under; /* the law that it rests on: it stands in the accounting */
	int line;
};
/* [duty NAME]: what has to be told to somebody by law, and how soon. */
struct profile_duty {
	char *of; /* a kind, and the value that makes it a duty */
	char *field, *value;
	int64_t hours;
	struct texts to; /* to whom */
	int line;
};
struct profile {
	char *name; /* the country: "ke" */
	int version;
	struct texts title;
	char **crosses; /* words of a consent's information that may cross a border anyway */
	size_t crosses_count;
	char **needs; /* fields without which a consent allows nothing; none: as its kind says */
	size_t needs_count;
	char **signs; /* ways of giving it that suffice; none: as its kind says */
	size_t signs_count;
	int64_t look_back_years; /* of the accounting */
	int64_t adult_years;     /* younger: a guardian signs; 0: not asked */
	int64_t least;           /* of a report's cells; 0: as pamoja.ini says */
	char *notice;            /* that goes with what is told */
	char *accounting;        /* that stands above the list of it */
	struct texts emergency;  /* whom to call; English NULL: not said */
	bool draft; /* ... and nobody of the programme has dialled it yet: said beside it */
	struct profile_route *routes;
	size_t route_count;
	struct profile_duty *duties;
	size_t duty_count;
	struct retain retain; /* what must be kept, and the file itself */
};
/**
 * Read one.
 *
 * out      the caller ends it with profile_close; left empty on failure.
 * Errors   PMJ_INVALID with file, line and mend; of reading.
 */
PMJ_MUST_CHECK enum pmj_code profile_read(
    struct profile *out, const struct os *os, const char *path, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code profile_read_text(
    struct profile *out, const char *name, const char *text, size_t len, struct pmj_error *err);
void profile_close(struct profile *profile);
/** May all of these words cross a border without the consent saying so? None: whatever the consent
 * describes, which may be anything. */
bool profile_crosses(
    const struct profile *profile, const char *const *information, size_t information_count);
/** Of this verb, or NULL. */
const struct profile_route *profile_route(const struct profile *profile, const char *verb);
/** profile_fits.c: PMJ_INVALID with file, line and mend: it names what is in none of the kinds. */
PMJ_MUST_CHECK enum pmj_code profile_fits(
    const struct profile *profile, const struct kinds *kinds, struct pmj_error *err);
/** What it asks of a consent takes the place of what the kinds ask. */
void profile_lay_over(const struct profile *profile, struct kinds *kinds);

#endif
