/* disclosures.c - `disclosures PERSON`: what was told about a person, to be read to them or
 * printed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

/* "2026-11-29  Loitokitok Clinic (referral 7k3f9)", and below it what for, what, and by whom. */
static void
say_disclosure(const json_t *item)
{
	const char *const parts[] = {
	    "purpose", "category", "information", "way", "route_label", "reason"};
	const char *role = json_str(item, "role");
	struct buf line;

	term_put(stdout, PAINT_BOLD, json_str(item, "on"));
	term_say("  %s  (%s %s)\n", json_str(item, "to"), json_str(item, "kind"),
	    json_str(item, "short"));
	buf_init(&line, 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (json_str(item, parts[i]) != NULL && *json_str(item, parts[i]) != '\0')
			buf_putf(&line, "%s%s", line.len > 0 ? "; " : "", json_str(item, parts[i]));
	buf_putf(&line, "%s%s", lang_text("; by "), json_str(item, "by"));
	if (role != NULL && *role != '\0')
		buf_putf(&line, " (%s)", lang_text(role));
	print_wrapped(12, buf_text(&line));
	if (json_flag(item, "voided"))
		term_say("%*s%s", 12, "", lang_text("taken out again: it was not handed over\n"));
	buf_wipe(&line);
}

enum pmj_code
record_disclosures(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0), *path;
	json_t *answer = NULL, *item;
	char since[11];
	enum pmj_code rc;
	size_t i;

	if ((rc = args_date(since, args, "since", err)) == PMJ_OK) {
		path = mem_printf("/disclosures%s%s", since[0] != '\0' ? "?since=" : "", since);
		rc = record_about(cli, &answer, typed, path, NULL, err);
		free(path);
	}
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && json_array_size(json_arr(answer, "items")) == 0)
		term_say("Nothing was told to anybody outside.\n");
	else if (rc == PMJ_OK)
		json_array_foreach(json_arr(answer, "items"), i, item) say_disclosure(item);
	json_decref(answer);
	free(typed);
	return rc;
}
