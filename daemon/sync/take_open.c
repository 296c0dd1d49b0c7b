/* take_open.c - a segment opened in pieces, and what of it is kept between two steps. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/take_inner.h"

static void
take_opening_drop(struct sync *sync)
{
	struct take_opening *at = sync->opening;

	if (at == NULL)
		return;
	sync->opening = NULL;
	segment_opening_free(at->opening);
	segment_open_close(&at->opened);
	buf_close(&at->bytes);
	free(at->name);
	free(at);
}

void
take_open_drop(struct sync *sync)
{
	take_opening_drop(sync);
	if (sync->open == NULL)
		return;
	segment_open_close(&sync->open->opened);
	free(sync->open->name);
	free(sync->open);
	sync->open = NULL;
}

/* The opening that goes on, or a new one: of this file, with these expectations. */
static struct take_opening *
take_opening_of(struct take *take, const struct segment_expect *expect)
{
	struct sync *sync = take->sync;
	struct take_opening *at = sync->opening;

	if (at != NULL && take->lent) {
		if (segment_opening_expects(at->opening, expect))
			return at;
		segment_opening_free(at->opening);
		segment_open_close(&at->opened);
	} else {
		take_opening_drop(sync);
		at = sync->opening = mem_new(sizeof(*at));
		at->name = mem_strdup(take->file->name);
		at->bytes = take->bytes;
		at->header = take->header;
		memcpy(at->id, take->id, sizeof(at->id));
		take->lent = true;
	}
	at->opening = segment_opening_new(
	    at->bytes.bytes, at->bytes.len, expect, journal_ring(sync->journal));
	return at;
}

enum segment_fault
take_unseal(
    struct take *take, const struct segment_expect *expect, struct segment_open *opened, bool *over)
{
	struct sync *sync = take->sync;
	struct take_opening *at = take_opening_of(take, expect);
	enum segment_fault fault = SEGMENT_NO_MEMORY;

	do
		*over =
		    at->opening == NULL || segment_opening_step(at->opening, &at->opened, &fault);
	while (!*over && sync->os->mono_ms(sync->os->ctx) < take->until_ms);
	if (*over) {
		*opened = at->opened;
		memset(&at->opened, 0, sizeof(at->opened));
		take_opening_drop(sync);
	} else {
		take->verdict = TAKE_PART;
	}
	return fault;
}
