/* json_fuzz.c - what the fast reader takes, jansson takes within the same limits, and reads the
 * same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json_plain.h"
#include "pamoja/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static size_t
depth_of(const json_t *value)
{
	size_t deepest = 0, index;
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)value, key, member)
	{
		if (depth_of(member) > deepest)
			deepest = depth_of(member);
	}
	json_array_foreach(value, index, member)
	{
		if (depth_of(member) > deepest)
			deepest = depth_of(member);
	}
	return json_is_object(value) || json_is_array(value) ? deepest + 1 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	json_t *plain = json_plain((const char *)bytes, count, &json_limits_entry), *other;

	if (plain == NULL)
		return 0;
	if (depth_of(plain) > PMJ_JSON_DEPTH_MAX)
		abort();
	other =
	    json_loadb((const char *)bytes, count, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (other == NULL || !json_equal(plain, other))
		abort();
	json_decref(other);
	json_decref(plain);
	return 0;
}
