/* serve.h - one request of pamoja-carry, answered from one mailbox. Stateless: any number may run
 * at once, here and beside plain git. */
#ifndef GATE_SERVE_H
#define GATE_SERVE_H
#include "carry/branch.h"
#include "carry/room.h"
#include "carry/wire.h"
#include "gate/access.h"

/* A mailbox that its asker has been let into. */
struct serve_box {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t lane; /* that the asker may write; both may be read */
	char *path;
	git_repository *repo;
	struct access_list writers;
	struct room room; /* for a laptop; its hub may do as it likes */
	int bell;         /* of the hub, or -1 */
	bool shared;      /* its group may write: so may it write what we make */
};

/**
 * Open ROOT/<mailbox-hex>.git.
 *
 * Errors   as bare_open; those of a bad `writers`.
 */
PMJ_MUST_CHECK enum pmj_code serve_open(struct serve_box *out, const char *root,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane, struct pmj_error *err);
void serve_close(struct serve_box *box);

/* A request while it comes in. */
struct serving;

struct serving *serve_begin(struct serve_box *box, struct buf *answer);
/** Do what is whole among its first len bytes and was not done yet; so of one that breaks off
 * nothing is lost but the last segment. What is wrong with it is told at its end. */
void serve_more(struct serving *serving, const uint8_t *request, size_t len);
/**
 * That was all of it: the rest of its operations, one after the other. What the answer calls done
 * is synced. The serving is gone after it.
 *
 * answer   receives the message; nothing of it may be sent after a failure.
 * Errors   PMJ_INVALID, PMJ_TOO_BIG: this is no request; what came before the bad item may have
 * been done, and asking again finds it.
 */
PMJ_MUST_CHECK enum pmj_code serve_end(
    struct serving *serving, const uint8_t *request, size_t len, struct pmj_error *err);

#endif
