#include "carry/seen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "carry/bare.h"

/* Times of a disk have steps of up to 2 s, so what is written in the step of a look may bear the
 * time that was seen. What was seen twice, so long apart by our own clock that never goes back, is
 * of a step that is over: whatever comes after the second look bears another time. The disk's clock
 * is compared with nothing but itself. */
#define SURE_MS 3000
/* Whatever else may be: a write that leaves no trace, litter, a file that somebody took away. */
#define TRUST_MS (24 * 3600 * 1000LL)

#define ROWS_MAX 50000
#define ROW_BYTES (20 + 20 + 8 + 8 + 1)
#define NAME "seen"
#define MAGIC "PMJSEEN1"
#define MAGIC_BYTES 8

struct seen_row {
	uint8_t key[20];   /* which mailbox, and where */
	uint8_t state[20]; /* all that tells whether it must be looked into */
	int64_t since_ms;  /* when it was first seen so */
	int64_t looked_ms; /* when it was last looked into */
	bool sure;
};

/* ---- the file ---- */

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct seen_row *)a)->key, ((const struct seen_row *)b)->key,
	    sizeof(((struct seen_row *)0)->key));
}

static void
sort(struct seen_row *rows, size_t count)
{
	if (count > 1)
		qsort(rows, count, sizeof(*rows), by_key);
}

static struct seen_row *
find(struct seen_row *rows, size_t count, const uint8_t *key)
{
	struct seen_row wanted = {.since_ms = 0};

	memcpy(wanted.key, key, sizeof(wanted.key));
	return count == 0 ? NULL : bsearch(&wanted, rows, count, sizeof(*rows), by_key);
}

static void
read_row(struct seen_row *out, struct bytes_in *in)
{
	memcpy(out->key, in_bytes(in, sizeof(out->key)), sizeof(out->key));
	memcpy(out->state, in_bytes(in, sizeof(out->state)), sizeof(out->state));
	out->since_ms = (int64_t)in_u64(in);
	out->looked_ms = (int64_t)in_u64(in);
	out->sure = in_u8(in) == 1;
}

static void
put_row(struct buf *out, const struct seen_row *row)
{
	buf_put(out, row->key, sizeof(row->key));
	buf_put(out, row->state, sizeof(row->state));
	buf_put_u64(out, (uint64_t)row->since_ms);
	buf_put_u64(out, (uint64_t)row->looked_ms);
	buf_put_u8(out, row->sure ? 1 : 0);
}

void
seen_open(struct seen *out, const struct exchange *ex)
{
	struct buf bytes;

	*out = (struct seen){.ex = ex, .path = fs_join(ex->store, NAME)};
	buf_init(&bytes, 0);
	if (fs_read(&bytes, &os_real, out->path, MAGIC_BYTES + ROWS_MAX * ROW_BYTES, NULL) ==
	        PMJ_OK &&
	    bytes.len >= MAGIC_BYTES && (bytes.len - MAGIC_BYTES) % ROW_BYTES == 0 &&
	    memcmp(bytes.bytes, MAGIC, MAGIC_BYTES) == 0) {
		struct bytes_in in = {bytes.bytes + MAGIC_BYTES, bytes.len - MAGIC_BYTES, false};

		out->count = (bytes.len - MAGIC_BYTES) / ROW_BYTES;
		out->rows = mem_array(out->count + 1, sizeof(*out->rows));
		for (size_t i = 0; i < out->count; i++)
			read_row(&out->rows[i], &in);
		sort(out->rows, out->count);
	}
	buf_close(&bytes);
}

void
seen_forget(const char *store)
{
	fs_drop(&os_real, store, NAME);
}

static void
keep(struct seen *seen)
{
	struct pmj_error err;
	struct buf bytes;

	sort(seen->now, seen->now_count);
	buf_init(&bytes, 0);
	buf_put(&bytes, MAGIC, MAGIC_BYTES);
	for (size_t i = 0; i < seen->now_count && i < ROWS_MAX; i++)
		put_row(&bytes, &seen->now[i]);
	/* Without it the next look takes longer, and that is all. */
	if (bytes.failed == PMJ_OK &&
	    fs_write(&os_real, seen->path, bytes.bytes, bytes.len, &err) != PMJ_OK)
		diag_error("keeping what was seen of the mailboxes", &err);
	buf_close(&bytes);
}

static void
add(struct seen *seen, const struct seen_row *row)
{
	seen->now = mem_grow(seen->now, seen->now_count + 1, sizeof(*seen->now));
	seen->now[seen->now_count++] = *row;
}

void
seen_close(struct seen *seen, bool keeps)
{
	size_t asked = seen->now_count;

	if (keeps) {
		sort(seen->now, asked);
		for (size_t i = 0; i < seen->count; i++)
			if (find(seen->now, asked, seen->rows[i].key) == NULL)
				add(seen, &seen->rows[i]);
	}
	if (seen->changed || seen->now_count != seen->count)
		keep(seen);
	free(seen->rows);
	free(seen->now);
	free(seen->path);
	memset(seen, 0, sizeof(*seen));
}

/* ---- what tells whether something changed ---- */

static void
put_text(struct buf *out, const char *text)
{
	buf_put(out, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
}

/* A branch is moved by a file that is made and renamed in the folder of its lane, by whatever git;
 * a list of packed branches, and the gate's files, so in the mailbox itself. */
static void
put_folder(struct buf *out, const char *mailbox, const char *folder)
{
	char *path = mem_printf("%s%s", mailbox, folder);
	struct stat st;

	memset(&st, 0, sizeof(st));
	if (lstat(path, &st) == 0) {
		buf_put_u64(out, (uint64_t)st.st_dev);
		buf_put_u64(out, (uint64_t)st.st_ino);
		buf_put_u64(out, (uint64_t)st.st_mtim.tv_sec);
		buf_put_u64(out, (uint64_t)st.st_mtim.tv_nsec);
		buf_put_u64(out, (uint64_t)st.st_ctim.tv_sec);
		buf_put_u64(out, (uint64_t)st.st_ctim.tv_nsec);
	}
	buf_put_u8(out, 0);
	free(path);
}

static void
put_place(struct buf *out, const struct shape_place *place, const char *tag)
{
	buf_put_u8(out, place->lane);
	buf_put(out, place->incarnation, sizeof(place->incarnation));
	buf_put_u64(out, place->segno);
	put_text(out, tag);
}

/* What waits for it, and how far it was taken in: other than it was, and there is something to do.
 */
static void
put_ours(struct buf *out, const struct exchange *ex, const uint8_t *mailbox)
{
	struct shape_place from = {.lane = 0};

	memcpy(from.mailbox, mailbox, sizeof(from.mailbox));
	for (size_t i = spool_first(&ex->out, &from);
	     i < ex->out.count && memcmp(ex->out.items[i].place.mailbox, mailbox, 16) == 0; i++)
		put_place(out, &ex->out.items[i].place, ex->out.items[i].tag);
	buf_put_u8(out, 0);
	for (size_t i = places_first(&ex->have, &from);
	     i < ex->have.count && memcmp(ex->have.items[i].mailbox, mailbox, 16) == 0; i++)
		put_place(out, &ex->have.items[i], NULL);
	buf_put_u8(out, 0);
	for (size_t i = places_first(&ex->ended, &from);
	     i < ex->ended.count && memcmp(ex->ended.items[i].mailbox, mailbox, 16) == 0; i++)
		put_place(out, &ex->ended.items[i], NULL);
}

static void
hash(uint8_t out[static 20], const struct buf *bytes)
{
	git_oid id;

	chain_blob_id(&id, bytes->bytes, bytes->len);
	memcpy(out, id.id, 20);
}

static void
look_at(struct seen_look *out, const struct exchange *ex, const struct job_remote *remote)
{
	char *path = bare_path(remote->url, remote->mailbox);
	struct buf bytes;

	buf_init(&bytes, 0);
	put_text(&bytes, path);
	hash(out->key, &bytes);
	buf_put_u8(&bytes, ex->write_lane);
	put_text(&bytes, remote->tokens);
	put_text(&bytes, remote->writers);
	put_text(&bytes, remote->limit);
	put_text(&bytes, remote->keys);
	put_text(&bytes, remote->shut);
	put_folder(&bytes, path, "");
	put_folder(&bytes, path, "/refs/heads");
	put_folder(&bytes, path, "/refs/heads/l1");
	put_folder(&bytes, path, "/refs/heads/l2");
	put_ours(&bytes, ex, remote->mailbox);
	hash(out->state, &bytes);
	buf_close(&bytes);
	free(path);
}

bool
seen_before(struct seen *seen, struct seen_look *look, const struct job_remote *remote)
{
	const struct seen_row *row;

	memset(look, 0, sizeof(*look));
	look->now_ms = seen->ex->os->mono_ms(seen->ex->os->ctx);
	look->ahead = seen->ex->ahead;
	look_at(look, seen->ex, remote);
	row = find(seen->rows, seen->count, look->key);
	if (row == NULL || !row->sure || memcmp(row->state, look->state, sizeof(row->state)) != 0 ||
	    look->now_ms < row->looked_ms || look->now_ms - row->looked_ms >= TRUST_MS)
		return false;
	add(seen, row);
	return true;
}

void
seen_note(struct seen *seen, const struct seen_look *look)
{
	const struct seen_row *was = find(seen->rows, seen->count, look->key);
	struct seen_row row = {.since_ms = look->now_ms, .looked_ms = look->now_ms};

	seen->changed = true;
	/* What is there and was not taken in may have to be shown again. */
	if (seen->ex->ahead != look->ahead)
		return;
	memcpy(row.key, look->key, sizeof(row.key));
	memcpy(row.state, look->state, sizeof(row.state));
	if (was != NULL && memcmp(was->state, row.state, sizeof(row.state)) == 0 &&
	    was->since_ms <= row.since_ms)
		row.since_ms = was->since_ms;
	row.sure = row.looked_ms - row.since_ms >= SURE_MS;
	add(seen, &row);
}
