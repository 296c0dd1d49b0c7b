/* What makes a passphrase too easy (security 4.4). The passphrase is copied into guarded memory
 * only. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/keyfile.h"
#include "crypto/secret.h"

#define CHARS_MIN 14
#define BYTES_MAX 1024
#define STEPS_MIN 6
#define COMMON_FILE_MAX (256u * 1024)

/* Lower-case ASCII, words kept apart by single spaces, nothing else but letters, digits and bytes
 * past ASCII. */
static void
plain(char *out, const char *text)
{
	char *start = out;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || c >= 0x80)
			*out++ = (char)tolower(c);
		else if (out > start && out[-1] != ' ')
			*out++ = ' ';
	}
	if (out > start && out[-1] == ' ')
		out--;
	*out = '\0';
}

static void
drop_spaces(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (*text != ' ')
			*to++ = *text;
	*to = '\0';
}

/* Is the word in text? Three letters count only as a word of their own: "ali" is in "mali". */
static bool
holds_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (len < 3)
		return false;
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		bool starts = at == text || at[-1] == ' ';
		bool ends = at[len] == '\0' || at[len] == ' ';

		if (len > 3 || (starts && ends))
			return true;
	}
	return false;
}

static bool
holds_name(const char *text, const char *name)
{
	char *words = mem_new(strlen(name) + 1), *rest = words, *word;
	bool found = false;

	plain(words, name);
	while (!found && (word = strtok_r(rest, " ", &rest)) != NULL)
		found = holds_word(text, word);
	free(words);
	return found;
}

/* One unit over and over, the last one perhaps cut. */
static bool
repeats(const char *text)
{
	size_t len = strlen(text);

	for (size_t unit = 1; unit <= len / 2; unit++)
		if (memcmp(text, text + unit, len - unit) == 0)
			return true;
	return false;
}

/* Do b after a stand side by side on a row of keys or in the alphabet, either way? */
static bool
neighbours(char a, char b)
{
	static const char rows[] =
	    "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm "
	    "qazwsxedcrfvtgbyhnujmikolp 1q2w3e4r5t6y7u8i9o0p";

	for (size_t i = 0; rows[i + 1] != '\0'; i++)
		if ((rows[i] == a && rows[i + 1] == b) || (rows[i] == b && rows[i + 1] == a))
			return true;
	return a == b;
}

/* Characters that do not follow from the one before. */
static size_t
steps(const char *text)
{
	size_t count = text[0] != '\0';

	for (size_t i = 1; text[0] != '\0' && text[i] != '\0'; i++)
		count += !neighbours(text[i - 1], text[i]);
	return count;
}

static char *
common_path(void)
{
	return fs_join(conf_dir(), "words/common-passphrases.txt");
}

static enum pmj_code
is_common(bool *common, const char *text, struct pmj_error *err)
{
	char *path = common_path(), *rest, *line;
	enum pmj_code rc;
	struct buf list;

	*common = false;
	buf_init(&list, 0);
	rc = fs_read(&list, &os_real, path, COMMON_FILE_MAX, err);
	if (rc != PMJ_OK) {
		pmj_hint(err, "install Pamoja's files again, or say where they are in PAMOJA_CONF");
		goto out;
	}
	rest = (char *)list.bytes;
	while (!*common && rest != NULL && (line = strtok_r(rest, "\n", &rest)) != NULL)
		*common = line[0] != '#' && strcmp(line, text) == 0;
out:
	buf_close(&list);
	free(path);
	return rc;
}

/* The rules that need the squeezed text; `text` is overwritten. */
static enum pmj_code
judge(char *text, const char *worker, struct pmj_error *err)
{
	char *folded = text_fold(worker);
	bool named = holds_name(text, worker) || (folded != NULL && holds_name(text, folded));
	enum pmj_code rc;
	bool common;

	free(folded);
	if (named)
		return pmj_fail(
		    err, PMJ_INVALID, "the passphrase has a name in it that others know");
	drop_spaces(text);
	if (repeats(text))
		return pmj_fail(err, PMJ_INVALID, "the passphrase repeats itself");
	if (steps(text) < STEPS_MIN)
		return pmj_fail(
		    err, PMJ_INVALID, "the passphrase follows the keyboard or the alphabet");
	if ((rc = is_common(&common, text, err)) != PMJ_OK)
		return rc;
	if (common)
		return pmj_fail(err, PMJ_INVALID, "the passphrase is one of the commonest");
	return PMJ_OK;
}

enum pmj_code
keyfile_passphrase_rules(const char *passphrase, const char *worker, struct pmj_error *err)
{
	size_t len = strlen(passphrase);
	struct secret *copy = NULL;
	enum pmj_code rc;

	if (len > BYTES_MAX || !text_is_utf8(passphrase, len))
		rc = pmj_fail(
		    err, PMJ_INVALID, "the passphrase is over %d bytes, or not text", BYTES_MAX);
	else if (text_chars(passphrase) < CHARS_MIN)
		rc = pmj_fail(err, PMJ_INVALID, "the passphrase has %zu characters; use %d or more",
		    text_chars(passphrase), CHARS_MIN);
	else if ((rc = secret_new(&copy, len + 1, err)) == PMJ_OK) {
		plain((char *)secret_use(copy), passphrase);
		rc = judge((char *)secret_use(copy), worker != NULL ? worker : "", err);
	}
	if (rc == PMJ_INVALID)
		pmj_hint(err, "six random words are easy to keep and hard to guess");
	secret_free(copy);
	return rc;
}
