/* fhir_parts.c - what every resource has: who it is about, its narrative, its place in the bundle.
 */
#include <stdio.h>
#include <string.h>

#include "cli/fhir_inner.h"
#include "cli/kinds.h"

const char *
fhir_words(const struct resource_of *m, const char *field)
{
	return json_str(m->texts, field);
}

const char *
fhir_plain(const struct resource_of *m, const char *field)
{
	return json_str(m->fields, field);
}

const char *
fhir_beside(const char *const (*pairs)[2], const char *word, const char *otherwise)
{
	for (; word != NULL && (*pairs)[0] != NULL; pairs++)
		if (strcmp((*pairs)[0], word) == 0)
			return (*pairs)[1];
	return otherwise;
}

json_t *
fhir_patient(const struct resource_of *m)
{
	const char *id = fhir_plain(m, "person");
	json_t *out = NULL;

	if (id != NULL && json_object_get(m->there, id) == NULL)
		out = json_pack("{s:{s:s,s:s},s:s*}", "identifier", "system", RECORD_SYSTEM,
		    "value", id, "display", fhir_words(m, "person"));
	else
		out = fhir_reference(id, SELF, fhir_words(m, "person"));
	if (out != NULL)
		(void)json_object_set_new(out, "type", json_string("Patient"));
	return out;
}

/* FHIR knows no end before its beginning (per-1); the narrative has what was written. */
json_t *
fhir_period(const char *start, const char *end)
{
	if (start != NULL && end != NULL && strcmp(end, start) < 0)
		end = NULL;
	return start == NULL && end == NULL ? NULL
	                                    : json_pack("{s:s*,s:s*}", "start", start, "end", end);
}

json_t *
fhir_list(json_t *one)
{
	return one != NULL ? json_pack("[o]", one) : NULL;
}

/* ---- the narrative: all that is told of the record, readable ---- */

static void
put_xhtml(struct buf *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		static const char special[] = "&<>\"";
		static const char *const as[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
		const char *hit = strchr(special, *text);

		if (hit != NULL)
			buf_put_text(out, as[hit - special]);
		else if ((unsigned char)*text >= ' ')
			buf_put_u8(out, (uint8_t)*text);
		else
			buf_put_text(out, *text == '\n' ? "<br/>" : " ");
	}
}

static void
put_said(struct buf *div, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_put_text(div, "<tr><td>");
	put_xhtml(div, label);
	buf_put_text(div, "</td><td>");
	put_xhtml(div, text);
	buf_put_text(div, "</td></tr>");
}

static json_t *
narrative(const struct resource_of *m)
{
	const json_t *field, *said;
	const char *name;
	struct buf div;
	json_t *out;
	size_t i;

	buf_init(&div, 0);
	buf_put_text(&div, "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>");
	put_xhtml(&div, json_str(m->kind, "title"));
	if (json_str(m->item, "state_label") != NULL) {
		buf_put_text(&div, ": ");
		put_xhtml(&div, json_str(m->item, "state_label"));
	}
	buf_put_text(&div, "</p><table>");
	json_array_foreach(json_arr(m->kind, "fields"), i, field)
	{
		const char *text = fhir_words(m, json_str(field, "name"));

		put_said(&div, kinds_label(field), text);
	}
	json_object_foreach((json_t *)json_obj(m->item, "texts"), name, said)
	{
		if (kinds_field(m->kind, name) == NULL) /* of a newer version of it */
			put_said(&div, name, json_string_value(said));
	}
	buf_put_text(&div, "<tr><td>id</td><td>");
	put_xhtml(&div, m->id);
	buf_put_text(&div, "</td></tr></table></div>");
	out = json_pack("{s:s,s:s}", "status", "additional", "div", buf_text(&div));
	buf_wipe(&div);
	return out;
}

/* ---- one resource ---- */

json_t *
fhir_begin_resource(const struct resource_of *m, const char *type, unsigned which)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "%s%s", m->id,
	    which == TASK         ? "-task"
	    : which == PROVENANCE ? "-by"
	                          : "");
	return json_pack("{s:s,s:s,s:{s:[{s:s,s:s},{s:s,s:s}]},s:o}", "resourceType", type, "id",
	    id, "meta", "security", "system",
	    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code", "R", "system",
	    ACT_CODE, "code", "NORDSCLCD", "text", narrative(m));
}

void
fhir_put_entry(const struct resource_of *m, json_t *resource, unsigned which)
{
	char url[FHIR_URL_MAX];

	(void)json_array_append_new(m->entries,
	    json_pack("{s:s,s:o}", "fullUrl", fhir_url(url, m->id, which), "resource", resource));
}

json_t *
fhir_identifier(const struct resource_of *m)
{
	return json_pack("[{s:s,s:s}]", "system", RECORD_SYSTEM, "value", m->id);
}

json_t *
fhir_made_on(const struct resource_of *m)
{
	char at[21];

	if (json_object_get(m->item, "made_at") == NULL)
		return NULL;
	return json_string(fhir_instant(at, json_int(m->item, "made_at", 0)));
}

json_t *
fhir_notes(const struct resource_of *m, const char *field)
{
	return fhir_list(fhir_text(fhir_words(m, field)));
}
