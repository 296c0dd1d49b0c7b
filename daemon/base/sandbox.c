#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/machine.h"

#ifndef PAMOJA_ALLOW_DUMPS
#define PAMOJA_ALLOW_DUMPS 0
#endif

void
sandbox_basics(void)
{
	struct rlimit none = {0, 0};

	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk, not an end */
	if (!PAMOJA_ALLOW_DUMPS) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	}
}

static enum pmj_code
filter_calls(bool network, struct pmj_error *err)
{
	const struct scmp_arg_cmp not_unix = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
	scmp_filter_ctx filter = NULL;
	static const int never[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(bpf),
	    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(kexec_load),
	    SCMP_SYS(init_module), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	    SCMP_SYS(keyctl), SCMP_SYS(io_uring_setup)};
	int bad = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return pmj_fail_errno(err, errno, "cannot give up", "privileges");
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		return pmj_fail(err, PMJ_NO_MEMORY, "cannot make the system call filter");
	if (!network)
		bad |= seccomp_rule_add_array(
		    filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, &not_unix);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), never[i], 0);
	if (!PAMOJA_ALLOW_DUMPS)
		bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ptrace), 0);
	if (bad == 0)
		bad = seccomp_load(filter);
	seccomp_release(filter);
	if (bad != 0)
		return pmj_fail(
		    err, PMJ_FAILED, "cannot load the system call filter: %s", strerror(-bad));
	return PMJ_OK;
}

enum pmj_code
sandbox_no_network(struct pmj_error *err)
{
	return filter_calls(false, err);
}

enum pmj_code
sandbox_no_programs(struct pmj_error *err)
{
	return filter_calls(true, err);
}

#define FOLDER_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FOLDER_WRITE                                                                               \
	(FOLDER_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |             \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                         \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                           \
	    LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
/* From ABI 3 on (Linux 6.2); without it truncate() reaches every file of the user. */
#define ACCESS_TRUNCATE (1ULL << 14)
#define TRUNCATE_ABI 3
/* The first Landlock forbids every rename from one folder to another, which git needs: ABI 2. */
#define LANDLOCK_ABI_MIN 2

static int
allow_folder(int ruleset, const char *path, unsigned long long access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat st;
	int rc;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &=
		    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
	rc = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.parent_fd);
	return rc;
}

struct access {
	const char *const *folders;
	size_t count;
	unsigned long long what;
};

static enum pmj_code
restrict_to(bool *in_force, const struct access *access, size_t count, struct pmj_error *err)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = FOLDER_WRITE};
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset;
	int bad = 0;

	*in_force = false;
	if (version < LANDLOCK_ABI_MIN)
		return PMJ_OK; /* as below */
	if (version >= TRUNCATE_ABI)
		attr.handled_access_fs |= ACCESS_TRUNCATE;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return PMJ_OK; /* this kernel has none; the rest of the hardening stands */
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < access[k].count; i++)
			bad |= allow_folder(
			    ruleset, access[k].folders[i], access[k].what & attr.handled_access_fs);
	if (bad == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		bad = -1;
	if (bad == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		bad = -1;
	(void)close(ruleset);
	if (bad != 0)
		return pmj_fail_errno(err, errno, "cannot restrict", "folders");
	*in_force = true;
	return PMJ_OK;
}

enum pmj_code
sandbox_folders(bool *in_force, const char *const *writable, size_t writable_count,
    const char *const *readable, size_t readable_count, struct pmj_error *err)
{
	const struct access access[] = {{writable, writable_count, FOLDER_WRITE | ACCESS_TRUNCATE},
	    {readable, readable_count, FOLDER_READ}};

	return restrict_to(in_force, access, 2, err);
}

enum pmj_code
sandbox_names(bool *in_force, const char *folder, struct pmj_error *err)
{
	const struct access access = {&folder, 1, LANDLOCK_ACCESS_FS_READ_DIR};

	return restrict_to(in_force, &access, 1, err);
}

void
sandbox_state(struct sandbox_state *out)
{
	struct machine_swap swap;
	struct rlimit locked;
	char line[128];
	int root;
	FILE *status = fopen("/proc/self/status", "re");

	memset(out, 0, sizeof(*out));
	while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
		if (strncmp(line, "NoNewPrivs:\t1", 13) == 0)
			out->no_new_privs = true;
		if (strncmp(line, "Seccomp:\t2", 10) == 0)
			out->seccomp_filter = true;
	}
	if (status != NULL)
		(void)fclose(status);
	out->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
	if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0)
		out->locked_kib =
		    locked.rlim_cur == RLIM_INFINITY ? -1 : (long)(locked.rlim_cur / 1024);
	machine_swap(&swap, "");
	out->swap_on = swap.on;
	out->swap_encrypted = swap.sealed;
	/* The root folder is every user's to list and none of ours: only Landlock refuses it. */
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	out->folders_only = root < 0 && errno == EACCES;
	if (root >= 0)
		(void)close(root);
}
