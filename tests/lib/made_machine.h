/* made_machine.h - files of a made-up machine: /proc, /sys and /etc in a folder of the test's own.
 */
#ifndef TESTS_MADE_MACHINE_H
#define TESTS_MADE_MACHINE_H
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "check.h"

/** One file under root, and the folders that lead to it. */
static inline void
made_file(const char *root, const char *path, const char *words)
{
	char *full = mem_printf("%s%s", root, path);
	char *command = mem_printf("mkdir -p \"$(dirname '%s')\"", full);
	FILE *file;

	assert_int_equal(system(command), 0);
	assert_non_null(file = fopen(full, "w"));
	assert_true(fputs(words, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(command);
	free(full);
}

#endif
