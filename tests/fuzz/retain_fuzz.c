/* retention.ini: how long what is kept, and the causes of forgetting. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/retain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct kinds kinds;
	struct pmj_error err = {0};
	struct retain retain;
	char *text = mem_strndup((const char *)bytes, len);

	if (kinds.count == 0 &&
	    kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err) != PMJ_OK)
		abort();
	if (retain_read_text(&retain, "retention.ini", text, &kinds, &err) != PMJ_OK &&
	    err.message[0] == '\0')
		abort();
	retain_close(&retain);
	free(text);
	return 0;
}
