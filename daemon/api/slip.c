/* slip.c - what a person carries to where they were sent: where and when, and a code by which the
 * answer comes back. Nothing on it says why they go, nor who sent them; and whoever tries codes
 * learns nothing of whom we know. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/code.h"
#include "domain/notice.h"

struct slip {
	struct call call; /* in the language of the person, where it is one of ours */
	struct notice notice;
	const struct kind *kind;
	const struct merge_record *merged;
	json_t *lines, *left_out;
};

/* The person reads it. */
static void
choose_language(struct slip *slip)
{
	const char *id = json_string_value(merge_shown(slip->merged, slip->kind->subjects[0]));
	struct record_full person = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	const char *spoken;

	if (id == NULL || !text_unbase32(rec, sizeof(rec), id, strlen(id)) ||
	    records_load(slip->call.core->journal, &person, rec, NULL) != PMJ_OK)
		return;
	spoken = json_string_value(merge_shown(&person.merged, "language"));
	if (spoken != NULL && strcmp(spoken, "swahili") == 0)
		slip->call.lang = LANG_SW;
	else if (spoken != NULL && strcmp(spoken, "english") == 0)
		slip->call.lang = LANG_EN;
	record_full_close(&person);
}

/* A line that would tell others why the person goes there is left out, and the worker is told. */
static bool
put_slip_line(struct slip *slip, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return false;
	if (notice_has_word(&slip->notice, text)) {
		(void)json_array_append_new(slip->left_out, json_string(label));
		return false;
	}
	(void)json_array_append_new(
	    slip->lines, json_pack("{s:s,s:s}", "label", label, "text", text));
	return true;
}

/* called: the field whose label stands before it; NULL: its own. */
static bool
put_slip_field(struct slip *slip, const struct kind *kind, const struct merge_record *merged,
    const char *name, const char *called)
{
	const struct field *field = name != NULL ? kind_field(kind, name) : NULL;
	const json_t *value = field != NULL ? merge_shown(merged, name) : NULL;
	bool put = false;
	char *text;

	if (value == NULL || json_is_null(value) || json_is_object(value))
		return false;
	text = record_words(&slip->call, field, value);
	if (called != NULL)
		field = kind_field(kind, called);
	put = put_slip_line(slip, texts_in(&field->label, slip->call.lang), text);
	free(text);
	return put;
}

/* Where it is: by the name that a slip may say, else by its own. */
static enum pmj_code
put_slip_place(struct slip *slip, struct pmj_error *err)
{
	const json_t *to = slip->kind->discloses_to != NULL
	                       ? merge_shown(slip->merged, slip->kind->discloses_to)
	                       : NULL;
	const struct field *field = kind_field(slip->kind, slip->kind->discloses_to);
	struct record_full record = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	const struct kind *kind;
	enum pmj_code rc;

	if (!value_is_id(to) ||
	    !text_unbase32(rec, sizeof(rec), json_string_value(to), PMJ_RECORD_CHARS)) {
		(void)put_slip_line(
		    slip, texts_in(&field->label, slip->call.lang), json_string_value(to));
		return PMJ_OK;
	}
	if ((rc = records_load(slip->call.core->journal, &record, rec, err)) == PMJ_OK &&
	    record.merged.kind != NULL &&
	    (kind = kinds_get(&slip->call.core->kinds, record.merged.kind)) != NULL) {
		if (!put_slip_field(slip, kind, &record.merged, kind->slip_called, kind->shows))
			(void)put_slip_field(slip, kind, &record.merged, kind->shows, NULL);
		for (size_t i = 0; i < kind->slip_count; i++)
			(void)put_slip_field(slip, kind, &record.merged, kind->slip[i], NULL);
	}
	record_full_close(&record);
	return rc;
}

/* The code that stands; one that was made before there were codes gets its own now. */
static enum pmj_code
slip_code(const struct call *call, char out[static CODE_CHARS + 1], const struct kind *kind,
    const struct record_full *record, struct pmj_error *err)
{
	const struct field *field = kind_code(kind);
	const char *stands = json_string_value(merge_shown(&record->merged, field->name));
	uint8_t random[CODE_RANDOM];
	json_t *set, *answer = NULL;
	enum pmj_code rc;

	if (stands != NULL && code_read(out, stands))
		return PMJ_OK;
	call->core->os->random(call->core->os->ctx, random, sizeof(random));
	set = json_pack("{s:s}", field->name, code_make(out, random));
	rc = record_append(call, &answer, kind, record->merged.rec, record, set, NULL, err);
	json_decref(set);
	json_decref(answer);
	return rc;
}

static enum pmj_code
may_have_slip(const struct kind *kind, const struct merge_record *merged, struct pmj_error *err)
{
	const char *name = json_string_value(merge_shown(merged, "state"));
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;
	enum pmj_code rc;

	if (!kind_sends(kind) || kind_code(kind) == NULL || kind->subject_count == 0) {
		rc = pmj_fail(err, PMJ_USAGE, "there is no slip for a %s", kind->name);
		pmj_hint(err, "name a referral: pamoja referral list shows the ids");
		return rc;
	}
	if (merged->voided)
		return pmj_fail(err, PMJ_REFUSED, "this %s was voided", kind->name);
	if (state == NULL || (!state->closed && !state->refusing))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "this %s is %s: there is nowhere to go with a slip",
	    kind->name, name);
	pmj_hint(err, "add a new one for another service");
	return rc;
}

static enum pmj_code
make_slip(struct slip *slip, json_t **out, const char *code, struct pmj_error *err)
{
	char shown[CODE_SHOWN_MAX];
	json_t *notice;
	enum pmj_code rc;

	choose_language(slip);
	if ((rc = put_slip_place(slip, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < slip->kind->slip_count; i++)
		(void)put_slip_field(slip, slip->kind, slip->merged, slip->kind->slip[i], NULL);
	notice = notice_json(&slip->notice, slip->call.lang);
	*out = call_id(&slip->call, slip->merged->rec);
	(void)json_object_set_new(*out, "code", json_string(code_show(shown, code)));
	(void)json_object_set_new(
	    *out, "lang", json_string(slip->call.lang == LANG_SW ? "sw" : "en"));
	(void)json_object_set(*out, "title", json_object_get(notice, "title"));
	(void)json_object_set(*out, "paragraphs", json_object_get(notice, "paragraphs"));
	(void)json_object_set(*out, "lines", slip->lines);
	(void)json_object_set(*out, "left_out", slip->left_out);
	json_decref(notice);
	return PMJ_OK;
}

enum pmj_code
record_slip(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	struct slip slip = {.call = *call, .merged = &record.merged};
	uint8_t rec[PMJ_RECORD_BYTES];
	char code[CODE_CHARS + 1];
	enum pmj_code rc;

	slip.lines = json_array();
	slip.left_out = json_array();
	if ((rc = record_open(call, &record, &slip.kind, rec, err)) != PMJ_OK ||
	    (rc = may_have_slip(slip.kind, &record.merged, err)) != PMJ_OK ||
	    (rc = record_notice(call, &slip.notice, "slip", err)) != PMJ_OK)
		goto out;
	if ((rc = slip_code(call, code, slip.kind, &record, err)) == PMJ_OK)
		rc = make_slip(&slip, out, code, err);
	notice_close(&slip.notice);
out:
	json_decref(slip.lines);
	json_decref(slip.left_out);
	record_full_close(&record);
	return rc;
}

/* A code of nobody, and one of a person whom others work with, are one and the same here. */
enum pmj_code
record_code(const struct call *call, json_t **out, struct pmj_error *err)
{
	const char *wanted = json_str(call->query, "kind");
	uint8_t rec[PMJ_RECORD_BYTES];
	char code[CODE_CHARS + 1];
	const struct kind *kind;
	bool found;
	enum pmj_code rc;

	if (wanted == NULL)
		return pmj_fail(err, PMJ_USAGE, "\"kind\" is missing");
	if ((rc = kinds_need(&kind, &call->core->kinds, wanted, err)) != PMJ_OK)
		return rc;
	if (!code_read(code, call->part[0])) {
		rc = pmj_fail(err, PMJ_INVALID, "%.40s is not the code of a slip", call->part[0]);
		pmj_hint(
		    err, "it has ten letters and digits; read it again, or ask for it once more");
		return rc;
	}
	if ((rc = records_by_code(call->core->journal, rec, &found, kind, code, err)) != PMJ_OK)
		return rc;
	if (found) {
		*out = call_id(call, rec);
		return PMJ_OK;
	}
	rc = pmj_fail(err, PMJ_NOT_FOUND, "no %s with this code is here", kind->name);
	pmj_hint(err, "the office has them all; after a sync more may be here");
	return rc;
}
