/* fresh.c - a home is made once whoever made it has seen what is shown only once: the recovery
 * code, and the root key of a hub. Until then the file `unseen` lies in it; a start that finds it
 * makes the home empty again, so that `init` cut off at any moment is simply given once more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/core.h"
#include "base/diag.h"
#include "base/fs.h"

static const char mark_text[] = "Nobody has seen the recovery code of this home yet.\n";

enum pmj_code
core_fresh_begin(struct core *core, struct pmj_error *err)
{
	char *path = core_path(core, "unseen");
	enum pmj_code rc = fs_write(core->os, path, mark_text, sizeof(mark_text) - 1, err);

	free(path);
	return rc;
}

enum pmj_code
core_fresh_seen(struct core *core, struct pmj_error *err)
{
	char *path;
	enum pmj_code rc = PMJ_OK;

	if (!core->unseen)
		return PMJ_OK;
	path = core_path(core, "unseen");
	if (fs_exists(core->os, path) && core->os->unlink(core->os->ctx, path) != 0)
		rc = pmj_fail(err, PMJ_IO, "cannot remove %s", path);
	if (rc == PMJ_OK)
		rc = fs_sync_dir(core->os, core->home, err);
	if (rc == PMJ_OK)
		core->unseen = false;
	free(path);
	return rc;
}

static bool
made_by_init(const char *name)
{
	return strncmp(name, "journal-", 8) == 0 || strncmp(name, "keys", 4) == 0 ||
	       strcmp(name, "reserve") == 0;
}

/* The keys first: without them the rest can be read by nobody. */
enum pmj_code
core_fresh_sweep(struct core *core, struct pmj_error *err)
{
	char *mark = core_path(core, "unseen"), *keys = core_path(core, "keys");
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc = PMJ_OK;

	if (!fs_exists(core->os, mark))
		goto out;
	diag("a home was cut off before its recovery code was seen: it is made empty again");
	if ((rc = fs_shred(core->os, keys, err)) != PMJ_OK ||
	    (rc = fs_list(&names, &count, core->home, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		char *path = core_path(core, names[i]);

		if (made_by_init(names[i]))
			rc = fs_shred(core->os, path, err);
		free(path);
	}
	if (rc == PMJ_OK)
		rc = fs_sync_dir(core->os, core->home, err);
	core->unseen = true;
	if (rc == PMJ_OK)
		rc = core_fresh_seen(core, err);
out:
	fs_list_free(names, count);
	free(keys);
	free(mark);
	return rc;
}
