/* restore_mark.c - HOME/restoring names the journal that is not complete yet: what a restore that
 * was cut off left is taken away by it, and nothing else. */
#include "api/restore_mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fs.h"

#define RESTORE_MARK "restoring"

static char *
mark_path(const struct core *core)
{
	return core_path(core, RESTORE_MARK);
}

void
restore_mark_sweep(const struct core *core, const char *name)
{
	char **names = NULL;
	size_t count = 0;

	if (fs_list(&names, &count, core->home, NULL) != PMJ_OK)
		return;
	for (size_t i = 0; i < count; i++)
		if (strncmp(names[i], name, strlen(name)) == 0) {
			char *path = core_path(core, names[i]);

			(void)core->os->unlink(core->os->ctx, path);
			free(path);
		}
	fs_list_free(names, count);
}

static enum pmj_code
no_other_journal(const struct core *core, struct pmj_error *err)
{
	char **names = NULL;
	size_t count = 0;
	bool other = false;
	enum pmj_code rc;

	if ((rc = fs_list(&names, &count, core->home, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < count; i++)
		other = other ||
		        (strncmp(names[i], "journal-", 8) == 0 && strstr(names[i], ".new") == NULL);
	fs_list_free(names, count);
	if (!other)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_BUSY, "there is a journal here without its keys: %s", core->home);
	pmj_hint(
	    err, "restore into another home (--home DIR), and keep this one until you know why");
	return rc;
}

enum pmj_code
restore_mark_tidy(struct core *core, struct pmj_error *err)
{
	char *mark = mark_path(core);
	struct buf name;

	buf_init(&name, 0);
	if (fs_read(&name, core->os, mark, 64, NULL) == PMJ_OK && name.len > 8 &&
	    strncmp(buf_text(&name), "journal-", 8) == 0) {
		restore_mark_sweep(core, buf_text(&name));
		diag("a restore that was cut off was taken away");
	}
	(void)core->os->unlink(core->os->ctx, mark);
	buf_close(&name);
	free(mark);
	return no_other_journal(core, err);
}

void
restore_mark_remove(const struct core *core)
{
	char *mark = mark_path(core);

	(void)core->os->unlink(core->os->ctx, mark);
	free(mark);
}

enum pmj_code
restore_mark_write(const struct core *core, const char *name, struct pmj_error *err)
{
	char *mark = mark_path(core);
	enum pmj_code rc = fs_write(core->os, mark, name, strlen(name), err);

	free(mark);
	return rc;
}
