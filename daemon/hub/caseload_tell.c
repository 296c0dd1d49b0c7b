/* caseload_tell.c - the caseload begun, and told: of each worker, and of who fits a person. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "hub/caseload.h"

#define WITHOUT_MAX 20
#define CONSENTS_MAX 100 /* listed by themselves */
#define DAYS_SOON 30

/* ---- begun ---- */

static int
by_laptop(const void *a, const void *b)
{
	return memcmp(((const struct load_name *)a)->device, ((const struct load_name *)b)->device,
	    PMJ_DEVICE_BYTES);
}

struct load *
load_named(struct hub_caseload *load, const char *name)
{
	for (size_t i = 0; i < load->count; i++)
		if (text_same(load->list[i].name, name))
			return &load->list[i];
	return NULL;
}

struct load *
load_of(struct hub_caseload *load, const uint8_t device[static PMJ_DEVICE_BYTES])
{
	struct load_name wanted = {.at = 0};
	const struct load_name *found;

	memcpy(wanted.device, device, PMJ_DEVICE_BYTES);
	found = load->name_count == 0
	            ? NULL
	            : bsearch(&wanted, load->names, load->name_count, sizeof(wanted), by_laptop);
	return found != NULL ? &load->list[found->at] : NULL;
}

/* What was written on a laptop that is lost counts for the worker's new one. */
static enum pmj_code
read_workers(struct hub_caseload *load, struct pmj_error *err)
{
	struct hub_device *all = NULL;
	size_t count = 0;
	enum pmj_code rc = office_mailboxes(load->hub, &all, &count, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct load *one;

		if (strcmp(all[i].state, "revoked") == 0)
			continue;
		load->list = mem_grow(load->list, load->count + 1, sizeof(*load->list));
		one = &load->list[load->count++];
		*one = (struct load){.tags = json_array(), .languages = json_array()};
		memcpy(one->device, all[i].device, PMJ_DEVICE_BYTES);
		(void)snprintf(one->name, sizeof(one->name), "%s", all[i].name);
		(void)snprintf(one->role, sizeof(one->role), "%s", all[i].role);
		(void)snprintf(one->until, sizeof(one->until), "%s", all[i].until);
	}
	load->names = mem_array(count, sizeof(*load->names));
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		const struct load *who = NULL;

		for (size_t j = 0; j < load->count && who == NULL; j++)
			if (memcmp(load->list[j].device, all[i].device, PMJ_DEVICE_BYTES) == 0)
				who = &load->list[j];
		if (who == NULL)
			who = load_named(load, all[i].name);
		if (who == NULL)
			continue;
		memcpy(load->names[load->name_count].device, all[i].device, PMJ_DEVICE_BYTES);
		load->names[load->name_count++].at = (size_t)(who - load->list);
	}
	if (load->name_count > 0)
		qsort(load->names, load->name_count, sizeof(*load->names), by_laptop);
	free(all);
	return rc;
}

static void
set_days(struct hub_caseload *load)
{
	const struct os *os = load->hub->os;
	int64_t now = os_now(os), day;
	char stamp[17];

	(void)date_stamp(stamp, now, os->offset_minutes(os->ctx, now));
	(void)snprintf(load->today, sizeof(load->today), "%.10s", stamp);
	day = date_days(load->today);
	date_of_days(load->soon, day + DAYS_SOON);
	date_of_days(load->contacts_from, day - 27);
	date_of_days(load->week_from, day - 6);
	(void)snprintf(load->month_from, sizeof(load->month_from), "%.8s01", stamp);
	(void)snprintf(load->early_from, sizeof(load->early_from), "%s",
	    strcmp(load->month_from, load->week_from) < 0 ? load->month_from : load->week_from);
}

/* What the person needs, as their record says; a list of it in `wants`. */
static enum pmj_code
read_person(struct hub_caseload *load, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc = records_load(load->hub->journal, &record, load->person, err);

	if (rc == PMJ_OK) {
		const json_t *wants = merge_shown(&record.merged, "wants"),
		             *language = merge_shown(&record.merged, "language");

		if (json_array_size(load->wants) == 0 && json_is_array(wants))
			(void)json_array_extend(load->wants, (json_t *)wants);
		if (json_array_size(load->language) == 0 && json_is_string(language))
			(void)json_array_append(load->language, (json_t *)language);
	}
	record_full_close(&record);
	return rc;
}

enum pmj_code
hub_caseload_new(struct hub *hub, struct hub_caseload **out, const struct hub_match *match,
    enum lang lang, struct pmj_error *err)
{
	const struct kinds *kinds = journal_kinds(hub->journal);
	struct hub_caseload *load = mem_new(sizeof(*load));
	enum pmj_code rc;

	load->hub = hub;
	load->lang = lang;
	load->consents = json_array();
	load->without = json_array();
	load->wants = json_array();
	load->language = json_array();
	for (size_t i = 0; i < kinds->count && load->expected == NULL; i++)
		if (kinds->list[i]->month_minutes > 0 || kinds->list[i]->week_times > 0)
			load->expected = kinds->list[i];
	set_days(load);
	rc = read_workers(load, err);
	if (rc == PMJ_OK && match != NULL) {
		load->matches = true;
		memcpy(load->person, match->person, sizeof(load->person));
		if (match->tag != NULL)
			(void)json_array_append_new(load->wants, json_string(match->tag));
		if (match->language != NULL)
			(void)json_array_append_new(load->language, json_string(match->language));
		rc = read_person(load, err);
	}
	if (rc == PMJ_OK) {
		*out = load;
		load = NULL;
	}
	hub_caseload_free(load);
	return rc;
}

void
hub_caseload_free(struct hub_caseload *load)
{
	if (load == NULL)
		return;
	for (size_t i = 0; i < load->count; i++) {
		json_decref(load->list[i].tags);
		json_decref(load->list[i].languages);
	}
	free(load->list);
	free(load->names);
	json_decref(load->consents);
	json_decref(load->without);
	json_decref(load->wants);
	json_decref(load->language);
	free(load);
}

void
load_consent(struct hub_caseload *load, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t person[static PMJ_RECORD_BYTES], const char *expires)
{
	char id[PMJ_RECORD_CHARS + 1], small[PMJ_RECORD_CHARS + 1], *title;

	if (json_array_size(load->consents) == CONSENTS_MAX)
		return;
	title = records_title(load->hub->journal, person, load->lang);
	records_short(load->hub->journal, small, rec);
	(void)json_array_append_new(load->consents,
	    json_pack("{s:s,s:s,s:s,s:s}", "id", text_base32(id, rec, PMJ_RECORD_BYTES), "short",
	        small, "person", title, "expires", expires));
	free(title);
}

void
load_without(struct hub_caseload *load, const uint8_t person[static PMJ_RECORD_BYTES])
{
	char id[PMJ_RECORD_CHARS + 1], small[PMJ_RECORD_CHARS + 1], *title;

	if (json_array_size(load->without) == WITHOUT_MAX)
		return;
	title = records_title(load->hub->journal, person, load->lang);
	records_short(load->hub->journal, small, person);
	(void)json_array_append_new(load->without,
	    json_pack("{s:s,s:s,s:s}", "id", text_base32(id, person, PMJ_RECORD_BYTES), "short",
	        small, "person", title));
	free(title);
}

/* ---- told ---- */

static bool
has_word(const json_t *list, const json_t *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i,
	    one) if (text_same(json_string_value(one), json_string_value(word))) return true;
	return false;
}

static json_t *
words_missing(const json_t *wanted, const json_t *there)
{
	json_t *list = json_array();
	const json_t *word;
	size_t i;

	json_array_foreach(wanted, i, word) if (!has_word(there, word))(void)
	    json_array_append(list, (json_t *)word);
	return list;
}

static enum pmj_code
put_match(struct hub_caseload *load, const struct load *who, json_t *item, struct pmj_error *err)
{
	json_t *lacks = words_missing(load->wants, who->tags),
	       *speaks = words_missing(load->language, who->languages);
	struct hub_device device;
	struct pmj_error why;
	bool on = false;
	enum pmj_code rc;

	if ((rc = office_device(load->hub, &device, who->device, err)) == PMJ_OK &&
	    (rc = office_on_team(load->hub, &on, load->person, who->device, -1, err)) == PMJ_OK) {
		enum pmj_code may = boundary_allows(load->hub, load->person, &device, &why);

		(void)json_object_set(item, "lacks", lacks);
		(void)json_object_set_new(
		    item, "speaks", json_boolean(json_array_size(speaks) == 0));
		(void)json_object_set_new(item, "apart", json_boolean(may == PMJ_REFUSED));
		(void)json_object_set_new(item, "has", json_boolean(on));
		(void)json_object_set_new(
		    item, "full", json_boolean(who->most > 0 && who->people >= who->most));
	}
	json_decref(lacks);
	json_decref(speaks);
	return rc;
}

static enum pmj_code
load_item(struct hub_caseload *load, const struct load *who, json_t **out, struct pmj_error *err)
{
	json_t *item = json_pack("{s:o,s:s,s:s,s:s?,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O,s:O}",
	    "device", json_hex(who->device, PMJ_DEVICE_BYTES), "name", who->name, "role", who->role,
	    "until", who->until[0] != '\0' ? who->until : NULL, "people", (json_int_t)who->people,
	    "most", (json_int_t)who->most, "contacts", (json_int_t)who->contacts, "crises",
	    (json_int_t)who->crises, "overdue", (json_int_t)who->overdue, "certificates",
	    (json_int_t)who->certificates, "consents", (json_int_t)who->consents, "boundaries",
	    (json_int_t)who->boundaries, "tags", who->tags, "languages", who->languages);
	enum pmj_code rc = PMJ_OK;

	(void)json_object_set_new(item, "supervision",
	    json_pack("{s:I,s:I,s:I}", "minutes", (json_int_t)who->minutes, "times",
	        (json_int_t)who->times, "week", (json_int_t)who->week));
	if (load->matches)
		rc = put_match(load, who, item, err);
	*out = item;
	return rc;
}

/* Who fits best stands first: nothing missing, the language, no boundary, and then the fewest
 * people. */
static int64_t
how_far(const json_t *item)
{
	return (json_flag(item, "apart") ? INT64_C(1000000000) : 0) +
	       (int64_t)json_array_size(json_arr(item, "lacks")) * 10000000 +
	       (json_flag(item, "speaks") ? 0 : INT64_C(1000000)) +
	       (json_flag(item, "full") ? INT64_C(100000) : 0) + json_int(item, "people", 0);
}

static int
by_fit(const void *a, const void *b)
{
	int64_t x = how_far(*(json_t *const *)a), y = how_far(*(json_t *const *)b);

	return (x > y) - (x < y);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(json_str(*(json_t *const *)a, "name"), json_str(*(json_t *const *)b, "name"));
}

static int
by_day(const void *a, const void *b)
{
	return strcmp(
	    json_str(*(json_t *const *)a, "expires"), json_str(*(json_t *const *)b, "expires"));
}

static json_t *
sorted(const json_t *list, int (*order)(const void *, const void *))
{
	size_t count = json_array_size(list);
	json_t **items = mem_array(count, sizeof(json_t *)), *out = json_array();

	for (size_t i = 0; i < count; i++)
		items[i] = json_array_get(list, i);
	if (count > 0)
		qsort((void *)items, count, sizeof(*items), order);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append(out, items[i]);
	free((void *)items);
	return out;
}

enum pmj_code
caseload_tell(struct hub_caseload *load, json_t **out, struct pmj_error *err)
{
	json_t *items = json_array(), *item;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < load->count && rc == PMJ_OK; i++) {
		rc = load_item(load, &load->list[i], &item, err);
		(void)json_array_append_new(items, item);
	}
	if (rc == PMJ_OK && load->matches)
		*out = json_pack("{s:o,s:O,s:O}", "items", sorted(items, by_fit), "wants",
		    load->wants, "language", load->language);
	else if (rc == PMJ_OK)
		*out = json_pack("{s:o,s:I,s:O,s:o,s:I,s:{s:I,s:I}}", "items",
		    sorted(items, by_name), "nobodys", (json_int_t)load->nobodys, "without",
		    load->without, "consents", sorted(load->consents, by_day), "weeks",
		    (json_int_t)4, "expects", "minutes",
		    (json_int_t)(load->expected != NULL ? load->expected->month_minutes : 0),
		    "week", (json_int_t)(load->expected != NULL ? load->expected->week_times : 0));
	json_decref(items);
	return rc;
}
