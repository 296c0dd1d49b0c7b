/* kindset.c - the kinds in force: read from conf/kinds; a bad file leaves the last good set in
 * force, which HOME/kinds keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/core.h"
#include "base/diag.h"
#include "base/fs.h"

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

enum pmj_code
core_read_kinds(struct core *core, struct pmj_error *err)
{
	char *dir = fs_join(core->conf, "kinds");
	char *good = core_path(core, "kinds");
	struct pmj_error second;
	enum pmj_code rc = kinds_read(&core->kinds, core->os, dir, err);

	if (rc == PMJ_OK) {
		/* Only a home in use keeps a copy: an empty one has nothing to protect yet. */
		if (core->state != CORE_EMPTY)
			core_keep_kinds(core);
	} else if (fs_exists(core->os, good) &&
	           kinds_read(&core->kinds, core->os, good, &second) == PMJ_OK) {
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
