/* kind_read.c - from the sections of an INI file to a kind. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/kind_check.h"
#include "domain/kind_part.h"
#include "domain/kind_read.h"

static const char *const type_names[] = {[FIELD_TEXT] = "text",
    [FIELD_NOTE] = "note",
    [FIELD_INTEGER] = "integer",
    [FIELD_DECIMAL] = "decimal",
    [FIELD_DATE] = "date",
    [FIELD_TIME] = "time",
    [FIELD_YES_NO] = "yes-no",
    [FIELD_CHOICE] = "choice",
    [FIELD_CHOICES] = "choices",
    [FIELD_LINK] = "link",
    [FIELD_PHONE] = "phone",
    [FIELD_PLACE] = "place"};
static const char *const privacy_names[] = {"identity", "clinical", "open"};
static const char *const scope_names[] = {"person", "programme", "author", "supervision", "office"};

static const char *const by_names[] = {"anyone", "author", "another"};

static const char *const kind_keys[] = {"name", "version", "scope", "title.en", "title.sw",
    "plural.en", "plural.sw", "help.en", "help.sw", "shows", "brief", "next"};
static const char *const field_keys[] = {"type", "required", "default", "privacy", "searchable",
    "open", "past", "least", "most", "link", "choices", "example", "told_as", "label.en",
    "label.sw", "help.en", "help.sw"};
static const char *const state_keys[] = {"refusing", "closed", "rests", "start", "silent_days",
    "silent.en", "silent.sw", "label.en", "label.sw"};
static const char *const move_keys[] = {"from", "to", "asks", "copies", "dates", "by",
    "needs_consent", "answers", "discloses", "label.en", "label.sw"};
static const char *const plan_keys[] = {"place", "title.en", "title.sw", "shows", "if"};
static const char *const rule_keys[] = {"subjects", "append_only", "author_only", "revocation_wins",
    "due", "due_before", "due_says.en", "due_says.sw", "urgent", "urgent_move", "discloses_to",
    "discloses_for", "discloses_country", "discloses_category", "discloses", "consent_needs",
    "consent_signed", "consent_apart", "consent_general", "consent_general_needs",
    "consent_through", "classes", "through", "consent_for", "consent_to", "total", "adds",
    "told_as", "told_by", "receives_nothing", "slip", "slip_called", "checked", "stale_days",
    "month_minutes", "week_times", "one_way"};

const char *
field_type_name(enum field_type type)
{
	return type_names[type];
}

/* Is this "choice.VALUE.en" (or sw) of one of the field's choices? */
static bool
is_choice_label(const char *key, const struct field *field, struct choice **choice, size_t *lang)
{
	size_t len = strlen(key);

	if (strncmp(key, "choice.", 7) != 0 || len < 11 || key[len - 3] != '.')
		return false;
	for (size_t i = 0; i < field->choice_count; i++) {
		const char *value = field->choices[i].value;
		if (strlen(value) != len - 10 || memcmp(key + 7, value, len - 10) != 0)
			continue;
		for (*lang = 0; *lang < LANG_COUNT; ++*lang)
			if (strcmp(key + len - 2, kind_lang_names[*lang]) == 0) {
				*choice = &field->choices[i];
				return true;
			}
	}
	return false;
}

enum pmj_code
kind_check_keys(const struct part *part, const char *const *keys, size_t count, struct field *field)
{
	for (size_t i = 0; i < part->conf->count; i++) {
		const struct conf_item *item = &part->conf->items[i];
		const char *near;
		struct choice *choice = NULL;
		size_t lang = 0;
		bool known = false;

		if (strcmp(item->section, part->section) != 0)
			continue;
		for (size_t j = 0; j < count && !known; j++)
			known = strcmp(item->key, keys[j]) == 0;
		if (!known && field != NULL && is_choice_label(item->key, field, &choice, &lang)) {
			free(choice->label.in[lang]);
			choice->label.in[lang] =
			    *item->value != '\0' ? mem_strdup(item->value) : NULL;
			known = true;
		}
		if (known)
			continue;
		(void)conf_fail(part->err, part->conf, item->line, "[%s] knows no %.60s",
		    part->section, item->key);
		near = text_nearest(item->key, keys, count);
		if (field != NULL && strncmp(item->key, "choice.", 7) == 0)
			pmj_hint(
			    part->err, "name one of the field's choices: choice.VALUE.en or .sw");
		else if (near != NULL)
			pmj_hint(part->err, "did you mean %s?", near);
		else
			pmj_hint(part->err, "remove the line");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

static enum pmj_code
read_head(struct kind *kind, const struct part *part)
{
	enum pmj_code rc;
	int64_t version = 0;
	size_t scope = 0;

	if ((rc = kind_check_keys(part, kind_keys, COUNT(kind_keys), NULL)) != PMJ_OK ||
	    (rc = part_number(&version, part, "version")) != PMJ_OK ||
	    (rc = part_word(&scope, part, "scope", scope_names, COUNT(scope_names),
	         COUNT(scope_names))) != PMJ_OK ||
	    (rc = part_texts(&kind->title, part, "title", true)) != PMJ_OK ||
	    (rc = part_list(&kind->next, &kind->next_count, part, "next")) != PMJ_OK ||
	    (rc = part_list(&kind->brief, &kind->brief_count, part, "brief")) != PMJ_OK ||
	    (rc = part_texts(&kind->plural, part, "plural", true)) != PMJ_OK ||
	    (rc = part_texts(&kind->help, part, "help", true)) != PMJ_OK)
		return rc;
	if ((kind->name = part_text(part, "name")) == NULL)
		return part_missing(part, "name", "person");
	if (version < 1)
		return part_missing(part, "version", "1");
	if ((kind->shows = part_text(part, "shows")) == NULL)
		return part_missing(part, "shows", "name");
	kind->version = (int)version;
	kind->scope = (enum kind_scope)scope;
	return PMJ_OK;
}

static enum pmj_code
read_choices(struct field *field, const struct part *part)
{
	char **values = NULL;
	size_t count = 0;
	enum pmj_code rc = part_list(&values, &count, part, "choices");

	field->choices = mem_array(count, sizeof(*field->choices));
	field->choice_count = count;
	for (size_t i = 0; i < count; i++)
		field->choices[i].value = values[i];
	free(values);
	if (rc == PMJ_OK)
		rc = kind_check_keys(part, field_keys, COUNT(field_keys), field);
	for (size_t i = 0; rc == PMJ_OK && i < count; i++)
		if (field->choices[i].label.in[LANG_EN] == NULL)
			field->choices[i].label.in[LANG_EN] = mem_strdup(field->choices[i].value);
	return rc;
}

static enum pmj_code
read_field(struct kind *kind, const struct part *part)
{
	struct field *field;
	size_t type = 0, privacy = 0;
	enum pmj_code rc;

	kind->fields = mem_grow(kind->fields, kind->field_count + 1, sizeof(*kind->fields));
	field = &kind->fields[kind->field_count++];
	memset(field, 0, sizeof(*field));
	field->name = mem_strdup(part->section + strlen("field "));
	field->otherwise = part_text(part, "default");
	field->link_kind = part_text(part, "link");
	field->example = part_text(part, "example");
	if ((rc = read_choices(field, part)) != PMJ_OK ||
	    (rc = part_word(&type, part, "type", type_names, COUNT(type_names),
	         COUNT(type_names))) != PMJ_OK ||
	    (rc = part_word(&privacy, part, "privacy", privacy_names, COUNT(privacy_names),
	         PRIVACY_CLINICAL)) != PMJ_OK ||
	    (rc = part_flag(&field->required, part, "required")) != PMJ_OK ||
	    (rc = part_flag(&field->searchable, part, "searchable")) != PMJ_OK ||
	    (rc = part_flag(&field->open, part, "open")) != PMJ_OK ||
	    (rc = part_flag(&field->past, part, "past")) != PMJ_OK ||
	    (rc = part_list(&field->told_as, &field->told_count, part, "told_as")) != PMJ_OK ||
	    (rc = part_number(&field->least, part, "least")) != PMJ_OK ||
	    (rc = part_number(&field->most, part, "most")) != PMJ_OK ||
	    (rc = part_texts(&field->label, part, "label", true)) != PMJ_OK ||
	    (rc = part_texts(&field->help, part, "help", false)) != PMJ_OK)
		return rc;
	field->type = (enum field_type)type;
	field->privacy = (enum field_privacy)privacy;
	return kind_check_field(kind, field, part->conf, part->line, part->err);
}

static enum pmj_code
read_state(struct kind *kind, const struct part *part)
{
	struct state *state;
	enum pmj_code rc;

	kind->states = mem_grow(kind->states, kind->state_count + 1, sizeof(*kind->states));
	state = &kind->states[kind->state_count++];
	memset(state, 0, sizeof(*state));
	state->name = mem_strdup(part->section + strlen("state "));
	if ((rc = kind_check_keys(part, state_keys, COUNT(state_keys), NULL)) != PMJ_OK ||
	    (rc = part_flag(&state->refusing, part, "refusing")) != PMJ_OK ||
	    (rc = part_flag(&state->closed, part, "closed")) != PMJ_OK ||
	    (rc = part_flag(&state->rests, part, "rests")) != PMJ_OK ||
	    (rc = part_flag(&state->start, part, "start")) != PMJ_OK ||
	    (rc = part_days(&state->silent_days, part, "silent_days")) != PMJ_OK ||
	    (rc = part_texts(&state->silent, part, "silent", state->silent_days > 0)) != PMJ_OK)
		return rc;
	return part_texts(&state->label, part, "label", true);
}

static enum pmj_code
read_move(struct kind *kind, const struct part *part)
{
	struct move *move;
	enum pmj_code rc;
	size_t by = BY_ANYONE;

	kind->moves = mem_grow(kind->moves, kind->move_count + 1, sizeof(*kind->moves));
	move = &kind->moves[kind->move_count++];
	memset(move, 0, sizeof(*move));
	move->verb = mem_strdup(part->section + strlen("move "));
	move->to = part_text(part, "to");
	move->dates = part_text(part, "dates");
	move->copies = part_text(part, "copies");
	if ((rc = kind_check_keys(part, move_keys, COUNT(move_keys), NULL)) != PMJ_OK ||
	    (rc = part_list(&move->from, &move->from_count, part, "from")) != PMJ_OK ||
	    (rc = part_list(&move->asks, &move->asks_count, part, "asks")) != PMJ_OK ||
	    (rc = part_word(&by, part, "by", by_names, COUNT(by_names), BY_ANYONE)) != PMJ_OK ||
	    (rc = part_flag(&move->needs_consent, part, "needs_consent")) != PMJ_OK ||
	    (rc = part_flag(&move->discloses, part, "discloses")) != PMJ_OK ||
	    (rc = part_flag(&move->answers, part, "answers")) != PMJ_OK ||
	    (rc = part_texts(&move->label, part, "label", true)) != PMJ_OK)
		return rc;
	move->by = (enum move_by)by;
	if (move->from_count == 0)
		return part_missing(part, "from", "the state it starts in");
	return move->to != NULL ? PMJ_OK : part_missing(part, "to", "the state it leads to");
}

static enum pmj_code
read_plan(struct kind *kind, const struct part *part)
{
	enum pmj_code rc;

	if ((rc = kind_check_keys(part, plan_keys, COUNT(plan_keys), NULL)) != PMJ_OK ||
	    (rc = part_number(&kind->plan.place, part, "place")) != PMJ_OK ||
	    (rc = part_texts(&kind->plan.title, part, "title", true)) != PMJ_OK ||
	    (rc = part_list(&kind->plan.shows, &kind->plan.show_count, part, "shows")) != PMJ_OK)
		return rc;
	kind->plan.only_if = part_text(part, "if");
	if (kind->plan.place < 1)
		return part_missing(part, "place", "1");
	return kind->plan.show_count > 0 ? PMJ_OK : part_missing(part, "shows", "text | steps");
}

static enum pmj_code
read_rules(struct kind *kind, const struct part *part)
{
	enum pmj_code rc;

	kind->due = part_text(part, "due");
	kind->consent_for = part_text(part, "consent_for");
	kind->consent_to = part_text(part, "consent_to");
	kind->total = part_text(part, "total");
	kind->checked = part_text(part, "checked");
	kind->urgent_verb = part_text(part, "urgent_move");
	kind->discloses_to = part_text(part, "discloses_to");
	kind->discloses_for = part_text(part, "discloses_for");
	kind->discloses_country = part_text(part, "discloses_country");
	kind->discloses_category = part_text(part, "discloses_category");
	kind->discloses = part_text(part, "discloses");
	kind->told_by = part_text(part, "told_by");
	kind->slip_called = part_text(part, "slip_called");
	if ((rc = kind_check_keys(part, rule_keys, COUNT(rule_keys), NULL)) != PMJ_OK ||
	    (rc = part_list(&kind->subjects, &kind->subject_count, part, "subjects")) != PMJ_OK ||
	    (rc = part_flag(&kind->append_only, part, "append_only")) != PMJ_OK ||
	    (rc = part_number(&kind->stale_days, part, "stale_days")) != PMJ_OK ||
	    (rc = part_number(&kind->month_minutes, part, "month_minutes")) != PMJ_OK ||
	    (rc = part_number(&kind->week_times, part, "week_times")) != PMJ_OK ||
	    (rc = part_flag(&kind->author_only, part, "author_only")) != PMJ_OK ||
	    (rc = part_flag(&kind->revocation_wins, part, "revocation_wins")) != PMJ_OK ||
	    (rc = kind_read_receives(kind, part)) != PMJ_OK ||
	    (rc = part_days(&kind->due_before, part, "due_before")) != PMJ_OK ||
	    (rc = part_texts(&kind->due_says, part, "due_says", false)) != PMJ_OK ||
	    (rc = part_list(&kind->slip, &kind->slip_count, part, "slip")) != PMJ_OK ||
	    (rc = part_list(&kind->one_way, &kind->one_way_count, part, "one_way")) != PMJ_OK ||
	    (rc = part_list(&kind->adds, &kind->adds_count, part, "adds")) != PMJ_OK ||
	    (rc = part_list(&kind->told_as, &kind->told_count, part, "told_as")) != PMJ_OK ||
	    (rc = kind_read_consent(kind, part)) != PMJ_OK)
		return rc;
	return part_when(&kind->urgent_field, &kind->urgent_value, part, "urgent", "when ");
}

/* What a section's name may begin with, and who reads it. `many`: a name follows. */
static const struct {
	const char *word;
	bool many;
	enum pmj_code (*read)(struct kind *kind, const struct part *part);
} sections[] = {{"kind", false, read_head}, {"field ", true, read_field},
    {"state ", true, read_state}, {"move ", true, read_move},
    {"reminder ", true, kind_read_reminder}, {"report ", true, kind_read_report},
    {"plan", false, read_plan}, {"rules", false, read_rules}};

static enum pmj_code
read_section(struct kind *kind, const struct part *part)
{
	static const char *const names[] = {"kind", "field NAME", "state NAME", "move VERB",
	    "reminder NAME", "report NAME", "plan", "rules"};
	const char *near;

	for (size_t i = 0; i < COUNT(sections); i++) {
		const char *word = sections[i].word;
		if (sections[i].many ? strncmp(part->section, word, strlen(word)) == 0
		                     : strcmp(part->section, word) == 0)
			return sections[i].read(kind, part);
	}
	(void)conf_fail(
	    part->err, part->conf, part->line, "there is no section [%s]", part->section);
	near = text_nearest(part->section, names, COUNT(names));
	pmj_hint(part->err,
	    "%s%s%suse [kind], [field NAME], [state NAME], [move VERB], [reminder NAME], [report "
	    "NAME], "
	    "[plan] or [rules]",
	    near != NULL ? "did you mean [" : "", near != NULL ? near : "",
	    near != NULL ? "]? " : "");
	return PMJ_INVALID;
}

enum pmj_code
kind_from_conf(struct kind **out, const struct conf *conf, struct pmj_error *err)
{
	struct kind *kind;
	enum pmj_code rc = PMJ_OK;

	if (conf->count > 0 && *conf->items[0].section == '\0') {
		(void)conf_fail(err, conf, conf->items[0].line, "this stands before any section");
		pmj_hint(err, "begin the file with [kind]");
		return PMJ_INVALID;
	}
	if (conf->section_count > KIND_FIELDS_MAX + KIND_STATES_MAX + KIND_MOVES_MAX +
	                              KIND_REMINDERS_MAX + KIND_REPORTS_MAX + 3) {
		(void)conf_fail(err, conf, 0, "there are %zu sections", conf->section_count);
		pmj_hint(err, "use at most %d fields, %d states and %d moves", KIND_FIELDS_MAX,
		    KIND_STATES_MAX, KIND_MOVES_MAX);
		return PMJ_INVALID;
	}
	kind = mem_new(sizeof(*kind));
	for (size_t i = 0; rc == PMJ_OK && i < conf->section_count; i++) {
		struct part part = {conf, conf->sections[i].name, conf->sections[i].line, err};
		rc = read_section(kind, &part);
	}
	if (rc == PMJ_OK && kind->name == NULL) {
		rc = conf_fail(err, conf, 0, "there is no [kind] section");
		pmj_hint(
		    err, "begin the file with [kind] and its name, version, scope, title.en ...");
	}
	if (rc == PMJ_OK)
		rc = kind_check(kind, conf, err);
	if (rc != PMJ_OK)
		kind_free(kind);
	else
		*out = kind;
	return rc;
}

enum pmj_code
kind_read_text(
    struct kind **out, const char *name, const char *text, size_t len, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	if ((rc = conf_read_text(&conf, name, text, len, err)) != PMJ_OK)
		return rc;
	rc = kind_from_conf(out, &conf, err);
	conf_close(&conf);
	return rc;
}
