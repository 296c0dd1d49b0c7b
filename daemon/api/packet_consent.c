/* packet_consent.c - the copy of the consent that goes with a packet. */
#include <string.h>

#include "api/packet_inner.h"

static void
put_line(json_t *lines, const struct call *call, const struct kind *kind,
    const struct merge_record *consent, const char *name)
{
	json_t *line = packet_line(call, kind, consent, name);

	if (line != NULL)
		(void)json_array_append_new(lines, line);
}

static bool
is_needed(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->consent_needs_count; i++)
		if (strcmp(kind->consent_needs[i], name) == 0)
			return true;
	return false;
}

/* The picture itself is not in it: the copy says in words all that the law asks for, and a picture
 * of the paper tells more than the person chose to. Who has to see it knows whom to ask. */
static void
put_photo(json_t *lines, const struct call *call, const struct record_full *consent)
{
	static const char *const label[LANG_COUNT] = {"Photo of the paper", "Picha ya karatasi"},
	                         *const text[LANG_COUNT] = {"kept by who gives this; not in here",
	                             "imetunzwa na anayetoa hii; haimo humu"};
	json_t *photo = record_photo_said(call, consent);

	if (json_flag(photo, "whole"))
		(void)json_array_append_new(lines,
		    json_pack("{s:s,s:s}", "label", label[call->lang], "text", text[call->lang]));
	json_decref(photo);
}

/* The copy of the consent: what makes one complete, then whatever else the person said, so that no
 * restriction is lost on the way. A worker's note is none of it. */
json_t *
packet_consent(const struct call *call, const struct kind *kind, const struct record_full *consent)
{
	static const char *const no_end[LANG_COUNT] = {"none", "haina mwisho"};
	json_t *out = call_id(call, consent->merged.rec), *lines = json_array();

	for (size_t i = 0; i < kind->consent_needs_count; i++) {
		const struct field *field = kind_field(kind, kind->consent_needs[i]);
		json_t *line = packet_line(call, kind, &consent->merged, kind->consent_needs[i]);

		/* It covers, so what is missing is what the general one may leave open. */
		if (line == NULL && kind->due != NULL && strcmp(field->name, kind->due) == 0)
			line = json_pack("{s:s,s:s}", "label", texts_in(&field->label, call->lang),
			    "text", no_end[call->lang]);
		if (line != NULL)
			(void)json_array_append_new(lines, line);
	}
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].type != FIELD_NOTE && !is_needed(kind, kind->fields[i].name))
			put_line(lines, call, kind, &consent->merged, kind->fields[i].name);
	put_photo(lines, call, consent);
	(void)json_object_set_new(out, "lines", lines);
	return out;
}
