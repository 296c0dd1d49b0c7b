#include "carry/smart_host.h"

#include <stdio.h>

#include "base/text.h"

#define HEX_CHARS (2 * PMJ_MAILBOX_BYTES)
/* HEX.git/info/refs?service=git-receive-pack */
#define NAME_ROOM (HEX_CHARS + 64)

struct host_ctx {
	const struct gate_way *way;
	const struct gate_host *host;
	char hex[HEX_CHARS + 1];
};

/* ---- https ---- */

static enum pmj_code
https_refs(void *ctx, enum pkt_service service, struct buf *answer, struct pmj_error *err)
{
	const struct host_ctx *at = ctx;
	char name[NAME_ROOM];

	(void)snprintf(
	    name, sizeof(name), "%s.git/info/refs?service=%s", at->hex, pkt_service_name(service));
	return https_ask(at->way->https, &at->host->https,
	    &(struct https_message){.name = name, .user = at->hex}, answer, err);
}

static enum pmj_code
https_request(void *ctx, enum pkt_service service, const struct buf *request, struct buf *answer,
    struct pmj_error *err)
{
	const struct host_ctx *at = ctx;
	char name[NAME_ROOM], type[64];

	(void)snprintf(name, sizeof(name), "%s.git/%s", at->hex, pkt_service_name(service));
	(void)snprintf(type, sizeof(type), "application/x-%s-request", pkt_service_name(service));
	return https_ask(at->way->https, &at->host->https,
	    &(struct https_message){.name = name, .user = at->hex, .type = type, .body = request},
	    answer, err);
}

static bool
https_was_cut(void *ctx)
{
	const struct host_ctx *at = ctx;

	return https_broke(at->way->https);
}

/* ---- ssh ---- */

static enum sshrun_program
program_of(enum pkt_service service)
{
	return service == PKT_UPLOAD ? SSHRUN_UPLOAD : SSHRUN_RECEIVE;
}

static enum pmj_code
ssh_refs(void *ctx, enum pkt_service service, struct buf *answer, struct pmj_error *err)
{
	const struct host_ctx *at = ctx;

	return ssh_git_list(
	    at->way->ssh, at->host->which, at->host->url, program_of(service), answer, err);
}

static enum pmj_code
ssh_request(void *ctx, enum pkt_service service, const struct buf *request, struct buf *answer,
    struct pmj_error *err)
{
	const struct host_ctx *at = ctx;

	return ssh_git_ask(at->way->ssh, at->host->which, at->host->url, program_of(service),
	    request, answer, err);
}

static bool
ssh_was_cut(void *ctx)
{
	const struct host_ctx *at = ctx;

	return ssh_broke(at->way->ssh);
}

/* ---- either ---- */

enum pmj_code
smart_host_exchange(struct exchange *ex, struct gate_way *way,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct gate_host *host, bool *git,
    struct pmj_error *err)
{
	struct host_ctx at = {.way = way, .host = host};
	struct smart_way smart = {.refs = host->by_ssh ? ssh_refs : https_refs,
	    .ask = host->by_ssh ? ssh_request : https_request,
	    .broke = host->by_ssh ? ssh_was_cut : https_was_cut,
	    .ctx = &at,
	    .announced = !host->by_ssh,
	    .talks = host->by_ssh,
	    .step = &way->step};

	(void)text_hex(at.hex, mailbox, PMJ_MAILBOX_BYTES);
	return smart_exchange(ex, &smart, mailbox, host->url, git, err);
}

/* A web server that knows no gate says that there is no such page, or that it takes no POST there;
 * one that asks who we are may ask it for all that it has. */
bool
smart_host_may_be(const struct gate_way *way, const struct gate_host *host)
{
	long status;

	if (host->by_ssh)
		return way->ssh != NULL && ssh_no_gate(way->ssh);
	status = way->https != NULL ? https_status(way->https) : 0;
	return (status >= 400 && status < 500) || status == 501;
}
