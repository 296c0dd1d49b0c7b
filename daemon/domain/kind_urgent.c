/* kind_urgent.c - what goes before others: `urgent = when FIELD is VALUE`, `urgent_move = VERB`. */
#include <string.h>

#include "domain/kind.h"

bool
kind_is_urgent(const struct kind *kind, const char *verb, const json_t *set)
{
	const json_t *value;

	if (kind->urgent_verb != NULL && verb != NULL && strcmp(kind->urgent_verb, verb) == 0)
		return true;
	if (kind->urgent_field == NULL || set == NULL)
		return false;
	value = json_object_get(set, kind->urgent_field);
	if (json_is_boolean(value))
		return json_is_true(value) == (strcmp(kind->urgent_value, "yes") == 0);
	return json_is_string(value) && strcmp(json_string_value(value), kind->urgent_value) == 0;
}
