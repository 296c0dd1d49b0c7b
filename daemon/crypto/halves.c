#include "crypto/halves.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "crypto/prim.h"

#define BITS_BYTES 21 /* 165 bits */
#define CHECKED_BYTES 19
#define AT_WHICH 128
#define AT_DAY 129
#define AT_NUMBER 145
#define AT_CHECK 149
#define WORD_ROOM 12 /* one character more than any word, and what is longer is none */

static unsigned
get_bits(const uint8_t *bits, unsigned at, unsigned count)
{
	unsigned value = 0;

	for (unsigned i = at; i < at + count; i++)
		value = value << 1 | ((unsigned)(bits[i / 8] >> (7 - i % 8)) & 1u);
	return value;
}

static void
put_bits(uint8_t *bits, unsigned at, unsigned count, unsigned value)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned bit = at + i, mask = 0x80u >> bit % 8;
		bool set = (value >> (count - 1 - i)) & 1u;

		bits[bit / 8] = (uint8_t)((bits[bit / 8] & ~mask) | (set ? mask : 0));
	}
}

static unsigned
half_check(const uint8_t bits[static BITS_BYTES])
{
	uint8_t checked[CHECKED_BYTES], hash[PRIM_HASH_BYTES];
	unsigned check;

	memcpy(checked, bits, sizeof(checked));
	put_bits(checked, AT_CHECK, 8 * CHECKED_BYTES - AT_CHECK, 0);
	prim_hash(hash, "pmj bak half v1", PRIM_PARTS({checked, sizeof(checked)}));
	check = get_bits(hash, 0, 16);
	prim_wipe(checked, sizeof(checked));
	prim_wipe(hash, sizeof(hash));
	return check;
}

void
halves_new(struct half out[static 2], uint16_t day, uint32_t number)
{
	for (unsigned i = 0; i < 2; i++) {
		prim_random(out[i].share, sizeof(out[i].share));
		out[i].which = (uint8_t)(i + 1);
		out[i].day = day;
		out[i].number = (uint8_t)(number % 16);
	}
}

void
half_text(const struct words *words, char out[static HALF_TEXT_MAX], const struct half *half)
{
	uint8_t bits[BITS_BYTES] = {0};

	memcpy(bits, half->share, sizeof(half->share));
	put_bits(bits, AT_WHICH, 1, half->which - 1u);
	put_bits(bits, AT_DAY, 16, half->day);
	put_bits(bits, AT_NUMBER, 4, half->number);
	put_bits(bits, AT_CHECK, 16, half_check(bits));
	words_of_bits(words, out, HALF_TEXT_MAX, bits, HALF_WORDS);
	prim_wipe(bits, sizeof(bits));
}

struct typed { /* the words of one half, apart */
	char word[HALF_WORDS][WORD_ROOM];
	size_t count; /* may be more than there is room for */
};

/* A word longer than any is kept cut: it is in no list either way. */
static void
split(struct typed *out, const char *text)
{
	out->count = 0;
	while (*text != '\0') {
		size_t len = strcspn(text, " \t\r\n");

		if (text[0] == '#') {
			text += strcspn(text, "\n");
			continue;
		}
		if (len > 0 && out->count < HALF_WORDS) {
			size_t kept = len < WORD_ROOM - 1 ? len : WORD_ROOM - 1;

			memcpy(out->word[out->count], text, kept);
			out->word[out->count][kept] = '\0';
		}
		out->count += len > 0;
		text += len + (text[len] != '\0');
	}
}

/* How many words are of this list before the first that is not; all of them: bits is filled. */
static size_t
known(uint8_t bits[static BITS_BYTES], const struct words *list, const struct typed *typed)
{
	memset(bits, 0, BITS_BYTES);
	for (unsigned i = 0; i < HALF_WORDS; i++) {
		int index = words_index(list, typed->word[i]);

		if (index < 0)
			return i;
		put_bits(bits, i * WORDS_BITS, WORDS_BITS, (unsigned)index);
	}
	return HALF_WORDS;
}

static void
take_bits(struct half *out, const uint8_t bits[static BITS_BYTES])
{
	memcpy(out->share, bits, sizeof(out->share));
	out->which = (uint8_t)(get_bits(bits, AT_WHICH, 1) + 1);
	out->day = (uint16_t)get_bits(bits, AT_DAY, 16);
	out->number = (uint8_t)get_bits(bits, AT_NUMBER, 4);
}

/* Whole sentences, so that each can be said in the person's language. */
static enum pmj_code
bad_words(const struct typed *typed, size_t best, bool second, struct pmj_error *err)
{
	if (typed->count != HALF_WORDS)
		(void)pmj_fail(err, PMJ_INVALID,
		    second ? "the second paper has %zu words; it should have %d"
		           : "the first paper has %zu words; it should have %d",
		    typed->count, HALF_WORDS);
	else if (best < HALF_WORDS)
		(void)pmj_fail(err, PMJ_INVALID,
		    second ? "word %zu of the second paper is not in the list of words"
		           : "word %zu of the first paper is not in the list of words",
		    best + 1);
	else
		(void)pmj_fail(err, PMJ_INVALID,
		    second ? "a word of the second paper was mistyped: they do not fit each other"
		           : "a word of the first paper was mistyped: they do not fit each other");
	pmj_hint(err, "read it again from the paper: 15 words, in their order");
	return PMJ_INVALID;
}

enum pmj_code
half_read(struct half *out, const struct words *const *lists, size_t count, const char *text,
    bool second, struct pmj_error *err)
{
	uint8_t bits[BITS_BYTES];
	struct typed typed;
	size_t best = 0;
	bool found = false;
	enum pmj_code rc = PMJ_OK;

	split(&typed, text);
	for (size_t i = 0; i < count && typed.count == HALF_WORDS && !found; i++) {
		size_t good = known(bits, lists[i], &typed);

		best = good > best ? good : best;
		found = good == HALF_WORDS && get_bits(bits, AT_CHECK, 16) == half_check(bits);
	}
	if (found)
		take_bits(out, bits);
	else
		rc = bad_words(&typed, best, second, err);
	prim_wipe(bits, sizeof(bits));
	prim_wipe(&typed, sizeof(typed));
	return rc;
}

static enum pmj_code
check_pair(const struct half *a, const struct half *b, struct pmj_error *err)
{
	char day_a[11], day_b[11];
	enum pmj_code rc;

	date_of_days(day_a, a->day);
	date_of_days(day_b, b->day);
	if (a->day != b->day) {
		rc = pmj_fail(err, PMJ_INVALID,
		    "these halves are of two keys: one was made %s, the other %s", day_a, day_b);
		pmj_hint(err, "take both papers of the same key: the date stands on them");
	} else if (a->number != b->number) {
		rc = pmj_fail(err, PMJ_INVALID,
		    "these halves are of two keys that were made on one day, %s", day_a);
		pmj_hint(err, "take both papers of the same key: its number stands on them");
	} else if (a->which == b->which) {
		rc = pmj_fail(err, PMJ_INVALID,
		    "this is half %u twice; half %d is on the other person's paper", a->which,
		    3 - a->which);
		pmj_hint(err, "both people are needed, each with an own paper");
	} else {
		rc = PMJ_OK;
	}
	return rc;
}

enum pmj_code
halves_sk(uint8_t sk[static 32], const struct half halves[static 2],
    const uint8_t store_uuid[static 16], struct pmj_error *err)
{
	uint8_t both[HALF_BYTES], hash[PRIM_HASH_BYTES];
	enum pmj_code rc = check_pair(&halves[0], &halves[1], err);

	if (rc != PMJ_OK)
		return rc;
	for (size_t i = 0; i < sizeof(both); i++)
		both[i] = halves[0].share[i] ^ halves[1].share[i];
	prim_hash(hash, "pmj bak both v1", PRIM_PARTS({both, sizeof(both)}));
	prim_kdf(sk, 32, "pmj bak key v1", hash, PRIM_PARTS({store_uuid, 16}));
	prim_wipe(both, sizeof(both));
	prim_wipe(hash, sizeof(hash));
	return PMJ_OK;
}
