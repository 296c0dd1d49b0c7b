/* sync_lab.h - a hub and devices over real journals in temporary homes; a folder copy is the
 * carrier. The clock is the test's; a call of the outside world may end the process. Header only.
 */
#ifndef TESTS_SYNC_LAB_H
#define TESTS_SYNC_LAB_H
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "check.h"
#include "folders.h"
#include "log/chain.h"
#include "log/enrol.h"
#include "log/roster.h"
#include "store/records.h"
#include "sync/device.h"
#include "sync/files.h"
#include "test_ring.h"

#define LAB_START_MS INT64_C(1790000000000)
#define LAB_ENDS_MAX 8

struct lab_os {
	struct os os;
	int64_t now_ms;
	int64_t mono_ms;
	int64_t mono_step; /* added at each look: makes steps short */
	int until;         /* calls to the disk left until the process ends; -1: never */
};

struct lab_end {
	struct lab *lab;
	int index; /* 0 is the hub */
	char *home;
	struct lab_os os;
	struct ring *ring;
	struct journal *journal;
	struct sync *sync;
	struct device *device;
	uint8_t mailbox[16];
	bool closed; /* the hub seals nothing more to it */
	bool deaf;   /* the hub forwards nothing to it */
};

struct lab {
	char dir[64];
	struct kinds kinds;
	struct cert_root root;
	struct buf cert;
	struct lab_end ends[LAB_ENDS_MAX];
	int count;
	int resends; /* how often the hub was asked for everything */
};

static inline void
lab_tick(void *ctx)
{
	struct lab_os *os = ctx;

	if (os->until >= 0 && os->until-- == 0)
		_exit(77);
}

static inline int64_t
lab_now(void *ctx)
{
	return ((struct lab_os *)ctx)->now_ms;
}

static inline int64_t
lab_mono(void *ctx)
{
	struct lab_os *os = ctx;

	os->mono_ms += os->mono_step;
	return os->mono_ms;
}

static inline int
lab_offset(void *ctx, int64_t ms)
{
	(void)ctx;
	(void)ms;
	return 0;
}

static inline void
lab_random(void *ctx, void *out, size_t count)
{
	(void)ctx;
	os_real.random(os_real.ctx, out, count);
}

static inline int
lab_open(void *ctx, const char *path, int flags, mode_t mode)
{
	lab_tick(ctx);
	return os_real.open(NULL, path, flags, mode);
}

static inline ssize_t
lab_read(void *ctx, int fd, void *out, size_t count)
{
	lab_tick(ctx);
	return os_real.read(NULL, fd, out, count);
}

static inline ssize_t
lab_write(void *ctx, int fd, const void *bytes, size_t count)
{
	lab_tick(ctx);
	return os_real.write(NULL, fd, bytes, count);
}

static inline int
lab_fsync(void *ctx, int fd)
{
	(void)fd; /* the cut is of the process, not of the power */
	lab_tick(ctx);
	return 0;
}

static inline int
lab_close_fd(void *ctx, int fd)
{
	lab_tick(ctx);
	return os_real.close(NULL, fd);
}

static inline int
lab_rename(void *ctx, const char *from, const char *to)
{
	lab_tick(ctx);
	return os_real.rename(NULL, from, to);
}

static inline int
lab_unlink(void *ctx, const char *path)
{
	lab_tick(ctx);
	return os_real.unlink(NULL, path);
}

static inline int
lab_mkdir(void *ctx, const char *path, mode_t mode)
{
	lab_tick(ctx);
	return os_real.mkdir(NULL, path, mode);
}

static inline int
lab_stat(void *ctx, const char *path, struct stat *st)
{
	lab_tick(ctx);
	return os_real.stat(NULL, path, st);
}

static inline void
lab_os_init(struct lab_os *os)
{
	*os = (struct lab_os){.now_ms = LAB_START_MS, .mono_ms = 1000, .until = -1};
	os->os = (struct os){.ctx = os,
	    .now_ms = lab_now,
	    .mono_ms = lab_mono,
	    .boot_ms = lab_mono,
	    .offset_minutes = lab_offset,
	    .random = lab_random,
	    .open = lab_open,
	    .read = lab_read,
	    .write = lab_write,
	    .fsync = lab_fsync,
	    .close = lab_close_fd,
	    .rename = lab_rename,
	    .unlink = lab_unlink,
	    .mkdir = lab_mkdir,
	    .stat = lab_stat};
}

/* ---- the hub's side: everything admitted goes to everybody ---- */

static inline struct lab_end *
lab_hub(struct lab *lab)
{
	return &lab->ends[0];
}

static inline struct lab_end *
lab_of_mailbox(struct lab *lab, const uint8_t *mailbox)
{
	for (int i = 1; i < lab->count; i++)
		if (memcmp(lab->ends[i].mailbox, mailbox, 16) == 0)
			return &lab->ends[i];
	return NULL;
}

static inline enum pmj_code
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

static inline enum pmj_code
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

static inline enum pmj_code
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

static inline json_t *
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

static inline bool
lab_may_have(void *ctx, const struct sync_peer *peer, int64_t n)
{
	struct lab_end *end = lab_of_mailbox(ctx, peer->mailbox);

	(void)n;
	return end != NULL && !end->deaf;
}

static inline void
lab_stamp(void *ctx, int64_t *pt, uint16_t *counter)
{
	*pt = lab_hub(ctx)->os.now_ms;
	*counter = 0;
}

/* Everything admitted, the device's own too. */
static inline enum pmj_code
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

static inline void
lab_setup(struct lab_end *end, struct journal_setup *setup)
{
	static const uint8_t uuid[16] = {0xc3};

	*setup = (struct journal_setup){.os = &end->os.os,
	    .home = end->home,
	    .ring = end->ring,
	    .store_uuid = uuid,
	    .kinds = &end->lab->kinds,
	    .schema = sync_schema,
	    .cache_kib = 1024};
}

/** Open journal and sync of an end whose home is there. A device that is not enrolled has no sync.
 */
static inline void
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

static inline void
lab_stop(struct lab_end *end)
{
	sync_free(end->sync);
	end->sync = NULL;
	device_free(end->device);
	end->device = NULL;
	journal_close(end->journal);
	end->journal = NULL;
}

static inline void
lab_restart(struct lab_end *end)
{
	lab_stop(end);
	lab_start(end);
}

static inline void
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

static inline void
lab_drop_template(void)
{
	if (getpid() == lab_template_pid)
		folder_remove(lab_template);
}

static inline const char *
lab_temporary(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* Fresh journals are alike (the rings name the same key and file), so one is made and copied. */
static inline void
lab_home(struct lab_end *end)
{
	struct journal_setup setup;
	struct pmj_error err = {0};

	if (lab_template[0] == '\0') {
		char *home = end->home;

		(void)snprintf(
		    lab_template, sizeof(lab_template), "%s/sync-lab.XXXXXX", lab_temporary());
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

static inline struct lab_end *
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

/* ---- enrolment, as it is ---- */

static inline void
lab_control(
    struct lab_end *hub, const struct lab_end *to, const char *kind, json_t *more, uint8_t *e_out)
{
	struct line_draft draft = {.kind = kind,
	    .rv = -1,
	    .by = ring_device_id(hub->ring),
	    .pt = hub->os.now_ms,
	    .more = more};
	struct entry entry;
	struct entries_new new = {.entry = &entry, .status = ENTRY_CONTROL};
	struct pmj_error err = {0};
	struct buf line;
	uint8_t e[32];
	int64_t n;
	bool known;

	buf_init(&line, 0);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	line_write(&line, &draft);
	json_decref(more);
	chain_entry(e, line.bytes, line.len);
	check_ok(line_read(&entry, buf_text(&line), line.len, e, &err), &err);
	new.line = buf_text(&line);
	new.len = line.len;
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(entries_append(hub->journal, &new, &n, &known, &err), &err);
	check_ok(sync_queue(hub->sync, to->mailbox, n, true, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	if (e_out != NULL)
		memcpy(e_out, e, 32);
	entry_close(&entry);
	buf_close(&line);
}

static inline void
lab_invitation(struct lab_end *device, struct buf *text)
{
	struct lab *lab = device->lab;
	struct lab_end *hub = lab_hub(lab);
	struct enrol_request request;
	struct pmj_error err = {0};
	struct buf bytes;
	struct buf segment;

	buf_init(&bytes, 0);
	buf_init(&segment, 0);
	check_ok(device_request(device->journal, text, &err), &err);
	check_ok(enrol_text_read(&bytes, buf_text(text), text->len, &err), &err);
	check_ok(enrol_request_read(&request, bytes.bytes, bytes.len, &err), &err);
	memset(device->mailbox, 0xa0 + device->index, 16);
	lab_control(hub, device, "ctl.invite",
	    json_pack("{s:o,s:I}", "nonce", json_hex(request.nonce, 32), "expires",
	        (json_int_t)(hub->os.now_ms + 1000000)),
	    NULL);
	lab_control(
	    hub, device, "ctl.remotes", json_pack("{s:[{s:s}]}", "remotes", "url", "/mail"), NULL);
	check_ok(sync_seal_first(hub->sync, device->mailbox, &segment, &err), &err);
	buf_clear(&bytes);
	enrol_invitation_put(&bytes, lab->cert.bytes, lab->cert.len, segment.bytes, segment.len);
	buf_clear(text);
	enrol_text_put(text, bytes.bytes, bytes.len);
	buf_close(&bytes);
	buf_close(&segment);
}

static inline void
lab_enrol(struct lab_end *device)
{
	struct pmj_error err = {0};
	struct buf text;

	buf_init(&text, 0);
	lab_invitation(device, &text);
	check_ok(
	    device_accept(device->journal, NULL, device->home, buf_text(&text), text.len, &err),
	    &err);
	buf_close(&text);
	lab_restart(device);
}

/* The program's kinds, and one that is private to its author. */
static inline void
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

static inline void
lab_open_with(struct lab *lab, int devices)
{
	const uint8_t none[32] = {0};

	memset(lab, 0, sizeof(*lab));
	prim_start();
	(void)snprintf(lab->dir, sizeof(lab->dir), "%s/sync-lab.XXXXXX", lab_temporary());
	assert_non_null(mkdtemp(lab->dir));
	lab_kinds(lab);
	cert_root_new(&lab->root);
	buf_init(&lab->cert, 0);
	(void)lab_add(lab);
	cert_make(&lab->cert, &lab->root, 1, 0, (uint64_t)LAB_START_MS * 2,
	    ring_op_pk(lab_hub(lab)->ring), none);
	for (int i = 0; i < devices; i++)
		lab_enrol(lab_add(lab));
}

static inline void
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

/* ---- work ---- */

/** An own entry that makes a record of this kind with one field; queued. Returns its number. */
static inline int64_t
lab_write_entry(struct lab_end *end, const char *kind, const char *field, const char *value)
{
	struct line_draft draft = {.kind = kind, .kv = 1, .rv = 0, .by = ring_device_id(end->ring)};
	struct entry entry;
	struct entries_new new = {.entry = &entry, .origin = ENTRY_OWN};
	struct pmj_error err = {0};
	json_t *set = json_pack("{s:s}", field, value);
	struct buf line;
	uint8_t e[32];
	int64_t n;
	bool known;

	buf_init(&line, 0);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	draft.set = set;
	check_ok(journal_begin(end->journal, &err), &err);
	if (end->index != 0)
		device_stamp(end->journal, &draft.pt, &draft.counter);
	else
		draft.pt = end->os.now_ms;
	line_write(&line, &draft);
	chain_entry(e, line.bytes, line.len);
	check_ok(line_read(&entry, buf_text(&line), line.len, e, &err), &err);
	new.line = buf_text(&line);
	new.len = line.len;
	check_ok(entries_append(end->journal, &new, &n, &known, &err), &err);
	if (end->index != 0)
		check_ok(device_queue(end->journal, end->sync, n, kinds_get(&end->lab->kinds, kind),
		             false, &err),
		    &err);
	else
		for (int i = 1; i < end->lab->count; i++)
			check_ok(sync_queue_forward(
			             end->sync, end->lab->ends[i].mailbox, n, false, &err),
			    &err);
	check_ok(journal_commit(end->journal, &err), &err);
	entry_close(&entry);
	json_decref(set);
	buf_close(&line);
	return n;
}

static inline int64_t
lab_person(struct lab_end *end, const char *name)
{
	return lab_write_entry(end, "person", "name", name);
}

/** Seal all that waits and bring the spool up to date. Returns the number of segments. */
static inline int
lab_seal(struct lab_end *end)
{
	struct pmj_error err = {0};
	bool more = true;
	int made = 0;
	uint64_t guard = 0;

	while (more) {
		check_ok(sync_seal_step(end->sync, false, &more, &err), &err);
		made++;
		assert_true(guard++ < 10000);
	}
	for (more = true; more;)
		check_ok(sync_spool_step(end->sync, &more, &err), &err);
	return made;
}

/** Take all that lies in spool/in. Returns the lines. */
static inline int64_t
lab_take(struct lab_end *end)
{
	struct pmj_error err = {0};
	int64_t taken;
	int64_t all = 0;
	bool more = true;
	uint64_t guard = 0;

	while (more) {
		check_ok(sync_take_step(end->sync, &more, &taken, &err), &err);
		all += taken;
		assert_true(guard++ < 100000);
	}
	return all;
}

static inline void
lab_copy_file(const char *from, const char *to, const char *name)
{
	char *a = fs_join(from, name);
	char *b = fs_join(to, name);
	struct pmj_error err = {0};
	struct buf bytes;
	FILE *out;

	buf_init(&bytes, 0);
	check_ok(fs_read(&bytes, &os_real, a, PMJ_SEGMENT_FILE_MAX, &err), &err);
	out = fopen(b, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes.bytes, 1, bytes.len, out), bytes.len);
	assert_int_equal(fclose(out), 0);
	buf_close(&bytes);
	free(a);
	free(b);
}

static inline bool
lab_same_bytes(const char *dir, const char *other, const char *name)
{
	char *a = fs_join(dir, name);
	char *b = fs_join(other, name);
	struct buf one;
	struct buf two;
	bool same;

	buf_init(&one, 0);
	buf_init(&two, 0);
	assert_int_equal(fs_read(&one, &os_real, a, PMJ_SEGMENT_FILE_MAX, NULL), PMJ_OK);
	assert_int_equal(fs_read(&two, &os_real, b, PMJ_SEGMENT_FILE_MAX, NULL), PMJ_OK);
	same = one.len == two.len && memcmp(one.bytes, two.bytes, one.len) == 0;
	buf_close(&one);
	buf_close(&two);
	free(a);
	free(b);
	return same;
}

static inline const uint8_t *
lab_mailbox_of(const struct lab_end *from, const struct lab_end *to)
{
	return from->index == 0 ? to->mailbox : from->mailbox;
}

/* What is not at the mailbox yet goes there; another segment at its place is shown to the writer.
 */
static inline void
lab_push(const struct lab_end *from, const struct lab_end *to, const char *mail,
    bool (*pick)(void *ctx, const char *name), void *ctx)
{
	char *out = mem_printf("%s/spool/out", from->home);
	char *in = mem_printf("%s/spool/in", from->home);
	struct pmj_error err = {0};
	char **names = NULL;
	size_t count = 0;

	check_ok(fs_list(&names, &count, out, &err), &err);
	for (size_t i = 0; i < count; i++) {
		struct sync_place_of place;
		char *there = fs_join(mail, names[i]);

		if (files_parse(&place, names[i]) &&
		    memcmp(place.mailbox, lab_mailbox_of(from, to), 16) == 0) {
			if (!fs_exists(&os_real, there)) {
				if (pick == NULL || pick(ctx, names[i]))
					lab_copy_file(out, mail, names[i]);
			} else if (!lab_same_bytes(out, mail, names[i])) {
				lab_copy_file(mail, in, names[i]);
			}
		}
		free(there);
	}
	fs_list_free(names, count);
	free(out);
	free(in);
}

static inline bool
lab_has(const json_t *have, const struct sync_place_of *place)
{
	const json_t *item;
	size_t i;

	json_array_foreach(have, i, item)
	{
		uint8_t inc[16];
		uint8_t mailbox[16];

		if (text_unhex(mailbox, 16, json_string_value(json_array_get(item, 0))) &&
		    text_unhex(inc, 16, json_string_value(json_array_get(item, 2))) &&
		    memcmp(mailbox, place->mailbox, 16) == 0 && memcmp(inc, place->inc, 16) == 0 &&
		    json_integer_value(json_array_get(item, 1)) == place->lane)
			return (uint64_t)json_integer_value(json_array_get(item, 3)) >=
			       place->segno;
	}
	return false;
}

/* All of the lane above what the reader has is put before it, as pamoja-carry does from its stores.
 */
static inline void
lab_fetch(const struct lab_end *to, int lane, const char *mail,
    bool (*pick)(void *ctx, const char *name), void *ctx)
{
	char *in = mem_printf("%s/spool/in", to->home);
	struct pmj_error err = {0};
	char **names = NULL;
	size_t count = 0;
	json_t *have = NULL;

	check_ok(sync_have(to->sync, &have, &err), &err);
	check_ok(fs_list(&names, &count, mail, &err), &err);
	for (size_t i = 0; i < count; i++) {
		struct sync_place_of place;

		if (files_parse(&place, names[i]) && place.lane == lane && !lab_has(have, &place) &&
		    (pick == NULL || pick(ctx, names[i])))
			lab_copy_file(mail, in, names[i]);
	}
	json_decref(have);
	fs_list_free(names, count);
	free(in);
}

/** From one's spool/out to the mailbox, from there to the other's spool/in. pick may say no, on
 * either leg (a lossy carrier). */
static inline void
lab_carry(const struct lab_end *from, const struct lab_end *to,
    bool (*pick)(void *ctx, const char *name), void *ctx)
{
	char hex[33];
	char *mail =
	    mem_printf("%s/mail/%s", from->lab->dir, text_hex(hex, lab_mailbox_of(from, to), 16));
	struct pmj_error err = {0};

	check_ok(fs_make_dir(&os_real, mail, &err), &err);
	lab_push(from, to, mail, pick, ctx);
	lab_fetch(to, from->index == 0 ? LANE_DOWN : LANE_UP, mail, pick, ctx);
	free(mail);
}

/** One full exchange of a device with the hub, both ways. */
static inline void
lab_exchange(struct lab_end *device)
{
	struct lab_end *hub = lab_hub(device->lab);

	(void)lab_seal(device);
	lab_carry(device, hub, NULL, NULL);
	(void)lab_take(hub);
	(void)lab_seal(hub);
	lab_carry(hub, device, NULL, NULL);
	(void)lab_take(device);
}

/* ---- looking ---- */

static inline int64_t
lab_number(struct lab_end *end, const char *query)
{
	struct sql *sql = sql_get(end->journal, query);
	struct pmj_error err = {0};
	int64_t value;
	bool row;

	check_ok(sql_row(sql, &row, &err), &err);
	assert_true(row);
	value = sql_col_int(sql, 0);
	sql_done(sql);
	return value;
}

static inline int64_t
lab_admitted(struct lab_end *end)
{
	uint8_t digest[32];
	struct pmj_error err = {0};
	int64_t entries = 0;

	check_ok(records_digest(end->journal, digest, &entries, NULL, &err), &err);
	return entries;
}

static inline void
lab_same(struct lab_end *a, struct lab_end *b)
{
	uint8_t one[32];
	uint8_t two[32];
	struct pmj_error err = {0};
	int64_t entries;

	check_ok(records_digest(a->journal, one, &entries, NULL, &err), &err);
	check_ok(records_digest(b->journal, two, &entries, NULL, &err), &err);
	assert_memory_equal(one, two, 32);
}

/** How many refusals with this reason does the end show? */
static inline int
lab_refused(struct lab_end *end, const char *fault)
{
	json_t *list = sync_refused(end->sync);
	const json_t *item;
	size_t i;
	int count = 0;

	json_array_foreach(list, i, item) count += strcmp(json_str(item, "fault"), fault) == 0;
	json_decref(list);
	return count;
}

#endif
