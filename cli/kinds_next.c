/* kinds_next.c - what follows a new or changed record: what it brought about, what may be done
 * next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

/* What is saved and cannot be used as it stands. */
static void
say_unusable(const json_t *answer)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(answer, "warnings"), i, one)
	{
		char *text = lang_message(json_string_value(one));

		term_note("%s%s\n", lang_text("Careful: "), text);
		free(text);
	}
}

/* What was sent before its consent was taken back. */
static void
say_told(const json_t *answer)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(answer, "told"), i, one) term_say("%s  %s  (pamoja show %s)\n",
	    i == 0 ? lang_text("\nThis was sent before, and what they know cannot be undone. Tell "
	                       "them, then withdraw or close it; today reminds you:\n")
	           : "",
	    json_str(one, "title"), json_str(one, "short"));
}

void
kinds_say_reminders(const json_t *answer)
{
	const json_t *one, *duty;
	size_t i;

	say_unusable(answer);
	say_told(answer);

	if (json_str(answer, "says") != NULL) {
		term_say("\n");
		print_wrapped(0, json_str(answer, "says"));
	}
	if ((duty = json_obj(answer, "duty")) != NULL)
		term_say("By law this is to be reported to %s within %lld hours: by %s.\n",
		    json_str(duty, "to"), (long long)json_int(duty, "hours", 0),
		    json_str(duty, "by"));
	json_array_foreach(json_arr(answer, "reminders"), i, one)
	    term_say("%s  %s  %s\n", i == 0 ? lang_text("Noted, to be done:\n") : "",
	        json_str(one, "due"), json_str(one, "text"));
}

void
kinds_say_moves(const json_t *kind, const char *state, const char *id, bool own)
{
	const json_t *move;
	bool any = false;
	size_t i;

	json_array_foreach(json_arr(kind, "moves"), i, move)
	{
		char left[96];

		if (state == NULL || !kinds_lists(json_arr(move, "from"), state))
			continue;
		if (own && json_str(move, "by") != NULL &&
		    strcmp(json_str(move, "by"), "another") == 0)
			continue; /* it would only be refused */
		(void)snprintf(left, sizeof(left), "pamoja %s %s %s", json_str(kind, "name"),
		    json_str(move, "verb"), id);
		term_say(
		    "%s  %-36s  %s\n", any ? "" : lang_text("\nNext:\n"), left, kinds_label(move));
		any = true;
	}
}

/* How the other kind names a record of this one; NULL: not at all, or not as whom it is about. */
static const char *
names_as(const json_t *other, const char *name)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_arr(other, "fields"), i, field)
	{
		const char *link = json_str(field, "link");

		if (link != NULL && strcmp(link, name) == 0 &&
		    kinds_lists(json_arr(other, "subjects"), json_str(field, "name")))
			return json_str(field, "name");
	}
	return NULL;
}

/* What may be recorded about the new record: the kinds that its own says mostly follow, else those
 * that must name one like it. False: there is none. */
static bool
say_about(struct cli *cli, const json_t *kind, const char *id)
{
	const json_t *next = json_arr(kind, "next"), *kinds = NULL, *other;
	const char *name = json_str(kind, "name"), *as;
	size_t said = 0, count;

	if (kinds_load(cli, &kinds, NULL) != PMJ_OK)
		return false;
	count = json_array_size(next) > 0 ? json_array_size(next) : json_array_size(kinds);
	for (size_t i = 0; i < count && said < 3; i++) {
		other = json_array_size(next) > 0
		            ? kinds_named(cli, json_string_value(json_array_get(next, i)))
		            : json_array_get(kinds, i);
		if (other == NULL || (as = names_as(other, name)) == NULL)
			continue;
		term_say("%s  pamoja %s add %s=%s\n", said == 0 ? lang_text("\nNext:\n") : "",
		    json_str(other, "name"), as, id);
		said++;
	}
	return said > 0;
}

void
kinds_say_added(struct cli *cli, const json_t *kind, const json_t *answer)
{
	const char *id = json_str(answer, "short");
	const char *state = json_str(json_array_get(json_arr(kind, "states"), 0), "name");

	if (id == NULL)
		id = json_str(answer, "id");
	if (json_str(answer, "state") != NULL) {
		state = json_str(answer, "state");
		term_say(
		    "Saved: %s %s, %s. See it: pamoja show %s\n", kinds_label(kind), id, state, id);
	} else {
		term_say("Saved: %s %s. See it: pamoja show %s\n", kinds_label(kind), id, id);
	}
	kinds_say_new_words(kind, answer);
	kinds_say_unusable(answer);
	kinds_say_reminders(answer);
	if (!say_about(cli, kind, id))
		kinds_say_moves(kind, state, id, true);
}
