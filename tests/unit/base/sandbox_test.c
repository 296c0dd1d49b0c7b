/* sandbox_test.c - what the kernel really refuses once a daemon has given it up. Each case in a
 * process of its own, since nothing is ever given back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* A file in a folder that may be written, and one beside it, by their paths. */
static char inside[64], outside[64];

static bool
may(const char *path, int how)
{
	int fd = open(path, how | O_CLOEXEC);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static int
in_folders(void)
{
	char folder[64];
	const char *const writable[] = {folder};
	struct pmj_error err;
	bool in_force;

	(void)snprintf(
	    folder, sizeof(folder), "%.*s", (int)(strrchr(inside, '/') - inside), inside);
	if (!may(inside, O_RDWR) || !may(outside, O_RDWR) || truncate(outside, 5) != 0)
		return 1;
	if (sandbox_folders(&in_force, writable, 1, NULL, 0, &err) != PMJ_OK)
		return 2;
	if (!in_force)
		return 77; /* this kernel has none */
	if (!may(inside, O_RDWR) || truncate(inside, 3) != 0)
		return 3;
	if (may(outside, O_RDONLY) || errno != EACCES || may(outside, O_WRONLY | O_TRUNC))
		return 4;
	/* Before Linux 6.2 only the opening is refused. */
	return truncate(outside, 1) == 0 && syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 2
	           ? 5
	           : 0;
}

static int
names_alone(void)
{
	struct sandbox_state state;
	struct pmj_error err;
	char folder[64];
	bool in_force;

	(void)snprintf(
	    folder, sizeof(folder), "%.*s", (int)(strrchr(inside, '/') - inside), inside);
	if (sandbox_names(&in_force, folder, &err) != PMJ_OK)
		return 2;
	if (!in_force)
		return 77;
	if (may(inside, O_RDONLY) || errno != EACCES || may(outside, O_RDONLY) ||
	    may("/etc/passwd", O_RDONLY))
		return 3;
	if (!may(folder, O_RDONLY | O_DIRECTORY) || mkdir(outside, 0700) == 0 ||
	    unlink(inside) == 0)
		return 4;
	sandbox_state(&state);
	return state.folders_only ? 0 : 5;
}

static void
folders_only(void **state)
{
	char folder[] = "/tmp/sandbox-test.XXXXXX";
	int rc;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(inside, sizeof(inside), "%s/in/file", folder);
	(void)snprintf(outside, sizeof(outside), "%s/in", folder);
	assert_int_equal(mkdir(outside, 0700), 0);
	(void)snprintf(outside, sizeof(outside), "%s/file", folder);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    close(open(i == 0 ? inside : outside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)),
		    0);
	rc = apart(in_folders);
	assert_true(rc == 0 || rc == 77);
	rc = apart(names_alone);
	assert_true(rc == 0 || rc == 77);
	(void)unlink(inside);
	(void)unlink(outside);
	inside[strlen(inside) - strlen("/file")] = '\0';
	(void)rmdir(inside);
	(void)rmdir(folder);
	if (rc == 77)
		skip();
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
	    cmocka_unit_test(folders_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
