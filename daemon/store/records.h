/* records.h - what people ask of the journal: records by id, lists, search, history, digests. */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H
#include "domain/consent.h"
#include "domain/merge.h"
#include "domain/value.h"
#include "store/entries.h"

/** "ab12c" or all 16 characters (any case) to an id. kind NULL: any. Also takes a name: the kind's
 * `shows` field, folded, if it is unambiguous. PMJ_NOT_FOUND; PMJ_AMBIGUOUS (hint lists some with
 * their titles). */
PMJ_MUST_CHECK enum pmj_code records_resolve(struct journal *journal,
    uint8_t rec[static PMJ_RECORD_BYTES], const char *kind, const char *typed,
    struct pmj_error *err);
/** The record that has this code (as code_read gives it) in the kind's code field, unless it was
 * voided. */
PMJ_MUST_CHECK enum pmj_code records_by_code(struct journal *journal,
    uint8_t rec[static PMJ_RECORD_BYTES], bool *found, const struct kind *kind, const char *code,
    struct pmj_error *err);
/** Shortest unique prefix, at least 5 characters. */
void records_short(struct journal *journal, char out[static PMJ_RECORD_CHARS + 1],
    const uint8_t rec[static PMJ_RECORD_BYTES]);
/** value_context.link for these: ctx is the journal. */
enum pmj_code records_link(
    void *ctx, char out[static 17], const char *kind, const char *typed, struct pmj_error *err);

/** A record merged from its admitted entries; rows keep the entries alive. */
struct record_full {
	struct entry_row *rows; /* all, also held ones */
	size_t row_count;
	struct merge_record merged;
};
PMJ_MUST_CHECK enum pmj_code records_load(struct journal *journal, struct record_full *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
void record_full_close(struct record_full *record);

/** The item of daemon/api/DESIGN.md without "sync". New reference. */
PMJ_MUST_CHECK enum pmj_code records_item(struct journal *journal, json_t **out,
    const uint8_t rec[static PMJ_RECORD_BYTES], enum lang lang, struct pmj_error *err);
struct records_query {
	const char *kind;
	const json_t *where; /* object field -> typed text: equal after folding; links by id or
	                        name; or NULL */
	const char *since;   /* YYYY-MM-DD: made or changed since, or NULL */
	int64_t since_ms;    /* 0: none */
	bool voided_too;
	bool stale;       /* only what was not checked for long (rule `checked`) */
	int64_t limit;    /* 0: 50 */
	const char *from; /* "next" of an earlier answer, or NULL */
	int64_t until_ms; /* of mono_ms: then the answer ends, with fewer items; 0: never */
};
/** Was it voided? A record that is not here was not. */
PMJ_MUST_CHECK enum pmj_code records_is_voided(struct journal *journal, bool *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** {"items":[item…],"more":bool,"next"?,"near"?}, latest changed first; where there are more,
 * `next` is where the list goes on; where there are none, `near` is what was perhaps meant of open
 * lists:
 * [{"field","value","near"}]. */
PMJ_MUST_CHECK enum pmj_code records_list(struct journal *journal, json_t **out,
    const struct records_query *query, enum lang lang, struct pmj_error *err);
/** How many of each kind with the rule `checked` were not checked for long:
 * [{"kind","plural","count","days"}]; a new reference. */
PMJ_MUST_CHECK enum pmj_code records_stale(
    struct journal *journal, json_t **out, enum lang lang, struct pmj_error *err);
/** What is expected of a worker (rules month_minutes, week_times), of a laptop that holds one
 * worker's: [{"kind","title","minutes","of" (this month),"times","times_of" (in seven days)}]. */
PMJ_MUST_CHECK enum pmj_code records_expected(struct journal *journal, json_t **out,
    const char *today, enum lang lang, struct pmj_error *err);
/** Full text over searchable fields and ids: every word by prefix, accents and case aside; best
 * first. In pieces, each until the clock says until_ms (0: as much as a piece may be); call until
 * *out is there: {"items":[item…],"more":bool}. What is written between two pieces may or may not
 * be found, and does no harm. End with records_find_free, before the journal is closed. */
struct records_find;
struct records_find *records_find_new(
    struct journal *journal, const char *words, int64_t limit, enum lang lang);
PMJ_MUST_CHECK enum pmj_code records_find_step(
    struct records_find *find, json_t **out, int64_t until_ms, struct pmj_error *err);
void records_find_free(struct records_find *find);
/** Open records with a due date up to `until` (YYYY-MM-DD), by that date: {"items":[item +
 * "due","why","overdue" (before `on`)],"more":bool,"next"?,"left"?}. Where there are more than
 * `limit`, each kind has its share of them, its first; `left` tells of each that has more
 * [{"kind","plural","count","many"}]: how many, or at least so many. Where the clock says until_ms
 * before all are shown, `next` is where it goes on, asked with the same limit. */
struct records_due {
	const char *on, *until;
	int64_t limit;    /* 0: 50 */
	const char *from; /* "next" of an earlier answer, or NULL */
	int64_t until_ms; /* of mono_ms; 0: never */
};
PMJ_MUST_CHECK enum pmj_code records_today(struct journal *journal, json_t **out,
    const struct records_due *asked, enum lang lang, struct pmj_error *err);
/** What whoever takes over must know of a person: of each kind about them the open records, and
 * those that were refused or taken back; of one without states the last (only where it declares
 * `brief`): item + "due","why","overdue" as of `on`, and "by", the device that made it, in hex.
 * heard: {device in hex: when it last wrote about them, ms}. left: {kind: how many of the like
 * there are besides} of this piece, for of each kind there are so many at most. New references. In
 * pieces, the latest made first. */
#define RECORDS_BESIDE_KINDS                                                                       \
	400 /* as in the format that reads them; of more the limits start anew */
struct records_beside {
	const char *on;
	const char *from;                         /* "next" of an earlier piece, or NULL */
	int64_t until_ms;                         /* of mono_ms */
	char next[48 + RECORDS_BESIDE_KINDS + 1]; /* out; "": it was the last */
};
PMJ_MUST_CHECK enum pmj_code records_around(struct journal *journal, json_t **items, json_t **heard,
    json_t **left, const uint8_t person[static PMJ_RECORD_BYTES], struct records_beside *asked,
    enum lang lang, struct pmj_error *err);
/** How many consents run out in the days before which their kind says so (due_before), or today. */
int64_t records_running_out(struct journal *journal, const char *on);
/** The title of a record: its `shows` field, or kind and short id. Caller frees. */
char *records_title(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], enum lang lang);
/** The persons a record belongs to (a person: itself). Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code records_subjects(struct journal *journal,
    uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count, const uint8_t rec[static PMJ_RECORD_BYTES],
    struct pmj_error *err);
/** Every record of a person, the person first, then by id: an order that what is written meanwhile
 * does not change. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code records_of_person(struct journal *journal,
    uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count, const uint8_t person[static PMJ_RECORD_BYTES],
    struct pmj_error *err);
/** Who speaks of a person, whoever the record belongs to: looked for in `most` entries after
 * at->n, so many at a time. *at: zeros at first. found: in what is shown of `rec` this person's id
 * stands; end: no entry is left. */
struct records_named {
	int64_t n; /* looked at last */
	uint8_t rec[PMJ_RECORD_BYTES];
	char kind[KIND_NAME_MAX + 5];
	bool found, end;
};
PMJ_MUST_CHECK enum pmj_code records_naming(struct journal *journal, struct records_named *at,
    const uint8_t person[static PMJ_RECORD_BYTES], int64_t most, struct pmj_error *err);
/** When the newest record of a kind that is about the person, or links to them, was made, and when
 * one was changed last; 0: there is none. */
PMJ_MUST_CHECK enum pmj_code records_newest(struct journal *journal, int64_t *made,
    int64_t *changed, const struct kind *kind, const uint8_t person[static PMJ_RECORD_BYTES],
    struct pmj_error *err);
/** The records of one kind about a person, by id. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code records_about(struct journal *journal,
    uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count, const uint8_t person[static PMJ_RECORD_BYTES],
    const char *kind, struct pmj_error *err);
/** The next of them, by when they came into the journal, behind `after` (NULL: from the first). */
PMJ_MUST_CHECK enum pmj_code records_about_next(struct journal *journal,
    uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count, const uint8_t person[static PMJ_RECORD_BYTES],
    const char *kind, const uint8_t *after, struct pmj_error *err);
/** Digests of 8.6 over admitted entries; person NULL: the journal's (kinds of scope author left
 * out). entries: how many admitted ones. */
PMJ_MUST_CHECK enum pmj_code records_digest(struct journal *journal, uint8_t out[static 32],
    int64_t *entries, const uint8_t *person, struct pmj_error *err);
/** A person's in pieces, for each of their records is read: begun, so many records a step until
 * *done, ended; closed in any case. What is written meanwhile may be in it or not. */
struct records_digest {
	struct buf recs, all;
	size_t at;
	int64_t entries;
};
PMJ_MUST_CHECK enum pmj_code records_digest_begin(struct journal *journal,
    struct records_digest *digest, const uint8_t person[static PMJ_RECORD_BYTES],
    struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code records_digest_step(struct journal *journal,
    struct records_digest *digest, size_t most, bool *done, struct pmj_error *err);
void records_digest_end(uint8_t out[static 32], const struct records_digest *digest);
void records_digest_close(struct records_digest *digest);
/** May this referral-like record be disclosed now? Looks the person's consents up and asks
 * domain/consent. `fields`: the record's shown fields. */
PMJ_MUST_CHECK enum pmj_code records_consent(struct journal *journal, struct consent_verdict *out,
    const uint8_t person[static PMJ_RECORD_BYTES], const struct consent_request *request,
    struct pmj_error *err);
/** The states of the person's consents as they are shown, each as often as there are: for what a
 * person is told, never for what is allowed. A new list. */
PMJ_MUST_CHECK enum pmj_code records_consent_states(struct journal *journal, json_t **out,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** `knows` for a grant (8.4). New reference in *out. */
PMJ_MUST_CHECK enum pmj_code records_knows(struct journal *journal, json_t **out,
    const uint8_t person[static PMJ_RECORD_BYTES], const json_t *set, struct pmj_error *err);

/** Rebuild all projections beside the old and compare bit for bit; *differed counts records whose
 * rows differed (they are mended). */
PMJ_MUST_CHECK enum pmj_code project_rebuild(
    struct journal *journal, int64_t *records, int64_t *differed, struct pmj_error *err);
/** Compare row hashes with the keyed sum (6.6): PMJ_INTEGRITY on a mismatch. */
PMJ_MUST_CHECK enum pmj_code project_check(struct journal *journal, struct pmj_error *err);
/** The two above in steps of `most` records for idle work: call until *done. One of them is under
 * way at a time; beginning the other, or a failure, ends it. Writing between the steps is allowed.
 * A rebuild step is a transaction of its own, unless one is open; the counts are so far. digests:
 * the sum of the digests too, for which each line is read. */
PMJ_MUST_CHECK enum pmj_code project_check_slice(
    struct journal *journal, int64_t most, bool digests, bool *done, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code project_rebuild_slice(struct journal *journal, int64_t most,
    bool *done, int64_t *records, int64_t *differed, struct pmj_error *err);

/** Up to `most` people of this journal who may be the one that is about to be written down with
 * these fields: items, who is likeliest first, each with `same`: labels of what is the same beside
 * the name. Voided ones and those handed over are not among them. kind: "person". */
PMJ_MUST_CHECK enum pmj_code records_alike(struct journal *journal, json_t **out,
    const struct kind *kind, const json_t *set, size_t most, enum lang lang, struct pmj_error *err);

/** The next record of a kind that came here after number *num, which moves on. *found: rec is one;
 * *more: there are others to look at. A step looks at no more than a few hundred. */
PMJ_MUST_CHECK enum pmj_code records_made_since(struct journal *journal, int64_t *num,
    uint8_t rec[static PMJ_RECORD_BYTES], bool *found, bool *more, const char *kind,
    struct pmj_error *err);

#endif
