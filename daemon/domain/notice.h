/* notice.h - a statement that goes with what is told about a person: conf/notices/NAME.ini, in
 * versions. Pure, but for reading the file through `base`. */
#ifndef DOMAIN_NOTICE_H
#define DOMAIN_NOTICE_H
#include "domain/kind.h"

struct os;

#define NOTICE_PARAGRAPHS_MAX 30
#define NOTICE_WORDS_MAX 200

struct notice {
	char *name;
	int version;
	bool draft; /* not the official text: the programme replaces it */
	struct texts title;
	struct texts *paragraphs;
	size_t count;
	char **words; /* of a slip: a line that holds one of these is left out */
	size_t word_count;
};
/**
 * Read one.
 *
 * out      the caller ends it with notice_close; left empty on failure.
 * Errors   PMJ_INVALID with file, line and mend; of reading.
 */
PMJ_MUST_CHECK enum pmj_code notice_read(
    struct notice *out, const struct os *os, const char *path, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code notice_read_text(
    struct notice *out, const char *name, const char *text, size_t len, struct pmj_error *err);
void notice_close(struct notice *notice);
/** How the ledger calls it: "disclosure 1", "disclosure 1 draft". */
#define NOTICE_ID_MAX 64
void notice_id(const struct notice *notice, char out[static NOTICE_ID_MAX]);
/** {"id","draft","title","paragraphs":[text…]} in this language. New reference. */
json_t *notice_json(const struct notice *notice, enum lang lang);
/** Does the text hold one of the words, whatever capitals and accents? */
bool notice_has_word(const struct notice *notice, const char *text);

#endif
