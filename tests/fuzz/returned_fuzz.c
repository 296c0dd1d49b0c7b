/* What a laptop says that a restored hub had sent it, one line of input each (ctl.return): whatever
 * it is, nothing counts that does not bear the hub's own word, and no line is an entry twice. Each
 * input in a transaction that is rolled back. */
#include <string.h>

#include "fuzz_hub.h"
#include "log/chain.h"
#include "log/vouch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct fuzz_hub hq;
static struct ring *laptop;

static void
leave(void)
{
	fuzz_hub_close(&hq);
	ring_free(laptop);
}

static void
start(void)
{
	fuzz_hub_open(&hq, "returned");
	laptop = test_ring(1, 2, 0);
	must(hub_restored(hq.hub, NULL));
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
	must(admit_line(hq.hub, &peer, &line, &err));
	must(admit_line(hq.hub, &peer, &line, &err)); /* and the same from another */
	json_decref(json);
}

/* What counts, or may once its record is here. */
static void
check_proven(void)
{
	struct sql *q = sql_get(hq.journal, "SELECT n FROM pmj_entry WHERE status <> 3 AND n NOT IN"
	                                    " (SELECT n FROM pmj_back)");
	bool row;

	while (sql_row(q, &row, NULL) == PMJ_OK && row) {
		struct entry_raw raw;

		must(entries_raw(hq.journal, &raw, sql_col_int(q, 0), NULL));
		if (raw.line == NULL || !vouch_holds(hq.ring, raw.line, raw.len))
			abort();
		free(raw.line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *at = (const char *)bytes, *end = at + len;

	if (hq.journal == NULL)
		start();
	must(journal_begin(hq.journal, NULL));
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		give_back(at, (size_t)(stop - at));
		at = stop + 1;
	}
	check_proven();
	if (sql_first_int(
	        sql_get(hq.journal, "SELECT count(*) - count(DISTINCT pmj_hash(e, line, by, "
	                            "pt, rec)) FROM pmj_entry"),
	        -1) != 0)
		abort();
	journal_rollback(hq.journal);
	return 0;
}
