/* https_inner.h - what the two files of a connection share. */
#ifndef CARRY_HTTPS_INNER_H
#define CARRY_HTTPS_INNER_H
#include <curl/curl.h>
#include <openssl/ssl.h>

#include "carry/https.h"

struct https {
	CURL *curl;
	void (*beat)(void *ctx);
	void *ctx;
	uint64_t up; /* of the connections that are closed */
	uint64_t down;
	int fd;          /* of the connection, or -1 */
	uint64_t *moved; /* bytes in all, or NULL */
	uint64_t seen;   /* ... of this connection */
	int64_t beat_ms;
	const struct buf *body;
	size_t given; /* bytes of it */
	bool barred;  /* no other connection was opened for it */
	struct buf *answer;
	struct curl_slist *headers;
	char *authorization;
	bool kept;   /* there is a connection from before */
	bool mended; /* it broke, and libcurl said the message again on a new one */
	bool broke;
	bool silent; /* the last message was left without a word for so long */
	size_t heard;
	long status;
	struct ticket_shelf *tickets; /* or NULL */
	network_id network;
	struct ticket_for whose;
	bool named;           /* so it is said in `whose` whose they are */
	SSL_SESSION *session; /* the newest ticket of a connection, not yet put there */
	char why[CURL_ERROR_SIZE];
};

/** libcurl's own hook, as it makes OpenSSL's context; ctx is the struct https. */
CURLcode https_tls(CURL *curl, void *context, void *ctx);
/** Whose tickets are shown and kept from now on. */
void https_whose(struct https *https, const struct https_host *host);
/** The ticket of the connection that the last message went over: kept, if its host is the right
 * one.
 */
void https_keep_ticket(struct https *https, long connects);

#endif
