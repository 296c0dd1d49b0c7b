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
		if (json_flag(answer, "says_draft"))
			print_wrapped(
			    0, lang_text(
			           "(A draft: your programme has still to confirm the numbers.)"));
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

/* What may be recorded about the new record. False: there is none. */
static bool
say_about(const json_t *kind, const char *id)
{
	const json_t *about = json_arr(kind, "about"), *one;
	size_t i;

	json_array_foreach(about, i, one) term_say("%s  pamoja %s add %s=%s\n",
	    i == 0 ? lang_text("\nNext:\n") : "", json_str(one, "kind"), json_str(one, "as"), id);
	return json_array_size(about) > 0;
}

void
kinds_say_added(const json_t *kind, const json_t *answer)
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
	if (!say_about(kind, id))
		kinds_say_moves(kind, state, id, true);
}
