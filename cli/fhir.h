/* fhir.h - a record as FHIR R4 resources (hl7.org/fhir/R4). Pure. */
#ifndef CLI_FHIR_H
#define CLI_FHIR_H
#include "base/json.h"

#define FHIR_URL_MAX 46
/** "urn:uuid:…" made of a record's id, the same for ever. which: 0 the record itself; else another
 * resource that is made of it. Returns out. */
char *fhir_url(char out[static FHIR_URL_MAX], const char *record, unsigned which);
/** {"reference","display"?} */
json_t *fhir_reference(const char *record, unsigned which, const char *display);
/** {"text"}; NULL for no text. */
json_t *fhir_text(const char *text);
/** {"coding":[{"system","code"}],"text"?} */
json_t *fhir_coded(const char *system, const char *code, const char *text);
/** Milliseconds since 1970 as an instant, "2026-11-23T14:05:00Z". Returns out. */
char *fhir_instant(char out[static 21], int64_t ms);
/** Sets it unless it is NULL. Steals value. */
void fhir_put(json_t *resource, const char *name, json_t *value);

/**
 * The resources of one record, as entries of a Bundle, put behind entries.
 *
 * item   as GET /v1/record/ID/everything gives it; what a consent does not cover is not there.
 * kind   its declaration: labels for the narrative.
 * there  {ID:…} of people who are in the bundle; others are named by their number, not by a url.
 * Returns  false: such a record has no form in FHIR.
 */
bool fhir_entries(json_t *entries, const json_t *item, const json_t *kind, const json_t *there);

#endif
