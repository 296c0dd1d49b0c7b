#include "cli/doctor.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor_inner.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/start.h"
#include "cli/term.h"

enum needs { ANYWHERE, HOME, MADE }; /* where a check has something to look at */

static const struct {
	const char *name;
	enum needs needs;
	doctor_check *run;
} checks[] = {
    {"home", ANYWHERE, doctor_home},
    {"permissions", HOME, doctor_permissions},
    {"settings", HOME, doctor_settings},
    {"daemon", HOME, doctor_daemon},
    {"version", HOME, doctor_version},
    {"carrier", HOME, doctor_carrier},
    {"keys", MADE, doctor_keys},
    {"journal", MADE, doctor_journal},
    {"inside", MADE, doctor_inside},
    {"spool", HOME, doctor_spool},
    {"space", HOME, doctor_space},
    {"writing", HOME, doctor_writing},
    {"reserve", MADE, doctor_reserve},
    {"filesystem", HOME, doctor_filesystem},
    {"synced-folder", HOME, doctor_synced},
    {"encryption", HOME, doctor_encryption},
    {"clock", ANYWHERE, doctor_clock},
    {"time-zone", ANYWHERE, doctor_zone},
    {"swap", ANYWHERE, doctor_swap},
    {"hibernation", ANYWHERE, doctor_hibernation},
    {"kernel", ANYWHERE, doctor_kernel},
    {"hardening", HOME, doctor_hardening},
    {"packages", ANYWHERE, doctor_packages},
    {"kinds", ANYWHERE, doctor_kinds},
    {"mailbox", MADE, doctor_mailbox},
    {"exchange", MADE, doctor_exchange},
    {"hub", MADE, doctor_hub},
    {"certificate", MADE, doctor_certificate},
    {"queues", MADE, doctor_queues},
    {"backup", MADE, doctor_backup},
    {"backup-key", MADE, doctor_backup_key},
};

static const char *const state_names[] = {"ok", "warn", "fail"};

/* ---- what the checks share ---- */

/* JSON takes UTF-8 only, and a path may hold anything. */
static void
make_utf8(char *text)
{
	if (text_is_utf8(text, strlen(text)))
		return;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
}

void
doctor_tell(struct doctor *d, enum doctor_state state, char *mend, char *message)
{
	make_utf8(message);
	make_utf8(mend);
	(void)json_array_append_new(
	    d->items, json_pack("{s:s,s:s,s:s,s:s}", "check", d->check, "state", state_names[state],
	                  "message", message, "mend", mend));
	free(message);
	free(mend);
}

void
doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	doctor_tell(d, state, mem_strdup(mend), mem_strdup(text));
}

char *
doctor_path(const struct doctor *d, const char *name)
{
	return fs_join(d->home, name);
}

char *
doctor_quoted(const char *text)
{
	struct buf out;
	char *quoted;
	bool plain = *text != '\0';

	for (const char *c = text; *c != '\0'; c++)
		plain = plain && (isalnum((unsigned char)*c) || strchr("/._-+:,@%", *c) != NULL);
	if (plain)
		return mem_strdup(text);
	buf_init(&out, 0);
	buf_put_text(&out, "'");
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\'')
			buf_put_text(&out, "'\\''");
		else
			buf_put(&out, c, 1);
	}
	buf_put_text(&out, "'");
	quoted = mem_strdup(buf_text(&out));
	buf_close(&out);
	return quoted;
}

static bool
in_path(const char *name)
{
	char *dirs = mem_strdup(getenv("PATH") != NULL ? getenv("PATH") : ""), *rest = dirs, *dir;
	bool found = false;

	while (!found && (dir = strsep(&rest, ":")) != NULL) {
		char *path = fs_join(*dir != '\0' ? dir : ".", name);

		found = access(path, X_OK) == 0;
		free(path);
	}
	free(dirs);
	return found;
}

char *
doctor_program(const char *name)
{
	char *beside = in_path(name) ? NULL : start_beside(name);
	char *quoted = doctor_quoted(beside != NULL ? beside : name);

	free(beside);
	return quoted;
}

const char *
doctor_sudo(void)
{
	return geteuid() == 0 ? "" : "sudo ";
}

bool
doctor_is_hub(const struct doctor *d)
{
	return json_flag(d->status, "hub");
}

bool
doctor_open(const struct doctor *d)
{
	return json_flag(d->inner, "open");
}

/* ---- the run ---- */

/* The home is named in a mend only where `pamoja` alone would mean another. */
static char *
command_for(const char *home)
{
	char *program = doctor_program("pamoja"), *quoted, *command;
	struct client usual;

	if (client_init(&usual, NULL, NULL) == PMJ_OK && strcmp(usual.home, home) == 0) {
		client_close(&usual);
		return program;
	}
	client_close(&usual);
	quoted = doctor_quoted(home);
	command = mem_printf("%s --home %s", program, quoted);
	free(quoted);
	free(program);
	return command;
}

static bool
has_made(const struct doctor *d)
{
	char *keys = doctor_path(d, "keys"), **names = NULL;
	bool made = fs_exists(&os_real, keys);
	size_t count = 0;

	if (!made && fs_list(&names, &count, d->home, NULL) == PMJ_OK)
		for (size_t i = 0; i < count; i++)
			made = made || strncmp(names[i], "journal-", 8) == 0;
	fs_list_free(names, count);
	free(keys);
	return made;
}

static void
doctor_begin(struct doctor *d, struct client *client)
{
	struct stat st;

	*d = (struct doctor){.home = client->home, .root = "", .items = json_array()};
	d->command = command_for(d->home);
	d->there = stat(d->home, &st) == 0 && S_ISDIR(st.st_mode);
	d->made = has_made(d);
	if (client_look(client, &d->status, "/v1/status", DOCTOR_WAIT_MS, &d->pid, &d->silent) ==
	    PMJ_OK) {
		struct pmj_error older; /* a daemon from before this question */

		if (client_look(client, &d->inner, "/v1/doctor", DOCTOR_WAIT_MS, &d->pid, &older) !=
		    PMJ_OK)
			d->inner = NULL;
	}
}

static size_t
count_state(const json_t *items, enum doctor_state state)
{
	const json_t *item;
	size_t count = 0, i;

	json_array_foreach(items, i, item) count +=
	    strcmp(json_str(item, "state"), state_names[state]) == 0;
	return count;
}

/* What needs somebody: the message, and the mend on a line of its own to copy. */
static void
say_troubles(const json_t *items, enum doctor_state state, const char *mark, enum paint paint)
{
	const json_t *item;
	char *text;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *mend = json_str(item, "mend");

		if (strcmp(json_str(item, "state"), state_names[state]) != 0)
			continue;
		term_put(stdout, paint, mark);
		term_say("  %-13s  ", json_str(item, "check"));
		text = lang_message(json_str(item, "message"));
		print_wrapped_after(strlen(mark) + 17, text);
		free(text);
		if (mend[0] != '\0')
			term_say("      do: %s\n", lang_text(mend));
		term_say("\n");
	}
}

static void
say_good(const json_t *items)
{
	const json_t *item;
	const char *mend;
	char *text, *message;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (strcmp(json_str(item, "state"), state_names[DOCTOR_OK]) != 0)
			continue;
		term_put(stdout, PAINT_GOOD, "ok  ");
		term_say("  %-13s  ", json_str(item, "check"));
		mend = json_str(item, "mend");
		message = lang_message(json_str(item, "message"));
		text = mem_printf("%s%s%s%s", message, *mend != '\0' ? " (" : "", lang_text(mend),
		    *mend != '\0' ? ")" : "");
		print_wrapped_after(21, text);
		free(text);
		free(message);
	}
}

static void
say_all(const json_t *items)
{
	size_t bad = count_state(items, DOCTOR_FAIL), careful = count_state(items, DOCTOR_WARN);

	if (bad + careful > 0)
		term_say("%s\n\n",
		    lang_text(bad > 0 ? LANG_N("Mend these first, from the top:")
		                      : LANG_N("It works. Look at these when there is time:")));
	say_troubles(items, DOCTOR_FAIL, "FAIL", PAINT_BAD);
	if (bad > 0 && careful > 0)
		term_say("Then look at these:\n\n");
	say_troubles(items, DOCTOR_WARN, "warn", PAINT_WARN);
	if (bad + careful > 0)
		term_say("In order:\n\n");
	say_good(items);
	if (bad + careful == 0)
		term_say("\nEverything is in order.\n");
}

enum pmj_code
doctor_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	struct doctor d;
	size_t bad;

	(void)args;
	doctor_begin(&d, &cli->client);
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		if ((checks[i].needs >= HOME && !d.there) || (checks[i].needs == MADE && !d.made))
			continue;
		d.check = checks[i].name;
		checks[i].run(&d);
	}
	bad = count_state(d.items, DOCTOR_FAIL);
	if (cli->json) {
		json_t *document = json_pack("{s:O,s:b}", "items", d.items, "ok", bad == 0);

		print_json(document);
		json_decref(document);
	} else {
		say_all(d.items);
	}
	if (bad > 0) {
		rc = pmj_fail(err, PMJ_PARTIAL, "%zu check%s failed", bad, bad == 1 ? "" : "s");
		pmj_hint(err, "mend what is listed, then run `%.200s doctor` again", d.command);
	}
	json_decref(d.items);
	json_decref(d.status);
	json_decref(d.inner);
	free(d.command);
	return rc;
}
