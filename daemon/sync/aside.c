/* aside.c - what was refused, and where it lies. */
#include "sync/aside.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "store/sql.h"

enum pmj_code
aside_note(struct sync *sync, const struct sync_place_of *place, const char *name,
    const char *fault, bool kept, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT OR REPLACE INTO pmj_aside(mailbox,lane,inc,segno,fault,file,kept,at)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");
	enum pmj_code rc;

	sql_blob(sql, 1, place->mailbox, sizeof(place->mailbox));
	sql_int(sql, 2, place->lane);
	sql_blob(sql, 3, place->inc, sizeof(place->inc));
	sql_int(sql, 4, (int64_t)place->segno);
	sql_text(sql, 5, fault);
	sql_text(sql, 6, name);
	sql_int(sql, 7, kept);
	sql_int(sql, 8, os_now(sync->os));
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return journal_event(sync->journal, "refused", fault, name, err);
}

/* One row over the limit of its lane: its number, and its name in the folder; false when there is
 * none. Caller frees. */
static bool
aside_oldest_over(struct sync *sync, int64_t *id, char **file)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT id,file,fault FROM pmj_aside a WHERE kept=0 AND ?1<=(SELECT count(*) FROM "
	    "pmj_aside b"
	    " WHERE b.mailbox=a.mailbox AND b.lane=a.lane AND b.kept=0 AND b.id>a.id)"
	    " ORDER BY id LIMIT 1");
	bool row = false;

	sql_int(sql, 1, PMJ_SET_ASIDE_MAX);
	if (sql_row(sql, &row, NULL) != PMJ_OK)
		row = false;
	if (row) {
		*id = sql_col_int(sql, 0);
		*file = mem_printf("%s.%s", sql_col_text(sql, 1), sql_col_text(sql, 2));
	}
	sql_done(sql);
	return row;
}

/* As it is called in HOME/aside: the reason is part of the name, since one place can be spoiled in
 * several ways. NULL: never noted. */
static char *
aside_kept_name(struct sync *sync, const char *name)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT fault FROM pmj_aside WHERE file=?1 ORDER BY at DESC,id DESC LIMIT 1");
	char *kept = NULL;
	bool row = false;

	sql_text(sql, 1, name);
	if (sql_row(sql, &row, NULL) == PMJ_OK && row)
		kept = mem_printf("%s.%s", name, sql_col_text(sql, 0));
	sql_done(sql);
	return kept;
}

void
aside_move(struct sync *sync, const char *name)
{
	char *kept = aside_kept_name(sync, name);
	char *from = fs_join(sync->in, name);
	char *to = fs_join(sync->aside, kept != NULL ? kept : name);
	char *old = NULL;
	int64_t id = 0;

	if (fs_make_dir(sync->os, sync->aside, NULL) != PMJ_OK ||
	    sync->os->rename(sync->os->ctx, from, to) != 0)
		(void)sync->os->unlink(sync->os->ctx, from);
	free(from);
	free(to);
	free(kept);
	while (aside_oldest_over(sync, &id, &old)) {
		struct sql *sql = sql_get(sync->journal, "DELETE FROM pmj_aside WHERE id=?1");
		enum pmj_code rc;

		sql_int(sql, 1, id);
		rc = sql_run(sql, NULL);
		fs_drop(sync->os, sync->aside, old);
		free(old);
		if (rc != PMJ_OK)
			break;
	}
}
