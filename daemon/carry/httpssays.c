#include "carry/httpssays.h"
#include "carry/room.h"

/* What OpenSSL says of a certificate. */
#define VERIFY_NOT_YET 9
#define VERIFY_EXPIRED 10

static enum pmj_code
fail_certificate(long verdict, const char *host, struct pmj_error *err)
{
	if (verdict == VERIFY_EXPIRED || verdict == VERIFY_NOT_YET) {
		(void)pmj_fail(err, PMJ_UNREACHED, "the certificate of %s %s", host,
		    verdict == VERIFY_EXPIRED ? "has expired" : "is not valid yet");
		pmj_hint(err,
		    "is the date of this laptop right? else tell your coordinator that the "
		    "host must renew it. Nothing is lost");
		return PMJ_UNREACHED;
	}
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "%s has a certificate that the hub's word does not vouch for", host);
	pmj_hint(err, "a hotspot that wants you to sign in does this; elsewhere tell your "
	              "coordinator. Nothing was sent");
	return PMJ_INTEGRITY;
}

enum pmj_code
httpssays_failed(CURLcode code, long verdict, const char *why, const char *host, bool *broke,
    struct pmj_error *err)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return fail_certificate(verdict, host, err);
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
		*broke = true;
		(void)pmj_fail(err, PMJ_UNREACHED, "the link to %s went silent", host);
		break;
	default:
		*broke = true;
		(void)pmj_fail(err, PMJ_UNREACHED, "the link to %s broke off (%.80s)", host,
		    why[0] != '\0' ? why : curl_easy_strerror(code));
	}
	pmj_hint(err, "nothing is lost; it is tried again when there is a link");
	return PMJ_UNREACHED;
}

enum pmj_code
httpssays_status(long status, const char *host, struct pmj_error *err)
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
	if (status == 507)
		return room_fail(err);
	if (status == 411)
		(void)pmj_fail(err, PMJ_FAILED,
		    "the web server of %s asks for a length that it was given (411)", host);
	else
		(void)pmj_fail(err, PMJ_FAILED, "%s answers %ld", host, status);
	pmj_hint(err, "nothing is lost; whoever runs the host finds the reason in its log");
	return PMJ_FAILED;
}
