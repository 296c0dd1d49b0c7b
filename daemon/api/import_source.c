#include "api/import_source.h"

#include <string.h>

#include "base/text.h"
#include "crypto/prim.h"

#define SOURCE_KEY "source." /* so begin its names in the journal */
#define SOURCE_BYTES 16

static const char *
source_key(
    char out[static sizeof(SOURCE_KEY) + 2 * SOURCE_BYTES], const char *kind, const char *source)
{
	uint8_t hash[PRIM_HASH_BYTES];

	/* With the NUL between them. */
	prim_hash(
	    hash, "pmj source v1", PRIM_PARTS({kind, strlen(kind) + 1}, {source, strlen(source)}));
	memcpy(out, SOURCE_KEY, sizeof(SOURCE_KEY));
	(void)text_hex(out + sizeof(SOURCE_KEY) - 1, hash, SOURCE_BYTES);
	return out;
}

bool
import_source_find(struct journal *journal, const char *kind, const char *source,
    uint8_t rec[static PMJ_RECORD_BYTES])
{
	char key[sizeof(SOURCE_KEY) + 2 * SOURCE_BYTES];
	bool voided = false;

	return journal_blob(journal, source_key(key, kind, source), rec, PMJ_RECORD_BYTES) &&
	       records_is_voided(journal, &voided, rec, NULL) == PMJ_OK && !voided;
}

enum pmj_code
import_source_keep(struct journal *journal, const char *kind, const char *source,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	char key[sizeof(SOURCE_KEY) + 2 * SOURCE_BYTES];

	return journal_put_blob(journal, source_key(key, kind, source), rec, PMJ_RECORD_BYTES, err);
}
