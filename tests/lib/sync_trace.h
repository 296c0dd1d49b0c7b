/* sync_trace.h - what strace saw of a program that promises: was everything synced before it did?
 * Header only. */
#ifndef TESTS_SYNC_TRACE_H
#define TESTS_SYNC_TRACE_H
#include "carry_lab.h"

#define NAMES_MAX 8192

struct names {
	char *items[NAMES_MAX];
	size_t count;
};

static inline bool
names_has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static inline void
names_add(struct names *names, const char *name)
{
	assert_true(names->count < NAMES_MAX);
	if (!names_has(names, name))
		names->items[names->count++] = mem_strdup(name);
}

static inline void
names_remove(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0) {
			free(names->items[i]);
			names->items[i--] = names->items[--names->count];
		}
}

static inline void
names_close(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	names->count = 0;
}

/* The text between the first `open` and the next `close` behind it. */
static inline bool
between(char *out, size_t room, const char **at, const char *open, const char *close)
{
	const char *from = strstr(*at, open);
	const char *to;

	if (from == NULL || (to = strstr(from + strlen(open), close)) == NULL)
		return false;
	from += strlen(open);
	(void)snprintf(out, room, "%.*s", (int)(to - from), from);
	*at = to + strlen(close);
	return true;
}

static inline void
owe_folder_of(struct names *owed, const char *path)
{
	char *dir = fs_dirname(path);

	names_add(owed, dir);
	free(dir);
}

struct trace {
	struct names synced; /* files synced since they were named so */
	struct names owed;   /* folders with names that are not synced yet */
	size_t renames;
	size_t promises;
};

/* One line of strace's. Paths come back with every descriptor (-y). */
static inline void
follow(struct trace *trace, const char *line, const char *where)
{
	char a[512];
	char b[512];
	const char *at = line;

	if (strstr(line, " = -1 ") != NULL)
		return;
	if (strstr(line, "fsync(") != NULL || strstr(line, "fdatasync(") != NULL) {
		if (between(a, sizeof(a), &at, "<", ">")) {
			names_add(&trace->synced, a);
			names_remove(&trace->owed, a);
		}
	} else if (strstr(line, "rename") != NULL || strstr(line, "link(") != NULL ||
	           strstr(line, "linkat(") != NULL) {
		if (strstr(line, "unlink") != NULL || strstr(line, "readlink") != NULL ||
		    !between(a, sizeof(a), &at, "\"", "\"") ||
		    !between(b, sizeof(b), &at, "\"", "\"") || strstr(b, where) == NULL)
			return;
		trace->renames++;
		if (!names_has(&trace->synced, a))
			fail_msg("renamed before it was synced: %s", a);
		owe_folder_of(&trace->owed, b);
	} else if (strstr(line, "mkdir") != NULL) {
		if (between(a, sizeof(a), &at, "\"", "\"") && strstr(a, where) != NULL) {
			char *plain = mem_strdup(a);

			/* "x/y/" is made in "x". */
			while (plain[strlen(plain) - 1] == '/')
				plain[strlen(plain) - 1] = '\0';
			owe_folder_of(&trace->owed, plain);
			free(plain);
		}
	} else if (strstr(line, "write(1") != NULL &&
	           (strstr(line, "delivered") != NULL || strstr(line, "carried") != NULL ||
	               strstr(line, "PMA1") != NULL)) {
		trace->promises++;
		for (size_t i = 0; i < trace->owed.count; i++)
			fail_msg(
			    "promised before this folder was synced: %s", trace->owed.items[i]);
	}
}

/** Follow every line of strace's file, as far as it is about names under `where`. */
static inline void
follow_file(struct trace *trace, const char *path, const char *where)
{
	char line[4096];
	FILE *said = fopen(path, "re");

	assert_non_null(said);
	while (fgets(line, sizeof(line), said) != NULL)
		follow(trace, line, where);
	(void)fclose(said);
}

/** How strace is called for it, up to -o. */
#define TRACE_COMMAND                                                                              \
	"ASAN_OPTIONS=detect_leaks=0 strace -f -y -s 300 -e "                                      \
	"trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,write -o "

#endif
