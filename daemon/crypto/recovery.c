#include "crypto/recovery.h"

#include <ctype.h>
#include <string.h>

#include "crypto/prim.h"

#define DIGITS 32
#define CHECK_MOD 1021u

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static unsigned
check_of(const uint8_t digits[static DIGITS])
{
	unsigned rest = 0;

	for (unsigned i = 0; i < DIGITS; i++)
		rest = (rest * 32 + digits[i]) % CHECK_MOD;
	return rest;
}

void
recovery_text(char out[static RECOVERY_CHARS + 1], const uint8_t code[static RECOVERY_BYTES])
{
	uint8_t digits[DIGITS];
	unsigned check;

	for (unsigned i = 0; i < DIGITS; i++) {
		unsigned bit = i * 5, two = (unsigned)code[bit / 8] << 8;

		if (bit / 8 + 1 < RECOVERY_BYTES)
			two |= code[bit / 8 + 1];
		digits[i] = (uint8_t)((two >> (11 - bit % 8)) & 31);
	}
	check = check_of(digits);
	for (unsigned i = 0; i < DIGITS; i++) {
		*out++ = alphabet[digits[i]];
		if (i % 4 == 3)
			*out++ = '-';
	}
	*out++ = alphabet[check >> 5];
	*out++ = alphabet[check & 31];
	*out = '\0';
	prim_wipe(digits, sizeof(digits));
}

/* Value of a character as people read it from paper, or -1. */
static int
digit_of(char c)
{
	int upper = toupper((unsigned char)c);
	const char *at;

	if (upper == 'O')
		upper = '0';
	if (upper == 'I' || upper == 'L')
		upper = '1';
	at = upper != '\0' ? strchr(alphabet, upper) : NULL;
	return at != NULL ? (int)(at - alphabet) : -1;
}

/* 34 values of text into digits; the number of them read, or -1 at a character that is none. */
static int
digits_of(uint8_t digits[static DIGITS + 2], const char *text)
{
	int count = 0;

	for (; *text != '\0'; text++) {
		int digit = digit_of(*text);

		if (*text == '-' || isspace((unsigned char)*text))
			continue;
		if (digit < 0)
			return -1;
		if (count < DIGITS + 2)
			digits[count] = (uint8_t)digit;
		count++;
	}
	return count;
}

enum pmj_code
recovery_parse(uint8_t code[static RECOVERY_BYTES], const char *text, struct pmj_error *err)
{
	uint8_t digits[DIGITS + 2] = {0};
	enum pmj_code rc = PMJ_OK;
	unsigned held = 0, bits = 0;
	int count = digits_of(digits, text);

	if (count < 0)
		rc = pmj_fail(err, PMJ_INVALID, "the recovery code has a character it cannot have");
	else if (count != DIGITS + 2)
		rc = pmj_fail(err, PMJ_INVALID,
		    "the recovery code has %d characters; it should have 34", count);
	else if (check_of(digits) != digits[DIGITS] * 32u + digits[DIGITS + 1])
		rc = pmj_fail(err, PMJ_INVALID,
		    "the recovery code was mistyped: its last two characters "
		    "do not fit the rest");
	if (rc != PMJ_OK) {
		pmj_hint(err, "type it again from the paper: 8 groups of 4, then 2 characters");
		goto out;
	}
	for (unsigned i = 0; i < DIGITS; i++) {
		held = (held << 5 | digits[i]) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			*code++ = (uint8_t)(held >> bits);
		}
	}
out:
	prim_wipe(digits, sizeof(digits));
	return rc;
}

void
recovery_slot_sk(uint8_t slot_sk[static 32], const uint8_t code[static RECOVERY_BYTES],
    const uint8_t store_uuid[static 16])
{
	uint8_t hash[PRIM_HASH_BYTES];

	prim_hash(hash, NULL, PRIM_PARTS({code, RECOVERY_BYTES}));
	prim_kdf(slot_sk, 32, "pmj recovery v1", hash, PRIM_PARTS({store_uuid, 16}));
	prim_wipe(hash, sizeof(hash));
}
