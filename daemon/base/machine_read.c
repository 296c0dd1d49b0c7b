/* machine_read.c - what the kernel's texts say; pure. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"

/* The next line without its end; NULL at the text's end. */
static const char *
next_line(const char **at, size_t *len)
{
	const char *line = *at;

	if (*line == '\0')
		return NULL;
	*len = strcspn(line, "\n");
	*at = line + *len + (line[*len] == '\n');
	return line;
}

/* The next word of a line, \040 and its like undone; false when there is none or it is too long. */
static bool
next_word(char *out, size_t room, const char **at, const char *end)
{
	size_t used = 0;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	for (; *at < end && **at != ' ' && **at != '\t'; (*at)++) {
		const char *c = *at;
		char byte = *c;

		if (used + 1 >= room)
			return false;
		if (byte == '\\' && end - c >= 4 && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' &&
		    c[2] <= '7' && c[3] >= '0' && c[3] <= '7') {
			byte = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
			*at += 3;
		}
		if (byte != '\0')
			out[used++] = byte;
	}
	out[used] = '\0';
	return used > 0;
}

static bool
leads_to(const char *point, const char *path)
{
	size_t len = strlen(point);

	if (strcmp(point, "/") == 0)
		return path[0] == '/';
	return strncmp(point, path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE SOURCE OPTIONS */
static bool
read_mount(struct machine_mount *out, const char *line, const char *end)
{
	char word[512];

	for (int i = 0; i < 4; i++)
		if (!next_word(word, sizeof(word), &line, end))
			return false;
	if (!next_word(out->point, sizeof(out->point), &line, end))
		return false;
	do
		if (!next_word(word, sizeof(word), &line, end))
			return false;
	while (strcmp(word, "-") != 0);
	return next_word(out->type, sizeof(out->type), &line, end) &&
	       next_word(out->source, sizeof(out->source), &line, end);
}

bool
machine_mount_find(struct machine_mount *out, const char *mountinfo, const char *path)
{
	struct machine_mount mount;
	const char *line;
	bool found = false;
	size_t len;

	memset(out, 0, sizeof(*out));
	while ((line = next_line(&mountinfo, &len)) != NULL) {
		if (!read_mount(&mount, line, line + len) || !leads_to(mount.point, path))
			continue;
		if (!found || strlen(mount.point) >= strlen(out->point))
			*out = mount;
		found = true;
	}
	return found;
}

bool
machine_mounts_next(struct machine_mount *out, const char **at)
{
	const char *line;
	size_t len;

	memset(out, 0, sizeof(*out));
	while ((line = next_line(at, &len)) != NULL)
		if (read_mount(out, line, line + len))
			return true;
	return false;
}

bool
machine_swaps_next(struct machine_swap_line *out, const char **at)
{
	const char *line;
	char type[32];
	size_t len;

	memset(out, 0, sizeof(*out));
	while ((line = next_line(at, &len)) != NULL) {
		const char *rest = line;

		/* The first line names the columns; every other begins with a path. */
		if (line[0] != '/' || !next_word(out->name, sizeof(out->name), &rest, line + len) ||
		    !next_word(type, sizeof(type), &rest, line + len))
			continue;
		out->is_file = strcmp(type, "file") == 0;
		return true;
	}
	return false;
}

/* NUMBER: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE FROM TO; "->" stands before who waits. */
pid_t
machine_locks_holder(const char *locks, uint64_t inode, const char *device)
{
	char field[6][64], *colon;
	const char *line;
	size_t len;

	while ((line = next_line(&locks, &len)) != NULL) {
		const char *end = line + len;
		int fields = 0;
		long pid;

		while (fields < 6 && next_word(field[fields], sizeof(field[fields]), &line, end))
			fields++;
		if (fields < 6 || strcmp(field[1], "FLOCK") != 0 ||
		    (colon = strrchr(field[5], ':')) == NULL)
			continue;
		*colon = '\0';
		if (strtoull(colon + 1, NULL, 10) != inode ||
		    (*device != '\0' && strcmp(field[5], device) != 0))
			continue;
		pid = strtol(field[4], NULL, 10);
		return pid > 0 && pid <= INT_MAX ? (pid_t)pid : -1;
	}
	return 0;
}

/* "Name:\tVALUE" of /proc/PID/status, or NULL; it ends at the line's end. */
static const char *
status_value(const char *status, const char *name)
{
	size_t len = strlen(name), line_len;
	const char *line;

	while ((line = next_line(&status, &line_len)) != NULL)
		if (line_len > len && strncmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	return NULL;
}

void
machine_status_read(struct machine_process *out, const char *status)
{
	const char *value;

	if ((value = status_value(status, "Name")) != NULL)
		(void)snprintf(out->name, sizeof(out->name), "%.*s",
		    (int)(strcspn(value, "\n") < sizeof(out->name) ? strcspn(value, "\n")
		                                                   : sizeof(out->name) - 1),
		    value);
	if ((value = status_value(status, "State")) != NULL)
		out->state = *value == '\n' ? '\0' : *value;
	if ((value = status_value(status, "PPid")) != NULL)
		out->parent = (pid_t)strtol(value, NULL, 10);
	if ((value = status_value(status, "NoNewPrivs")) != NULL)
		out->no_new_privs = *value == '1';
	if ((value = status_value(status, "Seccomp")) != NULL)
		out->filtered = *value == '2';
	if ((value = status_value(status, "CapEff")) != NULL)
		out->privileges = strtoull(value, NULL, 16);
}

bool
machine_limits_no_core(const char *limits)
{
	static const char name[] = "Max core file size";
	const char *line;
	size_t len;

	while ((line = next_line(&limits, &len)) != NULL) {
		const char *at = line + sizeof(name) - 1;
		char soft[32];

		if (len >= sizeof(name) && strncmp(line, name, sizeof(name) - 1) == 0)
			return next_word(soft, sizeof(soft), &at, line + len) &&
			       strcmp(soft, "0") == 0;
	}
	return false;
}

bool
machine_words_have(const char *words, size_t len, const char *first, const char *second)
{
	const char *end = words + len, *before = NULL;

	for (const char *at = words; at < end; at += strnlen(at, (size_t)(end - at)) + 1) {
		size_t room = (size_t)(end - at);

		if (strnlen(at, room) == room)
			return false; /* cut short */
		if (before != NULL && strcmp(before, first) == 0 && strcmp(at, second) == 0)
			return true;
		before = at;
	}
	return false;
}

/* PID (NAME) STATE …; the name may hold anything, so the last bracket ends it. The 22nd is it. */
uint64_t
machine_stat_start(const char *stat)
{
	const char *at = strrchr(stat, ')'), *end = stat + strlen(stat);
	char word[32];

	if (at == NULL)
		return 0;
	at++;
	for (int field = 3; field <= 22; field++)
		if (!next_word(word, sizeof(word), &at, end))
			return 0;
	return strtoull(word, NULL, 10);
}
