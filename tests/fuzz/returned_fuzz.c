/* What a laptop says that a restored hub had sent it, one line of input each (ctl.return): whatever
 * it is, nothing counts that does not bear the hub's own word, and no line is an entry twice. Each
 * input in a transaction that is rolled back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "hub/hub_inner.h"
#include "log/chain.h"
#include "log/vouch.h"
#include "test_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define SCHEMA_MAX 64

static char home[64];
static struct kinds kinds;
static struct journal *journal;
static struct hub *hub;
static struct ring *ring, *laptop;

static void
must(enum pmj_code rc)
{
	if (rc != PMJ_OK)
		abort();
}

static void
leave(void)
{
	char *command = mem_printf("rm -rf %s", home);

	hub_free(hub);
	journal_close(journal);
	ring_free(ring);
	ring_free(laptop);
	kinds_close(&kinds);
	if (system(command) != 0) /* NOLINT(cert-env33-c): a folder of this program's own */
		fprintf(stderr, "%s stays\n", home);
	free(command);
}

static void
start(void)
{
	static const char *schema[SCHEMA_MAX];
	static const uint8_t uuid[16] = {1};
	struct journal_setup setup = {
	    .os = &os_real, .home = home, .store_uuid = uuid, .kinds = &kinds, .schema = schema};
	struct buf root;
	size_t count = 0;

	for (const char *const *at = sync_schema; *at != NULL && count < SCHEMA_MAX - 1; at++)
		schema[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL && count < SCHEMA_MAX - 1; at++)
		schema[count++] = *at;
	(void)snprintf(home, sizeof(home), "/tmp/returned.XXXXXX");
	if (mkdtemp(home) == NULL)
		abort();
	ring = test_ring(3, 4, 5);
	laptop = test_ring(1, 2, 0);
	setup.ring = ring;
	buf_init(&root, 0);
	must(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", NULL));
	must(journal_create(&journal, &setup, NULL));
	must(hub_init(journal, "Office", "/mail", &root, NULL));
	must(hub_new(&hub, journal, home, NULL));
	must(hub_restored(hub, NULL));
	buf_wipe(&root);
	(void)atexit(leave);
}

/* As the lanes hand it over. */
static void
give_back(const char *text, size_t len)
{
	uint8_t e[PMJ_ENTRY_BYTES] = {0}, incarnation[PMJ_INCARNATION_BYTES] = {0};
	struct sync_peer peer = {.mailbox = "a mailbox, of it", .reads = LANE_UP};
	json_t *json = json_pack("{s:s%}", "line", text, len);
	struct entry outer = {.json = json, .kind = "ctl.return", .control = true};
	bool again = false;
	struct sync_line line = {.entry = &outer,
	    .incarnation = incarnation,
	    .seq = 1,
	    .until_ms = INT64_MAX,
	    .again = &again};
	struct pmj_error err = {0};

	if (json == NULL) /* no UTF-8: no line holds it */
		return;
	memcpy(outer.e, e, sizeof(e));
	memcpy(peer.device, ring_device_id(laptop), sizeof(peer.device));
	memcpy(outer.by, ring_device_id(laptop), sizeof(outer.by));
	must(admit_line(hub, &peer, &line, &err));
	must(admit_line(hub, &peer, &line, &err)); /* and the same from another */
	json_decref(json);
}

/* What counts, or may once its record is here. */
static void
check_proven(void)
{
	struct sql *q = sql_get(journal, "SELECT n FROM pmj_entry WHERE status <> 3 AND n NOT IN"
	                                 " (SELECT n FROM pmj_back)");
	bool row;

	while (sql_row(q, &row, NULL) == PMJ_OK && row) {
		struct entry_raw raw;

		must(entries_raw(journal, &raw, sql_col_int(q, 0), NULL));
		if (raw.line == NULL || !vouch_holds(ring, raw.line, raw.len))
			abort();
		free(raw.line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *at = (const char *)bytes, *end = at + len;

	if (journal == NULL)
		start();
	must(journal_begin(journal, NULL));
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		give_back(at, (size_t)(stop - at));
		at = stop + 1;
	}
	check_proven();
	if (sql_first_int(sql_get(journal, "SELECT count(*) - count(DISTINCT pmj_hash(e, line, by, "
	                                   "pt, rec)) FROM pmj_entry"),
	        -1) != 0)
		abort();
	journal_rollback(journal);
	return 0;
}
