/* officefiles.c - files that the office published, as they are in force here: notices over those
 * that came with the program, and materials. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/record_inner.h"
#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/notice.h"
#include "domain/profile.h"
#include "log/published.h"

#define MATERIALS "materials/"

enum pmj_code
published_files(struct journal *journal, const char *folder, published_use *use, void *ctx,
    struct pmj_error *err)
{
	return ring_is_hub(journal_ring(journal))
	           ? hub_published_each(journal, folder, use, ctx, err)
	           : device_published_each(journal, folder, use, ctx, err);
}

struct one {
	const char *name;
	struct buf *bytes;
	int64_t version;
	bool found;
};

static void
keep_one(void *ctx, const struct published_got *got)
{
	struct one *one = ctx;

	if (strcmp(got->name, one->name) != 0)
		return;
	buf_put(one->bytes, got->bytes, got->len);
	one->version = got->version;
	one->found = true;
}

/* *version 0: it was never published. */
static enum pmj_code
get_one(struct journal *journal, const char *name, struct buf *bytes, int64_t *version,
    struct pmj_error *err)
{
	struct one one = {.name = name, .bytes = bytes};
	enum pmj_code rc = published_files(journal, name, keep_one, &one, err);

	*version = one.found ? one.version : 0;
	return rc;
}

/* ---- notices ---- */

enum pmj_code
office_notice(const struct core *core, struct notice *out, const char *name, struct pmj_error *err)
{
	char *file = mem_printf("notices/%s.ini", name), *path = fs_join(core->conf, file);
	struct notice own = {0}, published = {0};
	struct buf text;
	int64_t version;
	enum pmj_code rc;

	buf_init(&text, 0);
	if ((rc = get_one(core->journal, file, &text, &version, err)) == PMJ_OK && version > 0)
		rc = notice_read_text(&published, file, buf_text(&text), text.len, err);
	if (rc == PMJ_OK)
		rc = notice_read(&own, core->os, path, version > 0 ? NULL : err);
	/* A newer program may bring a later one; the office's stays where ours cannot be read. */
	if (version > 0 && published.name != NULL &&
	    (rc != PMJ_OK || published.version >= own.version)) {
		notice_close(&own);
		*out = published;
		rc = PMJ_OK;
	} else {
		notice_close(&published);
		*out = own;
	}
	buf_close(&text);
	free(file);
	free(path);
	return rc;
}

/* ---- the profile of the programme's country ---- */

#define PROFILES "profiles/"

struct country {
	const char *wanted; /* profiles/ke.ini; NULL: whichever there is */
	struct profile profile;
	struct pmj_error *err;
	enum pmj_code rc;
};

static void
keep_profile(void *ctx, const struct published_got *got)
{
	struct country *to = ctx;

	if (to->rc == PMJ_OK && to->profile.name == NULL &&
	    (to->wanted == NULL || strcmp(to->wanted, got->name) == 0))
		to->rc = profile_read_text(
		    &to->profile, got->name, (const char *)got->bytes, got->len, to->err);
}

enum pmj_code
office_profile_in(
    const struct core *core, struct journal *journal, struct profile *out, struct pmj_error *err)
{
	const char *country = core->settings.country;
	char *name = country != NULL ? mem_printf(PROFILES "%s.ini", country) : NULL;
	struct country to = {.wanted = name, .err = err, .rc = PMJ_OK};
	enum pmj_code rc = published_files(journal, PROFILES, keep_profile, &to, err);

	memset(out, 0, sizeof(*out));
	if (rc == PMJ_OK)
		rc = to.rc;
	if (rc == PMJ_OK && to.profile.name == NULL && name != NULL) {
		char *path = fs_join(core->conf, name);

		rc = profile_read(&to.profile, core->os, path, err);
		free(path);
	}
	if (rc == PMJ_OK)
		*out = to.profile;
	else
		profile_close(&to.profile);
	free(name);
	return rc;
}

enum pmj_code
office_profile(const struct core *core, struct profile *out, struct pmj_error *err)
{
	return office_profile_in(core, core->journal, out, err);
}

enum pmj_code
notice_show(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct notice notice = {0};
	enum pmj_code rc;

	if (!kind_is_name(call->part[0]))
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no notice of this name");
	if ((rc = record_notice(call, &notice, call->part[0], err)) != PMJ_OK)
		return rc;
	*out = notice_json(&notice, call->lang);
	notice_close(&notice);
	return PMJ_OK;
}

/* ---- materials ---- */

static void
list_one(void *ctx, const struct published_got *got)
{
	(void)json_array_append_new(
	    ctx, json_pack("{s:s,s:I,s:I}", "name", got->name + strlen(MATERIALS), "version",
	             (json_int_t)got->version, "bytes", (json_int_t)got->len));
}

enum pmj_code
materials_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	json_t *items = json_array();
	enum pmj_code rc = published_files(call->core->journal, MATERIALS, list_one, items, err);

	if (rc == PMJ_OK)
		*out = json_pack("{s:O}", "items", items);
	json_decref(items);
	return rc;
}

static enum pmj_code
no_material(const char *name, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_NOT_FOUND, "the office has sent no %.60s", name);
	pmj_hint(err, "what there is: pamoja materials");
	return PMJ_NOT_FOUND;
}

enum pmj_code
materials_get(const struct call *call, json_t **out, struct pmj_error *err)
{
	char *name = mem_printf(MATERIALS "%s", call->part[0]), *text;
	struct buf bytes;
	int64_t version;
	enum pmj_code rc;

	buf_init(&bytes, 0);
	if ((rc = get_one(call->core->journal, name, &bytes, &version, err)) == PMJ_OK &&
	    version == 0)
		rc = no_material(call->part[0], err);
	if (rc == PMJ_OK) {
		text = mem_new(bytes.len * 2 + 4);
		*out = json_pack("{s:s,s:I,s:s}", "name", call->part[0], "version",
		    (json_int_t)version, "content", text_base64(text, bytes.bytes, bytes.len));
		free(text);
	}
	buf_close(&bytes);
	free(name);
	return rc;
}

static enum pmj_code
material_name(const struct call *call, char **name, struct pmj_error *err)
{
	const char *typed;
	enum pmj_code rc;

	*name = NULL;
	if ((rc = call_text(call, &typed, "name", err)) != PMJ_OK)
		return rc;
	*name = mem_printf(MATERIALS "%s", typed);
	if (published_name_fits(*name))
		return PMJ_OK;
	free(*name);
	*name = NULL;
	(void)pmj_fail(err, PMJ_INVALID, "\"%.60s\" cannot be the name of a material", typed);
	pmj_hint(err, "small letters, digits, - and _, and an ending: first-steps.pdf");
	return PMJ_INVALID;
}

enum pmj_code
materials_publish(const struct call *call, json_t **out, struct pmj_error *err)
{
	const char *content;
	struct hub_file file = {0};
	struct buf bytes;
	char *name;
	enum pmj_code rc;

	if ((rc = material_name(call, &name, err)) != PMJ_OK)
		return rc;
	buf_init(&bytes, 0);
	if ((rc = call_text(call, &content, "content", err)) == PMJ_OK &&
	    (!text_unbase64_buf(&bytes, content) || bytes.len == 0 ||
	        bytes.len > PUBLISHED_FILE_MAX)) {
		rc = pmj_fail(err, PMJ_TOO_BIG, "a material holds something, and at most %d KiB",
		    PUBLISHED_FILE_MAX / 1024);
		pmj_hint(err, "it goes over every worker's link: smaller pictures, or in pieces");
	}
	if (rc == PMJ_OK) {
		file = (struct hub_file){.name = name,
		    .version = hub_published_version(call->core->journal, name) + 1,
		    .bytes = bytes.bytes,
		    .len = bytes.len};
		rc = hub_publish(call->core->hub, &file, 1, NULL, err);
	}
	if (rc == PMJ_OK) {
		core_queued(call->core, false);
		*out = json_pack("{s:s,s:I}", "name", name + strlen(MATERIALS), "version",
		    (json_int_t)file.version);
	}
	buf_close(&bytes);
	free(name);
	return rc;
}

enum pmj_code
materials_withdraw(const struct call *call, json_t **out, struct pmj_error *err)
{
	char *name;
	enum pmj_code rc;

	if ((rc = material_name(call, &name, err)) != PMJ_OK)
		return rc;
	if (hub_published_version(call->core->journal, name) == 0)
		rc = no_material(name + strlen(MATERIALS), err);
	if (rc == PMJ_OK)
		rc = hub_publish(call->core->hub, NULL, 0, name, err);
	if (rc == PMJ_OK) {
		core_queued(call->core, false);
		*out = json_pack("{s:s}", "withdrawn", name + strlen(MATERIALS));
	}
	free(name);
	return rc;
}
