/* exchange_inner.h - an exchange under way. Private to exchange.c and exchange_carrier.c. */
#ifndef API_EXCHANGE_INNER_H
#define API_EXCHANGE_INNER_H
#include "api/core.h"

enum exchange_phase { PHASE_SEAL, PHASE_SPOOL, PHASE_CARRY, PHASE_WAIT, PHASE_TAKE, PHASE_SETTLE };

struct exchange {
	enum exchange_kind kind;
	char *where;
	struct request *request;
	int64_t job;
	struct exchange_photos {
		int64_t room;     /* of the last round of them; 0: there was none */
		int64_t began_ms; /* the first, and the last */
		int64_t round_ms;
	} photo;
	enum exchange_phase phase;
	int asked; /* how much of what the carrier is told before was told; a step each */
	int round;
	bool tidies;  /* this round is for the spool alone: nothing waits for another end */
	bool learns;  /* it sends some of what waits, to learn how big the rest may be ... */
	bool learned; /* ... or did */
	bool begun;
	bool photos;           /* the person asked for them, whatever the network costs */
	bool last;             /* of a revoked laptop: what is unsent goes, then the keys */
	bool over;             /* ... and is sealed */
	bool paused;           /* it brought the word that this laptop is suspended */
	bool stopped;          /* the person wants it no more */
	int64_t taken;         /* lines taken in all */
	int64_t sent, got;     /* files, by the carrier's word */
	int64_t holds;         /* the hub's, when it began */
	int64_t started_ms;    /* mono */
	char *instead;         /* why the hub's old address was used, by the carrier's word */
	struct exchange_seen { /* by the carrier's word, of what it does now */
		int64_t there, left, came, moved;
	} seen;
	int64_t places;          /* when the carrier was asked (device_places_mark) */
	bool came;               /* it reached the first address that the hub had said then */
	bool failed_away;        /* it failed, by the carrier's word, on its way to the mailboxes */
	struct pmj_error failed; /* code PMJ_OK: not failed */
	struct exchange *next;
};

/** It cannot go on: whoever waits for it hears why. Always true, for a step was made. */
bool exchange_give_up(struct core *core, struct exchange *exchange, const struct pmj_error *err);
/** What is said of one that the person stopped. */
enum pmj_code exchange_fail_stopped(struct pmj_error *err);
/* exchange_photos.c */
/** Before anything is sealed: how much of photos may go this way, and come. */
void exchange_photos_begin(struct core *core, const struct exchange *exchange);
/** All else is through: is there another round, of photos? */
bool exchange_photos_more(struct core *core, struct exchange *exchange);
/** Of a laptop that is to forget everything: all of them go. */
void exchange_photos_all(struct core *core);
void exchange_photos_end(struct core *core);
/** Ask the carrier, which answers by exchange_carried; in steps, for a hub's mailboxes may be
 * thousands. True when there is more to do, or it ended instead. */
bool exchange_ask_carrier(struct core *core, struct exchange *exchange);

#endif
