#include "gate/serve.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/mem.h"
#include "base/os.h"
#include "carry/bare.h"
#include "carry/bell.h"
#include "carry/chain.h"
#include "gate/numbered.h"
#include "gate/serve_inner.h"

enum pmj_code
serve_open(struct serve_box *out, const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    uint8_t lane, struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	memcpy(out->mailbox, mailbox, PMJ_MAILBOX_BYTES);
	out->lane = lane;
	out->bell = -1;
	out->path = bare_path(root, mailbox);
	rc = bare_open(&out->repo, out->path, err);
	if (rc == PMJ_OK)
		rc = access_read(&out->writers, out->path, ACCESS_WRITERS, err);
	if (rc == PMJ_OK && lane == SHAPE_LANE_UP)
		rc = room_open(&out->room, out->path, err);
	if (rc == PMJ_OK)
		out->shared = stat(out->path, &st) == 0 && (st.st_mode & S_IWGRP) != 0;
	else
		serve_close(out);
	return rc;
}

void
serve_close(struct serve_box *box)
{
	git_repository_free(box->repo);
	free(box->path);
	memset(box, 0, sizeof(*box));
}

/* What went wrong, for the asker; in full for the log of whoever runs the host. */
enum wire_outcome
serve_outcome(enum pmj_code rc, const struct pmj_error *err)
{
	if (rc == PMJ_OK)
		return WIRE_DONE;
	if (rc == PMJ_BUSY)
		return WIRE_BUSY;
	diag_error("a mailbox", err);
	return rc == PMJ_FULL ? WIRE_FULL : rc == PMJ_INTEGRITY ? WIRE_BROKEN : WIRE_FAILED;
}

/* ---- get ---- */

static void
do_get(struct serving *s, const struct wire_item *item)
{
	enum wire_outcome outcome = WIRE_BAD_FORM;
	struct chain_links links = {0};
	struct pmj_error err = {0};
	struct wire_get get;
	struct buf bytes;
	enum pmj_code rc;
	size_t total = 0;
	bool others = false;

	buf_init(&bytes, 0);
	rc = wire_read_get(&get, item, &err);
	if (rc != PMJ_OK)
		goto out;
	memcpy(get.from.mailbox, s->box->mailbox, sizeof(get.from.mailbox));
	rc = numbered_links(s->box, &links, &others, &get.from, get.from.segno, &err);
	for (size_t i = 0; i < links.count && rc == PMJ_OK; i++) {
		rc = chain_segment(s->box->repo, &bytes, &get.from, &links.items[i], &err);
		if (rc != PMJ_OK)
			break;
		/* One in any case, or a link that is too slow for it would never get any. */
		if ((total > 0 && total + bytes.len > get.limit) ||
		    s->answer->len + bytes.len > WIRE_ANSWER_MAX / 2) {
			outcome = WIRE_MORE;
			goto out;
		}
		wire_put_item(s->answer, WIRE_SEGMENT, bytes.bytes, bytes.len);
		total += bytes.len;
	}
	outcome = rc == PMJ_OK && others ? WIRE_MORE : serve_outcome(rc, &err);
out:
	wire_put_outcome(s->answer, outcome);
	chain_links_close(&links);
	buf_close(&bytes);
}

/* ---- tips ---- */

static int
by_run(const void *a, const void *b)
{
	const struct wire_tip *x = a;
	const struct wire_tip *y = b;

	return shape_compare(&x->run, &y->run);
}

static enum pmj_code
collect_tips(struct serve_box *box, struct wire_tip *tips, size_t *count, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	*count = 0;
	for (uint8_t lane = SHAPE_LANE_UP; lane <= SHAPE_LANE_DOWN && rc == PMJ_OK; lane++) {
		struct branch_tips found = {0};

		rc = branch_tips(box->repo, &found, box->mailbox, lane, err);
		for (size_t i = 0; i < found.count && *count < WIRE_TIPS_MAX; i++) {
			struct chain_link link;

			/* One that is no chain of segments is left out: it cannot be gone on with,
			 * and a put to it says that it is broken. */
			if (chain_look(box->repo, &link, &found.items[i].commit, NULL) != PMJ_OK)
				continue;
			tips[*count].run = found.items[i].run;
			memset(tips[*count].run.mailbox, 0, PMJ_MAILBOX_BYTES);
			tips[*count].run.segno = link.segno;
			memcpy(tips[*count].commit, found.items[i].commit.id, WIRE_COMMIT_BYTES);
			(*count)++;
		}
		branch_tips_close(&found);
	}
	if (*count > 1)
		qsort(tips, *count, sizeof(*tips), by_run);
	return rc;
}

/* ---- wait ---- */

#define WAIT_LOOK_MS 40

void
serve_tips_hash(struct serving *s, git_oid *out, uint8_t lane)
{
	struct wire_tip *tips = mem_array(WIRE_TIPS_MAX, sizeof(*tips));
	size_t count = 0, kept = 0;
	struct buf list;

	buf_init(&list, 0);
	if (collect_tips(s->box, tips, &count, NULL) == PMJ_OK) {
		for (size_t i = 0; i < count; i++)
			if (tips[i].run.lane == lane)
				tips[kept++] = tips[i];
		wire_put_tips(&list, tips, kept);
	}
	chain_blob_id(out, list.bytes, list.len);
	buf_close(&list);
	free(tips);
}

/* Only for an answer to what was put, and only where somebody hears of it. Who does not wait has
 * more to send: the hub would make a receipt for each piece. */
static void
do_wait(struct serving *s, const struct wire_item *item)
{
	int64_t until = os_real.mono_ms(os_real.ctx) + item->bytes[0] * 1000;
	git_oid now;

	if (s->box->bell < 0 || !s->brought)
		return;
	bell_ring(s->box->bell, s->box->mailbox);
	while (os_real.mono_ms(os_real.ctx) < until) {
		serve_tips_hash(s, &now, serve_other_lane(s->box));
		if (!git_oid_equal(&now, &s->other_was))
			break;
		(void)poll(NULL, 0, WAIT_LOOK_MS);
	}
}

static void
do_tips(struct serving *s, const struct wire_item *item)
{
	struct wire_tip *tips = mem_array(WIRE_TIPS_MAX, sizeof(*tips));
	struct pmj_error err = {0};
	size_t count = 0;
	enum pmj_code rc = collect_tips(s->box, tips, &count, &err);
	size_t at = s->answer->len;
	git_oid seen;

	if (rc != PMJ_OK) {
		wire_put_outcome(s->answer, serve_outcome(rc, &err));
		goto out;
	}
	wire_put_tips(s->answer, tips, count);
	if (item->len == 0 || s->answer->failed != PMJ_OK)
		goto out;
	chain_blob_id(
	    &seen, s->answer->bytes + at + WIRE_HEAD_BYTES, s->answer->len - at - WIRE_HEAD_BYTES);
	if (memcmp(seen.id, item->bytes, WIRE_SEEN_BYTES) == 0) {
		s->answer->len = at;
		wire_put_item(s->answer, WIRE_SAME, NULL, 0);
	}
out:
	free(tips);
}

/* ---- the batch ---- */

struct serving *
serve_begin(struct serve_box *box, struct buf *answer)
{
	struct serving *s = mem_new(sizeof(*s));

	s->box = box;
	s->answer = answer;
	wire_begin(answer, WIRE_ANSWER);
	return s;
}

static enum pmj_code
do_items(struct serving *s, struct pmj_error *err)
{
	struct wire_item item;
	bool more = true;
	enum pmj_code rc;

	while ((rc = wire_next(&s->in, &item, &more, err)) == PMJ_OK && more) {
		if (item.kind == WIRE_PUT) {
			serve_put(s, &item);
			continue;
		}
		serve_put_finish(s);
		if (item.kind == WIRE_GET)
			do_get(s, &item);
		else if (item.kind == WIRE_WAIT)
			do_wait(s, &item);
		else
			do_tips(s, &item);
	}
	serve_put_finish(s);
	return rc;
}

/* The bytes up to len, of which some may be none of a whole item. */
static void
do_until(struct serving *s, const uint8_t *request, size_t len)
{
	mode_t mask = 077;

	if (s->rc == PMJ_OK && s->done == 0) {
		s->rc = wire_open(&s->in, WIRE_REQUEST, request, len, &s->err);
		s->done = WIRE_MAGIC_BYTES;
	}
	if (s->rc != PMJ_OK)
		return;
	s->in.in.at = request + s->done;
	s->in.in.left = len - s->done;
	if (s->box->shared)
		mask = umask(007);
	s->rc = do_items(s, &s->err);
	if (s->box->shared)
		(void)umask(mask);
	s->done = len;
}

void
serve_more(struct serving *serving, const uint8_t *request, size_t len)
{
	size_t whole = wire_whole(request, len);

	if (whole > serving->done)
		do_until(serving, request, whole);
}

enum pmj_code
serve_end(struct serving *serving, const uint8_t *request, size_t len, struct pmj_error *err)
{
	enum pmj_code rc;

	do_until(serving, request, len);
	rc = serving->rc;
	if (rc != PMJ_OK && err != NULL)
		*err = serving->err;
	wire_put_item(serving->answer, WIRE_END, NULL, 0);
	if (rc == PMJ_OK)
		rc = buf_check(serving->answer, err);
	free(serving);
	return rc;
}
