/* One request after another against real repositories: what is taken, refused, told; what a stop
 * leaves; what was synced when it was called done. */
#include <poll.h>
#include <sys/wait.h>

#include "carry/bare.h"
#include "carry/bell.h"
#include "carry/folder.h"
#include "gate/pipe.h"
#include "sync_trace.h"

struct gate_lab {
	struct lab lab;
	char root[96];
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct buf request;
	struct buf answer;
};

static int
open_lab(void **state)
{
	struct gate_lab *g = mem_new(sizeof(*g));
	struct pmj_error err;
	char *path;

	lab_open(&g->lab);
	(void)snprintf(g->root, sizeof(g->root), "%s/mail", g->lab.dir);
	memset(g->mailbox, 0xaa, sizeof(g->mailbox));
	lab_sh("mkdir %s", g->root);
	path = bare_path(g->root, g->mailbox);
	check_ok(bare_make(path, &err), &err);
	free(path);
	buf_init(&g->request, 0);
	buf_init(&g->answer, WIRE_ANSWER_MAX);
	wire_begin(&g->request, WIRE_REQUEST);
	*state = g;
	return 0;
}

static int
close_lab(void **state)
{
	struct gate_lab *g = *state;

	buf_close(&g->request);
	buf_close(&g->answer);
	lab_close(&g->lab);
	free(g);
	return 0;
}

/* ---- asking ---- */

static void
put_bytes(struct gate_lab *g, const struct buf *bytes)
{
	wire_put_item(&g->request, WIRE_PUT, bytes->bytes, bytes->len);
}

static void
put(struct gate_lab *g, int lane, uint8_t incarnation, uint64_t segno, unsigned seed)
{
	struct shape_place place = lab_place(lane, incarnation, segno);
	struct buf bytes;

	buf_init(&bytes, 0);
	lab_segment(&bytes, &place, seed);
	put_bytes(g, &bytes);
	buf_close(&bytes);
}

static void
get(struct gate_lab *g, int lane, uint8_t incarnation, uint64_t from, uint32_t limit)
{
	struct wire_get want = {.from = lab_place(lane, incarnation, from), .limit = limit};

	wire_put_get(&g->request, &want);
}

static enum pmj_code
ask_as(struct gate_lab *g, uint8_t lane)
{
	struct serve_box box;
	struct pmj_error err;
	enum pmj_code rc;

	check_ok(serve_open(&box, g->root, g->mailbox, lane, &err), &err);
	rc = serve_end(serve_begin(&box, &g->answer), g->request.bytes, g->request.len, &err);
	serve_close(&box);
	wire_begin(&g->request, WIRE_REQUEST);
	return rc;
}

/* The answer in a line: "done have gap seg1024 tips2 same", in order. */
static const char *
told(const struct gate_lab *g)
{
	static const char *const good[] = {"done", "have", "more"};
	static const char *const bad[] = {"form", "big", "mailbox", "lane", "signature", "gap",
	    "forked", "busy", "full", "broken", "failed", "no-room"};
	static char out[4096];
	struct wire_in in;
	struct wire_item item;
	struct pmj_error err;
	size_t n = 0;
	bool more;

	out[0] = '\0';
	check_ok(wire_open(&in, WIRE_ANSWER, g->answer.bytes, g->answer.len, &err), &err);
	for (;;) {
		check_ok(wire_next(&in, &item, &more, &err), &err);
		if (!more)
			return out;
		assert_true(n + 32 < sizeof(out));
		if (item.kind == WIRE_OUTCOME)
			n += (size_t)sprintf(out + n, "%s ",
			    item.bytes[0] <= WIRE_MORE ? good[item.bytes[0]]
			                               : bad[item.bytes[0] - WIRE_BAD_FORM]);
		else if (item.kind == WIRE_TIPS)
			n += (size_t)sprintf(out + n, "tips%zu ", item.len / WIRE_TIP_BYTES);
		else if (item.kind == WIRE_SAME)
			n += (size_t)sprintf(out + n, "same ");
		else if (item.kind == WIRE_SEGMENT)
			n += (size_t)sprintf(out + n, "s%u ", item.bytes[16]);
	}
}

static const char *
ask(struct gate_lab *g, uint8_t lane)
{
	check_code(ask_as(g, lane), PMJ_OK);
	return told(g);
}

/* ---- put ---- */

static void
a_put_is_the_commit_that_the_segment_makes(void **state)
{
	struct gate_lab *g = *state;

	put(g, 1, 0xb2, 1, 1);
	put(g, 1, 0xb2, 2, 1);
	put(g, 1, 0xb2, 3, 1);
	assert_string_equal(ask(g, 1), "done done done ");
	lab_fsck(&g->lab);
	/* The same three and two more by way of the folder: one chain, nothing foreign. */
	lab_fill(&g->lab, "w", 1, 0xb2, 1, 5, 1);
	assert_int_equal(lab_exchange(&g->lab, "w"), 0);
	assert_false(lab_said(&g->lab, "\"foreign\""));
	assert_true(lab_said(&g->lab, "\"sent\":2"));
	put(g, 1, 0xb2, 6, 1);
	assert_string_equal(ask(g, 1), "done ");
	lab_fill(&g->lab, "w", 1, 0xb2, 6, 6, 1);
	assert_int_equal(lab_exchange(&g->lab, "h"), 0);
	lab_same(&g->lab, "w", "h");
	lab_fsck(&g->lab);
}

static void
a_put_may_be_repeated(void **state)
{
	struct gate_lab *g = *state;

	for (uint64_t n = 1; n <= 4; n++)
		put(g, 1, 0xb2, n, 1);
	assert_string_equal(ask(g, 1), "done done done done ");
	for (uint64_t n = 2; n <= 5; n++)
		put(g, 1, 0xb2, n, 1);
	put(g, 1, 0xb2, 4, 1);
	put(g, 1, 0xc3, 1, 1);
	put(g, 1, 0xb2, 1, 1);
	assert_string_equal(ask(g, 1), "have have have done have done have ");
	/* Twice in one batch: only when the first is on disk is it said to be there. */
	put(g, 1, 0xb2, 6, 1);
	put(g, 1, 0xb2, 6, 1);
	assert_string_equal(ask(g, 1), "done busy ");
}

static void
each_bad_thing_has_its_reason_and_the_rest_stands(void **state)
{
	struct gate_lab *g = *state;
	struct shape_place place = lab_place(1, 0xb2, 3);
	struct buf bytes;

	buf_init(&bytes, 0);
	put(g, 1, 0xb2, 1, 1);
	put(g, 2, 0xb2, 1, 1); /* not his lane */
	lab_segment(&bytes, &place, 1);
	bytes.bytes[24] ^= 1; /* another mailbox */
	put_bytes(g, &bytes);
	bytes.bytes[24] ^= 1;
	bytes.bytes[192] ^= 1; /* a length that is not so */
	put_bytes(g, &bytes);
	buf_clear(&bytes);
	buf_put_zeros(&bytes, PMJ_SEGMENT_FILE_MAX + 1);
	put_bytes(g, &bytes);
	wire_put_item(&g->request, WIRE_PUT, NULL, 0);
	put(g, 1, 0xb2, 3, 1); /* 2 is missing */
	put(g, 1, 0xb2, 1, 9); /* another one stands there: not yet on disk */
	put(g, 1, 0xb2, 2, 1);
	wire_put_ask_tips(&g->request, NULL);
	put(g, 1, 0xb2, 2, 9); /* and now it is */
	assert_string_equal(
	    ask(g, 1), "done lane mailbox form big form gap busy done tips1 forked ");
	put(g, 2, 0xb2, 1, 1);
	put(g, 1, 0xb2, 3, 1);
	assert_string_equal(ask(g, 2), "done lane ");
	lab_fsck(&g->lab);
	buf_close(&bytes);
}

static void
a_broken_mailbox_is_told_and_left_alone(void **state)
{
	struct gate_lab *g = *state;

	put(g, 1, 0xb2, 1, 1);
	assert_string_equal(ask(g, 1), "done ");
	lab_sh("cd %s/%s.git && git -c user.name=x -c user.email=x commit-tree -m other $(git "
	       "write-tree) >x && "
	       "mkdir -p refs/heads/l1 && cp x refs/heads/l1/%s && rm x",
	    g->root, g->lab.mailbox, "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3");
	put(g, 1, 0xc3, 1, 1);
	get(g, 1, 0xc3, 1, 1000);
	wire_put_ask_tips(&g->request, NULL);
	put(g, 1, 0xb2, 2, 1);
	assert_string_equal(ask(g, 1), "broken broken tips1 done ");
}

static void
what_is_no_request_is_refused_and_what_came_before_stands(void **state)
{
	struct gate_lab *g = *state;

	put(g, 1, 0xb2, 1, 1);
	wire_put_item(&g->request, WIRE_TIPS, NULL, 0); /* an answer's */
	check_code(ask_as(g, 1), PMJ_INVALID);
	buf_clear(&g->request);
	buf_put_text(&g->request, "GET / HTTP/1.1\r\n\r\n");
	check_code(ask_as(g, 1), PMJ_INVALID);
	put(g, 1, 0xb2, 1, 1);
	assert_string_equal(ask(g, 1), "have ");
}

/* ---- signatures ---- */

static void
sign(struct buf *bytes, const uint8_t seed[32])
{
	uint8_t pk[32], sk[64];

	prim_sign_pair(pk, sk, seed);
	prim_sign_key_id(bytes->bytes + 56, pk);
	prim_sign(bytes->bytes + bytes->len - 64, "pmj seg sig v1", sk,
	    PRIM_PARTS({bytes->bytes, bytes->len - 64}));
}

static void
only_writers_of_the_list_may_write(void **state)
{
	struct gate_lab *g = *state;
	const uint8_t good[32] = {1}, other[32] = {2};
	struct shape_place place = lab_place(1, 0xb2, 1);
	uint8_t pk[32], sk[64];
	char hex[65];
	struct buf bytes;

	buf_init(&bytes, 0);
	prim_sign_pair(pk, sk, good);
	lab_sh("printf '1 %s\\n2 %064d\\n' >%s/%s.git/writers", text_hex(hex, pk, 32), 7, g->root,
	    g->lab.mailbox);
	lab_segment(&bytes, &place, 1);
	put_bytes(g, &bytes); /* unsigned */
	sign(&bytes, other);
	put_bytes(g, &bytes);
	prim_sign_key_id(bytes.bytes + 56, pk); /* signed by another, in his name */
	put_bytes(g, &bytes);
	sign(&bytes, good);
	bytes.bytes[300] ^= 1;
	put_bytes(g, &bytes);
	bytes.bytes[300] ^= 1;
	put_bytes(g, &bytes);
	assert_string_equal(ask(g, 1), "signature signature signature signature done ");
	/* His key is not the hub's. */
	place.lane = 2;
	lab_segment(&bytes, &place, 1);
	sign(&bytes, good);
	put_bytes(g, &bytes);
	assert_string_equal(ask(g, 2), "signature ");
	buf_close(&bytes);
}

/* ---- get, tips ---- */

static void
gets_come_in_steps(void **state)
{
	struct gate_lab *g = *state;

	for (uint64_t n = 1; n <= 5; n++)
		put(g, 1, 0xb2, n, 1);
	assert_string_equal(ask(g, 1), "done done done done done ");
	get(g, 1, 0xb2, 1, 1);        /* one in any case */
	get(g, 1, 0xb2, 2, 3 * 1288); /* exactly three */
	get(g, 1, 0xb2, 5, 1 << 20);
	get(g, 1, 0xb2, 6, 1 << 20); /* none there */
	get(g, 2, 0xb2, 1, 1 << 20); /* no such run */
	assert_string_equal(ask(g, 2), "s1 more s2 s3 s4 more s5 done done done ");
}

/* One segment by get: is it, byte for byte, the one of that seed? */
static bool
gives(struct gate_lab *g, uint64_t segno, unsigned seed)
{
	struct shape_place place = lab_place(1, 0xb2, segno);
	struct buf bytes;
	bool same;

	get(g, 1, 0xb2, segno, 1);
	check_code(ask_as(g, 1), PMJ_OK);
	buf_init(&bytes, 0);
	lab_segment(&bytes, &place, seed);
	same = memmem(g->answer.bytes, g->answer.len, bytes.bytes, bytes.len) != NULL;
	buf_close(&bytes);
	return same;
}

/* Far below the tip the numbers are kept in a file, which is made again when it is gone, cut,
 * spoiled, or of a branch that is no more. */
static void
numbers_of_a_long_branch(void **state)
{
	struct gate_lab *g = *state;
	char file[256];

	for (uint64_t n = 1; n <= 90; n++)
		put(g, 1, 0xb2, n, 1);
	(void)ask(g, 1);
	(void)snprintf(file, sizeof(file), "%s/%s.git/numbers-1-%s", g->root,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2");
	assert_true(gives(g, 7, 1));
	lab_sh("test $(stat -c %%s %s) = 1800", file);
	/* it is what is read: another commit at 20 is seen, and the branch is walked */
	lab_sh("dd if=%s of=%s bs=20 skip=40 seek=19 count=1 conv=notrunc status=none", file, file);
	assert_true(gives(g, 20, 1));
	lab_sh("test ! -s %s", file);
	assert_true(gives(g, 20, 1));
	assert_true(gives(g, 19, 1));
	lab_sh("truncate -s 1011 %s", file); /* in the middle of the 51st */
	assert_true(gives(g, 20, 1));
	lab_sh("test $(stat -c %%s %s) = 1800", file);
	/* put back to 60, and written on by another: what stood there is not given any more */
	lab_sh("dd if=%s bs=20 skip=59 count=1 status=none | od -An -tx1 | tr -d ' \\n' >%s.60; cd "
	       "%s/*.git && "
	       "cat %s.60 >refs/heads/l1/b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2",
	    file, file, g->root, file);
	for (uint64_t n = 61; n <= 99; n++)
		put(g, 1, 0xb2, n, 7);
	(void)ask(g, 1);
	assert_true(gives(g, 62, 7));
	assert_true(gives(g, 60, 1));
	assert_true(gives(g, 61, 7));
	for (uint64_t n = 100; n <= 110; n++) /* and it is gone on with */
		put(g, 1, 0xb2, n, 7);
	(void)ask(g, 1);
	assert_true(gives(g, 70, 7));
	lab_sh("test $(stat -c %%s %s) = 2200", file);
	/* as many as there are at once, and then: there is more */
	get(g, 1, 0xb2, 1, 1 << 20);
	assert_non_null(strstr(ask(g, 1), "s64 more"));
	lab_fsck(&g->lab);
}

static void
tips_are_short_when_nothing_is_new(void **state)
{
	struct gate_lab *g = *state;
	struct wire_tip tips[4];
	struct wire_item item;
	struct pmj_error err;
	struct wire_in in;
	size_t count;
	git_oid seen;
	bool more;

	put(g, 1, 0xb2, 1, 1);
	put(g, 1, 0xb2, 2, 1);
	put(g, 1, 0xa1, 1, 1);
	wire_put_ask_tips(&g->request, NULL);
	assert_string_equal(ask(g, 1), "done done done tips2 ");
	check_ok(wire_open(&in, WIRE_ANSWER, g->answer.bytes, g->answer.len, &err), &err);
	do
		check_ok(wire_next(&in, &item, &more, &err), &err);
	while (item.kind != WIRE_TIPS);
	check_ok(wire_read_tips(tips, &count, item.bytes, item.len, &err), &err);
	assert_int_equal(count, 2);
	assert_int_equal(tips[0].run.incarnation[0], 0xa1);
	assert_int_equal(tips[0].run.segno, 1);
	assert_int_equal(tips[1].run.segno, 2);
	chain_blob_id(&seen, item.bytes, item.len);
	wire_put_ask_tips(&g->request, seen.id);
	assert_string_equal(ask(g, 1), "same ");
	/* 4 bytes of magic, one item, the end. */
	assert_int_equal(g->answer.len, 12);
	put(g, 1, 0xa1, 2, 1);
	wire_put_ask_tips(&g->request, seen.id);
	assert_string_equal(ask(g, 1), "done tips2 ");
}

/* ---- several at once, stops, power cuts ---- */

/* pipe_serve in a process of its own; out_fd gets its answers. */
static pid_t
start_gate(const struct gate_lab *g, int *in_fd, int *out_fd)
{
	int in[2], out[2];
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		struct serve_box box;
		struct pmj_error err;

		(void)close(in[1]);
		(void)close(out[0]);
		if (serve_open(&box, g->root, g->mailbox, 1, &err) != PMJ_OK ||
		    pipe_serve(&box, in[0], out[1], &err) != PMJ_OK)
			_exit(1);
		_exit(0);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	*in_fd = in[1];
	*out_fd = out[0];
	return pid;
}

static void
read_bytes(struct buf *out, int fd, size_t count)
{
	uint8_t byte;

	for (buf_clear(out); out->len < count; buf_put_u8(out, byte))
		assert_int_equal(read(fd, &byte, 1), 1);
}

static void
read_answer(struct gate_lab *g, int fd)
{
	read_bytes(&g->answer, fd, 4);
	read_bytes(&g->answer, fd, get_le32(g->answer.bytes));
}

static void
send_request(struct gate_lab *g, int fd)
{
	uint8_t head[4];

	put_le32(head, (uint32_t)g->request.len);
	assert_int_equal(write(fd, head, 4), 4);
	assert_int_equal(write(fd, g->request.bytes, g->request.len), g->request.len);
	wire_begin(&g->request, WIRE_REQUEST);
}

static void
a_kill_in_the_middle_of_a_put_is_finished_by_the_next(void **state)
{
	struct gate_lab *g = *state;
	uint64_t upto = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	for (int round = 0; round < 12; round++) {
		uint64_t more = 8;
		int in, out, status;
		pid_t pid = start_gate(g, &in, &out);

		for (uint64_t n = upto + 1; n <= upto + more; n++)
			put(g, 1, 0xb2, n, 1);
		send_request(g, in);
		(void)usleep(
		    (useconds_t)(rand() % 40000)); /* NOLINT(cert-msc30-c,cert-msc50-cpp) */
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		(void)close(in);
		(void)close(out);
		/* Whatever it did: the same again ends well, and every segment stands once. */
		for (uint64_t n = upto + 1; n <= upto + more; n++)
			put(g, 1, 0xb2, n, 1);
		check_code(ask_as(g, 1), PMJ_OK);
		assert_null(strstr(told(g), "gap"));
		assert_null(strstr(told(g), "forked"));
		assert_null(strstr(told(g), "busy"));
		assert_null(strstr(told(g), "failed"));
		upto += more;
		get(g, 1, 0xb2, upto, 1);
		assert_non_null(strstr(ask(g, 1), " done "));
	}
	lab_fsck(&g->lab);
}

static uint64_t
branch_segno(const struct gate_lab *g)
{
	struct shape_place run = lab_place(1, 0xb2, 0);
	char *path = bare_path(g->root, g->mailbox);
	struct chain_link link = {.segno = 0};
	git_repository *repo = NULL;
	struct pmj_error err;
	git_oid tip;

	check_ok(bare_open(&repo, path, &err), &err);
	check_ok(branch_tip(repo, &tip, &run, &err), &err);
	if (!git_oid_is_zero(&tip))
		check_ok(chain_look(repo, &link, &tip, &err), &err);
	git_repository_free(repo);
	free(path);
	return link.segno;
}

static void
send_bytes(int fd, const uint8_t *bytes, size_t len)
{
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
}

/* A link that is cut in the middle of a request loses the segment that was under way, and none
 * before it: they are there while the rest is waited for, and when it never comes. */
static void
what_came_of_a_request_that_breaks_off_stands(void **state)
{
	struct gate_lab *g = *state;
	uint8_t head[4];
	size_t third, len;
	int in, out;
	pid_t pid = start_gate(g, &in, &out);

	for (uint64_t n = 1; n <= 2; n++)
		put(g, 1, 0xb2, n, 1);
	third = g->request.len;
	put(g, 1, 0xb2, 3, 1);
	len = g->request.len;
	put_le32(head, (uint32_t)len);
	send_bytes(in, head, sizeof(head));
	send_bytes(in, g->request.bytes, third + 100);
	for (int tries = 0; branch_segno(g) < 2; tries++) {
		assert_true(tries < 30000);
		(void)usleep(10000);
	}
	assert_int_equal(branch_segno(g), 2);
	(void)close(in); /* the other end is gone */
	assert_int_not_equal(lab_wait(pid), 0);
	(void)close(out);
	wire_begin(&g->request, WIRE_REQUEST);
	get(g, 1, 0xb2, 1, 100000);
	assert_string_equal(ask(g, 1), "s1 s2 done ");
	lab_fsck(&g->lab);
}

static void
two_at_once_make_one_chain(void **state)
{
	struct gate_lab *g = *state;
	uint64_t upto = 0;

	for (int round = 0; round < 6; round++) {
		int in[2], out[2];
		pid_t pid[2];
		bool done[2];

		for (int i = 0; i < 2; i++)
			pid[i] = start_gate(g, &in[i], &out[i]);
		for (int i = 0; i < 2; i++) {
			for (uint64_t n = upto + 1; n <= upto + 3; n++)
				put(g, 1, 0xb2, n, i == 0 ? 1 : 77);
			send_request(g, in[i]);
		}
		for (int i = 0; i < 2; i++) {
			read_answer(g, out[i]);
			done[i] = strcmp(told(g), "done done done ") == 0;
			if (!done[i]) /* all refused, none half */
				assert_true(strcmp(told(g), "busy busy busy ") == 0 ||
				            strcmp(told(g), "forked forked forked ") == 0);
		}
		for (int i = 0; i < 2; i++) { /* each holds the other's pipe, too */
			(void)close(in[i]);
			(void)close(out[i]);
		}
		for (int i = 1; i >= 0; i--)
			assert_int_equal(lab_wait(pid[i]), 0);
		assert_true(done[0] != done[1]);
		upto += 3;
	}
	lab_fsck(&g->lab);
}

/* The same segments from two at once: what a cut request brought is still being put while its asker
 * sends it again. Both are told that it is there, and neither that it lost a race. */
static void
the_same_from_two_at_once(void **state)
{
	struct gate_lab *g = *state;
	uint64_t upto = 0;

	for (int round = 0; round < 12; round++) {
		int in[2], out[2];
		pid_t pid[2];

		for (int i = 0; i < 2; i++)
			pid[i] = start_gate(g, &in[i], &out[i]);
		for (int i = 0; i < 2; i++) {
			for (uint64_t n = upto + 1; n <= upto + 3 - (uint64_t)i; n++)
				put(g, 1, 0xb2, n, 1);
			send_request(g, in[i]);
		}
		for (int i = 0; i < 2; i++) {
			read_answer(g, out[i]);
			assert_null(strstr(told(g), "busy"));
			assert_null(strstr(told(g), "gap"));
		}
		for (int i = 0; i < 2; i++) {
			(void)close(in[i]);
			(void)close(out[i]);
		}
		for (int i = 1; i >= 0; i--)
			assert_int_equal(lab_wait(pid[i]), 0);
		upto += 3;
		assert_int_equal(branch_segno(g), upto);
	}
	lab_fsck(&g->lab);
}

static void
done_means_synced(void **state)
{
	struct gate_lab *g = *state;
	struct trace *trace = mem_new(sizeof(*trace));
	char path[128];
	FILE *file;

	for (uint64_t n = 1; n <= 4; n++)
		put(g, 1, 0xb2, n, 1);
	put(g, 1, 0xc3, 1, 1);
	(void)snprintf(path, sizeof(path), "%s/request", g->lab.dir);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(g->request.bytes, 1, g->request.len, file), g->request.len);
	(void)fclose(file);
	(void)snprintf(path, sizeof(path), "%s/trace", g->lab.dir);
	lab_sh(TRACE_COMMAND "%s $(readlink /proc/%d/exe) --serve %s %s/request >%s/answer", path,
	    (int)getpid(), g->root, g->lab.dir, g->lab.dir);
	follow_file(trace, path, "/mail/");
	assert_int_equal(trace->promises, 1);
	assert_int_equal(trace->renames, 5 * 3 + 2);
	names_close(&trace->synced);
	names_close(&trace->owed);
	free(trace);
}

/* What done_means_synced watches: one request of a file, its answer to standard output. */
/* ---- wait ---- */

#define FOREVER_S 255 /* longer than this test may take */

/* As the gate does it: whom it reaches it tells of what was put. */
static const char *
ask_and_ring(struct gate_lab *g)
{
	struct serve_box box;
	struct pmj_error err;

	check_ok(serve_open(&box, g->root, g->mailbox, 1, &err), &err);
	box.bell = bell_reach(g->root);
	check_ok(
	    serve_end(serve_begin(&box, &g->answer), g->request.bytes, g->request.len, &err), &err);
	if (box.bell >= 0)
		(void)close(box.bell);
	serve_close(&box);
	wire_begin(&g->request, WIRE_REQUEST);
	return told(g);
}

/* The hub: when the bell rings for this mailbox it puts its answer there. */
static _Noreturn void
answer_the_bell(struct gate_lab *g, struct bell *bell)
{
	struct pollfd ready = {.fd = bell->fd, .events = POLLIN};

	if (poll(&ready, 1, FOREVER_S * 1000) != 1 || !bell_listen(bell) ||
	    !bell_heard(bell, g->mailbox))
		_exit(1);
	wire_begin(&g->request, WIRE_REQUEST);
	put(g, 2, 9, 1, 5);
	_exit(ask_as(g, 2) == PMJ_OK ? 0 : 1);
}

static void
a_wait_ends_with_the_answer(void **state)
{
	struct gate_lab *g = *state;
	struct bell bell;
	int status;
	pid_t hub;

	bell_init(&bell);
	bell_hang(&bell, g->root, bell_make, NULL);
	assert_true(bell.fd >= 0);
	if ((hub = fork()) == 0)
		answer_the_bell(g, &bell);
	put(g, 1, 1, 1, 0);
	wire_put_wait(&g->request, FOREVER_S);
	wire_put_ask_tips(&g->request, NULL);
	get(g, 2, 9, 1, 4096);
	assert_string_equal(ask_and_ring(g), "done tips2 s1 done ");
	assert_int_equal(waitpid(hub, &status, 0), hub);
	assert_int_equal(status, 0);
	/* Who does not wait has more to send. */
	put(g, 1, 1, 2, 0);
	assert_string_equal(ask_and_ring(g), "done ");
	assert_false(bell_listen(&bell));
	/* What was there already is no news to the hub, so nobody waits for an answer to it. */
	put(g, 1, 1, 1, 0);
	wire_put_wait(&g->request, FOREVER_S);
	wire_put_ask_tips(&g->request, NULL);
	assert_string_equal(ask_and_ring(g), "have tips2 ");
	assert_false(bell_listen(&bell));
	bell_close(&bell);
}

static void
nobody_waits_for_what_nobody_heard_of(void **state)
{
	struct gate_lab *g = *state;

	put(g, 1, 1, 1, 0);
	wire_put_wait(&g->request, FOREVER_S);
	wire_put_ask_tips(&g->request, NULL);
	assert_string_equal(ask_and_ring(g), "done tips1 ");
}

/* ---- room ---- */

static void
limit(const struct gate_lab *g, const char *text)
{
	char *path = bare_path(g->root, g->mailbox);

	lab_sh("printf '%s' > %s/limit", text, path);
	free(path);
}

/* What fits stands, what does not is refused for itself, and its hub may always. */
static void
a_mailbox_holds_as_much_as_it_may(void **state)
{
	struct gate_lab *g = *state;
	struct serve_box box;
	struct pmj_error err;
	unsigned fit = 0;

	limit(g, "200000\\n");
	for (unsigned i = 1; i <= 20; i++)
		put(g, 1, 0xb2, i, 1);
	(void)ask(g, 1);
	for (const char *at = told(g); strncmp(at, "done ", 5) == 0; at += 5)
		fit++;
	assert_in_range(fit, 4, 19);
	assert_non_null(strstr(told(g), "no-room "));
	/* The count goes on from one request to the next; what is there may be repeated. */
	put(g, 1, 0xb2, fit + 1, 1);
	assert_string_equal(ask(g, 1), "no-room ");
	put(g, 1, 0xb2, fit, 1);
	put(g, 1, 0xb2, 2, 1);
	assert_string_equal(ask(g, 1), "have have ");
	put(g, 2, 0xc3, 1, 1);
	assert_string_equal(ask(g, 2), "done ");
	/* More is allowed; and what is no number lets nobody in. */
	limit(g, "600000\\n");
	put(g, 1, 0xb2, fit + 1, 1);
	assert_string_equal(ask(g, 1), "done ");
	limit(g, "many\\n");
	check_code(serve_open(&box, g->root, g->mailbox, 1, &err), PMJ_INVALID);
}

static int
serve_file(const char *root, const char *path)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct serve_box box;
	struct pmj_error err;
	struct buf request, answer;

	memset(mailbox, 0xaa, sizeof(mailbox));
	buf_init(&request, 0);
	buf_init(&answer, 0);
	if (fs_read(&request, &os_real, path, WIRE_REQUEST_MAX, &err) != PMJ_OK ||
	    serve_open(&box, root, mailbox, 1, &err) != PMJ_OK ||
	    serve_end(serve_begin(&box, &answer), request.bytes, request.len, &err) != PMJ_OK)
		return 1;
	return write(1, answer.bytes, answer.len) == (ssize_t)answer.len ? 0 : 1;
}

int
main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_lab, close_lab)
	const struct CMUnitTest tests[] = {
	    T(a_put_is_the_commit_that_the_segment_makes),
	    T(a_put_may_be_repeated),
	    T(each_bad_thing_has_its_reason_and_the_rest_stands),
	    T(a_broken_mailbox_is_told_and_left_alone),
	    T(what_is_no_request_is_refused_and_what_came_before_stands),
	    T(only_writers_of_the_list_may_write),
	    T(gets_come_in_steps),
	    T(numbers_of_a_long_branch),
	    T(tips_are_short_when_nothing_is_new),
	    T(a_kill_in_the_middle_of_a_put_is_finished_by_the_next),
	    T(what_came_of_a_request_that_breaks_off_stands),
	    T(two_at_once_make_one_chain),
	    T(the_same_from_two_at_once),
	    T(done_means_synced),
	    T(a_wait_ends_with_the_answer),
	    T(nobody_waits_for_what_nobody_heard_of),
	    T(a_mailbox_holds_as_much_as_it_may),
	};
	struct pmj_error err;

	prim_start();
	if (chain_setup(&err) != PMJ_OK)
		return 1;
	if (argc == 4 && strcmp(argv[1], "--serve") == 0)
		return serve_file(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
