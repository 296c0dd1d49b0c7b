/* doctor_inner.h - what the checks of the doctor share. Private to cli/doctor*.c and its tests. */
#ifndef CLI_DOCTOR_INNER_H
#define CLI_DOCTOR_INNER_H
#include "cli/client.h"

#define DOCTOR_WAIT_MS 2000 /* for anything that may never answer */

enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	const char *home;
	const char *root; /* where /proc, /sys and /etc lie: "", or a made-up machine's */
	char *command;    /* how a person calls pamoja for this home */
	json_t *status;   /* GET /v1/status; NULL when no daemon answered */
	json_t *inner;    /* GET /v1/doctor; NULL as well from a daemon that does not know it */
	struct pmj_error silent; /* why there is none */
	pid_t pid;               /* of pamojad; 0: none is known */
	bool there;              /* the home is a folder */
	bool made;               /* it holds keys or a journal */
	const char *check;       /* the check that runs */
	json_t *items;
};

/** One finding of the present check. mend: one command to copy, or one sentence; "" where nothing
 * is to be done. */
void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
    PMJ_PRINTF(4, 5);
/** The same, and the mend is formatted first; both are freed. */
void doctor_tell(struct doctor *d, enum doctor_state state, char *mend, char *message);
/** HOME/name; caller frees. */
char *doctor_path(const struct doctor *d, const char *name);
/** A word for the shell, in quotes where it needs them. Caller frees. */
char *doctor_quoted(const char *text);
/** How to call one of our programs: its name when PATH finds it, else its path beside ourselves.
 * Caller frees. */
char *doctor_program(const char *name);
/** Is a person who reads mends root already? "" or "sudo ". */
const char *doctor_sudo(void);
bool doctor_is_hub(const struct doctor *d);
/** Was the daemon asked while its journal is open? */
bool doctor_open(const struct doctor *d);

/* The checks, one a line of the table in doctor.c. */
typedef void doctor_check(struct doctor *d);
doctor_check doctor_home, doctor_permissions, doctor_settings, doctor_keys;
doctor_check doctor_journal, doctor_spool, doctor_reserve;
doctor_check doctor_space, doctor_writing, doctor_filesystem, doctor_synced, doctor_encryption;
doctor_check doctor_clock, doctor_zone, doctor_swap, doctor_hibernation, doctor_kernel,
    doctor_packages;
doctor_check doctor_daemon, doctor_version, doctor_carrier, doctor_hardening, doctor_kinds;
doctor_check doctor_inside, doctor_mailbox, doctor_hub, doctor_exchange, doctor_certificate,
    doctor_queues, doctor_backup, doctor_backup_key;

#endif
