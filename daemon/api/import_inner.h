/* import_inner.h - one request of an import: what its rows and its steps share. Private. */
#ifndef API_IMPORT_INNER_H
#define API_IMPORT_INNER_H
#include "api/import_kept.h"
#include "api/record_inner.h"

struct import {
	struct import *next; /* the one that came after it */
	struct request *request;
	struct call call;
	const json_t *rows;
	size_t at;     /* the next of them */
	json_t *items; /* the answer of each before it */
	json_t *made;  /* {ref: id} of its rows */
	bool more;     /* of what is to be forgotten */
	bool urgent;
	bool keeps; /* kept knows which of its rows are saved */
	struct import_kept kept;
	bool resting; /* the rows since `settled` are in a transaction that rests */
	size_t settled;
	uint64_t transaction;
};

/** Rows from import->at on, inside a transaction, one at least, as many as until_ms (of mono ms; 0:
 * all) leaves time for. A row that cannot be taken is answered so. Any error is the journal's own:
 * nothing of the transaction can be kept. */
PMJ_MUST_CHECK enum pmj_code import_rows(
    struct import *import, int64_t until_ms, struct pmj_error *err);

#endif
