/* records_inner.h - what the records files share. Private to the folder. */
#ifndef STORE_RECORDS_INNER_H
#define STORE_RECORDS_INNER_H
#include "store/records.h"

/** The shown values by field: [value], or [] where it is handed over (null is a value of its own).
 * New reference. */
PMJ_MUST_CHECK enum pmj_code records_values(
    struct journal *journal, json_t **out, const uint8_t *rec, struct pmj_error *err);
/** The title of a record whose shown values are at hand. Caller frees. */
char *records_title_with(
    struct journal *journal, const uint8_t *rec, json_t *values, enum lang lang);
/** The lowest and highest id that begins with what was typed; false where it begins none. */
bool records_range(
    uint8_t low[static PMJ_RECORD_BYTES], uint8_t high[static PMJ_RECORD_BYTES], const char *typed);
/** In words; links as titles. depth: how many links led here. Caller frees. */
char *records_value_text(struct journal *journal, const struct field *field, const json_t *value,
    enum lang lang, int depth);
/** Column 0 of every row as record ids. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code records_ids(
    struct sql *sql, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count, struct pmj_error *err);
/** Items of up to `limit` ids, or as many as until_ms (of mono_ms; 0: no end) leaves time for, one
 * at least; more says whether there were more. New reference. */
PMJ_MUST_CHECK enum pmj_code records_items(struct journal *journal, json_t **out,
    const uint8_t (*recs)[PMJ_RECORD_BYTES], size_t count, size_t limit, int64_t until_ms,
    enum lang lang, struct pmj_error *err);
/* records_today.c */
/** item["due"], ["why"], ["overdue"], and ["urgent"] where it is, if it ever stands in `today`. */
PMJ_MUST_CHECK enum pmj_code records_put_due(struct journal *journal, json_t *item,
    const uint8_t rec[static PMJ_RECORD_BYTES], const char *on, enum lang lang,
    struct pmj_error *err);
/* records_stale.c */
/** What was checked before this day is to be checked again. */
void records_stale_before(
    const struct journal *journal, const struct kind *kind, char out[static 11]);
/** item["stale"], and when it was checked last. */
void records_put_stale(const struct journal *journal, json_t *item, const struct kind *kind);
#define RECORDS_LIMIT 50
/** Of a list that is empty: for each open list that was asked for by a word not in use, the near
 * one that is, or that the kind declares: [{"field","value","near"}]. New reference. */
json_t *records_near(struct journal *journal, const struct records_query *query);

#endif
