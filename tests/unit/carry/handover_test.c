/* A job goes over as bytes and comes back as it was; none that was cut does. */
#include "carry/handover.h"

#include "carry_lab.h"

static void
fill(struct job *job)
{
	struct job_remote plain = {.url = (char *)(uintptr_t) "/mail"};
	struct job_remote full = {.url = (char *)(uintptr_t) "https://hub.example/m",
	    .token = (char *)(uintptr_t) "tok",
	    .key = (char *)(uintptr_t) "",
	    .pin = (char *)(uintptr_t) "sha256//x",
	    .ca = (char *)(uintptr_t) "PEM",
	    .tokens = (char *)(uintptr_t) "a",
	    .writers = (char *)(uintptr_t) "b",
	    .keys = (char *)(uintptr_t) "c",
	    .limit = (char *)(uintptr_t) "5\n",
	    .shut = (char *)(uintptr_t) "d",
	    .old = true};
	struct shape_place place = lab_place(2, 0xb2, 7);

	*job = (struct job){.news = true, .anew = true, .wait_s = 9};
	job->ex.write_lane = 1;
	job->ex.create = true;
	job->parcel = mem_strdup("/media/stick");
	memset(plain.mailbox, 0xaa, sizeof(plain.mailbox));
	memset(full.mailbox, 0xbb, sizeof(full.mailbox));
	job_add_remote(job, &plain, NULL);
	job_add_remote(job, &full, NULL);
	places_add(&job->ex.have, &place);
	place.lane = 1;
	places_add(&job->ex.acked, &place);
	place.segno = 8;
	places_add(&job->ex.ended, &place);
}

static void
there_and_back(void **state)
{
	struct job job, back;
	struct buf first, second;
	struct pmj_error err;
	int64_t id;

	(void)state;
	fill(&job);
	buf_init(&first, 0);
	buf_init(&second, 0);
	handover_put(&first, &job, -5);
	check_ok(handover_read(&back, &id, first.bytes, first.len, &err), &err);
	assert_int_equal(id, -5);
	assert_string_equal(back.parcel, "/media/stick");
	assert_int_equal(back.remote_count, 2);
	assert_true(back.news && back.anew && back.ex.create && back.remotes[1].old &&
	            !back.remotes[0].old);
	assert_null(back.remotes[0].token);
	assert_string_equal(back.remotes[1].key, "");
	assert_string_equal(back.remotes[1].shut, "d");
	assert_int_equal(places_upto(&back.ex.have, &job.ex.have.items[0]), 7);
	assert_int_equal(places_upto(&back.ex.ended, &job.ex.ended.items[0]), 8);
	assert_string_equal(back.remotes[1].limit, "5\n");
	handover_put(&second, &back, -5);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.bytes, second.bytes, first.len);
	job_close(&back);
	for (size_t n = 0; n < first.len; n++) {
		assert_int_not_equal(handover_read(&back, &id, first.bytes, n, &err), PMJ_OK);
		job_close(&back); /* as whoever asked does */
	}
	buf_put_u8(&first, 0);
	assert_int_not_equal(handover_read(&back, &id, first.bytes, first.len, &err), PMJ_OK);
	/* Counts and lengths that promise more than there is. */
	for (size_t at = 0; at + 4 <= second.len; at++) {
		struct buf lie;

		buf_init(&lie, 0);
		buf_put(&lie, second.bytes, second.len);
		put_le32(lie.bytes + at, 0xffffffff);
		if (handover_read(&back, &id, lie.bytes, lie.len, &err) == PMJ_OK)
			job_close(&back);
		buf_close(&lie);
	}
	buf_close(&first);
	buf_close(&second);
	job_close(&job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
