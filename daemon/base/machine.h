/* machine.h - what the kernel says of this machine in /proc and /sys: mounts, swap, encryption
 * under a disk, processes. `root` is the folder these lie in: "" for the real ones; tests arrange a
 * machine elsewhere. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MACHINE_TEXT_MAX (1024u * 1024) /* of one file of /proc */

/* ---- pure: texts of the kernel. What cannot be read is stepped over. ---- */

struct machine_mount {
	char point[512];
	char type[32];
	char source[256];
};
/** The mount that holds an absolute path without links: of /proc/self/mountinfo the longest point
 * that leads to it, the last where several lie over one another. False when none does. */
bool machine_mount_find(struct machine_mount *out, const char *mountinfo, const char *path);

/** The next mount of /proc/self/mountinfo; *at begins at the text and moves on. False at its end.
 */
bool machine_mounts_next(struct machine_mount *out, const char **at);

struct machine_swap_line {
	char name[512];
	bool is_file; /* on a file system, not a device of its own */
};
/** The next line of /proc/swaps; *at begins at the text and moves on. False at its end. */
bool machine_swaps_next(struct machine_swap_line *out, const char **at);

/** Who holds a flock on this inode, by /proc/locks: 0 when nobody does, -1 when it is not told who.
 * device "" takes any: some file systems show another device here than stat does. */
pid_t machine_locks_holder(const char *locks, uint64_t inode, const char *device);

struct machine_process {
	pid_t pid, parent;
	char name[16];
	char state; /* R, S, D, T, Z …; 0 when there is no such process */
	bool no_new_privs;
	bool filtered;        /* a seccomp filter is in force */
	uint64_t privileges;  /* effective capabilities */
	bool core_limit_zero; /* soft limit of core files */
};
void machine_status_read(struct machine_process *out, const char *status);
bool machine_limits_no_core(const char *limits);
/** Do the words of a cmdline (each ended by NUL) hold these two side by side? */
bool machine_words_have(const char *words, size_t len, const char *first, const char *second);
/** Ticks after boot at which a process began, by /proc/PID/stat; 0 when it does not say. */
uint64_t machine_stat_start(const char *stat);

/* ---- of the machine ---- */

/** One file as text, cut at MACHINE_TEXT_MAX; "" when it cannot be read. Caller frees. */
char *machine_text(const char *root, const char *path);
/** Was a process started with these two words side by side, such as "--home" and a folder? */
bool machine_process_has(const char *root, pid_t pid, const char *first, const char *second);
/** When it was started, ms since 1970 by the present clock; 0 when that cannot be told. */
int64_t machine_process_start(const char *root, pid_t pid);
/** All processes, in no order. Caller frees. */
size_t machine_pids(pid_t **out, const char *root);
/** What /proc says of a process; false when there is none. */
bool machine_process(struct machine_process *out, const char *root, pid_t pid);
/** The mount of a path, links followed. */
bool machine_mount(struct machine_mount *out, const char *root, const char *path);
/** Does everything below a block device ("/dev/…", "dm-0") end in dm-crypt? */
bool machine_sealed(const char *root, const char *device);

struct machine_swap {
	bool on;
	bool sealed;     /* all of it lies on dm-crypt or in memory */
	char plain[128]; /* the first that does not, or "" */
};
void machine_swap(struct machine_swap *out, const char *root);

#endif
