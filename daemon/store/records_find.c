/* records_find.c - full text: candidates from FTS5, the order ours. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"
#include "store/search.h"

#define CANDIDATES 300 /* of each of the two questions; newest first */
#define LIMIT_MAX 300

struct hit {
	uint8_t rec[PMJ_RECORD_BYTES];
	int score; /* whole words before beginnings, names before other texts, voided ones last */
	int64_t changed;
};
struct hits {
	struct hit *list;
	size_t count, room;
	bool cut; /* there may be more of them */
};

/* 2 for each word of the query that is a word of the name, 1 for one that begins a word there. */
static int
name_score(const char *name, const char *words)
{
	int score = 0;

	while (name != NULL && *words != '\0') {
		size_t len = strcspn(words, " ");
		const char *at = name;
		while (len > 0 && at != NULL && strncmp(at, words, len) != 0)
			at = (at = strchr(at, ' ')) != NULL ? at + 1 : NULL;
		if (len > 0 && at != NULL)
			score += at[len] == ' ' || at[len] == '\0' ? 2 : 1;
		words += len + (words[len] == ' ' ? 1 : 0);
	}
	return score;
}

static void
add_hit(struct hits *hits, const struct hit *hit)
{
	for (size_t i = 0; i < hits->count; i++)
		if (memcmp(hits->list[i].rec, hit->rec, PMJ_RECORD_BYTES) == 0)
			return;
	if (hits->count == hits->room) {
		hits->room = hits->room * 2 + 32;
		hits->list = mem_grow(hits->list, hits->room, sizeof(*hits->list));
	}
	hits->list[hits->count++] = *hit;
}

/* Of the newest; named: of what has a name of its own only. Who is spoken of in hundreds of newer
 * records is found all the same. */
#define ASK(named)                                                                                 \
	"SELECT r.rec, r.name, r.changed_pt, r.voided FROM (SELECT rowid FROM pmj_search"          \
	" WHERE pmj_search MATCH ?1 ORDER BY rowid DESC LIMIT 5000) s JOIN pmj_record r"           \
	" ON r.num = s.rowid WHERE " named " ORDER BY s.rowid DESC LIMIT ?2"

static enum pmj_code
ask(struct journal *journal, struct hits *hits, const char *words, bool exact, bool named,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, named ? ASK("r.kind IN ('person')") : ASK("1"));
	char *query = search_query(words, exact), *folded;
	enum pmj_code rc = PMJ_OK;
	size_t count = 0;
	bool row = false;

	if (query == NULL)
		return PMJ_OK;
	folded = text_fold(words);
	(void)sql_int(sql_text(sql, 1, query), 2, CANDIDATES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		struct hit hit = {.changed = sql_col_int(sql, 2)};
		if (!sql_col_copy(sql, 0, hit.rec, sizeof(hit.rec)))
			continue;
		hit.score = (exact ? 1 : 0) + 2 * name_score(sql_col_text(sql, 1), folded);
		if (sql_col_int(sql, 3) != 0)
			hit.score -= 1000;
		add_hit(hits, &hit);
		hits->cut = hits->cut || ++count == CANDIDATES;
	}
	free(query);
	free(folded);
	return rc;
}

static int
by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->changed != y->changed)
		return x->changed > y->changed ? -1 : 1;
	return memcmp(x->rec, y->rec, PMJ_RECORD_BYTES);
}

enum pmj_code
records_find(struct journal *journal, json_t **out, const char *words, int64_t limit,
    enum lang lang, struct pmj_error *err)
{
	size_t most = limit <= 0 ? RECORDS_LIMIT : limit > LIMIT_MAX ? LIMIT_MAX : (size_t)limit;
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	struct hits hits = {0};
	enum pmj_code rc;

	*out = NULL;
	if ((rc = search_settle(journal, err)) != PMJ_OK ||
	    (rc = ask(journal, &hits, words, true, true, err)) != PMJ_OK ||
	    (rc = ask(journal, &hits, words, false, true, err)) != PMJ_OK ||
	    (rc = ask(journal, &hits, words, true, false, err)) != PMJ_OK ||
	    (rc = ask(journal, &hits, words, false, false, err)) != PMJ_OK)
		goto out;
	if (hits.count > 0)
		qsort(hits.list, hits.count, sizeof(*hits.list), by_score);
	recs = mem_array(hits.count, sizeof(*recs));
	for (size_t i = 0; i < hits.count; i++)
		memcpy(recs[i], hits.list[i].rec, PMJ_RECORD_BYTES);
	rc = records_items(
	    journal, out, (const uint8_t(*)[PMJ_RECORD_BYTES])recs, hits.count, most, 0, lang, err);
	if (rc == PMJ_OK && hits.cut)
		(void)json_object_set_new(*out, "more", json_true());
out:
	free(recs);
	free(hits.list);
	return rc;
}
