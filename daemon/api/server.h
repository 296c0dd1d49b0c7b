/* server.h - connections on HOME/run/api.sock: peers checked, requests read, answered now or later.
 */
#ifndef API_SERVER_H
#define API_SERVER_H
#include "api/http.h"
#include "base/loop.h"
#include "domain/kind.h"

struct server;
struct request;

struct server_setup {
	struct loop *loop;
	const char *home;
	const struct os *os;
	/** Answer by server_reply or server_fail, now or later, exactly once. */
	void (*handle)(void *ctx, struct request *request);
	void *ctx;
};
/** Make HOME/run (0700), the cookie (0600) and the socket (0600), and listen. */
PMJ_MUST_CHECK enum pmj_code server_new(
    struct server **out, const struct server_setup *setup, struct pmj_error *err);
/** Let nobody new in; who waits for an answer can still get it. */
void server_shut(struct server *server);
void server_free(struct server *server);

/* Of a request in work. */
const char *request_method(const struct request *request);
const char *request_path(const struct request *request);
const json_t *request_query(const struct request *request);
/** The body's JSON object; an empty object for a GET. */
const json_t *request_body(const struct request *request);
enum lang request_lang(const struct request *request);
/** Answer with a document (stolen; NULL: {}). The request is gone after it. */
void server_reply(struct request *request, json_t *document);
/** Answer with an error. */
void server_fail(struct request *request, const struct pmj_error *err);

#endif
