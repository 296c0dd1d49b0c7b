/* A name in the spool: what is taken for a place must be written back as the same name. */
#include <stdlib.h>
#include <string.h>

#include "sync/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sync_place_of place;
	char name[512];
	char again[FILES_NAME_MAX];

	if (len >= sizeof(name))
		return 0;
	memcpy(name, bytes, len);
	name[len] = '\0';
	if (!files_parse(&place, name))
		return 0;
	files_name(again, place.mailbox, place.lane, place.inc, place.segno);
	/* All but the end, where a twin has eight digits more. */
	if (strncmp(name, again, strlen(again) - 4) != 0)
		abort();
	return 0;
}
