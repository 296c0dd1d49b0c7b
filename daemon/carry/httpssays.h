/* httpssays.h - what libcurl and a host's status say when a message did not go well, as an error of
 * ours. */
#ifndef CARRY_HTTPSSAYS_H
#define CARRY_HTTPSSAYS_H
#include <curl/curl.h>
#include <stdbool.h>

#include "pamoja/error.h"

/** verdict is OpenSSL's of the certificate, why libcurl's words. *broke is set when it came in the
 * middle, so that the same may go well at once. Never PMJ_OK. */
enum pmj_code httpssays_failed(CURLcode code, long verdict, const char *why, const char *host,
    bool *broke, struct pmj_error *err);
/** Of a status that is not 200. */
enum pmj_code httpssays_status(long status, const char *host, struct pmj_error *err);

#endif
