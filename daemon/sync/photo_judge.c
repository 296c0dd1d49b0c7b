#include "sync/photo_judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/photo.h"

static void
sum_begin(struct photo_sum *sum)
{
	prim_digest_free(sum->bytes);
	prim_digest_free(sum->places);
	sum->bytes = prim_digest_new();
	sum->places = prim_digest_new();
	sum->parts = 0;
	sum->picture = false;
}

static bool
sum_is_of(const struct photo_sum *sum, const uint8_t *rec, const uint8_t *hash, const uint8_t *by)
{
	return sum->bytes != NULL && memcmp(sum->rec, rec, sizeof(sum->rec)) == 0 &&
	       memcmp(sum->hash, hash, sizeof(sum->hash)) == 0 &&
	       memcmp(sum->by, by, sizeof(sum->by)) == 0;
}

void
photo_sum_close(struct photo_sum *sum)
{
	prim_digest_free(sum->bytes);
	prim_digest_free(sum->places);
	memset(sum, 0, sizeof(*sum));
}

/* Its parts as they stand, from `from` on, at most so many: number in the journal, and what that
 * keeps of the line's hash. Another line that came to stand there gives another sum. */
static enum pmj_code
add_places(struct journal *journal, const struct photo_sum *sum, struct prim_digest *digest,
    int64_t from, int64_t most, int64_t *number, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT p.n,x.e FROM pmj_photo p JOIN pmj_entry x ON x.n=p.n WHERE p.rec=?1 AND"
	    " p.hash=?2 AND p.by=?3 AND p.part>=?4 ORDER BY p.part LIMIT ?5");
	enum pmj_code rc;
	bool row;

	*number = 0;
	sql_blob(sql_blob(sql, 1, sum->rec, sizeof(sum->rec)), 2, sum->hash, sizeof(sum->hash));
	sql_int(sql_int(sql_blob(sql, 3, sum->by, sizeof(sum->by)), 4, from), 5, most);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		size_t len;
		const uint8_t *e = sql_col_blob(sql, 1, &len);

		*number = sql_col_int(sql, 0);
		prim_digest_add(digest, number, sizeof(*number));
		prim_digest_add(digest, e, len);
	}
	sql_done(sql);
	return rc;
}

static enum pmj_code
sum_add(struct journal *journal, struct photo_sum *sum, struct pmj_error *err)
{
	struct buf bytes;
	int64_t n;
	enum pmj_code rc;

	buf_init(&bytes, PHOTO_PART_BYTES);
	if ((rc = add_places(journal, sum, sum->places, sum->parts + 1, 1, &n, err)) == PMJ_OK)
		rc = photo_part_bytes(journal, &bytes, n, err);
	if (rc == PMJ_OK && sum->parts == 0)
		sum->picture = photo_type(bytes.bytes, bytes.len) != NULL;
	if (rc == PMJ_OK)
		prim_digest_add(sum->bytes, bytes.bytes, bytes.len);
	sum->parts++;
	buf_wipe(&bytes);
	return rc;
}

/* All were read. Do those stand here now that were read in earlier steps? */
static enum pmj_code
sum_holds(struct journal *journal, const struct photo_sum *sum, bool *holds, struct pmj_error *err)
{
	struct prim_digest *digest = prim_digest_new();
	uint8_t now[PRIM_HASH_BYTES], then[PRIM_HASH_BYTES];
	int64_t n;
	enum pmj_code rc = add_places(journal, sum, digest, 1, INT64_MAX, &n, err);

	prim_digest_end(digest, now);
	prim_digest_end(sum->places, then);
	prim_digest_free(digest);
	*holds = memcmp(now, then, sizeof(now)) == 0;
	return rc;
}

static enum pmj_code
sum_decide(struct journal *journal, const struct photo_sum *sum, bool *whole, struct pmj_error *err)
{
	uint8_t hash[PRIM_HASH_BYTES];

	prim_digest_end(sum->bytes, hash);
	*whole = memcmp(hash, sum->hash, sizeof(hash)) == 0 && sum->picture;
	return *whole ? photo_set_whole(journal, sum->rec, sum->hash, sum->by, err)
	              : photo_spoilt(journal, sum->rec, sum->hash, sum->by, err);
}

static enum pmj_code
read_some(struct journal *journal, struct photo_sum *sum, int64_t upto, int64_t until_ms,
    bool *more, struct pmj_error *err)
{
	const struct os *os = journal_os(journal);
	enum pmj_code rc = PMJ_OK;
	bool first = true;

	for (; rc == PMJ_OK && sum->parts < upto && (first || os->mono_ms(os->ctx) < until_ms);
	     first = false)
		rc = sum_add(journal, sum, err);
	if (rc != PMJ_OK)
		sum_begin(sum); /* one is not here any more */
	*more = rc == PMJ_OK && sum->parts < upto;
	return rc;
}

static void
sum_is_to_be_of(struct photo_sum *sum, const uint8_t *rec, const uint8_t *hash, const uint8_t *by)
{
	if (sum_is_of(sum, rec, hash, by))
		return;
	memcpy(sum->rec, rec, sizeof(sum->rec));
	memcpy(sum->hash, hash, sizeof(sum->hash));
	memcpy(sum->by, by, sizeof(sum->by));
	sum_begin(sum);
}

bool
photo_was_read(const struct photo_sum *sum, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t hash[static PRIM_HASH_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    int64_t upto)
{
	return sum_is_of(sum, rec, hash, by) && sum->parts == upto;
}

enum pmj_code
photo_read_ahead(struct journal *journal, struct photo_sum *sum,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], int64_t upto, int64_t until_ms, bool *more,
    struct pmj_error *err)
{
	sum_is_to_be_of(sum, rec, hash, by);
	return read_some(journal, sum, upto, until_ms, more, err);
}

static enum pmj_code
judge_some(struct journal *journal, struct photo_sum *sum, int64_t parts, int64_t until_ms,
    bool *more, bool *whole, struct pmj_error *err)
{
	enum pmj_code rc = read_some(journal, sum, parts, until_ms, more, err);
	bool holds;

	if (rc != PMJ_OK || *more)
		return rc;
	if ((rc = sum_holds(journal, sum, &holds, err)) == PMJ_OK && holds)
		rc = sum_decide(journal, sum, whole, err);
	*more = rc == PMJ_OK && !holds;
	sum_begin(sum);
	return rc;
}

enum pmj_code
photo_judge(struct journal *journal, struct photo_sum *sum,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], int64_t parts, int64_t until_ms, bool *more,
    bool *whole, struct pmj_error *err)
{
	struct photo_sum once = {.parts = 0}, *use = sum != NULL ? sum : &once;
	enum pmj_code rc;

	*more = *whole = false;
	sum_is_to_be_of(use, rec, hash, by);
	rc = judge_some(journal, use, parts, sum != NULL ? until_ms : INT64_MAX, more, whole, err);
	photo_sum_close(&once);
	return rc;
}
