/* adds_up.c - the total of an instrument is the sum of its answers, or there is none. */
#include "domain/adds_up.h"

/* The sum of the answers, and how many there are. */
static json_int_t
add(const struct kind *kind, const json_t *set, size_t *answers)
{
	json_int_t sum = 0;

	*answers = 0;
	for (size_t i = 0; i < kind->adds_count; i++) {
		const json_t *value = json_object_get(set, kind->adds[i]);

		if (!json_is_integer(value))
			continue;
		sum += json_integer_value(value);
		(*answers)++;
	}
	return sum;
}

/* Neither an answer nor "chose not to say" nor a total. */
static bool
says_nothing(const struct kind *kind, const json_t *set)
{
	for (size_t i = 0; i < kind->adds_count; i++)
		if (json_object_get(set, kind->adds[i]) != NULL)
			return false;
	return json_object_get(set, kind->total) == NULL;
}

bool
adds_up(const struct kind *kind, const json_t *set)
{
	const json_t *total = kind->total != NULL ? json_object_get(set, kind->total) : NULL;
	size_t answers;
	json_int_t sum;

	if (!json_is_integer(total))
		return true;
	sum = add(kind, set, &answers);
	return answers == 0 || (answers == kind->adds_count && sum == json_integer_value(total));
}

enum pmj_code
adds_up_complete(const struct kind *kind, json_t *set, struct pmj_error *err)
{
	enum pmj_code rc;
	size_t answers;
	json_int_t sum;

	if (kind->total == NULL)
		return PMJ_OK;
	sum = add(kind, set, &answers);
	if (says_nothing(kind, set)) {
		rc = pmj_fail(
		    err, PMJ_INVALID, "none of the %zu questions is answered", kind->adds_count);
		pmj_hint(err, "give the answers, or %s alone where the paper shows no more",
		    kind->total);
		return rc;
	}
	if (json_object_get(set, kind->total) == NULL && answers == kind->adds_count)
		(void)json_object_set_new(set, kind->total, json_integer(sum));
	if (adds_up(kind, set))
		return PMJ_OK;
	if (answers == kind->adds_count) {
		rc = pmj_fail(err, PMJ_INVALID, "%s: the answers add up to %lld", kind->total,
		    (long long)sum);
		pmj_hint(err, "leave %s out: it is added up from the answers", kind->total);
	} else {
		rc = pmj_fail(err, PMJ_INVALID, "%s: %zu of %zu answers are there", kind->total,
		    answers, kind->adds_count);
		pmj_hint(err, "leave %s out, or give every answer", kind->total);
	}
	return rc;
}
