/* erase.c - a person is erased, record by record, in steps (security 11.2). */
#include "sync/erase.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/prim.h"
#include "crypto/ring.h"
#include "store/entries.h"
#include "store/records.h"
#include "store/sql.h"
#include "sync/photo.h"

#define TAG_BYTES 16

enum erase_stage {        /* in the file: never renumbered */
	STAGE_ABOUT = 0,  /* records whose person it is */
	STAGE_LINKED = 1, /* others that name the person in a link */
	STAGE_HELD = 2,   /* what was not admitted, and so is in no record */
	STAGE_PERSON = 3, /* the person's own */
	STAGE_SEARCH = 4, /* the full-text index made into one */
	STAGE_SEARCHING = 5,
	STAGE_FILE = 6, /* file and keys are to be made anew */
	STAGE_DONE = 7
};

struct erase {
	uint8_t act[ERASE_HASH_BYTES];
	uint8_t person[PMJ_RECORD_BYTES];
	enum erase_stage stage;
	uint8_t rec[PMJ_RECORD_BYTES]; /* the last that was looked at */
	int64_t n; /* STAGE_HELD: the same; STAGE_LINKED: the kind; STAGE_ABOUT: its number */
};

/* ---- tombstones ---- */

static void
tag_of(uint8_t tag[static TAG_BYTES], struct journal *journal, const uint8_t *rec)
{
	uint8_t key[32];

	ring_tombstone_key(journal_ring(journal), key);
	prim_kdf(tag, TAG_BYTES, "pmj tomb v1", key, PRIM_PARTS({rec, PMJ_RECORD_BYTES}));
	prim_wipe(key, sizeof(key));
}

static enum pmj_code
put_tombstone(struct journal *journal, const uint8_t *rec, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "INSERT INTO pmj_tomb(tag) VALUES(?1) ON CONFLICT DO NOTHING");
	uint8_t tag[TAG_BYTES];

	tag_of(tag, journal, rec);
	return sql_run(sql_blob(sql, 1, tag, sizeof(tag)), err);
}

static bool
has_tombstones(struct journal *journal)
{
	return sql_any(sql_get(journal, "SELECT 1 FROM pmj_tomb LIMIT 1"), true);
}

bool
erase_is_gone(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES])
{
	uint8_t tag[TAG_BYTES];

	if (!has_tombstones(journal))
		return false;
	tag_of(tag, journal, rec);
	return sql_any(sql_blob(sql_get(journal, "SELECT 1 FROM pmj_tomb WHERE tag = ?1"), 1, tag,
	                   sizeof(tag)),
	    true);
}

/* Whoever a link of the entry names. A kind that is not known here may have links, too. */
static bool
names_gone(struct journal *journal, const struct entry *entry)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)entry->set, name, value)
	{
		const char *text = json_string_value(value);
		uint8_t rec[PMJ_RECORD_BYTES];

		if (text != NULL && json_string_length(value) == PMJ_RECORD_CHARS &&
		    text_unbase32(rec, sizeof(rec), text, PMJ_RECORD_CHARS) &&
		    erase_is_gone(journal, rec))
			return true;
	}
	return false;
}

enum pmj_code
erase_refuses(struct journal *journal, const struct entry *entry, bool *gone, struct pmj_error *err)
{
	*gone = false;
	if (!has_tombstones(journal) || entry->control || !entry->has_rec)
		return PMJ_OK;
	if (erase_is_gone(journal, entry->rec)) {
		*gone = true;
		return PMJ_OK;
	}
	*gone = names_gone(journal, entry);
	/* Only what it makes: an older record that names the person is looked for by erase_step. */
	return *gone && entry->makes ? put_tombstone(journal, entry->rec, err) : PMJ_OK;
}

/* ---- what is under way ---- */

enum pmj_code
erase_begin(struct journal *journal, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t act[static ERASE_HASH_BYTES], int64_t now_ms, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "INSERT INTO pmj_erase(act, person, begun_ms, stage, rec, n) VALUES(?1, ?2, ?3, 0, ?4,"
	    " 0) ON CONFLICT DO NOTHING");
	static const uint8_t first[PMJ_RECORD_BYTES];
	enum pmj_code rc = put_tombstone(journal, person, err);

	if (rc != PMJ_OK)
		return rc;
	(void)sql_blob(sql_blob(sql, 1, act, ERASE_HASH_BYTES), 2, person, PMJ_RECORD_BYTES);
	return sql_run(sql_blob(sql_int(sql, 3, now_ms), 4, first, sizeof(first)), err);
}

bool
erase_waits(struct journal *journal)
{
	return sql_any(sql_get(journal, "SELECT 1 FROM pmj_erase WHERE stage < 7 LIMIT 1"), false);
}

static enum pmj_code
read_erase(struct journal *journal, struct erase *out, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT act, person, stage, rec, n FROM pmj_erase WHERE"
	                                   " stage < 6 ORDER BY begun_ms, act LIMIT 1");
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = sql_row(sql, found, err)) != PMJ_OK || !*found)
		return rc;
	(void)sql_col_copy(sql, 0, out->act, sizeof(out->act));
	(void)sql_col_copy(sql, 1, out->person, sizeof(out->person));
	out->stage = (enum erase_stage)sql_col_int(sql, 2);
	(void)sql_col_copy(sql, 3, out->rec, sizeof(out->rec));
	out->n = sql_col_int(sql, 4);
	sql_done(sql);
	return PMJ_OK;
}

static enum pmj_code
keep_erase(struct journal *journal, const struct erase *erase, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "UPDATE pmj_erase SET stage = ?2, rec = ?3, n = ?4 WHERE act = ?1");

	(void)sql_int(sql_blob(sql, 1, erase->act, sizeof(erase->act)), 2, erase->stage);
	(void)sql_blob(sql, 3, erase->rec, sizeof(erase->rec));
	return sql_run(sql_int(sql, 4, erase->n), err);
}

static void
go_on(struct erase *erase, enum erase_stage stage)
{
	erase->stage = stage;
	memset(erase->rec, 0, sizeof(erase->rec));
	erase->n = 0;
}

static enum pmj_code
erase_record(struct journal *journal, const uint8_t *rec, struct pmj_error *err)
{
	enum pmj_code rc = put_tombstone(journal, rec, err);
	int64_t count;

	if (rc == PMJ_OK)
		rc = photo_erase(journal, rec, err);
	return rc == PMJ_OK ? entries_erase_record(journal, rec, &count, err) : rc;
}

/* ---- one record, or one look, at a time ---- */

static enum pmj_code
one_about(struct journal *journal, struct erase *erase, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT r.rec, s._num FROM pmj_subject s CROSS JOIN pmj_record r ON r.num = s._num"
	    " WHERE s.person = ?1 AND s._num > ?2 AND r.rec <> ?1"
	    " ORDER BY s._num LIMIT 1");
	enum pmj_code rc;
	bool found;

	(void)sql_blob(sql, 1, erase->person, sizeof(erase->person));
	if ((rc = sql_row(sql_int(sql, 2, erase->n), &found, err)) == PMJ_OK && found) {
		(void)sql_col_copy(sql, 0, erase->rec, sizeof(erase->rec));
		erase->n = sql_col_int(sql, 1);
	}
	sql_done(sql);
	if (rc == PMJ_OK && found)
		return erase_record(journal, erase->rec, err);
	if (rc == PMJ_OK)
		go_on(erase, STAGE_LINKED);
	return rc;
}

static bool
may_name_a_person(const struct kind *kind)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].link_kind != NULL &&
		    strcmp(kind->fields[i].link_kind, "person") == 0)
			return true;
	return false;
}

/* Entries looked at without a look at the clock: some 1 ms. */
#define LINKED_AT_ONCE 64

/* Records of kinds that do not belong to a person, and name one all the same: an incident, a
 * boundary. No index knows them all, so every entry is looked at, in its order; erase->n is the
 * last. */
static enum pmj_code
one_linked(struct journal *journal, struct erase *erase, struct pmj_error *err)
{
	struct records_named at = {.n = erase->n};
	enum pmj_code rc = records_naming(journal, &at, erase->person, LINKED_AT_ONCE, err);
	const struct kind *kind = kinds_get(journal_kinds(journal), at.kind);

	erase->n = at.n;
	if (rc == PMJ_OK && at.found && kind != NULL && may_name_a_person(kind) &&
	    memcmp(at.rec, erase->person, sizeof(at.rec)) != 0)
		return erase_record(journal, at.rec, err);
	if (rc == PMJ_OK && at.end)
		go_on(erase, STAGE_HELD);
	return rc;
}

static enum pmj_code
one_held(struct journal *journal, struct erase *erase, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT n FROM pmj_entry WHERE status IN (1, 2) AND n > ?1 ORDER BY n LIMIT 1");
	struct entry_row row = {.n = 0};
	enum pmj_code rc;
	bool found, gone = false;

	rc = sql_row(sql_int(sql, 1, erase->n), &found, err);
	if (rc == PMJ_OK && found)
		erase->n = sql_col_int(sql, 0);
	sql_done(sql);
	if (rc != PMJ_OK || !found) {
		if (rc == PMJ_OK)
			go_on(erase, STAGE_PERSON);
		return rc;
	}
	if ((rc = entries_get(journal, &row, erase->n, err)) == PMJ_OK)
		rc = erase_refuses(journal, &row.entry, &gone, err);
	/* One that only changes another's record, and names the person in it, goes alone. */
	if (rc == PMJ_OK && gone)
		rc = row.entry.makes || erase_is_gone(journal, row.entry.rec)
		         ? erase_record(journal, row.entry.rec, err)
		         : entries_erase(journal, row.n, err);
	entry_row_close(&row);
	return rc;
}

/* A line that could not be taken was kept as it came, whoever it is about. */
static enum pmj_code
drop_bad(struct journal *journal, const struct erase *erase, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "DELETE FROM pmj_bad WHERE instr(line, CAST(?1 AS BLOB)) > 0");
	char id[PMJ_RECORD_CHARS + 1];

	(void)text_base32(id, erase->person, sizeof(erase->person));
	return sql_run(sql_text(sql, 1, id), err);
}

static enum pmj_code
last_record(struct journal *journal, struct erase *erase, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT 1 FROM pmj_subject s CROSS JOIN pmj_record r ON r.num = s._num"
	                     " WHERE s.person = ?1 AND r.rec <> ?1 LIMIT 1");
	enum pmj_code rc;

	/* Something was written about the person meanwhile. */
	if (sql_any(sql_blob(sql, 1, erase->person, sizeof(erase->person)), false)) {
		go_on(erase, STAGE_ABOUT);
		return PMJ_OK;
	}
	if ((rc = erase_record(journal, erase->person, err)) != PMJ_OK ||
	    (rc = drop_bad(journal, erase, err)) != PMJ_OK)
		return rc;
	sql = sql_get(journal, "DELETE FROM pmj_handed WHERE record = ?1");
	go_on(erase, STAGE_SEARCH);
	return sql_run(sql_blob(sql, 1, erase->person, sizeof(erase->person)), err);
}

static enum pmj_code
one_step(struct journal *journal, struct erase *erase, struct pmj_error *err)
{
	switch (erase->stage) {
	case STAGE_ABOUT:
		return one_about(journal, erase, err);
	case STAGE_LINKED:
		return one_linked(journal, erase, err);
	case STAGE_HELD:
		return one_held(journal, erase, err);
	default:
		return last_record(journal, erase, err);
	}
}

/* The index is merged in transactions of the journal's own. */
static enum pmj_code
search_step(struct journal *journal, struct erase *erase, struct pmj_error *err)
{
	bool more;
	enum pmj_code rc = journal_search_purge(journal, erase->stage == STAGE_SEARCH, &more, err);

	if (rc != PMJ_OK)
		return rc;
	if (erase->stage == STAGE_SEARCHING && more)
		return PMJ_OK;
	go_on(erase, more ? STAGE_SEARCHING : STAGE_FILE);
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = keep_erase(journal, erase, err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

static enum pmj_code
some_records(struct journal *journal, struct erase *erase, int64_t until_ms, struct pmj_error *err)
{
	const struct os *os = journal_os(journal);
	enum pmj_code rc = journal_begin(journal, err);

	if (rc != PMJ_OK)
		return rc;
	do
		rc = one_step(journal, erase, err);
	while (rc == PMJ_OK && erase->stage < STAGE_SEARCH && os->mono_ms(os->ctx) < until_ms);
	if (rc == PMJ_OK && (rc = keep_erase(journal, erase, err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

enum pmj_code
erase_step(struct journal *journal, int64_t until_ms, bool *more, bool *left, struct pmj_error *err)
{
	struct erase erase;
	enum pmj_code rc;
	bool found;

	*more = *left = false;
	if ((rc = read_erase(journal, &erase, &found, err)) != PMJ_OK)
		return rc;
	if (!found) {
		*left = erase_waits(journal);
		return PMJ_OK;
	}
	*more = true;
	return erase.stage < STAGE_SEARCH ? some_records(journal, &erase, until_ms, err)
	                                  : search_step(journal, &erase, err);
}

enum pmj_code
erase_done(struct journal *journal, int64_t now_ms, uint8_t act[static ERASE_HASH_BYTES],
    bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_int(
	    sql_get(journal, "SELECT act FROM pmj_erase WHERE stage = ?1 LIMIT 1"), 1, STAGE_FILE);
	enum pmj_code rc = sql_row(sql, found, err);
	struct ring_epoch epoch;

	if (rc == PMJ_OK && *found)
		(void)sql_col_copy(sql, 0, act, ERASE_HASH_BYTES);
	sql_done(sql);
	if (rc != PMJ_OK || !*found)
		return rc;
	sql = sql_get(journal, "UPDATE pmj_erase SET stage = ?2, person = NULL, removed_ms = ?3,"
	                       " epoch = ?4 WHERE act = ?1");
	ring_epoch_current(journal_ring(journal), &epoch);
	(void)sql_int(sql_blob(sql, 1, act, ERASE_HASH_BYTES), 2, STAGE_DONE);
	return sql_run(sql_int(sql_int(sql, 3, now_ms), 4, epoch.epoch), err);
}

bool
erase_opens(struct journal *journal)
{
	return sql_any(sql_get(journal, "SELECT 1 FROM pmj_erase WHERE stage = 7 AND"
	                                " unreadable_ms IS NULL LIMIT 1"),
	    false);
}

/* What came sealed until then opens with no key that is still here. */
enum pmj_code
erase_unreadable(struct journal *journal, int64_t now_ms, uint8_t act[static ERASE_HASH_BYTES],
    bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT act FROM pmj_erase WHERE stage = 7 AND"
	                                   " unreadable_ms IS NULL AND epoch < ?1 LIMIT 1");
	struct ring_epoch all[RING_EPOCHS_MAX];
	size_t count = ring_epochs(journal_ring(journal), all, RING_EPOCHS_MAX);
	uint32_t least = UINT32_MAX;
	enum pmj_code rc;

	for (size_t i = 0; i < count; i++)
		least = all[i].epoch < least ? all[i].epoch : least;
	rc = sql_row(sql_int(sql, 1, least), found, err);
	if (rc == PMJ_OK && *found)
		(void)sql_col_copy(sql, 0, act, ERASE_HASH_BYTES);
	sql_done(sql);
	if (rc != PMJ_OK || !*found)
		return rc;
	sql = sql_get(journal, "UPDATE pmj_erase SET unreadable_ms = ?2 WHERE act = ?1");
	return sql_run(sql_int(sql_blob(sql, 1, act, ERASE_HASH_BYTES), 2, now_ms), err);
}
