/* gate.h - mailboxes behind pamoja-gate: raw segments over https or ssh, a whole exchange in one
 * round trip where nothing stands in the way, in steps that grow with what the link survives. */
#ifndef CARRY_GATE_H
#define CARRY_GATE_H
#include "carry/exchange.h"
#include "carry/https.h"
#include "carry/ssh.h"
#include "carry/step.h"

/* Where a gate is: reached over https, or over ssh. */
struct gate_host {
	const char *url;
	bool by_ssh;
	struct https_host https;
	size_t which; /* ssh: of those that the process was started with */
};

/* The way to all mailboxes of a host, kept through an errand. */
struct gate_way {
	struct https *https;
	struct ssh *ssh;
	struct step step;
	uint8_t wait_s; /* for the answer to what is sent; once an errand */
};

/**
 * Exchange one mailbox. As folder_exchange; both directions are tried.
 *
 * Errors   those of https_ask or ssh_ask; PMJ_FULL, PMJ_REFUSED, PMJ_PARTIAL, PMJ_INTEGRITY as the
 * gate or the state of the mailbox has it.
 */
PMJ_MUST_CHECK enum pmj_code gate_exchange(struct exchange *ex, struct gate_way *way,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct gate_host *host,
    struct pmj_error *err);

#endif
