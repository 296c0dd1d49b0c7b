/* Lines of a validly signed down segment, one a line of input: whatever the hub may say, the
 * device's lanes and journal stay whole. Each input in a transaction that is rolled back. */
#include <string.h>

#include "fuzz_folder.h"
#include "log/chain.h"
#include "sync/apply.h"
#include "sync/device.h"
#include "sync/device_inner.h"
#include "test_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char *home;
static struct kinds kinds;
static struct journal *journal;
static struct sync *lanes;
static struct device *device;
static struct ring *ring;

static void
leave(void)
{
	sync_free(lanes);
	device_free(device);
	journal_close(journal);
	ring_free(ring);
	kinds_close(&kinds);
	fuzz_folder_remove(home);
}

static void
start(void)
{
	static const uint8_t uuid[16] = {1};
	struct ring *hub = test_ring(3, 4, 5);
	struct journal_setup setup = {
	    .os = &os_real, .store_uuid = uuid, .kinds = &kinds, .schema = sync_schema};
	struct sync_hooks hooks;

	setup.home = home = fuzz_folder("lanelines");
	ring = test_ring(1, 2, 0);
	setup.ring = ring;
	must(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", NULL));
	must(journal_create(&journal, &setup, NULL));
	must(journal_put_blob(journal, DEVICE_MAILBOX, "mailbox mailbox!", 16, NULL));
	must(journal_put_blob(journal, DEVICE_OP_PK, ring_op_pk(hub), 32, NULL));
	must(device_new(&device, journal, NULL));
	device_hooks(device, &hooks);
	must(sync_new(&lanes, journal, home, &hooks, NULL));
	ring_free(hub);
	(void)atexit(leave);
}

/* Input to lines; empty ones no segment holds. */
static size_t
split(struct segment_line *lines, uint8_t (*e)[32], size_t room, const uint8_t *bytes, size_t len)
{
	const char *at = (const char *)bytes;
	const char *end = at + len;
	size_t count = 0;

	while (at < end && count < room) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		if (stop > at) {
			lines[count].bytes = at;
			lines[count].len = (size_t)(stop - at);
			chain_entry(e[count], at, lines[count].len);
			count++;
		}
		at = stop + 1;
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct segment_line lines[64];
	static uint8_t e[64][32];
	struct segment_open opened = {.lines = lines, .e = e};
	struct lane lane = {.lane = LANE_DOWN, .named_segno = -1};
	struct sync_peer peer;
	struct pmj_error err = {0};
	int64_t taken = 0;
	bool whole = false;

	if (journal == NULL)
		start();
	opened.count = split(lines, e, 64, bytes, len);
	if (opened.count == 0)
		return 0;
	must(journal_begin(journal, &err));
	must(lanes->hooks.peer(device, &peer, (const uint8_t *)"mailbox mailbox!", &err));
	memcpy(lane.mailbox, peer.mailbox, 16);
	must(lane_start(lanes, &lane, &err));
	must(apply_segment(lanes, &peer, &lane, &opened, INT64_MAX, &taken, &whole, &err));
	if (!whole || taken != (int64_t)opened.count || lane.seq != opened.count || lane.segno != 1)
		abort();
	journal_rollback(journal);
	lanes->tell = false;
	return 0;
}
