/* code.h - the code of a slip: made at random, said on the phone, typed by somebody else. It tells
 * nothing, of nobody. Pure. */
#ifndef DOMAIN_CODE_H
#define DOMAIN_CODE_H
#include "domain/kind.h"

#define CODE_CHARS 10 /* nine of them random (45 bits), the last tells a mistyped one */
#define CODE_RANDOM 9
#define CODE_SHOWN_MAX (CODE_CHARS + 2)
#define CODE_DEFAULT "random" /* `default` of the field that holds one */

/** Lower-case Crockford base32, of these random bytes. Returns out. */
char *code_make(char out[static CODE_CHARS + 1], const uint8_t random[static CODE_RANDOM]);
/** As typed or heard: capitals, spaces and dashes aside, o is 0, i and l are 1. False when it is no
 * code: one wrong character, or two neighbours changed about, are always seen. */
bool code_read(char out[static CODE_CHARS + 1], const char *typed);
/** As people read it: "k7qm2-xp9a4". Returns out. */
char *code_show(char out[static CODE_SHOWN_MAX], const char *code);
/** Is this a field that Pamoja fills with a code? */
bool field_is_code(const struct field *field);
/** The field of a kind that does, or NULL. */
const struct field *kind_code(const struct kind *kind);

#endif
