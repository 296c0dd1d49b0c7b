#include "cli/sync.h"

#include <stdlib.h>

#include "cli/home.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option sync_options[] = {
    {"to", "DIR", "exchange with the mailboxes in this folder instead of the usual place"},
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

static enum pmj_code
exchange(
    struct cli *cli, const char *path, const char *key, const char *place, struct pmj_error *err)
{
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;
	char *absolute;

	if (place != NULL && *place == '\0') {
		rc = pmj_fail(err, PMJ_USAGE, "no folder was named");
		pmj_hint(err, "name one, such as /media/usb");
		goto out;
	}
	if (place != NULL) {
		absolute = home_absolute(place);
		(void)json_object_set_new(body, key, json_string(absolute));
		free(absolute);
	}
	if (term_can_ask() && !cli->json)
		term_note("Exchanging … (Ctrl-C stops waiting; the exchange goes on)\n");
	rc = client_post_patient(&cli->client, &answer, path, body, err);
	if (answer != NULL && cli->json) {
		print_json(answer);
	} else if (answer != NULL) {
		say_exchanged(answer);
	}
out:
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
sync_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return exchange(cli, "/v1/sync", "to", args_value(args, "to"), err);
}

enum pmj_code
sync_carry(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return exchange(cli, "/v1/carry", "dir", args->words[0], err);
}
