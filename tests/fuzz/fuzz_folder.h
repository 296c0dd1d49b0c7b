/* fuzz_folder.h - a folder of a fuzz target's own, where TMPDIR says; and what must not fail. */
#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "pamoja/error.h"

static inline void
must(enum pmj_code rc)
{
	if (rc != PMJ_OK)
		abort();
}

/* Caller frees. */
static inline char *
fuzz_folder(const char *name)
{
	const char *place = getenv("TMPDIR");
	char *path =
	    mem_printf("%s/%s.XXXXXX", place != NULL && *place != '\0' ? place : "/tmp", name);

	if (mkdtemp(path) == NULL)
		abort();
	return path;
}

/* The folder and all in it; the path is freed. */
static inline void
fuzz_folder_remove(char *path)
{
	char *command = mem_printf("rm -rf '%s'", path);

	if (system(command) != 0) /* NOLINT(cert-env33-c): a folder of this program's own */
		fprintf(stderr, "%s stays\n", path);
	free(command);
	free(path);
}

#endif
