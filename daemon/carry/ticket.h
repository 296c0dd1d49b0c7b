/* ticket.h - the session ticket of TLS 1.3, by which the next connection to a host needs no
 * certificate. It is a secret, so it is never on a disk: the carrier has room for one in memory
 * that it shares with its errands, and with nobody else. */
#ifndef CARRY_TICKET_H
#define CARRY_TICKET_H
#include <stdbool.h>
#include <stdint.h>

#include "carry/network.h"

typedef struct ssl_session_st SSL_SESSION; /* of openssl/ssl.h, which few here need */

#define TICKET_FOR_BYTES 32
#define TICKET_BYTES_MAX 8000

/* Whose ticket it is: the hash of everything that says who the host is, and who we are there. */
struct ticket_for {
	uint8_t hash[TICKET_FOR_BYTES];
};

struct ticket_shelf {
	struct ticket_for whose;
	network_id used_in; /* the network where it was shown; NETWORK_NONE: nowhere yet */
	uint32_t len; /* 0: none. Written last, so that a process killed meanwhile leaves none */
	uint8_t bytes[TICKET_BYTES_MAX];
};

/** Shared with every process forked after it. NULL where there is no memory for it. */
struct ticket_shelf *ticket_shelf_new(void);
/** Wiped. May be NULL. */
void ticket_shelf_free(struct ticket_shelf *shelf);

/** False where it cannot be said. */
bool ticket_whose(struct ticket_for *out, const char *text);
/** Put it there in place of the one before it. One that is not of TLS 1.3 or too long is not kept.
 */
void ticket_put(
    struct ticket_shelf *shelf, const struct ticket_for *whose, const SSL_SESSION *session);
/**
 * The ticket for that host. Not every server gives a new one for each that is shown, so it is shown
 * again where it was shown before; in another network it would tell whoever listens that we were
 * here and there. Where the network is not known it is shown once.
 *
 * Returns  NULL: there is none that may be shown, or its certificate has ended meanwhile.
 */
SSL_SESSION *ticket_take(
    struct ticket_shelf *shelf, const struct ticket_for *whose, network_id network);

#endif
