/* exchange_photos.c - photos of papers go last: when all records are through, in rounds that begin
 * small, for some seconds an exchange, and not over a network that costs money. So a link of ten
 * minutes a day is not eaten by them. Who says `sync --photos` waits for them. */
#include "api/exchange_inner.h"
#include "base/diag.h"
#include "sync/photo.h"

#define ROUND_FIRST (16 * 1024)
#define ROUND_MOST (256 * 1024)
#define ROUND_FAST_MS 4000 /* one that took no longer lets the next be twice as big */
#define UNASKED_MS 20000   /* of one exchange, by itself */
#define STICK_BYTES (1024 * 1024)
/* What the hub puts into the mailbox at once, for this laptop to fetch. */
#define WANTED (32 * 1024)
#define WANTED_ASKED (512 * 1024)

/* A stick or a folder costs nothing. */
static bool
goes_to_folder(const struct exchange *exchange)
{
	return exchange->where != NULL && exchange->where[0] == '/';
}

static bool
may_go(const struct core *core, const struct exchange *exchange)
{
	return exchange->photos || goes_to_folder(exchange) ||
	       (core->settings.photos && !core->settings.metered);
}

/* What the hub says that it has not goes again, and what it did not speak of is asked for: few
 * bytes, but a segment of their own where nothing else is to go, so where photos may not go only
 * beside that. */
static bool
asks(struct core *core, bool may)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct pmj_error err;
	bool queued = false;

	if (!may && !sync_has_answers(core->sync))
		return false;
	if (device_mailbox(core->journal, mailbox, &err) != PMJ_OK)
		return false;
	if (photo_ask(core->sync, mailbox, &queued, &err) != PMJ_OK)
		diag_error("asking the hub for photos of papers", &err);
	return queued;
}

void
exchange_photos_begin(struct core *core, const struct exchange *exchange)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	bool may = may_go(core, exchange);
	struct pmj_error err;

	if (core->is_hub || device_mailbox(core->journal, mailbox, &err) != PMJ_OK)
		return;
	photo_room_set(core->sync, exchange->kind == EXCHANGE_CARRY ? STICK_BYTES : 0);
	/* On a stick they are behind what waits; over a link they must not be before it. */
	if ((exchange->kind != EXCHANGE_CARRY &&
	        photo_stand_back(core->sync, mailbox, !may, &err) != PMJ_OK) ||
	    device_photos_wanted(core->journal,
	        exchange->photos ? WANTED_ASKED
	        : may            ? WANTED
	                         : 0,
	        &err) != PMJ_OK)
		diag_error("photos of papers", &err);
	(void)asks(core, may);
}

bool
exchange_photos_more(struct core *core, struct exchange *exchange)
{
	int64_t now_ms = core->os->mono_ms(core->os->ctx);
	struct exchange_photos *photo = &exchange->photo;

	if (core->is_hub || core->sync == NULL || exchange->kind == EXCHANGE_CARRY ||
	    exchange->last || exchange->stopped || exchange->failed.code != PMJ_OK ||
	    core->revoked != 0 || core->suspended != 0 || !may_go(core, exchange))
		return false;
	if (photo->room == 0)
		photo->began_ms = now_ms;
	else if (!exchange->photos && now_ms - photo->began_ms >= UNASKED_MS)
		return false;
	if (photo->room == 0)
		photo->room = ROUND_FIRST;
	else if (now_ms - photo->round_ms <= ROUND_FAST_MS && photo->room < ROUND_MOST)
		photo->room *= 2;
	photo->round_ms = now_ms;
	photo_room_set(core->sync, photo->room);
	return asks(core, true) || photo_due(core->sync);
}

void
exchange_photos_all(struct core *core)
{
	if (core->sync != NULL)
		photo_room_set(core->sync, INT64_MAX / 2);
}

void
exchange_photos_end(struct core *core)
{
	if (core->sync != NULL)
		photo_room_set(core->sync, 0);
}
