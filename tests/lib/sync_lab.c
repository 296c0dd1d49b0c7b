/* sync_lab.c - ends of the lab made, ended, started again; the hub admits everything and forwards
 * it to everybody. */
#include "sync_lab.h"
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the hub's side: everything admitted goes to everybody ---- */

struct lab_end *
lab_hub(struct lab *lab)
{
	return &lab->ends[0];
}

static struct lab_end *
lab_of_mailbox(struct lab *lab, const uint8_t *mailbox)
{
	for (int i = 1; i < lab->count; i++)
		if (memcmp(lab->ends[i].mailbox, mailbox, 16) == 0)
			return &lab->ends[i];
	return NULL;
}

static enum pmj_code
lab_peer(void *ctx, struct sync_peer *out, const uint8_t mailbox[static 16], struct pmj_error *err)
{
	struct lab_end *end = lab_of_mailbox(ctx, mailbox);

	if (end == NULL)
		return pmj_fail(err, PMJ_NOT_FOUND, "no such mailbox");
	memset(out, 0, sizeof(*out));
	memcpy(out->mailbox, mailbox, 16);
	memcpy(out->device, ring_device_id(end->ring), 16);
	memcpy(out->writer_pk, ring_sign_pk(end->ring), 32);
	test_ring_seal_pk(end->ring, out->reader_pk);
	out->reads = LANE_UP;
	out->writes = LANE_DOWN;
	out->signs = RING_KEY_OP;
	out->closed = end->closed;
	return PMJ_OK;
}

static enum pmj_code
lab_mailboxes(void *ctx, uint8_t (**out)[16], size_t *count, struct pmj_error *err)
{
	struct lab *lab = ctx;

	(void)err;
	*count = 0;
	*out = mem_array((size_t)lab->count + 1, 16);
	for (int i = 1; i < lab->count; i++)
		memcpy((*out)[(*count)++], lab->ends[i].mailbox, 16);
	return PMJ_OK;
}

static enum pmj_code
lab_line(
    void *ctx, const struct sync_peer *peer, const struct sync_line *line, struct pmj_error *err)
{
	struct lab *lab = ctx;
	struct lab_end *hub = lab_hub(lab);
	struct entries_new new = {.entry = line->entry,
	    .line = line->bytes,
	    .len = line->len,
	    .origin = ENTRY_RECEIVED,
	    .recv_ms = hub->os.now_ms};
	int64_t n;
	bool known;
	enum pmj_code rc;

	if (line->entry->control)
		return PMJ_OK;
	if ((rc = entries_append(hub->journal, &new, &n, &known, err)) != PMJ_OK)
		return rc;
	for (int i = 1; i < lab->count && rc == PMJ_OK; i++) {
		bool own = memcmp(lab->ends[i].mailbox, peer->mailbox, 16) == 0;

		if ((!own || !line->newest) && !lab->ends[i].deaf)
			rc = sync_queue_forward(hub->sync, lab->ends[i].mailbox, n, false, err);
	}
	return rc;
}

static json_t *
lab_beacon(void *ctx, const struct sync_peer *peer)
{
	struct lab *lab = ctx;
	struct lab_end *hub = lab_hub(lab);
	struct ring_epoch epoch;

	(void)peer;
	ring_epoch_current(hub->ring, &epoch);
	return json_pack("{s:I,s:i,s:I,s:[o]}", "hub_time", (json_int_t)hub->os.now_ms, "serial", 1,
	    "rv", (json_int_t)0, "epochs", cert_epoch_statement(hub->ring, &epoch));
}

static bool
lab_may_have(void *ctx, const struct sync_peer *peer, int64_t n)
{
	struct lab_end *end = lab_of_mailbox(ctx, peer->mailbox);

	(void)n;
	return end != NULL && !end->deaf;
}

static void
lab_stamp(void *ctx, int64_t *pt, uint16_t *counter)
{
	*pt = lab_hub(ctx)->os.now_ms;
	*counter = 0;
}

/* Everything admitted, the device's own too. */
static enum pmj_code
lab_resend(void *ctx, const struct sync_peer *peer, struct pmj_error *err)
{
	struct lab *lab = ctx;
	struct lab_end *hub = lab_hub(lab);
	uint8_t j[32];
	uint64_t count;
	enum pmj_code rc = PMJ_OK;

	lab->resends++;
	journal_head(hub->journal, &count, j);
	for (int64_t n = 1; n <= (int64_t)count && rc == PMJ_OK; n++) {
		struct entry_row row;

		if ((rc = entries_get(hub->journal, &row, n, err)) != PMJ_OK)
			return rc;
		if (row.status == ENTRY_ADMITTED)
			rc = sync_queue_forward(hub->sync, peer->mailbox, n, false, err);
		entry_row_close(&row);
	}
	return rc;
}

/* ---- making, ending, starting again ---- */

static void
lab_setup(struct lab_end *end, struct journal_setup *setup)
{
	static const uint8_t uuid[16] = {0xc3};

	*setup = (struct journal_setup){.os = &end->os.os,
	    .home = end->home,
	    .ring = end->ring,
	    .store_uuid = uuid,
	    .kinds = &end->lab->kinds,
	    .schema = end->lab->schema != NULL ? end->lab->schema : sync_schema,
	    .cache_kib = 1024};
}

void
lab_start(struct lab_end *end)
{
	struct journal_setup setup;
	struct sync_hooks hooks = {0};
	struct pmj_error err = {0};

	lab_setup(end, &setup);
	check_ok(journal_open(&end->journal, &setup, &err), &err);
	if (end->index != 0) {
		check_ok(device_new(&end->device, end->journal, &err), &err);
		if (!device_enrolled(end->journal))
			return;
		device_hooks(end->device, &hooks);
	} else if (end->lab->hub_start != NULL) {
		end->lab->hub_start(end);
		return;
	} else {
		hooks = (struct sync_hooks){.ctx = end->lab,
		    .peer = lab_peer,
		    .mailboxes = lab_mailboxes,
		    .line = lab_line,
		    .beacon = lab_beacon,
		    .may_have = lab_may_have,
		    .stamp = lab_stamp,
		    .resend = lab_resend};
	}
	check_ok(sync_new(&end->sync, end->journal, end->home, &hooks, &err), &err);
}

void
lab_stop(struct lab_end *end)
{
	if (end->index == 0 && end->lab->hub_stop != NULL)
		end->lab->hub_stop(end);
	else
		sync_free(end->sync);
	end->sync = NULL;
	device_free(end->device);
	end->device = NULL;
	journal_close(end->journal);
	end->journal = NULL;
}

void
lab_restart(struct lab_end *end)
{
	lab_stop(end);
	lab_start(end);
}

void
lab_shell(const char *fmt, ...)
{
	char *command = NULL;
	va_list args;

	va_start(args, fmt);
	assert_true(vasprintf(&command, fmt, args) >= 0);
	va_end(args);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): copies folders of the test */
	free(command);
}

static char lab_template[64];
static pid_t lab_template_pid;

static void
lab_drop_template(void)
{
	if (getpid() == lab_template_pid)
		folder_remove(lab_template);
}

/* Fresh journals are alike (the rings name the same key and file), so one is made and copied. */
static void
lab_home(struct lab_end *end)
{
	struct journal_setup setup;
	struct pmj_error err = {0};

	if (lab_template[0] == '\0') {
		char *home = end->home;

		(void)snprintf(
		    lab_template, sizeof(lab_template), "%s/sync-lab.XXXXXX", place_for_tests());
		assert_non_null(mkdtemp(lab_template));
		lab_template_pid = getpid();
		assert_int_equal(atexit(lab_drop_template), 0);
		end->home = lab_template;
		lab_setup(end, &setup);
		check_ok(journal_create(&end->journal, &setup, &err), &err);
		journal_close(end->journal);
		end->journal = NULL;
		end->home = home;
	}
	folder_remove(end->home);
	folder_copy(lab_template, end->home);
}

struct lab_end *
lab_add(struct lab *lab)
{
	struct lab_end *end = &lab->ends[lab->count];

	memset(end, 0, sizeof(*end));
	end->lab = lab;
	end->index = lab->count++;
	end->home = mem_printf("%s/%s%d", lab->dir, end->index == 0 ? "hub" : "device", end->index);
	lab_os_init(&end->os);
	end->ring = test_ring(
	    (uint8_t)(10 + end->index), (uint8_t)(40 + end->index), end->index == 0 ? 70 : 0);
	lab_home(end);
	lab_start(end);
	return end;
}

static void
lab_kinds(struct lab *lab)
{
	static const char diary[] =
	    "[kind]\nname = diary\nversion = 1\nscope = author\n"
	    "title.en = Diary\nplural.en = Diaries\nhelp.en = For oneself.\n"
	    "shows = text\n[field text]\ntype = note\nrequired = yes\n"
	    "privacy = clinical\nlabel.en = Text\nhelp.en = Anything.\n";
	char *dir = mem_printf("%s/kinds", lab->dir);
	char *file = fs_join(dir, "diary.ini");
	struct pmj_error err = {0};

	folder_copy(PAMOJA_CONF_DIR "/kinds", dir);
	check_ok(fs_write(&os_real, file, diary, sizeof(diary) - 1, &err), &err);
	check_ok(kinds_read(&lab->kinds, &os_real, dir, &err), &err);
	free(file);
	free(dir);
}

void
lab_begin(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	prim_start();
	(void)snprintf(lab->dir, sizeof(lab->dir), "%s/sync-lab.XXXXXX", place_for_tests());
	assert_non_null(mkdtemp(lab->dir));
	lab_kinds(lab);
	cert_root_new(&lab->root);
	buf_init(&lab->cert, 0);
}

void
lab_open_with(struct lab *lab, int devices)
{
	const uint8_t none[32] = {0};

	lab_begin(lab);
	(void)lab_add(lab);
	cert_make(&lab->cert, &lab->root, 1, 0, (uint64_t)LAB_START_MS * 2,
	    ring_op_pk(lab_hub(lab)->ring), none);
	for (int i = 0; i < devices; i++)
		lab_enrol(lab_add(lab));
}

void
lab_close(struct lab *lab)
{
	for (int i = 0; i < lab->count; i++) {
		lab_stop(&lab->ends[i]);
		ring_free(lab->ends[i].ring);
		free(lab->ends[i].home);
	}
	kinds_close(&lab->kinds);
	buf_close(&lab->cert);
	folder_remove(lab->dir);
}
