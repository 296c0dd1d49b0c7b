#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
mem_or_stop(void *p)
{
	if (p == NULL) {
		fputs("pamoja: no memory left\n", stderr);
		abort();
	}
	return p;
}

void *
mem_new(size_t bytes)
{
	return mem_or_stop(calloc(1, bytes > 0 ? bytes : 1));
}

void *
mem_array(size_t count, size_t item_bytes)
{
	return mem_or_stop(calloc(count > 0 ? count : 1, item_bytes));
}

void *
mem_grow(void *old, size_t count, size_t item_bytes)
{
	return mem_or_stop(reallocarray(old, count > 0 ? count : 1, item_bytes));
}

char *
mem_strdup(const char *text)
{
	return mem_or_stop(strdup(text));
}

char *
mem_strndup(const char *text, size_t bytes)
{
	return mem_or_stop(strndup(text, bytes));
}

char *
mem_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return mem_or_stop(text);
}

void
mem_wipe(void *bytes, size_t count)
{
	if (bytes != NULL && count > 0)
		explicit_bzero(bytes, count);
}

void
mem_free_wiped(char *text)
{
	if (text != NULL)
		mem_wipe(text, strlen(text));
	free(text);
}
