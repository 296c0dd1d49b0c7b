/* words.h - lists of 2,048 words (English, Swahili): passphrases and the words people compare. */
#ifndef CRYPTO_WORDS_H
#define CRYPTO_WORDS_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/os.h"

struct words; /* 2048 words; read from conf/words/LANG.txt, '#' lines are source and licence */
PMJ_MUST_CHECK enum pmj_code words_read(
    struct words **out, const struct os *os, const char *path, struct pmj_error *err);
void words_free(struct words *words);
const char *words_at(const struct words *words, unsigned index); /* 0 to 2047 */
int words_index(
    const struct words *words, const char *word); /* -1 when not in the list; folds case */
#define WORDS_BITS 11                             /* that one word stands for */
/** The first 11 * count bits, big-endian, as words with spaces; nine characters of room each. */
void words_of_bits(
    const struct words *words, char *out, size_t room, const uint8_t *bytes, unsigned count);
/** A random passphrase of six words with spaces (66 bits). Wipe after use. */
void words_passphrase(const struct words *words, char *out, size_t room);
/* The key asked for last: it is soon asked for again, in another language or by the next command.
 * Zero it first. */
struct words_last {
	bool known;
	uint8_t hash[32]; /* of the key bytes */
	uint8_t bits[9];
};
/** Security 10.2: six words from the first 66 bits, big-endian, of Argon2id(64 MiB, 2, zero salt)
 * over H("pmj words v1", key bytes). Not stretched again when `last` has it. */
PMJ_MUST_CHECK enum pmj_code words_of_key(const struct words *words, struct words_last *last,
    char *out, size_t room, const uint8_t *key_bytes, size_t len, struct pmj_error *err);
#define WORDS_SIX_MAX 128

#endif
