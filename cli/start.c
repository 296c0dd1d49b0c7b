#include "cli/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "cli/client.h"

/* The child: a session of its own, so that Ctrl-C here does not end it; what it complains of goes
 * to a file in memory. */
static _Noreturn void
become_daemon(const char *beside, const char *home, int complaints)
{
	char *const argv[] = {"pamojad", "--home", (char *)home, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(complaints, STDERR_FILENO);
	if (beside != NULL)
		(void)execv(beside, argv);
	(void)execvp("pamojad", argv);
	_exit(127);
}

char *
start_beside(const char *name)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *dir, *path;

	if (len <= 0)
		return NULL;
	self[len] = '\0';
	dir = fs_dirname(self);
	path = fs_join(dir, name);
	free(dir);
	return path;
}

static enum pmj_code
code_of_exit(int status)
{
	for (int code = PMJ_FAILED; code < PMJ_CODE_COUNT; code++)
		if (pmj_code_exit((enum pmj_code)code) == status)
			return (enum pmj_code)code;
	return PMJ_FAILED;
}

/* What pamojad said last: one line of JSON, or "pamojad: message" and the hint on a line of its
 * own. */
static enum pmj_code
say_why(struct pmj_error *err, int complaints, int status)
{
	static const char mark[] = "pamojad: ";
	char text[4096], *message = NULL, *line, *rest = text;
	ssize_t len = pread(complaints, text, sizeof(text) - 1, 0);
	enum pmj_code rc = code_of_exit(status);
	const char *hint = "";
	json_t *answer = NULL;

	text[len > 0 ? len : 0] = '\0';
	if (status == 127 && len <= 0) {
		(void)pmj_fail(err, PMJ_FAILED, "the program pamojad was not found");
		pmj_hint(err, "put it beside pamoja or in a folder of PATH");
		return PMJ_FAILED;
	}
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '{' &&
		    json_read(&answer, line, strlen(line), &json_limits_api, NULL) == PMJ_OK) {
			rc = client_error(answer, 500, err);
			json_decref(answer);
			return rc;
		}
		if (line[0] == ' ' && message != NULL) {
			hint = line + strspn(line, " ");
		} else if (line[0] != '\0') {
			message = strncmp(line, mark, sizeof(mark) - 1) == 0
			              ? line + sizeof(mark) - 1
			              : line;
			hint = "";
		}
	}
	(void)pmj_fail(err, rc, "%s", message != NULL ? message : "pamojad ended at once");
	pmj_hint(err, "%s", hint);
	return rc;
}

enum pmj_code
start_daemon(int *out, const char *home, int (*connect)(const char *home), struct pmj_error *err)
{
	int complaints = memfd_create("pamojad", MFD_CLOEXEC);
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	char *beside = start_beside("pamojad");
	bool running = true;
	int status = 0;
	pid_t child = fork();

	*out = -1;
	if (child == 0)
		become_daemon(beside, home, complaints);
	free(beside);
	if (child < 0) {
		(void)close(complaints);
		return pmj_fail_errno(err, errno, "cannot start", "pamojad");
	}
	for (int waited = 0; waited < START_WAIT_MS && *out < 0; waited += 20) {
		if (running && waitpid(child, &status, WNOHANG) == child)
			running = false; /* failed, or went to the background */
		*out = connect(home);
		if (*out < 0 && !running && status != 0)
			break;
		if (*out < 0)
			(void)nanosleep(&pause, NULL);
	}
	if (*out < 0 && !running && status != 0) {
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		(void)say_why(err, complaints, status);
		(void)close(complaints);
		return err != NULL ? err->code : PMJ_FAILED;
	}
	(void)close(complaints);
	if (*out < 0)
		return pmj_fail(err, PMJ_BUSY, "pamojad was started but did not answer within %d s",
		    START_WAIT_MS / 1000);
	return PMJ_OK;
}
