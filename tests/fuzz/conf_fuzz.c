/* conf_fuzz.c - settings files of unknown origin: read whole, or refused with a message; what was
 * read reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct conf conf;
	struct pmj_error err = {0};

	if (conf_read_text(&conf, "fuzz.ini", (const char *)bytes, count, &err) != PMJ_OK) {
		if (*err.message == '\0' || conf.items != NULL || conf.path != NULL)
			abort();
		return 0;
	}
	/* Each look-up reads from the beginning: all of a usual file, some of one with thousands.
	 */
	for (size_t i = 0; i < conf.count; i += 1 + conf.count / 1000) {
		const struct conf_item *item = &conf.items[i];
		if (conf_get(&conf, item->section, item->key) != item || *item->key == '\0')
			abort(); /* a second value for a key went through */
		if (strlen(item->key) + strlen(item->value) > CONF_LINE_MAX)
			abort();
	}
	conf_close(&conf);
	return 0;
}
