/* alike.c - who here may be the person that is being written down: said, never in the way. */
#include <string.h>

#include "api/record_inner.h"
#include "base/diag.h"

#define ALIKE_MAX 5

json_t *
record_alike(const struct call *call, const struct kind *kind, const json_t *set)
{
	struct pmj_error err;
	json_t *list = NULL, *item;
	size_t i;

	if (strcmp(kind->name, "person") != 0 || json_flag(call->body, "new"))
		return NULL;
	if (records_alike(call->core->journal, &list, kind, set, ALIKE_MAX, call->lang, &err) !=
	    PMJ_OK) {
		diag_error("looking for likely duplicates", &err);
		json_decref(list);
		return NULL;
	}
	json_array_foreach(list, i, item)
	{
		(void)json_object_del(item, "fields");
		(void)json_object_del(item, "conflict");
	}
	return list;
}

/* Does it say more of who somebody is than their name? */
static bool
says_more(const struct kind *kind, const json_t *set)
{
	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (field->privacy == PRIVACY_IDENTITY && field->type != FIELD_CHOICE &&
		    strcmp(field->name, kind->shows) != 0 &&
		    json_object_get(set, field->name) != NULL)
			return true;
	}
	return false;
}

json_t *
record_likely(const struct call *call, const struct kind *kind, const json_t *set)
{
	json_t *list = record_alike(call, kind, set);
	size_t i = json_array_size(list);

	while (i-- > 0 && says_more(kind, set))
		if (json_array_size(json_arr(json_array_get(list, i), "same")) == 0)
			(void)json_array_remove(list, i);
	return list;
}

enum pmj_code
record_who_is_alike(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct kind *kind;
	json_t *set = json_object(), *list = NULL;
	enum pmj_code rc;

	if ((rc = kinds_need(&kind, &call->core->kinds, call->part[0], err)) == PMJ_OK &&
	    (rc = record_take(call, set, kind, record_fields(call), err)) == PMJ_OK) {
		list = record_alike(call, kind, set);
		*out = json_pack("{s:o}", "items", list != NULL ? json_incref(list) : json_array());
	}
	json_decref(list);
	json_decref(set);
	return rc;
}
