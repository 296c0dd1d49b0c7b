/* fuzz_hub.h - a hub of a fuzz target's own: its journal in a folder that goes with the process. */
#ifndef TESTS_FUZZ_HUB_H
#define TESTS_FUZZ_HUB_H
#include "fuzz_folder.h"
#include "hub/hub_inner.h"
#include "test_ring.h"

#define FUZZ_SCHEMA_MAX 128

struct fuzz_hub {
	char *home;
	struct kinds kinds;
	struct journal *journal;
	struct hub *hub;
	struct ring *ring;
};

static inline void
fuzz_hub_open(struct fuzz_hub *it, const char *name)
{
	static const char *schema[FUZZ_SCHEMA_MAX];
	static const uint8_t uuid[16] = {1};
	struct journal_setup setup = {
	    .os = &os_real, .store_uuid = uuid, .kinds = &it->kinds, .schema = schema};
	struct buf root;
	size_t count = 0;

	for (const char *const *at = sync_schema; *at != NULL && count < FUZZ_SCHEMA_MAX - 1; at++)
		schema[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL && count < FUZZ_SCHEMA_MAX - 1; at++)
		schema[count++] = *at;
	it->home = fuzz_folder(name);
	it->ring = test_ring(3, 4, 5);
	setup.home = it->home;
	setup.ring = it->ring;
	buf_init(&root, 0);
	must(kinds_read(&it->kinds, &os_real, PAMOJA_CONF_DIR "/kinds", NULL));
	must(journal_create(&it->journal, &setup, NULL));
	must(hub_init(it->journal, "Office", "/mail", &root, NULL));
	must(hub_new(&it->hub, it->journal, it->home, NULL));
	buf_wipe(&root);
}

static inline void
fuzz_hub_close(struct fuzz_hub *it)
{
	hub_free(it->hub);
	journal_close(it->journal);
	ring_free(it->ring);
	kinds_close(&it->kinds);
	fuzz_folder_remove(it->home);
}

#endif
