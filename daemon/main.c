/* main.c - the order of start: doors that cost nothing, arguments, the home, the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sandbox.h"
#include "crypto/prim.h"
#include "daemon.h"
#include "pamoja/api.h"

static const char usage[] =
    "usage: pamojad [--home DIR] [--foreground] [--no-carry]\n"
    "\n"
    "Keeps the keys and the journal of one home and answers `pamoja`. It never uses a network.\n"
    "  --home DIR    the home; else $PAMOJA_HOME, else $XDG_DATA_HOME/pamoja, else "
    "~/.local/share/pamoja\n"
    "  --foreground  stay in the foreground, messages to standard error\n"
    "  --no-carry    do not start pamoja-carry (a service manager does)\n";

static char *
default_home(void)
{
	const char *home = getenv(PMJ_ENV_HOME);
	const char *data = getenv("XDG_DATA_HOME");
	const char *user = getenv("HOME");

	if (home != NULL && home[0] != '\0')
		return mem_strdup(home);
	if (data != NULL && data[0] != '\0')
		return mem_printf("%s/pamoja", data);
	return user != NULL && user[0] != '\0' ? mem_printf("%s/.local/share/pamoja", user) : NULL;
}

static char *
full_path(const char *path)
{
	char *cwd, *full;

	if (path[0] == '/')
		return mem_strdup(path);
	cwd = getcwd(NULL, 0);
	full = mem_printf("%s/%s", cwd != NULL ? cwd : "", path);
	free(cwd);
	return full;
}

static int
fail(const struct pmj_error *err)
{
	(void)fprintf(stderr, "pamojad: %s\n", err->message);
	if (err->hint[0] != '\0')
		(void)fprintf(stderr, "  %s\n", err->hint);
	return pmj_code_exit(err->code);
}

/* The parent stays until the child serves, or fails with its status. */
static int
into_background(int *ready_fd)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		(void)close(ends[1]);
		/* One byte: the status to end with; none: it died. */
		_exit(read(ends[0], &byte, 1) == 1 ? byte : 1);
	}
	(void)close(ends[0]);
	(void)setsid();
	*ready_fd = ends[1];
	return 0;
}

static void
tell_parent(int ready_fd, int status)
{
	char byte = (char)status;

	if (ready_fd < 0)
		return;
	if (write(ready_fd, &byte, 1) != 1)
		(void)fprintf(stderr, "pamojad: the starting program has gone\n");
	(void)close(ready_fd);
}

/* In the background nothing is read from or said to the terminal that started us. */
static void
leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (chdir("/") != 0)
		return;
}

int
main(int argc, char **argv)
{
	static const struct option options_table[] = {{"home", required_argument, NULL, 'h'},
	    {"foreground", no_argument, NULL, 'f'}, {"no-carry", no_argument, NULL, 'n'},
	    {"help", no_argument, NULL, 'u'}, {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0}};
	struct daemon_options options = {.ready_fd = -1};
	struct daemon *daemon = NULL;
	struct pmj_error err;
	char *given = default_home(), *home;
	int option, status;

	sandbox_basics();
	while ((option = getopt_long(argc, argv, "", options_table, NULL)) != -1) {
		if (option == 'h') {
			free(given);
			given = mem_strdup(optarg);
		} else if (option == 'f') {
			options.foreground = true;
		} else if (option == 'n') {
			options.no_carry = true;
		} else if (option == 'v') {
			(void)puts("pamojad " PAMOJA_VERSION);
			return 0;
		} else {
			(void)fputs(usage, option == 'u' ? stdout : stderr);
			return option == 'u' ? 0 : 2;
		}
	}
	if (optind < argc || given == NULL || given[0] == '\0') {
		(void)fputs(usage, stderr);
		return 2;
	}
	home = full_path(given);
	free(given);
	options.home = home;
	if (!options.foreground && into_background(&options.ready_fd) != 0) {
		perror("pamojad: cannot go into the background");
		return 1;
	}
	prim_start();
	if (daemon_new(&daemon, &options, &err) != PMJ_OK) {
		status = fail(&err);
		tell_parent(options.ready_fd, status);
		free(home);
		return status;
	}
	tell_parent(options.ready_fd, 0);
	if (!options.foreground)
		leave_terminal();
	daemon_run(daemon);
	daemon_free(daemon);
	free(home);
	return 0;
}
