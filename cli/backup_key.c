/* backup_key.c - `hub backup-key`: a key on two papers, made before two people. */
#include "cli/backup_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/halves.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define ROW_WORDS 3

const struct option backup_key_options[] = {
    {"list", NULL, "every key there was, and what became of its papers"},
    {"destroyed", "N", "both papers of key N are destroyed"},
    HALVES_OPTIONS,
    {NULL, NULL, NULL},
};

/* Local day of a time in ms. */
static char *
day_of(char out[static 11], int64_t ms)
{
	char stamp[17];

	(void)date_stamp(stamp, ms, os_real.offset_minutes(os_real.ctx, ms));
	memcpy(out, stamp, 10);
	out[10] = '\0';
	return out;
}

/* The day that stands on the papers: the one in the words, which knows no time zone. */
static char *
made_day(char out[static 11], const json_t *key)
{
	date_of_days(out, json_int(key, "made", 0) / DAY_MS);
	return out;
}

/* The place, from 1, of the first word that differs; 0: none does. */
static size_t
first_other(const char *shown, const char *typed)
{
	for (size_t at = 1;; at++) {
		size_t a, b;

		shown += strspn(shown, " ");
		typed += strspn(typed, " ");
		a = strcspn(shown, " ");
		b = strcspn(typed, " ");
		if (a == 0 && b == 0)
			return 0;
		if (a != b || strncasecmp(shown, typed, a) != 0)
			return at;
		shown += a;
		typed += b;
	}
}

static void
show_paper(const json_t *key, int which)
{
	const char *words =
	    json_string_value(json_array_get(json_arr(key, "halves"), (size_t)which));
	char made[11], until[11];

	term_note("Pamoja backup key %lld, made %s: half %d of 2\n"
	          "Destroy this paper on %s.\n\n",
	    (long long)json_int(key, "number", 0), made_day(made, key), which + 1,
	    day_of(until, json_int(key, "until", 0)));
	for (int i = 0; i < HALVES_WORDS && words != NULL; i++) {
		int len = (int)strcspn(words, " ");

		term_note("  %2d %-*.*s", i + 1, 10, len, words);
		if (i % ROW_WORDS == ROW_WORDS - 1)
			term_note("\n");
		words += len + (words[len] == ' ');
	}
}

/* Until what is typed from the paper is what was shown. False: the person stopped. */
static bool
teach_half(struct buf *out, const json_t *key, int which)
{
	const char *words =
	    json_string_value(json_array_get(json_arr(key, "halves"), (size_t)which));
	bool good = false;
	struct buf enter;
	size_t other;

	buf_init(&enter, HALVES_TEXT_MAX);
	while (!good) {
		term_clear();
		show_paper(key, which);
		if (!term_ask(&enter, "\nWrite all of it on paper. Then press Enter: "))
			break;
		term_clear();
		term_note("Now type the words from the paper.\n");
		if (!halves_ask_words(out))
			break;
		other = first_other(words != NULL ? words : "", buf_text(out));
		good = other == 0;
		if (!good && !term_ask(&enter,
		                 "Word %zu is another one than was shown. Press Enter to see them "
		                 "again: ",
		                 other))
			break;
	}
	buf_wipe(&enter);
	return good;
}

static enum pmj_code
teach(struct halves *halves, const json_t *key, struct pmj_error *err)
{
	bool good = true;
	struct buf enter;

	buf_init(&enter, HALVES_TEXT_MAX);
	term_note(
	    "A backup key has two halves, on two papers, for two people. With both papers the\n"
	    "hub's backup can be opened on a new machine, without this hub and without its\n"
	    "recovery code; with one paper nothing can. It counts when both were written\n"
	    "down and typed back. Ctrl-D stops; nothing is changed then.\n\n");
	for (int i = 0; i < 2 && good; i++) {
		good = term_ask(
		    &enter, i == 0 ? LANG_N("The first person at the screen, alone: press Enter ")
		                   : LANG_N("Now the second person, alone: press Enter "));
		if (!good)
			break;
		term_private(true);
		good = teach_half(&halves->text[i], key, i);
		term_private(false);
	}
	buf_wipe(&enter);
	if (good)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "stopped; there is no new backup key");
	pmj_hint(err, "burn what was written; begin again with: pamoja hub backup-key");
	return PMJ_USAGE;
}

static enum pmj_code
write_half(const char *path, const json_t *key, int which, struct pmj_error *err)
{
	const char *words =
	    json_string_value(json_array_get(json_arr(key, "halves"), (size_t)which));
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	char made[11], until[11];
	enum pmj_code rc = PMJ_OK;

	if (fd < 0 && errno == EEXIST) {
		rc = pmj_fail(err, PMJ_USAGE, "%s is there already", path);
		pmj_hint(err, "name two new files, best on two sticks");
		return rc;
	}
	if (fd < 0)
		return pmj_fail_errno(err, errno, "cannot make", path);
	if (dprintf(fd, "# Pamoja backup key %lld, made %s: half %d of 2. Destroy it on %s.\n%s\n",
	        (long long)json_int(key, "number", 0), made_day(made, key), which + 1,
	        day_of(until, json_int(key, "until", 0)), words != NULL ? words : "") < 0 ||
	    fsync(fd) != 0)
		rc = pmj_fail_errno(err, errno, "writing", path);
	(void)close(fd);
	if (rc != PMJ_OK)
		(void)unlink(path);
	return rc;
}

char *
backup_key_advice(const json_t *state)
{
	static const struct {
		const char *state, *words;
	} table[] = {
	    {"none", LANG_N("none yet (pamoja hub backup-key)")},
	    {"due", LANG_N("over a month old (make the next: pamoja hub backup-key)")},
	    {"old", LANG_N("over 100 days old, not written to (pamoja hub backup-key)")},
	    {"used", LANG_N("both halves were used (make the next: pamoja hub backup-key)")},
	    {"destroyed", LANG_N("its papers are destroyed (pamoja hub backup-key)")},
	};
	const char *name = json_str(state, "state"), *words = "";

	for (size_t i = 0; name != NULL && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].state, name) == 0)
			words = lang_text(table[i].words);
	return mem_strdup(words);
}

static enum pmj_code
list_keys(struct cli *cli, struct pmj_error *err)
{
	static const char *const heads[] = {
	    LANG_N("KEY"), LANG_N("MADE"), LANG_N("STATE"), LANG_N("PAPERS")};
	static const struct {
		const char *state, *words;
	} states[] = {
	    {"in_use", LANG_N("backups are sealed to it")},
	    {"kept", LANG_N("opens older backups")},
	    {"destroy", LANG_N("too old")},
	    {"destroyed", ""},
	};
	json_t *answer = NULL, *key;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	if ((rc = client_get(&cli->client, &answer, "/v1/hub/backup-key", err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(answer);
		json_decref(answer);
		return PMJ_OK;
	}
	if (json_array_size(json_arr(answer, "items")) == 0)
		term_say("There is no backup key yet. With two people: pamoja hub backup-key\n");
	table = table_new(heads, sizeof(heads) / sizeof(*heads));
	json_array_foreach(json_arr(answer, "items"), i, key)
	{
		const char *state = json_str(key, "state"), *words = "";
		bool gone = json_is_integer(json_object_get(key, "destroyed"));
		char number[24], made[11], day[11], *papers;

		for (size_t s = 0; state != NULL && s < sizeof(states) / sizeof(*states); s++)
			if (strcmp(states[s].state, state) == 0)
				words = lang_text(states[s].words);
		(void)snprintf(
		    number, sizeof(number), "%lld", (long long)json_int(key, "number", 0));
		(void)day_of(day, json_int(key, gone ? "destroyed" : "until", 0));
		papers = mem_printf(
		    lang_text(gone ? LANG_N("destroyed %s") : LANG_N("destroy them on %s")), day);
		table_row(table, (const char *const[]){number, made_day(made, key), words, papers});
		free(papers);
	}
	table_print(table);
	json_decref(answer);
	return PMJ_OK;
}

static enum pmj_code
tell_destroyed(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_object(), *answer = NULL;
	long number = 0;
	enum pmj_code rc;
	char *path;

	if ((rc = args_number(&number, args, "destroyed", 0, err)) != PMJ_OK) {
		json_decref(body);
		return rc;
	}
	path = mem_printf("/v1/hub/backup-key/%ld/destroyed", number);
	rc = client_post(&cli->client, &answer, path, body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say(
		    "Noted: the papers of backup key %ld are destroyed. What was sealed to it\n"
		    "opens with the recovery code only.\n",
		    number);
	free(path);
	json_decref(body);
	json_decref(answer);
	return rc;
}

static void
say_key(const struct cli *cli, const json_t *key)
{
	char until[11];

	if (cli->json) {
		print_json(key);
		return;
	}
	term_say("Backup key %lld is in force until %s. Each of you keeps one paper, in another\n"
	         "place than the other and than the backups; note who has which.\n"
	         "\nNext:\n"
	         "  pamoja backup FILE    from now on writes a second file, for these two papers\n",
	    (long long)json_int(key, "number", 0), day_of(until, json_int(key, "until", 0)));
}

/* The two halves to paper or files, and back. */
static enum pmj_code
hand_over(struct halves *halves, const json_t *key, const char *const files[static 2], bool named,
    struct pmj_error *err)
{
	enum pmj_code rc;

	if (!named)
		return teach(halves, key, err);
	if ((rc = write_half(files[0], key, 0, err)) != PMJ_OK)
		return rc;
	if ((rc = write_half(files[1], key, 1, err)) != PMJ_OK) {
		(void)unlink(files[0]);
		return rc;
	}
	for (int i = 0; i < 2 && rc == PMJ_OK; i++)
		rc = term_slurp(&halves->text[i], files[i], HALVES_TEXT_MAX, err);
	return rc;
}

static enum pmj_code
make_key(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_object(), *key = NULL, *kept = NULL;
	struct halves halves;
	const char *files[2];
	enum pmj_code rc;
	bool named;

	halves_init(&halves);
	if ((rc = halves_files(files, &named, args, err)) != PMJ_OK)
		goto out;
	if (!named && !term_can_ask()) {
		rc = pmj_fail(err, PMJ_USAGE, "the halves are shown on a terminal, to two people");
		pmj_hint(
		    err, "or write them to two sticks: --half-file FILE --other-half-file FILE");
		goto out;
	}
	if ((rc = client_post(&cli->client, &key, "/v1/hub/backup-key", body, err)) != PMJ_OK ||
	    (rc = hand_over(&halves, key, files, named, err)) != PMJ_OK)
		goto out;
	halves_put(body, &halves);
	if ((rc = client_post(&cli->client, &kept, "/v1/hub/backup-key/kept", body, err)) == PMJ_OK)
		say_key(cli, kept);
	else if (named) {
		(void)unlink(files[0]);
		(void)unlink(files[1]);
	}
out:
	halves_wipe(&halves);
	json_decref(body);
	json_decref(key);
	json_decref(kept);
	return rc;
}

enum pmj_code
backup_key_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	if (args_has(args, "list"))
		return list_keys(cli, err);
	if (args_has(args, "destroyed"))
		return tell_destroyed(cli, args, err);
	return make_key(cli, args, err);
}
