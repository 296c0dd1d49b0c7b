/* hub_role.c - what somebody is in the programme changes. */
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/pending.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option hub_role_options[] = {
    {"until", "DATE", "of a volunteer: the last day"},
    {"root-key", "FILE",
        "while there are fewer than two supervisors: where the root key is, from its stick or "
        "paper"},
    {NULL, NULL, NULL},
};

enum pmj_code
hub_role(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s,s:s}", "worker", args->words[0], "role", args->words[1]),
	       *answer = NULL;
	char until[11];
	enum pmj_code rc = args_date(until, args, "until", err);

	if (until[0] != '\0')
		(void)json_object_set_new(body, "until", json_string(until));
	if (rc == PMJ_OK && (rc = hub_put_root(body, args, err)) == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/role", body, err);
	hub_wipe_root(body);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK && json_obj(answer, "pending") != NULL) {
		pending_say(json_obj(answer, "pending"));
		term_say("\nTwo supervisors approve it on their laptops: pamoja approve\n"
		         "How far it is: pamoja hub pending\nTo take it back: pamoja refuse %s\n",
		    json_str(json_obj(answer, "pending"), "id"));
	} else if (rc == PMJ_OK) {
		term_say("%s has the role %s from now on; their laptop hears it with its next "
		         "exchange.\n",
		    json_str(answer, "name"), lang_text(json_str(answer, "role")));
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}
