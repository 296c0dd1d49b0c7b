/* line_fuzz.c - lines of unknown origin: read strictly, then merged, judged and shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/merge.h"
#include "domain/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static const char kind_text[] =
    "[kind]\nname = memo\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = T\nhelp.en = "
    "H\n"
    "shows = a\n[field a]\ntype = text\nlabel.en = A\n[state draft]\nlabel.en = D\n"
    "[state sent]\nrefusing = yes\nlabel.en = S\n[move send]\nfrom = draft\nto = sent\nlabel.en = "
    "S\n";

static void
merge_one(const struct kind *kind, const struct entry *entry)
{
	const struct entry *twice[] = {entry, entry};
	struct merge_record record;
	struct buf digest;

	buf_init(&digest, 0);
	merge_record(&record, kind, twice, 2);
	merge_digest_bytes(&digest, &record);
	for (size_t i = 0; i < record.field_count; i++) {
		const struct merge_field *field = &record.fields[i];
		if (field->count != 1)
			abort(); /* one entry, however often, leaves one value */
		free(value_text(kind_field(kind, field->name), field->values[0].value, LANG_SW));
	}
	(void)merge_judge(kind, entry, twice, 2);
	merge_record_close(&record);
	buf_close(&digest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static const uint8_t e[PMJ_ENTRY_BYTES] = {1};
	static struct kind *kind;
	struct entry entry;
	struct pmj_error err = {0};

	if (kind == NULL && kind_read_text(&kind, "memo.ini", kind_text, strlen(kind_text), &err))
		abort();
	if (line_read(&entry, (const char *)bytes, count, e, &err) != PMJ_OK) {
		if (*err.message == '\0' || entry.json != NULL)
			abort();
		return 0;
	}
	if (!entry.control)
		merge_one(kind, &entry);
	entry_close(&entry);
	return 0;
}
