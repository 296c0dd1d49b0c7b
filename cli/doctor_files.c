/* doctor_files.c - the journal's files, the spool and the reserve, as they look from outside. */
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/doctor_inner.h"

/* ---- journal ---- */

#define PAGE 4096
#define WAL_HEAD 72                  /* security 6.2 */
#define WAL_LARGE (64 * 1024 * 1024) /* a checkpoint is due at 4 MiB */

struct journal_files {
	size_t count; /* journal-ID.db */
	size_t half_made;
	off_t bytes, wal_bytes; /* of the newest */
	time_t changed;
};

static void
take_file(struct journal_files *files, const struct doctor *d, const char *name)
{
	char *path = doctor_path(d, name), *wal = mem_printf("%s-wal", path);
	size_t len = strlen(name);
	struct stat st, wal_st;

	if (lstat(path, &st) != 0 || strncmp(name, "journal-", 8) != 0)
		goto out;
	if (len > 4 && strcmp(name + len - 4, "-wal") == 0)
		goto out;
	if (len < 3 || strcmp(name + len - 3, ".db") != 0) {
		files->half_made++;
	} else if (files->count++ == 0 || st.st_mtime >= files->changed) {
		files->changed = st.st_mtime;
		files->bytes = st.st_size;
		files->wal_bytes = lstat(wal, &wal_st) == 0 ? wal_st.st_size : 0;
	}
out:
	free(wal);
	free(path);
}

static void
say_journal(struct doctor *d, const struct journal_files *files)
{
	bool uneven = files->bytes == 0 || files->bytes % PAGE != 0;

	if (files->count == 0)
		doctor_say(d, DOCTOR_FAIL, "restore the last backup: pamoja restore FILE",
		    "the journal is gone from %s", d->home);
	else if (uneven && files->wal_bytes < WAL_HEAD)
		doctor_say(d, DOCTOR_FAIL, "restore the last backup: pamoja restore FILE",
		    "the journal is damaged: its %lld bytes are no whole pages",
		    (long long)files->bytes);
	else if (uneven)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s unlock", d->command),
		    mem_strdup("a power cut left the journal's end unwritten; unlocking finishes "
		               "it"));
	else if (files->wal_bytes > WAL_LARGE)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s lock", d->command),
		    mem_printf(
		        "%lld MiB of the journal wait to be put in their place; locking does "
		        "it",
		        (long long)files->wal_bytes / (1024 * 1024)));
	else if (files->count > 1 || files->half_made > 0)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s unlock", d->command),
		    mem_strdup("files of an older journal are left; unlocking removes them"));
	else
		doctor_say(d, DOCTOR_OK, "", "one file of %lld KiB, in whole pages",
		    (long long)files->bytes / 1024);
}

void
doctor_journal(struct doctor *d)
{
	struct journal_files files = {0};
	char **names;
	size_t count;

	if (fs_list(&names, &count, d->home, NULL) != PMJ_OK)
		return; /* `permissions` says why */
	for (size_t i = 0; i < count; i++)
		take_file(&files, d, names[i]);
	fs_list_free(names, count);
	say_journal(d, &files);
}

/* ---- spool ---- */

/* MAILBOX-LANE-INCARNATION-SEGNO, and the tag of a twin. */
#define SEGMENT "[0-9a-f]*-[1-5]-[0-9a-f]*-[0-9]*.seg"
#define SPOOL_LARGE (256LL * 1024 * 1024)
#define WAITS_DAYS 14

struct spool_files {
	int64_t bytes;
	size_t count, strangers;
	int64_t oldest_ms; /* of what waits to go out; 0: nothing does */
	char first[128];   /* stranger */
};

static void
take_spool(struct spool_files *files, const char *dir, const char *name, bool out)
{
	char *path = fs_join(dir, name);
	size_t len = strlen(name);
	struct stat st;
	int64_t at;

	if (lstat(path, &st) != 0)
		goto out;
	at = (int64_t)st.st_mtime * 1000;
	/* Unfinished ones are under way, unless they are old. */
	if (len > 5 && strcmp(name + len - 5, ".part") == 0 && S_ISREG(st.st_mode) &&
	    os_now(&os_real) - at < DAY_MS)
		goto out;
	if (!S_ISREG(st.st_mode) || fnmatch(SEGMENT, name, 0) != 0) {
		if (files->strangers++ == 0)
			(void)snprintf(files->first, sizeof(files->first), "%.127s", name);
		goto out;
	}
	files->count++;
	files->bytes += st.st_size;
	if (out && (files->oldest_ms == 0 || at < files->oldest_ms))
		files->oldest_ms = at;
out:
	free(path);
}

static void
say_spool(struct doctor *d, const struct spool_files *files)
{
	int64_t days = files->oldest_ms == 0 ? 0 : (os_now(&os_real) - files->oldest_ms) / DAY_MS;
	char *spool = doctor_path(d, "spool"), *quoted = doctor_quoted(spool);

	if (files->strangers > 0)
		doctor_tell(d, DOCTOR_WARN,
		    mem_printf("find %s -mindepth 2 ! -name '" SEGMENT
		               "' ! \\( -name '*.part' -mtime -1 \\) -exec rm -rf {} +",
		        quoted),
		    mem_printf("%zu file%s in the spool that Pamoja did not put there, such as %s",
		        files->strangers, files->strangers == 1 ? "" : "s", files->first));
	if (days >= WAITS_DAYS)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s sync", d->command),
		    mem_printf("sealed files wait for %lld days to be sent", (long long)days));
	if (files->bytes > SPOOL_LARGE)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s sync", d->command),
		    mem_printf(
		        "the spool holds %lld MiB", (long long)files->bytes / (1024 * 1024)));
	if (files->strangers == 0 && days < WAITS_DAYS && files->bytes <= SPOOL_LARGE)
		doctor_say(d, DOCTOR_OK, "", "%zu sealed file%s, %lld KiB", files->count,
		    files->count == 1 ? "" : "s", (long long)files->bytes / 1024);
	free(quoted);
	free(spool);
}

void
doctor_spool(struct doctor *d)
{
	static const char *const folders[] = {"spool/out", "spool/in"};
	struct spool_files files = {0};
	char **names, *dir;
	size_t count;

	for (int f = 0; f < 2; f++) {
		dir = doctor_path(d, folders[f]);
		if (fs_list(&names, &count, dir, NULL) == PMJ_OK)
			for (size_t i = 0; i < count; i++)
				take_spool(&files, dir, names[i], f == 0);
		fs_list_free(names, count);
		free(dir);
	}
	say_spool(d, &files);
}

void
doctor_reserve(struct doctor *d)
{
	char *path = doctor_path(d, "reserve");
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 4 * 1024 * 1024)
		doctor_say(d, DOCTOR_OK, "",
		    "4 MiB are kept back for the record that is open when the disk fills");
	else
		doctor_say(d, DOCTOR_WARN,
		    "free some space; while unlocked, Pamoja makes it again by itself",
		    "the reserve was used up: a full disk would cost the record that is open");
	free(path);
}
