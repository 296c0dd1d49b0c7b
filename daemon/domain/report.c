/* report.c - [report NAME] of a kind: what of its records is counted. */
#include "domain/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/kind_check_inner.h"
#include "domain/kind_part.h"

static const char *const report_keys[] = {
    "place", "title.en", "title.sw", "on", "sums", "seen", "change", "by"};

enum pmj_code
kind_read_report(struct kind *kind, const struct part *part)
{
	struct report *report;
	enum pmj_code rc;

	kind->reports = mem_grow(kind->reports, kind->report_count + 1, sizeof(*kind->reports));
	report = &kind->reports[kind->report_count++];
	memset(report, 0, sizeof(*report));
	report->name = mem_strdup(part->section + strlen("report "));
	report->on = part_text(part, "on");
	report->sums = part_text(part, "sums");
	report->seen = part_text(part, "seen");
	report->change = part_text(part, "change");
	if ((rc = kind_check_keys(part, report_keys, COUNT(report_keys), NULL)) != PMJ_OK ||
	    (rc = part_number(&report->place, part, "place")) != PMJ_OK ||
	    (rc = part_texts(&report->title, part, "title", true)) != PMJ_OK ||
	    (rc = part_list(&report->by, &report->by_count, part, "by")) != PMJ_OK)
		return rc;
	return report->place < 1 ? part_missing(part, "place", "1") : PMJ_OK;
}

void
report_close(struct report *report)
{
	free(report->name);
	free(report->on);
	free(report->sums);
	free(report->seen);
	free(report->change);
	for (size_t i = 0; i < report->by_count; i++)
		free(report->by[i]);
	free((void *)report->by);
	for (size_t i = 0; i < LANG_COUNT; i++)
		free(report->title.in[i]);
}

static enum pmj_code
wrong_report(const struct report *report, const char *key, const struct conf *conf,
    struct pmj_error *err, const char *what, const char *mend)
{
	(void)conf_fail(err, conf, kind_check_line_in(conf, "report", report->name, key),
	    "[report %.40s]: %s", report->name, what);
	pmj_hint(err, "%s", mend);
	return PMJ_INVALID;
}

static bool
is_of_type(const struct kind *kind, const char *name, enum field_type type)
{
	const struct field *field = name != NULL ? kind_field(kind, name) : NULL;

	return name == NULL || (field != NULL && field->type == type);
}

/* What divides the whole: each record has one of it, and it names nobody. */
static bool
divides(const struct field *field)
{
	return field->type == FIELD_CHOICE || field->type == FIELD_YES_NO ||
	       field->type == FIELD_PLACE;
}

enum pmj_code
kind_check_report(const struct kind *kind, const struct report *report, const struct conf *conf,
    struct pmj_error *err)
{
	bool person = strcmp(kind->name, "person") == 0;

	if (kind->scope != SCOPE_PERSON && kind->scope != SCOPE_PROGRAMME)
		return wrong_report(report, "place", conf, err,
		    "the kind is nobody's but its author's",
		    "count kinds of scope person or programme");
	if (kind->subject_count > 1)
		return wrong_report(report, "place", conf, err, "the kind is about several people",
		    "count a kind that is about one person, or about none");
	if (!is_of_type(kind, report->on, FIELD_DATE))
		return wrong_report(report, "on", conf, err, "on is not a date field",
		    "name a field with type = date, or leave the line out");
	if (!is_of_type(kind, report->sums, FIELD_INTEGER) ||
	    !is_of_type(kind, report->change, FIELD_INTEGER))
		return wrong_report(report, report->change != NULL ? "change" : "sums", conf, err,
		    "what is added up is not a whole number", "name a field with type = integer");
	if (report->change != NULL &&
	    (report->sums != NULL || report->by_count > 0 || report->on == NULL ||
	        report->seen == NULL || kind->subject_count != 1))
		return wrong_report(report, "change", conf, err,
		    "a change is of one person from the first to the last time",
		    "write change = FIELD, on = FIELD and seen = KIND, without sums and by");
	if ((report->seen != NULL) != (person || report->change != NULL) ||
	    (person && report->on != NULL))
		return wrong_report(report, "seen", conf, err,
		    "people are counted when they were seen",
		    "in the kind person write seen = contact, without on; elsewhere no seen");
	if (report->sums != NULL && kind->subject_count > 0)
		return wrong_report(report, "sums", conf, err,
		    "people are counted there who are none of the records",
		    "add up fields of kinds that are about nobody");
	return PMJ_OK;
}

bool
report_by(
    struct report_by *out, const struct kinds *kinds, const struct kind *kind, const char *name)
{
	const char *dot = strchr(name, '.');

	*out = (struct report_by){.kind = kind, .of_person = dot != NULL};
	if (dot != NULL && kind->subject_count == 1 &&
	    strncmp(kind->subjects[0], name, (size_t)(dot - name)) == 0 &&
	    kind->subjects[0][dot - name] == '\0') {
		out->kind = kinds_get(kinds, "person");
		name = dot + 1;
	}
	if (out->kind == NULL)
		return false;
	if (strcmp(name, "state") == 0)
		return out->kind->state_count > 0;
	out->field = kind_field(out->kind, name);
	return out->field != NULL && divides(out->field);
}

enum pmj_code
report_check_links(const struct kinds *kinds, const struct kind *kind, const struct report *report,
    const char *dir, struct pmj_error *err)
{
	const struct kind *seen = report->seen != NULL ? kinds_get(kinds, report->seen) : NULL;
	struct report_by by;

	if (report->seen != NULL &&
	    (seen == NULL || seen->subject_count != 1 || !is_of_type(seen, "on", FIELD_DATE))) {
		(void)pmj_fail(err, PMJ_INVALID,
		    "%.100s/%s.ini: [report %.40s]: %.40s is no kind about one person on a day",
		    dir, kind->name, report->name, report->seen);
		pmj_hint(err, "write seen = contact");
		return PMJ_INVALID;
	}
	for (size_t i = 0; i < report->by_count; i++) {
		if (report_by(&by, kinds, kind, report->by[i]))
			continue;
		(void)pmj_fail(err, PMJ_INVALID,
		    "%.100s/%s.ini: [report %.40s]: nothing is divided by %.40s", dir, kind->name,
		    report->name, report->by[i]);
		pmj_hint(err, "name choice, yes-no or place fields, state, or such a field of the "
		              "person: person.stage");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}
