/* A packed file of any bytes: what comes out of it is within the bound, and as long as it said. */
#include <stdlib.h>

#include "cli/unzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const names[] = {"services.csv", "a", "phones.csv"};
	const size_t most = 100000;
	struct pmj_error err;
	struct unzip in;
	size_t all = 0;
	bool found;

	if (unzip_open(&in, bytes, len, most, &err) != PMJ_OK)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct buf out;

		buf_init(&out, 0);
		if (unzip_file(&in, &out, &found, names[i], &err) == PMJ_OK)
			all += out.len;
		else if (out.len > 0)
			abort();
		buf_close(&out);
	}
	if (all > most)
		abort();
	return 0;
}
