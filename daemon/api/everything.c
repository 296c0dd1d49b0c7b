/* everything.c - what is held about a person, or what of it may be told: record by record, in
 * pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"

/* Words of the query, between '|'; without any it is the person's own copy. */
struct words_told {
	bool own;
	char *text;
	const char *list[32];
	size_t count;
};

static void
read_words_told(struct words_told *words, const char *typed)
{
	char *rest = words->text = mem_strdup(typed != NULL ? typed : ""), *part;

	words->count = 0;
	words->own = typed == NULL;
	while ((part = strsep(&rest, "|")) != NULL && words->count < 32)
		words->list[words->count++] = part;
}

/* Is another person named by it? Who that is was not theirs to be told. */
static bool
names_another(const struct field *field, const json_t *value, const char *person)
{
	const char *id = json_string_value(value);

	return field->link_kind != NULL && strcmp(field->link_kind, "person") == 0 && id != NULL &&
	       strcmp(id, person) != 0;
}

/* Takes out of an item what is not to be told, and says what is left of it. */
static bool
narrow_item(
    json_t *item, const struct kind *kind, const struct words_told *words, const char *person)
{
	json_t *fields = json_object_get(item, "fields"), *value;
	bool whole = words->own ||
	             (kind != NULL &&
	                 kind_tells_by(kind,
	                     kind->told_by != NULL ? json_object_get(fields, kind->told_by) : NULL,
	                     words->list, words->count));
	const char *name;
	bool said = false;
	void *next;

	json_object_foreach_safe(fields, next, name, value)
	{
		const struct field *field = kind != NULL ? kind_field(kind, name) : NULL;
		bool subject = field != NULL && kind_is_subject(kind, name);
		bool told = field != NULL ? subject || whole ||
		                                kind_tells(kind, field, words->list, words->count)
		                          : words->own;

		if (told && field != NULL && names_another(field, value, person)) {
			(void)json_object_set_new(
			    json_object_get(item, "others"), name, json_true());
			told = false;
		} else if (told && !subject) {
			said = true;
		}
		if (told)
			continue;
		(void)json_object_del(fields, name);
		(void)json_object_del(json_object_get(item, "texts"), name);
	}
	return said;
}

static enum pmj_code
tell_record(const struct call *call, json_t *items, const uint8_t rec[PMJ_RECORD_BYTES],
    const struct words_told *words, const char *person, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const struct kind *kind;
	json_t *item = NULL;
	enum pmj_code rc;

	if ((rc = records_load(call->core->journal, &record, rec, err)) != PMJ_OK ||
	    (rc = records_item(call->core->journal, &item, rec, call->lang, err)) != PMJ_OK)
		goto out;
	kind = kinds_get(&call->core->kinds, json_str(item, "kind"));
	(void)json_object_set_new(item, "others", json_object());
	if (!narrow_item(item, kind, words, person) || json_flag(item, "refused"))
		goto out;
	(void)json_object_del(item, "title"); /* it may be what was taken out */
	if (record.merged.maker != NULL) {
		char *name, *role;

		core_who(call->core, record.merged.maker->by, &name, &role);
		(void)json_object_set_new(item, "by", json_string(name));
		(void)json_object_set_new(item, "role", json_string(role));
		(void)json_object_set_new(
		    item, "made_at", json_integer((json_int_t)record.merged.maker->pt));
		free(name);
		free(role);
	}
	(void)json_array_append(items, item);
out:
	json_decref(item);
	record_full_close(&record);
	return rc;
}

/* Where it goes on: after this one, themselves first, then by id. */
static size_t
recs_after(uint8_t (*recs)[PMJ_RECORD_BYTES], size_t count, const char *from)
{
	uint8_t last[PMJ_RECORD_BYTES];
	size_t at;

	if (from == NULL || count == 0 || !text_unbase32(last, sizeof(last), from, strlen(from)))
		return 0;
	if (memcmp(last, recs[0], sizeof(last)) == 0)
		return 1;
	for (at = 1; at < count && memcmp(recs[at], last, PMJ_RECORD_BYTES) <= 0;)
		at++;
	return at;
}

enum pmj_code
record_everything(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	int64_t until = os->mono_ms(os->ctx) + CORE_PIECE_MS;
	struct record_full person = {.row_count = 0};
	struct words_told words = {.count = 0};
	uint8_t rec[PMJ_RECORD_BYTES], (*recs)[PMJ_RECORD_BYTES] = NULL;
	char id[PMJ_RECORD_CHARS + 1];
	json_t *items = json_array();
	const struct kind *kind;
	size_t count = 0, at = 0;
	enum pmj_code rc;

	read_words_told(&words, json_str(call->query, "told"));
	if ((rc = record_person(call, &person, &kind, rec, err)) != PMJ_OK ||
	    (rc = records_of_person(call->core->journal, &recs, &count, rec, err)) != PMJ_OK)
		goto out;
	text_base32(id, rec, PMJ_RECORD_BYTES);
	at = recs_after(recs, count, json_str(call->query, "from"));
	for (size_t first = at; at < count && rc == PMJ_OK; at++) {
		if (at > first && os->mono_ms(os->ctx) >= until)
			break;
		rc = tell_record(call, items, recs[at], &words, id, err);
	}
	if (rc != PMJ_OK)
		goto out;
	*out = json_pack("{s:O,s:b}", "items", items, "more", at < count);
	if (at < count)
		(void)json_object_set_new(
		    *out, "next", json_string(text_base32(id, recs[at - 1], PMJ_RECORD_BYTES)));
out:
	free(words.text);
	free(recs);
	json_decref(items);
	record_full_close(&person);
	return rc;
}
