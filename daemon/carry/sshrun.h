/* sshrun.h - OpenSSH's client, run by a process of our own that does nothing else: so whoever reads
 * what a host sends needs neither the network nor a program. Keys reach ssh by memory, not by a
 * disk. */
#ifndef CARRY_SSHRUN_H
#define CARRY_SSHRUN_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "pamoja/limits.h"

struct sshrun_host {
	const char *url;
	const uint8_t *mailbox;
	const char *key; /* private, as OpenSSH writes it */
	const char *pin; /* ssh-ed25519 KEY of the host */
};

struct sshrun {
	pid_t pid;
	int fd; /* of orders to it */
};

/* What is run there: the gate, or git for the mailbox. */
enum sshrun_program { SSHRUN_GATE, SSHRUN_UPLOAD, SSHRUN_RECEIVE, SSHRUN_PROGRAMS };

/* One ssh that runs a program at a host. */
struct sshrun_ends {
	int talk; /* its standard input and output, non-blocking */
	int says; /* its messages, non-blocking */
};

/** Start the process; it can reach these hosts, and no other, as long as we live. */
PMJ_MUST_CHECK enum pmj_code sshrun_start(
    struct sshrun *out, const struct sshrun_host *hosts, size_t count, struct pmj_error *err);
/** Run ssh to hosts[which]. An earlier one is ended. */
PMJ_MUST_CHECK enum pmj_code sshrun_connect(struct sshrun *run, size_t which,
    enum sshrun_program program, struct sshrun_ends *out, struct pmj_error *err);
/** End it, and whatever runs. Does nothing for one that never was. */
void sshrun_stop(struct sshrun *run);

#endif
