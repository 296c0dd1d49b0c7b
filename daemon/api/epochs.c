/* epochs.c - our own seal keys, looked at after each exchange: the key file is written before
 * anything is sealed, and with a new master key when a secret was destroyed (7.4). */
#include <string.h>

#include "api/core.h"
#include "base/diag.h"

/* The hub's time: its own clock where that is not in doubt, else what a laptop last heard. */
static int64_t
hub_time(const struct core *core)
{
	if (!core->is_hub)
		return (int64_t)ring_hub_time(core->ring);
	return hub_clock(core->hub, NULL) == PMJ_OK ? os_now(core->os) : 0;
}

/* Notes that were taken while locked are sealed to such a key, until they are kept or dropped. */
static bool
notes_wait(const struct core *core)
{
	json_t *notes = NULL;
	bool wait = locked_note_list(&notes, core->os, core->home, core->ring, NULL) != PMJ_OK ||
	            json_array_size(json_arr(notes, "items")) > 0;

	json_decref(notes);
	return wait;
}

static enum pmj_code
tell(struct core *core, const struct sync_epochs *done, struct pmj_error *err)
{
	struct ring_epoch epoch;
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	ring_epoch_current(core->ring, &epoch);
	memcpy(core->note_pk, epoch.pk, sizeof(core->note_pk));
	if (core->is_hub || (done->made == 0 && !done->turned) ||
	    device_mailbox(core->journal, mailbox, NULL) != PMJ_OK)
		return PMJ_OK; /* a hub's beacons say it */
	return sync_say_key(core->sync, mailbox, err);
}

void
core_epochs(struct core *core)
{
	struct sync_epochs done = {0};
	struct pmj_error err;

	if (core->state != CORE_OPEN || core->sync == NULL)
		return;
	if (core->hub != NULL && hub_keys_due(core->hub, &err) != PMJ_OK)
		diag_error("keys of laptops", &err);
	if (sync_epochs(core->sync, hub_time(core), !notes_wait(core), &done, &err) != PMJ_OK) {
		diag_error("seal keys", &err);
		return;
	}
	if (done.made == 0 && !done.turned && !done.destroyed) {
		core_erase_keys(core);
		return;
	}
	if (keyfile_save(core->keys, core->ring, done.destroyed, &err) != PMJ_OK) {
		diag_error("saving the seal keys", &err);
		sync_epochs_undo(core->sync, &done);
	} else if (tell(core, &done, &err) != PMJ_OK) {
		diag_error("telling a seal key", &err);
	}
	core_erase_keys(core);
}
