/* What the office published. First byte odd: the text of a list as the hub signs it; even: the
 * packed bytes of a file. */
#include <stdlib.h>

#include "log/published.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
list(const char *text, size_t len)
{
	static struct published got;
	json_t *statement = json_object(), *p = json_stringn(text, len);

	if (p != NULL)
		(void)json_object_set_new(statement, "p", p);
	if (published_read_kept(&got, statement, NULL) == PMJ_OK)
		for (size_t i = 0; i < got.count; i++)
			if (!published_name_fits(got.files[i].name) || got.files[i].parts < 1)
				abort();
	json_decref(statement);
}

static void
unpack(const uint8_t *bytes, size_t len)
{
	struct buf out;

	buf_init(&out, 0);
	if (published_unpack(&out, bytes, len, NULL) == PMJ_OK && out.len > PUBLISHED_FILE_MAX)
		abort();
	buf_close(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return 0;
	if (bytes[0] % 2 == 1)
		list((const char *)bytes + 1, len - 1);
	else
		unpack(bytes + 1, len - 1);
	return 0;
}
