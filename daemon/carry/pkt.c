#include "carry/pkt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define HEAD_BYTES 4
#define LINE_MAX_BYTES 65520u
#define PACK_HEAD_BYTES 12
#define HEADS "refs/heads/l"
#define WORDS_MAX 90

const char *
pkt_service_name(enum pkt_service service)
{
	return service == PKT_UPLOAD ? "git-upload-pack" : "git-receive-pack";
}

/* ---- lines ---- */

static void
pkt_put(struct buf *out, const char *line)
{
	buf_putf(out, "%04zx%s", strlen(line) + HEAD_BYTES, line);
}

static void
pkt_put_flush(struct buf *out)
{
	buf_put_text(out, "0000");
}

/* A line, or the end of a list. */
struct line {
	bool flush;
	const char *text; /* not ended by a NUL */
	size_t len;       /* without its newline */
};

static bool
read_length(size_t *out, const uint8_t *bytes)
{
	*out = 0;
	for (size_t i = 0; i < HEAD_BYTES; i++) {
		const char *digits = "0123456789abcdef";
		int c = bytes[i] >= 'A' && bytes[i] <= 'F' ? bytes[i] + 'a' - 'A' : bytes[i];
		const char *at = c != 0 ? strchr(digits, c) : NULL;

		if (at == NULL)
			return false;
		*out = *out * 16 + (size_t)(at - digits);
	}
	return *out == 0 || (*out >= HEAD_BYTES && *out <= LINE_MAX_BYTES);
}

static enum pmj_code
next_line(struct bytes_in *in, struct line *out, struct pmj_error *err)
{
	size_t len;

	memset(out, 0, sizeof(*out));
	if (in->left < HEAD_BYTES)
		return pmj_fail(err, PMJ_PARTIAL, "it ends too soon");
	if (!read_length(&len, in->at))
		return pmj_fail(err, PMJ_INVALID, "it is no line of git's");
	(void)in_bytes(in, HEAD_BYTES);
	out->flush = len == 0;
	if (out->flush)
		return PMJ_OK;
	out->len = len - HEAD_BYTES;
	out->text = (const char *)in_bytes(in, out->len);
	if (out->text == NULL)
		return pmj_fail(err, PMJ_PARTIAL, "it ends too soon");
	if (out->len > 0 && out->text[out->len - 1] == '\n')
		out->len--;
	return PMJ_OK;
}

/* Where a line begins so, what is behind that. */
static const char *
behind(const struct line *line, const char *front)
{
	size_t n = strlen(front);

	return line->len >= n && memcmp(line->text, front, n) == 0 ? line->text + n : NULL;
}

/* Foreign words, without what a terminal would obey. */
static void
say_words(char out[static WORDS_MAX + 1], const char *from, const struct line *line)
{
	size_t count = line->len - (size_t)(from - line->text);

	count = count < WORDS_MAX ? count : WORDS_MAX;
	for (size_t i = 0; i < count; i++)
		out[i] = (char)(from[i] >= ' ' && from[i] <= '~' ? from[i] : '?');
	out[count] = '\0';
}

static enum pmj_code
fail_said(const struct line *line, struct pmj_error *err)
{
	char words[WORDS_MAX + 1];

	say_words(words, behind(line, "ERR "), line);
	return pmj_fail(err, PMJ_REFUSED, "it says: %s", words);
}

size_t
pkt_list_bytes(const uint8_t *bytes, size_t len, bool *bad)
{
	struct bytes_in in = {bytes, len, false};
	struct line line;
	enum pmj_code rc;

	do
		rc = next_line(&in, &line, NULL);
	while (rc == PMJ_OK && !line.flush);
	*bad = rc == PMJ_INVALID;
	return rc == PMJ_OK ? len - in.left : 0;
}

/* ---- what is there ---- */

static bool
read_oid(git_oid *out, const char *text, size_t len)
{
	return len >= GIT_OID_HEXSZ && strspn(text, "0123456789abcdef") >= GIT_OID_HEXSZ &&
	       git_oid_fromstrn(out, text, GIT_OID_HEXSZ) == 0;
}

/* Behind the first name, and a NUL, stands what the other end can do. */
static bool
can(const char *list, size_t len, const char *what)
{
	size_t n = strlen(what);

	for (size_t at = 0; at < len; at++) {
		size_t end = at;

		while (end < len && list[end] != ' ')
			end++;
		if (end - at == n && memcmp(list + at, what, n) == 0)
			return true;
		at = end;
	}
	return false;
}

/* refs/heads/l<lane>/<incarnation-hex>, and nothing else. */
static bool
read_name(struct branch_tip *out, const char *name, size_t len)
{
	const size_t front = strlen(HEADS);
	char hex[2 * PMJ_INCARNATION_BYTES + 1];

	if (len != front + 2 + sizeof(hex) - 1 || memcmp(name, HEADS, front) != 0 ||
	    (name[front] != '1' && name[front] != '2') || name[front + 1] != '/')
		return false;
	memcpy(hex, name + front + 2, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	out->run.lane = (uint8_t)(name[front] - '0');
	return strspn(hex, "0123456789abcdef") == sizeof(hex) - 1 &&
	       text_unhex(out->run.incarnation, sizeof(out->run.incarnation), hex);
}

static enum pmj_code
take_ref(struct pkt_refs *out, size_t *room, const uint8_t *mailbox, const struct line *line,
    struct pmj_error *err)
{
	const char *nul = memchr(line->text, '\0', line->len);
	size_t len = nul != NULL ? (size_t)(nul - line->text) : line->len;
	struct branch_tip tip = {0};
	char text[GIT_OID_HEXSZ + 1];

	if (nul != NULL) {
		const char *list = nul + 1;
		size_t rest = line->len - len - 1;

		out->depth = can(list, rest, "shallow");
		out->reachable = can(list, rest, "allow-reachable-sha1-in-want");
	}
	if (len < GIT_OID_HEXSZ + 2 || line->text[GIT_OID_HEXSZ] != ' ')
		return pmj_fail(err, PMJ_INVALID, "it names no branch");
	memcpy(text, line->text, GIT_OID_HEXSZ);
	text[GIT_OID_HEXSZ] = '\0';
	if (!read_oid(&tip.commit, text, GIT_OID_HEXSZ))
		return pmj_fail(err, PMJ_INVALID, "it names no branch");
	if (!read_name(&tip, line->text + GIT_OID_HEXSZ + 1, len - GIT_OID_HEXSZ - 1))
		return PMJ_OK;
	memcpy(tip.run.mailbox, mailbox, sizeof(tip.run.mailbox));
	if (out->tips.count == PKT_BRANCHES_MAX)
		return pmj_fail(err, PMJ_TOO_BIG, "it has more than %u branches", PKT_BRANCHES_MAX);
	if (out->tips.count == *room) {
		*room = *room == 0 ? 8 : *room * 2;
		out->tips.items = mem_grow(out->tips.items, *room, sizeof(*out->tips.items));
	}
	out->tips.items[out->tips.count++] = tip;
	return PMJ_OK;
}

static enum pmj_code
read_announced(struct bytes_in *in, enum pkt_service service, struct pmj_error *err)
{
	char wanted[40];
	struct line line;
	enum pmj_code rc;

	(void)snprintf(wanted, sizeof(wanted), "# service=%s", pkt_service_name(service));
	if ((rc = next_line(in, &line, err)) != PMJ_OK)
		return rc;
	if (!line.flush && behind(&line, "ERR ") != NULL)
		return fail_said(&line, err);
	if (line.flush || line.len != strlen(wanted) || behind(&line, wanted) == NULL)
		return pmj_fail(err, PMJ_INVALID, "it is no list of git's");
	if ((rc = next_line(in, &line, err)) != PMJ_OK)
		return rc;
	return line.flush ? PMJ_OK : pmj_fail(err, PMJ_INVALID, "it is no list of git's");
}

static int
by_run(const void *a, const void *b)
{
	const struct branch_tip *one = a;
	const struct branch_tip *two = b;

	return shape_compare(&one->run, &two->run);
}

enum pmj_code
pkt_read_refs(struct pkt_refs *out, enum pkt_service service, bool announced,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct buf *bytes, struct pmj_error *err)
{
	struct bytes_in in = {bytes->bytes, bytes->len, false};
	struct line line;
	size_t room = 0;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	rc = announced ? read_announced(&in, service, err) : PMJ_OK;
	while (rc == PMJ_OK && (rc = next_line(&in, &line, err)) == PMJ_OK && !line.flush)
		rc = behind(&line, "ERR ") != NULL ? fail_said(&line, err)
		                                   : take_ref(out, &room, mailbox, &line, err);
	if (rc == PMJ_OK && in.left > 0)
		rc = pmj_fail(err, PMJ_INVALID, "it says more than what is there");
	if (rc != PMJ_OK) {
		pkt_refs_close(out);
		return rc;
	}
	if (out->tips.count > 1)
		qsort(out->tips.items, out->tips.count, sizeof(*out->tips.items), by_run);
	for (size_t i = 1; i < out->tips.count; i++)
		if (shape_same_run(&out->tips.items[i].run, &out->tips.items[i - 1].run)) {
			pkt_refs_close(out);
			return pmj_fail(err, PMJ_INVALID, "it names a branch twice");
		}
	return PMJ_OK;
}

void
pkt_refs_close(struct pkt_refs *refs)
{
	branch_tips_close(&refs->tips);
	memset(refs, 0, sizeof(*refs));
}

/* ---- a push ---- */

void
pkt_put_push(struct buf *out, const struct shape_place *run, const git_oid *was, const git_oid *to)
{
	char old[GIT_OID_HEXSZ + 1], new[GIT_OID_HEXSZ + 1], name[BRANCH_NAME_ROOM];
	size_t len;

	branch_name(name, run);
	len = HEAD_BYTES + (2 * (size_t)GIT_OID_HEXSZ + 2) + strlen(name) + 1 +
	      strlen("report-status");
	buf_putf(out, "%04zx%s %s %s", len, git_oid_tostr(old, sizeof(old), was),
	    git_oid_tostr(new, sizeof(new), to), name);
	buf_put_u8(out, 0);
	buf_put_text(out, "report-status");
	pkt_put_flush(out);
}

static enum pmj_code
fail_refused(const char *from, const struct line *line, struct pmj_error *err)
{
	char words[WORDS_MAX + 1];

	say_words(words, from, line);
	(void)pmj_fail(err, PMJ_BUSY, "the mailbox refused: %s",
	    words[0] == ' '    ? words + 1
	    : words[0] != '\0' ? words
	                       : "it does not say why");
	pmj_hint(err, "nothing is lost; tell your coordinator if it stays so");
	return PMJ_BUSY;
}

enum pmj_code
pkt_read_report(const struct shape_place *run, const struct buf *bytes, struct pmj_error *err)
{
	struct bytes_in in = {bytes->bytes, bytes->len, false};
	char name[BRANCH_NAME_ROOM], good[BRANCH_NAME_ROOM + 4], bad[BRANCH_NAME_ROOM + 4];
	const char *words;
	struct line line;
	bool done = false;
	enum pmj_code rc;

	branch_name(name, run);
	(void)snprintf(good, sizeof(good), "ok %s", name);
	(void)snprintf(bad, sizeof(bad), "ng %s", name);
	while ((rc = next_line(&in, &line, err)) == PMJ_OK && !line.flush) {
		if (behind(&line, "ERR ") != NULL)
			return fail_refused(behind(&line, "ERR "), &line, err);
		if ((words = behind(&line, "unpack ")) != NULL &&
		    behind(&line, "unpack ok") == NULL)
			return fail_refused(words, &line, err);
		if ((words = behind(&line, bad)) != NULL)
			return fail_refused(words, &line, err);
		done = done || (behind(&line, good) != NULL && line.len == strlen(good));
	}
	if (rc != PMJ_OK)
		return rc;
	return done ? PMJ_OK : pmj_fail(err, PMJ_BUSY, "the mailbox refused: it gave no answer");
}

/* ---- a fetch ---- */

void
pkt_put_want(struct buf *out, const git_oid *want, uint32_t depth, const git_oid *have)
{
	char hex[GIT_OID_HEXSZ + 1], line[80];

	(void)snprintf(line, sizeof(line), "want %s no-progress ofs-delta\n",
	    git_oid_tostr(hex, sizeof(hex), want));
	pkt_put(out, line);
	if (depth > 0) {
		(void)snprintf(line, sizeof(line), "deepen %u\n", depth);
		pkt_put(out, line);
	}
	pkt_put_flush(out);
	if (have != NULL) {
		(void)snprintf(
		    line, sizeof(line), "have %s\n", git_oid_tostr(hex, sizeof(hex), have));
		pkt_put(out, line);
	}
	pkt_put(out, "done\n");
}

/* Big-endian, as git has it. */
static uint32_t
be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

enum pmj_code
pkt_read_pack(
    const uint8_t **pack, size_t *pack_len, const struct buf *bytes, struct pmj_error *err)
{
	struct bytes_in in = {bytes->bytes, bytes->len, false};
	struct line line;
	enum pmj_code rc = PMJ_OK;

	*pack = NULL;
	*pack_len = 0;
	while (in.left < HEAD_BYTES || memcmp(in.at, "PACK", HEAD_BYTES) != 0) {
		if ((rc = next_line(&in, &line, err)) != PMJ_OK)
			return rc;
		if (line.flush)
			continue;
		if (behind(&line, "ERR ") != NULL)
			return fail_said(&line, err);
		if (behind(&line, "shallow ") == NULL && behind(&line, "unshallow ") == NULL &&
		    behind(&line, "NAK") == NULL && behind(&line, "ACK ") == NULL)
			return pmj_fail(err, PMJ_INVALID, "it is no pack of git's");
	}
	if (in.left < PACK_HEAD_BYTES)
		return pmj_fail(err, PMJ_PARTIAL, "it ends too soon");
	if (be32(in.at + 8) > PKT_OBJECTS_MAX)
		return pmj_fail(
		    err, PMJ_TOO_BIG, "the mailbox sends more than %u objects", PKT_OBJECTS_MAX);
	*pack = in.at;
	*pack_len = in.left;
	return PMJ_OK;
}
