/* code.c - the code of a slip. */
#include "domain/code.h"

#include <stdio.h>
#include <string.h>

static const char code_letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Times 2 in the field of 32 elements (x^5 + x^2 + 1). The sum of the symbols, each weighted by a
 * power of 2, is 0 in a code: one wrong symbol changes it, and so do two neighbours changed about,
 * by their difference times 3. */
static unsigned
twice(unsigned x)
{
	return (x << 1 ^ (x & 16 ? 0x25 : 0)) & 31;
}

/* The symbol that makes the sum of all 0. */
static unsigned
check_of(const unsigned *symbols, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum = twice(sum ^ symbols[i]);
	return sum;
}

char *
code_make(char out[static CODE_CHARS + 1], const uint8_t random[static CODE_RANDOM])
{
	unsigned symbols[CODE_RANDOM];

	for (size_t i = 0; i < CODE_RANDOM; i++) {
		symbols[i] = random[i] & 31;
		out[i] = code_letters[symbols[i]];
	}
	out[CODE_RANDOM] = code_letters[check_of(symbols, CODE_RANDOM)];
	out[CODE_CHARS] = '\0';
	return out;
}

/* The symbol that was meant; -1: none. */
static int
symbol_of(char c)
{
	const char *at;

	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == 'o')
		c = '0';
	if (c == 'i' || c == 'l')
		c = '1';
	at = c != '\0' ? strchr(code_letters, c) : NULL;
	return at != NULL ? (int)(at - code_letters) : -1;
}

bool
code_read(char out[static CODE_CHARS + 1], const char *typed)
{
	unsigned symbols[CODE_CHARS];
	size_t count = 0;

	for (; *typed != '\0'; typed++) {
		int symbol = symbol_of(*typed);

		if (strchr(" -", *typed) != NULL)
			continue;
		if (symbol < 0 || count == CODE_CHARS)
			return false;
		out[count] = code_letters[symbol];
		symbols[count++] = (unsigned)symbol;
	}
	out[count] = '\0';
	return count == CODE_CHARS && check_of(symbols, CODE_RANDOM) == symbols[CODE_RANDOM];
}

char *
code_show(char out[static CODE_SHOWN_MAX], const char *code)
{
	(void)snprintf(out, CODE_SHOWN_MAX, "%.5s-%.5s", code,
	    strlen(code) > CODE_CHARS / 2 ? code + CODE_CHARS / 2 : "");
	return out;
}

bool
field_is_code(const struct field *field)
{
	return field->type == FIELD_TEXT && field->otherwise != NULL &&
	       strcmp(field->otherwise, CODE_DEFAULT) == 0;
}

const struct field *
kind_code(const struct kind *kind)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (field_is_code(&kind->fields[i]))
			return &kind->fields[i];
	return NULL;
}
