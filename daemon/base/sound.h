/* sound.h - by what a name sounds like, as it is heard in Swahili and English: Juma and Djumah,
 * Rehema and Lehma. Pure. */
#ifndef BASE_SOUND_H
#define BASE_SOUND_H
#include <stdbool.h>

#define SOUND_MAX 5 /* characters of a key */

/** The key of one word that was folded (text_fold): small letters; words that sound alike mostly
 * have the same. False: it has none, being too short, or not of letters a to z. */
bool sound_key(char out[static SOUND_MAX + 1], const char *word);

#endif
