/* chance.h - when the next exchange may begin: later and later after failures, at once where the
 * machine came to another network or something else worked. Pure: its caller tells the time and
 * draws the noise. */
#ifndef CARRY_CHANCE_H
#define CARRY_CHANCE_H
#include <stdbool.h>
#include <stdint.h>

#define CHANCE_NEVER (-1)

struct chance {
	bool waits;              /* something is to be exchanged */
	bool urgent;             /* ... as soon as it can be */
	bool told;               /* pamojad heard of this chance; the exchange is its to begin */
	bool waited, was_urgent; /* before the exchange that is under way */
	bool no_way;             /* the mailboxes are beyond a network, and there is none */
	bool metered;            /* what goes over it costs money */
	int64_t due_ms;          /* monotonic, as all times here */
	int64_t backoff_ms;      /* 0: the last exchange went well */
	int64_t good_ms;         /* when the last one that went well ended; 0: none yet */
};

/** Something waits; an urgent one begins backing off anew. */
void chance_wanted(struct chance *chance, bool urgent, int64_t now_ms);
/** An exchange with the mailboxes begins: what is wanted from now on may come too late for it. */
void chance_began(struct chance *chance);
/** It ended. After a failure the next chance is 1 min to 6 h away, doubling, and by the noise never
 * the same for all laptops. */
void chance_ended(struct chance *chance, bool good, int64_t now_ms, uint32_t noise);
/** What failed before says nothing any more: another network, another address, a stick that worked.
 * In a moment, which is another one for each laptop, what waits is tried. */
void chance_anew(struct chance *chance, int64_t now_ms, uint32_t noise);
/** When to begin, or CHANCE_NEVER until something happens. */
int64_t chance_at(const struct chance *chance);
/** Why it does not begin now: "network", "metered" or "later" (after a failure); "" when it does,
 * or nothing waits. */
const char *chance_waits_for(const struct chance *chance, int64_t now_ms);
/** A network came: is it worth an exchange although nothing waits? */
bool chance_is_old(const struct chance *chance, int64_t now_ms);

#endif
