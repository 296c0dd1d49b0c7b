/* lang.h - what `pamoja` says, in the person's language: English as it stands in the source, else
 * the catalogue of conf/lang. */
#ifndef CLI_LANG_H
#define CLI_LANG_H

/** Marks a text that is looked up later, where it is shown. */
#define LANG_N(text) text

/** "sw" for Swahili; anything else: English. */
void lang_use(const char *language);
/** The text, or format, in the language in use; itself when the catalogue has none. */
const char *lang_text(const char *text) __attribute__((format_arg(1)));
/**
 * A finished message of ours or of the daemon's, whose format the catalogue has: the format's words
 * are translated, what stood in its places stays. Itself when no format fits. Caller frees.
 *
 * So the daemon speaks, logs and records one language, and a format of the catalogue is never given
 * to printf on the side of the keys.
 */
char *lang_message(const char *message);

#endif
