/* sandbox_test.c - what the kernel really refuses once a daemon has given it up. Each case in a
 * process of its own, since nothing is ever given back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "check.h"

/* The end of a child that ran `inside`: 0 when all was as it should be, else the number of the
 * first thing that was not. */
static int
apart(int (*inside)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(inside());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
opens(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static int
without_network(void)
{
	char *const argv[] = {(char *)"false", NULL};
	struct sandbox_state state;
	struct pmj_error err;

	if (!opens(AF_INET) || !opens(AF_UNIX))
		return 1; /* this machine shows nothing */
	if (sandbox_no_network(&err) != PMJ_OK)
		return 2;
	if (!opens(AF_UNIX))
		return 3;
	if (opens(AF_INET) || errno != EAFNOSUPPORT || opens(AF_INET6) || opens(AF_NETLINK) ||
	    opens(AF_PACKET))
		return 4;
	if (execv("/bin/false", argv) != -1 || errno != EPERM)
		return 5;
	sandbox_state(&state);
	if (!state.no_new_privs || !state.seccomp_filter)
		return 6;
	return 0;
}

static void
no_network_and_no_exec(void **state)
{
	(void)state;
	assert_int_equal(apart(without_network), 0);
}

static int
basics(void)
{
	struct rlimit core;
	int fds[2];
	mode_t mask;

	sandbox_basics();
	mask = umask(0);
	if (mask != 077)
		return 1;
#ifndef PAMOJA_ALLOW_DUMPS
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || getrlimit(RLIMIT_CORE, &core) != 0 ||
	    core.rlim_max != 0)
		return 2;
#else
	(void)core;
#endif
	if (pipe2(fds, O_CLOEXEC) != 0 || close(fds[0]) != 0)
		return 3;
	return write(fds[1], "x", 1) == -1 && errno == EPIPE ? 0 : 4;
}

static void
no_dumps_and_no_sigpipe(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(apart(basics), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_network_and_no_exec),
	    cmocka_unit_test(no_dumps_and_no_sigpipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
