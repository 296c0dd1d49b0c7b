/* records_filter.h - what a list is by. Private to the folder. */
#ifndef STORE_RECORDS_FILTER_H
#define STORE_RECORDS_FILTER_H
#include "base/buf.h"
#include "store/records_inner.h"

/* Parameters of the conditions come after the query's own. */
#define RECORDS_FILTER_FROM 11

struct records_filter {
	struct buf text;  /* " AND …" on the kind's table, which the query calls t */
	json_t *values;   /* what they compare with: strings and integers, in order */
	const char *link; /* a field that has an index, and what is asked for in it; or NULL */
	char *linked;
	bool by_id;       /* it is a record's */
	size_t linked_at; /* of a field that names whom the record is about, which pmj_subject has:
	                     the parameter; or 0 */
	char *words; /* every record that meets the conditions meets this query of the full-text
	                table; or NULL */
};
/** PMJ_INVALID, PMJ_USAGE: what was typed. Close it whatever came of it. */
PMJ_MUST_CHECK enum pmj_code records_filter(struct journal *journal, struct records_filter *filter,
    const struct records_query *query, struct pmj_error *err);
void records_filter_close(struct records_filter *filter);

#endif
