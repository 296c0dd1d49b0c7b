#include "base/diag.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define DIAG_FILE_BYTES_MAX (1024 * 1024)

static struct {
	char program[24];
	char *path;
	FILE *file;
	bool to_stderr;
} diag_state;

void
diag_open(const char *program, const char *file, bool to_stderr)
{
	int fd;

	diag_close();
	(void)snprintf(diag_state.program, sizeof(diag_state.program), "%s", program);
	diag_state.to_stderr = to_stderr;
	if (file == NULL)
		return;
	diag_state.path = mem_strdup(file);
	fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		diag_state.file = fdopen(fd, "a");
}

void
diag_close(void)
{
	if (diag_state.file != NULL)
		(void)fclose(diag_state.file);
	free(diag_state.path);
	memset(&diag_state, 0, sizeof(diag_state));
}

/* One older file is kept: enough for a month of trouble, small enough for any disk. */
static void
diag_rotate(void)
{
	char *older;
	char *path;
	char program[sizeof(diag_state.program)];
	bool to_stderr = diag_state.to_stderr;

	if (diag_state.file == NULL || ftell(diag_state.file) < DIAG_FILE_BYTES_MAX)
		return;
	path = mem_strdup(diag_state.path);
	older = mem_printf("%s.1", path);
	memcpy(program, diag_state.program, sizeof(program));
	(void)rename(path, older);
	diag_open(program, path, to_stderr);
	free(older);
	free(path);
}

void
diag(const char *fmt, ...)
{
	char line[512];
	char stamp[32];
	time_t now = time(NULL);
	struct tm utc;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	(void)gmtime_r(&now, &utc);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (diag_state.file != NULL) {
		(void)fprintf(diag_state.file, "%s %s[%d]: %s\n", stamp, diag_state.program,
		    (int)getpid(), line);
		(void)fflush(diag_state.file);
		diag_rotate();
	}
	if (diag_state.to_stderr)
		(void)fprintf(stderr, "%s: %s\n", diag_state.program, line);
}

void
diag_error(const char *doing, const struct pmj_error *err)
{
	diag("%s: %s (%s)", doing, err->message, pmj_code_name(err->code));
}
