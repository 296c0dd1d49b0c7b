/* bell.h - a named pipe in the folder of mailboxes: the gate says there which mailbox something
 * came to, and the hub's carrier hears it at once. Where nobody listens nothing is said; the hub's
 * own look finds it then. */
#ifndef CARRY_BELL_H
#define CARRY_BELL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/limits.h"

#define BELL_NAME "arrived"

/* The listener's end. */
struct bell {
	int fd; /* -1: none hangs */
	char *folder;
	uint8_t (*heard)[PMJ_MAILBOX_BYTES];
	size_t count;
	bool more; /* more than there was room for: any mailbox may be meant */
};

/** Nothing hangs yet. */
void bell_init(struct bell *bell);
/** Make the pipe, where there is none, and open it. -1: it cannot be. */
int bell_make(void *ctx, const char *folder);
/** In this folder from now on, and in no other; one that hangs there goes on. Where it cannot be,
 * none hangs. make: bell_make, or what asks a process for it that may reach the folder. */
void bell_hang(
    struct bell *bell, const char *folder, int (*make)(void *ctx, const char *folder), void *ctx);
/** When fd is ready. True when something was heard. */
bool bell_listen(struct bell *bell);
/** Did something come to this mailbox since bell_forget? */
bool bell_heard(const struct bell *bell, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);
void bell_forget(struct bell *bell);
void bell_close(struct bell *bell);

/** The other end. -1 when nobody listens. */
int bell_reach(const char *folder);
void bell_ring(int fd, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);

#endif
