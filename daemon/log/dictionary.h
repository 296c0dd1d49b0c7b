/* dictionary.h - the zstd dictionary that ships with the program (conf/dictionary). */
#ifndef LOG_DICTIONARY_H
#define LOG_DICTIONARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ZSTD_CDict_s;

const uint8_t *dictionary_bytes(size_t *len);
/** The same, made ready for packing at DICTIONARY_LEVEL: once, and kept until the program ends. */
#define DICTIONARY_LEVEL 15
const struct ZSTD_CDict_s *dictionary_ready(void);
/** Does this frame name it? */
bool dictionary_named(const uint8_t *frame, size_t len);

#endif
