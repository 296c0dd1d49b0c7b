/* job.h - one errand from beginning to end: an exchange with every mailbox, or with a parcel. */
#ifndef CARRY_JOB_H
#define CARRY_JOB_H
#include "carry/exchange.h"
#include "carry/network.h"
#include "carry/sshrun.h"
#include "carry/ticket.h"

/* Where a mailbox is. All but the first two may be NULL. */
struct job_remote {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	char *url;    /* a folder's full path, https://HOST/PATH or ssh://USER@HOST */
	char *token;  /* https: lets us in; in memory only */
	char *key;    /* ssh: lets us in, as OpenSSH writes a private key; in memory only */
	char *pin;    /* of the host's public key; https: sha256//HASH, ssh: ssh-ed25519 KEY */
	char *ca;     /* https: PEM of who signed the host's certificate */
	char *tokens; /* a hub's folder: text of the gate's two files of this mailbox */
	char *writers;
	char *limit; /* a hub's folder: bytes that the mailbox may hold */
	char *keys;  /* a hub's folder: the ssh-ed25519 KEY that may use this mailbox */
	char *shut;  /* a hub's folder: such a key that may no more */
	bool old; /* where the mailbox was before: one that makes mailboxes looks there, too; others
	             go there when they got nowhere else. That it fails is no failure. */
};

struct seen;

struct job {
	struct exchange ex;
	struct job_remote *remotes;
	size_t remote_count;
	size_t remote_room;
	struct seen *seen;  /* while a hub looks into its folders; or NULL */
	bool anew;          /* what was told before may not have been heard */
	bool news;          /* there may be no mailbox to exchange with, and all is well */
	uint8_t wait_s;     /* for an answer to what is sent, where the hub listens */
	char *parcel;       /* a folder: exchange with the parcel there, not with the remotes */
	struct sshrun ssh;  /* runs ssh for the remotes that need it */
	network_id network; /* that we are in */
	struct ticket_shelf *tickets; /* not its own; may be NULL */
	int patience_s;               /* a link that says nothing for so long is given up; 0: 60 */
};

void job_close(struct job *job);
/** Its token and key are wiped. */
void job_remote_close(struct job_remote *remote);
/** Is everything said of it the same? */
bool job_remote_same(const struct job_remote *a, const struct job_remote *b);
/** Is it reached without any network: a folder, or a host on this machine? */
bool job_remote_near(const struct job_remote *remote);
/** Add a copy. url, if not NULL, stands in place of its own; a token goes to no other address. */
void job_add_remote(struct job *job, const struct job_remote *remote, const char *url);
/** Does it need the network itself? ssh has a process of its own for that. */
bool job_by_network(const struct job *job);
/** Start that process, where a remote needs it, and see which network this is: both before a fence
 * is put up. */
PMJ_MUST_CHECK enum pmj_code job_prepare(struct job *job, struct pmj_error *err);

/**
 * Do it.
 *
 * Errors   the only failure's code; PMJ_PARTIAL when some mailboxes were exchanged and some not;
 *          PMJ_UNREACHED when none was reached.
 */
PMJ_MUST_CHECK enum pmj_code job_run(struct job *job, struct pmj_error *err);

#endif
