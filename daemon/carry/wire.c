#include "carry/wire.h"

#include <inttypes.h>
#include <string.h>

static const char magic[2][WIRE_MAGIC_BYTES + 1] = {"PMQ1", "PMA1"};

#define GET_BYTES (1 + PMJ_INCARNATION_BYTES + 8 + 4)

/* What may stand on which side, and how long. */
static const struct {
	enum wire_kind kind;
	enum wire_side side;
	size_t least;
	size_t most;
	size_t unit; /* its length is a multiple of this */
} kinds[] = {
    {WIRE_ASK_TIPS, WIRE_REQUEST, 0, WIRE_SEEN_BYTES, WIRE_SEEN_BYTES},
    {WIRE_GET, WIRE_REQUEST, GET_BYTES, GET_BYTES, 1},
    /* What is too big is answered apart, so that the others of the batch are taken. */
    {WIRE_PUT, WIRE_REQUEST, 0, WIRE_REQUEST_MAX, 1},
    {WIRE_WAIT, WIRE_REQUEST, 1, 1, 1},
    {WIRE_SAME, WIRE_ANSWER, 0, 0, 1},
    {WIRE_TIPS, WIRE_ANSWER, 0, (size_t)WIRE_TIPS_MAX *WIRE_TIP_BYTES, WIRE_TIP_BYTES},
    {WIRE_SEGMENT, WIRE_ANSWER, SHAPE_HEADER_BYTES + SHAPE_SIGNATURE_BYTES, PMJ_SEGMENT_FILE_MAX,
        1},
    {WIRE_OUTCOME, WIRE_ANSWER, 1, 1, 1},
    {WIRE_END, WIRE_ANSWER, 0, 0, 1},
};

const char *
wire_outcome_text(enum wire_outcome outcome)
{
	static const char *const good[] = {"it is on disk", "it was there", "there is more"};
	static const char *const bad[] = {"it has not the form of a segment",
	    "it has more than 4 MiB", "it belongs to another mailbox",
	    "this lane is not ours to write", "its signature is not one the hub knows",
	    "the segment before it is missing there", "another segment stands in its place",
	    "another writer was there at the same moment", "the mailbox's disk is full",
	    "the mailbox is damaged", "the host could not do it",
	    "it holds as much as the hub lets it hold"};

	if (outcome <= WIRE_MORE)
		return good[outcome];
	if (outcome >= WIRE_BAD_FORM && outcome < WIRE_OUTCOME_END)
		return bad[outcome - WIRE_BAD_FORM];
	return "it gives a reason that this version does not know";
}

void
wire_begin(struct buf *out, enum wire_side side)
{
	buf_clear(out);
	buf_put(out, magic[side], WIRE_MAGIC_BYTES);
}

void
wire_put_item(struct buf *out, enum wire_kind kind, const void *bytes, size_t len)
{
	buf_put_u32(out, (uint32_t)kind | (uint32_t)len << 8);
	if (len > 0)
		buf_put(out, bytes, len);
}

void
wire_put_ask_tips(struct buf *out, const uint8_t *seen)
{
	wire_put_item(out, WIRE_ASK_TIPS, seen, seen != NULL ? WIRE_SEEN_BYTES : 0);
}

void
wire_put_wait(struct buf *out, uint8_t seconds)
{
	wire_put_item(out, WIRE_WAIT, &seconds, 1);
}

void
wire_put_get(struct buf *out, const struct wire_get *get)
{
	buf_put_u32(out, (uint32_t)WIRE_GET | (uint32_t)GET_BYTES << 8);
	buf_put_u8(out, get->from.lane);
	buf_put(out, get->from.incarnation, sizeof(get->from.incarnation));
	buf_put_u64(out, get->from.segno);
	buf_put_u32(out, get->limit);
}

void
wire_put_tips(struct buf *out, const struct wire_tip *tips, size_t count)
{
	buf_put_u32(out, (uint32_t)WIRE_TIPS | (uint32_t)(count * WIRE_TIP_BYTES) << 8);
	for (size_t i = 0; i < count; i++) {
		buf_put_u8(out, tips[i].run.lane);
		buf_put(out, tips[i].run.incarnation, sizeof(tips[i].run.incarnation));
		buf_put_u64(out, tips[i].run.segno);
		buf_put(out, tips[i].commit, sizeof(tips[i].commit));
	}
}

void
wire_put_outcome(struct buf *out, enum wire_outcome outcome)
{
	uint8_t byte = (uint8_t)outcome;

	wire_put_item(out, WIRE_OUTCOME, &byte, 1);
}

enum pmj_code
wire_open(struct wire_in *in, enum wire_side side, const uint8_t *bytes, size_t len,
    struct pmj_error *err)
{
	const uint8_t *front;

	memset(in, 0, sizeof(*in));
	in->in.at = bytes;
	in->in.left = len;
	in->side = side;
	front = in_bytes(&in->in, WIRE_MAGIC_BYTES);
	if (front == NULL || memcmp(front, magic[side], WIRE_MAGIC_BYTES) != 0)
		return pmj_fail(err, PMJ_INVALID, "does not begin with %s", magic[side]);
	return PMJ_OK;
}

size_t
wire_whole(const uint8_t *bytes, size_t len)
{
	size_t whole = WIRE_MAGIC_BYTES;

	if (len < whole)
		return 0;
	while (len - whole >= WIRE_HEAD_BYTES) {
		size_t item = WIRE_HEAD_BYTES + (size_t)(get_le32(bytes + whole) >> 8);

		if (item > len - whole)
			break;
		whole += item;
	}
	return whole;
}

static enum pmj_code
check_item(const struct wire_in *in, const struct wire_item *item, struct pmj_error *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].kind != item->kind || kinds[i].side != in->side)
			continue;
		if (item->len < kinds[i].least || item->len > kinds[i].most ||
		    item->len % kinds[i].unit != 0)
			return pmj_fail(err, PMJ_INVALID, "item %zu, of kind %u, has %zu bytes",
			    in->items, item->kind, item->len);
		return PMJ_OK;
	}
	return pmj_fail(err, PMJ_INVALID, "item %zu is of kind %u", in->items, item->kind);
}

enum pmj_code
wire_next(struct wire_in *in, struct wire_item *out, bool *more, struct pmj_error *err)
{
	uint32_t head;

	*more = false;
	if (in->ended || in->in.left == 0) {
		if (in->in.left != 0)
			return pmj_fail(err, PMJ_INVALID, "something follows the end");
		if (in->side == WIRE_ANSWER && !in->ended)
			return pmj_fail(err, PMJ_INVALID, "breaks off without an end");
		return PMJ_OK;
	}
	if (++in->items > WIRE_ITEMS_MAX)
		return pmj_fail(err, PMJ_TOO_BIG, "has more than %u items", WIRE_ITEMS_MAX);
	head = in_u32(&in->in);
	out->kind = (enum wire_kind)(head & 0xff);
	out->len = head >> 8;
	out->bytes = in_bytes(&in->in, out->len);
	if (in->in.bad)
		return pmj_fail(err, PMJ_INVALID, "breaks off inside item %zu", in->items);
	in->ended = out->kind == WIRE_END;
	*more = true;
	return check_item(in, out, err);
}

static bool
lane_known(uint8_t lane)
{
	return lane == SHAPE_LANE_UP || lane == SHAPE_LANE_DOWN;
}

enum pmj_code
wire_read_tips(
    struct wire_tip *out, size_t *count, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct bytes_in in = {.at = bytes, .left = len};
	size_t n = len / WIRE_TIP_BYTES;

	*count = 0;
	if (n > WIRE_TIPS_MAX || len % WIRE_TIP_BYTES != 0)
		return pmj_fail(err, PMJ_INVALID, "%zu bytes are no list of tips", len);
	for (size_t i = 0; i < n; i++) {
		struct wire_tip *tip = &out[i];

		memset(tip, 0, sizeof(*tip));
		tip->run.lane = in_u8(&in);
		memcpy(tip->run.incarnation, in_bytes(&in, PMJ_INCARNATION_BYTES),
		    PMJ_INCARNATION_BYTES);
		tip->run.segno = in_u64(&in);
		memcpy(tip->commit, in_bytes(&in, WIRE_COMMIT_BYTES), WIRE_COMMIT_BYTES);
		if (!lane_known(tip->run.lane) || tip->run.segno == 0 ||
		    tip->run.segno > (uint64_t)PMJ_JSON_INT_MAX)
			return pmj_fail(err, PMJ_INVALID, "tip %zu is of no run", i + 1);
		/* In the order of runs, so none comes twice. */
		if (i > 0 && (shape_same_run(&out[i - 1].run, &tip->run) ||
		                 shape_compare(&out[i - 1].run, &tip->run) > 0))
			return pmj_fail(err, PMJ_INVALID, "tip %zu is not in order", i + 1);
	}
	*count = n;
	return PMJ_OK;
}

enum pmj_code
wire_read_get(struct wire_get *out, const struct wire_item *item, struct pmj_error *err)
{
	struct bytes_in in = {.at = item->bytes, .left = item->len};
	const uint8_t *incarnation;

	memset(out, 0, sizeof(*out));
	out->from.lane = in_u8(&in);
	incarnation = in_bytes(&in, PMJ_INCARNATION_BYTES);
	out->from.segno = in_u64(&in);
	out->limit = in_u32(&in);
	if (in.bad || incarnation == NULL || in.left != 0 || !lane_known(out->from.lane) ||
	    out->from.segno == 0 || out->from.segno > (uint64_t)PMJ_JSON_INT_MAX)
		return pmj_fail(err, PMJ_INVALID, "asks for lane %u from segment %" PRIu64,
		    out->from.lane, out->from.segno);
	memcpy(out->from.incarnation, incarnation, PMJ_INCARNATION_BYTES);
	if (out->limit > WIRE_LIMIT_MAX)
		out->limit = WIRE_LIMIT_MAX;
	return PMJ_OK;
}
