#include "carry/smart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "carry/store.h"

#define FETCH_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define FETCH_OBJECTS_MAX 20000u
#define STEP_REF "refs/pamoja/step"
#define STEP_COMMITS_MAX 64
#define STEP_BYTES_MAX ((size_t)128 * 1024)
#define STEP_TRIES 3

/* Without SKIP_INSTEADOF libgit2 1.5 loses some 200 KB with each remote; without
 * SKIP_DEFAULT_FETCHSPEC it would take every branch. */
static int
remote_new(git_remote **out, git_repository *repo, const char *url)
{
	git_remote_create_options options;
	int rc;

	*out = NULL;
	errno = 0;
	rc = git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	options.repository = repo;
	options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	return rc == 0 ? git_remote_create_with_opts(out, url, &options) : rc;
}

static enum pmj_code
fail_link(struct pmj_error *err, int git_code, const char *doing)
{
	enum pmj_code rc = chain_fail(err, git_code, doing);

	if (rc == PMJ_FULL || rc == PMJ_INTEGRITY)
		return rc;
	if (err != NULL)
		err->code = PMJ_UNREACHED;
	pmj_hint(err, "nothing is lost; it is tried again when there is a link");
	return PMJ_UNREACHED;
}

enum pmj_code
smart_tips(git_repository *own, const char *url, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    uint8_t lane, struct branch_tips *out, struct pmj_error *err)
{
	git_remote_connect_options options;
	const git_remote_head **heads = NULL;
	git_remote *remote = NULL;
	char front[32];
	size_t count = 0;
	size_t n;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
	options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	if (rc == 0)
		rc = remote_new(&remote, own, url);
	if (rc == 0)
		rc = git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &options);
	if (rc == 0)
		rc = git_remote_ls(&heads, &count, remote);
	n = (size_t)snprintf(front, sizeof(front), "refs/heads/l%u/", lane);
	if (rc == 0)
		out->items = mem_array(count + 1, sizeof(*out->items));
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct branch_tip *tip = &out->items[out->count];
		const char *name = heads[i]->name;

		if (strncmp(name, front, n) != 0 ||
		    strspn(name + n, "0123456789abcdef") != strlen(name + n) ||
		    !text_unhex(tip->run.incarnation, sizeof(tip->run.incarnation), name + n))
			continue;
		memcpy(tip->run.mailbox, mailbox, sizeof(tip->run.mailbox));
		tip->run.lane = lane;
		git_oid_cpy(&tip->commit, &heads[i]->oid);
		out->count++;
	}
	git_remote_free(remote);
	return rc == 0 ? PMJ_OK : fail_link(err, rc, "cannot ask the mailbox for its branches");
}

static int
watch_fetch(const git_indexer_progress *stats, void *payload)
{
	size_t *objects = payload;

	*objects = stats->received_objects;
	return stats->received_bytes > FETCH_BYTES_MAX || stats->total_objects > FETCH_OBJECTS_MAX
	           ? GIT_EUSER
	           : 0;
}

static void
far_name(char out[static BRANCH_NAME_ROOM], const struct shape_place *run)
{
	char name[BRANCH_NAME_ROOM];

	branch_name(name, run);
	(void)snprintf(out, BRANCH_NAME_ROOM, "refs/far/%s", name + strlen("refs/heads/"));
}

enum pmj_code
smart_fetch(git_repository *store, const char *url, const struct shape_place *run, size_t *objects,
    struct pmj_error *err)
{
	git_fetch_options options;
	git_remote *remote = NULL;
	char from[BRANCH_NAME_ROOM];
	char to[BRANCH_NAME_ROOM];
	size_t came = 0;
	char *spec = NULL;
	git_strarray specs = {&spec, 1};
	int rc;

	branch_name(from, run);
	far_name(to, run);
	spec = mem_printf("%s:%s", from, to);
	rc = git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
	options.callbacks.transfer_progress = watch_fetch;
	options.callbacks.payload = &came;
	options.update_fetchhead = 0;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	if (rc == 0)
		rc = remote_new(&remote, store, url);
	if (rc == 0)
		rc = git_remote_fetch(remote, &specs, &options, NULL);
	git_remote_free(remote);
	free(spec);
	if (objects != NULL)
		*objects = came;
	if (rc == GIT_EUSER)
		return pmj_fail(err, PMJ_TOO_BIG,
		    "the mailbox sends more than 64 MiB or 20,000 objects at once");
	return rc == 0 ? PMJ_OK : fail_link(err, rc, "cannot fetch");
}

/* What the far side said about our branch. libgit2 returns success also when it said no. */
struct verdict {
	const char *name;
	bool taken;
	char words[160];
};

static int
hear_verdict(const char *name, const char *status, void *payload)
{
	struct verdict *verdict = payload;

	if (strcmp(name, verdict->name) != 0)
		return 0;
	verdict->taken = status == NULL;
	if (status != NULL)
		(void)snprintf(verdict->words, sizeof(verdict->words), "%s", status);
	return 0;
}

/* One pack: everything up to one commit. */
static enum pmj_code
push_step(git_repository *own, const char *url, const struct shape_place *run, const git_oid *upto,
    struct pmj_error *err)
{
	git_push_options options;
	char name[BRANCH_NAME_ROOM];
	struct verdict verdict = {.name = name, .words = "it gave no answer"};
	git_reference *step = NULL;
	git_remote *remote = NULL;
	char *spec = NULL;
	git_strarray specs = {&spec, 1};
	int rc;

	branch_name(name, run);
	spec = mem_printf(STEP_REF ":%s", name);
	rc = git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
	options.callbacks.push_update_reference = hear_verdict;
	options.callbacks.payload = &verdict;
	options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	options.pb_parallelism = 1;
	/* libgit2 1.5 pushes names, not commits. */
	errno = 0;
	if (rc == 0)
		rc = git_reference_create(&step, own, STEP_REF, upto, 1, NULL);
	git_reference_free(step);
	if (rc == 0)
		rc = remote_new(&remote, own, url);
	if (rc == 0)
		rc = git_remote_push(remote, &specs, &options);
	git_remote_free(remote);
	free(spec);
	if (rc == GIT_ENONFASTFORWARD)
		return pmj_fail(err, PMJ_BUSY, "the mailbox has moved on");
	if (rc != 0)
		return fail_link(err, rc, "cannot push");
	if (!verdict.taken)
		return pmj_fail(err, PMJ_BUSY, "the mailbox refused: %.120s", verdict.words);
	return PMJ_OK;
}

struct smart_push {
	const char *url;
	size_t step_commits; /* how much the link survives: doubled by success, 1 after a failure */
	size_t step_max;
	size_t steps; /* uploads made, for tests */
};

/* How many links the next step takes: as many as the link has survived, and not too many bytes. */
static size_t
step_size(git_repository *own, const struct smart_push *push, const struct chain_links *links,
    size_t from)
{
	git_odb *odb = NULL;
	git_object_t type;
	size_t bytes = 0;
	size_t count = 0;
	size_t size = 0;

	if (git_repository_odb(&odb, own) < 0)
		return 1;
	while (from + count < links->count && count < push->step_commits) {
		if (git_odb_read_header(&size, &type, odb, &links->items[from + count].blob) < 0)
			break;
		if (count > 0 && bytes + size > STEP_BYTES_MAX)
			break;
		bytes += size;
		count++;
	}
	git_odb_free(odb);
	return count > 0 ? count : 1;
}

/* Push links (ascending, the first follows `was`) to the branch of a run, step by step. PMJ_BUSY
 * when the far side refused (moved by another, a hook, no permission), with its words;
 * PMJ_UNREACHED when the link broke. */
static enum pmj_code
smart_push(struct smart_push *push, git_repository *own, const struct shape_place *run,
    const struct chain_links *links, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	size_t done = 0;
	int failures = 0;

	if (push->step_max == 0)
		push->step_max = STEP_COMMITS_MAX;
	if (push->step_commits == 0)
		push->step_commits = 1;
	while (done < links->count) {
		size_t count = step_size(own, push, links, done);

		push->steps++;
		rc = push_step(own, push->url, run, &links->items[done + count - 1].commit, err);
		if (rc == PMJ_OK) {
			done += count;
			failures = 0;
			push->step_commits = push->step_commits * 2 < push->step_max
			                         ? push->step_commits * 2
			                         : push->step_max;
			continue;
		}
		push->step_commits = 1;
		if (rc != PMJ_UNREACHED || ++failures == STEP_TRIES)
			return rc;
	}
	return PMJ_OK;
}

/* One mailbox at an address while it is exchanged. */
struct smart {
	struct exchange *ex;
	const char *url;
	struct smart_push push;
	git_repository *own; /* of the lane we write */
	const uint8_t *mailbox;
};

static enum pmj_code
far_push(void *ctx, git_repository *own, const struct shape_place *run,
    const struct chain_links *links, const git_oid *was, struct pmj_error *err)
{
	struct smart *smart = ctx;

	(void)was; /* the protocol compares with what the far side advertised */
	exchange_beat(smart->ex);
	return smart_push(&smart->push, own, run, links, err);
}

static enum pmj_code
far_tip(void *ctx, git_oid *out, const struct shape_place *run, struct pmj_error *err)
{
	struct smart *smart = ctx;
	struct branch_tips tips = {0};
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	rc = smart_tips(smart->own, smart->url, smart->mailbox, run->lane, &tips, err);
	for (size_t i = 0; i < tips.count; i++)
		if (shape_same_run(&tips.items[i].run, run))
			git_oid_cpy(out, &tips.items[i].commit);
	branch_tips_close(&tips);
	return rc;
}

static bool
has_commit(git_repository *repo, const git_oid *commit)
{
	git_odb *odb = NULL;
	bool there = git_repository_odb(&odb, repo) == 0 && git_odb_exists(odb, commit);

	git_odb_free(odb);
	return there;
}

/* Far commits of our own lane are rarely news: fetch only what we do not have. */
static enum pmj_code
send(struct smart *smart, struct pmj_error *err)
{
	const struct exchange_far far = {smart->own, far_push, far_tip, smart};
	struct branch_tips tips = {0};
	enum pmj_code rc;

	rc = smart_tips(smart->own, smart->url, smart->mailbox, smart->ex->write_lane, &tips, err);
	for (size_t i = 0; i < tips.count && rc == PMJ_OK; i++)
		if (!has_commit(smart->own, &tips.items[i].commit))
			rc = smart_fetch(smart->own, smart->url, &tips.items[i].run, NULL, err);
	if (rc == PMJ_OK)
		rc = exchange_send(smart->ex, &far, smart->mailbox, &tips, err);
	branch_tips_close(&tips);
	return rc;
}

static enum pmj_code
receive_one(struct smart *smart, const struct branch_tip *tip, struct pmj_error *err)
{
	struct branch_tips one = {.items = mem_new(sizeof(*tip)), .count = 1};
	git_repository *store = NULL;
	enum pmj_code rc;

	one.items[0] = *tip;
	rc = store_open_run(&store, smart->ex->store, &tip->run, err);
	if (rc == PMJ_OK && !has_commit(store, &tip->commit))
		rc = smart_fetch(store, smart->url, &tip->run, NULL, err);
	if (rc == PMJ_OK)
		rc = exchange_receive(smart->ex, store, &one, err);
	git_repository_free(store);
	branch_tips_close(&one);
	return rc;
}

static enum pmj_code
receive(struct smart *smart, struct pmj_error *err)
{
	struct branch_tips tips = {0};
	enum pmj_code first;

	first = smart_tips(
	    smart->own, smart->url, smart->mailbox, exchange_read_lane(smart->ex), &tips, err);
	for (size_t i = 0; i < tips.count; i++) {
		struct pmj_error why;
		enum pmj_code rc = receive_one(smart, &tips.items[i], &why);

		if (rc != PMJ_OK && first == PMJ_OK) {
			first = rc;
			if (err != NULL)
				*err = why;
		}
	}
	branch_tips_close(&tips);
	return first;
}

enum pmj_code
smart_exchange(struct exchange *ex, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const char *url, struct pmj_error *err)
{
	struct smart smart = {.ex = ex, .url = url, .mailbox = mailbox, .push = {.url = url}};
	struct pmj_error why;
	enum pmj_code rc;
	enum pmj_code got;

	rc = store_open(&smart.own, ex->store, mailbox, ex->write_lane, err);
	if (rc != PMJ_OK)
		return rc;
	rc = send(&smart, err);
	got = receive(&smart, &why);
	if (rc == PMJ_OK && got != PMJ_OK) {
		rc = got;
		if (err != NULL)
			*err = why;
	}
	git_repository_free(smart.own);
	return rc;
}
