#include "carry/job.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"
#include "carry/away.h"
#include "carry/gate.h"
#include "carry/job_folder.h"
#include "carry/parcel.h"
#include "carry/seen.h"
#include "carry/smart_host.h"

/* A link that says nothing for so long is given up. */
#define PATIENCE_S 60

void
job_close(struct job *job)
{
	for (size_t i = 0; i < job->remote_count; i++)
		job_remote_close(&job->remotes[i]);
	free(job->remotes);
	free(job->parcel);
	free(job->ex.spool);
	free(job->ex.store);
	places_close(&job->ex.have);
	places_close(&job->ex.acked);
	places_close(&job->ex.ended);
	memset(job, 0, sizeof(*job));
}

static char *
copy(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

static void
remote_copy(struct job_remote *out, const struct job_remote *from)
{
	memcpy(out->mailbox, from->mailbox, sizeof(out->mailbox));
	out->url = copy(from->url);
	out->token = copy(from->token);
	out->key = copy(from->key);
	out->pin = copy(from->pin);
	out->ca = copy(from->ca);
	out->tokens = copy(from->tokens);
	out->writers = copy(from->writers);
	out->limit = copy(from->limit);
	out->keys = copy(from->keys);
	out->shut = copy(from->shut);
	out->old = from->old;
}

void
job_remote_close(struct job_remote *remote)
{
	if (remote->token != NULL)
		mem_wipe(remote->token, strlen(remote->token));
	if (remote->key != NULL)
		mem_wipe(remote->key, strlen(remote->key));
	free(remote->url);
	free(remote->key);
	free(remote->limit);
	free(remote->keys);
	free(remote->shut);
	free(remote->token);
	free(remote->pin);
	free(remote->ca);
	free(remote->tokens);
	free(remote->writers);
	memset(remote, 0, sizeof(*remote));
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
job_remote_same(const struct job_remote *a, const struct job_remote *b)
{
	return memcmp(a->mailbox, b->mailbox, sizeof(a->mailbox)) == 0 && same(a->url, b->url) &&
	       same(a->token, b->token) && same(a->key, b->key) && same(a->pin, b->pin) &&
	       same(a->ca, b->ca) && same(a->tokens, b->tokens) && same(a->writers, b->writers) &&
	       same(a->limit, b->limit) && same(a->keys, b->keys) && same(a->shut, b->shut) &&
	       a->old == b->old;
}

void
job_add_remote(struct job *job, const struct job_remote *remote, const char *url)
{
	struct job_remote own = *remote;

	if (url != NULL && remote->old)
		return;
	if (url != NULL && strcmp(url, remote->url) != 0)
		own = (struct job_remote){.url = (char *)(uintptr_t)url};
	memcpy(own.mailbox, remote->mailbox, sizeof(own.mailbox));
	if (job->remote_count == job->remote_room) {
		job->remote_room = job->remote_room == 0 ? 8 : job->remote_room * 2;
		job->remotes = mem_grow(job->remotes, job->remote_room, sizeof(*job->remotes));
	}
	remote_copy(&job->remotes[job->remote_count++], &own);
}

/* A folder for what is no address at all: it fails where it is used. */
static enum address_way
way_to(const struct job_remote *remote)
{
	struct address at;

	return address_read(&at, remote->url, NULL) == PMJ_OK ? at.way : ADDRESS_FOLDER;
}

bool
job_remote_near(const struct job_remote *remote)
{
	struct address at;

	return address_read(&at, remote->url, NULL) != PMJ_OK || at.way == ADDRESS_FOLDER ||
	       strncmp(at.host, "127.", 4) == 0 || strncmp(at.host, "localhost", 9) == 0;
}

bool
job_by_network(const struct job *job)
{
	for (size_t i = 0; i < job->remote_count && job->parcel == NULL; i++)
		if (way_to(&job->remotes[i]) == ADDRESS_HTTPS)
			return true;
	return false;
}

/* One with a number that is its remote's, so those of the others stay empty. */
static enum pmj_code
start_ssh(struct job *job, struct pmj_error *err)
{
	struct sshrun_host *hosts = mem_array(job->remote_count + 1, sizeof(*hosts));
	bool needed = false;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < job->remote_count && job->parcel == NULL; i++) {
		const struct job_remote *remote = &job->remotes[i];

		if (way_to(remote) != ADDRESS_SSH || remote->key == NULL || remote->pin == NULL)
			continue;
		hosts[i] =
		    (struct sshrun_host){remote->url, remote->mailbox, remote->key, remote->pin};
		needed = true;
	}
	if (needed && job->ssh.pid == 0)
		rc = sshrun_start(&job->ssh, hosts, job->remote_count, err);
	free(hosts);
	return rc;
}

enum pmj_code
job_prepare(struct job *job, struct pmj_error *err)
{
	job_leave_silent(job);
	job->network = network_now();
	return start_ssh(job, err);
}

/* The first failure speaks; one that was not reached gives way to one that was and went wrong. */
static void
note_failure(struct pmj_error *first, const struct pmj_error *why)
{
	if (first->code == PMJ_OK || (first->code == PMJ_UNREACHED && why->code != PMJ_UNREACHED))
		*first = *why;
}

/* Git where there is no gate: looked for where the gate is not there, and asked first where it was
 * there the last time. What the first of the two said is told, unless the other one went on. */
static enum pmj_code
gate_or_git(struct job *job, struct gate_way *way, const struct job_remote *remote,
    const struct gate_host *host, struct pmj_error *err)
{
	bool known = smart_known(job->ex.store, remote->url, remote->mailbox);
	bool git = false;
	struct pmj_error why;
	enum pmj_code rc;

	rc = known ? smart_host_exchange(&job->ex, way, remote->mailbox, host, &git, err)
	           : gate_exchange(&job->ex, way, remote->mailbox, host, err);
	if (rc == PMJ_OK || (known ? git || rc == PMJ_UNREACHED : !smart_host_may_be(way, host)))
		return rc;
	if (known) {
		rc = gate_exchange(&job->ex, way, remote->mailbox, host, &why);
		/* Of an answer that is neither's, the first words stand. */
		git = rc != PMJ_INTEGRITY && !smart_host_may_be(way, host);
	} else {
		rc = smart_host_exchange(&job->ex, way, remote->mailbox, host, &git, &why);
		if (git)
			diag("%.80s has no pamoja-gate: git is used there", remote->url);
	}
	if (rc != PMJ_OK && git)
		*err = why;
	return rc == PMJ_OK ? PMJ_OK : err->code;
}

/* One https connection serves all mailboxes of a host; over ssh each mailbox has a key, and so a
 * connection, of its own. */
static enum pmj_code
run_gate(struct job *job, struct gate_way *way, size_t which, bool by_ssh, struct pmj_error *err)
{
	const struct job_remote *remote = &job->remotes[which];
	const struct gate_host host = {.url = remote->url,
	    .by_ssh = by_ssh,
	    .https = {remote->url, remote->token, remote->pin, remote->ca},
	    .which = which};
	int patience_s = job->patience_s > 0 ? job->patience_s : PATIENCE_S;
	enum pmj_code rc = PMJ_OK;

	if (by_ssh ? remote->key == NULL || remote->pin == NULL : remote->token == NULL) {
		(void)pmj_fail(
		    err, PMJ_UNREACHED, "the hub gave this laptop no key to %.80s", remote->url);
		pmj_hint(err, "only the address that the hub told can be used");
		return PMJ_UNREACHED;
	}
	if (by_ssh && address_pin(ADDRESS_SSH, remote->pin, err) != PMJ_OK)
		return err->code;
	if (by_ssh && way->ssh == NULL) {
		way->ssh =
		    ssh_new(&job->ssh, patience_s, job->ex.beat, job->ex.ctx, &job->ex.count.moved);
	} else if (!by_ssh && way->https == NULL) {
		rc = https_new(&way->https, patience_s, job->tickets, job->network, job->ex.beat,
		    job->ex.ctx, &job->ex.count.moved, err);
	}
	return rc == PMJ_OK ? gate_or_git(job, way, remote, &host, err) : rc;
}

static enum pmj_code
run_remote(struct job *job, struct gate_way *way, size_t which, struct pmj_error *err)
{
	const struct job_remote *remote = &job->remotes[which];
	struct address at;
	enum pmj_code rc;

	exchange_beat(&job->ex);
	if ((rc = address_read(&at, remote->url, err)) != PMJ_OK)
		return rc;
	return at.way == ADDRESS_FOLDER ? job_run_folder(job, remote, err)
	                                : run_gate(job, way, which, at.way == ADDRESS_SSH, err);
}

static size_t
heard(const struct gate_way *way)
{
	return (way->https != NULL ? https_heard(way->https) : 0) +
	       (way->ssh != NULL ? ssh_heard(way->ssh) : 0);
}

/* A host where nobody answers, or another than it should be, costs its deadline once and not once a
 * mailbox. */
static enum pmj_code
run_or_pass(
    struct job *job, struct gate_way *way, size_t which, struct away *away, struct pmj_error *err)
{
	const struct job_remote *remote = &job->remotes[which];
	size_t before = heard(way);
	enum pmj_code rc;

	if (away_known(away, remote, err))
		return err->code;
	rc = run_remote(job, way, which, err);
	if ((rc == PMJ_UNREACHED || rc == PMJ_INTEGRITY) && remote->url[0] != '/' &&
	    heard(way) == before)
		away_note(away, remote, err);
	return rc;
}

/* Each mailbox at its place, or where it was before. */
static size_t
run_each(struct job *job, struct gate_way *way, struct pmj_error *first)
{
	struct away away = {0};
	size_t good = 0;
	bool reached = false; /* by the place before this one */

	for (size_t i = 0; i < job->remote_count; i++) {
		const struct job_remote *remote = &job->remotes[i];
		struct pmj_error why = {0};

		if (remote->old && reached && !job->ex.create)
			continue;
		if (run_or_pass(job, way, i, &away, &why) == PMJ_OK) {
			reached = true;
			if (!remote->old) {
				good++;
			} else if (!job->ex.create) {
				/* It got through after all; the carrier says by which way. */
				good++;
				job->ex.instead = *first;
				*first = (struct pmj_error){0};
			}
		} else if (!remote->old) {
			reached = false;
			note_failure(first, &why);
		}
	}
	away_close(&away);
	return good;
}

static void
keep_steps(const struct job *job, const struct step *step)
{
	if (job->network != NETWORK_NONE)
		network_keep(job->ex.store, job->network,
		    &(struct network_steps){step->bytes, step->ceiling, step->share});
}

static enum pmj_code
run_remotes(struct job *job, struct pmj_error *err)
{
	struct gate_way way = {.wait_s = job->wait_s};
	struct network_steps steps;
	struct pmj_error first = {0};
	struct seen seen;
	size_t good;

	if (job->ex.create) {
		seen_open(&seen, &job->ex);
		job->seen = &seen;
	}
	network_recall(&steps, job->ex.store, job->network);
	way.step.bytes = steps.step;
	way.step.ceiling = steps.ceiling;
	way.step.share = steps.share;
	good = run_each(job, &way, &first);
	if (job->seen != NULL)
		seen_close(job->seen, job->news);
	job->seen = NULL;
	if (way.step.bytes != 0) {
		job->ex.step = step_piece(&way.step);
		keep_steps(job, &way.step);
	}
	https_free(way.https, &job->ex.up, &job->ex.down);
	ssh_free(way.ssh, &job->ex.up, &job->ex.down);
	sshrun_stop(&job->ssh);
	if (first.code == PMJ_OK)
		return PMJ_OK;
	if (err != NULL)
		*err = first;
	/* Damage is told as such also when it concerns one mailbox of many. */
	if (good == 0 || first.code == PMJ_INTEGRITY)
		return first.code;
	if (err != NULL)
		err->code = PMJ_PARTIAL;
	pmj_context(err, "%zu of %zu mailboxes", job->remote_count - good, job->remote_count);
	return PMJ_PARTIAL;
}

/* A stick that goes away under our hands shows as a missing file, or as a device that answers no
 * more. */
static enum pmj_code
run_parcel(struct job *job, struct pmj_error *err)
{
	enum pmj_code rc = parcel_exchange(job, err);

	if (rc != PMJ_NOT_FOUND && rc != PMJ_IO)
		return rc;
	err->code = PMJ_UNREACHED;
	parcel_hint_pulled(err);
	return PMJ_UNREACHED;
}

enum pmj_code
job_run(struct job *job, struct pmj_error *err)
{
	enum pmj_code rc;

	if (job->parcel == NULL && job->remote_count == 0 && !job->news) {
		(void)pmj_fail(err, PMJ_UNREACHED, "no mailbox is known yet");
		pmj_hint(err, "%s",
		    job->ex.create ? "enrol a worker first: pamoja hub enrol REQUEST --role peer"
		                   : "enrol this laptop first, or carry a parcel");
		return PMJ_UNREACHED;
	}
	rc = exchange_begin(&job->ex, err);
	if (rc == PMJ_OK)
		rc = job->parcel != NULL ? run_parcel(job, err) : run_remotes(job, err);
	exchange_end(&job->ex);
	return rc;
}
