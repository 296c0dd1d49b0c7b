/* merge.c - many entries to one record, in no order but that of hashes; and which moves may stand.
 */
#include "domain/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* "This entry sets this field", and "this version of this field was seen and replaced". */
struct given {
	const char *field;
	const struct entry *entry;
	const json_t *value;
};
struct gone {
	const char *field;
	uint8_t version[PMJ_VERSION_BYTES];
};
struct facts {
	struct given *settings;
	size_t setting_count, setting_room;
	struct gone *gone;
	size_t gone_count, gone_room;
};

/* By e; of a stub and the full line of one e the full line first. */
static int
by_hash(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a;
	const struct entry *y = *(const struct entry *const *)b;
	int order = memcmp(x->e, y->e, PMJ_ENTRY_BYTES);

	return order != 0 ? order : (int)x->stub - (int)y->stub;
}

static int
by_setting(const void *a, const void *b)
{
	const struct given *x = a, *y = b;
	int order = strcmp(x->field, y->field);

	return order != 0 ? order : memcmp(x->entry->e, y->entry->e, PMJ_ENTRY_BYTES);
}

static int
by_gone(const void *a, const void *b)
{
	const struct gone *x = a, *y = b;
	int order = strcmp(x->field, y->field);

	return order != 0 ? order : memcmp(x->version, y->version, PMJ_VERSION_BYTES);
}

static void
add_setting(struct facts *facts, const char *field, const struct entry *entry, const json_t *value)
{
	if (facts->setting_count == facts->setting_room) {
		facts->setting_room = facts->setting_room * 2 + 32;
		facts->settings =
		    mem_grow(facts->settings, facts->setting_room, sizeof(*facts->settings));
	}
	facts->settings[facts->setting_count++] = (struct given){field, entry, value};
}

static void
add_gone(struct facts *facts, const char *field, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (facts->gone_count == facts->gone_room) {
			facts->gone_room = facts->gone_room * 2 + 32;
			facts->gone = mem_grow(facts->gone, facts->gone_room, sizeof(*facts->gone));
		}
		facts->gone[facts->gone_count].field = field;
		if (text != NULL &&
		    text_unhex(facts->gone[facts->gone_count].version, PMJ_VERSION_BYTES, text))
			facts->gone_count++;
	}
}

static void
gather(struct facts *facts, const struct entry *entry)
{
	const char *field;
	json_t *value;

	json_object_foreach((json_t *)entry->was, field, value)
	{
		add_gone(facts, field, value);
		if (entry->stub)
			add_setting(facts, field, entry, NULL);
	}
	json_object_foreach((json_t *)entry->set, field, value)
	    add_setting(facts, field, entry, value);
}

static bool
is_gone(const struct facts *facts, const struct given *setting)
{
	struct gone key = {.field = setting->field};

	memcpy(key.version, setting->entry->e, PMJ_VERSION_BYTES);
	return facts->gone_count > 0 &&
	       bsearch(&key, facts->gone, facts->gone_count, sizeof(key), by_gone) != NULL;
}

/* Among concurrent values a refusing state, and a void, are shown before others. */
static bool
goes_first(const struct kind *kind, const char *field, const json_t *value)
{
	const struct state *state;

	if (strcmp(field, "voided") == 0)
		return json_is_true(value);
	if (kind == NULL || strcmp(field, "state") != 0 || !json_is_string(value))
		return false;
	state = kind_state(kind, json_string_value(value));
	return state != NULL && state->refusing;
}

static bool
is_later(const struct entry *a, const struct entry *b)
{
	if (a->pt != b->pt)
		return a->pt > b->pt;
	if (a->counter != b->counter)
		return a->counter > b->counter;
	return memcmp(a->e, b->e, PMJ_ENTRY_BYTES) > 0;
}

static void
judge_field(struct merge_field *field, const struct kind *kind)
{
	const json_t *known = NULL;
	bool first = false;

	for (size_t i = 0; i < field->count; i++) {
		const struct merge_value *value = &field->values[i];
		bool ahead = goes_first(kind, field->name, value->value);
		if (i == 0 || (ahead && !first) ||
		    (ahead == first && is_later(value->entry, field->values[field->shown].entry))) {
			field->shown = i;
			first = ahead;
		}
		if (value->value == NULL)
			continue; /* handed over: nobody here can tell whether it differs */
		if (known != NULL && !json_equal(known, value->value))
			field->conflict = true;
		known = value->value;
	}
}

static struct merge_field *
field_at(struct merge_record *out, const char *name, size_t *room)
{
	if (out->field_count > 0 && strcmp(out->fields[out->field_count - 1].name, name) == 0)
		return &out->fields[out->field_count - 1];
	if (out->field_count == *room) {
		*room = *room * 2 + 16;
		out->fields = mem_grow(out->fields, *room, sizeof(*out->fields));
	}
	memset(&out->fields[out->field_count], 0, sizeof(*out->fields));
	out->fields[out->field_count].name = name;
	return &out->fields[out->field_count++];
}

static void
keep_survivors(struct merge_record *out, struct facts *facts)
{
	size_t room = 0;

	if (facts->setting_count > 0)
		qsort(facts->settings, facts->setting_count, sizeof(*facts->settings), by_setting);
	if (facts->gone_count > 0)
		qsort(facts->gone, facts->gone_count, sizeof(*facts->gone), by_gone);
	for (size_t i = 0; i < facts->setting_count; i++) {
		const struct given *setting = &facts->settings[i];
		struct merge_field *field;
		if (is_gone(facts, setting))
			continue;
		field = field_at(out, setting->field, &room);
		field->values = mem_grow(field->values, field->count + 1, sizeof(*field->values));
		field->values[field->count++] =
		    (struct merge_value){setting->entry, setting->value};
	}
}

void
merge_record(struct merge_record *out, const struct kind *kind, const struct entry *const *entries,
    size_t count)
{
	const struct entry **sorted = mem_array(count, sizeof(*sorted));
	struct facts facts = {0};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < count; i++)
		sorted[i] = entries[i];
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), by_hash);
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = sorted[i];
		if (i > 0 && memcmp(entry->e, sorted[i - 1]->e, PMJ_ENTRY_BYTES) == 0)
			continue;
		memcpy(out->rec, entry->rec, PMJ_RECORD_BYTES);
		if (out->kind == NULL || entry->makes)
			out->kind = entry->kind;
		if (entry->makes)
			out->maker = entry;
		gather(&facts, entry);
	}
	keep_survivors(out, &facts);
	for (size_t i = 0; i < out->field_count; i++) {
		judge_field(&out->fields[i], kind);
		out->conflict = out->conflict || out->fields[i].conflict;
	}
	out->voided = json_is_true(merge_shown(out, "voided"));
	free(sorted);
	free(facts.settings);
	free(facts.gone);
}

void
merge_record_close(struct merge_record *record)
{
	for (size_t i = 0; i < record->field_count; i++)
		free(record->fields[i].values);
	free(record->fields);
	memset(record, 0, sizeof(*record));
}

const struct merge_field *
merge_field(const struct merge_record *record, const char *name)
{
	for (size_t i = 0; i < record->field_count; i++)
		if (strcmp(record->fields[i].name, name) == 0)
			return &record->fields[i];
	return NULL;
}

const json_t *
merge_shown(const struct merge_record *record, const char *name)
{
	const struct merge_field *field = merge_field(record, name);

	return field != NULL ? field->values[field->shown].value : NULL;
}

static void
add_version(json_t *list, const char *version)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), version) == 0)
			return;
	(void)json_array_append_new(list, json_string(version));
}

/* What the own entry set, and what it had named. */
static void
add_own(json_t *list, const char *field, const struct entry *own)
{
	const json_t *named = json_object_get(own->was, field);
	char version[2 * PMJ_VERSION_BYTES + 1];

	if (json_object_get(own->set, field) == NULL && named == NULL)
		return;
	add_version(list, text_hex(version, own->e, PMJ_VERSION_BYTES));
	for (size_t i = 0; i < json_array_size(named); i++)
		add_version(list, json_string_value(json_array_get(named, i)));
}

json_t *
merge_was_own(const struct merge_record *record, const json_t *set, const struct entry *const *own,
    size_t own_count)
{
	json_t *was = json_object();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)set, name, value)
	{
		const struct merge_field *field = merge_field(record, name);
		json_t *list = json_array();
		char version[2 * PMJ_VERSION_BYTES + 1];
		for (size_t i = 0; field != NULL && i < field->count; i++)
			(void)json_array_append_new(list,
			    json_string(
			        text_hex(version, field->values[i].entry->e, PMJ_VERSION_BYTES)));
		for (size_t i = 0; i < own_count; i++)
			add_own(list, name, own[i]);
		if (json_array_size(list) > 0)
			(void)json_object_set(was, name, list);
		json_decref(list);
	}
	return was;
}

json_t *
merge_was(const struct merge_record *record, const json_t *set)
{
	return merge_was_own(record, set, NULL, 0);
}

void
merge_digest_bytes(struct buf *out, const struct merge_record *record)
{
	size_t len = record->kind != NULL ? strlen(record->kind) : 0;

	buf_put(out, record->rec, PMJ_RECORD_BYTES);
	buf_put_u16(out, (uint16_t)len);
	buf_put(out, record->kind, len);
	for (size_t i = 0; i < record->field_count; i++) {
		const struct merge_field *field = &record->fields[i];
		len = strlen(field->name);
		buf_put_u16(out, (uint16_t)len);
		buf_put(out, field->name, len);
		buf_put_u16(out, (uint16_t)field->count);
		for (size_t j = 0; j < field->count; j++)
			buf_put(out, field->values[j].entry->e, PMJ_VERSION_BYTES);
	}
}
