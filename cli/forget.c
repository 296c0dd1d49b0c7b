/* forget.c - `forget`: a person is erased, after a second person agreed; and its certificate. */
#include "cli/forget.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/lang.h"
#include "cli/pending.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/sure.h"
#include "cli/term.h"

const struct option forget_options[] = {
    {"cause", "CAUSE", "why, as retention.ini names it: asked, done, mistake, law"},
    {"certificate", NULL, "what was forgotten before, and who has confirmed it"},
    {"sure", NULL, "do not ask whether it is meant"},
    {NULL, NULL, NULL},
};

/* ---- the certificate ---- */

static void
say_holders(const json_t *list, const char *label)
{
	char when[PRINT_WHEN_MAX];
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const json_t *at = json_object_get(one, "at");

		term_say("    %s: %s (%s)%s%s\n", lang_text(label), json_str(one, "name"),
		    lang_text(json_str(one, "role")), json_is_integer(at) ? ", " : "",
		    json_is_integer(at) ? print_when(when, at) : "");
	}
}

static void
say_waits_for(const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *what = json_str(one, "what");

		if (what != NULL && strcmp(what, "backup_key") == 0)
			term_say("    still opens a copy: the papers of backup key %lld\n",
			    (long long)json_int(one, "number", 0));
		else
			term_say("    still opens a copy: a seal key of %s\n", json_str(one, "of"));
	}
}

const char *
forget_cause_text(const char *cause)
{
	static const char *const shipped[] = {
	    LANG_N("asked"), LANG_N("done"), LANG_N("mistake"), LANG_N("law")};

	for (size_t i = 0; i < sizeof(shipped) / sizeof(*shipped); i++)
		if (strcmp(cause, shipped[i]) == 0)
			return lang_text(shipped[i]);
	return cause; /* a word of the programme's own */
}

static void
say_certificate(const json_t *item)
{
	const json_t *removed = json_obj(item, "removed"),
	             *unreadable = json_obj(item, "unreadable");
	char when[PRINT_WHEN_MAX];

	term_put(stdout, PAINT_BOLD, json_str(item, "id"));
	term_say("  a person was forgotten, %s", print_when(when, json_object_get(item, "at")));
	if (json_str(item, "cause") != NULL)
		term_say(", cause: %s", forget_cause_text(json_str(item, "cause")));
	term_say("\n  1 Removed: %s\n",
	    lang_text(json_flag(removed, "whole") ? LANG_N("confirmed by everybody who had it")
	                                          : LANG_N("not confirmed by everybody yet")));
	say_holders(json_arr(removed, "confirmed"), LANG_N("confirmed"));
	say_holders(json_arr(removed, "missing"), LANG_N("not yet"));
	if (json_flag(unreadable, "whole"))
		term_say("  2 Unreadable: since %s no key is left that opens a copy\n",
		    print_when(when, json_object_get(unreadable, "at")));
	else
		term_say(
		    "  2 Unreadable: not yet; by %s, when laptops come and papers are destroyed\n",
		    print_when(when, json_object_get(unreadable, "latest")));
	say_waits_for(json_arr(unreadable, "waits"));
}

static enum pmj_code
certificates(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *path = mem_printf("/v1/hub/forgotten%s%s", args->count > 0 ? "?id=" : "",
	    args->count > 0 ? args->words[0] : "");
	json_t *answer = NULL, *item;
	enum pmj_code rc = client_get(&cli->client, &answer, path, err);
	size_t i;

	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK && json_array_size(json_arr(answer, "items")) == 0) {
		term_say("Nobody was forgotten here.\n");
	} else if (rc == PMJ_OK) {
		json_array_foreach(json_arr(answer, "items"), i, item) say_certificate(item);
		term_say("\nNot covered: old key files that flash or a copying file system may "
		         "keep, and that\n"
		         "only the passphrase opens; backups that open with a recovery code, and "
		         "copies\n"
		         "of home folders: destroy them; paper, exports, and what was lawfully "
		         "disclosed.\n");
	}
	json_decref(answer);
	free(path);
	return rc;
}

/* ---- asked for ---- */

static enum pmj_code
forget_is_meant(struct cli *cli, const struct args *args, const char *id, struct pmj_error *err)
{
	json_t *item = NULL;
	enum pmj_code rc;
	char *path;
	bool ask;

	if ((rc = sure_begin(&ask, args, err)) != PMJ_OK || !ask)
		return rc;
	/* Two may be called alike: whom it is about is said in full. */
	path = mem_printf("/v1/record/%s", id);
	rc = client_get(&cli->client, &item, path, err);
	free(path);
	if (rc == PMJ_OK)
		term_say("Everything recorded about %s (%s) goes from the hub and from every "
		         "laptop that "
		         "hears of it. It cannot be had back.\n",
		    json_str(item, "title"), json_str(item, "short"));
	json_decref(item);
	if (rc != PMJ_OK)
		return rc;
	if (term_yes(false, "Ask for it?"))
		return PMJ_OK;
	return pmj_fail(err, PMJ_NOT_CONFIRMED, "stopped; nothing was changed");
}

enum pmj_code
forget_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *cause = args_value(args, "cause");
	char *typed = args_join(args, 0), *id = NULL;
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;

	if (args_has(args, "certificate")) {
		free(typed);
		return certificates(cli, args, err);
	}
	if (*typed == '\0') {
		rc = pmj_fail(err, PMJ_USAGE, "say whom to forget");
		pmj_hint(err,
		    "for example: pamoja forget \"Juma K.\"; for certificates: pamoja forget "
		    "--certificate");
	} else {
		rc = record_resolve(cli, &id, "person", typed, err);
	}
	free(typed);
	if (rc == PMJ_OK)
		rc = forget_is_meant(cli, args, id, err);
	if (rc == PMJ_OK) {
		body = json_pack("{s:s,s:s*}", "person", id, "cause", cause);
		rc = client_post(&cli->client, &answer, "/v1/hub/forget", body, err);
	}
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		term_say("Asked for. Nothing is forgotten yet.\n\n");
		pending_say(json_obj(answer, "pending"));
		term_say("\nHow far it is: pamoja hub pending, then: pamoja forget --certificate\n"
		         "To take it back: pamoja refuse %s\n",
		    json_str(json_obj(answer, "pending"), "id"));
	}
	json_decref(body);
	json_decref(answer);
	free(id);
	return rc;
}
