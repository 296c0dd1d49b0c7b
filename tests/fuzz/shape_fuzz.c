/* What a stick or a host may show a carrier: outer headers, file names, and commits. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/chain.h"
#include "carry/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct shape_place place;
	struct shape_place again;
	struct chain_link link;
	char tag[SHAPE_TAG_CHARS + 1];
	char name[SHAPE_NAME_ROOM];
	char *text = mem_strndup((const char *)bytes, len);

	if (shape_read(&place, bytes, len, NULL) == PMJ_OK) {
		/* Whatever is taken has a name, and the name leads back to it. */
		shape_name(name, &place, NULL);
		assert(shape_of_name(&again, tag, name));
		assert(shape_compare(&place, &again) == 0);
	}
	if (shape_of_name(&place, tag, text)) {
		shape_name(name, &place, tag[0] != '\0' ? tag : NULL);
		assert(strcmp(name, text) == 0);
	}
	if (chain_commit_read(&link, bytes, len))
		assert(link.segno > 0);
	free(text);
	return 0;
}
