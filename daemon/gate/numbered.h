/* numbered.h - which commit of a branch has which number, kept in the mailbox, so that a get far
 * below the tip does not walk the whole branch each time. A cache: what it says is checked, and
 * without it the branch is walked. */
#ifndef GATE_NUMBERED_H
#define GATE_NUMBERED_H
#include "carry/chain.h"
#include "gate/serve.h"

/* Of so many a get is not answered by more than a part; the asker asks again. */
#define NUMBERED_AT_ONCE 64

/**
 * The links from segno `from` on, ascending, at most NUMBERED_AT_ONCE.
 *
 * run   its segno does not count.
 * more  there are others behind them.
 */
PMJ_MUST_CHECK enum pmj_code numbered_links(const struct serve_box *box, struct chain_links *out,
    bool *more, const struct shape_place *run, uint64_t from, struct pmj_error *err);

#endif
