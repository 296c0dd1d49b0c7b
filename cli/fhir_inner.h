/* fhir_inner.h - what the files of fhir share; for fhir_*.c alone. */
#ifndef CLI_FHIR_INNER_H
#define CLI_FHIR_INNER_H
#include "cli/fhir.h"

#define ACT_CODE "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define UCUM "http://unitsofmeasure.org"
#define RECORD_SYSTEM "urn:pamoja:record"
enum { SELF, TASK = 1, PROVENANCE = 2 };

struct resource_of { /* of one record */
	const json_t *item, *kind, *fields, *texts;
	const char *id, *state;
	const json_t *there; /* people who are in the bundle */
	json_t *entries;
};

/** What is said of a field, for people; NULL: nothing. */
const char *fhir_words(const struct resource_of *m, const char *field);
/** A plain value of a field; NULL also for "chose not to say". */
const char *fhir_plain(const struct resource_of *m, const char *field);
/** What stands beside a word in a table of pairs that NULL ends; otherwise when it stands nowhere.
 */
const char *fhir_beside(const char *const (*pairs)[2], const char *word, const char *otherwise);
/** A reference to whom the record is about. Somebody who is not in the bundle is named by their
 * number alone: a url would lead nowhere. */
json_t *fhir_patient(const struct resource_of *m);
/** NULL for neither. */
json_t *fhir_period(const char *start, const char *end);
/** [one]; NULL for NULL. Steals it. */
json_t *fhir_list(json_t *one);
/** With its id, its marks of confidence, and all that is told of the record, readable. */
json_t *fhir_begin_resource(const struct resource_of *m, const char *type, unsigned which);
void fhir_put_entry(const struct resource_of *m, json_t *resource, unsigned which);
json_t *fhir_identifier(const struct resource_of *m);
/** NULL: a list does not say it. */
json_t *fhir_made_on(const struct resource_of *m);
json_t *fhir_notes(const struct resource_of *m, const char *field);

#endif
