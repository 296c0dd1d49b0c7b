/* export_fhir.c - an export as one Bundle of the type collection: one file that a clinic's system
 * takes as it is, with what belongs together in one place, and with the notice in its meta, which
 * lines of resources (NDJSON) have no place for. */
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "cli/export.h"
#include "cli/fhir.h"
#include "cli/kinds.h"

static void
fhir_begin(struct export *e)
{
	char at[21];
	json_t *meta = json_pack("{s:[{s:s,s:s,s:s}],s:[{s:s,s:s,s:s}]}", "security", "system",
	    "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code", "NORDSCLCD", "display",
	    "no redisclosure without consent directive", "tag", "system", "urn:pamoja:notice",
	    "code", e->notice.version, "display", e->notice.text);
	char *text = json_text(meta);

	buf_putf(&e->bytes,
	    "{\"resourceType\":\"Bundle\",\"meta\":%s,\"type\":\"collection\",\"timestamp\":\"%s\"",
	    text, fhir_instant(at, os_now(&os_real)));
	free(text);
	json_decref(meta);
	e->state = json_pack("{s:i,s:i,s:{}}", "written", 0, "unmapped", 0, "people");
}

static void
count_one(struct export *e, const char *what)
{
	(void)json_object_set_new(
	    e->state, what, json_integer((json_int_t)json_int(e->state, what, 0) + 1));
}

/* An item as it is, for a record that comes without its maker (a list of all records). */
static void
put_fhir_item(struct export *e, const json_t *item)
{
	const json_t *kind = kinds_in(e->kinds, json_str(item, "kind")), *entry;
	json_t *entries = json_array();
	size_t i;

	if (!fhir_entries(entries, item, kind, json_obj(e->state, "people")))
		count_one(e, "unmapped");
	json_array_foreach(entries, i, entry)
	{
		/* FHIR has no empty lists: without an entry there is no "entry". */
		buf_put_text(
		    &e->bytes, json_int(e->state, "written", 0) > 0 ? ",\n" : ",\"entry\":[\n");
		json_put(&e->bytes, entry);
		count_one(e, "written");
	}
	json_decref(entries);
}

/* A list of all records begins with people (export_own_use), so who is there is known in time. */
static void
note_there(struct export *e, const json_t *items)
{
	json_t *people = json_object_get(e->state, "people");
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item) if (strcmp(json_str(item, "kind"), "person") == 0)(void)
	    json_object_set_new(people, json_str(item, "id"), json_true());
}

static void
fhir_person(struct export *e, const json_t *about, const json_t *items)
{
	const json_t *item, *consent = json_obj(about, "consent");
	size_t i;

	note_there(e, items);
	json_array_foreach(items, i, item)
	{
		const char *id = json_str(item, "id");

		if (consent != NULL && id != NULL && strcmp(id, json_str(consent, "id")) == 0)
			continue; /* the copy of it follows */
		put_fhir_item(e, item);
	}
	if (consent != NULL)
		put_fhir_item(e, consent);
}

static void
fhir_end(struct export *e)
{
	buf_put_text(&e->bytes, json_int(e->state, "written", 0) > 0 ? "\n]}\n" : "}\n");
	if (json_int(e->state, "unmapped", 0) > 0)
		e->unmapped = (size_t)json_int(e->state, "unmapped", 0);
}

const struct export_writer export_fhir = {fhir_begin, fhir_person, fhir_end};
