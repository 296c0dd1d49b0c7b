#include "carry/room.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define BLOCK 4096
#define OBJECTS 3           /* of a segment: blob, tree, commit */
#define COUNT_AGAIN_S 86400 /* what plain git brings is in no count of ours */
#define LIMIT_CHARS_MAX 16
#define USED_CHARS 42 /* always as many: it is written over itself */

bool
room_parse(uint64_t *out, const char *text, size_t len)
{
	*out = 0;
	if (len < 2 || len > LIMIT_CHARS_MAX || text[len - 1] != '\n')
		return false;
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text[i] - '0');
	}
	return true;
}

/* A torn or foreign one is as good as none. */
static void
read_used(struct room *room, const char *mailbox)
{
	char *path = fs_join(mailbox, ROOM_USED);
	struct buf text;

	buf_init(&text, 0);
	if (fs_read(&text, &os_real, path, USED_CHARS, NULL) == PMJ_OK && text.len == USED_CHARS &&
	    strspn(buf_text(&text), "0123456789") == 20 && text.bytes[20] == ' ' &&
	    strspn(buf_text(&text) + 21, "0123456789") == 20) {
		room->used = strtoull(buf_text(&text), NULL, 10);
		room->counted_s = strtoll(buf_text(&text) + 21, NULL, 10);
	}
	buf_close(&text);
	free(path);
}

enum pmj_code
room_open(struct room *out, const char *mailbox, struct pmj_error *err)
{
	char *path = fs_join(mailbox, ROOM_LIMIT);
	struct buf text;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	buf_init(&text, 0);
	rc = fs_read(&text, &os_real, path, LIMIT_CHARS_MAX, err);
	if (rc == PMJ_OK && !room_parse(&out->limit, buf_text(&text), text.len))
		rc = pmj_fail(err, PMJ_INVALID, "%s is no number of bytes", path);
	else if (rc == PMJ_OK)
		read_used(out, mailbox);
	else if (rc == PMJ_NOT_FOUND)
		rc = PMJ_OK;
	buf_close(&text);
	free(path);
	return rc;
}

/* What the disk gives for all of it. Nothing is followed. */
static uint64_t
count(int dir, const char *name, int depth)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *item;
	struct stat st;
	uint64_t sum = 0;

	if (list == NULL && fd >= 0)
		(void)close(fd);
	while (list != NULL && (item = readdir(list)) != NULL) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
		    fstatat(fd, item->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		sum += (uint64_t)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode) && depth > 0)
			sum += count(fd, item->d_name, depth - 1);
	}
	if (list != NULL)
		(void)closedir(list);
	return sum;
}

static uint64_t
takes(size_t bytes)
{
	return ((uint64_t)bytes / BLOCK + OBJECTS) * BLOCK;
}

bool
room_has(struct room *room, const char *mailbox, size_t bytes)
{
	int64_t now_s = (int64_t)time(NULL);

	if (room->limit == 0)
		return true;
	if (room->counted_s == 0 || now_s < room->counted_s ||
	    now_s - room->counted_s > COUNT_AGAIN_S || room->used + takes(bytes) > room->limit) {
		room->used = count(AT_FDCWD, mailbox, 3);
		room->counted_s = now_s;
		room->took = true;
	}
	return room->used + takes(bytes) <= room->limit;
}

void
room_take(struct room *room, size_t bytes)
{
	room->used += takes(bytes);
	room->took = true;
}

/* Not synced: what a power cut makes of it is counted anew. */
void
room_keep(struct room *room, const char *mailbox)
{
	char text[USED_CHARS + 1];
	char *path;
	int fd;

	if (room->limit == 0 || !room->took)
		return;
	room->took = false;
	path = fs_join(mailbox, ROOM_USED);
	(void)snprintf(
	    text, sizeof(text), "%020" PRIu64 " %020" PRId64 "\n", room->used, room->counted_s);
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
	/* One that cannot be kept is counted by the next. */
	if (fd >= 0 && pwrite(fd, text, USED_CHARS, 0) != USED_CHARS)
		(void)unlink(path);
	if (fd >= 0)
		(void)close(fd);
	free(path);
}

enum pmj_code
room_fail(struct pmj_error *err)
{
	(void)pmj_fail(
	    err, PMJ_REFUSED, "the mailbox is full: it holds as much as the hub lets it hold");
	pmj_hint(err, "nothing is lost; tell your coordinator, who can let it hold more; a stick "
	              "goes meanwhile");
	return PMJ_REFUSED;
}
