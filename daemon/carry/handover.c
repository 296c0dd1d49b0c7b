#include "carry/handover.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

#define PLACE_BYTES (PMJ_MAILBOX_BYTES + 1 + PMJ_INCARNATION_BYTES + 8)

static const size_t texts[] = {
    offsetof(struct job_remote, url),
    offsetof(struct job_remote, token),
    offsetof(struct job_remote, key),
    offsetof(struct job_remote, pin),
    offsetof(struct job_remote, ca),
    offsetof(struct job_remote, tokens),
    offsetof(struct job_remote, writers),
    offsetof(struct job_remote, keys),
    offsetof(struct job_remote, shut),
    offsetof(struct job_remote, limit),
};

static char **
text_at(const struct job_remote *remote, size_t which)
{
	return (char **)(uintptr_t)((const char *)remote + texts[which]);
}

/* Its length with the NUL; 0 is none. */
static void
put_text(struct buf *out, const char *text)
{
	size_t len = text != NULL ? strlen(text) + 1 : 0;

	buf_put_u32(out, (uint32_t)len);
	buf_put(out, text, len);
}

static char *
read_text(struct bytes_in *in)
{
	uint32_t len = in_u32(in);
	const char *text = len > 0 ? (const char *)in_bytes(in, len) : NULL;

	if (text == NULL)
		return NULL;
	if (memchr(text, '\0', len) != text + len - 1) {
		in->bad = true;
		return NULL;
	}
	return mem_strdup(text);
}

static void
put_places(struct buf *out, const struct places *list)
{
	buf_put_u32(out, (uint32_t)list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct shape_place *place = &list->items[i];

		buf_put(out, place->mailbox, sizeof(place->mailbox));
		buf_put_u8(out, place->lane);
		buf_put(out, place->incarnation, sizeof(place->incarnation));
		buf_put_u64(out, place->segno);
	}
}

static void
read_places(struct places *out, struct bytes_in *in)
{
	uint32_t count = in_u32(in);

	if (count > in->left / PLACE_BYTES)
		in->bad = true;
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct shape_place place = {0};

		memcpy(place.mailbox, in_bytes(in, sizeof(place.mailbox)), sizeof(place.mailbox));
		place.lane = in_u8(in);
		memcpy(place.incarnation, in_bytes(in, sizeof(place.incarnation)),
		    sizeof(place.incarnation));
		place.segno = in_u64(in);
		places_add(out, &place);
	}
	places_sort(out);
}

static void
read_remotes(struct job *out, struct bytes_in *in)
{
	uint32_t count = in_u32(in);

	/* Each has at least its mailbox, its flag and the lengths of its texts. */
	if (count > in->left / (PMJ_MAILBOX_BYTES + 1 + 4 * COUNT(texts)))
		in->bad = true;
	if (in->bad)
		return;
	out->remotes = mem_array(count + 1, sizeof(*out->remotes));
	out->remote_room = count + 1;
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct job_remote *remote = &out->remotes[out->remote_count++];
		const uint8_t *mailbox = in_bytes(in, sizeof(remote->mailbox));

		if (mailbox != NULL)
			memcpy(remote->mailbox, mailbox, sizeof(remote->mailbox));
		remote->old = in_u8(in) == 1;
		for (size_t k = 0; k < COUNT(texts); k++)
			*text_at(remote, k) = read_text(in);
		if (remote->url == NULL)
			in->bad = true;
	}
}

void
handover_put(struct buf *out, const struct job *job, int64_t id)
{
	buf_put_u64(out, (uint64_t)id);
	buf_put_u8(out, job->ex.write_lane);
	buf_put_u8(out, job->ex.create ? 1 : 0);
	buf_put_u8(out, job->news ? 1 : 0);
	buf_put_u8(out, job->anew ? 1 : 0);
	buf_put_u8(out, job->wait_s);
	put_text(out, job->parcel);
	put_places(out, &job->ex.have);
	put_places(out, &job->ex.acked);
	put_places(out, &job->ex.ended);
	buf_put_u32(out, (uint32_t)job->remote_count);
	for (size_t i = 0; i < job->remote_count; i++) {
		const struct job_remote *remote = &job->remotes[i];

		buf_put(out, remote->mailbox, sizeof(remote->mailbox));
		buf_put_u8(out, remote->old ? 1 : 0);
		for (size_t k = 0; k < COUNT(texts); k++)
			put_text(out, *text_at(remote, k));
	}
}

enum pmj_code
handover_read(struct job *out, int64_t *id, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct bytes_in in = {bytes, len, false};

	memset(out, 0, sizeof(*out));
	*id = (int64_t)in_u64(&in);
	out->ex.write_lane = in_u8(&in);
	out->ex.create = in_u8(&in) == 1;
	out->news = in_u8(&in) == 1;
	out->anew = in_u8(&in) == 1;
	out->wait_s = in_u8(&in);
	out->parcel = read_text(&in);
	read_places(&out->ex.have, &in);
	read_places(&out->ex.acked, &in);
	read_places(&out->ex.ended, &in);
	read_remotes(out, &in);
	if (!in.bad && in.left == 0)
		return PMJ_OK;
	job_close(out);
	return pmj_fail(err, PMJ_FAILED, "the order for this exchange does not read");
}
