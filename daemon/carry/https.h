/* https.h - one message to a host and its answer, over a connection that is kept. Nothing of the
 * machine's settings steers it: no proxy, no redirect, no cookie, no password file. */
#ifndef CARRY_HTTPS_H
#define CARRY_HTTPS_H
#include "base/buf.h"
#include "carry/ticket.h"

/* Where a host is, and how it is known. */
struct https_host {
	const char *url;
	const char *token; /* base64url */
	const char
	    *pin; /* NULL: its certificate must be signed by ca, or by one the system trusts */
	const char *ca; /* PEM; may be NULL */
};

struct https;

/** A link that says nothing for patience_s is given up. beat is called as long as bytes move; it
 * may be NULL, as may moved, to which these bytes are added. tickets may be NULL, too, and outlives
 * it; network is where we are. */
PMJ_MUST_CHECK enum pmj_code https_new(struct https **out, int patience_s,
    struct ticket_shelf *tickets, network_id network, void (*beat)(void *ctx), void *ctx,
    uint64_t *moved, struct pmj_error *err);
/** Closes the connection. To up and down (may be NULL) the bytes of all connections are added,
 * above TCP. */
void https_free(struct https *https, uint64_t *up, uint64_t *down);

/* What is sent to URL/name. */
struct https_message {
	const char *name;
	const struct buf *body; /* NULL: a GET */
	const char *type;       /* of the body; NULL: not said */
	const char *user;       /* whose password the token is; NULL: it stands alone */
};

/**
 * Send a message.
 *
 * answer   receives the body; at most its limit. After PMJ_UNREACHED: what came of it.
 * Errors   PMJ_UNREACHED: there is no link, or it broke off, the certificate's dates, a redirect.
 *          PMJ_INTEGRITY: not the host that we were told of. PMJ_REFUSED: it does not know our
 * token. PMJ_FAILED: another status, named. PMJ_INTEGRITY also: more than was
 *          asked for.
 */
PMJ_MUST_CHECK enum pmj_code https_ask(struct https *https, const struct https_host *host,
    const struct https_message *message, struct buf *answer, struct pmj_error *err);
/** The status of the last answer; 0: none came. */
long https_status(const struct https *https);

/** Had the last answer a header of this name? */
bool https_says(const struct https *https, const char *name);
/** Did the kept connection break under the last message, which went well on a new one? */
bool https_mended(const struct https *https);
/** Did the last failure come in the middle, so that the same may go well at once? */
bool https_broke(const struct https *https);
/** Messages that a host answered, with whatever it was. */
size_t https_heard(const struct https *https);

#endif
