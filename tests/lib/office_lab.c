/* office_lab.c - the real hub in the lab. */
#include "office_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_MAX 128

static const char *office_schema[SCHEMA_MAX];

static void
office_start(struct lab_end *end)
{
	struct pmj_error err = {0};
	char *cert = journal_text(end->journal, "hub.cert");

	if (cert == NULL) {
		struct buf root;

		buf_init(&root, 0);
		check_ok(hub_init(end->journal, "Office", "/mail", &root, &err), &err);
		check_ok(cert_root_read(&end->lab->root, buf_text(&root), root.len, &err), &err);
		buf_wipe(&root);
	}
	free(cert);
	check_ok(hub_new(&end->lab->hub, end->journal, end->home, &err), &err);
	end->sync = hub_sync(end->lab->hub);
}

static void
office_stop(struct lab_end *end)
{
	hub_free(end->lab->hub); /* its lanes with it */
	end->lab->hub = NULL;
}

void
office_open(struct lab *lab, int devices)
{
	size_t count = 0;

	for (const char *const *at = sync_schema; *at != NULL && count < SCHEMA_MAX - 1; at++)
		office_schema[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL && count < SCHEMA_MAX - 1; at++)
		office_schema[count++] = *at;
	office_schema[count] = NULL;
	lab_begin(lab);
	lab->schema = office_schema;
	lab->hub_start = office_start;
	lab->hub_stop = office_stop;
	(void)lab_add(lab);
	for (int i = 0; i < devices; i++)
		office_enrol(lab_add(lab));
}

void
office_enrol(struct lab_end *device)
{
	struct hub_enrol enrol = {.role = "peer"};
	struct pmj_error err = {0};
	uint8_t id[PMJ_DEVICE_BYTES];
	struct buf request, invitation;
	char name[32];

	buf_init(&request, 0);
	buf_init(&invitation, 0);
	(void)snprintf(name, sizeof(name), "Worker %d", device->index);
	check_ok(device_request(device->journal, &request, &err), &err);
	enrol.request = buf_text(&request);
	enrol.name = name;
	check_ok(hub_enrol(device->lab->hub, &enrol, &invitation, id, &err), &err);
	check_ok(device_accept(device->journal, NULL, device->home, buf_text(&invitation),
	             invitation.len, &err),
	    &err);
	assert_true(device_mailbox(device->journal, device->mailbox, NULL) == PMJ_OK);
	buf_close(&request);
	buf_close(&invitation);
	lab_restart(device);
}

static void
office_works(struct lab *lab)
{
	struct pmj_error err = {0};
	bool more = true;

	while (more)
		check_ok(hub_rejudge_step(lab->hub, INT64_MAX, &more, &err), &err);
	for (more = true; more;)
		check_ok(hub_share_step(lab->hub, INT64_MAX, &more, &err), &err);
}

void
office_exchange(struct lab_end *device)
{
	struct lab_end *hub = lab_hub(device->lab);

	(void)lab_seal(device);
	lab_carry(device, hub, NULL, NULL);
	(void)lab_take(hub);
	office_works(device->lab);
	(void)lab_seal(hub);
	lab_carry(hub, device, NULL, NULL);
	(void)lab_take(device);
}

json_t *
office_arrived(const struct lab_end *device)
{
	struct pmj_error err = {0};
	json_t *out = NULL;

	check_ok(hub_arrived(device->lab->hub, &out, ring_device_id(device->ring), &err), &err);
	return out;
}

void
office_revoke(const struct lab_end *device)
{
	struct pmj_error err = {0};

	check_ok(hub_revoke(device->lab->hub, ring_device_id(device->ring), &err), &err);
}

static char *
kept(const struct lab *lab)
{
	return mem_printf("%s/hub.kept", lab->dir);
}

void
office_keep(struct lab *lab)
{
	char *to = kept(lab);

	lab_stop(lab_hub(lab));
	folder_copy(lab_hub(lab)->home, to);
	lab_start(lab_hub(lab));
	free(to);
}

void
office_restore(struct lab *lab)
{
	struct lab_end *hub = lab_hub(lab);
	struct pmj_error err = {0};
	char *from = kept(lab);

	lab_stop(hub);
	folder_remove(hub->home);
	folder_copy(from, hub->home);
	free(from);
	lab_start(hub);
	check_ok(hub_restored(lab->hub, &err), &err);
}

void
office_passes(struct lab *lab)
{
	for (int i = 0; i < lab->count; i++)
		lab->ends[i].os.now_ms += 1000;
}
