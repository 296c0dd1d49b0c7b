#include "cli/kindfiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"

/* The text of this language, else English, else `otherwise`. */
static const char *
text_of(const struct conf *conf, const char *section, const char *stem, const char *lang,
    const char *otherwise)
{
	const char *const langs[] = {lang, "en"};

	for (size_t i = 0; i < 2; i++) {
		char *key = mem_printf("%s.%s", stem, langs[i]);
		const struct conf_item *item = conf_get(conf, section, key);

		free(key);
		if (item != NULL && *item->value != '\0')
			return item->value;
	}
	return otherwise;
}

/* a | b | c */
static json_t *
choices_of(const char *list)
{
	char *copy = mem_strdup(list), *rest = *copy != '\0' ? copy : NULL, *word;
	json_t *choices = json_array();

	while ((word = strsep(&rest, "|")) != NULL) {
		size_t len;

		word += strspn(word, " \t");
		len = strlen(word);
		while (len > 0 && strchr(" \t", word[len - 1]) != NULL)
			word[--len] = '\0';
		(void)json_array_append_new(choices, json_pack("{s:s}", "value", word));
	}
	free(copy);
	return choices;
}

static void
add_field(json_t *fields, const struct conf *conf, const char *section, const char *lang)
{
	const struct conf_item *type = conf_get(conf, section, "type");
	const struct conf_item *choices = conf_get(conf, section, "choices");
	const struct conf_item *past = conf_get(conf, section, "past");
	const char *name = section + strlen("field ");

	(void)json_array_append_new(
	    fields, json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", name, "label",
	                text_of(conf, section, "label", lang, name), "type",
	                type != NULL ? type->value : "", "past",
	                past != NULL && strcmp(past->value, "yes") == 0, "choices",
	                choices_of(choices != NULL ? choices->value : "")));
}

static json_t *
kind_of(const struct conf *conf, const char *name, const char *lang)
{
	json_t *fields = json_array(), *moves = json_array();
	bool accounts = false;

	for (size_t i = 0; i < conf->section_count; i++) {
		const char *section = conf->sections[i].name;

		if (strncmp(section, "field ", 6) == 0)
			add_field(fields, conf, section, lang);
		if (strncmp(section, "move ", 5) != 0)
			continue;
		accounts = accounts || conf_get(conf, section, "discloses") != NULL;
		(void)json_array_append_new(
		    moves, json_pack("{s:s, s:s}", "verb", section + 5, "label",
		               text_of(conf, section, "label", lang, section + 5)));
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:b, s:b}", "name", name, "label",
	    text_of(conf, "kind", "title", lang, name), "fields", fields, "moves", moves, "person",
	    strcmp(name, "person") == 0, "sends",
	    conf_get(conf, "rules", "discloses_to") != NULL && !accounts);
}

static enum pmj_code
add_kind(json_t *kinds, const char *dir, const char *file, const char *lang, struct pmj_error *err)
{
	char *path = fs_join(dir, file), *name = mem_strndup(file, strlen(file) - strlen(".ini"));
	struct conf conf;
	enum pmj_code rc = conf_read(&conf, &os_real, path, err);

	if (rc == PMJ_OK) {
		(void)json_array_append_new(kinds, kind_of(&conf, name, lang));
		conf_close(&conf);
	}
	free(path);
	free(name);
	return rc;
}

enum pmj_code
kindfiles_read(json_t **out, const char *home, const char *lang, struct pmj_error *err)
{
	char *own = fs_join(home, "kinds"), *shared = fs_join(conf_dir(), "kinds"), **names = NULL;
	const char *dir = fs_exists(&os_real, own) ? own : shared;
	json_t *kinds = json_array();
	size_t count = 0;
	enum pmj_code rc = fs_list(&names, &count, dir, err);

	for (size_t i = 0; rc == PMJ_OK && i < count; i++) {
		size_t len = strlen(names[i]);

		if (len > 4 && names[i][0] != '.' && strcmp(names[i] + len - 4, ".ini") == 0)
			rc = add_kind(kinds, dir, names[i], lang, err);
	}
	fs_list_free(names, count);
	free(own);
	free(shared);
	if (rc == PMJ_OK)
		*out = json_incref(kinds);
	json_decref(kinds);
	return rc;
}
