/* https_tls.c - tickets: a session of TLS that is taken up again, and by whom. */
#include <stdlib.h>

#include "base/mem.h"
#include "carry/https_inner.h"

/* A ticket comes behind the handshake; what it is worth shows when the host is known for who it is.
 */
static int
new_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct https *https = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(https->session);
	https->session = session;
	return 1; /* it is ours now */
}

/* libcurl 7.88 takes no ticket from elsewhere, so it is given to OpenSSL as its handshake begins.
 * libcurl looks at the pin after it as ever: the ticket brings the certificate that it was got
 * with. */
static void
begin_handshake(const SSL *ssl, int where, int value)
{
	struct https *https = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	SSL_SESSION *session;

	(void)value;
	if ((where & SSL_CB_HANDSHAKE_START) == 0 || https->tickets == NULL || !https->named)
		return;
	session = ticket_take(https->tickets, &https->whose, https->network);
	if (session != NULL)
		(void)SSL_set_session((SSL *)(uintptr_t)ssl, session);
	SSL_SESSION_free(session);
}

/* Of a record of TLS that a cut leaves unfinished nothing can be read, and one may have 16 KiB. */
CURLcode
https_tls(CURL *curl, void *context, void *ctx)
{
	(void)curl;
	if (SSL_CTX_set_app_data(context, ctx) != 1 ||
	    SSL_CTX_set_tlsext_max_fragment_length(context, TLSEXT_max_fragment_length_2048) != 1)
		return CURLE_SSL_CONNECT_ERROR;
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, new_ticket);
	SSL_CTX_set_info_callback(context, begin_handshake);
	return CURLE_OK;
}

/* Only of a host that libcurl found to be the right one. */
void
https_keep_ticket(struct https *https, long connects)
{
	curl_off_t shaken = 0; /* when the handshake was over and the host known */

	(void)curl_easy_getinfo(https->curl, CURLINFO_APPCONNECT_TIME_T, &shaken);
	if (https->session != NULL && https->tickets != NULL && https->named &&
	    (connects == 0 || shaken > 0))
		ticket_put(https->tickets, &https->whose, https->session);
	SSL_SESSION_free(https->session);
	https->session = NULL;
}

/* Whoever is told another address, pin or authority, or another token for it, begins anew. */
void
https_whose(struct https *https, const struct https_host *host)
{
	char *text = mem_printf("%s\n%s\n%s\n%s", host->url, host->token,
	    host->pin != NULL ? host->pin : "", host->ca != NULL ? host->ca : "");

	https->named = ticket_whose(&https->whose, text);
	mem_free_wiped(text);
}
