/* dictionary.h - the zstd dictionary that ships with the program (conf/dictionary). */
#ifndef LOG_DICTIONARY_H
#define LOG_DICTIONARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const uint8_t *dictionary_bytes(size_t *len);
/** Does this frame name it? */
bool dictionary_named(const uint8_t *frame, size_t len);

#endif
