/* seal_fit.c - how many lines a segment takes that is packed over several steps: so many that its
 * file is as big as it may be, and as full as padding lets it be. How well lines pack is known only
 * when they are packed; then it is begun anew, with the lines that fit. */
#include "sync/seal_inner.h"

/* What lines may pack worse than those around them, and the end of what is packed. */
#define FIT_MARGIN 96

static bool
fit_is_of(const struct sync_fit *fit, const struct lane *lane)
{
	return fit->lane == lane->id && fit->segno == lane->segno + 1;
}

void
seal_fit_apply(struct seal *seal)
{
	const struct sync_fit *fit = &seal->sync->fit;

	if (fit_is_of(fit, &seal->lane) && fit->count > 0 && fit->count < seal->count_max)
		seal->count_max = fit->count;
}

/* How many bytes of lines pack to `room`, by what was packed before and in the last piece. */
static size_t
raw_for(const struct seal_packing *packing, size_t room)
{
	size_t raw = segment_pack_taken(packing->pack), body = segment_pack_bytes(packing->pack);
	size_t raw_was = packing->raw_was, body_was = packing->body_was;

	if (room < body_was)
		return (size_t)((uint64_t)raw_was * room / body_was);
	return body > body_was ? raw_was + (size_t)((uint64_t)(raw - raw_was) * (room - body_was) /
	                                            (body - body_was))
	                       : raw;
}

/* Where they end. */
static size_t
lines_within(const struct seal *seal, size_t raw)
{
	size_t count = 0;

	for (size_t sum = 0; count < seal->count; count++)
		if ((sum += seal->bytes[count].len + 1) > raw)
			break;
	return count;
}

bool
seal_fit(struct sync *sync, const struct seal_packing *packing)
{
	const struct seal *seal = &packing->seal;
	size_t file = segment_pack_file_bytes(packing->pack);
	size_t full = LINK_OUTSIDE + SEGMENT_HEAD_BYTES + segment_pack_bytes(packing->pack);
	int tries = fit_is_of(&sync->fit, &seal->lane) ? sync->fit.tries : 0;
	size_t most = sync->file_most, margin = (size_t)FIT_MARGIN << tries, count;

	if (!sync->fills || tries == SYNC_FITS_MAX || seal->photos)
		return false;
	if (file <= most) {
		/* What is left over goes in the next one, so there must be one. */
		if (!packing->done || !seal->waits || tries > 0 || most > SYNC_FILE_MOST ||
		    file - full <= file / 64)
			return false;
		most = link_legal(file - 1);
	}
	if (most < LINK_OUTSIDE + SEGMENT_HEAD_BYTES + 2 * margin)
		return false;
	count =
	    lines_within(seal, raw_for(packing, most - LINK_OUTSIDE - SEGMENT_HEAD_BYTES - margin));
	if (count <= seal->head || count >= seal->count)
		return false;
	sync->fit = (struct sync_fit){seal->lane.id, seal->lane.segno + 1, count, tries + 1};
	return true;
}
