/* words.c - six words for people: offered as a passphrase, and compared when two machines meet
 * (10.2). */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/keyfile.h"
#include "crypto/words.h"

struct words *
words_in(const struct core *core, enum lang lang, struct pmj_error *err)
{
	char *path = mem_printf("%s/words/%s.txt", core->conf, lang == LANG_SW ? "sw" : "en");
	struct words *words = NULL;

	if (words_read(&words, core->os, path, err) != PMJ_OK)
		words = NULL;
	free(path);
	return words;
}

#define OFFERS_MOST 100

/* None that would be refused: names are words of the lists, too. */
enum pmj_code
words_offer(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct words *words = words_in(call->core, call->lang, err);
	const char *asked = json_str(call->query, "name");
	char text[WORDS_SIX_MAX], *name;
	enum pmj_code rc = PMJ_INVALID;

	if (words == NULL)
		return err->code;
	name = asked != NULL || call->core->journal == NULL
	           ? mem_strdup(asked != NULL ? asked : "")
	           : journal_text(call->core->journal, "name");
	for (int i = 0; i < OFFERS_MOST && rc == PMJ_INVALID; i++) {
		words_passphrase(words, text, sizeof(text));
		rc = keyfile_passphrase_rules(text, name != NULL ? name : "", err);
	}
	if (rc == PMJ_OK)
		*out = json_pack("{s:s}", "passphrase", text);
	mem_wipe(text, sizeof(text));
	free(name);
	words_free(words);
	return rc;
}

char *
words_text(struct core *core, enum lang lang, const uint8_t *key, size_t len, struct pmj_error *err)
{
	struct words *words = words_in(core, lang, err);
	char text[WORDS_SIX_MAX];
	enum pmj_code rc;

	if (words == NULL)
		return NULL;
	rc = words_of_key(words, &core->words_last, text, sizeof(text), key, len, err);
	words_free(words);
	return rc == PMJ_OK ? mem_strdup(text) : NULL;
}

/* Two of the six words, fixed for one key: the person types them, read from the other side. */
static void
ask_positions(const uint8_t *key, size_t len, int ask[2])
{
	uint8_t hash[PRIM_HASH_BYTES];

	prim_hash(hash, "pmj words ask", PRIM_PARTS({key, len}));
	ask[0] = hash[0] % 6;
	ask[1] = (ask[0] + 1 + hash[1] % 5) % 6;
	if (ask[0] > ask[1]) {
		int first = ask[0];

		ask[0] = ask[1];
		ask[1] = first;
	}
}

static bool
word_at(const char *six, int position, const char *typed)
{
	const char *at = six;
	size_t len;
	char *word;
	bool same;

	for (int i = 0; i < position && at != NULL; i++)
		at = strchr(at, ' ') != NULL ? strchr(at, ' ') + 1 : NULL;
	if (at == NULL)
		return false;
	len = strcspn(at, " ");
	word = mem_strndup(at, len);
	same = text_same(word, typed);
	free(word);
	return same;
}

static enum pmj_code
typed_matches(const struct call *call, enum lang lang, const uint8_t *key, size_t len,
    const json_t *typed, const int ask[2], bool *same, struct pmj_error *err)
{
	char *six = words_text(call->core, lang, key, len, err);

	*same = six != NULL && json_array_size(typed) == 2;
	if (six == NULL)
		return err->code;
	for (int i = 0; i < 2 && *same; i++) {
		const char *word = json_string_value(json_array_get(typed, (size_t)i));

		*same = word != NULL && word_at(six, ask[i], word);
	}
	free(six);
	return PMJ_OK;
}

enum pmj_code
words_compare(const struct call *call, const uint8_t *key, size_t len, json_t **out, bool *asked,
    struct pmj_error *err)
{
	const json_t *typed = json_arr(call->body, "typed");
	int ask[2];
	bool good = false;
	enum pmj_code rc;

	*asked = false;
	if (json_flag(call->body, "words_checked"))
		return PMJ_OK;
	ask_positions(key, len, ask);
	if (typed == NULL) {
		*out = json_pack("{s:[i,i]}", "ask", ask[0] + 1, ask[1] + 1);
		*asked = true;
		return PMJ_OK;
	}
	/* The two sides may speak different languages: the words of either list are good. */
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if ((rc = typed_matches(call, (enum lang)lang, key, len, typed, ask, &good, err)) !=
		        PMJ_OK ||
		    good)
			return rc;
	}
	rc = pmj_fail(err, PMJ_NOT_CONFIRMED, "these are not the words of the other side");
	pmj_hint(err, "read them again together; if they still differ, somebody may be in between: "
	              "do not go on");
	return rc;
}
