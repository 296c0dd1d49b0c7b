/* store.h - our own bare repository of one lane of one mailbox: the chain of what we write, so that
 * it can be pushed anywhere at any time, also where only a part of it is in the spool. A cache:
 * made again from the spool and the mailbox. */
#ifndef CARRY_STORE_H
#define CARRY_STORE_H
#include "carry/chain.h"
#include "carry/spool.h"

/** Open HOME/carry/MAILBOX-LANE.git, making it where missing. The caller has locked the folder. */
PMJ_MUST_CHECK enum pmj_code store_open(git_repository **out, const char *folder,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane, struct pmj_error *err);

/** The same for one run of the lane we read: HOME/carry/MAILBOX-LANE-INCARNATION.git, so that a
 *  fetch never walks, and never fetches again, what belongs to another run. */
PMJ_MUST_CHECK enum pmj_code store_open_run(
    git_repository **out, const char *folder, const struct shape_place *run, struct pmj_error *err);

/** What taking a run from the spool into the store came to. */
struct store_run {
	struct shape_place run;
	git_oid tip; /* of the store's branch; zero when there is none */
	uint64_t tip_segno;
	uint64_t waiting; /* greatest segno in the spool */
	uint64_t differs; /* the spool's bytes at this segno are not the chain's; 0: none */
	bool gap;         /* the spool goes on further than the chain can follow */
};

/**
 * Make the commits of what is in the spool for one run, as far as there is no gap.
 *
 * items    count of them (may be none), all of this run, ascending; only first files of a place
 *          are taken.
 */
PMJ_MUST_CHECK enum pmj_code store_take(struct store_run *out, git_repository *store,
    const struct os *os, const char *spool_out, const struct shape_place *run,
    const struct spool_item *items, size_t count, struct pmj_error *err);

#endif
