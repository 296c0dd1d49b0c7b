/* programme.c - `programme end`: asked for, agreed to by a second person, told to every laptop; and
 * then the hub is destroyed too, with a sealed file first where a law keeps the records. */
#include "cli/programme.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "base/mem.h"
#include "cli/backup.h"
#include "cli/lang.h"
#include "cli/outfile.h"
#include "cli/pending.h"
#include "cli/print.h"
#include "cli/sure.h"
#include "cli/term.h"

#define END_WORD "END"
#define END_WAIT_MS 50
#define END_WAITS 600

const struct option programme_options[] = {
    {"until", "DATE", "a law keeps the records until then: they are sealed into a file"},
    {"opened-by", "WHO", "who may open that file until then"},
    {"status", NULL, "which laptops have handed in what they had"},
    {"finish", NULL, "destroy what is at the hub, once the laptops are done"},
    {"sealed", "FILE", "with --finish: where the sealed file is to be, such as a stick"},
    {"without-them", NULL, "with --finish: do not wait for laptops that have not confirmed"},
    {"sure", NULL, "do not ask whether it is meant"},
    {NULL, NULL, NULL},
};

static enum pmj_code
end_is_meant(const struct args *args, struct pmj_error *err)
{
	struct buf line;
	enum pmj_code rc;
	bool ask;

	if ((rc = sure_begin(&ask, args, err)) != PMJ_OK || !ask)
		return rc;
	buf_init(&line, 0);
	if (!term_ask(&line, "It cannot be had back. Type %s to go on: ", END_WORD) ||
	    strcmp(buf_text(&line), END_WORD) != 0)
		rc = pmj_fail(err, PMJ_NOT_CONFIRMED, "stopped; nothing was changed");
	buf_wipe(&line);
	return rc;
}

/* ---- asked for ---- */

static enum pmj_code
end_asked(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;

	if (!cli->json)
		term_say(
		    "When a second person has agreed, every laptop that hears of it hands in what "
		    "is unsent\nand destroys its keys; then you end it here. Before that, give "
		    "people who want them\ntheir records: pamoja export\n");
	if ((rc = end_is_meant(args, err)) != PMJ_OK)
		return rc;
	body = json_pack("{s:s*,s:s*}", "until", args_value(args, "until"), "opener",
	    args_value(args, "opened-by"));
	rc = client_post(&cli->client, &answer, "/v1/hub/end", body, err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		term_say("Asked for. Nothing has ended yet.\n\n");
		pending_say(json_obj(answer, "pending"));
		term_say("\nHow far it is: pamoja programme end --status\nTo take it back: pamoja "
		         "refuse %s\n",
		    json_str(json_obj(answer, "pending"), "id"));
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}

/* ---- how far it is ---- */

static void
say_laptops(const json_t *state)
{
	static const char *const heads[] = {
	    LANG_N("NAME"), LANG_N("ROLE"), LANG_N("LAPTOP"), LANG_N("LAST SEEN"), ""};
	struct table *table = table_new(heads, sizeof(heads) / sizeof(*heads));
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(state, "laptops"), i, one)
	{
		char ago[PRINT_WHEN_MAX], id[7];
		const char *cells[] = {json_str(one, "name"), lang_text(json_str(one, "role")), id,
		    print_ago(ago, json_object_get(one, "last_seen")),
		    lang_text(json_flag(one, "confirmed")
		                  ? LANG_N("handed in, and destroys its keys")
		                  : LANG_N("not confirmed"))};

		(void)snprintf(id, sizeof(id), "%s", json_str(one, "device"));
		table_row(table, cells);
	}
	table_print(table);
}

static void
say_ending(const json_t *state)
{
	char when[PRINT_WHEN_MAX];
	const char *until = json_str(state, "until");

	term_say(
	    "This programme is ending since %s.\n", print_when(when, json_object_get(state, "at")));
	if (until != NULL && *until != '\0')
		term_say(
		    "What is here is sealed until %s, for: %s\n", until, json_str(state, "opener"));
	say_laptops(state);
}

static enum pmj_code
end_status(struct cli *cli, struct pmj_error *err)
{
	json_t *state = NULL;
	enum pmj_code rc = client_get(&cli->client, &state, "/v1/hub/end", err);

	if (rc == PMJ_OK && cli->json)
		print_json(state);
	else if (rc == PMJ_OK && !json_flag(state, "ending"))
		term_say("Nobody has agreed that this programme ends.\n");
	else if (rc == PMJ_OK)
		say_ending(state);
	if (rc == PMJ_OK && !cli->json && json_flag(state, "ending"))
		term_say("\nWhen all have: pamoja programme end --finish\n");
	json_decref(state);
	return rc;
}

/* ---- finished ---- */

/* What stands beside the sealed file for whoever finds it in years. No name is in it. */
static enum pmj_code
write_label(const char *file, const json_t *state, const json_t *second, struct pmj_error *err)
{
	char *path = mem_printf("%s.label.ini", file), today[11], *label;
	const char *base = strrchr(file, '/');
	struct outfile out;
	struct buf text;
	enum pmj_code rc;

	date_of_days(today, (int64_t)time(NULL) / 86400);
	label = mem_printf(
	    "; The sealed records of a programme that has ended. No name is in this file.\n"
	    "[sealed]\nfile = %s\nmade = %s\nkeep_until = %s\nopened_by = %s\n"
	    "opens_with = the recovery code of the programme's hub\n%s"
	    "how = pamoja restore FILE\nafter_that = destroy the file and what opens it\n",
	    base != NULL ? base + 1 : file, today, json_str(state, "until"),
	    json_str(state, "opener"),
	    second != NULL ? "second_file = the same name and " BACKUP_HALVES_SUFFIX
	                     ", opens with the two papers of the backup key\n"
	                   : "");
	buf_init(&text, 0);
	buf_put(&text, label, strlen(label));
	free(label);
	if ((rc = outfile_open(&out, path, err)) == PMJ_OK) {
		if ((rc = outfile_put(&out, &text, err)) == PMJ_OK)
			rc = outfile_finish(&out, err);
		outfile_close(&out);
	}
	buf_wipe(&text);
	free(path);
	return rc;
}

static enum pmj_code
seal_first(struct cli *cli, const char *file, const json_t *state, struct pmj_error *err)
{
	json_t *first = NULL, *second = NULL;
	enum pmj_code rc = backup_make(cli, file, &first, &second, err);

	if (rc == PMJ_OK && (rc = write_label(file, state, second, err)) == PMJ_OK && !cli->json)
		term_say("Sealed in %s, with its label beside it.\n", file);
	json_decref(first);
	json_decref(second);
	return rc;
}

static enum pmj_code
file_is_named(const json_t *state, const char *file, struct pmj_error *err)
{
	const char *until = json_str(state, "until");
	enum pmj_code rc;

	if (file != NULL || until == NULL || *until == '\0')
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED,
	    "a law keeps these records until %.10s, and no sealed file of them all is made", until);
	pmj_hint(err, "name a file on a stick: pamoja programme end --finish --sealed FILE");
	return rc;
}

/* Its answer says that it will be done, whatever comes between; it is done when status says so. */
static enum pmj_code
wait_until_destroyed(struct cli *cli, struct pmj_error *err)
{
	static const struct timespec pause = {.tv_nsec = END_WAIT_MS * 1000000L};
	enum pmj_code rc = PMJ_OK;
	bool gone = false;

	for (int i = 0; i < END_WAITS && rc == PMJ_OK && !gone; i++) {
		json_t *status = NULL;

		(void)nanosleep(&pause, NULL);
		rc = client_get(&cli->client, &status, "/v1/status", err);
		gone = rc == PMJ_OK && json_obj(status, "revoked") != NULL &&
		       !json_flag(status, "initialised");
		json_decref(status);
	}
	if (rc == PMJ_OK && !gone) {
		rc = pmj_fail(err, PMJ_PARTIAL, "it is not destroyed yet");
		pmj_hint(err, "it goes on by itself, also after a start; look: pamoja status");
	}
	return rc;
}

static void
say_certificate_of_end(const json_t *state)
{
	char when[PRINT_WHEN_MAX];

	say_ending(state);
	term_say("\nThe records and keys at the hub were destroyed (%s).\n",
	    print_when(when, json_object_get(state, "destroyed_at")));
	term_say("Not covered: laptops that have not confirmed; old key files that flash or a "
	         "copying\nfile system may keep; backups, recovery codes, the root key, paper, "
	         "exports and what\nwas lawfully disclosed: destroy them. This certificate, "
	         "without names, stays in the\nhome as the file \"ended\".\n");
}

static enum pmj_code
end_finished(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *file = args_value(args, "sealed");
	json_t *state = NULL, *body = NULL, *answer = NULL;
	enum pmj_code rc = client_get(&cli->client, &state, "/v1/hub/end", err);

	if (rc == PMJ_OK && !cli->json && json_flag(state, "ending"))
		say_ending(state);
	if (rc != PMJ_OK || (rc = file_is_named(state, file, err)) != PMJ_OK ||
	    (rc = end_is_meant(args, err)) != PMJ_OK)
		goto out;
	if (file != NULL && json_flag(state, "ending") &&
	    (rc = seal_first(cli, file, state, err)) != PMJ_OK)
		goto out;
	body = json_pack("{s:b}", "without", (int)args_has(args, "without-them"));
	if ((rc = client_post(&cli->client, &answer, "/v1/hub/end/finish", body, err)) != PMJ_OK ||
	    (rc = wait_until_destroyed(cli, err)) != PMJ_OK)
		goto out;
	if (cli->json)
		print_json(answer);
	else
		say_certificate_of_end(answer);
out:
	json_decref(state);
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
programme_end(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	if (args_has(args, "status"))
		return end_status(cli, err);
	if (args_has(args, "finish"))
		return end_finished(cli, args, err);
	return end_asked(cli, args, err);
}
