#include "base/machine.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

#define LAYERS_MAX 8 /* of devices over devices */

/* Its bytes, and a NUL behind them. Caller frees. */
static char *
read_all(size_t *len, const char *root, const char *path)
{
	char *full = mem_printf("%s%s", root, path), chunk[4096];
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct buf text;
	ssize_t got;

	free(full);
	buf_init(&text, MACHINE_TEXT_MAX);
	while (fd >= 0 && text.failed == PMJ_OK && (got = read(fd, chunk, sizeof(chunk))) > 0)
		buf_put(&text, chunk, (size_t)got);
	if (fd >= 0)
		(void)close(fd);
	*len = text.len;
	return text.bytes != NULL ? (char *)text.bytes : mem_strdup("");
}

char *
machine_text(const char *root, const char *path)
{
	size_t len;

	return read_all(&len, root, path);
}

bool
machine_process_has(const char *root, pid_t pid, const char *first, const char *second)
{
	char path[64], *words;
	bool has;
	size_t len;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	words = read_all(&len, root, path);
	has = machine_words_have(words, len, first, second);
	free(words);
	return has;
}

int64_t
machine_process_start(const char *root, pid_t pid)
{
	char *boot = machine_text(root, "/proc/stat"), *at = strstr(boot, "\nbtime "), path[64],
	     *stat;
	int64_t booted = at != NULL ? strtoll(at + 7, NULL, 10) : 0;
	long ticks_a_second = sysconf(_SC_CLK_TCK);
	uint64_t ticks;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stat = machine_text(root, path);
	ticks = machine_stat_start(stat);
	free(stat);
	free(boot);
	if (booted <= 0 || booted > INT32_MAX * 8LL || ticks == 0 || ticks_a_second <= 0)
		return 0;
	return booted * 1000 + (int64_t)(ticks / (uint64_t)ticks_a_second) * 1000;
}

size_t
machine_pids(pid_t **out, const char *root)
{
	char *proc = mem_printf("%s/proc", root), **names;
	size_t count, found = 0;

	if (fs_list(&names, &count, proc, NULL) != PMJ_OK)
		count = 0;
	*out = mem_array(count + 1, sizeof(**out));
	for (size_t i = 0; i < count; i++) {
		long pid = strtol(names[i], NULL, 10);

		if (pid > 0 && pid <= INT_MAX)
			(*out)[found++] = (pid_t)pid;
	}
	fs_list_free(names, count);
	free(proc);
	return found;
}

bool
machine_process(struct machine_process *out, const char *root, pid_t pid)
{
	char path[64], *text;

	memset(out, 0, sizeof(*out));
	out->pid = pid;
	if (pid <= 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	text = machine_text(root, path);
	machine_status_read(out, text);
	free(text);
	(void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	text = machine_text(root, path);
	out->core_limit_zero = machine_limits_no_core(text);
	free(text);
	return out->state != '\0';
}

bool
machine_mount(struct machine_mount *out, const char *root, const char *path)
{
	char *real = realpath(path, NULL);
	char *text = machine_text(root, "/proc/self/mountinfo");
	bool found = machine_mount_find(out, text, real != NULL ? real : path);

	free(text);
	free(real);
	return found;
}

static bool sealed_below(const char *root, const char *name, int layers);

/* All of what a device lies on; nothing below is not sealed. */
static bool
slaves_sealed(const char *root, const char *name, int layers)
{
	char *dir = mem_printf("%s/sys/class/block/%s/slaves", root, name);
	char **names = NULL;
	size_t count = 0;
	bool all;

	all = fs_list(&names, &count, dir, NULL) == PMJ_OK && count > 0;
	for (size_t i = 0; all && i < count; i++)
		all = sealed_below(root, names[i], layers - 1);
	fs_list_free(names, count);
	free(dir);
	return all;
}

static bool
sealed_below(const char *root, const char *name, int layers)
{
	char *path = mem_printf("/sys/class/block/%s/dm/uuid", name);
	char *uuid = machine_text(root, path);
	bool crypt = strncmp(uuid, "CRYPT-", 6) == 0;

	free(uuid);
	free(path);
	return crypt || (layers > 0 && slaves_sealed(root, name, layers));
}

/* "/dev/mapper/home" is a link to "../dm-1", and by the last name /sys knows it. */
static char *
block_name(const char *root, const char *device)
{
	char *full = mem_printf("%s%s%s", root, device[0] == '/' ? "" : "/dev/", device);
	char *real = realpath(full, NULL);
	const char *path = real != NULL ? real : device;
	const char *slash = strrchr(path, '/');
	char *name = mem_strdup(slash != NULL ? slash + 1 : path);

	free(full);
	free(real);
	return name;
}

bool
machine_sealed(const char *root, const char *device)
{
	char *name = block_name(root, device);
	bool sealed = name[0] != '\0' && sealed_below(root, name, LAYERS_MAX);

	free(name);
	return sealed;
}

static bool
swap_sealed(const char *root, const struct machine_swap_line *line)
{
	struct machine_mount mount;

	if (!line->is_file && strncmp(line->name, "/dev/zram", 9) == 0)
		return true; /* compressed memory: never on a disk */
	if (line->is_file)
		return machine_mount(&mount, root, line->name) &&
		       machine_sealed(root, mount.source);
	return machine_sealed(root, line->name);
}

void
machine_swap(struct machine_swap *out, const char *root)
{
	char *text = machine_text(root, "/proc/swaps");
	struct machine_swap_line line;
	const char *at = text;

	*out = (struct machine_swap){.sealed = true};
	while (machine_swaps_next(&line, &at)) {
		out->on = true;
		if (!out->sealed || swap_sealed(root, &line))
			continue;
		out->sealed = false;
		(void)snprintf(out->plain, sizeof(out->plain), "%.127s", line.name);
	}
	free(text);
}
