/* smart_host.h - the ways to git at a host: over https, whose requests each stand alone, and over
 * ssh, where git is run for each. */
#ifndef CARRY_SMART_HOST_H
#define CARRY_SMART_HOST_H
#include "carry/gate.h"
#include "carry/smart.h"

/** Exchange one mailbox by git's own protocol. As smart_exchange; the way's step is learned from.
 */
PMJ_MUST_CHECK enum pmj_code smart_host_exchange(struct exchange *ex, struct gate_way *way,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct gate_host *host, bool *git,
    struct pmj_error *err);

/** After gate_exchange failed: may it be that there is no gate, and git instead? */
bool smart_host_may_be(const struct gate_way *way, const struct gate_host *host);

#endif
