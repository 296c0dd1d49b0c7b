/* kindset.c - the kinds in force: read from conf/kinds; a bad file leaves the last good set in
 * force, which HOME/kinds keeps. Over them lie those that the office published, which are in the
 * journal and so in force from the first unlock on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/core.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "domain/profile.h"

static bool
is_kind_file(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".ini") == 0;
}

/* Copy what differs; a file that is gone from `from` goes from `to` too. */
static enum pmj_code
mirror(const struct os *os, const char *from, const char *to, struct pmj_error *err)
{
	char **names = NULL;
	size_t count = 0;
	struct buf now, before;
	enum pmj_code rc;

	buf_init(&now, PMJ_CONF_FILE_MAX);
	buf_init(&before, PMJ_CONF_FILE_MAX);
	if ((rc = fs_make_dir(os, to, err)) != PMJ_OK ||
	    (rc = fs_list(&names, &count, from, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		char *source = fs_join(from, names[i]), *target = fs_join(to, names[i]);

		if (is_kind_file(names[i]) &&
		    (rc = fs_read(&now, os, source, PMJ_CONF_FILE_MAX, err)) == PMJ_OK &&
		    (fs_read(&before, os, target, PMJ_CONF_FILE_MAX, NULL) != PMJ_OK ||
		        before.len != now.len || memcmp(before.bytes, now.bytes, now.len) != 0))
			rc = fs_write(os, target, now.bytes, now.len, err);
		free(source);
		free(target);
	}
	fs_list_free(names, count);
	if (rc != PMJ_OK || (rc = fs_list(&names, &count, to, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < count; i++) {
		char *source = fs_join(from, names[i]), *target = fs_join(to, names[i]);

		if (!fs_exists(os, source))
			(void)os->unlink(os->ctx, target);
		free(source);
		free(target);
	}
	fs_list_free(names, count);
out:
	buf_close(&now);
	buf_close(&before);
	return rc;
}

void
core_keep_kinds(struct core *core)
{
	char *dir = fs_join(core->conf, "kinds");
	char *good = core_path(core, "kinds");
	struct pmj_error err;

	if (mirror(core->os, dir, good, &err) != PMJ_OK)
		diag_error("keeping the kinds in force", &err);
	free(dir);
	free(good);
}

/* Those of the program, or the last good ones. */
static enum pmj_code
read_own(struct core *core, struct kinds *out, struct pmj_error *err)
{
	char *dir = fs_join(core->conf, "kinds");
	char *good = core_path(core, "kinds");
	struct pmj_error second;
	enum pmj_code rc = kinds_read(out, core->os, dir, err);

	if (rc == PMJ_OK) {
		/* Only a home in use keeps a copy: an empty one has nothing to protect yet. */
		if (core->state != CORE_EMPTY)
			core_keep_kinds(core);
	} else if (fs_exists(core->os, good) &&
	           kinds_read(out, core->os, good, &second) == PMJ_OK) {
		diag_error("the kinds", err);
		(void)snprintf(core->kinds_warning, sizeof(core->kinds_warning),
		    "%.220s; the last good set of kinds stays in force. %.160s", err->message,
		    err->hint);
		rc = PMJ_OK;
	}
	free(dir);
	free(good);
	return rc;
}

enum pmj_code
core_read_kinds(struct core *core, struct pmj_error *err)
{
	return read_own(core, &core->kinds, err);
}

/* ---- of the office ---- */

struct over {
	struct core *core;
	struct kinds *kinds;
	bool all;
};

static void
warn_of_office(struct core *core, const struct pmj_error *why)
{
	diag_error("the kinds of the office", why);
	(void)snprintf(core->kinds_warning, sizeof(core->kinds_warning),
	    "a kind of the office is not in force here: %.200s. %.160s", why->message, why->hint);
}

/* "kinds/consent.ini": what it asks of a consent is then not asked here, and a consent might seem
 * wider than it is. */
static bool
is_of_consents(const struct kinds *kinds, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;

	for (size_t i = 0; i < kinds->count; i++) {
		const char *name = kinds->list[i]->name;
		size_t len = strlen(name);

		if (kinds->list[i]->revocation_wins && strncmp(base, name, len) == 0 &&
		    strcmp(base + len, ".ini") == 0)
			return true;
	}
	return false;
}

static void
lay_over(void *ctx, const struct published_got *got)
{
	struct over *over = ctx;
	struct pmj_error why = {0};

	if (kinds_lay_over(over->kinds, got->name, (const char *)got->bytes, got->len, &why) ==
	    PMJ_OK)
		return;
	warn_of_office(over->core, &why);
	over->core->consents_in_doubt |= is_of_consents(over->kinds, got->name);
	over->all = false;
}

/* What of the office's kinds cannot be is left out, and said. */
static enum pmj_code
read_over(struct core *core, struct kinds *out, struct journal *journal, struct pmj_error *err)
{
	struct over over = {.core = core, .kinds = out, .all = true};
	struct pmj_error why = {0};
	enum pmj_code rc;

	core->kinds_warning[0] = '\0';
	core->consents_in_doubt = false;
	if ((rc = read_own(core, out, err)) != PMJ_OK)
		return rc;
	rc = published_files(journal, "kinds/", lay_over, &over, err);
	if (rc == PMJ_OK && kinds_hold_together(out, &why) != PMJ_OK) {
		kinds_close(out);
		if ((rc = read_own(core, out, err)) == PMJ_OK)
			warn_of_office(core, &why);
		core->consents_in_doubt = true;
		return rc;
	}
	if (rc != PMJ_OK)
		kinds_close(out);
	return rc;
}

/* What the country asks of a consent. Rules that cannot be read leave those of the kinds. */
static void
lay_country_over(struct core *core, struct kinds *kinds, struct journal *journal)
{
	struct profile profile;
	struct pmj_error why = {0};

	if (office_profile_in(core, journal, &profile, &why) == PMJ_OK &&
	    (profile.name == NULL || profile_fits(&profile, kinds, &why) == PMJ_OK)) {
		profile_lay_over(&profile, kinds);
		profile_close(&profile);
		return;
	}
	profile_close(&profile);
	core->consents_in_doubt = true;
	diag_error("the profile of the country", &why);
	(void)snprintf(core->kinds_warning, sizeof(core->kinds_warning),
	    "the country's profile is not in force here: %.200s. %.160s", why.message, why.hint);
}

enum pmj_code
core_kinds_now(struct core *core, struct kinds *out, struct pmj_error *err)
{
	bool in_doubt = core->consents_in_doubt; /* of those in force: this is a look at others */
	enum pmj_code rc = read_over(core, out, core->journal, err);

	core->consents_in_doubt = in_doubt;
	return rc;
}

static int64_t
published_mark(struct journal *journal)
{
	return ring_is_hub(journal_ring(journal)) ? hub_published_mark(journal)
	                                          : device_published_mark(journal);
}

/* Somebody may hold one of the old ones in the midst of something: they stay until the end. */
static void
retire(struct core *core, struct kinds *old)
{
	core->retired = mem_grow(core->retired, core->retired_count + 1, sizeof(*core->retired));
	core->retired[core->retired_count++] = *old;
}

void
core_kinds_in(void *ctx, struct journal *journal)
{
	struct core *core = ctx;
	struct kinds now = {NULL, 0};
	struct pmj_error err = {0};

	core->published = published_mark(journal);
	core->kinds_owed = false;
	if (core->published == 0 && core->settings.country == NULL)
		return;
	if (read_over(core, &now, journal, &err) != PMJ_OK) {
		diag_error("the kinds of the office", &err);
		return;
	}
	lay_country_over(core, &now, journal);
	retire(core, &core->kinds);
	core->kinds = now;
}

void
core_kinds_news(struct core *core)
{
	int64_t mark = published_mark(core->journal);
	struct kinds now = {NULL, 0}, old = core->kinds;
	struct pmj_error err = {0};
	bool owed = false;

	if (mark == core->published)
		return;
	if (read_over(core, &now, core->journal, &err) != PMJ_OK) {
		diag_error("the kinds of the office", &err);
		return;
	}
	lay_country_over(core, &now, core->journal);
	core->kinds = now;
	if (journal_use_kinds(core->journal, &core->kinds, &owed, &err) != PMJ_OK) {
		core->kinds = old;
		kinds_close(&now);
		diag_error("the kinds of the office", &err);
		return;
	}
	retire(core, &old);
	core->published = mark;
	diag("the kinds of the office are in force");
	if (owed) { /* what is shown of them is made anew between requests */
		core->kinds_owed = core->checking = true;
		core_wake(core);
	}
}

void
core_kinds_end(struct core *core)
{
	kinds_close(&core->kinds);
	for (size_t i = 0; i < core->retired_count; i++)
		kinds_close(&core->retired[i]);
	free(core->retired);
}
