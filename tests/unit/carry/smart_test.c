/* git's protocol against the real git on this machine, run for each request as its http-backend
 * does; and a link that breaks behind so many bytes. */
#include "carry/smart.h"

#include "carry/bare.h"
#include "carry/store.h"
#include "carry_lab.h"

struct fix {
	struct lab lab;
	char *far;    /* the mailbox */
	size_t limit; /* bytes that go or come before the link breaks; 0: it does not */
	bool broke;
	size_t looks, asks, cuts;
	size_t most; /* bytes of the largest request and answer together */
	struct step step;
	struct exchange ex;
	struct buf said; /* events, one letter each */
	size_t there;    /* commits in the mailbox when it began */
	bool git;
};

static void
hear(void *ctx, enum exchange_event what, const struct shape_place *place, size_t count)
{
	struct fix *fix = ctx;
	static const char letters[] = "acdf";

	(void)place;
	(void)count;
	buf_put_u8(&fix->said, (uint8_t)letters[what]);
}

static enum pmj_code
run_git(struct fix *fix, const char *service, const char *more, const struct buf *request,
    struct buf *answer, struct pmj_error *err)
{
	char *in = mem_printf("%s/request", fix->lab.dir);
	char *out = mem_printf("%s/answer", fix->lab.dir);
	size_t went = request != NULL ? request->len : 0;

	fix->broke = fix->limit > 0 && went > fix->limit;
	buf_clear(answer);
	if (!fix->broke) {
		check_ok(fs_write(&os_real, in, went > 0 ? request->bytes : (const uint8_t *)"",
		             went, err),
		    err);
		(void)lab_shell(NULL, 0, "%s --stateless-rpc %s %s <%s >%s 2>>%s/complaints",
		    service, more, fix->far, in, out, fix->lab.dir);
		check_ok(fs_read(answer, &os_real, out, 1u << 24, err), err);
		fix->broke = fix->limit > 0 && went + answer->len > fix->limit;
	}
	if (went + answer->len > fix->most)
		fix->most = went + answer->len;
	free(in);
	free(out);
	if (!fix->broke)
		return PMJ_OK;
	fix->cuts++;
	(void)pmj_fail(err, PMJ_UNREACHED, "the link broke off");
	return PMJ_UNREACHED;
}

static enum pmj_code
refs(void *ctx, enum pkt_service service, struct buf *answer, struct pmj_error *err)
{
	struct fix *fix = ctx;

	fix->looks++;
	return run_git(fix, pkt_service_name(service), "--advertise-refs", NULL, answer, err);
}

static enum pmj_code
ask(void *ctx, enum pkt_service service, const struct buf *request, struct buf *answer,
    struct pmj_error *err)
{
	struct fix *fix = ctx;

	fix->asks++;
	return run_git(fix, pkt_service_name(service), "", request, answer, err);
}

static bool
broke(void *ctx)
{
	return ((struct fix *)ctx)->broke;
}

static int
open_fix(void **state)
{
	struct fix *fix = mem_new(sizeof(*fix));
	struct pmj_error err;

	lab_open(&fix->lab);
	assert_int_equal(setenv("GIT_CONFIG_COUNT", "1", 1), 0);
	assert_int_equal(setenv("GIT_CONFIG_KEY_0", "safe.directory", 1), 0);
	assert_int_equal(setenv("GIT_CONFIG_VALUE_0", "*", 1), 0);
	lab_sh("mkdir %s/mail", fix->lab.dir);
	fix->far = mem_printf("%s/mail/%s.git", fix->lab.dir, fix->lab.mailbox);
	check_ok(bare_make(fix->far, &err), &err);
	fix->ex.os = &os_real;
	fix->ex.spool = mem_printf("%s/w/spool", fix->lab.dir);
	fix->ex.store = mem_printf("%s/w/carry", fix->lab.dir);
	fix->ex.write_lane = 1;
	fix->ex.tell = hear;
	fix->ex.ctx = fix;
	buf_init(&fix->said, 0);
	*state = fix;
	return 0;
}

static int
close_fix(void **state)
{
	struct fix *fix = *state;

	lab_close(&fix->lab);
	buf_close(&fix->said);
	places_close(&fix->ex.have);
	free(fix->ex.spool);
	free(fix->ex.store);
	free(fix->far);
	free(fix);
	return 0;
}

#define PLACE "https://host.example/mail"

static enum pmj_code
exchange(struct fix *fix, struct pmj_error *err)
{
	struct shape_place place = lab_place(1, 0, 1);
	struct smart_way way = {
	    .refs = refs, .ask = ask, .broke = broke, .ctx = fix, .step = &fix->step};
	enum pmj_code rc;

	buf_clear(&fix->said);
	fix->ex.sent = fix->ex.got = 0;
	fix->looks = fix->asks = fix->most = 0;
	check_ok(exchange_begin(&fix->ex, err), err);
	rc = smart_exchange(&fix->ex, &way, place.mailbox, PLACE, &fix->git, err);
	exchange_end(&fix->ex);
	return rc;
}

/* As pamojad does, which takes everything in. */
static void
take_in(struct fix *fix, uint8_t incarnation, uint64_t upto)
{
	struct shape_place place = lab_place(2, incarnation, upto);

	places_add(&fix->ex.have, &place);
	places_sort(&fix->ex.have);
	lab_sh("rm -f %s/w/spool/in/*", fix->lab.dir);
}

static void
both_ways(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	assert_false(smart_known(fix->ex.store, PLACE, lab_place(1, 0, 1).mailbox));
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 40, 1);
	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 5, 1);
	/* The hub sits beside the same mailbox as a folder: both ways may be mixed freely. */
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	check_ok(exchange(fix, &err), &err);
	assert_string_equal(buf_text(&fix->said), "da");
	assert_int_equal(fix->ex.sent, 40);
	assert_int_equal(fix->ex.got, 5);
	assert_true(fix->git && smart_known(fix->ex.store, PLACE, lab_place(1, 0, 1).mailbox));
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	lab_same(&fix->lab, "w", "h");
	lab_same(&fix->lab, "h", "w");
	lab_fsck(&fix->lab);
	/* Nothing new is one look, also while what came was not taken in. */
	check_ok(exchange(fix, &err), &err);
	assert_string_equal(buf_text(&fix->said), "d");
	assert_int_equal(fix->ex.sent + fix->ex.got + fix->asks, 0);
	take_in(fix, 0xc3, 5);
	check_ok(exchange(fix, &err), &err);
	assert_int_equal(fix->asks, 0);
	assert_int_equal(fix->looks, 1);
	/* What was read is kept nowhere a second time. */
	lab_sh("test $(ls -d %s/w/carry/*.git | wc -l) = 1", fix->lab.dir);
}

/* The far side said no. */
static void
a_refusal_is_heard(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 3, 1);
	lab_sh("mkdir %s/hooks && printf '#!/bin/sh\\necho no >&2\\nexit 1\\n' > "
	       "%s/hooks/pre-receive && chmod +x %s/hooks/pre-receive",
	    fix->far, fix->far, fix->far);
	check_code(exchange(fix, &err), PMJ_BUSY);
	assert_non_null(strstr(err.message, "hook declined"));
	assert_string_equal(buf_text(&fix->said), "");
	assert_int_equal(fix->ex.sent, 0);
	lab_sh("rm -r %s/hooks", fix->far);
	check_ok(exchange(fix, &err), &err);
	assert_string_equal(buf_text(&fix->said), "d");
}

/* Another moved the branch to what is not ours: nothing is overwritten, it is shown. */
static void
a_foreign_tip_stays(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_fill(&fix->lab, "x", 1, 0xb2, 1, 4, 99);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 6, 1);
	assert_int_equal(lab_exchange(&fix->lab, "x"), 0);
	check_code(exchange(fix, &err), PMJ_PARTIAL);
	assert_string_equal(buf_text(&fix->said), "fa");
	lab_sh("test $(ls %s/w/spool/in | wc -l) = 4", fix->lab.dir);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	lab_same(&fix->lab, "x", "h");
}

/* A laptop put back, whose store ends before the branch: shown, adopted, and work goes on. */
static void
a_store_that_is_behind_goes_on(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 30, 1);
	check_ok(exchange(fix, &err), &err);
	lab_sh("rm -rf %s/w/carry %s/w/spool/out/*", fix->lab.dir, fix->lab.dir);
	lab_fill(&fix->lab, "w", 1, 0xb2, 31, 32, 1);
	check_ok(exchange(fix, &err), &err);
	assert_string_equal(buf_text(&fix->said), "fad");
	assert_int_equal(fix->ex.sent, 2);
	lab_sh("test $(git -C %s rev-list --count --all) = 32", fix->far);
}

/* The far branch of our lane is no chain: said as such, and what is there for us comes. */
static void
a_spoiled_branch(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 2, 1);
	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 1, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	lab_sh("cd %s && git update-ref refs/heads/l1/$(printf 'b2%%.0s' $(seq 16)) $(git -c "
	       "user.name=x -c user.email=x "
	       "commit-tree -m x $(git mktree </dev/null))",
	    fix->far);
	check_code(exchange(fix, &err), PMJ_INTEGRITY);
	assert_string_equal(buf_text(&fix->said), "fa");
	assert_int_equal(fix->ex.got, 1);
}

static void
copy_box(struct fix *fix, const char *from, const char *to)
{
	lab_sh("cd %s && rm -rf %s && cp -r %s %s", fix->lab.dir, to, from, to);
}

/* A mailbox that was put back is noticed, told once, and gets again what it lacks of ours. */
static void
a_mailbox_that_rewinds(void **state)
{
	struct fix *fix = *state;
	char *box = mem_printf("mail/%s.git", fix->lab.mailbox);
	struct pmj_error err;

	for (int which = 0; which < 2; which++) { /* our lane, then the other one */
		uint64_t n = 1 + (uint64_t)which * 10;

		lab_fill(&fix->lab, "w", 1, 0xb2, n, n + 4, 1);
		lab_fill(&fix->lab, "h", 2, 0xc3, n, n + 4, 1);
		assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
		check_ok(exchange(fix, &err), &err);
		copy_box(fix, box, "before");
		if (which == 0)
			lab_fill(&fix->lab, "w", 1, 0xb2, n + 5, n + 9, 1);
		else
			lab_fill(&fix->lab, "h", 2, 0xc3, n + 5, n + 9, 1);
		assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
		check_ok(exchange(fix, &err), &err);
		copy_box(fix, "before", box);
		check_code(exchange(fix, &err), PMJ_INTEGRITY);
		assert_non_null(strstr(err.message, "shows less than it did"));
		assert_int_equal(fix->ex.sent, which == 0 ? 5 : 0);
		check_ok(exchange(fix, &err), &err);
		if (which == 0) {
			lab_fill(&fix->lab, "h", 2, 0xc3, n + 5, n + 9, 1);
			assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
			check_ok(exchange(fix, &err), &err);
		}
	}
	free(box);
}

/* A link that dies in the midst of everything: said so, nothing marked as delivered, and the same
 * work is done when the link is whole. */
static void
a_dying_link_costs_nothing(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 20, 1);
	fix->limit = 900; /* enough for branches, too little for a segment */
	check_code(exchange(fix, &err), PMJ_UNREACHED);
	assert_int_equal(fix->said.len, 0);
	assert_true(fix->git);
	fix->limit = 3; /* not even that there is nothing */
	check_code(exchange(fix, &err), PMJ_UNREACHED);
	assert_false(fix->git);
	fix->limit = 0;
	check_ok(exchange(fix, &err), &err);
	assert_int_equal(fix->ex.sent, 20);
}

/* A link that lets some kilobytes through: steps get all of it there and back, where one pack could
 * not; and what one exchange brought, the next does not ask for again. */
static void
steps_get_through_a_short_link(void **state)
{
	struct fix *fix = *state;
	enum pmj_code rc = PMJ_UNREACHED;
	struct pmj_error err;
	size_t asks = 0;

	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 30, 1); /* over 30 KiB */
	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 30, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	fix->limit = 6000;
	for (int tries = 0; tries < 10 && rc != PMJ_OK; tries++) {
		rc = exchange(fix, &err);
		asks += fix->asks;
	}
	check_ok(rc, &err);
	assert_true(fix->cuts > 0);
	/* 60 segments of which four go at once, and what was cut */
	assert_true(asks < 60);
	lab_sh("test $(git -C %s rev-list --count --all) = 60", fix->far);
	lab_same(&fix->lab, "h", "w");
	fix->limit = 0;
}

/* What is told of how far it is: no more than the mailbox has, and no less when all of it is there,
 * whether a cut took the pack or only the answer. */
static size_t
there(const struct fix *fix)
{
	char said[32] = "";

	(void)lab_shell(said, sizeof(said), "git -C %s rev-list --count --all", fix->far);
	return (size_t)strtoul(said, NULL, 10);
}

static void
honest(void *ctx)
{
	struct fix *fix = ctx;
	const struct exchange_count *count = &fix->ex.count;

	assert_true(fix->there + count->there <= there(fix));
	if (count->there > 0)
		assert_int_equal(fix->there + count->there + count->left, 30);
}

static void
progress_tells_no_more_than_is_there(void **state)
{
	struct fix *fix = *state;
	enum pmj_code rc = PMJ_UNREACHED;
	struct pmj_error err;
	int exchanges = 0;

	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 30, 1);
	fix->ex.beat = honest;
	for (; exchanges < 20 && rc != PMJ_OK; exchanges++) {
		fix->limit = exchanges % 2 == 0 ? 6000 : 4800;
		fix->ex.count = (struct exchange_count){0};
		fix->there = there(fix);
		rc = exchange(fix, &err);
	}
	check_ok(rc, &err);
	fix->ex.beat = NULL;
	fix->limit = 0;
	assert_true(fix->cuts > 0);
	assert_true(fix->ex.count.there > 0);
	assert_int_equal(fix->there + fix->ex.count.there, 30);
	assert_int_equal(fix->ex.count.left, 0);
}

/* One new segment is one commit of a branch however long, whatever else is there. */
static void
one_new_segment_is_one_commit(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 40, 1);
	lab_fill(&fix->lab, "h", 2, 0xa1, 1, 60, 2);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 50, 4);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	check_ok(exchange(fix, &err), &err);
	assert_int_equal(fix->ex.got, 100);
	take_in(fix, 0xc3, 40);
	take_in(fix, 0xa1, 60);
	lab_fill(&fix->lab, "h", 2, 0xc3, 41, 41, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	check_ok(exchange(fix, &err), &err);
	assert_int_equal(fix->ex.got, 1);
	assert_int_equal(fix->asks, 1);
	assert_true(fix->most < LAB_SEGMENT_BYTES + 264 + 700);
}

/* A host that gives whole branches only. */
static void
a_host_that_cannot_cut(void **state)
{
	struct fix *fix = *state;
	struct pmj_error err;

	lab_sh("git -C %s config uploadpack.allowReachableSHA1InWant false", fix->far);
	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 20, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	check_ok(exchange(fix, &err), &err);
	assert_int_equal(fix->ex.got, 20);
	lab_same(&fix->lab, "h", "w");
}

/* What answers, and is not git: each its own words, and nothing more is asked. */
static enum pmj_code
lie(void *ctx, enum pkt_service service, struct buf *answer, struct pmj_error *err)
{
	const struct buf *words = ctx;

	(void)service;
	(void)err;
	buf_clear(answer);
	buf_put(answer, words->bytes, words->len);
	return PMJ_OK;
}

static bool
never(void *ctx)
{
	(void)ctx;
	return false;
}

static void
what_is_not_git(void **state)
{
	static const struct {
		const char *answer;
		enum pmj_code code;
		const char *words;
	} lies[] = {
	    {"<html>sign in</html>", PMJ_INTEGRITY, "is not git's"},
	    {"", PMJ_UNREACHED, "ends too soon"},
	    {"000bERR no!0000", PMJ_REFUSED, "it says: no!"},
	    {"0008abc\n0000", PMJ_INTEGRITY, "is not git's"},
	    {"0000<html>", PMJ_INTEGRITY, "is not git's"},
	    {"0003", PMJ_INTEGRITY, "is not git's"},
	};
	struct fix *fix = *state;

	for (size_t i = 0; i < COUNT(lies); i++) {
		struct buf words;
		struct step step = {0};
		struct pmj_error err;
		struct smart_way way = {.refs = lie, .broke = never, .ctx = &words, .step = &step};
		bool git = true;
		enum pmj_code rc;

		buf_init(&words, 0);
		buf_put_text(&words, lies[i].answer);
		check_ok(exchange_begin(&fix->ex, &err), &err);
		rc = smart_exchange(&fix->ex, &way, lab_place(1, 0, 1).mailbox, PLACE, &git, &err);
		exchange_end(&fix->ex);
		check_code(rc, lies[i].code);
		assert_non_null(strstr(err.message, lies[i].words));
		assert_false(git);
		buf_close(&words);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_fix, close_fix)
	const struct CMUnitTest tests[] = {
	    T(both_ways),
	    T(a_refusal_is_heard),
	    T(a_foreign_tip_stays),
	    T(a_store_that_is_behind_goes_on),
	    T(a_spoiled_branch),
	    T(a_mailbox_that_rewinds),
	    T(a_dying_link_costs_nothing),
	    T(steps_get_through_a_short_link),
	    T(progress_tells_no_more_than_is_there),
	    T(one_new_segment_is_one_commit),
	    T(a_host_that_cannot_cut),
	    T(what_is_not_git),
	};
	struct pmj_error err;

	if (chain_setup(&err) != PMJ_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
