#include "cli/sync.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/os.h"
#include "cli/home.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option sync_options[] = {
    {"to", "DIR", "exchange with the mailboxes in this folder instead of the usual place"},
    {"photos", NULL, "photos of signed papers too, whatever the network costs"},
    {NULL, NULL, NULL},
};

static void
say_exchanged(const json_t *answer)
{
	long long sent = json_int(answer, "sent", 0), got = json_int(answer, "got", 0);

	if (sent == 1)
		term_say("Done: 1 sealed file sent, %lld received.\n", got);
	else
		term_say("Done: %lld sealed files sent, %lld received.\n", sent, got);
	print_said(json_str(answer, "message"));
	if (json_str(answer, "instead") != NULL)
		term_say("It went by the hub's old address, for the new one cannot be used:\n  %s\n"
		         "If that stays so, tell your coordinator.\n",
		    json_str(answer, "instead"));
}

#define LOOK_MS 1000 /* how often it is told how far it is */

struct watch {
	struct client client; /* a connection of its own: the other one waits */
	bool tells;
	bool told; /* a line is begun */
	bool stopping;
	int64_t at_ms; /* of the last look, or the beginning */
	long long moved;
};

/* What is done is what the mailbox said that it has; what is on its way shows in the speed alone.
 */
static void
tell(struct watch *watch, const json_t *seen)
{
	int64_t now_ms = os_real.mono_ms(os_real.ctx);
	long long there = json_int(seen, "there", 0), left = json_int(seen, "left", 0);
	long long came = json_int(seen, "came", 0);
	long long moved = json_int(seen, "moved", 0), fresh = moved - watch->moved;
	long long took_ms = now_ms - watch->at_ms;
	long long tenths = fresh > 0 && took_ms > 0 ? fresh * 10 / took_ms : 0;

	watch->at_ms = now_ms;
	watch->moved = moved;
	if (moved == 0) /* nothing came through yet */
		return;
	watch->told = true;
	term_progress(
	    "%lld of %lld sealed files are there, %lld left; %lld received; %lld.%lld KB/s", there,
	    there + left, left, came, tenths / 10, tenths % 10);
}

static void
look(void *ctx)
{
	struct watch *watch = ctx;
	json_t *answer = NULL, *nothing = json_object();
	pid_t pid;

	if (term_stopped() && !watch->stopping) {
		watch->stopping = true;
		if (client_post(&watch->client, &answer, "/v1/sync/stop", nothing, NULL) != PMJ_OK)
			watch->stopping = false; /* at the next look */
	} else if (watch->tells && client_look(&watch->client, &answer, "/v1/status", LOOK_MS, &pid,
	                               NULL) == PMJ_OK) {
		if (json_obj(answer, "exchange") != NULL)
			tell(watch, json_obj(answer, "exchange"));
	}
	json_decref(nothing);
	json_decref(answer);
}

static enum pmj_code
ask(struct cli *cli, json_t **answer, const char *path, const json_t *body, struct pmj_error *err)
{
	struct watch watch = {
	    .client = {.home = mem_strdup(cli->client.home), .lang = cli->client.lang, .fd = -1},
	    .tells = term_can_ask() && !cli->json,
	    .at_ms = os_real.mono_ms(os_real.ctx)};
	enum pmj_code rc;

	if (watch.tells)
		term_note("Exchanging … (Ctrl-C stops it; nothing is lost)\n");
	term_hold_stop();
	rc = client_post_watched(&cli->client, answer, path, body, look, &watch, LOOK_MS, err);
	if (watch.told)
		term_note("\n");
	client_close(&watch.client);
	return rc;
}

static enum pmj_code
exchange(struct cli *cli, const char *path, const char *key, const char *place, bool photos,
    struct pmj_error *err)
{
	json_t *body = json_pack("{s:b}", "photos", photos), *answer = NULL;
	enum pmj_code rc = PMJ_OK;
	char *absolute;

	if (place != NULL && (rc = home_absolute(&absolute, place, err)) == PMJ_OK) {
		(void)json_object_set_new(body, key, json_string(absolute));
		free(absolute);
	}
	if (rc == PMJ_OK)
		rc = ask(cli, &answer, path, body, err);
	if (answer != NULL && cli->json) {
		print_json(answer);
	} else if (answer != NULL) {
		say_exchanged(answer);
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
sync_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return exchange(
	    cli, "/v1/sync", "to", args_value(args, "to"), args_has(args, "photos"), err);
}

enum pmj_code
sync_carry(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return exchange(cli, "/v1/carry", "dir", args->words[0], false, err);
}
