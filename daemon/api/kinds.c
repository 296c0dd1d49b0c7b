/* kinds.c - the kinds in force, for clients; a kind's file checked. */
#include <string.h>

#include "api/record_inner.h"
#include "domain/kind.h"

/* Of names with commas between. */
static bool
is_among(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = names; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* The field by which records of the other kind are about one of this, or, where it was said to
 * follow, name one; NULL: none. */
static const char *
names_as(const struct kind *other, const struct kind *kind, bool follows)
{
	for (size_t i = 0; i < other->field_count; i++) {
		const struct field *field = &other->fields[i];

		if (field->link_kind != NULL && strcmp(field->link_kind, kind->name) == 0 &&
		    (follows || kind_is_subject(other, field->name)))
			return field->name;
	}
	return NULL;
}

#define ABOUT_MAX 3 /* a person reads no more of them */

/* What may be recorded about a record of this kind: what its own says mostly follows, else whatever
 * must name one like it. */
static json_t *
about_json(const struct kinds *kinds, const struct kind *kind)
{
	size_t count = kind->next_count > 0 ? kind->next_count : kinds->count;
	json_t *out = json_array();

	for (size_t i = 0; i < count && json_array_size(out) < ABOUT_MAX; i++) {
		const struct kind *other =
		    kind->next_count > 0 ? kinds_get(kinds, kind->next[i]) : kinds->list[i];
		const char *as = other != NULL ? names_as(other, kind, kind->next_count > 0) : NULL;

		if (as != NULL)
			(void)json_array_append_new(
			    out, json_pack("{s:s, s:s}", "kind", other->name, "as", as));
	}
	return out;
}

enum pmj_code
kinds_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	const char *names = json_str(call->query, "name");
	json_t *list = json_array();

	(void)err;
	for (size_t i = 0; i < call->core->kinds.count; i++) {
		const struct kind *kind = call->core->kinds.list[i];

		if (names == NULL || is_among(names, kind->name)) {
			json_t *one = kind_json(kind, call->lang);

			(void)json_object_set_new(
			    one, "about", about_json(&call->core->kinds, kind));
			(void)json_array_append_new(list, one);
		}
	}
	*out = json_pack("{s:o}", "kinds", list);
	return PMJ_OK;
}

enum pmj_code
kinds_check(const struct call *call, json_t **out, struct pmj_error *err)
{
	const char *name, *text;
	struct kind *kind = NULL;
	const struct kind *old;
	enum pmj_code rc;

	if ((rc = call_text(call, &name, "name", err)) != PMJ_OK ||
	    (rc = call_text(call, &text, "text", err)) != PMJ_OK)
		return rc;
	if (strncmp(text, "[profile]", 9) == 0 || strstr(text, "\n[profile]") != NULL)
		return country_check(call, out, name, text, err);
	if ((rc = kind_read_text(&kind, name, text, strlen(text), err)) != PMJ_OK)
		return rc;
	/* What is in force here may have been used already. */
	old = kinds_get(&call->core->kinds, kind->name);
	if (old != NULL)
		rc = kind_follows(old, kind, err);
	if (rc == PMJ_OK)
		*out = json_pack("{s:b,s:s}", "ok", 1, "name", kind->name);
	kind_free(kind);
	return rc;
}
