/* diskshim.c - preloaded into pamojad and pamoja-carry: writes down every storage call below one
 * folder, in the order of all processes, and cuts the power at one of them.
 *
 * DISKSHIM_LOG   a file, shared by all: a header that the driver reads and writes too (disklog.py),
 * then records. DISKSHIM_ROOT  only what lies below this folder counts. DISKSHIM_ID    which
 * machine this process belongs to, 0 to 7: its process group dies as one.
 *
 * A call is done and written down under one lock, so the log has the order in which the disk saw
 * them. The call whose number is `cut_at` is done, too; then every process group of the machines in
 * `dies` gets SIGKILL. What the disk had kept by then is for disklog.py to say: it knows what was
 * synced. Everything the shim needs is mapped or opened before main, so it asks nothing that the
 * daemons' sandboxes refuse.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Large and small file names are one on 64 bits; declared here, for what links against either. */
#undef open64
#undef pwrite64
#undef ftruncate64
#undef mmap64

#define HEADER_BYTES 4096
#define MACHINES_MAX 8
#define MAPPINGS_MAX 64

enum op { OP_WRITE = 1, OP_SIZE, OP_SYNC, OP_MAKE, OP_FOLDER, OP_UNLINK, OP_RENAME, OP_LINK };

/* The driver knows these places by their offset. */
struct header {
	uint64_t ready;                /* 0: the lock is not made yet */
	uint64_t calls;                /* since the driver set it to 0 */
	uint64_t cut_at;               /* 0: never */
	uint64_t dies[MACHINES_MAX];   /* which machines a cut at a call of this one takes along, as
	                                  bits */
	uint64_t dead;                 /* machines that are off */
	uint64_t end;                  /* bytes of records */
	uint64_t room;                 /* bytes there is room for */
	uint64_t groups[MACHINES_MAX]; /* process group of each machine */
	uint64_t cut_by;               /* 1 + the machine whose call it was */
	uint64_t odd;                  /* calls that the shim cannot follow */
	pthread_mutex_t lock;
};

struct record {
	uint32_t op;
	uint32_t machine;
	uint64_t file;   /* inode number of the file; of the folder for a sync of one */
	uint64_t folder; /* where the name is */
	uint64_t other;  /* OP_RENAME: the folder the name comes from */
	uint64_t at;     /* OP_WRITE: offset; OP_SIZE: new size; OP_MAKE and OP_FOLDER: mode */
	uint32_t len;    /* of the bytes or the name that follow */
	uint32_t len2;   /* OP_RENAME: of the old name behind it */
};

struct mapping {
	void *start;
	size_t len;
	uint64_t file;
	uint64_t offset;
};

static struct header *shared;
static char root[PATH_MAX];
static uint32_t machine;
static struct mapping mappings[MAPPINGS_MAX];

#define REAL(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (real == NULL)                                                                          \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void
begin(void)
{
	const char *log = getenv("DISKSHIM_LOG"), *top = getenv("DISKSHIM_ROOT"),
	           *id = getenv("DISKSHIM_ID");
	struct stat st;
	void *map;
	int fd;

	if (log == NULL || top == NULL || id == NULL)
		return;
	fd = open(log, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		_exit(120);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map == MAP_FAILED)
		_exit(120);
	machine = (uint32_t)strtoul(id, NULL, 10) % MACHINES_MAX;
	(void)snprintf(root, sizeof(root), "%s", top);
	shared = map;
	if (shared->ready == 0) { /* the driver lets one program through first */
		pthread_mutexattr_t attr;

		(void)pthread_mutexattr_init(&attr);
		(void)pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		(void)pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
		(void)pthread_mutex_init(&shared->lock, &attr);
		shared->ready = 1;
	}
	/* A carrier that its starter made anew while the power went must not come up. */
	if ((shared->dead >> machine & 1) != 0)
		_exit(121);
	shared->groups[machine] = (uint64_t)getpgrp();
}

static void
lock(void)
{
	if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD)
		(void)pthread_mutex_consistent(&shared->lock);
	if ((shared->dead >> machine & 1) != 0)
		(void)kill(getpid(), SIGKILL);
}

static void
unlock(void)
{
	int kept = errno;

	(void)pthread_mutex_unlock(&shared->lock);
	errno = kept;
}

static void
cut(void)
{
	uint64_t dies = shared->dies[machine];

	shared->cut_by = 1 + machine;
	shared->dead |= dies;
	for (unsigned m = 0; m < MACHINES_MAX; m++) {
		if (m != machine && (dies >> m & 1) != 0 && shared->groups[m] != 0)
			(void)kill(-(pid_t)shared->groups[m], SIGKILL);
	}
	(void)kill(-(pid_t)shared->groups[machine], SIGKILL);
	(void)kill(getpid(), SIGKILL);
}

/* Under the lock, after the call was done. */
static void
put(struct record head, const void *first, const void *second)
{
	size_t bytes = sizeof(head) + head.len + head.len2;
	uint8_t *to = (uint8_t *)shared + HEADER_BYTES + shared->end;

	head.machine = machine;
	if (shared->end + bytes + 8 > shared->room) {
		shared->odd++;
		return;
	}
	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), first != NULL ? first : "", head.len);
	if (head.len2 > 0)
		memcpy(to + sizeof(head) + head.len, second, head.len2);
	shared->end += (bytes + 7) / 8 * 8;
	if (++shared->calls == shared->cut_at)
		cut();
}

static bool
below(const char *path)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Is this descriptor a file or folder below the root? */
static bool
ours(int fd, struct stat *st)
{
	char link[64], path[PATH_MAX];
	int kept = errno;
	ssize_t len;

	if (shared == NULL || fstat(fd, st) != 0 ||
	    (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))) {
		errno = kept;
		return false;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	errno = kept;
	path[len < 0 ? 0 : len] = '\0';
	return below(path);
}

struct place {
	uint64_t folder;
	const char *name;
	bool there;
	struct stat st; /* of what is there */
};

/* The folder a path's name is in; false: not below the root. */
static bool
find(struct place *out, const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;
	int kept = errno;
	bool found = false;
	int fd;

	memset(out, 0, sizeof(*out));
	if (shared == NULL)
		return false;
	out->name = slash != NULL ? slash + 1 : path;
	(void)snprintf(parent, sizeof(parent), "%.*s",
	    slash == NULL ? 1 : (int)(slash - path) + (slash == path), slash == NULL ? "." : path);
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && ours(fd, &st)) {
		out->folder = st.st_ino;
		out->there = lstat(path, &out->st) == 0;
		found = true;
		if (out->name[0] == '\0') { /* "folder/": nobody here writes so */
			shared->odd++;
			found = false;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	errno = kept;
	return found;
}

static void
put_name(enum op op, const struct place *place, uint64_t file, uint64_t at)
{
	put((struct record){.op = op,
	        .file = file,
	        .folder = place->folder,
	        .at = at,
	        .len = (uint32_t)strlen(place->name)},
	    place->name, NULL);
}

static void
put_bytes(const struct stat *st, uint64_t at, const void *bytes, size_t len)
{
	put((struct record){.op = OP_WRITE, .file = st->st_ino, .at = at, .len = (uint32_t)len},
	    bytes, NULL);
}

/* What was written through a mapping is in the file when it is synced or unmapped, at the latest.
 */
static void
put_mapping(const struct mapping *m)
{
	put(
	    (struct record){
	        .op = OP_WRITE, .file = m->file, .at = m->offset, .len = (uint32_t)m->len},
	    m->start, NULL);
}

/* Opening */
static int
opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
	struct place place;
	struct stat st;
	int fd;

	if ((flags & (O_CREAT | O_TRUNC)) == 0 || !find(&place, path))
		return real(path, flags, mode);
	lock();
	place.there = lstat(path, &place.st) == 0;
	fd = real(path, flags, mode);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (!place.there)
			put_name(OP_MAKE, &place, st.st_ino, st.st_mode & 07777);
		else if ((flags & O_TRUNC) != 0 && place.st.st_size > 0)
			put((struct record){.op = OP_SIZE, .file = st.st_ino}, NULL, NULL);
	}
	unlock();
	return fd;
}

static mode_t
mode_of(int flags, va_list args)
{
	return (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
}

#define OPENS(name)                                                                                \
	int name(const char *path, int flags, ...);                                                \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
		REAL(name);                                                                        \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return opened(real, path, flags, mode);                                            \
	}
OPENS(open)
OPENS(open64)

/* Writing */
ssize_t
write(int fd, const void *bytes, size_t len)
{
	struct stat st;
	ssize_t done;
	REAL(write);

	if (!ours(fd, &st))
		return real(fd, bytes, len);
	lock();
	done = real(fd, bytes, len);
	if (done > 0)
		put_bytes(&st, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), bytes, (size_t)done);
	unlock();
	return done;
}

#define PWRITES(name)                                                                              \
	ssize_t name(int fd, const void *bytes, size_t len, off_t at);                             \
	ssize_t name(int fd, const void *bytes, size_t len, off_t at)                              \
	{                                                                                          \
		struct stat st;                                                                    \
		ssize_t done;                                                                      \
		REAL(name);                                                                        \
		if (!ours(fd, &st))                                                                \
			return real(fd, bytes, len, at);                                           \
		lock();                                                                            \
		done = real(fd, bytes, len, at);                                                   \
		if (done > 0)                                                                      \
			put_bytes(&st, (uint64_t)at, bytes, (size_t)done);                         \
		unlock();                                                                          \
		return done;                                                                       \
	}
PWRITES(pwrite)
PWRITES(pwrite64)

#define TRUNCATES(name)                                                                            \
	int name(int fd, off_t size);                                                              \
	int name(int fd, off_t size)                                                               \
	{                                                                                          \
		struct stat st;                                                                    \
		int rc;                                                                            \
		REAL(name);                                                                        \
		if (!ours(fd, &st))                                                                \
			return real(fd, size);                                                     \
		lock();                                                                            \
		rc = real(fd, size);                                                               \
		if (rc == 0)                                                                       \
			put(                                                                       \
			    (struct record){                                                       \
			        .op = OP_SIZE, .file = st.st_ino, .at = (uint64_t)size},           \
			    NULL, NULL);                                                           \
		unlock();                                                                          \
		return rc;                                                                         \
	}
TRUNCATES(ftruncate)
TRUNCATES(ftruncate64)

#define MAPS(name)                                                                                 \
	void *name(void *where, size_t len, int prot, int flags, int fd, off_t at);                \
	void *name(void *where, size_t len, int prot, int flags, int fd, off_t at)                 \
	{                                                                                          \
		void *map;                                                                         \
		REAL(name);                                                                        \
		map = real(where, len, prot, flags, fd, at);                                       \
		mapped(map, len, prot, flags, fd, at);                                             \
		return map;                                                                        \
	}

static void
mapped(void *map, size_t len, int prot, int flags, int fd, off_t at)
{
	struct stat st;

	if (map == MAP_FAILED || (prot & PROT_WRITE) == 0 || (flags & MAP_SHARED) == 0 || fd < 0 ||
	    !ours(fd, &st))
		return;
	lock();
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		if (mappings[i].start == NULL) {
			mappings[i] = (struct mapping){map, len, st.st_ino, (uint64_t)at};
			unlock();
			return;
		}
	}
	shared->odd++;
	unlock();
}
MAPS(mmap)
MAPS(mmap64)

int
munmap(void *map, size_t len)
{
	REAL(munmap);

	for (size_t i = 0; shared != NULL && i < MAPPINGS_MAX; i++) {
		if (mappings[i].start == map && map != NULL) {
			lock();
			put_mapping(&mappings[i]);
			mappings[i].start = NULL;
			unlock();
		}
	}
	return real(map, len);
}

/* Syncing */
#define SYNCS(name)                                                                                \
	int name(int fd)                                                                           \
	{                                                                                          \
		struct stat st;                                                                    \
		int rc;                                                                            \
		REAL(name);                                                                        \
		if (!ours(fd, &st))                                                                \
			return real(fd);                                                           \
		lock();                                                                            \
		for (size_t i = 0; i < MAPPINGS_MAX; i++) {                                        \
			if (mappings[i].start != NULL && mappings[i].file == st.st_ino)            \
				put_mapping(&mappings[i]);                                         \
		}                                                                                  \
		rc = 0; /* the disk is made up: nothing is gained by waiting for the real one */   \
		put((struct record){.op = OP_SYNC, .file = st.st_ino}, NULL, NULL);                \
		unlock();                                                                          \
		return rc;                                                                         \
	}
SYNCS(fsync)
SYNCS(fdatasync)

/* Names */
int
rename(const char *from, const char *to)
{
	struct place old, new;
	int rc;
	REAL(rename);

	if (!find(&old, from) || !find(&new, to))
		return real(from, to);
	lock();
	old.there = lstat(from, &old.st) == 0;
	rc = real(from, to);
	if (rc == 0)
		put((struct record){.op = OP_RENAME,
		        .file = old.st.st_ino,
		        .folder = new.folder,
		        .other = old.folder,
		        .len = (uint32_t)strlen(new.name),
		        .len2 = (uint32_t)strlen(old.name)},
		    new.name, old.name);
	unlock();
	return rc;
}

int
link(const char *from, const char *to)
{
	struct place old, new;
	int rc;
	REAL(link);

	if (!find(&old, from) || !find(&new, to))
		return real(from, to);
	lock();
	rc = real(from, to);
	if (rc == 0)
		put_name(OP_LINK, &new, old.st.st_ino, 0);
	unlock();
	return rc;
}

static int
removed(int (*real)(const char *), const char *path)
{
	struct place place;
	int rc;

	if (!find(&place, path))
		return real(path);
	lock();
	rc = real(path);
	/* Sockets come and go without a call that is followed here. */
	if (rc == 0 && (S_ISREG(place.st.st_mode) || S_ISDIR(place.st.st_mode)))
		put_name(OP_UNLINK, &place, place.st.st_ino, 0);
	unlock();
	return rc;
}

int
unlink(const char *path)
{
	REAL(unlink);
	return removed(real, path);
}

int
rmdir(const char *path)
{
	REAL(rmdir);
	return removed(real, path);
}

int
mkdir(const char *path, mode_t mode)
{
	struct place place;
	struct stat st;
	int rc;
	REAL(mkdir);

	if (!find(&place, path))
		return real(path, mode);
	lock();
	rc = real(path, mode);
	if (rc == 0 && lstat(path, &st) == 0)
		put_name(OP_FOLDER, &place, st.st_ino, st.st_mode & 07777);
	unlock();
	return rc;
}

/* Stretching a passphrase costs more than everything else in a run of thousands of starts, and
 * writes nothing: here it is one hash, of the same passphrase and salt. */
int crypto_pwhash(unsigned char *out, unsigned long long len, const char *passphrase,
    unsigned long long passphrase_len, const unsigned char *salt, unsigned long long ops,
    size_t memory, int alg);

int
crypto_pwhash(unsigned char *out, unsigned long long len, const char *passphrase,
    unsigned long long passphrase_len, const unsigned char *salt, unsigned long long ops,
    size_t memory, int alg)
{
	int (*hash)(unsigned char *, size_t, const unsigned char *, unsigned long long,
	    const unsigned char *, size_t);

	(void)ops;
	(void)memory;
	(void)alg;
	*(void **)&hash = dlsym(RTLD_NEXT, "crypto_generichash");
	return hash(out, len, (const unsigned char *)passphrase, passphrase_len, salt, 16);
}
