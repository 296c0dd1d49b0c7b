/* client.h - the way to pamojad: which home, is it running, ask and be answered. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/json.h"

struct client {
	char *home;       /* absolute */
	const char *lang; /* en or sw */
	int fd;           /* -1 until the first call */
	bool may_start;   /* start pamojad when it does not run */
	int wait_ms;      /* for connecting; 0: as long as it takes */
	char cookie[65];
};

/** Which home: `given`, $PAMOJA_HOME, $XDG_DATA_HOME/pamoja, ~/.local/share/pamoja. PMJ_USAGE when
 * none can be found. */
PMJ_MUST_CHECK enum pmj_code client_init(
    struct client *client, const char *given, struct pmj_error *err);
void client_close(struct client *client);
/** en or sw, from LC_ALL, LC_MESSAGES, LANGUAGE and LANG. */
const char *client_language(void);

/**
 * One request. Connects first, and starts the daemon when it must and may.
 *
 * out      the answer; the caller decrefs. NULL on failure, but with PMJ_PARTIAL it holds what was
 *          done.
 * body     NULL for a request without one; not stolen.
 * Errors   what the daemon says, with its code; PMJ_FAILED when it is not running and was not to be
 *          started.
 */
PMJ_MUST_CHECK enum pmj_code client_get(
    struct client *client, json_t **out, const char *path, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code client_post(struct client *client, json_t **out, const char *path,
    const json_t *body, struct pmj_error *err);
/** The same without a time limit: for what waits for the outside, or reads the whole journal. */
PMJ_MUST_CHECK enum pmj_code client_get_patient(
    struct client *client, json_t **out, const char *path, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code client_post_patient(struct client *client, json_t **out,
    const char *path, const json_t *body, struct pmj_error *err);
/** ... and look(ctx) is called meanwhile: every look_ms, and when a signal came. */
PMJ_MUST_CHECK enum pmj_code client_post_watched(struct client *client, json_t **out,
    const char *path, const json_t *body, void (*look)(void *ctx), void *ctx, int look_ms,
    struct pmj_error *err);
/** The same, but nothing is started, and no step waits longer than wait_ms. *pid (0: unknown) is
 * the daemon that listens, also when it gives no answer: PMJ_BUSY. */
PMJ_MUST_CHECK enum pmj_code client_look(struct client *client, json_t **out, const char *path,
    int wait_ms, pid_t *pid, struct pmj_error *err);
/** Is the daemon there already? Starts nothing. */
bool client_is_up(struct client *client);
/** The error in an answer's "error"; PMJ_OK when there is none. */
PMJ_MUST_CHECK enum pmj_code client_error(const json_t *answer, int status, struct pmj_error *err);

#endif
