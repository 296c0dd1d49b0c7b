#include "carry/chance.h"

/* A cut link or a full share is often back within minutes; one that stays away should cost nothing.
 */
#define BACKOFF_FIRST_MS (60 * 1000LL)
#define BACKOFF_LAST_MS (6 * 3600 * 1000LL)
/* An office's laptops see its network come back in the same second. */
#define ANEW_SPREAD_MS 3000
#define ROUTINE_MS (15 * 60 * 1000LL)
/* On a link that costs money a check and a day's records are some 3 KB: four times a day is little,
 * and a hotspot of ten minutes after a morning without one is used at once. */
#define METERED_MS (6 * 3600 * 1000LL)

void
chance_wanted(struct chance *chance, bool urgent, int64_t now_ms)
{
	if (urgent)
		chance->backoff_ms = 0;
	if (urgent || (!chance->waits && chance->backoff_ms == 0))
		chance->due_ms = now_ms;
	chance->waits = true;
	chance->urgent = chance->urgent || urgent;
	chance->told = false;
}

void
chance_began(struct chance *chance)
{
	chance->waited = chance->waits;
	chance->was_urgent = chance->urgent;
	chance->waits = chance->urgent = chance->told = false;
}

static void
back_off(struct chance *chance, int64_t now_ms, uint32_t noise)
{
	int64_t ms = chance->backoff_ms == 0 ? BACKOFF_FIRST_MS : chance->backoff_ms * 2;

	chance->backoff_ms = ms < BACKOFF_LAST_MS ? ms : BACKOFF_LAST_MS;
	chance->due_ms =
	    now_ms + chance->backoff_ms * 3 / 4 + (int64_t)noise % (chance->backoff_ms / 2);
}

void
chance_ended(struct chance *chance, bool good, int64_t now_ms, uint32_t noise)
{
	if (good) {
		chance->backoff_ms = 0;
		chance->good_ms = now_ms;
		return;
	}
	if (!chance->urgent) /* one that came meanwhile is tried at once */
		back_off(chance, now_ms, noise);
	chance->waits = chance->waits || chance->waited;
	chance->urgent = chance->urgent || chance->was_urgent;
}

void
chance_anew(struct chance *chance, int64_t now_ms, uint32_t noise)
{
	chance->due_ms = now_ms + (chance->urgent ? 0 : noise % ANEW_SPREAD_MS);
	chance->backoff_ms = 0;
	chance->told = false;
}

int64_t
chance_at(const struct chance *chance)
{
	int64_t spared = chance->good_ms + METERED_MS;

	if (!chance->waits || chance->told || chance->no_way)
		return CHANCE_NEVER;
	return chance->metered && !chance->urgent && chance->good_ms != 0 && spared > chance->due_ms
	           ? spared
	           : chance->due_ms;
}

const char *
chance_waits_for(const struct chance *chance, int64_t now_ms)
{
	int64_t at = chance_at(chance);

	if (chance->waits && !chance->told && chance->no_way)
		return "network";
	if (at == CHANCE_NEVER || at <= now_ms)
		return "";
	return at > chance->due_ms ? "metered" : "later";
}

bool
chance_is_old(const struct chance *chance, int64_t now_ms)
{
	return chance->good_ms == 0 ||
	       now_ms - chance->good_ms >= (chance->metered ? METERED_MS : ROUTINE_MS);
}
