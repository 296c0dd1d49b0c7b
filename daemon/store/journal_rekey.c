/* journal_rekey.c - section 6.7: after an erasure the journal goes on under another key and in
 * another file, so that what the old file, or a copy of it on the same disk, held opens with
 * nothing that is left. Done while nobody writes: at the next lock. The key file is the only commit
 * point. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/pmjvfs.h"
#include "store/journal_inner.h"

#define FROM_KEY "rekey.from" /* the file that is to go */
#define ROW_KEY "rekey.rows"  /* the sums stay under the key that they were made with */
#define VFS_NAME "pamoja-rekey"
#define PAGES_AT_ONCE 64

struct journal_rekey {
	struct journal *journal;
	uint8_t file_id[PMJVFS_FILE_ID_BYTES];
	uint8_t *old_dek, *dek; /* guarded */
	uint8_t old_id[PMJVFS_FILE_ID_BYTES];
	char *path, *old_path;
	bool registered, turned;
	struct pmjvfs_copying *copying;
};

enum pmj_code
journal_rekey_wanted(struct journal *journal, struct pmj_error *err)
{
	return journal_put_blob(
	    journal, FROM_KEY, ring_file_id(journal->ring), PMJVFS_FILE_ID_BYTES, err);
}

bool
journal_rekey_due(struct journal *journal)
{
	uint8_t from[PMJVFS_FILE_ID_BYTES];

	return journal_blob(journal, FROM_KEY, from, sizeof(from)) &&
	       memcmp(from, ring_file_id(journal->ring), sizeof(from)) == 0;
}

void
journal_row_key(struct journal *journal)
{
	uint8_t key[PRIM_KEY_BYTES];

	if (journal_blob(journal, ROW_KEY, key, sizeof(key)))
		memcpy(journal->row_key, key, sizeof(key));
	prim_wipe(key, sizeof(key));
}

static enum pmj_code
keep_row_key(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc = journal_begin(journal, err);

	if (rc != PMJ_OK)
		return rc;
	if ((rc = journal_put_blob(journal, ROW_KEY, journal->row_key, PRIM_KEY_BYTES, err)) ==
	    PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

static enum pmj_code
draw(struct journal_rekey *rekey, struct pmj_error *err)
{
	struct ring *ring = rekey->journal->ring;
	char hex[2 * PMJVFS_FILE_ID_BYTES + 1];

	rekey->dek = prim_guarded(PMJVFS_KEY_BYTES);
	rekey->old_dek = prim_guarded(PMJVFS_KEY_BYTES);
	if (rekey->dek == NULL || rekey->old_dek == NULL)
		return pmj_fail(err, PMJ_NO_MEMORY, "no locked memory for the journal's key");
	prim_random(rekey->dek, PMJVFS_KEY_BYTES);
	prim_random(rekey->file_id, sizeof(rekey->file_id));
	ring_dek(ring, rekey->old_dek);
	memcpy(rekey->old_id, ring_file_id(ring), sizeof(rekey->old_id));
	rekey->old_path = mem_strdup(rekey->journal->path);
	rekey->path = mem_printf("%s/journal-%s.db", rekey->journal->home,
	    text_hex(hex, rekey->file_id, sizeof(rekey->file_id)));
	return PMJ_OK;
}

enum pmj_code
journal_rekey_new(struct journal_rekey **out, struct journal *journal, struct pmj_error *err)
{
	struct journal_rekey *rekey = mem_new(sizeof(*rekey));
	enum pmj_code rc;
	int result;

	*out = NULL;
	rekey->journal = journal;
	if ((rc = draw(rekey, err)) != PMJ_OK || (rc = keep_row_key(journal, err)) != PMJ_OK ||
	    (rc = journal_checkpoint(journal, err)) != PMJ_OK) {
		journal_rekey_free(rekey);
		return rc;
	}
	result = pmjvfs_register(VFS_NAME, NULL, rekey->dek, rekey->file_id);
	rekey->registered = result == SQLITE_OK;
	if (result == SQLITE_OK)
		result = pmjvfs_copy_begin(&rekey->copying, journal->db, rekey->path, VFS_NAME);
	if (result != SQLITE_OK) {
		rc = journal_fail(journal, result, err);
		journal_rekey_free(rekey);
		return rc;
	}
	*out = rekey;
	return PMJ_OK;
}

enum pmj_code
journal_rekey_step(struct journal_rekey *rekey, int64_t until_ms, bool *done, struct pmj_error *err)
{
	const struct os *os = rekey->journal->os;
	int result, all = 0;

	do
		result = pmjvfs_copy_some(rekey->copying, PAGES_AT_ONCE, &all);
	while (result == SQLITE_OK && !all && os->mono_ms(os->ctx) < until_ms);
	*done = all != 0;
	if (result != SQLITE_OK)
		return journal_fail(rekey->journal, result, err);
	return *done ? fs_sync_dir(os, rekey->journal->home, err) : PMJ_OK;
}

void
journal_rekey_turn(struct journal_rekey *rekey, bool on)
{
	rekey->turned = on;
	ring_set_journal(rekey->journal->ring, on ? rekey->file_id : rekey->old_id,
	    on ? rekey->dek : rekey->old_dek);
}

char *
journal_rekey_left(const struct journal_rekey *rekey)
{
	return rekey->turned ? mem_strdup(rekey->old_path) : NULL;
}

void
journal_rekey_free(struct journal_rekey *rekey)
{
	if (rekey == NULL)
		return;
	if (rekey->copying != NULL)
		pmjvfs_copy_end(rekey->copying);
	if (rekey->registered)
		(void)pmjvfs_unregister(VFS_NAME);
	if (!rekey->turned && rekey->path != NULL)
		(void)rekey->journal->os->unlink(rekey->journal->os->ctx, rekey->path);
	prim_guarded_free(rekey->dek);
	prim_guarded_free(rekey->old_dek);
	free(rekey->path);
	free(rekey->old_path);
	free(rekey);
}
