/* doctor_daemon.c - the programs that should run: do they, do they answer, are they the installed
 * ones, and what holds them in. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/machine.h"
#include "base/mem.h"
#include "cli/doctor_inner.h"
#include "cli/start.h"
#include "pamoja/api.h"

/* Of systemd's, and then it is systemd that starts and ends it. */
static bool
is_unit(const struct doctor *d, pid_t pid)
{
	char path[64], *text;
	bool unit;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	text = machine_text(d->root, path);
	unit = strstr(text, "pamojad.service") != NULL;
	free(text);
	return unit;
}

/* What ends this daemon for a new one; the next command starts it, or systemd does at once. */
static char *
restart(const struct doctor *d, pid_t pid)
{
	return is_unit(d, pid) ? mem_strdup("systemctl --user restart pamojad")
	                       : mem_printf("kill %d", (int)pid);
}

/* ---- does it answer ---- */

/* Who holds HOME/lock; 0 for nobody. */
static pid_t
lock_holder(const struct doctor *d)
{
	char *path = doctor_path(d, "lock"), *locks = machine_text(d->root, "/proc/locks");
	struct machine_mount mount;
	char device[32] = "";
	struct stat st;
	pid_t holder = 0;

	if (stat(path, &st) == 0) {
		/* These two show stat another device than the one they lock on. */
		if (!machine_mount(&mount, d->root, d->home) ||
		    (strcmp(mount.type, "btrfs") != 0 && strcmp(mount.type, "overlay") != 0))
			(void)snprintf(device, sizeof(device), "%02x:%02x", major(st.st_dev),
			    minor(st.st_dev));
		holder = machine_locks_holder(locks, st.st_ino, device);
	}
	free(locks);
	free(path);
	return holder;
}

/* It holds the home, but gives no answer. */
static void
say_stuck(struct doctor *d, const struct machine_process *process)
{
	if (process->state == 'T' || process->state == 't')
		doctor_tell(d, DOCTOR_FAIL, mem_printf("kill -CONT %d", (int)process->pid),
		    mem_printf(
		        "pamojad (process %d) was stopped and does not answer", (int)process->pid));
	else if (process->state == 'D')
		doctor_tell(d, DOCTOR_FAIL,
		    mem_strdup("look after the disk of the home: is it still connected?"),
		    mem_printf("pamojad (process %d) waits for the disk", (int)process->pid));
	else
		doctor_tell(d, DOCTOR_FAIL, restart(d, process->pid),
		    mem_printf("pamojad (process %d) gives no answer: %s. What was answered with "
		               "\"Saved\" is safe",
		        (int)process->pid, d->silent.message));
}

static void
say_not_running(struct doctor *d)
{
	char *socket = doctor_path(d, PMJ_API_SOCKET), *quoted = doctor_quoted(d->home);
	char *program = doctor_program("pamojad");
	bool left = fs_exists(&os_real, socket);

	doctor_tell(d, d->made ? DOCTOR_WARN : DOCTOR_OK,
	    mem_printf("%s --home %s", program, quoted),
	    mem_printf("pamojad is not running%s",
	        left ? "; it did not end by itself, but nothing that was saved is lost" : ""));
	free(program);
	free(quoted);
	free(socket);
}

void
doctor_daemon(struct doctor *d)
{
	struct machine_process process;
	pid_t holder;

	if (d->status != NULL) {
		doctor_say(d, DOCTOR_OK, "", "pamojad answers (process %d)", (int)d->pid);
		return;
	}
	holder = lock_holder(d);
	if (holder <= 0)
		holder = d->pid;
	if (!machine_process(&process, d->root, holder)) {
		say_not_running(d);
	} else if (strcmp(process.name, "pamojad") == 0) {
		d->pid = process.pid;
		say_stuck(d, &process);
	} else {
		doctor_tell(d, DOCTOR_FAIL, mem_printf("kill %d", (int)process.pid),
		    mem_printf("another program (%s, process %d) holds the lock of the home",
		        process.name, (int)process.pid));
	}
}

/* ---- which one is it ---- */

/* The file pamojad beside us was put there after this process began. */
static bool
was_replaced(const struct doctor *d)
{
	char *path = start_beside("pamojad");
	int64_t start = machine_process_start(d->root, d->pid);
	struct stat st;
	bool newer = path != NULL && start > 0 && stat(path, &st) == 0 &&
	             (int64_t)st.st_ctime * 1000 > start + 2000;

	free(path);
	return newer;
}

void
doctor_version(struct doctor *d)
{
	const char *version = json_str(d->status, "version");

	if (d->status == NULL)
		doctor_say(d, DOCTOR_OK, "", "pamoja %s", PAMOJA_VERSION);
	else if (version == NULL || strcmp(version, PAMOJA_VERSION) != 0)
		doctor_tell(d, DOCTOR_WARN, restart(d, d->pid),
		    mem_printf(
		        "pamojad %s is still running, and pamoja is %s: end it, and the next "
		        "command starts the new one",
		        version != NULL ? version : "of an unknown version", PAMOJA_VERSION));
	else if (was_replaced(d))
		doctor_tell(d, DOCTOR_WARN, restart(d, d->pid),
		    mem_strdup(
		        "pamojad was replaced on the disk since it was started: end it, and the "
		        "next command starts the new one"));
	else
		doctor_say(d, DOCTOR_OK, "", "pamoja and pamojad %s", PAMOJA_VERSION);
}

/* ---- the carrier ---- */

static bool
find_carrier(struct machine_process *carrier, bool *starter, const struct doctor *d)
{
	struct machine_process one;
	bool found = false;
	pid_t *pids;
	size_t count = machine_pids(&pids, d->root);

	*starter = false;
	for (size_t i = 0; i < count; i++) {
		if (!machine_process(&one, d->root, pids[i]) || one.state == 'Z')
			continue;
		if (strcmp(one.name, "pamoja-starter") == 0 && one.parent == d->pid)
			*starter = true;
		if (strcmp(one.name, "pamoja-carry") == 0 &&
		    machine_process_has(d->root, one.pid, "--home", d->home) &&
		    (!found || one.state == 'T' || one.state == 't')) {
			*carrier = one; /* of its two processes the one that stands still */
			found = true;
		}
	}
	free(pids);
	return found;
}

static char *
start_carrier(const struct doctor *d)
{
	char *program, *quoted, *mend;

	if (is_unit(d, d->pid))
		return mem_strdup("systemctl --user restart pamoja-carry");
	program = doctor_program("pamoja-carry");
	quoted = doctor_quoted(d->home);
	mend = mem_printf("setsid -f %s --home %s >/dev/null 2>&1", program, quoted);
	free(quoted);
	free(program);
	return mend;
}

void
doctor_carrier(struct doctor *d)
{
	struct machine_process carrier = {0};
	bool starter, runs;

	if (d->status == NULL)
		return;
	runs = find_carrier(&carrier, &starter, d);
	if (runs && (carrier.state == 'T' || carrier.state == 't'))
		doctor_tell(d, DOCTOR_FAIL, mem_printf("kill -CONT %d", (int)carrier.pid),
		    mem_printf("the carrier (process %d) was stopped: nothing is exchanged",
		        (int)carrier.pid));
	else if (json_flag(d->status, "carrier"))
		doctor_say(d, DOCTOR_OK, "", "pamoja-carry is connected");
	else if (starter)
		doctor_say(d, DOCTOR_WARN,
		    "wait a minute, then look again: it is started anew by itself",
		    "the carrier is not connected at this moment");
	else if (runs)
		doctor_tell(d, DOCTOR_FAIL, mem_printf("kill %d", (int)carrier.pid),
		    mem_printf("the carrier (process %d) runs, but pamojad does not hear it",
		        (int)carrier.pid));
	else
		doctor_tell(d, DOCTOR_FAIL, start_carrier(d),
		    mem_strdup(
		        "the carrier (pamoja-carry) is not running: records are safe here, but "
		        "nothing is exchanged"));
}

/* ---- what holds them in ---- */

/* Adds to the list what the kernel does not have in force for a process. */
static void
list_missing(struct buf *missing, const struct machine_process *process, bool keys)
{
	static const char comma[] = ", ";
	bool root = process->privileges != 0;

	if (keys && !process->no_new_privs)
		buf_putf(missing, "%sno-new-privileges", missing->len > 0 ? comma : "");
	if (keys && !process->filtered)
		buf_putf(missing, "%sthe system call filter", missing->len > 0 ? comma : "");
	if (!process->core_limit_zero)
		buf_putf(missing, "%sno core files", missing->len > 0 ? comma : "");
	if (root)
		buf_putf(
		    missing, "%sno privileges (it runs as root)", missing->len > 0 ? comma : "");
}

/* Only the programs can see it of themselves. */
static void
list_fence(struct buf *missing, const json_t *hardening, const char *key)
{
	if (json_is_false(json_object_get(hardening, key)))
		buf_putf(missing, "%sits folders only (Landlock)", missing->len > 0 ? ", " : "");
}

/* What only the daemon can see of itself. */
static void
list_own(struct buf *missing, const struct doctor *d)
{
	static const struct {
		const char *key, *words;
		bool open; /* known once a journal was opened */
	} own[] = {
	    {"dumps_off", "no memory dumps", false},
	    {"cache_locked", "a page cache locked in memory", true},
	};
	const json_t *hardening = json_obj(d->status, "hardening");

	list_fence(missing, hardening, "folders_only");
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (json_is_false(json_object_get(hardening, own[i].key)) &&
		    (!own[i].open || doctor_open(d)))
			buf_putf(missing, "%s%s", missing->len > 0 ? ", " : "", own[i].words);
}

static void
say_process(struct doctor *d, const struct machine_process *process, const struct buf *missing)
{
	if (missing->len == 0)
		doctor_say(d, DOCTOR_OK, "", "%s: all that was asked is in force", process->name);
	else
		doctor_tell(d, DOCTOR_WARN,
		    mem_strdup(process->privileges != 0
		                   ? "run Pamoja as a user of its own, not as root"
		                   : "look at `pamoja --json status`, then ask whoever set up this "
		                     "machine"),
		    mem_printf("%s: not in force: %s", process->name, buf_text(missing)));
}

void
doctor_hardening(struct doctor *d)
{
	struct machine_process process;
	struct buf missing;
	bool starter;

	if (d->pid == 0)
		return;
	buf_init(&missing, 0);
	if (machine_process(&process, d->root, d->pid)) {
		list_missing(&missing, &process, true);
		list_own(&missing, d);
		say_process(d, &process, &missing);
	} else {
		doctor_say(d, DOCTOR_WARN, "", "process %d cannot be seen from here", (int)d->pid);
	}
	buf_clear(&missing);
	if (find_carrier(&process, &starter, d)) {
		list_missing(&missing, &process, false);
		list_fence(&missing, json_obj(d->status, "hardening"), "carrier_folders_only");
		say_process(d, &process, &missing);
	}
	buf_close(&missing);
}

/* ---- kinds and words ---- */

static const char install[] =
    "install Pamoja's files again, or say where they are: PAMOJA_CONF=DIR";

/* How many declarations of kinds are there; err tells of the first that is no INI file. */
static size_t
read_kinds(const char *conf, struct pmj_error *err)
{
	char *dir = fs_join(conf, "kinds"), **names;
	size_t count, kinds = 0;

	if (fs_list(&names, &count, dir, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		char *path = fs_join(dir, names[i]);
		size_t len = strlen(names[i]);
		struct conf read;

		if (len > 4 && strcmp(names[i] + len - 4, ".ini") == 0) {
			kinds++;
			if (conf_read(&read, &os_real, path, err->code == PMJ_OK ? err : NULL) ==
			    PMJ_OK)
				conf_close(&read);
		}
		free(path);
	}
	fs_list_free(names, count);
	free(dir);
	return kinds;
}

void
doctor_kinds(struct doctor *d)
{
	static const char *const words[] = {
	    "words/en.txt", "words/sw.txt", "words/common-passphrases.txt"};
	const char *conf = conf_dir(), *missing = NULL;
	const char *warning = json_str(d->inner, "kinds_warning");
	struct pmj_error err = {0};
	size_t kinds = read_kinds(conf, &err);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char *path = fs_join(conf, words[i]);

		if (access(path, R_OK) != 0 && missing == NULL)
			missing = words[i];
		free(path);
	}
	if (warning != NULL && *warning != '\0')
		doctor_say(
		    d, DOCTOR_WARN, "correct that file, then start Pamoja again", "%s", warning);
	else if (err.code != PMJ_OK)
		doctor_say(d, DOCTOR_WARN, err.hint[0] != '\0' ? err.hint : "correct that file",
		    "%s", err.message);
	else if (kinds == 0)
		doctor_say(d, DOCTOR_FAIL, install, "there are no kinds of records in %s", conf);
	else if (missing != NULL)
		doctor_say(d, DOCTOR_FAIL, install, "%s is not in %s", missing, conf);
	else
		doctor_say(d, DOCTOR_OK, "", "%zu kinds and the word lists in %s", kinds, conf);
}
