/* recipe_fuzz.c - a recipe of a damaged journal, and behind an empty line an entry whose words it
 * is to tell: refused, or read as it was written; whatever the entry sets, words come of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/line.h"
#include "store/recipe.h"
#include "store/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void
tell_words(const struct kind *kind, const char *line)
{
	static const uint8_t e[PMJ_ENTRY_BYTES] = {1};
	const struct entry *entries[1];
	struct merge_record record;
	struct pmj_error err;
	struct entry entry;
	char *text;

	if (line_read(&entry, line, strlen(line), e, &err) != PMJ_OK)
		return;
	if (!entry.control) {
		entries[0] = &entry;
		merge_record(&record, NULL, entries, 1);
		if ((text = search_text(kind, &record)) == NULL)
			abort();
		free(text);
		merge_record_close(&record);
	}
	entry_close(&entry);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	char *text = mem_strndup((const char *)bytes, count), *line = strstr(text, "\n\n");
	char *once, *twice;
	struct kind *kind, *again;

	if (line != NULL)
		*line = '\0';
	if ((kind = recipe_read(text)) != NULL) {
		once = recipe_write(kind);
		if ((again = recipe_read(once)) == NULL)
			abort();
		twice = recipe_write(again);
		if (strcmp(once, twice) != 0)
			abort();
		if (line != NULL)
			tell_words(kind, line + 2);
		kind_free(again);
		free(once);
		free(twice);
	}
	kind_free(kind);
	free(text);
	return 0;
}
