#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/core.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "starter.h"

struct daemon {
	struct loop *loop;
	struct core core;
	bool core_started;
	struct server *server;
	struct starter *starter;
	int lock_fd;
};

/* Backups made by others leave the home alone: its keys must never be copied (4.3). */
static void
mark_home(const char *home)
{
	static const char tag[] =
	    "Signature: 8a477f597d28d172789f06886806bc55\n"
	    "# Pamoja keeps sealed records here; back them up with: pamoja backup FILE\n";
	char *path = fs_join(home, "CACHEDIR.TAG");
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags;

	if (!fs_exists(&os_real, path) &&
	    fs_write(&os_real, path, tag, sizeof(tag) - 1, NULL) != PMJ_OK)
		diag("the home could not be marked with CACHEDIR.TAG");
	if (fd >= 0) {
		if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
			flags |= FS_NODUMP_FL;
			(void)ioctl(fd, FS_IOC_SETFLAGS, &flags); /* not every file system has it */
		}
		(void)close(fd);
	}
	free(path);
}

/* One process a home, for life; the file says who. */
static enum pmj_code
take_lock(struct daemon *daemon, const char *home, struct pmj_error *err)
{
	char *path = fs_join(home, "lock");
	char holder[32] = "";
	enum pmj_code rc = PMJ_OK;
	ssize_t len;

	daemon->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (daemon->lock_fd < 0) {
		rc = pmj_fail_errno(err, errno, "cannot open", path);
	} else if (flock(daemon->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		len = pread(daemon->lock_fd, holder, sizeof(holder) - 1, 0);
		holder[len > 0 ? strcspn(holder, "\n") : 0] = '\0';
		rc = pmj_fail(err, PMJ_BUSY, "this home is in use by pamojad, process %s",
		    holder[0] != '\0' ? holder : "unknown");
		pmj_hint(err, "use that one, or end it first: kill %s",
		    holder[0] != '\0' ? holder : "PID");
	} else {
		int n = snprintf(holder, sizeof(holder), "%d\n", (int)getpid());

		if (ftruncate(daemon->lock_fd, 0) != 0 ||
		    pwrite(daemon->lock_fd, holder, (size_t)n, 0) != n)
			rc = pmj_fail_errno(err, errno, "cannot write", path);
	}
	free(path);
	return rc;
}

static enum pmj_code
prepare_home(struct daemon *daemon, const char *home, struct pmj_error *err)
{
	char *run = fs_join(home, "run");
	enum pmj_code rc;

	if ((rc = fs_make_dir(&os_real, home, err)) == PMJ_OK &&
	    (rc = fs_check_private(&os_real, home, err)) == PMJ_OK &&
	    (rc = take_lock(daemon, home, err)) == PMJ_OK)
		rc = fs_make_dir(&os_real, run, err);
	if (rc == PMJ_OK)
		mark_home(home);
	free(run);
	return rc;
}

static enum pmj_code
make_folders(const char *home, struct pmj_error *err)
{
	static const char *const names[] = {"spool", "spool/out", "spool/in", "carry", "locked"};
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && rc == PMJ_OK; i++) {
		char *path = fs_join(home, names[i]);

		rc = fs_make_dir(&os_real, path, err);
		free(path);
	}
	return rc;
}

static void
stop(void *ctx)
{
	loop_stop(((struct daemon *)ctx)->loop);
}

/* From here on: no network, no new programs, and only this home on the disk. */
static enum pmj_code
shut_doors(const struct daemon *daemon, struct pmj_error *err)
{
	const char *writable[] = {daemon->core.home, "/dev/null", "/dev/urandom"};
	const char *readable[] = {
	    daemon->core.conf, "/proc", "/sys", "/etc", "/usr", "/lib", "/dev"};
	bool in_force;
	enum pmj_code rc;

	rc = sandbox_folders(&in_force, writable, sizeof(writable) / sizeof(*writable), readable,
	    sizeof(readable) / sizeof(*readable), err);
	if (rc == PMJ_OK && !in_force)
		diag("this kernel has no Landlock; the other hardening is in force");
	return rc == PMJ_OK ? sandbox_no_network(err) : rc;
}

/* A disk so full that not even the cookie fits: what is kept back for the next record lets it be
 * recorded (6.5). */
static enum pmj_code
serve(struct daemon *daemon, const struct server_setup *setup, struct pmj_error *err)
{
	enum pmj_code rc = server_new(&daemon->server, setup, err);
	char *reserve = fs_join(setup->home, "reserve");

	if (rc == PMJ_FULL && unlink(reserve) == 0) {
		diag("the disk is full: the reserve was given up to start");
		rc = server_new(&daemon->server, setup, err);
	}
	free(reserve);
	return rc;
}

enum pmj_code
daemon_new(struct daemon **out, const struct daemon_options *options, struct pmj_error *err)
{
	struct daemon *daemon = mem_new(sizeof(*daemon));
	struct server_setup setup = {.home = options->home, .os = &os_real, .handle = core_handle};
	char *log = fs_join(options->home, "log");
	enum pmj_code rc;

	*out = NULL;
	daemon->lock_fd = -1;
	if ((rc = prepare_home(daemon, options->home, err)) != PMJ_OK)
		goto out;
	if (!options->no_carry && (rc = starter_new(&daemon->starter, options->home,
	                               !options->foreground, err)) != PMJ_OK)
		goto out;
	diag_open("pamojad", log, options->foreground);
	daemon->loop = loop_new();
	if ((rc = make_folders(options->home, err)) != PMJ_OK)
		goto out;
	daemon->core_started = true;
	if ((rc = core_start(&daemon->core, daemon->loop, &os_real, options->home, err)) != PMJ_OK)
		goto out;
	setup.loop = daemon->loop;
	setup.ctx = &daemon->core;
	if ((rc = serve(daemon, &setup, err)) != PMJ_OK)
		goto out;
	if ((rc = shut_doors(daemon, err)) != PMJ_OK)
		goto out;
	loop_signal(daemon->loop, SIGTERM, stop, daemon);
	loop_signal(daemon->loop, SIGINT, stop, daemon);
	diag("serving");
	*out = daemon;
	daemon = NULL;
out:
	free(log);
	daemon_free(daemon);
	return rc;
}

void
daemon_run(struct daemon *daemon)
{
	loop_run(daemon->loop);
	diag("ending");
}

void
daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	server_shut(daemon->server);
	if (daemon->core_started)
		core_end(&daemon->core); /* answers who still waits */
	server_free(daemon->server);
	starter_free(daemon->starter);
	loop_free(daemon->loop);
	if (daemon->lock_fd >= 0)
		(void)close(daemon->lock_fd);
	diag_close();
	free(daemon);
}
