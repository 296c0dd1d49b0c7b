/* publish.c - `hub kinds publish`: checked as a whole with what is in force, then signed and sent.
 */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "domain/notice.h"
#include "domain/profile.h"
#include "log/published.h"

#define FILES_MAX 64 /* at once */

struct publication {
	const struct call *call;
	struct kinds kinds; /* as they would be in force */
	json_t *published;  /* before */
	struct hub_file files[FILES_MAX];
	size_t count;
	json_t *items; /* what is new: {"name","version"} */
	int64_t unchanged;
};

/* Is it what laptops have already: published as it is, or a file of the program that nothing was
 * published over? */
static bool
is_in_force(const struct publication *to, const char *name, const char *text, size_t len)
{
	uint8_t hash[PRIM_HASH_BYTES], was[PRIM_HASH_BYTES];
	const struct core *core = to->call->core;
	const json_t *file;
	struct buf shipped;
	char *path;
	bool same;
	size_t i;

	published_hash(hash, name, (const uint8_t *)text, len);
	json_array_foreach(to->published, i,
	    file) if (strcmp(json_str(file, "name"), name) == 0) return json_unhex(file, "hash",
	    was, sizeof(was)) &&
	    memcmp(hash, was, sizeof(was)) == 0;
	if (strncmp(name, "profiles/", 9) == 0)
		return false; /* which of them holds is known by its being published */
	path = fs_join(core->conf, name);
	buf_init(&shipped, PMJ_CONF_FILE_MAX);
	same = fs_read(&shipped, core->os, path, PMJ_CONF_FILE_MAX, NULL) == PMJ_OK &&
	       shipped.len == len && memcmp(shipped.bytes, text, len) == 0;
	buf_close(&shipped);
	free(path);
	return same;
}

static enum pmj_code
check_name(const struct kind *kind, const char *file, struct pmj_error *err)
{
	char *right = mem_printf("kinds/%s.ini", kind->name);
	enum pmj_code rc = PMJ_OK;

	if (strcmp(right, file) != 0) {
		rc = pmj_fail(err, PMJ_INVALID, "the file %.80s is not named after its kind, %s",
		    file + strlen("kinds/"), kind->name);
		pmj_hint(err, "call it %s", right + strlen("kinds/"));
	}
	free(right);
	return rc;
}

/* A version is one text for ever: records say by which they were written. */
static enum pmj_code
check_version(const struct publication *to, const struct kind *kind, struct pmj_error *err)
{
	const struct kind *old = kinds_get(&to->kinds, kind->name);

	if (old == NULL || kind->version > old->version)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_REFUSED, "%s: version %d is in force already, with another text",
	    kind->name, old->version);
	pmj_hint(err, "write version = %d in the file, then publish it", old->version + 1);
	return PMJ_REFUSED;
}

static void
take(struct publication *to, const char *file, const char *text, const char *name, int version)
{
	to->files[to->count++] = (struct hub_file){
	    .name = file, .version = version, .bytes = (const uint8_t *)text, .len = strlen(text)};
	(void)json_array_append_new(
	    to->items, json_pack("{s:s,s:i}", "name", name, "version", version));
}

static enum pmj_code
take_kind(struct publication *to, const char *name, const char *text, struct pmj_error *err)
{
	struct kind *kind = NULL;
	size_t len = strlen(text);
	enum pmj_code rc;

	if ((rc = kind_read_text(&kind, name, text, len, err)) != PMJ_OK)
		return rc;
	if ((rc = check_name(kind, name, err)) == PMJ_OK &&
	    (rc = check_version(to, kind, err)) == PMJ_OK &&
	    (rc = kinds_lay_over(&to->kinds, name, text, len, err)) == PMJ_OK)
		take(to, name, text, kind->name, kind->version);
	kind_free(kind);
	return rc;
}

/* Of which the ledger says by its version what went along. */
static enum pmj_code
take_notice(struct publication *to, const char *file, const char *text, struct pmj_error *err)
{
	const char *stem = file + strlen("notices/");
	struct notice notice = {0}, old = {0};
	enum pmj_code rc;

	if ((rc = notice_read_text(&notice, file, text, strlen(text), err)) != PMJ_OK)
		return rc;
	if (strncmp(stem, notice.name, strlen(notice.name)) != 0 ||
	    strcmp(stem + strlen(notice.name), ".ini") != 0) {
		rc = pmj_fail(err, PMJ_INVALID, "the file %.80s is not named after its notice, %s",
		    stem, notice.name);
		pmj_hint(err, "call it %s.ini", notice.name);
	} else if (office_notice(to->call->core, &old, notice.name, err) == PMJ_OK &&
	           notice.version <= old.version) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "%s: version %d is in force already, with another text", notice.name,
		    old.version);
		pmj_hint(err, "write version = %d in the file, then publish it", old.version + 1);
	} else {
		take(to, file, text, notice.name, notice.version);
	}
	notice_close(&old);
	notice_close(&notice);
	return rc;
}

struct abroad {
	const char *file;
	bool other;
};

static void
see_profile(void *ctx, const struct published_got *got)
{
	struct abroad *seen = ctx;

	seen->other = seen->other || strcmp(got->name, seen->file) != 0;
}

/* Of one country: a laptop takes the profile that there is, and must not have to choose. */
static enum pmj_code
check_one_country(
    const struct publication *to, const char *file, const char *name, struct pmj_error *err)
{
	const struct core *core = to->call->core;
	struct abroad seen = {.file = file};
	enum pmj_code rc = published_files(core->journal, "profiles/", see_profile, &seen, err);

	for (size_t i = 0; i < to->count; i++)
		seen.other = seen.other || strncmp(to->files[i].name, "profiles/", 9) == 0;
	if (rc != PMJ_OK || (!seen.other && (core->settings.country == NULL ||
	                                        strcmp(core->settings.country, name) == 0)))
		return rc;
	rc = pmj_fail(err, PMJ_REFUSED, "this hub belongs to another country than %.32s", name);
	pmj_hint(err, "a hub has the profile of one country; another country needs its own hub");
	return rc;
}

static enum pmj_code
take_profile(struct publication *to, const char *file, const char *text, struct pmj_error *err)
{
	struct profile profile;
	char *right = NULL;
	int64_t old = hub_published_version(to->call->core->journal, file);
	enum pmj_code rc;

	if ((rc = profile_read_text(&profile, file, text, strlen(text), err)) != PMJ_OK)
		return rc;
	if ((rc = country_fits(to->call->core, &profile, &to->kinds, err)) != PMJ_OK) {
		profile_close(&profile);
		return rc;
	}
	right = mem_printf("profiles/%s.ini", profile.name);
	if (strcmp(right, file) != 0) {
		rc = pmj_fail(err, PMJ_INVALID, "the file %.80s is not named after its profile, %s",
		    file + strlen("profiles/"), profile.name);
		pmj_hint(err, "call it %s.ini", profile.name);
	} else if (profile.version <= old) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "%s: version %d is in force already, with another text", profile.name,
		    (int)old);
		pmj_hint(err, "write version = %d in the file, then publish it", (int)old + 1);
	} else if ((rc = check_one_country(to, file, profile.name, err)) == PMJ_OK) {
		take(to, file, text, profile.name, profile.version);
		if (profile.draft)
			(void)json_object_set_new(
			    json_array_get(to->items, json_array_size(to->items) - 1), "draft",
			    json_true());
	}
	free(right);
	profile_close(&profile);
	return rc;
}

static enum pmj_code
take_files(struct publication *to, const json_t *files, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	const json_t *file;
	size_t i;

	if (json_array_size(files) == 0 || json_array_size(files) > FILES_MAX)
		return pmj_fail(
		    err, PMJ_USAGE, "name one file or more (at most %d at once)", FILES_MAX);
	json_array_foreach(files, i, file)
	{
		const char *name = json_str(file, "name"), *text = json_str(file, "text");

		bool notice = name != NULL && strncmp(name, "notices/", 8) == 0;
		bool profile = name != NULL && strncmp(name, "profiles/", 9) == 0;

		if (name == NULL || text == NULL || !published_name_fits(name) ||
		    (!notice && !profile && strncmp(name, "kinds/", 6) != 0)) {
			rc = pmj_fail(err, PMJ_INVALID, "%.80s is no name of a kind's file",
			    name != NULL ? name : "\"\"");
			pmj_hint(err, "a kind's file is called after it, such as bicycle.ini");
			return rc;
		}
		if (is_in_force(to, name, text, strlen(text)))
			to->unchanged++;
		else if ((rc = notice    ? take_notice(to, name, text, err)
		               : profile ? take_profile(to, name, text, err)
		                         : take_kind(to, name, text, err)) != PMJ_OK)
			return rc;
	}
	return kinds_hold_together(&to->kinds, err);
}

enum pmj_code
office_publish(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct publication to = {.call = call};
	enum pmj_code rc;

	if ((rc = core_kinds_now(core, &to.kinds, err)) != PMJ_OK)
		return rc;
	to.published = hub_published(core->journal);
	to.items = json_array();
	rc = take_files(&to, json_arr(call->body, "files"), err);
	if (rc == PMJ_OK && to.count > 0 &&
	    (rc = hub_publish(core->hub, to.files, to.count, NULL, err)) == PMJ_OK) {
		core_kinds_news(core);
		core_queued(core, true);
	}
	if (rc == PMJ_OK)
		*out = json_pack(
		    "{s:O,s:I}", "published", to.items, "unchanged", (json_int_t)to.unchanged);
	json_decref(to.items);
	json_decref(to.published);
	kinds_close(&to.kinds);
	return rc;
}

enum pmj_code
office_published(const struct call *call, json_t **out, struct pmj_error *err)
{
	(void)err;
	*out = json_pack("{s:o}", "items", hub_published(call->core->journal));
	return PMJ_OK;
}
