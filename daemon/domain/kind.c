/* kind.c - from the sections of an INI file to a kind, with errors that name line and mend. */
#include "domain/kind.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/kind_check.h"

static const char *const lang_names[LANG_COUNT] = {"en", "sw"};

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

static const char *const kind_keys[] = {"name", "version", "scope", "title.en", "title.sw",
    "plural.en", "plural.sw", "help.en", "help.sw", "shows"};
static const char *const field_keys[] = {"type", "required", "default", "privacy", "searchable",
    "open", "least", "most", "link", "choices", "example", "label.en", "label.sw", "help.en",
    "help.sw"};
static const char *const state_keys[] = {"refusing", "closed", "start", "label.en", "label.sw"};
static const char *const move_keys[] = {
    "from", "to", "asks", "needs_consent", "label.en", "label.sw"};
static const char *const rule_keys[] = {"subjects", "append_only", "author_only", "revocation_wins",
    "due", "urgent", "urgent_move", "discloses_to", "discloses_for", "discloses_category",
    "discloses", "consent_needs", "consent_signed"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* One section being read. */
struct part {
	const struct conf *conf;
	const char *section;
	int line;
	struct pmj_error *err;
};

static enum pmj_code
missing(const struct part *part, const char *key, const char *example)
{
	(void)conf_fail(part->err, part->conf, part->line, "[%s] has no %s", part->section, key);
	pmj_hint(part->err, "add a line such as: %s = %s", key, example);
	return PMJ_INVALID;
}

static enum pmj_code
wrong(const struct part *part, const struct conf_item *item, const char *const *right, size_t count)
{
	char list[200] = "";
	const char *near = text_nearest(item->value, right, count);

	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(list);
		(void)snprintf(
		    list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", right[i]);
	}
	(void)conf_fail(
	    part->err, part->conf, item->line, "%s = %.60s is not known", item->key, item->value);
	if (near != NULL)
		pmj_hint(part->err, "did you mean %s? (%s)", near, list);
	else
		pmj_hint(part->err, "use one of: %s", list);
	return PMJ_INVALID;
}

static const struct conf_item *
item_of(const struct part *part, const char *key)
{
	const struct conf_item *item = conf_get(part->conf, part->section, key);

	return item != NULL && *item->value != '\0' ? item : NULL;
}

static char *
copy_of(const struct part *part, const char *key)
{
	const struct conf_item *item = item_of(part, key);

	return item != NULL ? mem_strdup(item->value) : NULL;
}

static enum pmj_code
take_flag(bool *to, const struct part *part, const char *key)
{
	static const char *const words[] = {"yes", "no"};
	const struct conf_item *item = item_of(part, key);

	*to = false;
	if (item == NULL)
		return PMJ_OK;
	for (size_t i = 0; i < 2; i++)
		if (strcmp(item->value, words[i]) == 0) {
			*to = i == 0;
			return PMJ_OK;
		}
	return wrong(part, item, words, 2);
}

static enum pmj_code
take_number(int64_t *to, const struct part *part, const char *key)
{
	const struct conf_item *item = item_of(part, key);
	char *end = NULL;

	*to = 0;
	if (item == NULL)
		return PMJ_OK;
	errno = 0;
	*to = strtoll(item->value, &end, 10);
	if (errno == 0 && *end == '\0' && *to >= INT_MIN && *to <= INT_MAX)
		return PMJ_OK;
	(void)conf_fail(part->err, part->conf, item->line, "%s = %.60s is not a whole number", key,
	    item->value);
	pmj_hint(part->err, "write it with digits only, such as %s = 10", key);
	return PMJ_INVALID;
}

/* One word of a table; `otherwise` when the key is absent (COUNT of the table: it must be there).
 */
static enum pmj_code
take_word(size_t *to, const struct part *part, const char *key, const char *const *words,
    size_t count, size_t otherwise)
{
	const struct conf_item *item = item_of(part, key);

	*to = otherwise;
	if (item == NULL)
		return otherwise < count ? PMJ_OK : missing(part, key, words[0]);
	for (*to = 0; *to < count; ++*to)
		if (strcmp(item->value, words[*to]) == 0)
			return PMJ_OK;
	return wrong(part, item, words, count);
}

static enum pmj_code
take_texts(struct texts *to, const struct part *part, const char *stem, bool required)
{
	char key[KIND_NAME_MAX + 8];

	for (size_t i = 0; i < LANG_COUNT; i++) {
		(void)snprintf(key, sizeof(key), "%s.%s", stem, lang_names[i]);
		to->in[i] = copy_of(part, key);
	}
	(void)snprintf(key, sizeof(key), "%s.en", stem);
	return to->in[LANG_EN] != NULL || !required ? PMJ_OK
	                                            : missing(part, key, "What people read");
}

/* a | b | c */
static enum pmj_code
take_list(char ***list, size_t *count, const struct part *part, const char *key)
{
	const struct conf_item *item = item_of(part, key);
	const char *at = item != NULL ? item->value : NULL;

	while (at != NULL) {
		const char *bar = strchr(at, '|');
		size_t bytes = bar != NULL ? (size_t)(bar - at) : strlen(at);
		char *word;

		while (bytes > 0 && (*at == ' ' || *at == '\t')) {
			at++;
			bytes--;
		}
		while (bytes > 0 && (at[bytes - 1] == ' ' || at[bytes - 1] == '\t'))
			bytes--;
		word = mem_strndup(at, bytes);
		*list = mem_grow(*list, *count + 1, sizeof(**list));
		(*list)[(*count)++] = word;
		for (size_t i = 0; i + 1 < *count; i++)
			if (strcmp((*list)[i], word) == 0 || bytes == 0)
				break;
		at = bar != NULL ? bar + 1 : NULL;
		if (bytes == 0) {
			(void)conf_fail(
			    part->err, part->conf, item->line, "%s has an empty word", key);
			pmj_hint(part->err, "write %s = one | two | three", key);
			return PMJ_INVALID;
		}
		for (size_t i = 0; i + 1 < *count; i++)
			if (strcmp((*list)[i], word) == 0) {
				(void)conf_fail(part->err, part->conf, item->line,
				    "%s names %.60s twice", key, word);
				pmj_hint(part->err, "remove one of the two");
				return PMJ_INVALID;
			}
	}
	return PMJ_OK;
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
			if (strcmp(key + len - 2, lang_names[*lang]) == 0) {
				*choice = &field->choices[i];
				return true;
			}
	}
	return false;
}

static enum pmj_code
check_keys(const struct part *part, const char *const *keys, size_t count, struct field *field)
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

	if ((rc = check_keys(part, kind_keys, COUNT(kind_keys), NULL)) != PMJ_OK ||
	    (rc = take_number(&version, part, "version")) != PMJ_OK ||
	    (rc = take_word(&scope, part, "scope", scope_names, COUNT(scope_names),
	         COUNT(scope_names))) != PMJ_OK ||
	    (rc = take_texts(&kind->title, part, "title", true)) != PMJ_OK ||
	    (rc = take_texts(&kind->plural, part, "plural", true)) != PMJ_OK ||
	    (rc = take_texts(&kind->help, part, "help", true)) != PMJ_OK)
		return rc;
	if ((kind->name = copy_of(part, "name")) == NULL)
		return missing(part, "name", "person");
	if (version < 1)
		return missing(part, "version", "1");
	if ((kind->shows = copy_of(part, "shows")) == NULL)
		return missing(part, "shows", "name");
	kind->version = (int)version;
	kind->scope = (enum kind_scope)scope;
	return PMJ_OK;
}

static enum pmj_code
read_choices(struct field *field, const struct part *part)
{
	char **values = NULL;
	size_t count = 0;
	enum pmj_code rc = take_list(&values, &count, part, "choices");

	field->choices = mem_array(count, sizeof(*field->choices));
	field->choice_count = count;
	for (size_t i = 0; i < count; i++)
		field->choices[i].value = values[i];
	free(values);
	if (rc == PMJ_OK)
		rc = check_keys(part, field_keys, COUNT(field_keys), field);
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
	field->otherwise = copy_of(part, "default");
	field->link_kind = copy_of(part, "link");
	field->example = copy_of(part, "example");
	if ((rc = read_choices(field, part)) != PMJ_OK ||
	    (rc = take_word(&type, part, "type", type_names, COUNT(type_names),
	         COUNT(type_names))) != PMJ_OK ||
	    (rc = take_word(&privacy, part, "privacy", privacy_names, COUNT(privacy_names),
	         PRIVACY_CLINICAL)) != PMJ_OK ||
	    (rc = take_flag(&field->required, part, "required")) != PMJ_OK ||
	    (rc = take_flag(&field->searchable, part, "searchable")) != PMJ_OK ||
	    (rc = take_flag(&field->open, part, "open")) != PMJ_OK ||
	    (rc = take_number(&field->least, part, "least")) != PMJ_OK ||
	    (rc = take_number(&field->most, part, "most")) != PMJ_OK ||
	    (rc = take_texts(&field->label, part, "label", true)) != PMJ_OK ||
	    (rc = take_texts(&field->help, part, "help", false)) != PMJ_OK)
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
	if ((rc = check_keys(part, state_keys, COUNT(state_keys), NULL)) != PMJ_OK ||
	    (rc = take_flag(&state->refusing, part, "refusing")) != PMJ_OK ||
	    (rc = take_flag(&state->closed, part, "closed")) != PMJ_OK ||
	    (rc = take_flag(&state->start, part, "start")) != PMJ_OK)
		return rc;
	return take_texts(&state->label, part, "label", true);
}

static enum pmj_code
read_move(struct kind *kind, const struct part *part)
{
	struct move *move;
	enum pmj_code rc;

	kind->moves = mem_grow(kind->moves, kind->move_count + 1, sizeof(*kind->moves));
	move = &kind->moves[kind->move_count++];
	memset(move, 0, sizeof(*move));
	move->verb = mem_strdup(part->section + strlen("move "));
	move->to = copy_of(part, "to");
	if ((rc = check_keys(part, move_keys, COUNT(move_keys), NULL)) != PMJ_OK ||
	    (rc = take_list(&move->from, &move->from_count, part, "from")) != PMJ_OK ||
	    (rc = take_list(&move->asks, &move->asks_count, part, "asks")) != PMJ_OK ||
	    (rc = take_flag(&move->needs_consent, part, "needs_consent")) != PMJ_OK ||
	    (rc = take_texts(&move->label, part, "label", true)) != PMJ_OK)
		return rc;
	if (move->from_count == 0)
		return missing(part, "from", "the state it starts in");
	return move->to != NULL ? PMJ_OK : missing(part, "to", "the state it leads to");
}

/* urgent = when FIELD is VALUE */
static enum pmj_code
read_urgent(struct kind *kind, const struct part *part)
{
	const struct conf_item *item = item_of(part, "urgent");
	const char *is;

	if (item == NULL)
		return PMJ_OK;
	is = strstr(item->value, " is ");
	if (strncmp(item->value, "when ", 5) != 0 || is == NULL || is < item->value + 6 ||
	    is[4] == '\0') {
		(void)conf_fail(part->err, part->conf, item->line,
		    "urgent = %.60s is not understood", item->value);
		pmj_hint(part->err, "write urgent = when FIELD is VALUE");
		return PMJ_INVALID;
	}
	kind->urgent_field = mem_strndup(item->value + 5, (size_t)(is - item->value) - 5);
	kind->urgent_value = mem_strdup(is + 4);
	return PMJ_OK;
}

static enum pmj_code
read_rules(struct kind *kind, const struct part *part)
{
	enum pmj_code rc;

	kind->due = copy_of(part, "due");
	kind->urgent_verb = copy_of(part, "urgent_move");
	kind->discloses_to = copy_of(part, "discloses_to");
	kind->discloses_for = copy_of(part, "discloses_for");
	kind->discloses_category = copy_of(part, "discloses_category");
	kind->discloses = copy_of(part, "discloses");
	if ((rc = check_keys(part, rule_keys, COUNT(rule_keys), NULL)) != PMJ_OK ||
	    (rc = take_list(&kind->subjects, &kind->subject_count, part, "subjects")) != PMJ_OK ||
	    (rc = take_flag(&kind->append_only, part, "append_only")) != PMJ_OK ||
	    (rc = take_flag(&kind->author_only, part, "author_only")) != PMJ_OK ||
	    (rc = take_flag(&kind->revocation_wins, part, "revocation_wins")) != PMJ_OK ||
	    (rc = take_list(&kind->consent_needs, &kind->consent_needs_count, part,
	         "consent_needs")) != PMJ_OK ||
	    (rc = take_list(&kind->consent_signed, &kind->consent_signed_count, part,
	         "consent_signed")) != PMJ_OK)
		return rc;
	return read_urgent(kind, part);
}

/* What a section's name may begin with, and who reads it. `many`: a name follows. */
static const struct {
	const char *word;
	bool many;
	enum pmj_code (*read)(struct kind *kind, const struct part *part);
} sections[] = {{"kind", false, read_head}, {"field ", true, read_field},
    {"state ", true, read_state}, {"move ", true, read_move}, {"rules", false, read_rules}};

static enum pmj_code
read_section(struct kind *kind, const struct part *part)
{
	static const char *const names[] = {
	    "kind", "field NAME", "state NAME", "move VERB", "rules"};
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
	pmj_hint(part->err, "%s%s%suse [kind], [field NAME], [state NAME], [move VERB] or [rules]",
	    near != NULL ? "did you mean [" : "", near != NULL ? near : "",
	    near != NULL ? "]? " : "");
	return PMJ_INVALID;
}

static enum pmj_code
kind_from_conf(struct kind **out, const struct conf *conf, struct pmj_error *err)
{
	struct kind *kind;
	enum pmj_code rc = PMJ_OK;

	if (conf->count > 0 && *conf->items[0].section == '\0') {
		(void)conf_fail(err, conf, conf->items[0].line, "this stands before any section");
		pmj_hint(err, "begin the file with [kind]");
		return PMJ_INVALID;
	}
	if (conf->section_count > KIND_FIELDS_MAX + KIND_STATES_MAX + KIND_MOVES_MAX + 2) {
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
	texts_close(&field->label);
	texts_close(&field->help);
}

void
kind_free(struct kind *kind)
{
	if (kind == NULL)
		return;
	for (size_t i = 0; i < kind->field_count; i++)
		field_close(&kind->fields[i]);
	for (size_t i = 0; i < kind->state_count; i++) {
		free(kind->states[i].name);
		texts_close(&kind->states[i].label);
	}
	for (size_t i = 0; i < kind->move_count; i++) {
		struct move *move = &kind->moves[i];
		names_free(move->from, move->from_count);
		names_free(move->asks, move->asks_count);
		free(move->verb);
		free(move->to);
		texts_close(&move->label);
	}
	names_free(kind->subjects, kind->subject_count);
	names_free(kind->consent_needs, kind->consent_needs_count);
	names_free(kind->consent_signed, kind->consent_signed_count);
	free(kind->fields);
	free(kind->states);
	free(kind->moves);
	free(kind->name);
	free(kind->shows);
	free(kind->due);
	free(kind->urgent_field);
	free(kind->urgent_value);
	free(kind->urgent_verb);
	free(kind->discloses_to);
	free(kind->discloses_for);
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

const char *
field_type_name(enum field_type type)
{
	return type_names[type];
}
