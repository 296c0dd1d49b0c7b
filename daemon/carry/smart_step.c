/* smart_step.c - what goes over git's protocol at once: packs, each of as many segments as the link
 * lately let through. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/bare.h"
#include "carry/object.h"
#include "carry/smart_inner.h"
#include "carry/store.h"

/* Commits in a pack, whatever they weigh. */
#define COMMITS_MAX 128
#define TALK_LEAST (16u * 1024)

static bool
has_commit(git_repository *repo, const git_oid *commit)
{
	git_odb *odb = NULL;
	bool there = git_repository_odb(&odb, repo) == 0 && git_odb_exists(odb, commit);

	git_odb_free(odb);
	return there;
}

/* Bytes of segments at once. Where each request is a connection of its own (ssh: some 5 KB), less
 * is not worth it, unless the last one broke. */
static uint32_t
at_once(const struct smart *smart)
{
	uint32_t bytes = step_bytes(smart->way->step);

	return smart->way->talks && smart->failures == 0 && bytes < TALK_LEAST ? TALK_LEAST : bytes;
}

/* ---- fetching ---- */

/* Go down what is here; *at is then the first commit that is not, or zero. */
static enum pmj_code
go_down(git_repository *store, git_repository *own, git_oid *at, uint64_t *segno, uint64_t above,
    struct pmj_error *err)
{
	struct chain_link link;
	enum pmj_code rc;

	while (!git_oid_is_zero(at)) {
		if (own != NULL && has_commit(own, at)) {
			memset(at, 0, sizeof(*at));
			break;
		}
		if (!has_commit(store, at))
			break;
		if ((rc = chain_look(store, &link, at, err)) != PMJ_OK)
			return rc;
		/* Numbers only fall, so this ends; chain_walk looks at all of it again. */
		if (*segno != 0 && link.segno != *segno - 1)
			return pmj_fail(err, PMJ_INTEGRITY, "the branch leaves numbers out");
		*segno = link.segno;
		*at = link.parent;
		if (link.segno <= above + 1)
			memset(at, 0, sizeof(*at));
	}
	return PMJ_OK;
}

/* One pack into the store, whole or not at all. */
static enum pmj_code
take_pack(git_repository *store, const uint8_t *pack, size_t len, struct pmj_error *err)
{
	git_odb_writepack *writer = NULL;
	git_indexer_progress stats = {0};
	git_odb *odb = NULL;
	int n;

	errno = 0;
	n = git_repository_odb(&odb, store);
	if (n == 0)
		n = git_odb_write_pack(&writer, odb, NULL, NULL);
	if (n == 0)
		n = writer->append(writer, pack, len, &stats);
	if (n == 0)
		n = writer->commit(writer, &stats);
	if (writer != NULL)
		writer->free(writer);
	git_odb_free(odb);
	return n == 0 ? PMJ_OK : chain_fail(err, n, "cannot take what was sent");
}

static enum pmj_code
fetch_step(struct smart *smart, git_repository *store, const git_oid *want, uint32_t depth,
    struct pmj_error *err)
{
	const uint8_t *pack;
	size_t len;
	enum pmj_code rc;

	buf_clear(&smart->request);
	pkt_put_want(&smart->request, want, depth, NULL);
	rc = smart_ask(smart, PKT_UPLOAD, err);
	if (rc != PMJ_OK)
		return rc;
	rc = pkt_read_pack(&pack, &len, &smart->answer, err);
	if (rc == PMJ_PARTIAL || rc == PMJ_INVALID)
		return smart_fail_answer(smart, err);
	if (rc == PMJ_OK)
		rc = take_pack(store, pack, len, err);
	if (rc == PMJ_OK && !has_commit(store, want))
		rc = pmj_fail(err, PMJ_INTEGRITY, "it sends something else than was asked for");
	if (rc == PMJ_OK)
		smart_good(smart);
	if (rc == PMJ_OK || rc == PMJ_FULL || rc == PMJ_TOO_BIG || rc == PMJ_REFUSED)
		return rc;
	/* A pack that does not read may have been cut: where it talks nothing else tells. */
	err->code = smart->way->talks ? PMJ_PARTIAL : PMJ_INTEGRITY;
	return smart_fail_answer(smart, err);
}

/* How many commits the next pack should have, by what the last one weighed. */
static uint32_t
how_deep(const struct smart *smart, uint64_t left, size_t weighed, uint32_t commits)
{
	size_t each = commits > 0 && weighed / commits > 0 ? weighed / commits : 1;
	uint64_t fit = at_once(smart) / each;

	fit = fit < left ? fit : left;
	return fit < 1 ? 1 : fit > COMMITS_MAX ? COMMITS_MAX : (uint32_t)fit;
}

/* From the tip down, for only so the next one's name is known; the first pack has one commit and
 * tells by its number how many there are. A host that cannot cut a branch anywhere sends all. What
 * came of it is there the next time, too. */
enum pmj_code
smart_fetch(struct smart *smart, git_repository *store, git_repository *own, const git_oid *tip,
    uint64_t above, struct pmj_error *err)
{
	git_oid at = *tip;
	uint64_t segno = 0;
	uint32_t depth = 1;
	size_t weighed = 0;
	enum pmj_code rc;

	for (;;) {
		const git_oid *want = smart->refs.reachable ? &at : tip;

		if ((rc = go_down(store, own, &at, &segno, above, err)) != PMJ_OK)
			return rc;
		if (git_oid_is_zero(&at))
			return PMJ_OK;
		if (weighed > 0)
			depth = how_deep(smart, segno - 1 - above, weighed, depth);
		if (!smart->refs.depth || (!smart->refs.reachable && segno != 0))
			depth = 0;
		rc = fetch_step(smart, store, want, depth, err);
		if (rc == PMJ_UNREACHED && smart->stop.code == PMJ_OK) {
			depth = 1;
			weighed = weighed > 0 ? smart->answer.len + 1 : 0;
			continue;
		}
		if (rc != PMJ_OK)
			return rc;
		weighed = smart->answer.len;
		exchange_beat(smart->ex);
	}
}

/* Whatever is there from a commit down, also where it is no chain. */
static enum pmj_code
copy_spoiled(git_repository *own, git_repository *from, const git_oid *tip, struct pmj_error *err)
{
	git_oid at = *tip;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && has_commit(from, &at) && !has_commit(own, &at)) {
		git_odb_object *object = NULL;
		struct chain_link link = {.segno = 0};
		git_oid made;

		if ((rc = object_read(from, &object, &at, GIT_OBJECT_COMMIT, err)) != PMJ_OK)
			return rc;
		rc = object_put(own, &made, git_odb_object_data(object),
		    git_odb_object_size(object), GIT_OBJECT_COMMIT, err);
		git_odb_object_free(object);
		if (rc != PMJ_OK || chain_look(from, &link, &at, NULL) != PMJ_OK)
			return rc;
		rc = chain_copy(own, from, &link, err);
		at = link.parent;
	}
	return rc;
}

/* The oldest first, so that what stops in between leaves a chain. */
static enum pmj_code
copy_chain(git_repository *own, git_repository *from, const git_oid *tip, struct pmj_error *err)
{
	struct chain_link link = {.segno = 0};
	struct chain_links links = {0};
	git_oid at = *tip;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && !git_oid_is_zero(&at) && !has_commit(own, &at)) {
		rc = chain_look(from, &link, &at, err);
		at = link.parent;
	}
	if (rc == PMJ_OK && link.segno > 0)
		rc = chain_walk(from, &links, tip, link.segno - 1, err);
	for (size_t i = 0; i < links.count && rc == PMJ_OK; i++)
		rc = chain_copy(own, from, &links.items[i], err);
	chain_links_close(&links);
	return rc;
}

void
smart_drop(git_repository *store)
{
	const char *path = git_repository_path(store);
	char *folder = mem_strndup(path, strlen(path) - 1); /* it ends in a slash */

	git_repository_free(store);
	bare_remove(folder);
	free(folder);
}

enum pmj_code
smart_fetch_own(
    struct smart *smart, const struct shape_place *run, const git_oid *tip, struct pmj_error *err)
{
	git_repository *store = NULL;
	enum pmj_code rc;

	if (has_commit(smart->own, tip))
		return PMJ_OK;
	if ((rc = store_open_run(&store, smart->ex->store, run, err)) != PMJ_OK)
		return rc;
	rc = smart_fetch(smart, store, smart->own, tip, 0, err);
	if (rc == PMJ_INTEGRITY)
		rc = copy_spoiled(smart->own, store, tip, err);
	else if (rc == PMJ_OK)
		rc = copy_chain(smart->own, store, tip, err);
	if (rc == PMJ_OK)
		smart_drop(store);
	else
		git_repository_free(store);
	return rc;
}

/* ---- pushing ---- */

/* As many links as fit a step, and one in any case. */
static size_t
how_many(
    const struct smart *smart, git_repository *own, const struct chain_links *links, size_t from)
{
	git_odb *odb = NULL;
	git_object_t type;
	size_t bytes = 0, count = 0, size = 0;

	if (git_repository_odb(&odb, own) < 0)
		return 1;
	while (from + count < links->count && count < COMMITS_MAX) {
		if (git_odb_read_header(&size, &type, odb, &links->items[from + count].blob) < 0 ||
		    (count > 0 && bytes + size > at_once(smart)))
			break;
		bytes += size;
		count++;
	}
	git_odb_free(odb);
	return count > 0 ? count : 1;
}

static enum pmj_code
put_pack(struct buf *out, git_repository *own, const struct chain_link *links, size_t count,
    struct pmj_error *err)
{
	git_packbuilder *builder = NULL;
	git_buf pack = GIT_BUF_INIT;
	int n;

	errno = 0;
	n = git_packbuilder_new(&builder, own);
	if (n == 0)
		(void)git_packbuilder_set_threads(builder, 1);
	for (size_t i = 0; i < count && n == 0; i++) {
		n = git_packbuilder_insert(builder, &links[i].commit, NULL);
		if (n == 0)
			n = git_packbuilder_insert(builder, &links[i].tree, NULL);
		if (n == 0)
			n = git_packbuilder_insert(builder, &links[i].blob, "s");
	}
	if (n == 0)
		n = git_packbuilder_write_buf(&pack, builder);
	if (n == 0)
		buf_put(out, pack.ptr, pack.size);
	git_buf_dispose(&pack);
	git_packbuilder_free(builder);
	return n == 0 ? buf_check(out, err) : chain_fail(err, n, "cannot pack what waits");
}

static enum pmj_code
push_step(struct smart *smart, git_repository *own, const struct shape_place *run,
    const struct chain_link *links, size_t count, const git_oid *was, struct pmj_error *err)
{
	enum pmj_code rc;

	buf_clear(&smart->request);
	pkt_put_push(&smart->request, run, was, &links[count - 1].commit);
	if ((rc = put_pack(&smart->request, own, links, count, err)) != PMJ_OK)
		return rc;
	smart->fresh = false;
	if ((rc = smart_ask(smart, PKT_RECEIVE, err)) != PMJ_OK)
		return rc;
	rc = pkt_read_report(run, &smart->answer, err);
	if (rc == PMJ_OK)
		smart_good(smart);
	return rc == PMJ_PARTIAL || rc == PMJ_INVALID ? smart_fail_answer(smart, err) : rc;
}

/* The answer may have been lost and not the pack: how many of the links are there? */
static enum pmj_code
read_back(struct smart *smart, const struct shape_place *run, const struct chain_links *links,
    size_t *done, struct pmj_error *err)
{
	const git_oid *tip;
	enum pmj_code rc = smart_look(smart, PKT_UPLOAD, err);

	if (rc != PMJ_OK)
		return rc;
	tip = smart_shown(smart, run);
	for (size_t i = *done; tip != NULL && i < links->count; i++)
		if (git_oid_equal(tip, &links->items[i].commit))
			*done = i + 1;
	return PMJ_OK;
}

enum pmj_code
smart_push(struct smart *smart, git_repository *own, const struct shape_place *run,
    const struct chain_links *links, const git_oid *was, struct pmj_error *err)
{
	size_t done = 0;
	int failures = 0, tries = 0;

	while (done < links->count) {
		int broken = smart->failures;
		const git_oid *from = done > 0 ? &links->items[done - 1].commit : was;
		size_t before = done;
		size_t count = how_many(smart, own, links, done);
		enum pmj_code rc =
		    push_step(smart, own, run, links->items + done, count, from, err);

		tries += smart->failures > broken;
		exchange_stuck(smart->ex, run, links, done, tries);
		if (rc == PMJ_OK)
			done += count;
		else if (rc != PMJ_UNREACHED || smart->stop.code != PMJ_OK)
			return rc;
		while (rc == PMJ_UNREACHED && smart->stop.code == PMJ_OK)
			rc = read_back(smart, run, links, &done, err);
		if (rc != PMJ_OK)
			return rc;
		failures = done > before ? 0 : failures + 1;
		if (done > before)
			tries = smart->ex->stuck_tries = 0;
		if (failures == SMART_FAILURES_MAX)
			return PMJ_UNREACHED;
		exchange_there(smart->ex, done - before);
	}
	return PMJ_OK;
}
