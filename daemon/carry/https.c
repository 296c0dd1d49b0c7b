#include "carry/https.h"

#include <curl/curl.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "carry/https_inner.h"
#include "carry/httpssays.h"

#define CONNECT_S 30L
/* For one step in all: 256 KiB at 1 KB/s. */
#define STEP_S 300L
#define BEAT_MS 1000
#define HOST_ROOM 100

/* ---- what libcurl calls ---- */

static size_t
take_body(char *bytes, size_t one, size_t count, void *ctx)
{
	struct https *https = ctx;

	buf_put(https->answer, bytes, one * count);
	return https->answer->failed == PMJ_OK ? count : 0;
}

/* Asked for, and not handed over: so libcurl cannot say a message again by itself, of which a kept
 * connection brought a part before it broke. What of it is there must be asked first. */
static size_t
give_body(char *out, size_t one, size_t count, void *ctx)
{
	struct https *https = ctx;
	size_t left = https->body->len - https->given;
	size_t n = one * count < left ? one * count : left;

	memcpy(out, https->body->bytes + https->given, n);
	https->given += n;
	return n;
}

/* The message before was left like that, and libcurl still wants its own back: the one at hand is
 * where it should be as long as nothing of it was given. */
static int
rewind_body(void *ctx, curl_off_t offset, int origin)
{
	const struct https *https = ctx;

	return origin == SEEK_SET && offset == (curl_off_t)https->given ? CURL_SEEKFUNC_OK
	                                                                : CURL_SEEKFUNC_FAIL;
}

/* What the other end has of this connection, and what came: what was handed to the kernel may still
 * lie here. */
static uint64_t
passed(const struct https *https)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (https->fd < 0 || getsockopt(https->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return https->seen;
	return info.tcpi_bytes_acked + info.tcpi_bytes_received;
}

static int
watch(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	struct https *https = ctx;
	int64_t now = os_real.mono_ms(os_real.ctx);
	uint64_t sum;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	if (https->beat == NULL || now - https->beat_ms < BEAT_MS)
		return 0;
	https->beat_ms = now;
	sum = passed(https);
	if (sum == https->seen)
		return 0;
	if (https->moved != NULL)
		*https->moved += sum > https->seen ? sum - https->seen : sum; /* a new one */
	https->seen = sum;
	https->beat(https->ctx);
	return 0;
}

/* TCP's own counters: all that went over the connection, its handshakes too. */
static int
close_socket(void *ctx, curl_socket_t fd)
{
	struct https *https = ctx;
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
		https->up += info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
		https->down += info.tcpi_bytes_received;
	}
	if (fd == https->fd)
		https->fd = -1;
	return close(fd);
}

static int
ready_socket(void *ctx, curl_socket_t fd, curlsocktype type)
{
	unsigned wait_ms = (unsigned)CONNECT_S * 1000;
	struct https *https = ctx;

	(void)type;
	https->fd = fd;
	/* Data that nobody acknowledges for so long goes nowhere. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof(wait_ms));
	return CURL_SOCKOPT_OK;
}

/* Where a kept connection broke under a message libcurl opens another, only to see then that it
 * cannot say what is given away once more: a handshake for nothing. */
static curl_socket_t
open_socket(void *ctx, curlsocktype type, struct curl_sockaddr *to)
{
	struct https *https = ctx;

	(void)type;
	https->barred = https->given > 0;
	return https->barred ? CURL_SOCKET_BAD
	                     : socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- setting up ---- */

#define SET(option, value) (bad |= curl_easy_setopt(https->curl, option, value) != CURLE_OK)

static bool
set_always(struct https *https, long patience_s)
{
	bool bad = false;

	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* Nothing is chosen by it, so it need not be said. */
	SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CONNECTTIMEOUT, patience_s < CONNECT_S ? patience_s : CONNECT_S);
	SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(CURLOPT_LOW_SPEED_TIME, patience_s);
	SET(CURLOPT_TIMEOUT, STEP_S);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_ERRORBUFFER, https->why);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, https);
	SET(CURLOPT_READFUNCTION, give_body);
	SET(CURLOPT_READDATA, https);
	SET(CURLOPT_SEEKFUNCTION, rewind_body);
	SET(CURLOPT_SEEKDATA, https);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, watch);
	SET(CURLOPT_XFERINFODATA, https);
	SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, https);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, https);
	SET(CURLOPT_SOCKOPTFUNCTION, ready_socket);
	SET(CURLOPT_SOCKOPTDATA, https);
	SET(CURLOPT_SSL_CTX_FUNCTION, https_tls);
	SET(CURLOPT_SSL_CTX_DATA, https);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	return !bad;
}

/* A pin is the host's identity: with it alone, neither a name nor a date of its certificate counts,
 * so a laptop with a wrong clock still gets through. */
static bool
set_host(struct https *https, const struct https_host *host)
{
	bool named = host->pin == NULL || host->ca != NULL;
	const curl_version_info_data *system = curl_version_info(CURLVERSION_NOW);
	struct curl_blob ca = {
	    (void *)(uintptr_t)host->ca, host->ca != NULL ? strlen(host->ca) : 0, CURL_BLOB_COPY};
	bool bad = false;

	SET(CURLOPT_SSL_VERIFYPEER, named ? 1L : 0L);
	SET(CURLOPT_SSL_VERIFYHOST, named ? 2L : 0L);
	SET(CURLOPT_PINNEDPUBLICKEY, host->pin);
	SET(CURLOPT_CAINFO, host->ca != NULL ? NULL : system->cainfo);
	SET(CURLOPT_CAPATH, host->ca != NULL ? NULL : system->capath);
	SET(CURLOPT_CAINFO_BLOB, host->ca != NULL ? &ca : NULL);
	return !bad;
}

/* As a password, a token stands behind the name of whom it lets in. */
static char *
basic(const char *user, const char *token)
{
	char *plain = mem_printf("%s:%s", user, token);
	size_t len = strlen(plain);
	char *coded = mem_array(len * 4 / 3 + 5, 1);
	char *out;

	(void)EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)plain, (int)len);
	out = mem_printf("Authorization: Basic %s", coded);
	mem_free_wiped(plain);
	mem_free_wiped(coded);
	return out;
}

/* Only what is needed: each line goes over the air each time. */
static bool
set_headers(struct https *https, const struct https_host *host, const struct https_message *message)
{
	static const char *const none[] = {"Accept:", "Expect:"};
	char *type = mem_printf("Content-Type:%s%s", message->type != NULL ? " " : "",
	    message->type != NULL ? message->type : "");

	curl_slist_free_all(https->headers);
	https->headers = NULL;
	if (https->authorization != NULL)
		mem_wipe(https->authorization, strlen(https->authorization));
	free(https->authorization);
	https->authorization = message->user != NULL
	                           ? basic(message->user, host->token)
	                           : mem_printf("Authorization: Bearer %s", host->token);
	https->headers = curl_slist_append(https->headers, type);
	free(type);
	for (size_t i = 0; i < COUNT(none); i++)
		https->headers = curl_slist_append(https->headers, none[i]);
	https->headers = curl_slist_append(https->headers, https->authorization);
	return curl_easy_setopt(https->curl, CURLOPT_HTTPHEADER, https->headers) == CURLE_OK;
}

enum pmj_code
https_new(struct https **out, int patience_s, struct ticket_shelf *tickets, network_id network,
    void (*beat)(void *ctx), void *ctx, uint64_t *moved, struct pmj_error *err)
{
	struct https *https = mem_new(sizeof(*https));

	*out = NULL;
	https->tickets = tickets;
	https->network = network;
	https->beat = beat;
	https->ctx = ctx;
	https->moved = moved;
	https->fd = -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		https->curl = curl_easy_init();
	if (https->curl == NULL || !set_always(https, patience_s)) {
		https_free(https, NULL, NULL);
		return pmj_fail(err, PMJ_FAILED, "this libcurl cannot speak https as we need it");
	}
	*out = https;
	return PMJ_OK;
}

void
https_free(struct https *https, uint64_t *up, uint64_t *down)
{
	if (https == NULL)
		return;
	curl_easy_cleanup(https->curl);
	SSL_SESSION_free(https->session); /* one of its last bytes, which nobody looked at */
	curl_slist_free_all(https->headers);
	if (https->authorization != NULL)
		mem_wipe(https->authorization, strlen(https->authorization));
	free(https->authorization);
	if (up != NULL)
		*up += https->up;
	if (down != NULL)
		*down += https->down;
	free(https);
}

static void
host_name(char out[static HOST_ROOM], const char *url)
{
	const char *from = strstr(url, "://");
	size_t n;

	from = from != NULL ? from + 3 : url;
	n = strcspn(from, "/");
	if (n >= HOST_ROOM)
		n = HOST_ROOM - 1;
	memcpy(out, from, n);
	out[n] = '\0';
}

bool
https_says(const struct https *https, const char *name)
{
	struct curl_header *found;

	return curl_easy_header(https->curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK;
}

bool
https_mended(const struct https *https)
{
	return https->mended;
}

bool
https_broke(const struct https *https)
{
	return https->broke;
}

size_t
https_heard(const struct https *https)
{
	return https->heard;
}

/* Who takes a connection and does not even begin to speak is not there. Who shook hands and then
 * says nothing may have been cut off without a word, so once that is tried anew. */
static CURLcode
went_silent(struct https *https, CURLcode code, long connects)
{
	bool before = https->silent;
	curl_off_t shaken = 0;

	(void)curl_easy_getinfo(https->curl, CURLINFO_APPCONNECT_TIME_T, &shaken);
	https->silent = code == CURLE_OPERATION_TIMEDOUT && https->status == 0;
	return https->silent && ((connects > 0 && shaken == 0) || before) ? CURLE_COULDNT_CONNECT
	                                                                  : code;
}

long
https_status(const struct https *https)
{
	return https->status;
}

enum pmj_code
https_ask(struct https *https, const struct https_host *host, const struct https_message *message,
    struct buf *answer, struct pmj_error *err)
{
	char *url = mem_printf("%s/%s", host->url, message->name);
	char where[HOST_ROOM];
	bool bad = false;
	long connects = 0, verdict = 0;
	CURLcode code;
	enum pmj_code rc;

	host_name(where, host->url);
	buf_clear(answer);
	https->answer = answer;
	https->body = message->body;
	https->status = 0;
	https->given = 0;
	https->barred = false;
	https->why[0] = '\0';
	https->broke = false;
	if (https->beat != NULL)
		https->beat(https->ctx);
	SET(CURLOPT_URL, url);
	if (message->body != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE, (long)message->body->len);
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	if (bad || !set_host(https, host) || !set_headers(https, host, message)) {
		rc = pmj_fail(err, PMJ_FAILED, "cannot make a request to %s", where);
		goto out;
	}
	https_whose(https, host);
	code = curl_easy_perform(https->curl);
	if (https->barred && code != CURLE_OK) {
		code = CURLE_SEND_ERROR;
		https->why[0] = '\0'; /* it speaks of the connection that we barred */
	}
	(void)curl_easy_getinfo(https->curl, CURLINFO_NUM_CONNECTS, &connects);
	https_keep_ticket(https, connects);
	https->mended = https->kept && connects > 0;
	https->kept = code == CURLE_OK;
	(void)curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &https->status);
	https->heard += https->status != 0 ? 1 : 0;
	if (code == CURLE_WRITE_ERROR) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "%s answers with more than was asked for", where);
		pmj_hint(err, "nothing is lost; is the address right? tell your coordinator");
		goto out;
	}
	code = went_silent(https, code, connects);
	if (code != CURLE_OK) {
		if (https->status != 200) /* what came is no answer of the gate */
			buf_clear(answer);
		(void)curl_easy_getinfo(https->curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
		rc = httpssays_failed(code, verdict, https->why, where, &https->broke, err);
		goto out;
	}
	rc = https->status == 200 ? PMJ_OK : httpssays_status(https->status, where, err);
out:
	free(url);
	https->answer = NULL;
	return rc;
}
