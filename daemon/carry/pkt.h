/* pkt.h - git's protocol (version 0) to bytes and back: lines behind their length, what a
 * repository says that it has, what came of a push, and where a pack begins. Pure. */
#ifndef CARRY_PKT_H
#define CARRY_PKT_H
#include "base/buf.h"
#include "carry/branch.h"

/* Of an advertisement: so many branches of ours, and so many bytes. */
#define PKT_BRANCHES_MAX 4096u
#define PKT_REFS_MAX (1024u * 1024)
#define PKT_OBJECTS_MAX 20000u

enum pkt_service { PKT_UPLOAD, PKT_RECEIVE };

/** "git-upload-pack" or "git-receive-pack". Never NULL. */
const char *pkt_service_name(enum pkt_service service);

/** What a repository says that it has. */
struct pkt_refs {
	struct branch_tips tips; /* of lanes 1 and 2; other names are left out */
	bool depth;              /* it can give only so many commits */
	bool reachable;          /* ... and from any commit that it has */
};

/**
 * An advertisement whole. announced: as by http, where a line before it names the service.
 *
 * Errors   PMJ_PARTIAL: it ends too soon. PMJ_INVALID: it is none of git's. PMJ_REFUSED: it says
 *          why not. PMJ_TOO_BIG: more than PKT_BRANCHES_MAX branches of ours.
 */
PMJ_MUST_CHECK enum pmj_code pkt_read_refs(struct pkt_refs *out, enum pkt_service service,
    bool announced, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct buf *bytes,
    struct pmj_error *err);
void pkt_refs_close(struct pkt_refs *refs);

/** Does a list of lines end in these bytes? How many they are up to there, or 0; *bad: they are no
 * lines of git's. */
size_t pkt_list_bytes(const uint8_t *bytes, size_t len, bool *bad);

/** The words behind which a pack follows: move one branch from was (zero: there is none) to `to`.
 */
void pkt_put_push(
    struct buf *out, const struct shape_place *run, const git_oid *was, const git_oid *to);
/**
 * What came of it.
 *
 * Errors   PMJ_BUSY: it was refused, with its words. PMJ_PARTIAL, PMJ_INVALID as pkt_read_refs.
 */
PMJ_MUST_CHECK enum pmj_code pkt_read_report(
    const struct shape_place *run, const struct buf *bytes, struct pmj_error *err);

/** The words that ask for a commit and those before it: depth of them; 0: all, down to `have` (may
 * be NULL). */
void pkt_put_want(struct buf *out, const git_oid *want, uint32_t depth, const git_oid *have);
/**
 * Where the pack is in the answer. It is not looked into but for its head: at most PKT_OBJECTS_MAX.
 *
 * Errors   PMJ_REFUSED: none comes, with their words. PMJ_TOO_BIG; PMJ_PARTIAL, PMJ_INVALID as
 *          pkt_read_refs.
 */
PMJ_MUST_CHECK enum pmj_code pkt_read_pack(
    const uint8_t **pack, size_t *pack_len, const struct buf *bytes, struct pmj_error *err);

#endif
