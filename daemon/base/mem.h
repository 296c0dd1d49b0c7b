/* mem.h - small fixed memory: given, or the program stops (stopping at any instant is safe). */
#ifndef BASE_MEM_H
#define BASE_MEM_H
#include <stddef.h>

/** How many elements an array has; never of a pointer. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Zeroed memory; never NULL (aborts with a message when none is left). Free with free(). */
void *mem_new(size_t bytes);
/** Zeroed array of count items; aborts on overflow. */
void *mem_array(size_t count, size_t item_bytes);
/** Grow an array to hold count items; the new tail is NOT zeroed. Aborts on overflow. */
void *mem_grow(void *old, size_t count, size_t item_bytes);
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t bytes);
/** A new string as printf would print it. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Wipe so that the compiler cannot leave it out. */
void mem_wipe(void *bytes, size_t count);
/** Free a text, wiped first; nothing for NULL. */
void mem_free_wiped(char *text);

#endif
