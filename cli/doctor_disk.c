/* doctor_disk.c - where the home lies: room, kind of file system, encryption, synced folders. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/machine.h"
#include "base/mem.h"
#include "cli/doctor_inner.h"

#define MIB (1024ULL * 1024)
#define SPACE_FAIL (8 * MIB)
#define SPACE_WARN (64 * MIB)
#define NAMES_FAIL 50 /* inodes */
#define NAMES_WARN 1000

static const char free_some[] =
    "move or delete large files of your own on this disk, 100 MB or more";

/* Where the kernel says the home lies; "the disk" and no device when it does not. */
static void
find_mount(struct machine_mount *out, const struct doctor *d)
{
	if (!machine_mount(out, d->root, d->home))
		(void)snprintf(out->point, sizeof(out->point), "/");
}

void
doctor_space(struct doctor *d)
{
	unsigned long long bytes, names;
	struct statvfs disk;

	if (statvfs(d->home, &disk) != 0) {
		doctor_say(d, DOCTOR_WARN, "", "the disk cannot be asked: %s", strerror(errno));
		return;
	}
	bytes = (unsigned long long)disk.f_bavail * disk.f_frsize;
	names = disk.f_files > 0 ? disk.f_favail : NAMES_WARN; /* btrfs has no count of them */
	if (bytes < SPACE_FAIL)
		doctor_say(
		    d, DOCTOR_FAIL, free_some, "the disk is full: %llu KiB are free", bytes / 1024);
	else if (names < NAMES_FAIL)
		doctor_say(d, DOCTOR_FAIL,
		    "move or delete files of your own, many small ones first",
		    "the disk takes no more files: room for %llu", names);
	else if (bytes < SPACE_WARN || names < NAMES_WARN)
		doctor_say(d, DOCTOR_WARN, free_some,
		    "the disk is nearly full: %llu MiB are free, room for %llu files", bytes / MIB,
		    names);
	else
		doctor_say(d, DOCTOR_OK, "", "%llu MiB are free", bytes / MIB);
}

/* A file without a name, written and synced: what the disk, a quota or a limit really allow. */
static int
try_to_write(const char *home)
{
	char bytes[16 * 1024];
	ssize_t done = 0;
	int fd = open(home, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	int errnum = 0;

	if (fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR ? 0 : errno;
	memset(bytes, 0xa5, sizeof(bytes));
	while (errnum == 0 && done < (ssize_t)MIB) {
		ssize_t put = write(fd, bytes, sizeof(bytes)); /* short at a limit: the next says */

		if (put < 0 && errno != EINTR)
			errnum = errno;
		done += put > 0 ? put : 0;
	}
	if (errnum == 0 && fsync(fd) != 0)
		errnum = errno;
	(void)close(fd);
	return errnum;
}

void
doctor_writing(struct doctor *d)
{
	struct machine_mount mount;
	char *point, *home = doctor_quoted(d->home);
	int errnum;

	errno = 0;
	errnum = try_to_write(d->home);
	find_mount(&mount, d);
	point = doctor_quoted(mount.point);
	if (errnum == 0)
		doctor_say(d, DOCTOR_OK, "", "a file can be written and synced");
	else if (errnum == EROFS)
		doctor_tell(d, DOCTOR_FAIL,
		    mem_printf("%smount -o remount,rw %s", doctor_sudo(), point),
		    mem_printf(
		        "%s is read-only. A disk with errors is made so: look after it first",
		        mount.point));
	else if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		doctor_say(d, DOCTOR_FAIL, free_some, "a file of 1 MiB cannot be written: %s",
		    errnum == ENOSPC   ? "the disk is full"
		    : errnum == EDQUOT ? "your share of the disk is used up"
		                       : "files of that size are not allowed to you");
	else if (errnum == EACCES || errnum == EPERM)
		doctor_tell(d, DOCTOR_FAIL, mem_printf("chmod u+rwx %s", home),
		    mem_strdup("you may not write in the home"));
	else
		doctor_say(d, DOCTOR_FAIL,
		    "make a backup now (pamoja backup FILE), then let somebody look at the disk",
		    "writing fails: %s", strerror(errnum));
	free(point);
	free(home);
}

/* ---- which file system ---- */

static const struct {
	const char *type;
	enum doctor_state state;
	const char *why;
} kinds[] = {
    {"vfat", DOCTOR_FAIL, "it cannot keep other users out"},
    {"exfat", DOCTOR_FAIL, "it cannot keep other users out"},
    {"msdos", DOCTOR_FAIL, "it cannot keep other users out"},
    {"ntfs", DOCTOR_FAIL, "it cannot keep other users out"},
    {"ntfs3", DOCTOR_FAIL, "it cannot keep other users out"},
    {"fuseblk", DOCTOR_FAIL, "it cannot keep other users out"},
    {"tmpfs", DOCTOR_FAIL, "it is memory: all is gone when the machine is switched off"},
    {"ramfs", DOCTOR_FAIL, "it is memory: all is gone when the machine is switched off"},
    {"nfs", DOCTOR_WARN, "locks and syncs may not hold over a network"},
    {"nfs4", DOCTOR_WARN, "locks and syncs may not hold over a network"},
    {"cifs", DOCTOR_WARN, "locks and syncs may not hold over a network"},
    {"smb3", DOCTOR_WARN, "locks and syncs may not hold over a network"},
    {"9p", DOCTOR_WARN, "locks and syncs may not hold there"},
    {"ceph", DOCTOR_WARN, "locks and syncs may not hold over a network"},
    {"fuse", DOCTOR_WARN, "locks and syncs may not hold there"},
};

static bool
is_kind(const char *type, const char *kind)
{
	size_t len = strlen(kind);

	/* "fuse.sshfs" is a fuse. */
	return strncmp(type, kind, len) == 0 && (type[len] == '\0' || type[len] == '.');
}

/* "1" in removable of the whole disk: sticks and cards. */
static bool
is_removable(const struct doctor *d, const char *source)
{
	const char *slash = strrchr(source, '/');
	const char *name = slash != NULL ? slash + 1 : source;
	char *own = mem_printf("/sys/class/block/%s/removable", name);
	char *disk = mem_printf("/sys/class/block/%s/../removable", name);
	char *text = machine_text(d->root, own), *above = machine_text(d->root, disk);
	bool removable = strncmp(source, "/dev/", 5) == 0 && (text[0] == '1' || above[0] == '1');

	free(above);
	free(text);
	free(disk);
	free(own);
	return removable;
}

void
doctor_filesystem(struct doctor *d)
{
	static const char move[] =
	    "move the home to a disk of this laptop (ext4, btrfs or xfs), while Pamoja is ended";
	struct machine_mount mount;

	find_mount(&mount, d);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (is_kind(mount.type, kinds[i].type)) {
			doctor_say(d, kinds[i].state, move, "the home lies on %s (%s): %s",
			    mount.type, mount.point, kinds[i].why);
			return;
		}
	if (is_removable(d, mount.source))
		doctor_say(d, DOCTOR_WARN,
		    "keep the home on a disk of this laptop; sticks are for `pamoja carry`",
		    "the home lies on a stick or card (%s), which is easily lost or pulled out",
		    mount.point);
	else
		doctor_say(d, DOCTOR_OK, "", "%s on %s",
		    mount.type[0] != '\0' ? mount.type : "unknown", mount.point);
}

/* ---- copied elsewhere by a program ---- */

static const char *const synced_names[] = {"Dropbox", "Nextcloud", "ownCloud", "OneDrive",
    "Google Drive", "GoogleDrive", "MEGA", "pCloudDrive", "Syncthing", "Seafile"};
static const char *const synced_marks[] = {
    ".dropbox", ".dropbox.cache", ".stfolder", ".owncloudsync.log", ".nextcloudsync.log"};

/* What says that a folder is copied elsewhere, or NULL. */
static const char *
synced_by(const char *dir)
{
	const char *slash = strrchr(dir, '/'), *name = slash != NULL ? slash + 1 : dir;

	for (size_t i = 0; i < sizeof(synced_names) / sizeof(*synced_names); i++)
		if (strcmp(name, synced_names[i]) == 0)
			return synced_names[i];
	for (size_t i = 0; i < sizeof(synced_marks) / sizeof(*synced_marks); i++) {
		char *path = fs_join(dir, synced_marks[i]);
		bool there = fs_exists(&os_real, path);

		free(path);
		if (there)
			return synced_marks[i];
	}
	return NULL;
}

void
doctor_synced(struct doctor *d)
{
	char *dir = realpath(d->home, NULL), *parent;
	const char *mark = NULL;

	while (dir != NULL && strcmp(dir, "/") != 0 && (mark = synced_by(dir)) == NULL) {
		parent = fs_dirname(dir);
		free(dir);
		dir = parent;
	}
	if (mark != NULL)
		doctor_say(d, DOCTOR_FAIL,
		    "move the home out of that folder, while Pamoja is ended; `pamoja backup` "
		    "makes "
		    "copies",
		    "%s is copied elsewhere by a program (%s): the keys would leave this laptop, "
		    "and "
		    "two copies of a home disturb each other",
		    dir, mark);
	else
		doctor_say(d, DOCTOR_OK, "", "no program is known to copy the home elsewhere");
	free(dir);
}

void
doctor_encryption(struct doctor *d)
{
	struct machine_mount mount;

	find_mount(&mount, d);
	if (strcmp(mount.type, "ecryptfs") == 0 || machine_sealed(d->root, mount.source))
		doctor_say(d, DOCTOR_OK, "", "the disk of the home is encrypted");
	else if (strncmp(mount.source, "/dev/", 5) != 0)
		doctor_say(d, DOCTOR_WARN, "ask whoever set up this machine",
		    "whether the disk of the home is encrypted cannot be told from here");
	else
		doctor_say(d, DOCTOR_WARN,
		    "ask whoever sets up your laptop for full-disk encryption; until then, keep "
		    "nothing outside Pamoja",
		    "the disk is not encrypted. What Pamoja keeps is sealed; all else on it is "
		    "open "
		    "to a thief");
}
