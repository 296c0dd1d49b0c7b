/* kind_check.c - what must be true of a kind beyond its single lines. */
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/kind_check_inner.h"
#include "domain/reminder.h"
#include "domain/report.h"

/* Names that mean something of their own on the command line, in an answer or in the journal. */
static const char *const reserved_kinds[] = {"init", "unlock", "lock", "passphrase", "recover",
    "status", "doctor", "log", "verify", "enrol", "hub", "show", "edit", "void", "history", "find",
    "today", "week", "note", "slip", "disclosures", "forget", "programme", "sync", "carry",
    "approve", "refuse", "export", "import", "backup", "restore", "kinds", "open", "help",
    "completion", "guide", "materials", "ctl", "bak"};
static const char *const reserved_verbs[] = {
    "add", "list", "plan", "packet", "paper", "answer", "help"};

static bool
is_verb(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= KIND_NAME_MAX && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static void
hint_near(struct pmj_error *err, const char *word, const char *const *names, size_t count,
    const char *otherwise)
{
	const char *near = text_nearest(word, names, count);

	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "%s", otherwise);
}

enum pmj_code
kind_check_field_named(const struct kind *kind, const char *name, const struct conf *conf, int line,
    const char *who, struct pmj_error *err)
{
	const char *names[KIND_FIELDS_MAX];

	if (name == NULL || kind_field(kind, name) != NULL)
		return PMJ_OK;
	for (size_t i = 0; i < kind->field_count; i++)
		names[i] = kind->fields[i].name;
	(void)conf_fail(
	    err, conf, line, "%s names the field %.40s, which is not declared", who, name);
	hint_near(err, name, names, kind->field_count, "declare it: [field NAME]");
	return PMJ_INVALID;
}

static enum pmj_code
need_state(const struct kind *kind, const char *name, const struct conf *conf, int line,
    const char *verb, struct pmj_error *err)
{
	const char *names[KIND_STATES_MAX];

	if (kind_state(kind, name) != NULL)
		return PMJ_OK;
	for (size_t i = 0; i < kind->state_count; i++)
		names[i] = kind->states[i].name;
	(void)conf_fail(err, conf, line, "the move %s names the state %.40s, which is not declared",
	    verb, name);
	hint_near(err, name, names, kind->state_count, "declare it: [state NAME]");
	return PMJ_INVALID;
}

static enum pmj_code
check_move(const struct kind *kind, const struct move *move, const struct conf *conf,
    struct pmj_error *err)
{
	enum pmj_code rc;

	if (!is_verb(move->verb) ||
	    kind_check_one_of(move->verb, reserved_verbs, COUNT(reserved_verbs))) {
		(void)conf_fail(err, conf, kind_check_line_in(conf, "move", move->verb, ""),
		    "%.40s cannot be the name of a move", move->verb);
		pmj_hint(err, "use another verb of small letters, digits and -");
		return PMJ_INVALID;
	}
	for (size_t i = 0; i < move->from_count; i++)
		if ((rc = need_state(kind, move->from[i], conf,
		         kind_check_line_in(conf, "move", move->verb, "from"), move->verb, err)) !=
		    PMJ_OK)
			return rc;
	if ((rc = need_state(kind, move->to, conf,
	         kind_check_line_in(conf, "move", move->verb, "to"), move->verb, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < move->asks_count; i++)
		if ((rc = kind_check_field_named(kind, move->asks[i], conf,
		         kind_check_line_in(conf, "move", move->verb, "asks"), "asks", err)) !=
		    PMJ_OK)
			return rc;
	if (move->dates != NULL && (kind_field(kind, move->dates) == NULL ||
	                               kind_field(kind, move->dates)->type != FIELD_DATE)) {
		(void)conf_fail(err, conf, kind_check_line_in(conf, "move", move->verb, "dates"),
		    "dates = %.40s is not a date field", move->dates);
		pmj_hint(err, "declare it: [field %.32s] with type = date", move->dates);
		return PMJ_INVALID;
	}
	if ((move->needs_consent || move->discloses) &&
	    (kind->discloses_to == NULL || kind->subject_count == 0)) {
		(void)conf_fail(err, conf,
		    kind_check_line_in(conf, "move", move->verb,
		        move->needs_consent ? "needs_consent" : "discloses"),
		    "a move that tells something must say of whom and to whom");
		pmj_hint(err, "add to [rules]: subjects = FIELD and discloses_to = FIELD");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

static enum pmj_code
check_states(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	for (size_t i = 0; i < kind->state_count; i++) {
		const char *name = kind->states[i].name;
		bool reached = i == 0;

		for (size_t j = 0; j < kind->move_count; j++)
			reached = reached || strcmp(kind->moves[j].to, name) == 0;
		if (kind_is_name(name) && reached)
			continue;
		(void)conf_fail(err, conf, kind_check_line_in(conf, "state", name, ""),
		    reached ? "%.40s cannot be the name of a state"
		            : "no move leads to the state %.40s",
		    name);
		pmj_hint(err,
		    reached ? "use small letters, digits and _, a letter first"
		            : "add a [move VERB] with to = %s, or remove the state",
		    name);
		return PMJ_INVALID;
	}
	if (kind->state_count > KIND_STATES_MAX || kind->move_count > KIND_MOVES_MAX) {
		(void)conf_fail(err, conf, 0, "there are too many states or moves");
		pmj_hint(
		    err, "use at most %d states and %d moves", KIND_STATES_MAX, KIND_MOVES_MAX);
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

static enum pmj_code
check_subjects(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	int line = kind_check_line(conf, "rules", "subjects");
	enum pmj_code rc;

	for (size_t i = 0; i < kind->subject_count; i++) {
		const struct field *field = kind_field(kind, kind->subjects[i]);
		if ((rc = kind_check_field_named(
		         kind, kind->subjects[i], conf, line, "subjects", err)) != PMJ_OK)
			return rc;
		if (field->type == FIELD_LINK && !field->open && field->required)
			continue;
		(void)conf_fail(err, conf, line, "subjects names %s, which is not a required link",
		    field->name);
		pmj_hint(err, "in [field %s] write type = link, link = person, required = yes",
		    field->name);
		return PMJ_INVALID;
	}
	if (kind->scope == SCOPE_PERSON && kind->subject_count == 0 &&
	    strcmp(kind->name, "person") != 0) {
		(void)conf_fail(err, conf, kind_check_line(conf, "kind", "scope"),
		    "scope = person, but no subjects say whom it is about");
		pmj_hint(err, "add to [rules]: subjects = person (a link field)");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

static enum pmj_code
check_urgent(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	int line = kind_check_line(conf, "rules", "urgent");
	const struct field *field;
	enum pmj_code rc;

	if (kind->urgent_verb != NULL && kind_move(kind, kind->urgent_verb) == NULL) {
		(void)conf_fail(err, conf, kind_check_line(conf, "rules", "urgent_move"),
		    "urgent_move = %.40s is not a move of this kind", kind->urgent_verb);
		pmj_hint(err, "declare it: [move %s]", kind->urgent_verb);
		return PMJ_INVALID;
	}
	if (kind->urgent_field == NULL)
		return PMJ_OK;
	if ((rc = kind_check_field_named(kind, kind->urgent_field, conf, line, "urgent", err)) !=
	    PMJ_OK)
		return rc;
	field = kind_field(kind, kind->urgent_field);
	if (field_can_be(field, kind->urgent_value))
		return PMJ_OK;
	(void)conf_fail(err, conf, line, "%s is never %.40s", field->name, kind->urgent_value);
	pmj_hint(err, "use one of its values (yes or no for a yes-no field)");
	return PMJ_INVALID;
}

/* An answer that could change would leave a total behind that nobody gave. */
static enum pmj_code
check_total(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	int line = kind_check_line(conf, "rules", "total");
	enum pmj_code rc;

	for (size_t i = 0; i < kind->adds_count; i++) {
		if ((rc = kind_check_field_named(kind, kind->adds[i], conf,
		         kind_check_line(conf, "rules", "adds"), "adds", err)) != PMJ_OK)
			return rc;
		if (kind_field(kind, kind->adds[i])->type == FIELD_INTEGER)
			continue;
		(void)conf_fail(err, conf, kind_check_line(conf, "rules", "adds"),
		    "adds names %s, which is not a whole number", kind->adds[i]);
		pmj_hint(err, "in [field %s] write type = integer", kind->adds[i]);
		return PMJ_INVALID;
	}
	if ((kind->total == NULL) != (kind->adds_count == 0) ||
	    (kind->total != NULL && !kind->append_only)) {
		(void)conf_fail(
		    err, conf, line, "a total needs what it adds, in a kind that is never changed");
		pmj_hint(
		    err, "write total = FIELD, adds = FIELD | FIELD ... and append_only = yes");
		return PMJ_INVALID;
	}
	if (kind->total == NULL || kind_field(kind, kind->total)->type == FIELD_INTEGER)
		return PMJ_OK;
	(void)conf_fail(err, conf, line, "total = %s is not a whole number", kind->total);
	pmj_hint(err, "in [field %s] write type = integer", kind->total);
	return PMJ_INVALID;
}

static enum pmj_code
check_checked(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	const struct field *field = kind->checked != NULL ? kind_field(kind, kind->checked) : NULL;

	if ((kind->checked == NULL && kind->stale_days == 0) ||
	    (field != NULL && field->type == FIELD_DATE && kind->stale_days > 0 &&
	        kind->stale_days <= 3660))
		return PMJ_OK;
	(void)conf_fail(err, conf,
	    kind_check_line(conf, "rules", kind->checked != NULL ? "checked" : "stale_days"),
	    "what is to be checked again has a date field and a number of days");
	pmj_hint(err, "write checked = FIELD, a date, and stale_days = 180 (1 to 3660)");
	return PMJ_INVALID;
}

/* What is expected of each worker is counted by its day and its minutes. */
static enum pmj_code
check_expected(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	const struct field *on = kind_field(kind, "on"), *minutes = kind_field(kind, "minutes");
	bool some = kind->month_minutes != 0 || kind->week_times != 0;

	if (!some || (on != NULL && on->type == FIELD_DATE && minutes != NULL &&
	                 minutes->type == FIELD_INTEGER && kind->scope == SCOPE_SUPERVISION &&
	                 kind->month_minutes >= 0 && kind->month_minutes <= 44640 &&
	                 kind->week_times >= 0 && kind->week_times <= 50))
		return PMJ_OK;
	(void)conf_fail(err, conf,
	    kind_check_line(
	        conf, "rules", kind->month_minutes != 0 ? "month_minutes" : "week_times"),
	    "what is expected of workers is a kind of scope supervision with on and minutes");
	pmj_hint(err, "write month_minutes = 240 and week_times = 1");
	return PMJ_INVALID;
}

static enum pmj_code
check_rules(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	const struct {
		const char *key, *field;
	} names[] = {{"due", kind->due}, {"total", kind->total},
	    {"discloses_to", kind->discloses_to}, {"discloses_for", kind->discloses_for},
	    {"discloses_country", kind->discloses_country},
	    {"discloses_category", kind->discloses_category}, {"discloses", kind->discloses},
	    {"told_by", kind->told_by}, {"slip_called", kind->slip_called}};
	enum pmj_code rc;

	for (size_t i = 0; i < COUNT(names); i++)
		if ((rc = kind_check_field_named(kind, names[i].field, conf,
		         kind_check_line(conf, "rules", names[i].key), names[i].key, err)) !=
		    PMJ_OK)
			return rc;
	for (size_t i = 0; i < kind->slip_count; i++)
		if ((rc = kind_check_field_named(kind, kind->slip[i], conf,
		         kind_check_line(conf, "rules", "slip"), "slip", err)) != PMJ_OK)
			return rc;
	if (kind->due != NULL && kind_field(kind, kind->due)->type != FIELD_DATE) {
		(void)conf_fail(err, conf, kind_check_line(conf, "rules", "due"),
		    "due = %s is not a date field", kind->due);
		pmj_hint(err, "in [field %s] write type = date", kind->due);
		return PMJ_INVALID;
	}
	if ((rc = check_subjects(kind, conf, err)) == PMJ_OK &&
	    (rc = kind_check_consent(kind, conf, err)) == PMJ_OK &&
	    (rc = check_checked(kind, conf, err)) == PMJ_OK &&
	    (rc = check_expected(kind, conf, err)) == PMJ_OK &&
	    (rc = check_urgent(kind, conf, err)) == PMJ_OK)
		rc = check_total(kind, conf, err);
	return rc;
}

enum pmj_code
kind_check(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc;

	if (!kind_is_name(kind->name) ||
	    kind_check_one_of(kind->name, reserved_kinds, COUNT(reserved_kinds))) {
		(void)conf_fail(err, conf, kind_check_line(conf, "kind", "name"),
		    "%.40s cannot be the name of a kind", kind->name);
		pmj_hint(err, "use small letters, digits and _, and not the name of a command");
		return PMJ_INVALID;
	}
	if (kind->field_count == 0) {
		(void)conf_fail(err, conf, 0, "the kind has no field");
		pmj_hint(err, "add a [field NAME] with type and label.en");
		return PMJ_INVALID;
	}
	if ((rc = kind_check_field_named(kind, kind->shows, conf,
	         kind_check_line(conf, "kind", "shows"), "shows", err)) != PMJ_OK ||
	    (rc = check_states(kind, conf, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < kind->brief_count; i++)
		if ((rc = kind_check_field_named(kind, kind->brief[i], conf,
		         kind_check_line(conf, "kind", "brief"), "brief", err)) != PMJ_OK)
			return rc;
	for (size_t i = 0; i < kind->move_count; i++)
		if ((rc = check_move(kind, &kind->moves[i], conf, err)) != PMJ_OK)
			return rc;
	for (size_t i = 0; i < kind->plan.show_count; i++)
		if ((rc = kind_check_field_named(kind, kind->plan.shows[i], conf,
		         kind_check_line(conf, "plan", "shows"), "shows", err)) != PMJ_OK)
			return rc;
	if ((rc = kind_check_plan_if(kind, conf, err)) != PMJ_OK ||
	    (rc = kind_check_one_way(kind, conf, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < kind->reminder_count; i++)
		if ((rc = kind_check_reminder(kind, &kind->reminders[i], conf, err)) != PMJ_OK)
			return rc;
	for (size_t i = 0; i < kind->report_count; i++)
		if ((rc = kind_check_report(kind, &kind->reports[i], conf, err)) != PMJ_OK)
			return rc;
	if ((rc = kind_check_receives(kind, conf, err)) != PMJ_OK)
		return rc;
	return check_rules(kind, conf, err);
}

static enum pmj_code
check_link(const struct kinds *kinds, const char *dir, const struct kind *kind, const char *who,
    const char *name, struct pmj_error *err)
{
	const struct kind *to;
	struct pmj_error near = {0};

	if (name == NULL || kinds_need(&to, kinds, name, &near) == PMJ_OK)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "%.100s/%s.ini: %s %.40s, which is no kind", dir,
	    kind->name, who, name);
	pmj_hint(err, "%s", near.hint);
	return PMJ_INVALID;
}

enum pmj_code
kinds_check_links(const struct kinds *kinds, const char *dir, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < kinds->count && rc == PMJ_OK; i++) {
		const struct kind *kind = kinds->list[i];

		for (size_t j = 0; j < kind->field_count && rc == PMJ_OK; j++) {
			char who[KIND_NAME_MAX + 24];

			(void)snprintf(
			    who, sizeof(who), "[field %s] links to", kind->fields[j].name);
			rc = check_link(kinds, dir, kind, who, kind->fields[j].link_kind, err);
		}
		for (size_t j = 0; j < kind->next_count && rc == PMJ_OK; j++)
			rc = check_link(kinds, dir, kind, "next names", kind->next[j], err);
		for (size_t j = 0; j < kind->move_count && rc == PMJ_OK; j++)
			rc = check_link(
			    kinds, dir, kind, "a move copies to", kind->moves[j].copies, err);
		for (size_t j = 0; j < kind->reminder_count && rc == PMJ_OK; j++)
			rc = reminder_check_link(kinds, kind, &kind->reminders[j], dir, err);
		for (size_t j = 0; j < kind->report_count && rc == PMJ_OK; j++)
			rc = report_check_links(kinds, kind, &kind->reports[j], dir, err);
	}
	return rc;
}
