#include "gate/receive.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "carry/bare.h"
#include "carry/branch.h"
#include "carry/chain.h"
#include "gate/fence.h"
#include "gate/serve.h"

#define LINE_CHARS_MAX 512

struct receiving {
	struct serve_box box;
	bool both; /* it may push both lanes */
};

/* ---- the mailbox, and what is pushed into it ---- */

static enum pmj_code
open_box(struct receiving *r, struct pmj_error *err)
{
	const char *who = getenv("REMOTE_USER"), *aside = getenv("GIT_QUARANTINE_PATH");
	char *here = realpath(".", NULL), *root = here != NULL ? fs_dirname(here) : NULL;
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t lane = who != NULL && strcmp(who, "hub") == 0 ? SHAPE_LANE_DOWN : SHAPE_LANE_UP;
	git_odb *odb = NULL;
	char *name, *end;
	enum pmj_code rc = PMJ_OK;

	r->both = who == NULL || (strcmp(who, "hub") != 0 && strcmp(who, "device") != 0);
	name = here != NULL ? strrchr(here, '/') : NULL;
	end = name != NULL ? strstr(name, ".git") : NULL;
	if (end == NULL || end[4] != '\0') {
		rc = pmj_fail(err, PMJ_INVALID, "this is no mailbox");
		goto out;
	}
	*end = '\0';
	if (!text_unhex(mailbox, sizeof(mailbox), name + 1))
		rc = pmj_fail(err, PMJ_INVALID, "this is no mailbox");
	if (rc == PMJ_OK)
		rc = fence_mailbox(root, mailbox, err);
	if (rc == PMJ_OK)
		rc = chain_setup(err);
	if (rc == PMJ_OK)
		rc = serve_open(&r->box, root, mailbox, lane, err);
	/* What comes is kept apart until we have said yes. */
	if (rc == PMJ_OK && aside != NULL &&
	    (git_repository_odb(&odb, r->box.repo) != 0 ||
	        git_odb_add_disk_alternate(odb, aside) != 0))
		rc = pmj_fail(err, PMJ_FAILED, "what was pushed cannot be read");
	git_odb_free(odb);
out:
	free(here);
	free(root);
	return rc;
}

/* ---- one branch ---- */

static enum pmj_code
read_line(struct shape_place *run, git_oid *was, git_oid *now, char *line, struct pmj_error *err)
{
	char *second = strchr(line, ' '), *ref = second != NULL ? strchr(second + 1, ' ') : NULL;
	static const char front[] = "refs/heads/l";
	size_t n = sizeof(front) - 1;

	line[strcspn(line, "\n")] = '\0';
	if (ref == NULL)
		return pmj_fail(err, PMJ_INVALID, "what git asks does not read");
	*second++ = *ref++ = '\0';
	if (git_oid_fromstr(was, line) != 0 || git_oid_fromstr(now, second) != 0)
		return pmj_fail(err, PMJ_INVALID, "what git asks does not read");
	if (strncmp(ref, front, n) != 0 || (ref[n] != '1' && ref[n] != '2') || ref[n + 1] != '/' ||
	    strspn(ref + n + 2, "0123456789abcdef") != strlen(ref + n + 2) ||
	    !text_unhex(run->incarnation, sizeof(run->incarnation), ref + n + 2))
		return pmj_fail(err, PMJ_REFUSED, "%.80s is no name of a run of segments", ref);
	run->lane = (uint8_t)(ref[n] - '0');
	return PMJ_OK;
}

/* Each is the commit of a whole segment of this run, signed by who writes it, and fits. */
static enum pmj_code
judge_links(struct receiving *r, const struct shape_place *run, const struct chain_links *links,
    struct pmj_error *err)
{
	struct serve_box *box = &r->box;
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	buf_init(&bytes, 0);
	for (size_t i = 0; i < links->count && rc == PMJ_OK; i++) {
		rc = chain_segment(box->repo, &bytes, run, &links->items[i], err);
		if (rc == PMJ_OK && !access_signed(&box->writers, bytes.bytes, bytes.len))
			rc = pmj_fail(err, PMJ_REFUSED,
			    "segment %llu is not signed by who writes here",
			    (unsigned long long)links->items[i].segno);
		if (rc == PMJ_OK && !room_has(&box->room, box->path, bytes.len))
			rc = room_fail(err);
		if (rc == PMJ_OK)
			room_take(&box->room, bytes.len);
	}
	buf_close(&bytes);
	return rc;
}

static enum pmj_code
judge(struct receiving *r, char *line, struct pmj_error *err)
{
	struct shape_place run = {.lane = 0};
	struct chain_links links = {0};
	struct chain_link tip = {.segno = 0};
	git_oid was, now;
	enum pmj_code rc;

	memcpy(run.mailbox, r->box.mailbox, sizeof(run.mailbox));
	if ((rc = read_line(&run, &was, &now, line, err)) != PMJ_OK)
		return rc;
	if (!r->both && run.lane != r->box.lane)
		return pmj_fail(err, PMJ_REFUSED, "lane %u is not yours to write", run.lane);
	if (git_oid_is_zero(&now))
		return pmj_fail(err, PMJ_REFUSED, "a branch of a mailbox is not removed by a push");
	if (!git_oid_is_zero(&was))
		rc = chain_look(r->box.repo, &tip, &was, err);
	if (rc == PMJ_OK)
		rc = chain_walk(r->box.repo, &links, &now, tip.segno, err);
	/* Forward only, by whatever the repository's own settings say. */
	if (rc == PMJ_OK && (links.count == 0 || !git_oid_equal(&links.items[0].parent, &was)))
		rc = pmj_fail(err, PMJ_REFUSED, "it does not go on from where the branch is");
	if (rc == PMJ_OK)
		rc = judge_links(r, &run, &links, err);
	chain_links_close(&links);
	return rc;
}

enum pmj_code
receive_judge(FILE *lines, struct pmj_error *err)
{
	struct receiving r = {.both = false};
	char line[LINE_CHARS_MAX];
	enum pmj_code rc = open_box(&r, err);

	while (rc == PMJ_OK && fgets(line, sizeof(line), lines) != NULL)
		rc = judge(&r, line, err);
	if (rc == PMJ_OK)
		room_keep(&r.box.room, r.box.path);
	serve_close(&r.box);
	return rc;
}
