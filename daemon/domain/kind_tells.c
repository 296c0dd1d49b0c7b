/* kind_tells.c - which fields may be told under which words of a consent's information. */
#include <string.h>

#include "domain/kind.h"

static bool
share_a_word(char *const *mine, size_t count, const char *const *words, size_t word_count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < word_count; j++)
			if (words[j] != NULL && strcmp(mine[i], words[j]) == 0)
				return true;
	return false;
}

/* Whose record it is goes with whatever is told of it: else it tells nothing. */
static bool
names_the_subject(const struct kind *kind, const struct field *field)
{
	return kind->subject_count == 0 && kind->scope == SCOPE_PERSON &&
	       strcmp(field->name, kind->shows) == 0;
}

bool
kind_tells(
    const struct kind *kind, const struct field *field, const char *const *words, size_t count)
{
	static char all[] = "all";
	char *everything[] = {all};

	if (names_the_subject(kind, field))
		return true;
	if (share_a_word(everything, 1, words, count))
		return field->told_count > 0 || kind->told_count > 0;
	if (field->told_count > 0)
		return share_a_word(field->told_as, field->told_count, words, count);
	return share_a_word(kind->told_as, kind->told_count, words, count);
}

bool
kind_tells_by(const struct kind *kind, const json_t *value, const char *const *words, size_t count)
{
	const char *text = json_string_value(value);

	for (size_t i = 0; kind->told_by != NULL && text != NULL && i < count; i++)
		if (words[i] != NULL && strcmp(words[i], text) == 0)
			return true;
	return false;
}
