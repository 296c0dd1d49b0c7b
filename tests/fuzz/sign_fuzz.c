/* What a laptop answers where the hub asked for people's word (ctl.sign), one line of input each:
 * its first character says whose laptop it comes from, the rest is the line's members. Whatever it
 * is: no word counts but that of a live coordinator's or supervisor's laptop, signed by its own key
 * over what was asked; nobody else ends what was asked; and nobody confirms an erasure for another.
 * Each input in a transaction that is rolled back. */
#include <string.h>

#include "fuzz_hub.h"
#include "hub/pending.h"
#include "log/chain.h"
#include "store/entries.h"
#include "store/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct speaker {
	char letter;
	uint8_t key;
	const char *role, *state;
} speakers[] = {
    {'S', 11, "supervisor", "live"},
    {'C', 12, "coordinator", "live"},
    {'P', 13, "peer", "live"},
    {'R', 14, "supervisor", "revoked"},
    {'D', 15, "supervisor", "suspended"},
};
#define SPEAKERS (sizeof(speakers) / sizeof(*speakers))

static struct fuzz_hub hq;
static struct ring *laptops[SPEAKERS];
static struct act asked;
static bool spoke[SPEAKERS], no_said; /* by whoever may */

static void
leave(void)
{
	fuzz_hub_close(&hq);
	for (size_t i = 0; i < SPEAKERS; i++)
		ring_free(laptops[i]);
	act_close(&asked);
}

/* The same every time, so that an input can answer it. */
static void
ask_for(void)
{
	static const uint8_t n[16] = {7};
	char *text = act_make(json_pack("{s:s,s:s,s:s}", "op", "erase", "person",
	                          "aaaaaaaaaaaaaaaa", "cause", "asked"),
	    1700000000000, n);
	struct sql *q;

	must(act_read(&asked, text, strlen(text), NULL));
	q = sql_get(hq.journal, "INSERT INTO pmj_pending(id, n, act, extra, asked_ms, state)"
	                        " VALUES(?1, 1, ?2, NULL, 1700000000000, 0)");
	must(sql_run(sql_text(sql_blob(q, 1, asked.hash, ACT_HASH_BYTES), 2, text), NULL));
	for (size_t i = 0; i < SPEAKERS; i++) { /* and an order of the same name that all have */
		q = sql_get(hq.journal, "INSERT INTO pmj_erased(act, device) VALUES(?1, ?2)");
		(void)sql_blob(q, 1, asked.hash, ACT_HASH_BYTES);
		must(sql_run(sql_blob(q, 2, ring_device_id(laptops[i]), PMJ_DEVICE_BYTES), NULL));
	}
	free(text);
}

static void
enrol(size_t i)
{
	struct sql *q = sql_get(hq.journal,
	    "INSERT INTO pmj_device(device, sign_pk, seal_pk, mailbox, role, name, state,"
	    " enrolled_ms) VALUES(?1, ?2, ?2, ?3, ?4, ?5, ?6, 0)");
	const struct speaker *is = &speakers[i];

	laptops[i] = test_ring(is->key, is->key, 0);
	(void)sql_blob(q, 1, ring_device_id(laptops[i]), PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 2, ring_sign_pk(laptops[i]), 32);
	(void)sql_blob(q, 3, ring_device_id(laptops[i]), PMJ_MAILBOX_BYTES);
	(void)sql_text(sql_text(q, 4, is->role), 5, is->role);
	must(sql_run(sql_text(q, 6, is->state), NULL));
}

static void
start(void)
{
	fuzz_hub_open(&hq, "sign");
	must(journal_begin(hq.journal, NULL));
	for (size_t i = 0; i < SPEAKERS; i++)
		enrol(i);
	ask_for();
	must(journal_commit(hq.journal, NULL));
	(void)atexit(leave);
}

static bool
is_no(const json_t *json)
{
	uint8_t hash[ACT_HASH_BYTES];

	return json_flag(json, "refuse") && json_str(json, "done") == NULL &&
	       json_unhex(json, "statement", hash, sizeof(hash)) &&
	       memcmp(hash, asked.hash, sizeof(hash)) == 0;
}

/* As the lanes hand it over. */
static void
say(size_t i, const char *text, size_t len)
{
	uint8_t incarnation[PMJ_INCARNATION_BYTES] = {0};
	struct sync_peer peer = {.reads = LANE_UP};
	json_t *json = NULL;
	struct entry entry = {.kind = "ctl.sign", .control = true, .pt = 1700000000000};
	bool again = false, office = i < 2;
	struct sync_line line = {.entry = &entry,
	    .incarnation = incarnation,
	    .seq = 1,
	    .until_ms = INT64_MAX,
	    .again = &again};
	struct pmj_error err = {0};
	char *said;

	if (json_read(&json, text, len, &json_limits_entry, &err) != PMJ_OK)
		return;
	entry.json = json;
	/* Two who say the same do it in two lines: each has its author. The journal tells the hash
	 * of a line by the line. */
	said = mem_printf("%c%.*s", speakers[i].letter, (int)len, text);
	line.bytes = said;
	line.len = strlen(said);
	chain_entry(entry.e, said, line.len);
	memcpy(entry.by, ring_device_id(laptops[i]), sizeof(entry.by));
	memcpy(peer.device, entry.by, sizeof(peer.device));
	memcpy(peer.mailbox, entry.by, sizeof(peer.mailbox));
	spoke[i] = true;
	no_said = no_said || (office && is_no(json));
	must(admit_line(hq.hub, &peer, &line, &err));
	must(admit_line(hq.hub, &peer, &line, &err)); /* and the same once more */
	free(said);
	json_decref(json);
}

static size_t
of_device(const uint8_t *device)
{
	size_t i = 0;

	while (i < SPEAKERS && memcmp(device, ring_device_id(laptops[i]), PMJ_DEVICE_BYTES) != 0)
		i++;
	return i;
}

static void
check_words(void)
{
	struct sql *q = sql_get(hq.journal, "SELECT id, device, g FROM pmj_pending_sign");
	uint8_t id[ACT_HASH_BYTES], device[PMJ_DEVICE_BYTES], sig[PRIM_SIGNATURE_BYTES];
	struct pending_need need = {.by = NULL};
	bool row, supervisor = false;

	while (sql_row(q, &row, NULL) == PMJ_OK && row) {
		size_t i;

		if (!sql_col_copy(q, 0, id, sizeof(id)) ||
		    !sql_col_copy(q, 1, device, sizeof(device)) ||
		    !sql_col_copy(q, 2, sig, sizeof(sig)))
			abort();
		i = of_device(device);
		if (i > 1 || !spoke[i] || memcmp(id, asked.hash, sizeof(id)) != 0 ||
		    !act_signed_by(&asked, sig, ring_sign_pk(laptops[i])))
			abort();
		supervisor = supervisor || i == 0;
	}
	must(pending_need(hq.hub, &need, &asked, NULL));
	if ((need.missing == 0) != supervisor || need.root)
		abort();
	json_decref(need.by);
}

static void
check_rest(void)
{
	struct sql *q =
	    sql_get(hq.journal, "SELECT device FROM pmj_erased WHERE removed_ms IS NOT NULL"
	                        " OR unreadable_ms IS NOT NULL");
	uint8_t device[PMJ_DEVICE_BYTES];
	bool row;

	while (sql_row(q, &row, NULL) == PMJ_OK && row)
		if (!sql_col_copy(q, 0, device, sizeof(device)) || of_device(device) == SPEAKERS ||
		    !spoke[of_device(device)])
			abort();
	if (sql_first_int(sql_get(hq.journal, "SELECT state FROM pmj_pending"), -1) !=
	    (no_said ? PENDING_REFUSED : PENDING_WAITS))
		abort();
	if (sql_first_int(sql_get(hq.journal,
	                      "SELECT count(*) - count(DISTINCT " ENTRY_HASH ") FROM pmj_entry"),
	        -1) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *at = (const char *)bytes, *end = at + len;

	if (hq.journal == NULL)
		start();
	memset(spoke, 0, sizeof(spoke));
	no_said = false;
	must(journal_begin(hq.journal, NULL));
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		for (size_t i = 0; i < SPEAKERS; i++)
			if (stop > at && speakers[i].letter == *at)
				say(i, at + 1, (size_t)(stop - at - 1));
		at = stop + 1;
	}
	check_words();
	check_rest();
	journal_rollback(hq.journal);
	return 0;
}
