/* hub_renew.c - the hub's certificate made anew, with the root key that is kept off the machine. */
#include <string.h>

#include "base/mem.h"
#include "cli/enrol.h"
#include "cli/hub.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option hub_renew_options[] = {
    {"root-key", "FILE", "where the root key is, from its stick or paper; - reads standard input"},
    {NULL, NULL, NULL},
};

enum pmj_code
hub_renew(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *file = args_value(args, "root-key");
	json_t *body = NULL, *answer = NULL;
	char until[PRINT_WHEN_MAX];
	struct buf text;
	enum pmj_code rc;

	if (file == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "--root-key is missing");
		pmj_hint(err, "bring the stick with the root key: pamoja hub renew --root-key "
		              "/media/stick/root.key");
		return rc;
	}
	buf_init(&text, 0);
	rc = term_slurp(&text, file, ENROL_TEXT_MAX, err);
	if (rc == PMJ_OK && (body = json_pack("{s:s}", "root", buf_text(&text))) == NULL)
		rc = pmj_fail(err, PMJ_INVALID, "this is not a root key: it is not text");
	if (rc == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/renew", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say(
		    "The hub's certificate is renewed. It is valid until %s; laptops take it up "
		    "with their next exchange.\n"
		    "Take the root key off this machine again, and lock it away.\n",
		    print_when(until, json_object_get(answer, "until")));
	if (json_str(body, "root") != NULL)
		mem_wipe((char *)(uintptr_t)json_str(body, "root"), strlen(json_str(body, "root")));
	json_decref(body);
	json_decref(answer);
	buf_wipe(&text);
	return rc;
}
