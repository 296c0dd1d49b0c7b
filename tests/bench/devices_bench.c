/* devices_bench.c - thousands of laptops for a real hub: enrolled in its journal by the hub's own
 * code, each with keys of its own, and what they write, sealed with these and put into their
 * mailboxes in the folder as a gate would put it. Only their passphrases are missing.
 * The hub's daemon must be stopped until "ready" is said.
 * Use: bench_devices HUB_HOME PASSPHRASE_FILE MAILBOXES COUNT; then, on standard input, lines
 * "put FROM STEP COUNT ENTRIES": each of so many laptops, from FROM on each STEPth, reads what the
 * hub sent it, acks that, and puts one segment with so many entries. "done SECONDS" when it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/fs.h"
#include "bench.h"
#include "carry/bare.h"
#include "carry/branch.h"
#include "carry/chain.h"
#include "crypto/keyfile.h"
#include "hub/hub.h"
#include "log/enrol.h"
#include "made_lines.h"

#define ENTRIES_MAX 2000
#define CHECKPOINT_FRAMES 1000

/* ---- the hub that they are enrolled at ---- */

struct office {
	struct kinds kinds;
	struct keyfile *keys;
	struct journal_setup setup;
	struct journal *journal;
	struct hub *hub;
};

static const char *const *
all_schemas(void)
{
	static const char *all[64];
	size_t count = 0;

	for (const char *const *at = sync_schema; *at != NULL; at++)
		all[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL; at++)
		all[count++] = *at;
	return all;
}

static void
office_open(struct office *office, const char *home, const char *passphrase_file)
{
	char *folder = fs_join(conf_dir(), "kinds"), *path = fs_join(home, "keys");
	struct buf passphrase;

	memset(office, 0, sizeof(*office));
	buf_init(&passphrase, 0);
	must(fs_read(&passphrase, &os_real, passphrase_file, 1024, &err), "passphrase");
	passphrase.bytes[strcspn(buf_text(&passphrase), "\n")] = '\0';
	must(kinds_read(&office->kinds, &os_real, folder, &err), "kinds");
	must(keyfile_unlock(
	         &office->keys, &office->setup.ring, &os_real, path, buf_text(&passphrase), &err),
	    "unlock");
	office->setup.os = &os_real;
	office->setup.schema = all_schemas();
	office->setup.home = home;
	office->setup.kinds = &office->kinds;
	office->setup.store_uuid = keyfile_store_uuid(office->keys);
	must(journal_open(&office->journal, &office->setup, &err), "open");
	must(hub_new(&office->hub, office->journal, home, &err), "hub");
	buf_wipe(&passphrase);
	free(path);
	free(folder);
}

static void
office_close(struct office *office)
{
	must(journal_checkpoint(office->journal, &err), "checkpoint");
	hub_free(office->hub);
	journal_close(office->journal);
	ring_free(office->setup.ring);
	keyfile_free(office->keys);
	kinds_close(&office->kinds);
}

/* ---- a laptop ---- */

struct device {
	struct worker
	    worker; /* its ring only while it is at work: a ring is pages of guarded memory */
	struct buf ring;
	git_oid tip;  /* of its branch in the mailbox */
	long entries; /* written so far */
	uint8_t op_pk[32];
};

static void
ring_put_by(struct device *device)
{
	uint8_t bytes[16384];
	size_t len;

	must(ring_pack(bytes, sizeof(bytes), &len, device->worker.ring, &err), "ring");
	buf_clear(&device->ring);
	buf_put(&device->ring, bytes, len);
	ring_free(device->worker.ring);
	device->worker.ring = NULL;
}

static void
ring_take_up(struct device *device)
{
	must(ring_decode(&device->worker.ring, device->ring.bytes, device->ring.len, &err), "ring");
}

static void
device_mailbox_of(struct device *device, const struct office *office, const uint8_t *id)
{
	struct sql *sql =
	    sql_get(office->journal, "SELECT mailbox FROM pmj_device WHERE device = ?1");
	bool row;

	must(sql_row(sql_blob(sql, 1, id, PMJ_DEVICE_BYTES), &row, &err), "mailbox");
	(void)sql_col_copy(sql, 0, device->worker.mailbox, sizeof(device->worker.mailbox));
	sql_done(sql);
}

static void
device_enrol(struct device *device, const struct office *office, long number)
{
	struct worker *worker = &device->worker;
	uint8_t request[ENROL_REQUEST_BYTES], nonce[32], id[PMJ_DEVICE_BYTES];
	struct hub_enrol enrol = {.role = "peer"};
	struct buf text, invitation;
	struct ring_epoch epoch;
	char name[32];

	buf_init(&text, 0);
	buf_init(&invitation, 0);
	buf_init(&device->ring, 0);
	must(ring_new(&worker->ring, false, (uint64_t)os_now(&os_real), &err), "ring");
	prim_random(nonce, sizeof(nonce));
	enrol_request_make(request, nonce, worker->ring);
	enrol_text_put(&text, request, sizeof(request));
	(void)snprintf(name, sizeof(name), "Worker %ld", number);
	enrol.request = buf_text(&text);
	enrol.name = name;
	must(hub_enrol(office->hub, &enrol, &invitation, id, &err), "enrol");
	device_mailbox_of(device, office, id);
	ring_epoch_current(office->setup.ring, &epoch);
	memcpy(worker->reader_pk, epoch.pk, sizeof(worker->reader_pk));
	memcpy(device->op_pk, ring_op_pk(office->setup.ring), sizeof(device->op_pk));
	memcpy(worker->incarnation, ring_incarnation(worker->ring), 16);
	chain_segment_start(worker->prev, worker->mailbox, worker->incarnation);
	chain_lane_start(worker->chain, worker->mailbox, worker->incarnation);
	worker->segno = worker->seq = 1;
	worker->pt = os_now(&os_real) - 3600 * 1000;
	ring_put_by(device);
	buf_close(&text);
	buf_close(&invitation);
}

/* ---- what the hub sent it, read and acked ---- */

static struct made
control_line(struct worker *worker, const char *kind, json_t *more)
{
	struct line_draft draft = {.kind = kind,
	    .by = ring_device_id(worker->ring),
	    .pt = worker->pt++,
	    .rv = -1,
	    .more = more};
	struct made made = write_line(&draft);

	json_decref(more);
	return made;
}

/* The beacon's echo: which one was seen, and the roster that it named. */
static void
echo_beacon(json_t *ack, const struct segment_open *opened)
{
	for (size_t i = 0; i < opened->count; i++) {
		json_t *line = json_loadb(opened->lines[i].bytes, opened->lines[i].len, 0, NULL);

		if (strcmp(json_string_value(json_object_get(line, "kind")), "ctl.beacon") == 0) {
			(void)json_object_set_new(
			    ack, "beacon", json_hex(opened->e[i], PMJ_ENTRY_BYTES));
			(void)json_object_set(ack, "rv", json_object_get(line, "rv"));
			(void)json_object_set(ack, "head", json_object_get(line, "head"));
		}
		json_decref(line);
	}
}

/* Members of an ack of the last segment of this branch, opened with the laptop's own key. */
static json_t *
ack_of(struct device *device, git_repository *repo, const struct branch_tip *tip)
{
	struct worker *worker = &device->worker;
	struct segment_expect expect = {
	    .lane = LANE_DOWN, .mailbox = worker->mailbox, .writer_pk = device->op_pk};
	struct segment_open opened = {0};
	enum segment_fault fault;
	struct chain_link link;
	struct buf bytes;
	json_t *ack;

	buf_init(&bytes, 0);
	must(chain_look(repo, &link, &tip->commit, &err), "the hub's branch");
	must(chain_segment(repo, &bytes, &tip->run, &link, &err), "the hub's segment");
	fault = segment_open(&opened, bytes.bytes, bytes.len, &expect, worker->ring);
	if (fault != SEGMENT_OK) {
		(void)fprintf(stderr, "what the hub sent: %s\n", segment_fault_name(fault));
		exit(1);
	}
	ack = json_pack("{s:[{s:o,s:I,s:o}],s:i}", "lanes", "inc",
	    json_hex(tip->run.incarnation, PMJ_INCARNATION_BYTES), "seq",
	    (json_int_t)(opened.first_seq + opened.count - 1), "chain",
	    json_hex(opened.chain_after, 32), "waits", 0);
	echo_beacon(ack, &opened);
	segment_open_close(&opened);
	buf_close(&bytes);
	return ack;
}

/* NULL: the hub has sent nothing yet. */
static json_t *
read_down(struct device *device, git_repository *repo)
{
	struct branch_tips tips;
	json_t *ack = NULL;

	must(branch_tips(repo, &tips, device->worker.mailbox, LANE_DOWN, &err), "branches");
	if (tips.count > 0)
		ack = ack_of(device, repo, &tips.items[tips.count - 1]);
	branch_tips_close(&tips);
	return ack;
}

/* ---- what it writes ---- */

static void
seal(struct device *device, json_t *ack, long entries, struct buf *file)
{
	static struct segment_line lines[ENTRIES_MAX + 1];
	struct worker *worker = &device->worker;
	struct segment_draft draft = {.lane = LANE_UP,
	    .segno = worker->segno,
	    .mailbox = worker->mailbox,
	    .incarnation = worker->incarnation,
	    .prev = worker->prev,
	    .reader_pk = worker->reader_pk,
	    .first_seq = worker->seq,
	    .chain_before = worker->chain,
	    .lines = lines,
	    .writer = RING_KEY_DEVICE};
	uint8_t chain[32], id[32];

	if (ack != NULL) {
		struct made made = control_line(worker, "ctl.ack", ack);

		lines[draft.count++] = (struct segment_line){made.line, made.len};
	}
	for (long i = 0; i < entries; i++) {
		struct made made = next_line(worker, device->entries++);

		lines[draft.count++] = (struct segment_line){made.line, made.len};
	}
	must(segment_seal(file, chain, id, &draft, worker->ring, &err), "seal");
	memcpy(worker->prev, id, 32);
	memcpy(worker->chain, chain, 32);
	worker->segno++;
	worker->seq += draft.count;
	for (size_t i = 0; i < draft.count; i++)
		free((char *)(uintptr_t)lines[i].bytes);
}

static void
put(struct device *device, const char *mailboxes, long entries)
{
	struct worker *worker = &device->worker;
	struct shape_place run = {.lane = LANE_UP};
	char *path = bare_path(mailboxes, worker->mailbox);
	git_repository *repo;
	struct chain_link link;
	struct buf file;
	uint64_t segno = worker->segno;

	memcpy(run.mailbox, worker->mailbox, sizeof(run.mailbox));
	memcpy(run.incarnation, worker->incarnation, sizeof(run.incarnation));
	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	must(bare_open(&repo, path, &err), "mailbox");
	ring_take_up(device);
	seal(device, read_down(device, repo), entries, &file);
	must(chain_add(repo, &link, segno > 1 ? &device->tip : NULL, segno, &file, &err), "put");
	must(branch_move(repo, &run, &link.commit, &device->tip, &err), "put");
	device->tip = link.commit;
	ring_put_by(device); /* it knows more than before */
	git_repository_free(repo);
	buf_close(&file);
	free(path);
}

int
main(int argc, char **argv)
{
	long count = argc == 5 ? strtol(argv[4], NULL, 10) : 0, from, step, some, entries;
	struct device *devices;
	struct office office;
	double began;

	if (count < 1)
		return 2;
	prim_start();
	must(chain_setup(&err), "libgit2");
	devices = mem_array((size_t)count, sizeof(*devices));
	memset(devices, 0, (size_t)count * sizeof(*devices));
	office_open(&office, argv[1], argv[2]);
	began = clock_now(CLOCK_MONOTONIC);
	for (long i = 0; i < count; i++) {
		device_enrol(&devices[i], &office, i + 1);
		if (journal_wal_frames(office.journal) >= CHECKPOINT_FRAMES)
			must(journal_checkpoint(office.journal, &err), "checkpoint");
	}
	office_close(&office);
	(void)printf("ready %.1f\n", clock_now(CLOCK_MONOTONIC) - began);
	(void)fflush(stdout);
	while (scanf(" put %ld %ld %ld %ld", &from, &step, &some, &entries) == 4) { /* NOLINT */
		if (from < 0 || step < 1 || entries < 1 || entries > ENTRIES_MAX ||
		    from + step * (some - 1) >= count)
			return 2;
		began = clock_now(CLOCK_MONOTONIC);
		for (long i = 0; i < some; i++)
			put(&devices[from + i * step], argv[3], entries);
		(void)printf("done %.1f\n", clock_now(CLOCK_MONOTONIC) - began);
		(void)fflush(stdout);
	}
	return 0;
}
