#include "carry/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "carry/bare.h"

#define LOCK_WAIT_MS 10000

enum pmj_code
exchange_begin(struct exchange *ex, struct pmj_error *err)
{
	char *in = exchange_in(ex);
	char *out = fs_join(ex->spool, "out");
	enum pmj_code rc;

	ex->lock = -1;
	rc = fs_make_dir(ex->os, in, err);
	if (rc == PMJ_OK)
		rc = fs_make_dir(ex->os, ex->store, err);
	if (rc == PMJ_OK)
		rc = bare_lock(&ex->lock, ex->store, LOCK_WAIT_MS, err);
	if (rc == PMJ_OK)
		rc = spool_scan(&ex->out, out, err);
	free(in);
	free(out);
	return rc;
}

void
exchange_end(struct exchange *ex)
{
	spool_list_close(&ex->out);
	if (ex->lock >= 0)
		(void)close(ex->lock);
	ex->lock = -1;
}

void
exchange_beat(const struct exchange *ex)
{
	if (ex->beat != NULL)
		ex->beat(ex->ctx);
}

void
exchange_there(struct exchange *ex, size_t segments)
{
	if (segments > ex->count.left)
		segments = ex->count.left;
	ex->count.left -= segments;
	ex->count.there += segments;
	exchange_beat(ex);
}

void
exchange_stuck(struct exchange *ex, const struct shape_place *run, const struct chain_links *links,
    size_t first, int tries)
{
	if (tries == 0 || first >= links->count)
		return;
	ex->stuck = *run;
	ex->stuck.segno = links->items[first].segno;
	ex->stuck_tries = tries;
}

uint8_t
exchange_read_lane(const struct exchange *ex)
{
	return ex->write_lane == SHAPE_LANE_UP ? SHAPE_LANE_DOWN : SHAPE_LANE_UP;
}

char *
exchange_in(const struct exchange *ex)
{
	return fs_join(ex->spool, "in");
}

uint64_t
exchange_known_upto(
    const struct exchange *ex, const struct places *got, const struct shape_place *run)
{
	uint64_t have = places_upto(&ex->have, run);
	uint64_t came = places_upto(got, run);

	return came > have ? came : have;
}

enum pmj_code
exchange_spooled(const struct exchange *ex, struct places *got,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	struct spool_list list;
	struct buf bytes;
	char *in = exchange_in(ex);
	enum pmj_code rc = spool_scan(&list, in, err);

	buf_init(&bytes, 0);
	for (size_t i = 0; rc == PMJ_OK && i < list.count; i++) {
		const struct shape_place *place = &list.items[i].place;

		if (place->lane != exchange_read_lane(ex) ||
		    memcmp(place->mailbox, mailbox, PMJ_MAILBOX_BYTES) != 0 ||
		    list.items[i].tag[0] != '\0' ||
		    place->segno != exchange_known_upto(ex, got, place) + 1 ||
		    spool_load(&bytes, ex->os, in, &list.items[i], NULL) != PMJ_OK)
			continue;
		places_add(got, place);
		places_sort(got);
	}
	spool_list_close(&list);
	buf_close(&bytes);
	free(in);
	return rc;
}

/* Put links into spool/in, oldest first. What comes before a bad one is kept. near: no network
 * counts what moves. */
static enum pmj_code
put_in(struct exchange *ex, git_repository *from, const struct shape_place *run,
    const struct chain_links *links, bool near, size_t *fresh, struct pmj_error *err)
{
	struct shape_place place = *run;
	char *in = exchange_in(ex);
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	buf_init(&bytes, 0);
	for (size_t i = 0; i < links->count && rc == PMJ_OK; i++) {
		bool wrote = false;

		rc = chain_segment(from, &bytes, run, &links->items[i], err);
		place.segno = links->items[i].segno;
		if (rc == PMJ_OK)
			rc = spool_put(&wrote, ex->os, in, &place, &bytes, err);
		*fresh += wrote ? 1 : 0;
		ex->count.came += wrote ? 1 : 0;
		ex->count.moved += near ? bytes.len : 0;
		exchange_beat(ex);
	}
	buf_close(&bytes);
	free(in);
	return rc;
}

static enum pmj_code
take_above(struct exchange *ex, git_repository *from, const struct branch_tip *tip, uint64_t above,
    bool near, size_t *fresh, struct pmj_error *err)
{
	struct chain_links links = {0};
	enum pmj_code rc;

	rc = chain_walk(from, &links, &tip->commit, above, err);
	ex->ahead += links.count;
	if (rc == PMJ_OK)
		rc = put_in(ex, from, &tip->run, &links, near, fresh, err);
	chain_links_close(&links);
	return rc;
}

enum pmj_code
exchange_take(struct exchange *ex, git_repository *from, const struct branch_tip *tip,
    uint64_t above, size_t *fresh, struct pmj_error *err)
{
	return take_above(ex, from, tip, above, false, fresh, err);
}

enum pmj_code
exchange_receive(struct exchange *ex, git_repository *from, const struct branch_tips *tips,
    struct pmj_error *err)
{
	enum pmj_code first = PMJ_OK;
	size_t fresh = 0;

	for (size_t i = 0; i < tips->count; i++) {
		uint64_t above = places_upto(&ex->have, &tips->items[i].run);
		struct pmj_error why;
		enum pmj_code rc;

		/* One bad branch must not keep the others from coming. */
		rc = take_above(ex, from, &tips->items[i], above, true, &fresh, &why);
		if (rc != PMJ_OK && first == PMJ_OK) {
			first = rc;
			if (err != NULL)
				*err = why;
		}
	}
	ex->got += fresh;
	if (fresh > 0)
		ex->tell(ex->ctx, EXCHANGE_ARRIVED, NULL, fresh);
	return first;
}
