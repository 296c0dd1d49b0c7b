/* What ssh and the host behind it say, the addresses that are settings, and the keys that are shown
 * to sshd. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "carry/letin.h"
#include "carry/sshsays.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
look_at_words(const char *text, size_t len)
{
	struct sshsays said;
	struct pmj_error err = {0};
	enum pmj_code rc = sshsays_read(&said, text, len, "hub", &err);

	/* Always a reason, with nothing in it that a terminal would obey. */
	if (rc == PMJ_OK || rc != err.code || err.hint[0] == '\0')
		abort();
	for (const char *at = err.message; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			abort();
}

static void
look_at_address(const char *text)
{
	struct address at;

	if (address_read(&at, text, NULL) != PMJ_OK || at.way != ADDRESS_SSH)
		return;
	if (at.user[0] == '-' || at.user[0] == '\0' || at.host[0] == '-' || at.host[0] == '\0' ||
	    strpbrk(at.host, " @/;$`'\"\\\n") != NULL ||
	    strpbrk(at.user, " @/;$`'\"\\\n") != NULL ||
	    strpbrk(at.path, " @:;$`'\"\\\n") != NULL || strstr(at.path, "/.") != NULL ||
	    (at.path[0] != '\0' && at.path[0] != '/') || atoi(at.port) < 1 || atoi(at.port) > 65535)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_strndup((const char *)bytes, len);
	uint8_t key[LETIN_KEY_BYTES];

	look_at_words((const char *)bytes, len);
	look_at_address(text);
	if (address_pin(ADDRESS_SSH, text, NULL) == PMJ_OK &&
	    address_pin(ADDRESS_HTTPS, text, NULL) == PMJ_OK)
		abort();
	if (letin_key(key, text, NULL) == PMJ_OK && strlen(text) < 68)
		abort();
	free(text);
	return 0;
}
