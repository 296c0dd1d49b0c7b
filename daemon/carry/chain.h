/* chain.h - segments as git commits. A segment determines its commit, so whoever holds the segments
 * can make the chain, and any chain can be checked against its segments. */
#ifndef CARRY_CHAIN_H
#define CARRY_CHAIN_H
#include <git2.h>

#include "base/buf.h"
#include "carry/shape.h"

/* One commit of a chain, checked to be exactly what the format says. */
struct chain_link {
	git_oid commit;
	git_oid parent; /* zero when segno is 1 */
	git_oid tree;
	git_oid blob;
	uint64_t segno;
};

struct chain_links {
	struct chain_link *items; /* ascending segno, no gaps */
	size_t count;
};

/**
 * Start libgit2: no settings of the machine are read, everything is synced, hashes are checked, and
 * memory is kept small; SIGPIPE is ignored from now on. Once a process, or once in the one it forks
 * from, so that not every errand pays for the start.
 */
PMJ_MUST_CHECK enum pmj_code chain_setup(struct pmj_error *err);
/** End libgit2 and start it anew. What it draws for TLS comes from a generator that a forked
 * process has in common with its brothers: who goes to a network through libgit2 calls this first.
 */
PMJ_MUST_CHECK enum pmj_code chain_setup_anew(struct pmj_error *err);
void chain_teardown(void);

/** Set err from libgit2's last error. */
enum pmj_code chain_fail(struct pmj_error *err, int git_code, const char *doing);

/** The first 8 hex digits of the blob id. */
void chain_blob_tag(char out[static SHAPE_TAG_CHARS + 1], const uint8_t *bytes, size_t len);
void chain_blob_id(git_oid *out, const uint8_t *bytes, size_t len);

/** A commit of the form of section 5.5; false when the bytes are not exactly such a one. */
bool chain_commit_read(struct chain_link *out, const uint8_t *bytes, size_t len);

/** Write blob, tree and commit of a segment. parent NULL: segno is 1. Moves no branch. */
PMJ_MUST_CHECK enum pmj_code chain_add(git_repository *repo, struct chain_link *out,
    const git_oid *parent, uint64_t segno, const struct buf *segment, struct pmj_error *err);

/** Read one commit and its tree; PMJ_INTEGRITY when either is not of the form. */
PMJ_MUST_CHECK enum pmj_code chain_look(
    git_repository *repo, struct chain_link *out, const git_oid *commit, struct pmj_error *err);

/** The links from segno above+1 to the commit `tip`, ascending; none when tip is not above. */
PMJ_MUST_CHECK enum pmj_code chain_walk(git_repository *repo, struct chain_links *out,
    const git_oid *tip, uint64_t above, struct pmj_error *err);
void chain_links_close(struct chain_links *links);

/** The segment of a link, checked to be a whole segment of the run at that segno. */
PMJ_MUST_CHECK enum pmj_code chain_segment(git_repository *repo, struct buf *out,
    const struct shape_place *run, const struct chain_link *link, struct pmj_error *err);

/** Copy the objects of a link from one repository to another. */
PMJ_MUST_CHECK enum pmj_code chain_copy(
    git_repository *to, git_repository *from, const struct chain_link *link, struct pmj_error *err);

#endif
