/* profile.c - a country's rules, as a file says them. */
#include "domain/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/kind_part.h"

static enum pmj_code
profile_head(struct profile *out, const struct part *part)
{
	static const char *const keys[] = {"name", "version", "title.en", "title.sw", "crosses"};
	int64_t version = 0;
	enum pmj_code rc;

	if ((rc = kind_check_keys(part, keys, COUNT(keys), NULL)) != PMJ_OK ||
	    (rc = part_number(&version, part, "version")) != PMJ_OK ||
	    (rc = part_list(&out->crosses, &out->crosses_count, part, "crosses")) != PMJ_OK ||
	    (rc = part_texts(&out->title, part, "title", true)) != PMJ_OK)
		return rc;
	out->version = (int)version;
	if ((out->name = part_text(part, "name")) == NULL || !kind_is_name(out->name))
		return part_missing(part, "name", "ke");
	return version >= 1 ? PMJ_OK : part_missing(part, "version", "1");
}

static enum pmj_code
profile_from_conf(struct profile *out, const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (conf->section_count == 1 && strcmp(conf->sections[0].name, "profile") == 0 &&
	    conf->count > 0 && conf->items[0].section[0] != '\0') {
		struct part part = {conf, "profile", conf->sections[0].line, err};

		rc = profile_head(out, &part);
	} else {
		rc = conf_fail(err, conf, 0, "a profile has the section [profile] and no other");
		pmj_hint(err, "begin with [profile], name, version and title.en");
	}
	if (rc != PMJ_OK)
		profile_close(out);
	return rc;
}

enum pmj_code
profile_read(struct profile *out, const struct os *os, const char *path, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = conf_read(&conf, os, path, err)) != PMJ_OK)
		return rc;
	rc = profile_from_conf(out, &conf, err);
	conf_close(&conf);
	return rc;
}

enum pmj_code
profile_read_text(
    struct profile *out, const char *name, const char *text, size_t len, struct pmj_error *err)
{
	struct conf conf;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = conf_read_text(&conf, name, text, len, err)) != PMJ_OK)
		return rc;
	rc = profile_from_conf(out, &conf, err);
	conf_close(&conf);
	return rc;
}

void
profile_close(struct profile *profile)
{
	for (size_t l = 0; l < LANG_COUNT; l++)
		free(profile->title.in[l]);
	for (size_t i = 0; i < profile->crosses_count; i++)
		free(profile->crosses[i]);
	free((void *)profile->crosses);
	free(profile->name);
	memset(profile, 0, sizeof(*profile));
}

bool
profile_crosses(
    const struct profile *profile, const char *const *information, size_t information_count)
{
	bool all = information_count > 0;

	for (size_t i = 0; i < information_count; i++) {
		bool found = false;

		for (size_t j = 0; j < profile->crosses_count && !found; j++)
			found = information[i] != NULL &&
			        text_same(profile->crosses[j], information[i]);
		all = all && found;
	}
	return all;
}
