/* erase.h - a person is erased from this journal (security 11.2): at the hub and at every laptop
 * that hears of it. The order is a statement of the roster; what follows is done in steps, and gone
 * on with after a crash. What stays is a keyed tombstone of each record, so that what comes late is
 * refused. */
#ifndef SYNC_ERASE_H
#define SYNC_ERASE_H
#include "domain/line.h"
#include "store/journal.h"

struct sync;

#define ERASE_HASH_BYTES 32

/** Begin: the person and what the people signed (hash of log/act). From now on what is about the
 * person is refused. Twice is no error. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code erase_begin(struct journal *journal,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t act[static ERASE_HASH_BYTES],
    int64_t now_ms, struct pmj_error *err);
/** Was this record erased? */
bool erase_is_gone(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES]);
/** Does an entry belong to an erased record, or is it about an erased person? What it makes or
 * changes is gone too, then: inside a transaction. */
PMJ_MUST_CHECK enum pmj_code erase_refuses(
    struct journal *journal, const struct entry *entry, bool *gone, struct pmj_error *err);
/** Is there something to erase? Cheap. */
bool erase_waits(struct journal *journal);
/** Some of it until mono ms until_ms, in transactions of its own. *more: call again. *left: nothing
 * is in the journal any more; its file and keys are still to be made anew, then erase_done. */
PMJ_MUST_CHECK enum pmj_code erase_step(
    struct journal *journal, int64_t until_ms, bool *more, bool *left, struct pmj_error *err);
/** Of those that are through erase_step: done. act receives the hash of one; *found false: there
 * was none. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code erase_done(struct journal *journal, int64_t now_ms,
    uint8_t act[static ERASE_HASH_BYTES], bool *found, struct pmj_error *err);
/** Is there one that is done, and of which seal keys were left? Cheap. */
bool erase_opens(struct journal *journal);
/** Of those that are done, one whose seal keys are all destroyed since: the second stage of its
 * certificate (11.4). The same way. */
PMJ_MUST_CHECK enum pmj_code erase_unreadable(struct journal *journal, int64_t now_ms,
    uint8_t act[static ERASE_HASH_BYTES], bool *found, struct pmj_error *err);

#endif
