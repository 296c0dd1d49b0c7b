/* kind_fuzz.c - kind files of unknown origin: a whole kind, or a message and a mend. */
#include <stdint.h>
#include <stdlib.h>

#include "domain/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct kind *kind = NULL;
	struct pmj_error err = {0};

	if (kind_read_text(&kind, "fuzz.ini", (const char *)bytes, count, &err) != PMJ_OK) {
		if (kind != NULL || *err.message == '\0' || *err.hint == '\0')
			abort();
		return 0;
	}
	json_decref(kind_json(kind, LANG_SW));
	if (kind_field(kind, kind->shows) == NULL || kind_follows(kind, kind, &err) != PMJ_OK)
		abort();
	kind_free(kind);
	return 0;
}
