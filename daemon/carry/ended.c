#include "carry/ended.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "carry/bare.h"
#include "carry/object.h"
#include "carry/store.h"

#define LOCK_WAIT_MS 10000

/* What the gate kept of it (gate/numbered). */
static void
drop_numbers(const char *path, const struct shape_place *run)
{
	char hex[2 * PMJ_INCARNATION_BYTES + 1];
	char *file = mem_printf("%s/numbers-%u-%s", path, run->lane,
	    text_hex(hex, run->incarnation, sizeof(run->incarnation)));

	(void)unlink(file);
	free(file);
}

/* Each object holds, or names one that holds, the number of its run, so no other run is made of it.
 * What lies in a pack stays until the host repacks. */
static void
drop_objects(struct exchange *ex, git_repository *repo, const struct chain_links *links)
{
	for (size_t i = 0; i < links->count; i++) {
		exchange_beat(ex);
		object_drop(repo, &links->items[i].commit);
		object_drop(repo, &links->items[i].tree);
		object_drop(repo, &links->items[i].blob);
	}
}

/* The branch first: a stop leaves objects that nobody asks for, never a branch without them. *gone:
 * it is not there (any more). */
static enum pmj_code
drop_run(struct exchange *ex, git_repository *repo, const struct shape_place *place, bool *gone,
    struct pmj_error *err)
{
	struct chain_links links = {0};
	struct chain_link tip;
	git_oid now;
	enum pmj_code rc;

	*gone = false;
	if ((rc = branch_tip(repo, &now, place, err)) != PMJ_OK)
		return rc;
	*gone = git_oid_is_zero(&now);
	if (*gone || (rc = chain_look(repo, &tip, &now, err)) != PMJ_OK)
		return rc;
	if (tip.segno > place->segno) /* somebody wrote there since: it has not ended */
		return PMJ_OK;
	rc = chain_walk(repo, &links, &now, 0, err);
	if (rc == PMJ_OK && (rc = branch_drop(repo, place, &now, err)) == PMJ_OK) {
		*gone = true;
		drop_objects(ex, repo, &links);
	}
	chain_links_close(&links);
	return rc;
}

static enum pmj_code
drop_locked(struct exchange *ex, git_repository *repo, const char *path,
    const struct shape_place *place, bool *gone, struct pmj_error *err)
{
	enum pmj_code rc;
	int lock = -1;

	if ((rc = bare_lock(&lock, path, LOCK_WAIT_MS, err)) != PMJ_OK)
		return rc;
	rc = drop_run(ex, repo, place, gone, err);
	(void)close(lock);
	if (*gone)
		drop_numbers(path, place);
	return rc;
}

/* Our own chain of it, if it is of the lane we write; what cannot be dropped there is in nobody's
 * way. */
static void
drop_own(struct exchange *ex, const struct shape_place *place)
{
	git_repository *own = NULL;
	struct pmj_error err;
	bool gone;

	if (place->lane != ex->write_lane ||
	    store_open(&own, ex->store, place->mailbox, place->lane, &err) != PMJ_OK)
		return;
	(void)drop_run(ex, own, place, &gone, &err);
	git_repository_free(own);
}

enum pmj_code
ended_drop(struct exchange *ex, const char *path, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    struct pmj_error *err)
{
	struct shape_place from = {.lane = 0};
	git_repository *repo = NULL;
	struct stat st;
	enum pmj_code rc = PMJ_OK;
	mode_t mask = umask(077);

	if (stat(path, &st) == 0 && (st.st_mode & S_IWGRP) != 0)
		(void)umask(007);
	memcpy(from.mailbox, mailbox, sizeof(from.mailbox));
	for (size_t i = places_first(&ex->ended, &from);
	     rc == PMJ_OK && i < ex->ended.count &&
	     memcmp(ex->ended.items[i].mailbox, mailbox, sizeof(from.mailbox)) == 0;
	     i++) {
		bool gone = false;

		if (repo == NULL)
			rc = bare_open(&repo, path, err);
		if (rc == PMJ_OK)
			rc = drop_locked(ex, repo, path, &ex->ended.items[i], &gone, err);
		if (rc == PMJ_OK && gone) {
			drop_own(ex, &ex->ended.items[i]);
			ex->tell(ex->ctx, EXCHANGE_ENDED, &ex->ended.items[i], 0);
		}
	}
	(void)umask(mask);
	git_repository_free(repo);
	return rc;
}
