/* sync.c - the engine as one object: its tables, its folders, its end. */
#include "sync/sync.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "store/sql.h"
#include "sync/device_schema.h"
#include "sync/files.h"
#include "sync/inner.h"
#include "sync/photo.h"
#include "sync/seal_inner.h"
#include "sync/take.h"

const char *const sync_schema[] = {
    "CREATE TABLE IF NOT EXISTS pmj_lane(id INTEGER PRIMARY KEY,mailbox BLOB NOT NULL,"
    "lane INTEGER NOT NULL,inc BLOB NOT NULL,real BLOB NOT NULL,ours INTEGER NOT NULL,"
    "segno INTEGER NOT NULL,segment_id BLOB NOT NULL,seq INTEGER NOT NULL,chain BLOB NOT NULL,"
    "part INTEGER NOT NULL DEFAULT 0,part_chain BLOB NOT NULL DEFAULT x'',"
    "acked_segno INTEGER NOT NULL DEFAULT 0,acked_seq INTEGER NOT NULL DEFAULT 0,"
    "deferred_seq INTEGER NOT NULL DEFAULT 0,count_seq INTEGER NOT NULL DEFAULT 0,"
    "told_seq INTEGER NOT NULL DEFAULT 0,closed INTEGER NOT NULL DEFAULT 0,"
    "done INTEGER NOT NULL DEFAULT 0,nack INTEGER NOT NULL DEFAULT 0,"
    "stopped TEXT NOT NULL DEFAULT '',made_ms INTEGER NOT NULL DEFAULT 0,"
    "gap_ms INTEGER NOT NULL DEFAULT 0,reader_pk BLOB NOT NULL DEFAULT x'',"
    "cause TEXT NOT NULL DEFAULT '',named_segno INTEGER NOT NULL DEFAULT -1,"
    "UNIQUE(mailbox,lane,inc))",
    /* The few lanes for which something is to be sealed though nothing is queued (seal_due.c). */
    "CREATE INDEX IF NOT EXISTS pmj_lane_owed ON pmj_lane(mailbox) WHERE ours=0"
    " AND (count_seq>told_seq OR nack=1)",
    "CREATE INDEX IF NOT EXISTS pmj_lane_begun ON pmj_lane(mailbox) WHERE ours=1 AND closed=0"
    " AND segno=0 AND cause IN ('copy','restore')",
    "CREATE INDEX IF NOT EXISTS pmj_lane_old ON pmj_lane(made_ms) WHERE (ours=0 OR closed=1)",
    /* People who are erased (erase.c): what is under way, and tombstones. */
    "CREATE TABLE IF NOT EXISTS pmj_erase(act BLOB PRIMARY KEY,person BLOB,begun_ms INTEGER NOT "
    "NULL,stage INTEGER NOT NULL,rec BLOB NOT NULL,n INTEGER NOT NULL,removed_ms INTEGER,"
    "epoch INTEGER,unreadable_ms INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_tomb(tag BLOB PRIMARY KEY) WITHOUT ROWID",
    /* Lanes whose branches the carrier dropped. */
    "CREATE TABLE IF NOT EXISTS pmj_ended(lane INTEGER PRIMARY KEY)",
    "CREATE INDEX IF NOT EXISTS pmj_lane_made ON pmj_lane(made_ms) WHERE ours=1 AND closed=0"
    " AND segno>0",
    "CREATE TABLE IF NOT EXISTS pmj_point(lane INTEGER NOT NULL,segno INTEGER NOT NULL,"
    "id BLOB NOT NULL,seq INTEGER NOT NULL,chain BLOB NOT NULL,PRIMARY KEY(lane,segno)) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_queue(id INTEGER PRIMARY KEY,mailbox BLOB NOT NULL,"
    "rank INTEGER NOT NULL,pos INTEGER NOT NULL,n INTEGER,forward INTEGER NOT NULL,line BLOB,"
    "UNIQUE(mailbox,n,forward))",
    "CREATE INDEX IF NOT EXISTS pmj_queue_order ON pmj_queue(mailbox,rank DESC,pos)",
    "CREATE INDEX IF NOT EXISTS pmj_queue_first ON pmj_queue(rank DESC,pos)",
    "CREATE INDEX IF NOT EXISTS pmj_queue_pos ON pmj_queue(pos)",
    "CREATE INDEX IF NOT EXISTS pmj_queue_n ON pmj_queue(n)",
    "CREATE TABLE IF NOT EXISTS pmj_sent(lane INTEGER NOT NULL,seq INTEGER NOT NULL,"
    "segno INTEGER NOT NULL,n INTEGER NOT NULL,forward INTEGER NOT NULL,counts INTEGER NOT NULL,"
    "line BLOB,chain BLOB NOT NULL,PRIMARY KEY(lane,seq)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS pmj_sent_n ON pmj_sent(n)",
    "CREATE TABLE IF NOT EXISTS pmj_done(mailbox BLOB NOT NULL,n INTEGER NOT NULL,"
    "forward INTEGER NOT NULL,lane INTEGER NOT NULL,seq INTEGER NOT NULL,"
    "PRIMARY KEY(n,mailbox,forward)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_segment(id INTEGER PRIMARY KEY,lane INTEGER NOT NULL,"
    "segno INTEGER NOT NULL,last_seq INTEGER NOT NULL,state INTEGER NOT NULL,"
    /* entries: journaled lines in it that no receipt covers, so that `status` need not count */
    "entries INTEGER NOT NULL,bytes BLOB NOT NULL,UNIQUE(lane,segno))",
    /* Some lines each of a segment that is sealed, which still stand in the queue (seal_number.c).
     */
    "CREATE TABLE IF NOT EXISTS pmj_numbering(id INTEGER PRIMARY KEY,lane INTEGER NOT NULL,"
    "segno INTEGER NOT NULL,items BLOB NOT NULL)",
    /* Lines of a run that was left which are to go back to the queue: those behind seq, each to
     * pos + its seq; and the segments behind segno, which go with them (queue_again.c). */
    "CREATE TABLE IF NOT EXISTS pmj_again(id INTEGER PRIMARY KEY,lane INTEGER NOT NULL,"
    "segno INTEGER NOT NULL,seq INTEGER NOT NULL,pos INTEGER NOT NULL)",
    /* Of a mailbox: what the network at its laptop lets through in one piece, by its own word
     * (link_reader.c); when what was too big was last given back to go in smaller ones. */
    "CREATE TABLE IF NOT EXISTS pmj_reader(mailbox BLOB PRIMARY KEY,"
    "bears INTEGER NOT NULL DEFAULT 0,gave_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_foreign(mailbox BLOB NOT NULL,inc BLOB NOT NULL,"
    "segno INTEGER NOT NULL,PRIMARY KEY(mailbox,inc)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_aside(id INTEGER PRIMARY KEY,mailbox BLOB NOT NULL,"
    "lane INTEGER NOT NULL,inc BLOB NOT NULL,segno INTEGER NOT NULL,fault TEXT NOT NULL,"
    "file TEXT NOT NULL,kept INTEGER NOT NULL,at INTEGER NOT NULL,UNIQUE(file,fault))",
    "CREATE TABLE IF NOT EXISTS pmj_bad(lane INTEGER NOT NULL,seq INTEGER NOT NULL,"
    "reason TEXT NOT NULL,line BLOB NOT NULL,PRIMARY KEY(lane,seq)) WITHOUT ROWID",
    DEVICE_SCHEMA,
    PHOTO_SCHEMA,
    NULL,
};

enum pmj_code
sync_new(struct sync **out, struct journal *journal, const char *home,
    const struct sync_hooks *hooks, struct pmj_error *err)
{
	struct sync *sync = mem_new(sizeof(*sync));
	enum pmj_code rc;

	*out = NULL;
	sync->journal = journal;
	sync->os = journal_os(journal);
	sync->hooks = *hooks;
	sync->home = mem_strdup(home);
	sync->in = mem_printf("%s/spool/in", home);
	sync->out = mem_printf("%s/spool/out", home);
	sync->aside = mem_printf("%s/aside", home);
	sync->share =
	    (struct pace){.amount = 200, .least = 50, .most = 1000, .target_ms = SYNC_COMMIT_MS};
	sync->raw_max = SYNC_RAW_BEGIN;
	sync->raw_pace = (struct pace){SYNC_RAW_MAX, SYNC_RAW_SLOW, SYNC_RAW_MAX, SYNC_SEAL_MS};
	sync->number_pace =
	    (struct pace){SYNC_NUMBERS, SYNC_NUMBERS, 8 * SYNC_NUMBERS, SYNC_SEAL_MS};
	sync->numbers = sync->again = true; /* a process that ended may have left some */
	sync->piece_pace = (struct pace){SYNC_PIECE, SYNC_PIECE, SYNC_PIECE_MOST, SYNC_PIECE_MS};
	sync->file_most = link_legal(SYNC_FILE_MOST);
	link_recall(sync);
	sync->spool_dirty = true; /* whatever happened to the folder while we were away */
	if ((rc = fs_make_dir(sync->os, sync->in, err)) != PMJ_OK ||
	    (rc = fs_make_dir(sync->os, sync->out, err)) != PMJ_OK) {
		sync->hooks.close = NULL; /* the caller's still */
		sync_free(sync);
		return rc;
	}
	*out = sync;
	return PMJ_OK;
}

void
sync_free(struct sync *sync)
{
	if (sync == NULL)
		return;
	take_open_drop(sync);
	take_list_free(sync->list);
	seal_packing_drop(sync);
	seal_due_drop(sync);
	files_pass_free(sync->pass);
	if (sync->hooks.close != NULL)
		sync->hooks.close(sync->hooks.ctx);
	free(sync->home);
	free(sync->in);
	free(sync->out);
	free(sync->aside);
	free(sync);
}

void
sync_tell(struct sync *sync)
{
	struct pmj_error err = {0};
	struct sync_peer peer = {0};
	struct lane lane;
	bool found = false;

	if (!sync->tell)
		return;
	sync->tell = false;
	if (sync->hooks.incarnated == NULL ||
	    sync->hooks.peer(sync->hooks.ctx, &peer, sync->tell_mailbox, &err) != PMJ_OK ||
	    lane_current(sync, &lane, sync->tell_mailbox, &found, &err) != PMJ_OK || !found)
		return;
	sync->hooks.incarnated(sync->hooks.ctx, &peer, lane.inc);
}

enum pmj_code
sync_end(struct sync *sync, enum pmj_code rc, struct pmj_error *err)
{
	if (rc == PMJ_OK)
		rc = journal_commit(sync->journal, err);
	if (rc != PMJ_OK) {
		journal_rollback(sync->journal);
		sync->tell = false;
		return rc;
	}
	sync_tell(sync);
	return PMJ_OK;
}

bool
sync_has_work(struct sync *sync)
{
	struct stat st;

	if (sync->list != NULL || sync->open != NULL || sync->spool_dirty || sync->pass != NULL)
		return true;
	if (sync->os->stat(sync->os->ctx, sync->in, &st) == 0 &&
	    (st.st_mtim.tv_sec != sync->in_seen.tv_sec ||
	        st.st_mtim.tv_nsec != sync->in_seen.tv_nsec))
		return true;
	return sync_has_answers(sync);
}

bool
sync_has_answers(struct sync *sync)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT 1 FROM pmj_queue WHERE rank>=0 UNION ALL SELECT 1 FROM"
	                           " pmj_lane INDEXED BY pmj_lane_owed"
	                           " WHERE ours=0 AND (count_seq>told_seq OR nack=1) UNION ALL"
	                           " SELECT 1 FROM pmj_again LIMIT 1");

	return sql_any(sql, false) || photo_due(sync);
}

enum pmj_code
sync_segment(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint64_t segno,
    struct buf *out, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT s.bytes FROM pmj_segment s JOIN pmj_lane l ON l.id=s.lane"
	    " WHERE l.mailbox=?1 AND l.ours=1 AND l.closed=0 AND s.segno=?2");
	const uint8_t *bytes;
	size_t len = 0;
	enum pmj_code rc;
	bool row;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, (int64_t)segno);
	rc = sql_row(sql, &row, err);
	if (rc == PMJ_OK && !row)
		rc = pmj_fail(err, PMJ_NOT_FOUND, "segment %llu is not kept (any more)",
		    (unsigned long long)segno);
	if (rc == PMJ_OK) {
		bytes = sql_col_blob(sql, 0, &len);
		buf_put(out, bytes, len);
		rc = buf_check(out, err);
	}
	sql_done(sql);
	return rc;
}
