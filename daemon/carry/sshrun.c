#include "carry/sshrun.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sandbox.h"
#include "base/text.h"

#define PROGRAM "/usr/bin/ssh"

struct order {
	uint32_t which;
	uint32_t program;
};

struct runner {
	const struct sshrun_host *hosts;
	size_t count;
	int orders;
	pid_t ssh;    /* the one that runs */
	int files[2]; /* what it reads, whenever it wants to: its key, and how the host is known */
};

/* ---- in the process that runs ssh ---- */

/* A file that is nowhere but in memory. */
static int
memory_file(const char *name, const char *first, const char *second)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	/* ssh refuses a key that others might read. */
	if (fd >= 0 &&
	    (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || dprintf(fd, "%s%s\n", first, second) < 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* ssh closes what it inherits, so it opens our memory by the name that we have there. */
static char *
name_of(int fd)
{
	return mem_printf("/proc/%d/fd/%d", (int)getpid(), fd);
}

/* What the other end's shell is told. Nothing in a path that address.h lets through means anything
 * to it. */
static char *
command_of(const struct address *at, const struct sshrun_host *host, uint32_t program)
{
	char hex[2 * PMJ_MAILBOX_BYTES + 1];

	if (program == SSHRUN_GATE)
		return mem_strdup("pamoja-gate");
	return mem_printf("%s '%s%s%s.git'",
	    program == SSHRUN_UPLOAD ? "git-upload-pack" : "git-receive-pack", at->path,
	    at->path[0] != '\0' ? "/" : "", text_hex(hex, host->mailbox, PMJ_MAILBOX_BYTES));
}

/* Nothing of the machine's and the person's settings steers it; each list of methods has one that
 * every server of the last ten years has, because the lists go over the air. A link on which nobody
 * answers is noticed after 30 s. */
static char **
arguments(const struct address *at, const char *key, const char *known, char *command)
{
	static const char *const always[] = {"ssh", "-F", "none", "-T", "-a", "-x",
	    "-oBatchMode=yes", "-oLogLevel=VERBOSE", "-oStrictHostKeyChecking=yes",
	    "-oGlobalKnownHostsFile=none", "-oHostKeyAlias=pamoja",
	    "-oHostKeyAlgorithms=ssh-ed25519", "-oCheckHostIP=no", "-oUpdateHostKeys=no",
	    "-oVerifyHostKeyDNS=no", "-oIdentitiesOnly=yes", "-oIdentityAgent=none",
	    "-oPreferredAuthentications=publickey", "-oPubkeyAcceptedAlgorithms=ssh-ed25519",
	    "-oKexAlgorithms=curve25519-sha256,curve25519-sha256@libssh.org",
	    "-oCiphers=chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
	    "-oMACs=hmac-sha2-256-etm@openssh.com,hmac-sha2-256", "-oCompression=no",
	    "-oClearAllForwardings=yes", "-oPermitLocalCommand=no", "-oControlMaster=no",
	    "-oControlPath=none", "-oProxyCommand=none", "-oEscapeChar=none",
	    "-oConnectionAttempts=1", "-oConnectTimeout=30", "-oTCPKeepAlive=yes",
	    "-oServerAliveInterval=10", "-oServerAliveCountMax=3"};
	size_t count = sizeof(always) / sizeof(*always);
	char **out = mem_array(count + 10, sizeof(*out));

	for (size_t i = 0; i < count; i++)
		out[i] = mem_strdup(always[i]);
	out[count++] = mem_printf("-oUserKnownHostsFile=%s", known);
	out[count++] = mem_printf("-oIdentityFile=%s", key);
	out[count++] = mem_printf("-p%s", at->port);
	out[count++] = mem_printf("-l%s", at->user);
	out[count++] = mem_strdup("--");
	out[count++] = mem_strdup(at->host);
	out[count++] = command;
	out[count] = NULL;
	return out;
}

static _Noreturn void
become_ssh(char **argv, int talk, int says)
{
	static char *const environment[] = {(char *)"LC_ALL=C", (char *)"PATH=/usr/bin:/bin", NULL};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(talk, 0) == 0 && dup2(talk, 1) == 1 && dup2(says, 2) == 2)
		(void)execve(PROGRAM, argv, environment);
	(void)dprintf(says, "pamoja-carry: cannot run ssh: %s\n", strerror(errno));
	_exit(127);
}

static void
end_ssh(struct runner *runner)
{
	for (int i = 0; i < 2; i++) {
		(void)close(runner->files[i]);
		runner->files[i] = -1;
	}
	if (runner->ssh <= 0)
		return;
	(void)kill(runner->ssh, SIGKILL);
	(void)waitpid(runner->ssh, NULL, 0);
	runner->ssh = 0;
}

static bool
run_ssh(struct runner *runner, const struct order *order, int talk, int says)
{
	const struct sshrun_host *host = &runner->hosts[order->which];
	struct address at;
	char *key, *known;
	char **argv;

	if (address_read(&at, host->url, NULL) != PMJ_OK || at.way != ADDRESS_SSH)
		return false;
	runner->files[0] = memory_file("key", host->key, "");
	runner->files[1] = memory_file("known", "pamoja ", host->pin);
	if (runner->files[0] < 0 || runner->files[1] < 0)
		return false;
	key = name_of(runner->files[0]);
	known = name_of(runner->files[1]);
	argv = arguments(&at, key, known, command_of(&at, host, order->program));
	runner->ssh = fork();
	if (runner->ssh == 0)
		become_ssh(argv, talk, says);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
	free(key);
	free(known);
	return runner->ssh > 0;
}

/* One message with the two ends that we do not need, or one byte that says it failed. */
static void
answer(int orders, const int *ends)
{
	char good = ends != NULL ? 1 : 0;
	struct iovec byte = {&good, 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1};

	if (ends != NULL) {
		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(&control.head), ends, 2 * sizeof(int));
	}
	(void)sendmsg(orders, &message, MSG_NOSIGNAL);
}

static void
obey(struct runner *runner, const struct order *order)
{
	int talk[2] = {-1, -1}, says[2] = {-1, -1};

	end_ssh(runner);
	if (order->which < runner->count && order->program < SSHRUN_PROGRAMS &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) == 0 &&
	    pipe2(says, O_CLOEXEC) == 0 && run_ssh(runner, order, talk[1], says[1]))
		answer(runner->orders, (const int[]){talk[0], says[0]});
	else
		answer(runner->orders, NULL);
	for (int i = 0; i < 2; i++) {
		(void)close(talk[i]);
		(void)close(says[i]);
	}
}

static _Noreturn void
serve(struct runner *runner)
{
	static const char *const writable[] = {"/dev/null"};
	static const char *const readable[] = {"/usr", "/lib", "/etc", "/run/systemd/resolve"};
	struct order order;
	bool in_force;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	if (sandbox_folders(&in_force, writable, 1, readable, 4, NULL) != PMJ_OK)
		_exit(1);
	/* So that ssh may open what it is to read by way of our descriptors. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	while (recv(runner->orders, &order, sizeof(order), 0) == (ssize_t)sizeof(order))
		obey(runner, &order);
	end_ssh(runner);
	_exit(0);
}

/* ---- in the process that asks for it ---- */

enum pmj_code
sshrun_start(
    struct sshrun *out, const struct sshrun_host *hosts, size_t count, struct pmj_error *err)
{
	struct runner runner = {.hosts = hosts, .count = count, .files = {-1, -1}};
	int pair[2];

	*out = (struct sshrun){0, -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return pmj_fail_errno(err, errno, "cannot make", "a socket");
	out->pid = fork();
	if (out->pid == 0) {
		(void)close(pair[0]);
		runner.orders = pair[1];
		serve(&runner);
	}
	(void)close(pair[1]);
	if (out->pid < 0) {
		int why = errno;

		(void)close(pair[0]);
		out->pid = 0;
		return pmj_fail_errno(err, why, "cannot start", "the process that runs ssh");
	}
	out->fd = pair[0];
	return PMJ_OK;
}

static bool
take_ends(int fd, int ends[2])
{
	char good = 0;
	struct iovec byte = {&good, 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &byte,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};

	memset(&control, 0, sizeof(control));
	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1 || good != 1 ||
	    control.head.cmsg_type != SCM_RIGHTS ||
	    control.head.cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return false;
	memcpy(ends, CMSG_DATA(&control.head), 2 * sizeof(int));
	return true;
}

enum pmj_code
sshrun_connect(struct sshrun *run, size_t which, enum sshrun_program program,
    struct sshrun_ends *out, struct pmj_error *err)
{
	struct order order = {(uint32_t)which, program};
	int ends[2];

	if (send(run->fd, &order, sizeof(order), MSG_NOSIGNAL) != (ssize_t)sizeof(order) ||
	    !take_ends(run->fd, ends))
		return pmj_fail(err, PMJ_FAILED, "ssh cannot be started");
	for (int i = 0; i < 2; i++)
		(void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
	*out = (struct sshrun_ends){ends[0], ends[1]};
	return PMJ_OK;
}

void
sshrun_stop(struct sshrun *run)
{
	if (run->pid <= 0)
		return;
	(void)close(run->fd);
	(void)kill(run->pid, SIGKILL);
	(void)waitpid(run->pid, NULL, 0);
	run->pid = 0;
}
