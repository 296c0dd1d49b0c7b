/* plan.c - `person plan ID`: what a person takes home, to be printed or read out. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

static void
say_item(const json_t *item)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_arr(item, "lines"), i, line)
	{
		if (i == 0)
			term_say("  - ");
		else
			term_say("    %s: ", json_str(line, "label"));
		print_wrapped_after(4, json_str(line, "text"));
	}
}

enum pmj_code
record_plan(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *answer = NULL;
	const json_t *section, *item;
	enum pmj_code rc;
	size_t i, j;

	if ((rc = record_about(cli, &answer, typed, "/plan", NULL, err)) == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		long left_out = (long)json_int(answer, "left_out", 0);

		term_put(stdout, PAINT_BOLD, json_str(answer, "name"));
		term_say("   %s\n", json_str(answer, "on"));
		json_array_foreach(json_arr(answer, "sections"), i, section)
		{
			term_say("\n%s\n", json_str(section, "title"));
			json_array_foreach(json_arr(section, "items"), j, item) say_item(item);
		}
		if (json_array_size(json_arr(answer, "sections")) == 0)
			term_note("Nothing to print yet: add a goal, or what helps.\n");
		if (left_out > 0)
			term_note("Not on it, since Pamoja noted it for you: %ld. To put one on "
			          "it: `pamoja "
			          "edit ID take_home=yes`.\n",
			    left_out);
	}
	json_decref(answer);
	free(typed);
	return rc;
}
