/* sync_lab_work.c - what the ends of the lab do: enrol, write, seal, take, exchange; and looking at
 * them. */
#include "sync_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- enrolment, as it is ---- */

void
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

void
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

void
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

/* ---- work ---- */

int64_t
lab_write_entry(struct lab_end *end, const char *kind, const char *field, const char *value)
{
	return lab_change_entry(end, NULL, kind, field, value);
}

int64_t
lab_change_entry(
    struct lab_end *end, const uint8_t *rec, const char *kind, const char *field, const char *value)
{
	return lab_change_fields(end, rec, kind, json_pack("{s:s}", field, value));
}

int64_t
lab_change_fields(struct lab_end *end, const uint8_t *rec, const char *kind, json_t *set)
{
	struct line_draft draft = {.kind = kind, .kv = 1, .rv = 0, .by = ring_device_id(end->ring)};
	struct entry entry;
	struct entries_new new = {.entry = &entry, .origin = ENTRY_OWN};
	struct pmj_error err = {0};
	struct buf line;
	uint8_t e[32];
	int64_t n;
	bool known;

	buf_init(&line, 0);
	os_real.random(NULL, draft.n, sizeof(draft.n));
	draft.set = set;
	draft.rec = rec;
	check_ok(journal_begin(end->journal, &err), &err);
	if (end->index != 0) {
		device_stamp(end->journal, &draft.pt, &draft.counter);
		draft.rv = device_roster_version(end->journal);
	} else {
		draft.pt = end->os.now_ms;
	}
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

int64_t
lab_person(struct lab_end *end, const char *name)
{
	return lab_write_entry(end, "person", "name", name);
}

int
lab_seal(struct lab_end *end)
{
	struct pmj_error err = {0};
	bool more = true;
	int made = 0;
	uint64_t guard = 0;

	while (more) {
		check_ok(sync_seal_step(end->sync, &more, &err), &err);
		made++;
		assert_true(guard++ < 10000);
	}
	for (more = true; more;)
		check_ok(sync_spool_step(end->sync, &more, &err), &err);
	return made;
}

int64_t
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

void
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

static bool
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

static const uint8_t *
lab_mailbox_of(const struct lab_end *from, const struct lab_end *to)
{
	return from->index == 0 ? to->mailbox : from->mailbox;
}

/* What is not at the mailbox yet goes there; another segment at its place is shown to the writer.
 */
static void
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

static bool
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
static void
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

void
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

void
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

int64_t
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

int64_t
lab_admitted(struct lab_end *end)
{
	uint8_t digest[32];
	struct pmj_error err = {0};
	int64_t entries = 0;

	check_ok(records_digest(end->journal, digest, &entries, NULL, &err), &err);
	return entries;
}

void
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

int
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

bool
lab_dies(struct lab_end *end, void (*work)(struct lab_end *end), int until)
{
	pid_t pid;
	int status;

	lab_stop(end);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		lab_start(end);
		end->os.until = until;
		work(end);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	lab_start(end);
	return WEXITSTATUS(status) == 0;
}
