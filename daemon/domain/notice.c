/* notice.c - a statement that goes with what is told: its paragraphs in each language, and a
 * version that the ledger keeps. */
#include "domain/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/kind_part.h"

static enum pmj_code
notice_head(struct notice *out, const struct part *part)
{
	static const char *const keys[] = {
	    "name", "version", "draft", "title.en", "title.sw", "words"};
	int64_t version = 0;
	enum pmj_code rc;

	if ((rc = kind_check_keys(part, keys, COUNT(keys), NULL)) != PMJ_OK ||
	    (rc = part_number(&version, part, "version")) != PMJ_OK ||
	    (rc = part_flag(&out->draft, part, "draft")) != PMJ_OK ||
	    (rc = part_list(&out->words, &out->word_count, part, "words")) != PMJ_OK ||
	    (rc = part_texts(&out->title, part, "title", true)) != PMJ_OK)
		return rc;
	out->version = (int)version;
	if ((out->name = part_text(part, "name")) == NULL || !kind_is_name(out->name))
		return part_missing(part, "name", "disclosure");
	return version >= 1 ? PMJ_OK : part_missing(part, "version", "1");
}

static enum pmj_code
notice_paragraph(struct notice *out, const struct part *part)
{
	static const char *const keys[] = {"text.en", "text.sw"};
	struct texts *text;
	enum pmj_code rc;

	out->paragraphs = mem_grow(out->paragraphs, out->count + 1, sizeof(*out->paragraphs));
	text = &out->paragraphs[out->count++];
	memset(text, 0, sizeof(*text));
	if ((rc = kind_check_keys(part, keys, COUNT(keys), NULL)) != PMJ_OK)
		return rc;
	return part_texts(text, part, "text", true);
}

static enum pmj_code
notice_sections(struct notice *out, const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < conf->section_count && rc == PMJ_OK; i++) {
		struct part part = {conf, conf->sections[i].name, conf->sections[i].line, err};

		if (strcmp(part.section, "notice") == 0) {
			rc = notice_head(out, &part);
		} else if (strncmp(part.section, "paragraph ", 10) == 0 &&
		           out->count < NOTICE_PARAGRAPHS_MAX) {
			rc = notice_paragraph(out, &part);
		} else {
			rc = conf_fail(
			    err, conf, part.line, "[%s] does not belong here", part.section);
			pmj_hint(err, "use [notice], then [paragraph 1] to at most [paragraph %d]",
			    NOTICE_PARAGRAPHS_MAX);
		}
	}
	return rc;
}

static enum pmj_code
notice_from_conf(struct notice *out, const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	rc = notice_sections(out, conf, err);
	if (rc == PMJ_OK &&
	    (out->name == NULL || out->count == 0 || conf->items[0].section[0] == '\0')) {
		rc = conf_fail(err, conf, 0, "the notice is not whole");
		pmj_hint(err, "begin with [notice], name, version and title.en; then [paragraph 1] "
		              "with text.en");
	}
	if (rc != PMJ_OK)
		notice_close(out);
	return rc;
}

enum pmj_code
notice_read(struct notice *out, const struct os *os, const char *path, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = conf_read(&conf, os, path, err)) != PMJ_OK)
		return rc;
	rc = notice_from_conf(out, &conf, err);
	conf_close(&conf);
	return rc;
}

enum pmj_code
notice_read_text(
    struct notice *out, const char *name, const char *text, size_t len, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = conf_read_text(&conf, name, text, len, err)) != PMJ_OK)
		return rc;
	rc = notice_from_conf(out, &conf, err);
	conf_close(&conf);
	return rc;
}

void
notice_close(struct notice *notice)
{
	for (size_t l = 0; l < LANG_COUNT; l++) {
		free(notice->title.in[l]);
		for (size_t i = 0; i < notice->count; i++)
			free(notice->paragraphs[i].in[l]);
	}
	for (size_t i = 0; i < notice->word_count; i++)
		free(notice->words[i]);
	free((void *)notice->words);
	free(notice->paragraphs);
	free(notice->name);
	memset(notice, 0, sizeof(*notice));
}

void
notice_id(const struct notice *notice, char out[static NOTICE_ID_MAX])
{
	(void)snprintf(out, NOTICE_ID_MAX, "%.40s %d%s", notice->name, notice->version,
	    notice->draft ? " draft" : "");
}

json_t *
notice_json(const struct notice *notice, enum lang lang)
{
	json_t *paragraphs = json_array();
	char id[NOTICE_ID_MAX];

	notice_id(notice, id);
	for (size_t i = 0; i < notice->count; i++)
		(void)json_array_append_new(
		    paragraphs, json_string(texts_in(&notice->paragraphs[i], lang)));
	return json_pack("{s:s,s:b,s:s,s:o}", "id", id, "draft", notice->draft, "title",
	    texts_in(&notice->title, lang), "paragraphs", paragraphs);
}

bool
notice_has_word(const struct notice *notice, const char *text)
{
	char *folded = text_fold(text);
	bool found = false;

	for (size_t i = 0; i < notice->word_count && !found; i++) {
		char *word = text_fold(notice->words[i]);

		found = strstr(folded, word) != NULL;
		free(word);
	}
	free(folded);
	return found;
}
