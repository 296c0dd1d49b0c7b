/* code_fuzz.c - codes as typed: one, which reads back as itself, or none. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	char *typed = malloc(count + 1);
	char code[CODE_CHARS + 1], again[CODE_CHARS + 1], shown[CODE_SHOWN_MAX];

	memcpy(typed, bytes, count);
	typed[count] = '\0';
	if (code_read(code, typed) &&
	    (!code_read(again, code_show(shown, code)) || strcmp(again, code) != 0))
		abort();
	free(typed);
	return 0;
}
