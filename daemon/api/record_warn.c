/* record_warn.c - what is saved and yet cannot be used as it stands: said at once, for nothing that
 * a worker records is refused for it; and the little that is refused, for it would mean nothing. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"

/* The text is stolen. */
static void
add_warning(json_t *list, char *text)
{
	(void)json_array_append_new(list, json_string(text));
	free(text);
}

/* A recipient that takes nobody any more: the record waits, sending is refused. */
static void
warn_closed(json_t *list, const struct call *call, const struct kind *kind, const json_t *set)
{
	const char *id = kind->discloses_to != NULL ? json_str(set, kind->discloses_to) : NULL;
	struct record_full record = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	const struct kind *of;
	struct pmj_error err;

	if (id == NULL || strlen(id) != PMJ_RECORD_CHARS ||
	    !text_unbase32(rec, sizeof(rec), id, PMJ_RECORD_CHARS))
		return;
	if (records_load(call->core->journal, &record, rec, &err) == PMJ_OK &&
	    record.merged.kind != NULL &&
	    (of = kinds_get(&call->core->kinds, record.merged.kind)) != NULL) {
		const char *name = json_string_value(merge_shown(&record.merged, "state"));
		const struct state *state = name != NULL ? kind_state(of, name) : NULL;

		if (record.merged.voided || (state != NULL && state->closed)) {
			char *title = records_title(call->core->journal, rec, call->lang);

			add_warning(list,
			    mem_printf("%.60s has closed or takes nobody any more: this cannot be "
			               "sent there. Choose another: pamoja resource list",
			        title));
			free(title);
		}
	}
	record_full_close(&record);
}

void
record_warn(json_t *answer, const struct call *call, const struct kind *kind, const json_t *set)
{
	json_t *list = json_array();

	warn_closed(list, call, kind, set);
	if (kind->revocation_wins &&
	    record_class_empty(call, kind, json_object_get(set, "recipient")))
		add_warning(list,
		    mem_printf("nobody in the directory belongs to \"%.60s\" yet: until somebody "
		               "does, nothing can be sent under this. Write them in: pamoja "
		               "resource add",
		        json_str(set, "recipient")));
	if (json_array_size(list) > 0)
		(void)json_object_set(answer, "warnings", list);
	json_decref(list);
}

/* The person is still there to be asked: whoever records a consent that allows nothing hears it
 * now, and not on the day it is needed. */
void
record_say_unusable(json_t *answer, const struct call *call, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES])
{
	struct record_full record = {.row_count = 0};
	struct consent_verdict verdict = {.covered = true};
	struct pmj_error ignored = {0};
	uint8_t person[PMJ_RECORD_BYTES];
	const char *id;
	char date[11];

	if (!kind->revocation_wins)
		return;
	record_date(call, date);
	if (records_load(call->core->journal, &record, rec, &ignored) == PMJ_OK &&
	    !record.merged.voided) {
		id = json_string_value(merge_shown(&record.merged, "person"));
		consent_usable(&verdict, kind, &record.merged, date,
		    id != NULL && text_unbase32(person, sizeof(person), id, strlen(id))
		        ? country_age(call, person)
		        : CONSENT_OF_AGE);
	}
	if (!verdict.covered)
		(void)json_object_set_new(answer, "unusable",
		    json_pack("{s:s,s:s}", "missing", verdict.missing, "hint", verdict.hint));
	record_full_close(&record);
}

enum pmj_code
record_apart(const struct kind *kind, const json_t *set, struct pmj_error *err)
{
	const char *apart = consent_mixes(kind, json_object_get(set, "purpose"));
	enum pmj_code rc;

	if (apart == NULL)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_INVALID,
	    "\"%.40s\" takes a consent of its own: it cannot stand beside other purposes", apart);
	pmj_hint(err, "record two consents, one with purpose=\"%.40s\" alone", apart);
	return rc;
}

enum pmj_code
record_lasts(
    const struct call *call, const struct kind *kind, const json_t *set, struct pmj_error *err)
{
	const char *end = kind->due != NULL ? json_str(set, kind->due) : NULL,
	           *from = json_str(set, "from");
	char today[11];
	enum pmj_code rc;

	if (!kind->revocation_wins || end == NULL)
		return PMJ_OK;
	record_date(call, today);
	if (from != NULL && strcmp(from, end) > 0) {
		rc = pmj_fail(err, PMJ_INVALID,
		    "this %s would end on %.10s, before it begins on %.10s", kind->name, end, from);
		pmj_hint(err, "look at the paper again: %s=... is the last day", kind->due);
		return rc;
	}
	if (strcmp(end, today) >= 0)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_INVALID, "this %s ran out on %.10s: it allows nothing any more",
	    kind->name, end);
	pmj_hint(err,
	    "ask the person for a new one; if it is the date that is wrong: %s=YYYY-MM-DD",
	    kind->due);
	return rc;
}
