/* Section 11.5: a backup key in two halves on paper; known answers reckoned with another program.
 */
#include <ctype.h>

#include "check.h"
#include "crypto/halves.h"
#include "crypto/prim.h"
#include "crypto/restored.h"

#define DAY 20785 /* 2026-11-28 */

static const char first_en[] = "bachelor monkey series cinnamon gas member glass drop brick trophy "
                               "mallet divide marriage execute echo";
static const char second_en[] = "canvas bobbin annual episode ill beetle point glue clown husband "
                                "slender giggle marriage excuse guess";
static const char second_sw[] =
    "dhibiti chapati balozi jenereta kusini brashi nyeusi kimbia fatuma "
    "kuni shikilia kigoda mhamiaji jitambua kisigino";
static const char pk_hex[] = "299196bb8557d2065e1a2eb39f78b74cc30be839acbffe35682432f8e28bd757";

static struct pmj_error err;
static struct words *en, *sw;
static const struct words *lists[2];

static int
setup(void **state)
{
	(void)state;
	prim_start();
	check_ok(words_read(&en, &os_real, PAMOJA_CONF_DIR "/words/en.txt", &err), &err);
	check_ok(words_read(&sw, &os_real, PAMOJA_CONF_DIR "/words/sw.txt", &err), &err);
	lists[0] = en;
	lists[1] = sw;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	words_free(en);
	words_free(sw);
	return 0;
}

static void
make(struct half *half, uint8_t byte, uint8_t which)
{
	for (uint8_t i = 0; i < HALF_BYTES; i++)
		half->share[i] = (uint8_t)(byte + i);
	half->which = which;
	half->day = DAY;
	half->number = 3;
}

static void
check_same(const struct half *a, const struct half *b)
{
	assert_memory_equal(a->share, b->share, HALF_BYTES);
	assert_int_equal(a->which, b->which);
	assert_int_equal(a->day, b->day);
	assert_int_equal(a->number, b->number);
}

static void
test_known(void **state)
{
	struct half halves[2], back;
	uint8_t uuid[16], sk[32], pk[32];
	char text[HALF_TEXT_MAX];

	(void)state;
	make(&halves[0], 0x11, 1);
	make(&halves[1], 0x22, 2);
	half_text(en, text, &halves[0]);
	assert_string_equal(text, first_en);
	half_text(en, text, &halves[1]);
	assert_string_equal(text, second_en);
	half_text(sw, text, &halves[1]);
	assert_string_equal(text, second_sw);
	check_ok(half_read(&back, lists, 2, second_sw, false, &err), &err);
	check_same(&back, &halves[1]);
	memset(uuid, 0xc3, sizeof(uuid));
	check_ok(halves_sk(sk, halves, uuid, &err), &err);
	check_hex(sk, 32, "9663797a119c84e91665056532d9696561e650f8c5e5395c48ffe73f4e736a61");
	prim_dh_public(pk, sk);
	check_hex(pk, 32, pk_hex);
}

/* The ring that opens a backup: whichever paper is read first, whatever its language. */
static void
test_reader(void **state)
{
	struct restored_halves typed = {.text = {second_sw, first_en}, .lists = lists, .count = 2};
	struct ring *ring = NULL;
	struct ring_epoch epoch;
	uint8_t uuid[16];

	(void)state;
	memset(uuid, 0xc3, sizeof(uuid));
	check_ok(restored_reader_halves(&ring, &typed, uuid, &err), &err);
	assert_int_equal(typed.day, DAY);
	assert_int_equal(typed.number, 3);
	ring_epoch_current(ring, &epoch);
	check_hex(epoch.pk, 32, pk_hex);
	ring_free(ring);
	uuid[0] ^= 1; /* of another hub: another key */
	check_ok(restored_reader_halves(&ring, &typed, uuid, &err), &err);
	ring_epoch_current(ring, &epoch);
	assert_memory_not_equal(epoch.pk, "\x29\x91\x96\xbb", 4);
	ring_free(ring);
	typed.text[1] = "bachelor";
	check_code(restored_reader_halves(&ring, &typed, uuid, &err), PMJ_INVALID);
	assert_null(ring);
	assert_non_null(strstr(err.message, "the second paper has 1 words"));
}

static void
test_as_typed(void **state)
{
	char typed[400];
	struct half half;
	size_t at;

	(void)state;
	at = (size_t)snprintf(
	    typed, sizeof(typed), "# Pamoja backup key 3, half 1 of 2\r\n\r\n  %s\r\n", first_en);
	for (char *c = typed + 40; *c != '\0'; c++)
		*c = *c == ' ' && (c - typed) % 3 == 0 ? '\n' : (char)toupper((unsigned char)*c);
	assert_true(at < sizeof(typed));
	check_ok(half_read(&half, lists, 2, typed, false, &err), &err);
	assert_int_equal(half.which, 1);
	for (int n = 0; n < 200; n++) {
		struct half two[2], back;
		char text[HALF_TEXT_MAX];

		halves_new(two, (uint16_t)(DAY + n), (uint32_t)n);
		assert_int_equal(two[1].number, n % 16);
		for (int i = 0; i < 2; i++) {
			half_text(n % 2 == 0 ? en : sw, text, &two[i]);
			check_ok(half_read(&back, lists, 2, text, false, &err), &err);
			check_same(&back, &two[i]);
		}
		assert_memory_not_equal(two[0].share, two[1].share, HALF_BYTES);
	}
}

/* Each word wrong, each two neighbours swapped, one too few, one too many: never taken, and no
 * message says a word. */
static void
test_mistyped(void **state)
{
	char word[HALF_WORDS][16], typed[400], copy[sizeof(first_en)], *rest = copy;
	struct half half;
	unsigned taken = 0;

	(void)state;
	(void)snprintf(copy, sizeof(copy), "%s", first_en);
	for (int i = 0; i < HALF_WORDS; i++)
		(void)snprintf(word[i], sizeof(word[i]), "%s", strtok_r(rest, " ", &rest));
	for (int how = 0; how < 3 * HALF_WORDS; how++) {
		size_t used = 0;
		int at = how % HALF_WORDS;

		for (int i = 0; i < HALF_WORDS; i++) {
			const char *put = word[i];

			if (how < HALF_WORDS && i == at)
				put = words_at(en, (unsigned)(words_index(en, put) + 1) % 2048);
			else if (how >= HALF_WORDS && how < 2 * HALF_WORDS && i == at)
				put = "zzzz";
			else if (how >= 2 * HALF_WORDS && (i == at || i == at - 1))
				put = word[i == at ? (at > 0 ? at - 1 : 0) : at];
			used += (size_t)snprintf(typed + used, sizeof(typed) - used, "%s ", put);
		}
		if (how == 2 * HALF_WORDS)
			continue; /* nothing before the first to swap it with */
		taken += half_read(&half, lists, 2, typed, false, &err) == PMJ_OK;
		assert_int_equal(err.code, PMJ_INVALID);
		for (int i = 0; i < HALF_WORDS; i++)
			if (strcmp(word[i], "echo") != 0)
				assert_null(strstr(err.message, word[i]));
		if (how >= HALF_WORDS && how < 2 * HALF_WORDS) {
			(void)snprintf(copy, sizeof(copy), "word %d of the first paper", at + 1);
			assert_non_null(strstr(err.message, copy));
		}
	}
	assert_int_equal(taken, 0);
	(void)snprintf(typed, sizeof(typed), "%s monkey", first_en);
	check_code(half_read(&half, lists, 2, typed, false, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "16 words; it should have 15"));
	check_code(half_read(&half, lists, 2, "", false, &err), PMJ_INVALID);
	check_code(half_read(&half, lists, 2, "# only a remark", false, &err), PMJ_INVALID);
	/* words of two languages on one paper are of no one paper */
	(void)snprintf(typed, sizeof(typed), "%s", first_en);
	memcpy(typed, "dhibiti ", 8);
	check_code(half_read(&half, lists, 2, typed, false, &err), PMJ_INVALID);
}

static void
test_pairs(void **state)
{
	struct half halves[2];
	uint8_t uuid[16] = {0}, sk[32];

	(void)state;
	make(&halves[0], 0x11, 1);
	make(&halves[1], 0x11, 1);
	check_code(halves_sk(sk, halves, uuid, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "half 1 twice; half 2 is on the other"));
	make(&halves[1], 0x22, 2);
	halves[1].day -= 31;
	check_code(halves_sk(sk, halves, uuid, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "2026-11-28, the other 2026-10-28"));
	halves[1].day = DAY;
	halves[1].number = 4;
	check_code(halves_sk(sk, halves, uuid, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "made on one day, 2026-11-28"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_reader),
	    cmocka_unit_test(test_as_typed),
	    cmocka_unit_test(test_mistyped),
	    cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
