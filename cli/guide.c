/* guide.c - `guide`: the first hour in a practice home, lesson by lesson. A lesson is done when the
 * home holds what it asks for; so it can be done in any order, and in one's own words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/rows.h"
#include "cli/term.h"

#define NAMES_MAX 1000 /* of a kind, in a practice home */

static const struct lesson {
	const char *title, *text;
	const char *kind; /* of the record that shows it was done; NULL: nothing shows it */
	const char
	    *filter; /* FIELD=VALUE that it has, and no made-up one; NULL: one more of them */
} lessons[] = {
    {LANG_N("A conversation"),
        LANG_N("See what is due, find somebody, open their record; then write down a talk. When "
               "the command\n"
               "is back, it is saved: nothing waits for a network. A name will do where it is "
               "clear who is\n"
               "meant, and so will the first letters of an ID.\n\n"
               "  pamoja today\n"
               "  pamoja find sewing\n"
               "  pamoja show Rehema\n"
               "  pamoja contact add person=Rehema kind=phone minutes=10 note=\"Supper at her "
               "sister's\"\n\n"
               "Without fields it asks, one question after the other: pamoja contact add\n"),
        "contact", NULL},
    {LANG_N("What is to be done"),
        LANG_N("What you promise goes onto the list of its day. Done is done, and still there to "
               "be seen.\n\n"
               "  pamoja followup add person=Juma due=tomorrow what=\"bring the form\"\n"
               "  pamoja week\n"
               "  pamoja followup done \"bring the form\"\n"),
        "followup", "state=done"},
    {LANG_N("Somebody new"),
        LANG_N(
            "Only the name is needed, and it need not be the one on their papers. Strengths "
            "come before\n"
            "needs. Whoever would rather not say, chooses not to: \"chose not to say\" is an "
            "answer.\n\n"
            "  pamoja person add name=\"Amani W.\" village=Kimana strengths=\"Cooks; never "
            "late\"\n"
            "  pamoja need add person=Amani area=employment text=\"Something for the mornings\"\n"
            "  pamoja show Amani\n"),
        "person", NULL},
    {LANG_N("Their yes"),
        LANG_N("Nothing about anybody leaves without a consent: to whom, what for, what of it, "
               "until when.\n"
               "Spoken words are kept, too, but only a signed form lets something out.\n\n"
               "  pamoja consent add person=Amani recipient=\"Kimana Clinic\" purpose=treatment "
               "information=\"contact details\" how=written expires=\"in 6 months\"\n"
               "  pamoja show Amani\n"),
        "consent", NULL},
    {LANG_N("Sending on"),
        LANG_N("First a draft, then the sending, which looks for the consent. Try it for Asha, "
               "too, who has\n"
               "given none: it says what is missing. What was shared stands in the person's "
               "list.\n\n"
               "  pamoja referral add person=Amani resource=\"Kimana Clinic\" category=treatment "
               "reason=\"a first talk\"\n"
               "  pamoja referral list person=Amani\n"
               "  pamoja referral send ID\n"
               "  pamoja disclosures Amani\n"),
        "referral", "state=sent"},
    {LANG_N("Taking it back"),
        LANG_N("A person may take their yes back at any time. It works at once, without a "
               "network, and what was\n"
               "not yet sent stays here.\n\n"
               "  pamoja consent list person=Amani\n"
               "  pamoja consent revoke ID\n"
               "  pamoja show Amani\n"),
        "consent", "state=revoked"},
    {LANG_N("A goal, in their words"),
        LANG_N("A goal is set when the person agrees to it. Print the plan, or read it out; it "
               "names nothing\n"
               "that others need not see.\n\n"
               "  pamoja goal add person=Amani text=\"Cook for twenty at the market\" "
               "steps=\"Ask at the stall; try one Saturday\"\n"
               "  pamoja goal start \"Cook for twenty at the market\" agreed=yes\n"
               "  pamoja person plan Amani\n"),
        "goal", "state=started"},
    {LANG_N("In danger"),
        LANG_N("One word makes it urgent: what to ask now is said, a task for today is made, and "
               "it goes before\n"
               "everything else. The person comes first; write afterwards.\n\n"
               "  pamoja contact add person=Asha kind=phone crisis=yes note=\"Alone tonight. Her "
               "friend is on the way.\"\n"
               "  pamoja today\n"),
        "contact", "crisis=yes"},
    {LANG_N("A mistake, and the end of the day"),
        LANG_N("Nothing is rubbed out: an edit keeps what was there, and who wrote it. A record "
               "of the wrong\n"
               "person is voided. A note can be taken even while everything is locked.\n\n"
               "  pamoja edit Amani village=Namanga\n"
               "  pamoja history Amani\n"
               "  pamoja note \"ask the library for a second table\"\n"
               "  pamoja lock\n"
               "  pamoja unlock\n"),
        "memo", NULL},
    {LANG_N("The way to the office"),
        LANG_N("A practice home sends nothing. In your own, records wait sealed until there is a "
               "link or a\n"
               "stick, and each says how far it is: saved, carried, at the mailbox, merged.\n\n"
               "  pamoja status\n"
               "  pamoja sync --help\n"
               "  pamoja carry --help\n\n"
               "Your own home, when you are ready:\n\n"
               "  pamoja init --help\n"
               "  pamoja enrol request --help\n"),
        NULL, NULL},
};

/* ---- what is done ---- */

/* How many of each kind came with the home: what is above that is the worker's own. */
static enum pmj_code
count_shipped(const char *kind, size_t *count, struct pmj_error *err)
{
	char *path = mem_printf("%s/practice.jsonl", conf_dir());
	char *want = mem_printf("{\"kind\": \"%s\",", kind);
	struct buf text;
	enum pmj_code rc;

	*count = 0;
	buf_init(&text, 0);
	if ((rc = term_slurp(&text, path, 1024 * 1024, err)) == PMJ_OK)
		for (const char *at = buf_text(&text); (at = strstr(at, want)) != NULL; at++)
			*count += 1;
	buf_close(&text);
	free(path);
	free(want);
	return rc;
}

static enum pmj_code
lesson_count(struct cli *cli, const struct lesson *lesson, size_t *count, struct pmj_error *err)
{
	char *path = mem_printf("/v1/records/%s?%s%s", lesson->kind,
	    lesson->filter != NULL ? "f." : "", lesson->filter != NULL ? lesson->filter : "");
	json_t *answer = NULL;
	enum pmj_code rc = record_list_get(cli, &answer, path, NAMES_MAX, err);

	*count = json_array_size(json_arr(answer, "items"));
	json_decref(answer);
	free(path);
	return rc;
}

static enum pmj_code
lesson_is_done(struct cli *cli, const struct lesson *lesson, bool *done, struct pmj_error *err)
{
	size_t here = 0, shipped = 0;
	enum pmj_code rc;

	*done = false;
	if (lesson->kind == NULL)
		return PMJ_OK;
	if ((rc = lesson_count(cli, lesson, &here, err)) != PMJ_OK ||
	    (lesson->filter == NULL && (rc = count_shipped(lesson->kind, &shipped, err)) != PMJ_OK))
		return rc;
	*done = here > shipped;
	return PMJ_OK;
}

static enum pmj_code
need_practice(struct cli *cli, struct pmj_error *err)
{
	json_t *status = NULL;
	enum pmj_code rc = client_get(&cli->client, &status, "/v1/status", err);

	if (rc == PMJ_OK && !json_flag(status, "practice")) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "the guide is for a practice home, where nothing can go wrong");
		pmj_hint(err, "make one beside this: pamoja --home DIR init --practice");
	}
	json_decref(status);
	return rc;
}

/* ---- shown ---- */

/* {"lessons":[{"number","title","done","text"}…],"next":N} */
static enum pmj_code
look_at_lessons(struct cli *cli, json_t *out, struct pmj_error *err)
{
	json_t *list = json_array();
	size_t next = COUNT(lessons);
	enum pmj_code rc = PMJ_OK;

	(void)json_object_set_new(out, "lessons", list);
	for (size_t i = 0; i < COUNT(lessons) && rc == PMJ_OK; i++) {
		bool done;

		if ((rc = lesson_is_done(cli, &lessons[i], &done, err)) != PMJ_OK)
			break;
		if (!done && next == COUNT(lessons))
			next = i + 1;
		(void)json_array_append_new(
		    list, json_pack("{s:i,s:s,s:b,s:s}", "number", (int)i + 1, "title",
		              lang_text(lessons[i].title), "done", done, "text",
		              lang_text(lessons[i].text)));
	}
	(void)json_object_set_new(out, "next", json_integer((json_int_t)next));
	return rc;
}

static void
say_lesson(const json_t *lesson)
{
	char *title = mem_printf(
	    "%lld  %s", (long long)json_int(lesson, "number", 0), json_str(lesson, "title"));

	term_put(stdout, PAINT_BOLD, title);
	term_say("\n\n%s", json_str(lesson, "text"));
	free(title);
}

static void
say_lessons(const json_t *guide)
{
	const json_t *list = json_arr(guide, "lessons"), *lesson;
	size_t i;

	json_array_foreach(list, i, lesson)
	    term_say("  %s %2lld  %s\n", json_flag(lesson, "done") ? "*" : " ",
	        (long long)json_int(lesson, "number", 0), json_str(lesson, "title"));
	term_say("\n* is done. The next one:\n\n");
	say_lesson(json_array_get(list, (size_t)json_int(guide, "next", 1) - 1));
	term_say("\nThen type pamoja guide again. Any other: pamoja guide NUMBER\n");
}

static enum pmj_code
read_number(const char *typed, long *number, struct pmj_error *err)
{
	char *end;

	*number = strtol(typed, &end, 10);
	if (*typed != '\0' && *end == '\0' && *number >= 1 && *number <= (long)COUNT(lessons))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "there is no lesson %.40s", typed);
	pmj_hint(err, "they are numbered from 1 to %zu: pamoja guide", COUNT(lessons));
	return PMJ_USAGE;
}

enum pmj_code
guide_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *guide = json_object();
	long number = 0;
	enum pmj_code rc;

	if ((rc = need_practice(cli, err)) == PMJ_OK && args->count > 0)
		rc = read_number(args->words[0], &number, err);
	if (rc == PMJ_OK)
		rc = look_at_lessons(cli, guide, err);
	if (rc == PMJ_OK && cli->json)
		print_json(guide);
	else if (rc == PMJ_OK && number > 0)
		say_lesson(json_array_get(json_arr(guide, "lessons"), (size_t)number - 1));
	else if (rc == PMJ_OK)
		say_lessons(guide);
	json_decref(guide);
	return rc;
}
