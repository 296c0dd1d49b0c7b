/* doctor_machine.c - the machine around the home: clock, swap, hibernation, kernel, packages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/within.h"
#include "cli/doctor_inner.h"
#include "cli/packages.h"

/* ---- clock ---- */

#define CLOCK_FIRST_MS 1767225600000LL /* 2026-01-01: Pamoja is not older */
#define CLOCK_LAST_MS 4102444800000LL  /* 2100-01-01 */
#define UNUSED_DAYS 400                /* so long a home may rest before its clock is asked about */

/* The newest change of a file in the home: the clock was at least there once. 0: none. */
static int64_t
newest_file(const struct doctor *d)
{
	char **names, *path;
	int64_t newest = 0;
	size_t count;

	if (fs_list(&names, &count, d->home, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct stat st;

		path = doctor_path(d, names[i]);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    (int64_t)st.st_mtime * 1000 > newest)
			newest = (int64_t)st.st_mtime * 1000;
		free(path);
	}
	fs_list_free(names, count);
	return newest;
}

static void
say_clock(struct doctor *d, int64_t now, int64_t newest)
{
	int64_t hub = json_int(d->inner, "hub_time", 0);
	const json_t *clock = json_obj(d->inner, "clock");
	char set[64], stamp[17];

	(void)snprintf(set, sizeof(set), "%sdate -s 'YEAR-MONTH-DAY HOUR:MINUTE'", doctor_sudo());
	(void)date_stamp(stamp, now, os_real.offset_minutes(NULL, now));
	if (now < CLOCK_FIRST_MS || now > CLOCK_LAST_MS)
		doctor_say(d, DOCTOR_FAIL, set, "the clock says %s, which cannot be", stamp);
	else if (hub > now + DAY_MS)
		doctor_say(d, DOCTOR_FAIL, set,
		    "the clock says %s, but the hub was %lld days further already", stamp,
		    (long long)((hub - now) / DAY_MS));
	else if (clock != NULL && !json_flag(clock, "ok"))
		doctor_say(d, DOCTOR_FAIL, set, "%s", json_str(clock, "message"));
	else if (newest > now + DAY_MS)
		doctor_say(d, DOCTOR_WARN, set,
		    "the clock says %s, but a file here was written %lld days later: it is wrong "
		    "now, or was then",
		    stamp, (long long)((newest - now) / DAY_MS));
	else if (newest > 0 && now > newest + UNUSED_DAYS * DAY_MS)
		doctor_say(d, DOCTOR_WARN, set,
		    "the clock says %s, and nothing was written here for %lld days: is it right?",
		    stamp, (long long)((now - newest) / DAY_MS));
	else
		doctor_say(d, DOCTOR_OK, "", "%s", stamp);
}

void
doctor_clock(struct doctor *d)
{
	say_clock(d, os_now(&os_real), newest_file(d));
}

void
doctor_zone(struct doctor *d)
{
	int64_t now = os_now(&os_real);
	int offset = os_real.offset_minutes(NULL, now);
	const char *zone = getenv("TZ");
	char *path = NULL;

	if (zone != NULL && *zone == ':')
		zone++;
	/* A zone that is not there is taken for UTC without a word. */
	if (zone != NULL && strchr(zone, '/') != NULL)
		path =
		    zone[0] == '/' ? mem_strdup(zone) : mem_printf("/usr/share/zoneinfo/%s", zone);
	if (path != NULL && access(path, R_OK) != 0)
		doctor_say(d, DOCTOR_WARN, "unset TZ",
		    "the time zone %s is not known here, so times are shown in UTC", zone);
	else
		doctor_say(d, DOCTOR_OK, "", "UTC%+03d:%02d", offset / 60, abs(offset % 60));
	free(path);
}

/* ---- what was read may reach the disk ---- */

void
doctor_swap(struct doctor *d)
{
	struct machine_swap swap;

	machine_swap(&swap, d->root);
	if (!swap.on)
		doctor_say(d, DOCTOR_OK, "", "none");
	else if (swap.sealed)
		doctor_say(d, DOCTOR_OK, "", "encrypted, or in memory");
	else
		doctor_tell(d, DOCTOR_WARN, mem_printf("%sswapoff -a", doctor_sudo()),
		    mem_printf(
		        "swap on %s is not encrypted: what was read may reach the disk. Also "
		        "put a # before its line in /etc/fstab",
		        swap.plain));
}

static bool
is_masked(const struct doctor *d, const char *unit)
{
	char *path = mem_printf("%s/etc/systemd/system/%s", d->root, unit), to[64];
	ssize_t len = readlink(path, to, sizeof(to) - 1);

	free(path);
	if (len <= 0)
		return false;
	to[len] = '\0';
	return strcmp(to, "/dev/null") == 0;
}

/* The kernel can, and was told where the image is: by name at start, or as MAJOR:MINOR. */
static char *
resume_device(const struct doctor *d)
{
	char *line = machine_text(d->root, "/proc/cmdline"), *rest = line, *word, *device = NULL;
	char *resume = machine_text(d->root, "/sys/power/resume");

	while ((word = strsep(&rest, " \n")) != NULL)
		if (strncmp(word, "resume=", 7) == 0) {
			free(device);
			device = mem_strdup(word + 7);
		}
	if (device == NULL && resume[0] != '\0' && strncmp(resume, "0:0", 3) != 0) {
		char *link = mem_printf(
		    "%s/sys/dev/block/%.*s", d->root, (int)strcspn(resume, "\n"), resume);

		device = realpath(link, NULL);
		free(link);
	}
	free(resume);
	free(line);
	return device;
}

void
doctor_hibernation(struct doctor *d)
{
	char *disk = machine_text(d->root, "/sys/power/disk"), *device = resume_device(d);

	if (disk[0] == '\0' || strstr(disk, "[disabled]") != NULL)
		doctor_say(d, DOCTOR_OK, "", "this kernel does not hibernate");
	else if (is_masked(d, "hibernate.target"))
		doctor_say(d, DOCTOR_OK, "", "switched off");
	else if (device == NULL)
		doctor_say(d, DOCTOR_OK, "", "no place for it is set");
	else if (machine_sealed(d->root, device))
		doctor_say(d, DOCTOR_OK, "", "on an encrypted disk");
	else
		doctor_tell(d, DOCTOR_WARN,
		    mem_printf("%ssystemctl mask hibernate.target hybrid-sleep.target "
		               "suspend-then-hibernate.target",
		        doctor_sudo()),
		    mem_printf("hibernating would write all memory to %s, which is not encrypted",
		        device));
	free(device);
	free(disk);
}

/* ---- kernel ---- */

void
doctor_kernel(struct doctor *d)
{
	char *spaces = machine_text(d->root, "/proc/sys/user/max_user_namespaces");
	char *ours = machine_text(d->root, "/proc/sys/kernel/unprivileged_userns_clone");
	bool off = strncmp(spaces, "0\n", 2) == 0 || strncmp(ours, "0\n", 2) == 0;
	unsigned major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		doctor_say(d, DOCTOR_WARN, "", "the kernel does not tell its version");
	else if (major < 5 || (major == 5 && minor < 19))
		doctor_say(d, DOCTOR_WARN, "install Debian 12 or newer",
		    "kernel %s cannot keep a program to its folders (Landlock came with 5.19)",
		    name.release);
	else
		doctor_say(d, DOCTOR_OK, "", "%s%s", name.release,
		    off ? "; user namespaces are off, so systemd's walls are thinner and Pamoja's "
		          "own stand in"
		        : "");
	free(ours);
	free(spaces);
}

/* ---- packages ---- */

/* What a library that runs says of itself holds no patches: equal is not enough to be sure. */
static void
judge_library(struct doctor *d, const struct package_need *need, const char *own)
{
	char least[64];
	int order;

	packages_upstream(least, sizeof(least), need->least);
	order = packages_compare(own, least);
	if (order < 0)
		doctor_say(d, DOCTOR_FAIL, "install a newer one from your system's packages",
		    "%s %s is too old; it takes %s", need->name, own, least);
	else if (order == 0)
		doctor_say(d, DOCTOR_WARN, "install your system's updates",
		    "%s %s: whether it has the patches of Debian's %s cannot be told here",
		    need->name, own, need->least);
	else
		doctor_say(d, DOCTOR_OK, "", "%s %s", need->name, own);
}

/* Without dpkg: what the daemon runs with, where it can tell. */
static void
say_libraries(struct doctor *d)
{
	const json_t *libraries = json_obj(d->status, "libraries");
	const char *sqlite = json_str(libraries, "sqlite"), *sodium = json_str(libraries, "sodium");

	for (size_t i = 0; i < packages_needed_count; i++) {
		const struct package_need *need = &packages_needed[i];
		const char *own = strcmp(need->name, "sqlite3") == 0     ? sqlite
		                  : strcmp(need->name, "libsodium") == 0 ? sodium
		                                                         : NULL;

		if (own != NULL)
			judge_library(d, need, own);
	}
	if (sqlite == NULL)
		doctor_say(d, DOCTOR_OK, "", "no dpkg here, and no daemon to ask");
}

static void
say_packages(struct doctor *d, const char *list)
{
	bool listed = false;
	struct buf good;
	char version[128];

	buf_init(&good, 0);
	for (size_t i = 0; i < packages_needed_count; i++) {
		const struct package_need *need = &packages_needed[i];

		if (!packages_find(version, sizeof(version), list, need))
			continue; /* built otherwise; libssh2 comes only with some libgit2 */
		listed = true;
		if (packages_compare(version, need->least) < 0)
			doctor_tell(d, DOCTOR_FAIL,
			    mem_printf("%sapt-get update && %sapt-get upgrade", doctor_sudo(),
			        doctor_sudo()),
			    mem_printf(
			        "%s %s is too old: it takes %s", need->name, version, need->least));
		else
			buf_putf(&good, "%s%s %s", good.len > 0 ? ", " : "", need->name, version);
	}
	if (good.len > 0)
		doctor_say(d, DOCTOR_OK, "", "%s", buf_text(&good));
	else if (!listed)
		say_libraries(d);
	buf_close(&good);
}

void
doctor_packages(struct doctor *d)
{
	const char *argv[16] = {"dpkg-query", "-W", "-f", PACKAGES_FORMAT};
	struct buf list;

	for (size_t i = 0; i < packages_needed_count; i++)
		argv[4 + i] = packages_needed[i].pattern;
	buf_init(&list, 64 * 1024);
	(void)within_program(&list, DOCTOR_WAIT_MS, argv);
	say_packages(d, buf_text(&list));
	buf_close(&list);
}
