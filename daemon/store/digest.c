/* digest.c - digests (8.6): of a record, told by its entries; of a person, over its records; of the
 * journal, from a sum that is kept with every change. */
#include "store/digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/entries.h"
#include "store/records.h"

void
digest_of(uint8_t out[static PRIM_HASH_BYTES], const struct merge_record *record)
{
	struct buf bytes;

	buf_init(&bytes, 0);
	merge_digest_bytes(&bytes, record);
	prim_hash(out, "pmj digest v1", PRIM_PARTS({bytes.bytes, bytes.len}));
	buf_close(&bytes);
}

/* Which versions of a field survive goes by no kind. */
bool
digest_of_rows(
    uint8_t out[static PRIM_HASH_BYTES], const struct entry_row *rows, size_t count, int64_t but)
{
	const struct entry **entries = mem_array(count, sizeof(*entries));
	struct merge_record merged;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i].n != but)
			entries[used++] = &rows[i].entry;
	if (used > 0) {
		merge_record(&merged, NULL, entries, used);
		digest_of(out, &merged);
		merge_record_close(&merged);
	}
	free(entries);
	return used > 0;
}

enum pmj_code
digest_read(struct journal *journal, uint8_t out[static PRIM_HASH_BYTES], bool *told,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct entry_row *rows = NULL;
	size_t count = 0;
	enum pmj_code rc = entries_of_record(journal, &rows, &count, rec, true, err);

	*told = rc == PMJ_OK && digest_of_rows(out, rows, count, 0);
	entry_rows_free(rows, count);
	return rc;
}

/* ---- of a person ---- */

void
records_digest_close(struct records_digest *digest)
{
	buf_close(&digest->recs);
	buf_close(&digest->all);
	memset(digest, 0, sizeof(*digest));
}

/* Which records, in order of id: those whose digests others have too. */
enum pmj_code
records_digest_begin(struct journal *journal, struct records_digest *digest,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT r.rec, r.entries FROM pmj_subject s JOIN "
	                                   "pmj_record r ON r.num = s._num"
	                                   " WHERE s.person = ?1 AND r.private = 0 ORDER BY r.rec");
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;
	bool row = false;

	memset(digest, 0, sizeof(*digest));
	buf_init(&digest->recs, 0);
	buf_init(&digest->all, 0);
	(void)sql_blob(sql, 1, person, PMJ_RECORD_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if (!sql_col_copy(sql, 0, rec, sizeof(rec)))
			continue;
		buf_put(&digest->recs, rec, sizeof(rec));
		digest->entries += sql_col_int(sql, 1);
	}
	return rc == PMJ_OK ? buf_check(&digest->recs, err) : rc;
}

enum pmj_code
records_digest_step(struct journal *journal, struct records_digest *digest, size_t most, bool *done,
    struct pmj_error *err)
{
	uint8_t one[PRIM_HASH_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool told;

	for (; rc == PMJ_OK && most > 0 && digest->at < digest->recs.len; most--) {
		const uint8_t *rec = digest->recs.bytes + digest->at;

		digest->at += PMJ_RECORD_BYTES;
		if ((rc = digest_read(journal, one, &told, rec, err)) == PMJ_OK && told)
			buf_put(&digest->all, one, sizeof(one));
	}
	*done = digest->at >= digest->recs.len;
	return rc == PMJ_OK ? buf_check(&digest->all, err) : rc;
}

void
records_digest_end(uint8_t out[static 32], const struct records_digest *digest)
{
	prim_hash(out, "pmj digest v1", PRIM_PARTS({digest->all.bytes, digest->all.len}));
}

enum pmj_code
records_digest(struct journal *journal, uint8_t out[static 32], int64_t *entries,
    const uint8_t *person, struct pmj_error *err)
{
	struct records_digest digest;
	enum pmj_code rc;
	bool done;

	if (person == NULL) { /* `status` asks often */
		prim_hash(out, "pmj digest v1",
		    PRIM_PARTS({journal->live.total.digests, sizeof(journal->live.total.digests)}));
		*entries = journal->live.total.entries;
		return PMJ_OK;
	}
	if ((rc = records_digest_begin(journal, &digest, person, err)) == PMJ_OK)
		rc = records_digest_step(journal, &digest, SIZE_MAX, &done, err);
	records_digest_end(out, &digest);
	*entries = digest.entries;
	records_digest_close(&digest);
	return rc;
}
