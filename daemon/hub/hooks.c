/* hooks.c - what the lanes ask of the hub: who is at the other end of a mailbox, and what becomes
 * of its lines. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub_inner.h"

/* A revoked laptop is sealed the segment that says so, and nothing after it. */
static void
peer_of_device(struct hub *hub, struct sync_peer *out, const struct hub_device *device)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->mailbox, device->mailbox, sizeof(out->mailbox));
	memcpy(out->device, device->device, sizeof(out->device));
	memcpy(out->writer_pk, device->sign_pk, sizeof(out->writer_pk));
	memcpy(out->reader_pk, device->seal_pk, sizeof(out->reader_pk));
	out->reads = LANE_UP;
	out->writes = LANE_DOWN;
	out->signs = RING_KEY_OP;
	out->gone = strcmp(device->state, "revoked") == 0 && leave_is_told(hub, device);
	out->closed = out->gone;
}

static enum pmj_code
hook_peer(void *ctx, struct sync_peer *out, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    struct pmj_error *err)
{
	struct hub_device device;
	enum pmj_code rc = office_by_mailbox(ctx, &device, mailbox, err);

	if (rc == PMJ_OK)
		peer_of_device(ctx, out, &device);
	return rc;
}

static enum pmj_code
hook_mailboxes(void *ctx, uint8_t (**out)[PMJ_MAILBOX_BYTES], size_t *count, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	enum pmj_code rc = office_mailboxes(ctx, &devices, count, err);

	*out = mem_array(*count, sizeof(**out));
	for (size_t i = 0; rc == PMJ_OK && i < *count; i++)
		memcpy((*out)[i], devices[i].mailbox, PMJ_MAILBOX_BYTES);
	free(devices);
	return rc;
}

static enum pmj_code
hook_line(
    void *ctx, const struct sync_peer *peer, const struct sync_line *line, struct pmj_error *err)
{
	return admit_line(ctx, peer, line, err);
}

static json_t *
hook_beacon(void *ctx, const struct sync_peer *peer)
{
	(void)peer;
	return hub_beacon(ctx);
}

static enum pmj_code
hook_beaconed(void *ctx, const struct sync_peer *peer, const uint8_t e[static PMJ_ENTRY_BYTES],
    struct pmj_error *err)
{
	return heard_beaconed(ctx, peer, e, err);
}

static bool
hook_may_have(void *ctx, const struct sync_peer *peer, int64_t n)
{
	return share_may_have(ctx, peer->mailbox, n);
}

static void
hook_stamp(void *ctx, int64_t *pt, uint16_t *counter)
{
	hub_stamp_or_last(ctx, pt, counter);
}

static void
hook_ack_more(void *ctx, const struct sync_peer *peer, json_t *ack)
{
	defer_tell(ctx, peer, ack);
	photo_tell(ctx, peer, ack);
}

static enum pmj_code
hook_resend(void *ctx, const struct sync_peer *peer, struct pmj_error *err)
{
	struct hub_device device;
	enum pmj_code rc = office_by_mailbox(ctx, &device, peer->mailbox, err);

	if (rc != PMJ_OK)
		return rc;
	return strcmp(device.state, "live") == 0 ? share_everything(ctx, &device, err)
	                                         : leave_say_again(ctx, &device, err);
}

void
hub_hooks(struct hub *hub, struct sync_hooks *out)
{
	*out = (struct sync_hooks){.ctx = hub,
	    .peer = hook_peer,
	    .mailboxes = hook_mailboxes,
	    .line = hook_line,
	    .beacon = hook_beacon,
	    .beaconed = hook_beaconed,
	    .ack_more = hook_ack_more,
	    .may_have = hook_may_have,
	    .stamp = hook_stamp,
	    .resend = hook_resend};
}
