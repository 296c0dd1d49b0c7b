#include "carry/ticket.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

struct ticket_shelf *
ticket_shelf_new(void)
{
	struct ticket_shelf *shelf =
	    mmap(NULL, sizeof(*shelf), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shelf == MAP_FAILED)
		return NULL;
	/* Where it cannot be kept out of swap space it is none: a disk would have it. */
	if (mlock(shelf, sizeof(*shelf)) != 0 ||
	    madvise(shelf, sizeof(*shelf), MADV_DONTDUMP) != 0) {
		(void)munmap(shelf, sizeof(*shelf));
		return NULL;
	}
	return shelf;
}

static void
clear(struct ticket_shelf *shelf)
{
	shelf->len = 0;
	mem_wipe(shelf, sizeof(*shelf));
}

void
ticket_shelf_free(struct ticket_shelf *shelf)
{
	if (shelf == NULL)
		return;
	clear(shelf);
	(void)munmap(shelf, sizeof(*shelf));
}

bool
ticket_whose(struct ticket_for *out, const char *text)
{
	return EVP_Digest(text, strlen(text), out->hash, NULL, EVP_sha256(), NULL) == 1;
}

void
ticket_put(struct ticket_shelf *shelf, const struct ticket_for *whose, const SSL_SESSION *session)
{
	int len = i2d_SSL_SESSION(session, NULL);
	uint8_t *to = shelf->bytes;

	clear(shelf);
	if (SSL_SESSION_get_protocol_version(session) != TLS1_3_VERSION || len <= 0 ||
	    len > TICKET_BYTES_MAX || i2d_SSL_SESSION(session, &to) != len)
		return;
	shelf->whose = *whose;
	shelf->len = (uint32_t)len;
}

/* No certificate is shown with a ticket, so its end must be looked at here. */
static bool
ended(SSL_SESSION *session)
{
	X509 *peer = SSL_SESSION_get0_peer(session);

	return peer == NULL || X509_cmp_current_time(X509_get0_notAfter(peer)) <= 0;
}

static bool
may_show(const struct ticket_shelf *shelf, const struct ticket_for *whose, network_id network)
{
	return shelf->len > 0 && shelf->len <= TICKET_BYTES_MAX &&
	       memcmp(&shelf->whose, whose, sizeof(*whose)) == 0 &&
	       (shelf->used_in == NETWORK_NONE || shelf->used_in == network);
}

SSL_SESSION *
ticket_take(struct ticket_shelf *shelf, const struct ticket_for *whose, network_id network)
{
	const uint8_t *from = shelf->bytes;
	SSL_SESSION *session = NULL;

	if (may_show(shelf, whose, network))
		session = d2i_SSL_SESSION(NULL, &from, (long)shelf->len);
	if (session != NULL && ended(session)) {
		SSL_SESSION_free(session);
		session = NULL;
	}
	shelf->used_in = network;
	if (session == NULL || network == NETWORK_NONE)
		clear(shelf);
	return session;
}
