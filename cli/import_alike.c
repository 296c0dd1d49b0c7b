/* import_alike.c - people of an import who may be here already: who, and why, row by row. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/import_inner.h"
#include "cli/term.h"

/* The row of this file that became this record; NULL: it was here before. */
static const struct row *
row_of_record(const struct rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (id != NULL && strcmp(rows->list[i].id, id) == 0)
			return &rows->list[i];
	return NULL;
}

/* "line 7: Asha Mwangi  7k3f9  (the same: Village, Phone)" */
static void
say_row_alike(const struct rows *rows, const struct row *row, const json_t *one)
{
	const struct row *other = row_of_record(rows, json_str(one, "id"));
	char *place = import_place(rows, row);
	const json_t *label;
	struct buf same;
	size_t i;

	buf_init(&same, 0);
	json_array_foreach(json_arr(one, "same"), i, label)
	    buf_putf(&same, "%s%s", i > 0 ? ", " : "", json_string_value(label));
	term_note("%s: %s  ", place, json_str(one, "title"));
	if (other != NULL)
		term_note("in line %u of this file", other->line);
	else
		term_note("%s", json_str(one, "short"));
	if (same.len > 0)
		term_note("  (the same: %s)", buf_text(&same));
	if (row->state == ROW_DONE && row->id[0] != '\0')
		term_note("  -> %.16s", row->id);
	term_note("\n");
	buf_wipe(&same);
	free(place);
}

void
import_say_alike(const struct rows *rows, bool dry_run)
{
	size_t taken = 0, skipped = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];
		const json_t *alike = row->saved != NULL ? json_arr(row->saved, "alike") : NULL;

		if (json_array_size(alike) == 0)
			continue;
		if (taken + skipped == 0)
			term_note("People who may be here already:\n");
		if (taken + skipped < IMPORT_SHOWN_MAX)
			say_row_alike(rows, row, json_array_get(alike, 0));
		taken += row->state != ROW_SKIPPED;
		skipped += row->state == ROW_SKIPPED;
	}
	if (taken + skipped > IMPORT_SHOWN_MAX)
		term_note("and %zu more; --json lists all\n", taken + skipped - IMPORT_SHOWN_MAX);
	if (taken > 0 && dry_run)
		term_note("To leave such rows out: --alike skip\n");
	else if (taken > 0)
		term_note(
		    "They were saved as new people, with the number behind the arrow. Where it "
		    "is the same: pamoja void NUMBER \"entered twice\"\n");
	if (skipped > 0)
		term_note("%zu rows were left out for that.\n", skipped);
}
