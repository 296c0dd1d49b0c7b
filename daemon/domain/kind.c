/* kind.c - the kinds of a folder, and what a kind holds, given back. */
#include "domain/kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "domain/kind_check.h"
#include "domain/kind_read.h"
#include "domain/reminder.h"
#include "domain/report.h"

static enum pmj_code
read_file(struct kinds *set, const struct os *os, const char *dir, const char *file,
    struct pmj_error *err)
{
	size_t stem = strlen(file) - strlen(".ini");
	char *path = fs_join(dir, file);
	struct conf conf;
	struct kind *kind = NULL;
	enum pmj_code rc;

	if ((rc = conf_read(&conf, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = kind_from_conf(&kind, &conf, err)) == PMJ_OK &&
	    (strlen(kind->name) != stem || memcmp(kind->name, file, stem) != 0)) {
		rc = conf_fail(err, &conf, conf_get(&conf, "kind", "name")->line,
		    "the file is not named after its kind, %s", kind->name);
		pmj_hint(err, "call the file %s.ini", kind->name);
	}
	conf_close(&conf);
	if (rc == PMJ_OK) {
		set->list = mem_grow(set->list, set->count + 1, sizeof(*set->list));
		set->list[set->count++] = kind;
		kind = NULL;
	}
out:
	kind_free(kind);
	free(path);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct kind *const *)a)->name, (*(struct kind *const *)b)->name);
}

enum pmj_code
kinds_read(struct kinds *out, const struct os *os, const char *dir, struct pmj_error *err)
{
	struct kinds set = {NULL, 0};
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = fs_list(&names, &count, dir, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; rc == PMJ_OK && i < count; i++) {
		size_t len = strlen(names[i]);
		if (len > 4 && names[i][0] != '.' && strcmp(names[i] + len - 4, ".ini") == 0)
			rc = read_file(&set, os, dir, names[i], err);
	}
	fs_list_free(names, count);
	if (rc == PMJ_OK && set.count == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "%.200s holds no kind", dir);
		pmj_hint(err, "it should hold files such as person.ini");
	}
	if (set.count > 0)
		qsort(set.list, set.count, sizeof(*set.list), by_name);
	if (rc == PMJ_OK)
		rc = kinds_check_links(&set, dir, err);
	if (rc == PMJ_OK)
		*out = set;
	else
		kinds_close(&set);
	return rc;
}

static void
texts_close(struct texts *texts)
{
	for (size_t i = 0; i < LANG_COUNT; i++)
		free(texts->in[i]);
}

static void
names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void
field_close(struct field *field)
{
	for (size_t i = 0; i < field->choice_count; i++) {
		free(field->choices[i].value);
		texts_close(&field->choices[i].label);
	}
	free(field->choices);
	free(field->name);
	free(field->otherwise);
	free(field->link_kind);
	free(field->example);
	names_free(field->told_as, field->told_count);
	texts_close(&field->label);
	texts_close(&field->help);
}

void
kind_free(struct kind *kind)
{
	if (kind == NULL)
		return;
	texts_close(&kind->plan.title);
	names_free(kind->one_way, kind->one_way_count);
	names_free(kind->plan.shows, kind->plan.show_count);
	free(kind->plan.only_if);
	for (size_t i = 0; i < kind->reminder_count; i++)
		reminder_close(&kind->reminders[i]);
	free(kind->reminders);
	for (size_t i = 0; i < kind->report_count; i++)
		report_close(&kind->reports[i]);
	free(kind->reports);
	for (size_t i = 0; i < kind->field_count; i++)
		field_close(&kind->fields[i]);
	for (size_t i = 0; i < kind->state_count; i++) {
		free(kind->states[i].name);
		texts_close(&kind->states[i].label);
		texts_close(&kind->states[i].silent);
	}
	for (size_t i = 0; i < kind->move_count; i++) {
		struct move *move = &kind->moves[i];
		names_free(move->from, move->from_count);
		names_free(move->asks, move->asks_count);
		free(move->verb);
		free(move->copies);
		free(move->dates);
		free(move->to);
		texts_close(&move->label);
	}
	names_free(kind->subjects, kind->subject_count);
	names_free(kind->consent_needs, kind->consent_needs_count);
	names_free(kind->consent_signed, kind->consent_signed_count);
	names_free(kind->consent_apart, kind->consent_apart_count);
	names_free(kind->consent_general, kind->consent_general_count);
	names_free(kind->consent_general_needs, kind->consent_general_needs_count);
	names_free(kind->consent_through, kind->consent_through_count);
	names_free(kind->classes, kind->classes_count);
	free(kind->through);
	free(kind->fields);
	free(kind->states);
	free(kind->moves);
	free(kind->name);
	names_free(kind->next, kind->next_count);
	names_free(kind->brief, kind->brief_count);
	free(kind->shows);
	names_free(kind->adds, kind->adds_count);
	names_free(kind->told_as, kind->told_count);
	texts_close(&kind->due_says);
	free(kind->told_by);
	free(kind->slip_called);
	names_free(kind->slip, kind->slip_count);
	names_free(kind->receives_nothing, kind->receives_nothing_count);
	free(kind->total);
	free(kind->checked);
	free(kind->consent_for);
	free(kind->consent_to);
	free(kind->due);
	free(kind->urgent_field);
	free(kind->urgent_value);
	free(kind->urgent_verb);
	free(kind->discloses_to);
	free(kind->discloses_for);
	free(kind->discloses_country);
	free(kind->discloses_category);
	free(kind->discloses);
	texts_close(&kind->title);
	texts_close(&kind->plural);
	texts_close(&kind->help);
	free(kind);
}

void
kinds_close(struct kinds *kinds)
{
	for (size_t i = 0; i < kinds->count; i++)
		kind_free(kinds->list[i]);
	free(kinds->list);
	kinds->list = NULL;
	kinds->count = 0;
}

const char *
texts_in(const struct texts *texts, enum lang lang)
{
	return texts->in[lang] != NULL ? texts->in[lang] : texts->in[LANG_EN];
}
