#include "crypto/words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/mem.h"
#include "crypto/prim.h"
#include "crypto/stretch.h"

#define WORDS_COUNT 2048
#define WORD_CHARS_MIN 3
#define WORD_CHARS_MAX 8
#define WORDS_FILE_MAX (64u * 1024)
#define SIX 6

struct words {
	char word[WORDS_COUNT][WORD_CHARS_MAX + 1]; /* in the order of the file */
};

static bool
is_word(const char *text, size_t len)
{
	if (len < WORD_CHARS_MIN || len > WORD_CHARS_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < 'a' || text[i] > 'z')
			return false;
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The word that is there twice, or NULL. */
static const char *
find_double(const struct words *words, struct words *sorted)
{
	*sorted = *words;
	qsort(sorted->word, WORDS_COUNT, sizeof(sorted->word[0]), by_text);
	for (unsigned i = 1; i < WORDS_COUNT; i++)
		if (strcmp(sorted->word[i - 1], sorted->word[i]) == 0)
			return sorted->word[i];
	return NULL;
}

static enum pmj_code
words_parse(struct words *words, const char *text, const char *path, struct pmj_error *err)
{
	unsigned count = 0, line = 1;

	for (; *text != '\0'; line++) {
		size_t len = strcspn(text, "\n");

		if (len > 0 && text[0] != '#') {
			if (!is_word(text, len))
				return pmj_fail(err, PMJ_INVALID,
				    "%s line %u: a word is 3 to 8 letters a to z", path, line);
			if (count == WORDS_COUNT)
				return pmj_fail(err, PMJ_INVALID,
				    "%s line %u: more than 2048 words", path, line);
			memcpy(words->word[count++], text, len);
		}
		text += len + (text[len] == '\n');
	}
	if (count != WORDS_COUNT)
		return pmj_fail(
		    err, PMJ_INVALID, "%s has %u words; it must have 2048", path, count);
	return PMJ_OK;
}

enum pmj_code
words_read(struct words **out, const struct os *os, const char *path, struct pmj_error *err)
{
	struct words *words = mem_new(sizeof(*words)), *sorted = mem_new(sizeof(*sorted));
	const char *twice;
	struct buf text;
	enum pmj_code rc;

	*out = NULL;
	buf_init(&text, 0);
	if ((rc = fs_read(&text, os, path, WORDS_FILE_MAX, err)) != PMJ_OK)
		goto out;
	if (memchr(buf_text(&text), '\0', text.len) != NULL) {
		rc = pmj_fail(err, PMJ_INVALID, "%s is not a text file", path);
		goto out;
	}
	if ((rc = words_parse(words, buf_text(&text), path, err)) != PMJ_OK)
		goto out;
	if ((twice = find_double(words, sorted)) != NULL) {
		rc = pmj_fail(err, PMJ_INVALID, "%s has the word %s twice", path, twice);
		goto out;
	}
	*out = words;
	words = NULL;
out:
	if (rc == PMJ_INVALID)
		pmj_hint(err, "put the word list of Pamoja back in its place");
	words_free(words);
	words_free(sorted);
	buf_close(&text);
	return rc;
}

void
words_free(struct words *words)
{
	free(words);
}

const char *
words_at(const struct words *words, unsigned index)
{
	assert(index < WORDS_COUNT);
	return words->word[index];
}

int
words_index(const struct words *words, const char *word)
{
	for (int i = 0; i < WORDS_COUNT; i++)
		if (strcasecmp(words->word[i], word) == 0)
			return i;
	return -1;
}

void
words_of_bits(
    const struct words *words, char *out, size_t room, const uint8_t *bytes, unsigned count)
{
	size_t used = 0;

	assert(room >= (size_t)count * (WORD_CHARS_MAX + 1));
	for (unsigned i = 0; i < count; i++) {
		unsigned index = 0;
		const char *word;

		for (unsigned bit = i * WORDS_BITS; bit < (i + 1) * WORDS_BITS; bit++)
			index = index << 1 | (((unsigned)bytes[bit / 8] >> (7 - bit % 8)) & 1u);
		word = words_at(words, index);
		if (i > 0)
			out[used++] = ' ';
		memcpy(out + used, word, strlen(word) + 1);
		used += strlen(word);
	}
}

void
words_passphrase(const struct words *words, char *out, size_t room)
{
	uint8_t bits[9];

	prim_random(bits, sizeof(bits));
	words_of_bits(words, out, room, bits, SIX);
	prim_wipe(bits, sizeof(bits));
}

enum pmj_code
words_of_key(const struct words *words, struct words_last *last, char *out, size_t room,
    const uint8_t *key_bytes, size_t len, struct pmj_error *err)
{
	static const uint8_t salt[16] = {0};
	uint8_t hash[PRIM_HASH_BYTES], stretched[32];
	enum pmj_code rc;

	/* Public keys only: nothing here is a secret. */
	prim_hash(hash, "pmj words v1", PRIM_PARTS({key_bytes, len}));
	if (!last->known || memcmp(last->hash, hash, sizeof(hash)) != 0) {
		rc = stretch_argon2id(stretched, hash, sizeof(hash), salt, 2, 64u * 1024, err);
		if (rc != PMJ_OK)
			return rc;
		memcpy(last->hash, hash, sizeof(hash));
		memcpy(last->bits, stretched, sizeof(last->bits));
		last->known = true;
	}
	words_of_bits(words, out, room, last->bits, SIX);
	return PMJ_OK;
}
