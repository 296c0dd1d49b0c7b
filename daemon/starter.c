#include "starter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define RESTART_SECONDS_MAX 60

struct starter {
	pid_t pid;
};

static volatile sig_atomic_t ending;
static volatile sig_atomic_t child_pid;

static void
on_term(int signum)
{
	(void)signum;
	ending = 1;
	if (child_pid > 0)
		(void)kill((pid_t)child_pid, SIGTERM);
}

/* pamoja-carry stands beside pamojad. */
static char *
carry_path(void)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len <= 0)
		return mem_strdup("pamoja-carry");
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return mem_strdup("pamoja-carry");
	*slash = '\0';
	return mem_printf("%s/pamoja-carry", self);
}

static void
run_carry(const char *path, const char *home, pid_t starter)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != starter)
		_exit(0);
	(void)execl(path, "pamoja-carry", "--home", home, (char *)NULL);
	_exit(127);
}

/* Start it again when it ends: at once after a good run, later and later when it ends at once. */
static void
keep_running(const char *path, const char *home)
{
	unsigned wait_s = 1;
	pid_t self = getpid();
	sigset_t term, before;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	while (!ending) {
		time_t began = time(NULL);
		struct timespec pause = {0, 0};
		int status;
		pid_t pid;

		/* No SIGTERM between the fork and knowing the child, nor in the child while our
		 * handler is still its own: it would never be ended. */
		(void)sigprocmask(SIG_BLOCK, &term, &before);
		if (ending)
			return;
		pid = fork();
		if (pid == 0) {
			(void)signal(SIGTERM, SIG_DFL);
			(void)sigprocmask(SIG_SETMASK, &before, NULL);
			run_carry(path, home, self);
		}
		child_pid = pid;
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		child_pid = 0;
		if (ending)
			break;
		wait_s = time(NULL) - began > 30 ? 1 : wait_s * 2;
		if (wait_s > RESTART_SECONDS_MAX)
			wait_s = RESTART_SECONDS_MAX;
		pause.tv_sec = (time_t)wait_s;
		(void)sigprocmask(SIG_BLOCK, &term, &before);
		if (!ending && sigtimedwait(&term, NULL, &pause) == SIGTERM)
			ending = 1;
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
	}
}

static void
leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		(void)dup2(null, fd);
}

enum pmj_code
starter_new(struct starter **out, const char *home, bool quiet, struct pmj_error *err)
{
	struct sigaction act = {.sa_handler = on_term};
	pid_t parent = getpid();
	pid_t pid = fork();

	*out = NULL;
	if (pid < 0)
		return pmj_fail_errno(err, errno, "cannot start", "the carrier");
	if (pid == 0) {
		char *path;

		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)prctl(PR_SET_NAME, "pamoja-starter");
		if (getppid() != parent)
			_exit(0);
		(void)sigaction(SIGTERM, &act, NULL);
		/* Ctrl-C on the terminal is pamojad's to act on. */
		(void)signal(SIGINT, SIG_IGN);
		if (quiet)
			leave_terminal();
		(void)syscall(SYS_close_range, 3U, ~0U, 0U);
		path = carry_path();
		keep_running(path, home);
		_exit(0);
	}
	*out = mem_new(sizeof(**out));
	(*out)->pid = pid;
	return PMJ_OK;
}

void
starter_free(struct starter *starter)
{
	if (starter == NULL)
		return;
	(void)kill(starter->pid, SIGTERM);
	(void)kill(starter->pid, SIGCONT); /* one that was stopped hears nothing before */
	while (waitpid(starter->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(starter);
}
