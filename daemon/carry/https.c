#include "carry/https.h"

#include <curl/curl.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"

#define CONNECT_S 30L
/* For one step in all: 256 KiB at 1 KB/s. */
#define STEP_S 300L
#define BEAT_MS 1000
#define HOST_ROOM 100

/* What OpenSSL says of a certificate. */
#define VERIFY_NOT_YET 9
#define VERIFY_EXPIRED 10

struct https {
	CURL *curl;
	void (*beat)(void *ctx);
	void *ctx;
	uint64_t up; /* of the connections that are closed */
	uint64_t down;
	curl_off_t moved;
	int64_t beat_ms;
	const struct buf *body;
	size_t given; /* bytes of it */
	struct buf *answer;
	struct curl_slist *headers;
	char *authorization;
	bool kept;   /* there is a connection from before */
	bool mended; /* it broke, and libcurl said the message again on a new one */
	bool broke;
	char why[CURL_ERROR_SIZE];
};

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

static int
watch(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	struct https *https = ctx;
	int64_t now = os_real.mono_ms(os_real.ctx);

	(void)down_all;
	(void)up_all;
	if (https->beat != NULL && down + up != https->moved && now - https->beat_ms >= BEAT_MS) {
		https->beat(https->ctx);
		https->moved = down + up;
		https->beat_ms = now;
	}
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
	return close(fd);
}

static int
ready_socket(void *ctx, curl_socket_t fd, curlsocktype type)
{
	unsigned wait_ms = (unsigned)CONNECT_S * 1000;

	(void)ctx;
	(void)type;
	/* Data that nobody acknowledges for so long goes nowhere. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof(wait_ms));
	return CURL_SOCKOPT_OK;
}

/* Of a record of TLS that a cut leaves unfinished nothing can be read, and one may have 16 KiB. */
static CURLcode
set_records(CURL *curl, void *context, void *ctx)
{
	(void)curl;
	(void)ctx;
	return SSL_CTX_set_tlsext_max_fragment_length(context, TLSEXT_max_fragment_length_2048) == 1
	           ? CURLE_OK
	           : CURLE_SSL_CONNECT_ERROR;
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
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, watch);
	SET(CURLOPT_XFERINFODATA, https);
	SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, https);
	SET(CURLOPT_SOCKOPTFUNCTION, ready_socket);
	SET(CURLOPT_SSL_CTX_FUNCTION, set_records);
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

/* Only what is needed: each line goes over the air each time. */
static bool
set_headers(struct https *https, const struct https_host *host)
{
	static const char *const none[] = {"Accept:", "Content-Type:", "Expect:"};

	curl_slist_free_all(https->headers);
	https->headers = NULL;
	if (https->authorization != NULL)
		mem_wipe(https->authorization, strlen(https->authorization));
	free(https->authorization);
	https->authorization = mem_printf("Authorization: Bearer %s", host->token);
	for (size_t i = 0; i < COUNT(none); i++)
		https->headers = curl_slist_append(https->headers, none[i]);
	https->headers = curl_slist_append(https->headers, https->authorization);
	return curl_easy_setopt(https->curl, CURLOPT_HTTPHEADER, https->headers) == CURLE_OK;
}

enum pmj_code
https_new(
    struct https **out, int patience_s, void (*beat)(void *ctx), void *ctx, struct pmj_error *err)
{
	struct https *https = mem_new(sizeof(*https));

	*out = NULL;
	https->beat = beat;
	https->ctx = ctx;
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

/* ---- what went wrong ---- */

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

static enum pmj_code
fail_certificate(struct https *https, const char *host, struct pmj_error *err)
{
	long verdict = 0;

	(void)curl_easy_getinfo(https->curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
	if (verdict == VERIFY_EXPIRED || verdict == VERIFY_NOT_YET) {
		(void)pmj_fail(err, PMJ_UNREACHED, "the certificate of %s %s", host,
		    verdict == VERIFY_EXPIRED ? "has expired" : "is not valid yet");
		pmj_hint(err, "is the date of this laptop right? else the host must renew it; "
		              "nothing is lost");
		return PMJ_UNREACHED;
	}
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "%s has a certificate that the hub's word does not vouch for", host);
	pmj_hint(err, "a hotspot that wants you to sign in does this; elsewhere tell your "
	              "coordinator. Nothing was sent");
	return PMJ_INTEGRITY;
}

static enum pmj_code
fail_link(struct https *https, CURLcode code, const char *host, struct pmj_error *err)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return fail_certificate(https, host, err);
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		(void)pmj_fail(
		    err, PMJ_INTEGRITY, "%s shows another key than the hub told us", host);
		pmj_hint(err, "a hotspot that wants you to sign in does this; elsewhere tell your "
		              "coordinator. Nothing was sent");
		return PMJ_INTEGRITY;
	case CURLE_SSL_CACERT_BADFILE:
		(void)pmj_fail(
		    err, PMJ_FAILED, "this machine has no list of the certificates that it trusts");
		pmj_hint(err, "apt-get install ca-certificates");
		return PMJ_FAILED;
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)pmj_fail(err, PMJ_UNREACHED, "%s is not found: is there a network?", host);
		break;
	case CURLE_COULDNT_CONNECT:
		(void)pmj_fail(err, PMJ_UNREACHED, "%s does not answer", host);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		https->broke = true;
		(void)pmj_fail(err, PMJ_UNREACHED, "the link to %s went silent", host);
		break;
	default:
		https->broke = true;
		(void)pmj_fail(err, PMJ_UNREACHED, "the link to %s broke off (%.80s)", host,
		    https->why[0] != '\0' ? https->why : curl_easy_strerror(code));
	}
	pmj_hint(err, "nothing is lost; it is tried again when there is a link");
	return PMJ_UNREACHED;
}

static enum pmj_code
fail_status(long status, const char *host, struct pmj_error *err)
{
	if (status >= 300 && status < 400) {
		(void)pmj_fail(err, PMJ_UNREACHED,
		    "%s sends us elsewhere (%ld); we do not go there", host, status);
		pmj_hint(err, "a hotspot that wants you to sign in does this; elsewhere tell your "
		              "coordinator");
		return PMJ_UNREACHED;
	}
	if (status == 401 || status == 403) {
		(void)pmj_fail(
		    err, PMJ_REFUSED, "%s does not let this laptop in (%ld)", host, status);
		pmj_hint(err, "nothing is lost; ask your coordinator whether this laptop was taken "
		              "off the list");
		return PMJ_REFUSED;
	}
	if (status == 411)
		(void)pmj_fail(err, PMJ_FAILED,
		    "the web server of %s asks for a length that it was given (411)", host);
	else
		(void)pmj_fail(err, PMJ_FAILED, "%s answers %ld", host, status);
	pmj_hint(err, "nothing is lost; whoever runs the host finds the reason in its log");
	return PMJ_FAILED;
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

enum pmj_code
https_post(struct https *https, const struct https_host *host, const char *name,
    const struct buf *body, struct buf *answer, struct pmj_error *err)
{
	char *url = mem_printf("%s/%s", host->url, name);
	char where[HOST_ROOM];
	bool bad = false;
	long status = 0, connects = 0;
	CURLcode code;
	enum pmj_code rc;

	host_name(where, host->url);
	buf_clear(answer);
	https->answer = answer;
	https->body = body;
	https->given = 0;
	https->moved = 0;
	https->why[0] = '\0';
	https->broke = false;
	if (https->beat != NULL)
		https->beat(https->ctx);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE, (long)body->len);
	if (bad || !set_host(https, host) || !set_headers(https, host)) {
		rc = pmj_fail(err, PMJ_FAILED, "cannot make a request to %s", where);
		goto out;
	}
	code = curl_easy_perform(https->curl);
	(void)curl_easy_getinfo(https->curl, CURLINFO_NUM_CONNECTS, &connects);
	https->mended = https->kept && connects > 0;
	https->kept = code == CURLE_OK;
	if (code == CURLE_WRITE_ERROR) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "%s answers with more than was asked for", where);
		pmj_hint(err, "nothing is lost; is the address right? tell your coordinator");
		goto out;
	}
	(void)curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) {
		if (status != 200) /* what came is no answer of the gate */
			buf_clear(answer);
		rc = fail_link(https, code, where, err);
		goto out;
	}
	rc = status == 200 ? PMJ_OK : fail_status(status, where, err);
out:
	free(url);
	https->answer = NULL;
	return rc;
}
