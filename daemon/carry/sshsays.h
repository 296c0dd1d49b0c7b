/* sshsays.h - what OpenSSH's client said before it ended, as an error of ours. Pure. */
#ifndef CARRY_SSHSAYS_H
#define CARRY_SSHSAYS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

struct sshsays {
	bool broke;   /* in the middle, so that the same may go well at once */
	bool let_in;  /* the host took our key */
	bool no_gate; /* there is no pamoja-gate, but something else took our word */
	bool counted; /* up and down were told */
	uint64_t up;  /* bytes, above TCP */
	uint64_t down;
};

/**
 * Read its messages (of level VERBOSE, in English).
 *
 * host    as messages name it.
 * Errors  always one: PMJ_INTEGRITY: not the host that we were told of. PMJ_REFUSED: it does not
 *         know our key. PMJ_UNREACHED: there is no link, or it broke off. PMJ_FAILED: the gate
 * there ended, or there is none, or there is no ssh here.
 */
enum pmj_code sshsays_read(
    struct sshsays *out, const char *text, size_t len, const char *host, struct pmj_error *err);

#endif
