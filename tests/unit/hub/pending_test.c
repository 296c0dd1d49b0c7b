/* pending_test.c - what needs more than one person (7.2): whose word counts, and whose does not. */
#include "log/act.h"
#include "office_lab.h"
#include "store/sql.h"
#include "sync/device_inner.h"

static void
make(struct lab *lab, int end, const char *role)
{
	struct journal *journal = lab_hub(lab)->journal;
	struct pmj_error err = {0};

	check_ok(journal_begin(journal, &err), &err);
	check_ok(sql_run(sql_text(sql_blob(sql_get(journal, "UPDATE pmj_device SET role = ?2"
	                                                    " WHERE device = ?1"),
	                              1, ring_device_id(lab->ends[end].ring), 16),
	                     2, role),
	             &err),
	    &err);
	check_ok(journal_commit(journal, &err), &err);
}

/* Two supervisors are asked to agree to one more laptop; its request. */
static void
ask(struct lab *lab, struct lab_end *fourth)
{
	struct hub_enrol enrol = {.role = "coordinator", .name = "Fourth"};
	struct buf request, invitation;
	struct pmj_error err = {0};
	uint8_t device[16];

	buf_init(&request, 0);
	buf_init(&invitation, 0);
	check_ok(device_request(fourth->journal, &request, &err), &err);
	enrol.request = buf_text(&request);
	check_ok(hub_enrol(lab->hub, &enrol, &invitation, device, &err), &err);
	assert_true(invitation.len == 0);
	buf_close(&request);
	buf_close(&invitation);
}

static struct lab_end *
begin(struct lab *lab)
{
	struct lab_end *fourth;

	office_open(lab, 3);
	make(lab, 1, "supervisor");
	make(lab, 2, "supervisor");
	fourth = lab_add(lab);
	ask(lab, fourth);
	for (int i = 1; i <= 3; i++)
		office_exchange(&lab->ends[i]);
	return fourth;
}

/* {"id","missing"} of what waits; NULL: nothing does. */
static json_t *
waits(struct lab *lab)
{
	struct pmj_error err = {0};
	json_t *out = NULL, *item;

	check_ok(hub_pending(lab->hub, &out, &err), &err);
	item = json_incref(json_array_get(json_arr(out, "items"), 0));
	json_decref(out);
	return item;
}

static int64_t
missing(struct lab *lab)
{
	json_t *item = waits(lab);
	int64_t n = json_int(item, "missing", -1);

	json_decref(item);
	return n;
}

static void
does(struct lab *lab, bool done)
{
	struct pmj_error err = {0};
	bool was;

	check_ok(hub_pending_step(lab->hub, INT64_MAX, &was, &err), &err);
	assert_int_equal(was, done);
}

/* A ctl.sign of this end, whatever it says; `more` is stolen. */
static void
says(struct lab_end *end, json_t *more)
{
	struct pmj_error err = {0};

	check_ok(journal_begin(end->journal, &err), &err);
	check_ok(device_say(end->sync, end->mailbox, "ctl.sign", more, &err), &err);
	check_ok(journal_commit(end->journal, &err), &err);
	office_exchange(end);
}

static void
approve(struct lab_end *end)
{
	struct pmj_error err = {0};
	json_t *out = NULL, *item;

	check_ok(device_asks(end->journal, &out, &err), &err);
	item = json_incref(json_array_get(json_arr(out, "items"), 0));
	json_decref(out);
	assert_non_null(item);
	check_ok(device_answer(end->sync, json_str(item, "id"), true, &out, &err), &err);
	json_decref(out);
	json_decref(item);
	office_exchange(end);
}

static void
test_two_supervisors(void **state)
{
	struct lab lab;
	struct lab_end *fourth = begin(&lab);

	(void)state;
	assert_true(missing(&lab) == 2);
	does(&lab, false);
	approve(&lab.ends[1]);
	assert_true(missing(&lab) == 1);
	does(&lab, false);
	lab_restart(lab_hub(&lab));
	assert_true(missing(&lab) == 1);
	approve(&lab.ends[2]);
	does(&lab, true);
	assert_null(waits(&lab));
	assert_true(hub_count(lab.hub, "devices") == 4);
	does(&lab, false);
	(void)fourth;
	lab_close(&lab);
}

/* What was signed, as the first supervisor has it. */
static void
act_of(struct lab *lab, struct act *out)
{
	struct sql *q = sql_get(lab_hub(lab)->journal, "SELECT act FROM pmj_pending");
	struct pmj_error err = {0};
	bool row;

	check_ok(sql_row(q, &row, &err), &err);
	check_ok(act_read(out, sql_col_text(q, 0), strlen(sql_col_text(q, 0)), &err), &err);
	sql_done(q);
}

static json_t *
word(const struct act *act, struct ring *signer)
{
	uint8_t sig[64];
	char text[128];

	act_sign(sig, signer, act);
	return json_pack("{s:o,s:s}", "statement", json_hex(act->hash, 32), "g",
	    text_base64(text, sig, sizeof(sig)));
}

static void
test_words_that_do_not_count(void **state)
{
	static const uint8_t none[32] = {1};
	struct lab lab;
	struct act act;
	json_t *item;

	(void)state;
	(void)begin(&lab);
	act_of(&lab, &act);
	says(&lab.ends[3], word(&act, lab.ends[3].ring)); /* a peer */
	says(
	    &lab.ends[3], json_pack("{s:o,s:b}", "statement", json_hex(act.hash, 32), "refuse", 1));
	says(&lab.ends[1], word(&act, lab.ends[2].ring)); /* another's signature */
	says(&lab.ends[1], json_pack("{s:o}", "statement", json_hex(act.hash, 32)));
	says(&lab.ends[1], json_pack("{s:o,s:s}", "statement", json_hex(act.hash, 32), "g", "x"));
	says(&lab.ends[1], json_pack("{s:o,s:s}", "statement", json_hex(none, 32), "g", "x"));
	says(&lab.ends[1], json_pack("{s:s}", "statement", "zz"));
	says(&lab.ends[1], json_pack("{}"));
	assert_true(missing(&lab) == 2);
	does(&lab, false);
	/* one who was a supervisor when she said so */
	approve(&lab.ends[1]);
	make(&lab, 1, "peer");
	approve(&lab.ends[2]);
	item = waits(&lab);
	assert_true(json_flag(item, "root") && json_int(item, "missing", 0) == 1);
	json_decref(item);
	does(&lab, false);
	make(&lab, 1, "supervisor");
	lab_restart(lab_hub(&lab));
	does(&lab, true);
	act_close(&act);
	lab_close(&lab);
}

static void
becomes(struct lab *lab, int end, const char *state)
{
	const uint8_t *device = ring_device_id(lab->ends[end].ring);
	struct pmj_error err = {0};

	if (strcmp(state, "revoked") == 0)
		check_ok(hub_revoke(lab->hub, device, &err), &err);
	else
		check_ok(hub_suspend(lab->hub, device, strcmp(state, "live") == 0, &err), &err);
}

/* The coordinator who asks, and takes the one off the roster who would have to agree: for a while,
 * then for good. The day in which others may say no begins with that. */
static void
test_nobody_alone(void **state)
{
	uint8_t asha[PMJ_RECORD_BYTES], id[32];
	struct pmj_error err = {0};
	struct lab lab;
	struct lab_end *hub = lab_hub(&lab);
	struct sql *q;
	bool row;

	(void)state;
	office_open(&lab, 2);
	make(&lab, 1, "supervisor");
	(void)lab_person(&lab.ends[2], "Asha");
	office_exchange(&lab.ends[2]);
	q = sql_get(hub->journal, "SELECT rec FROM pmj_record WHERE kind = pmj_short('person')");
	check_ok(sql_row(q, &row, &err), &err);
	assert_true(row && sql_col_copy(q, 0, asha, sizeof(asha)));
	sql_done(q);
	check_ok(hub_forget(lab.hub, asha, "asked", id, &err), &err);
	does(&lab, false);
	hub->os.now_ms += INT64_C(2) * 86400 * 1000;
	becomes(&lab, 1, "suspended");
	lab_restart(hub);
	does(&lab, false);
	becomes(&lab, 1, "live");
	becomes(&lab, 1, "revoked");
	lab_restart(hub);
	does(&lab, false);
	hub->os.now_ms += INT64_C(23) * 3600 * 1000;
	does(&lab, false);
	hub->os.now_ms += INT64_C(2) * 3600 * 1000;
	does(&lab, true);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_supervisors),
	    cmocka_unit_test(test_words_that_do_not_count),
	    cmocka_unit_test(test_nobody_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
