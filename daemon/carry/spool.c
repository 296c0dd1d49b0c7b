#include "carry/spool.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "carry/chain.h"

static int
by_place(const void *a, const void *b)
{
	const struct spool_item *x = a;
	const struct spool_item *y = b;
	int order = shape_compare(&x->place, &y->place);

	return order != 0 ? order : strcmp(x->tag, y->tag);
}

enum pmj_code
spool_scan(struct spool_list *out, const char *dir, struct pmj_error *err)
{
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	rc = fs_list(&names, &count, dir, err);
	if (rc == PMJ_NOT_FOUND)
		return PMJ_OK;
	if (rc != PMJ_OK)
		return rc;
	out->items = mem_array(count + 1, sizeof(*out->items));
	for (size_t i = 0; i < count; i++) {
		struct spool_item *item = &out->items[out->count];

		if (shape_of_name(&item->place, item->tag, names[i]))
			out->count++;
	}
	fs_list_free(names, count);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), by_place);
	return PMJ_OK;
}

bool
spool_has(const struct spool_list *list, const struct spool_item *item)
{
	return list->count > 0 &&
	       bsearch(item, list->items, list->count, sizeof(*item), by_place) != NULL;
}

size_t
spool_first(const struct spool_list *list, const struct shape_place *place)
{
	size_t low = 0;
	size_t high = list->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (shape_compare(&list->items[mid].place, place) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
spool_list_close(struct spool_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

static enum pmj_code
load(struct buf *out, const struct os *os, const char *path, const struct shape_place *place,
    struct pmj_error *err)
{
	struct shape_place inside;
	enum pmj_code rc;

	rc = fs_read(out, os, path, PMJ_SEGMENT_FILE_MAX, err);
	if (rc != PMJ_OK)
		return rc;
	rc = shape_read(&inside, out->bytes, out->len, err);
	if (rc == PMJ_OK && shape_compare(&inside, place) != 0)
		rc = pmj_fail(err, PMJ_INVALID, "holds another segment than its name says");
	if (rc != PMJ_OK)
		pmj_context(err, "%s", strrchr(path, '/') + 1);
	return rc;
}

enum pmj_code
spool_load(struct buf *out, const struct os *os, const char *dir, const struct spool_item *item,
    struct pmj_error *err)
{
	char name[SHAPE_NAME_ROOM];
	char *path = NULL;
	enum pmj_code rc;

	shape_name(name, &item->place, item->tag[0] != '\0' ? item->tag : NULL);
	path = fs_join(dir, name);
	rc = load(out, os, path, &item->place, err);
	free(path);
	return rc;
}

/* What stands under a name: nothing (or nothing whole), the same bytes, or others. */
enum standing { STANDING_NONE, STANDING_SAME, STANDING_OTHER };

static enum standing
look(
    const struct os *os, const char *path, const struct shape_place *place, const struct buf *bytes)
{
	enum standing found = STANDING_NONE;
	struct buf old;

	buf_init(&old, 0);
	if (load(&old, os, path, place, NULL) == PMJ_OK)
		found = old.len == bytes->len && memcmp(old.bytes, bytes->bytes, old.len) == 0
		            ? STANDING_SAME
		            : STANDING_OTHER;
	buf_close(&old);
	return found;
}

enum pmj_code
spool_put(bool *fresh, const struct os *os, const char *dir, const struct shape_place *place,
    const struct buf *bytes, struct pmj_error *err)
{
	char name[SHAPE_NAME_ROOM];
	char tag[SHAPE_TAG_CHARS + 1];
	char *path = NULL;
	enum standing standing;
	enum pmj_code rc = PMJ_OK;

	*fresh = false;
	shape_name(name, place, NULL);
	path = fs_join(dir, name);
	standing = look(os, path, place, bytes);
	if (standing == STANDING_OTHER) {
		free(path);
		chain_blob_tag(tag, bytes->bytes, bytes->len);
		shape_name(name, place, tag);
		path = fs_join(dir, name);
		standing = look(os, path, place, bytes);
	}
	if (standing != STANDING_SAME) {
		rc = fs_write(os, path, bytes->bytes, bytes->len, err);
		*fresh = rc == PMJ_OK;
	}
	free(path);
	return rc;
}
