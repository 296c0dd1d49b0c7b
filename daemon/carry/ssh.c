#include "carry/ssh.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "carry/pkt.h"
#include "carry/sshsays.h"

/* For one step in all, as https. */
#define STEP_MS 300000
#define BEAT_MS 1000
/* What ssh gets to say its last words, and how many of them are kept. */
#define LAST_MS 2000
#define SAYS_MAX (16u * 1024)
#define HEAD_BYTES 4

struct ssh {
	struct sshrun *run;
	int64_t patience_ms;
	void (*beat)(void *ctx);
	void *ctx;
	uint64_t *moved; /* or NULL */
	struct sshrun_ends ends;
	size_t which; /* of the connection */
	enum sshrun_program program;
	bool listed; /* git has said what it has, and waits */
	bool open;
	bool broke;
	bool no_gate;
	size_t heard;
	struct buf says;
	uint64_t sent, came; /* of the connection */
	uint64_t up, down;   /* of those that are closed */
};

static int64_t
now_ms(void)
{
	return os_real.mono_ms(os_real.ctx);
}

struct ssh *
ssh_new(struct sshrun *run, int patience_s, void (*beat)(void *ctx), void *ctx, uint64_t *moved)
{
	struct ssh *ssh = mem_new(sizeof(*ssh));

	ssh->run = run;
	ssh->patience_ms = patience_s * 1000LL;
	ssh->beat = beat;
	ssh->ctx = ctx;
	ssh->moved = moved;
	buf_init(&ssh->says, SAYS_MAX);
	return ssh;
}

/* ---- one connection ---- */

/* What it says is kept up to a limit; the rest is read and dropped, so that it never waits for us.
 * False at its end. */
static bool
read_says(struct ssh *ssh)
{
	char bytes[1024];
	ssize_t n = read(ssh->ends.says, bytes, sizeof(bytes));

	if (n > 0 && ssh->says.len + (size_t)n <= SAYS_MAX)
		buf_put(&ssh->says, bytes, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Its last words: they end when it does. */
static void
hear_out(struct ssh *ssh)
{
	int64_t until = now_ms() + LAST_MS;
	struct pollfd end = {.fd = ssh->ends.says, .events = POLLIN};
	int64_t left;

	while ((left = until - now_ms()) > 0 && poll(&end, 1, (int)left) > 0)
		if (!read_says(ssh))
			break;
}

/* why may be NULL: nobody asks. */
static enum pmj_code
hang_up(struct ssh *ssh, const char *host, struct pmj_error *why)
{
	struct sshsays said;
	struct pmj_error unheard;
	enum pmj_code rc;

	if (!ssh->open)
		return PMJ_OK;
	(void)shutdown(ssh->ends.talk, SHUT_WR);
	hear_out(ssh);
	rc = sshsays_read(
	    &said, buf_text(&ssh->says), ssh->says.len, host, why != NULL ? why : &unheard);
	ssh->broke = said.broke;
	ssh->no_gate = said.no_gate || (said.let_in && said.counted && ssh->came == 0);
	ssh->up += said.counted ? said.up : ssh->sent;
	ssh->down += said.counted ? said.down : ssh->came;
	(void)close(ssh->ends.talk);
	(void)close(ssh->ends.says);
	ssh->open = false;
	return rc;
}

static enum pmj_code
connect_to(struct ssh *ssh, size_t which, enum sshrun_program program, struct pmj_error *err)
{
	enum pmj_code rc;

	if (ssh->open && ssh->which == which && ssh->program == program)
		return PMJ_OK;
	(void)hang_up(ssh, "", NULL);
	buf_clear(&ssh->says);
	ssh->sent = ssh->came = 0;
	rc = sshrun_connect(ssh->run, which, program, &ssh->ends, err);
	ssh->open = rc == PMJ_OK;
	ssh->which = which;
	ssh->program = program;
	ssh->listed = false;
	return rc;
}

void
ssh_free(struct ssh *ssh, uint64_t *up, uint64_t *down)
{
	if (ssh == NULL)
		return;
	(void)hang_up(ssh, "", NULL);
	if (up != NULL)
		*up += ssh->up;
	if (down != NULL)
		*down += ssh->down;
	buf_close(&ssh->says);
	free(ssh);
}

bool
ssh_broke(const struct ssh *ssh)
{
	return ssh->broke;
}

size_t
ssh_heard(const struct ssh *ssh)
{
	return ssh->heard;
}

/* ---- one request ---- */

/* Where an answer ends: behind its length, with a list of git's, or with the program. */
enum talk_end { TALK_LENGTH, TALK_LIST, TALK_CLOSE };

struct talk {
	struct ssh *ssh;
	enum talk_end end;
	bool deaf;      /* ssh says nothing any more */
	struct buf out; /* the request behind its length */
	size_t written;
	struct buf *answer;
	uint8_t head[HEAD_BYTES];
	size_t head_read;
	uint32_t length; /* of the answer, when its head was read */
	int64_t moved_ms;
	int64_t beat_ms;
};

enum turn { TURN_ON, TURN_DONE, TURN_OVER, TURN_TOO_BIG };

static void
moved(struct talk *talk, ssize_t bytes)
{
	struct ssh *ssh = talk->ssh;

	if (ssh->moved != NULL)
		*ssh->moved += (uint64_t)bytes;
	talk->moved_ms = now_ms();
	if (ssh->beat != NULL && talk->moved_ms - talk->beat_ms >= BEAT_MS) {
		ssh->beat(ssh->ctx);
		talk->beat_ms = talk->moved_ms;
	}
}

static enum turn
write_some(struct talk *talk)
{
	ssize_t n = send(talk->ssh->ends.talk, talk->out.bytes + talk->written,
	    talk->out.len - talk->written, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TURN_ON : TURN_OVER;
	talk->written += (size_t)n;
	talk->ssh->sent += (uint64_t)n;
	moved(talk, n);
	return TURN_ON;
}

static enum turn
took(struct talk *talk, const uint8_t *bytes, size_t n)
{
	bool bad = false;
	bool whole;

	buf_put(talk->answer, bytes, n);
	if (talk->answer->failed != PMJ_OK)
		return TURN_TOO_BIG;
	whole = talk->end == TALK_LENGTH
	            ? talk->answer->len == talk->length
	            : talk->end == TALK_LIST &&
	                  pkt_list_bytes(talk->answer->bytes, talk->answer->len, &bad) > 0;
	/* What is no list of git's is seen as that by who reads it. */
	return whole || bad ? TURN_DONE : TURN_ON;
}

static enum turn
read_some(struct talk *talk)
{
	uint8_t bytes[16384];
	bool head = talk->end == TALK_LENGTH && talk->head_read < HEAD_BYTES;
	size_t want = head                       ? HEAD_BYTES - talk->head_read
	              : talk->end == TALK_LENGTH ? talk->length - talk->answer->len
	                                         : sizeof(bytes);
	ssize_t n =
	    recv(talk->ssh->ends.talk, bytes, want < sizeof(bytes) ? want : sizeof(bytes), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TURN_ON : TURN_OVER;
	if (n == 0) /* a program that ends before it took our words has not answered them */
		return talk->end == TALK_CLOSE && talk->written == talk->out.len &&
		               talk->answer->len > 0
		           ? TURN_DONE
		           : TURN_OVER;
	talk->ssh->came += (uint64_t)n;
	talk->ssh->heard++;
	moved(talk, n);
	if (head) {
		memcpy(talk->head + talk->head_read, bytes, (size_t)n);
		talk->head_read += (size_t)n;
		talk->length = get_le32(talk->head);
		return talk->head_read < HEAD_BYTES         ? TURN_ON
		       : talk->length > talk->answer->limit ? TURN_TOO_BIG
		       : talk->length == 0                  ? TURN_DONE
		                                            : TURN_ON;
	}
	return took(talk, bytes, (size_t)n);
}

/* Wait for one thing to happen, and do it. Nothing in time: TURN_ON, with nothing moved. */
static enum turn
take_turn(struct talk *talk, int64_t until)
{
	bool writing = talk->written < talk->out.len;
	struct pollfd fds[] = {
	    {.fd = talk->ssh->ends.talk, .events = (short)(POLLIN | (writing ? POLLOUT : 0))},
	    {.fd = talk->deaf ? -1 : talk->ssh->ends.says, .events = POLLIN},
	};
	int64_t left = until - now_ms();
	enum turn turn = TURN_ON;

	if (poll(fds, 2, left > 0 ? (int)left : 0) <= 0)
		return TURN_ON;
	/* It ends with ssh, whose last bytes may still lie at the other end. */
	if (fds[1].revents != 0 && !read_says(talk->ssh))
		talk->deaf = true;
	if (fds[0].revents & POLLIN)
		turn = read_some(talk);
	if (turn == TURN_ON && (fds[0].revents & POLLOUT))
		turn = write_some(talk);
	else if (turn == TURN_ON && (fds[0].revents & (POLLHUP | POLLERR)) &&
	         !(fds[0].revents & POLLIN))
		turn = TURN_OVER;
	return turn;
}

static void
host_name(char out[static ADDRESS_HOST_MAX + 1], const char *url)
{
	struct address at;

	memcpy(out, "the host", sizeof("the host"));
	if (address_read(&at, url, NULL) == PMJ_OK && at.host[0] != '\0')
		memcpy(out, at.host, sizeof(at.host));
}

static enum pmj_code
fail_silent(struct ssh *ssh, const char *host, struct pmj_error *err)
{
	/* Whoever said nothing for so long says no last words. */
	(void)close(ssh->ends.talk);
	(void)close(ssh->ends.says);
	ssh->up += ssh->sent;
	ssh->down += ssh->came;
	ssh->open = false;
	/* Of a host that did not say a word nothing better is to be had at once. */
	ssh->broke = ssh->came > 0;
	(void)pmj_fail(err, PMJ_UNREACHED, "the link to %s went silent", host);
	pmj_hint(err, "nothing is lost; it is tried again when there is a link");
	return PMJ_UNREACHED;
}

static enum pmj_code
exchange_words(struct talk *talk, const char *host, struct pmj_error *err)
{
	int64_t end = now_ms() + STEP_MS;
	enum turn turn = TURN_ON;

	talk->moved_ms = now_ms();
	while (turn == TURN_ON) {
		int64_t until = talk->moved_ms + talk->ssh->patience_ms;

		until = until < end ? until : end;
		if (now_ms() >= until)
			return fail_silent(talk->ssh, host, err);
		turn = take_turn(talk, until);
	}
	if (turn == TURN_DONE)
		return PMJ_OK;
	if (turn == TURN_OVER)
		return hang_up(talk->ssh, host, err);
	(void)hang_up(talk->ssh, host, NULL);
	talk->ssh->broke = false;
	(void)pmj_fail(err, PMJ_INTEGRITY, "%s answers with more than was asked for", host);
	pmj_hint(err, "nothing is lost; is the address right? tell your coordinator");
	return PMJ_INTEGRITY;
}

enum pmj_code
ssh_ask(struct ssh *ssh, size_t which, const char *url, const struct buf *request,
    struct buf *answer, struct pmj_error *err)
{
	struct talk talk = {.ssh = ssh, .answer = answer};
	char host[ADDRESS_HOST_MAX + 1];
	enum pmj_code rc;

	host_name(host, url);
	buf_clear(answer);
	ssh->broke = ssh->no_gate = false;
	if (ssh->beat != NULL)
		ssh->beat(ssh->ctx);
	if ((rc = connect_to(ssh, which, SSHRUN_GATE, err)) != PMJ_OK)
		return rc;
	buf_init(&talk.out, 0);
	buf_put_u32(&talk.out, (uint32_t)request->len);
	buf_put(&talk.out, request->bytes, request->len);
	rc = buf_check(&talk.out, err);
	if (rc == PMJ_OK)
		rc = exchange_words(&talk, host, err);
	buf_close(&talk.out);
	return rc;
}

bool
ssh_no_gate(const struct ssh *ssh)
{
	return ssh->no_gate;
}

enum pmj_code
ssh_git_list(struct ssh *ssh, size_t which, const char *url, enum sshrun_program program,
    struct buf *answer, struct pmj_error *err)
{
	struct talk talk = {.ssh = ssh, .answer = answer, .end = TALK_LIST};
	char host[ADDRESS_HOST_MAX + 1];
	enum pmj_code rc;

	host_name(host, url);
	buf_clear(answer);
	ssh->broke = ssh->no_gate = false;
	if (ssh->beat != NULL)
		ssh->beat(ssh->ctx);
	/* What it said before it waited is old by now. */
	(void)hang_up(ssh, host, NULL);
	if ((rc = connect_to(ssh, which, program, err)) != PMJ_OK)
		return rc;
	buf_init(&talk.out, 0);
	rc = exchange_words(&talk, host, err);
	ssh->listed = rc == PMJ_OK;
	return rc;
}

enum pmj_code
ssh_git_ask(struct ssh *ssh, size_t which, const char *url, enum sshrun_program program,
    const struct buf *request, struct buf *answer, struct pmj_error *err)
{
	struct talk talk = {.ssh = ssh, .answer = answer, .end = TALK_CLOSE};
	char host[ADDRESS_HOST_MAX + 1];
	enum pmj_code rc = PMJ_OK;

	host_name(host, url);
	if (!ssh->open || !ssh->listed || ssh->which != which || ssh->program != program)
		rc = ssh_git_list(ssh, which, url, program, answer, err);
	if (rc != PMJ_OK)
		return rc;
	ssh->listed = false;
	buf_clear(answer);
	buf_init(&talk.out, 0);
	buf_put(&talk.out, request->bytes, request->len);
	rc = buf_check(&talk.out, err);
	if (rc == PMJ_OK)
		rc = exchange_words(&talk, host, err);
	buf_close(&talk.out);
	(void)hang_up(ssh, host, NULL);
	return rc;
}
