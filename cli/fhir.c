/* fhir.c - what FHIR resources are made of: references, codes, instants, and the narrative that a
 * person can read in each. */
#include "cli/fhir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"

/* A UUID of version 8 (RFC 9562, 5.8): the 80 bits of the record's id, which of its resources, and
 * letters of ours in the rest. */
char *
fhir_url(char out[static FHIR_URL_MAX], const char *record, unsigned which)
{
	static const uint8_t own[3] = {'p', 'm', 'j'};
	uint8_t id[10] = {0}, uuid[16] = {0};
	char hex[33];

	if (record != NULL && strlen(record) == 16)
		(void)text_unbase32(id, sizeof(id), record, 16);
	memcpy(uuid, id, 6);
	uuid[6] = 0x80;
	uuid[7] = id[6];
	uuid[8] = 0x80;
	memcpy(uuid + 9, id + 7, 3);
	memcpy(uuid + 12, own, sizeof(own));
	uuid[15] = (uint8_t)which;
	(void)text_hex(hex, uuid, sizeof(uuid));
	(void)snprintf(out, FHIR_URL_MAX, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
	    hex + 12, hex + 16, hex + 20);
	return out;
}

json_t *
fhir_reference(const char *record, unsigned which, const char *display)
{
	char url[FHIR_URL_MAX];

	if (record == NULL)
		return NULL;
	return json_pack("{s:s,s:s*}", "reference", fhir_url(url, record, which), "display",
	    display != NULL && *display != '\0' ? display : NULL);
}

json_t *
fhir_text(const char *text)
{
	return text != NULL && *text != '\0' ? json_pack("{s:s}", "text", text) : NULL;
}

json_t *
fhir_coded(const char *system, const char *code, const char *text)
{
	return json_pack("{s:[{s:s,s:s}],s:s*}", "coding", "system", system, "code", code, "text",
	    text != NULL && *text != '\0' ? text : NULL);
}

char *
fhir_instant(char out[static 21], int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, 21, "1970-01-01T00:00:00Z");
	return out;
}

void
fhir_put(json_t *resource, const char *name, json_t *value)
{
	if (value != NULL)
		(void)json_object_set_new(resource, name, value);
}
