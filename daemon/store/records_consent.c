/* records_consent.c - a person's consents, gathered for domain/consent from entries, not from
 * projections (6.6). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

#define CONSENT "consent"

struct gathered {
	struct record_full *full;
	struct merge_record *records;
	size_t count;
	const struct entry **entries;
	size_t entry_count;
};

static void
gathered_close(struct gathered *g)
{
	for (size_t i = 0; i < g->count; i++)
		record_full_close(&g->full[i]);
	free(g->full);
	free(g->records);
	free(g->entries);
}

/* Every consent that may be about this person; the caller looks at its entries. Two indexes are
 * asked, of tables whose sum was compared since the unlock, so that an old page of one index that
 * was put back hides nothing. */
static enum pmj_code
consents_naming(struct journal *journal, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count,
    const uint8_t *person, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT r.rec FROM pmj_subject s CROSS JOIN consent c ON c._num = s._num CROSS JOIN"
	    " pmj_record r ON r.num = s._num WHERE s.person = ?1 UNION SELECT p.rec FROM consent c "
	    "CROSS JOIN pmj_record p"
	    " ON p.num = c._num WHERE c.person = ?1 ORDER BY 1");

	return records_ids(sql_blob(sql, 1, person, PMJ_RECORD_BYTES), out, count, err);
}

enum pmj_code
records_consent_states(struct journal *journal, json_t **out,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	struct sql *sql;
	bool row;

	*out = json_array();
	if (schema_table(journal, CONSENT) == NULL)
		return PMJ_OK;
	sql = sql_get(journal, "SELECT c.state FROM pmj_subject s CROSS JOIN consent c ON c._num ="
	                       " s._num WHERE s.person = ?1 AND c.state IS NOT NULL");
	(void)sql_blob(sql, 1, person, PMJ_RECORD_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		(void)json_array_append_new(*out, json_string(sql_col_text(sql, 0)));
	return rc;
}

/* Is it about this person, by any of the values that stand? */
static bool
is_about(const struct merge_record *record, const uint8_t *person)
{
	const struct merge_field *field = merge_field(record, "person");
	char id[PMJ_RECORD_CHARS + 1];

	(void)text_base32(id, person, PMJ_RECORD_BYTES);
	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *value = json_string_value(field->values[i].value);
		if (value != NULL && strcmp(value, id) == 0)
			return true;
	}
	return false;
}

static void
add_entries(struct gathered *g, const struct record_full *full)
{
	g->entries =
	    mem_grow(g->entries, g->entry_count + full->row_count + 1, sizeof(*g->entries));
	for (size_t i = 0; i < full->row_count; i++)
		if (full->rows[i].status == ENTRY_ADMITTED)
			g->entries[g->entry_count++] = &full->rows[i].entry;
}

/* A record's entries are found through an index, which no chain covers: an old page of it put back
 * would hide what came last. How many there are stands in the record's row, whose sum was compared
 * since the unlock (6.6). */
static enum pmj_code
check_count(struct journal *journal, const struct record_full *full, const uint8_t *rec,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT entries FROM pmj_record WHERE rec = ?1");
	int64_t admitted = 0;

	for (size_t i = 0; i < full->row_count; i++)
		admitted += full->rows[i].status == ENTRY_ADMITTED;
	if (sql_first_int(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), -1) == admitted)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "the journal is damaged: of a consent not everything is found that was written");
	pmj_hint(err, "see what is wrong, and the mend: pamoja doctor");
	return PMJ_INTEGRITY;
}

static enum pmj_code
gather(struct journal *journal, struct gathered *g, const uint8_t *person, struct pmj_error *err)
{
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc;

	memset(g, 0, sizeof(*g));
	if ((rc = consents_naming(journal, &recs, &count, person, err)) != PMJ_OK)
		return rc;
	g->full = mem_array(count, sizeof(*g->full));
	g->records = mem_array(count, sizeof(*g->records));
	for (size_t i = 0; rc == PMJ_OK && i < count; i++) {
		struct record_full *full = &g->full[g->count];
		if ((rc = records_load(journal, full, recs[i], err)) != PMJ_OK)
			break;
		if ((rc = check_count(journal, full, recs[i], err)) != PMJ_OK) {
			record_full_close(full);
			break;
		}
		if (!is_about(&full->merged, person)) {
			record_full_close(full);
			continue;
		}
		add_entries(g, full);
		g->records[g->count++] = full->merged; /* a view: closed with full */
	}
	free(recs);
	return rc;
}

enum pmj_code
records_consent(struct journal *journal, struct consent_verdict *out,
    const uint8_t person[static PMJ_RECORD_BYTES], const struct consent_request *request,
    struct pmj_error *err)
{
	const struct kind *kind = NULL;
	struct gathered g;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = kinds_need(&kind, journal_kinds(journal), CONSENT, err)) != PMJ_OK)
		return rc;
	if ((rc = gather(journal, &g, person, err)) == PMJ_OK)
		consent_decide(out, kind, g.records, g.count, g.entries, g.entry_count, request);
	gathered_close(&g);
	return rc;
}

enum pmj_code
records_knows(struct journal *journal, json_t **out, const uint8_t person[static PMJ_RECORD_BYTES],
    const json_t *set, struct pmj_error *err)
{
	const struct kind *kind = NULL;
	struct gathered g;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = kinds_need(&kind, journal_kinds(journal), CONSENT, err)) != PMJ_OK)
		return rc;
	if ((rc = gather(journal, &g, person, err)) == PMJ_OK)
		*out = consent_knows(kind, g.records, g.count, g.entries, g.entry_count, set);
	gathered_close(&g);
	return rc;
}
