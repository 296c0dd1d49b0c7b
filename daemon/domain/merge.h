/* merge.h - the record that a set of admitted entries makes (security 8.2): the same for any order
 * and any repetition. Pure. */
#ifndef DOMAIN_MERGE_H
#define DOMAIN_MERGE_H
#include "domain/kind.h"
#include "domain/line.h"

struct merge_value {
	const struct entry *entry; /* the one that set it */
	const json_t *value;       /* borrowed; NULL when a stub set it ("handed over") */
};
struct merge_field {
	const char *name;
	struct merge_value *values; /* survivors, by version id ascending; never none */
	size_t count;
	size_t shown; /* index of the shown one: the greatest (pt, counter, e); for state a refusing
	                 one first */
	bool conflict; /* more than one survivor, and their values differ */
};
struct merge_record {
	uint8_t rec[PMJ_RECORD_BYTES];
	const char *kind;           /* of the making entry, or of the first that is here */
	const struct entry *maker;  /* NULL when it is not here */
	struct merge_field *fields; /* by name ascending (bytes) */
	size_t field_count;
	bool conflict; /* of any field */
	bool voided;
};
/**
 * entries: all admitted ones of one record, in any order, repetitions allowed; they must outlive
 * *out. kind: NULL when unknown (fields are then merged and shown raw).
 */
void merge_record(struct merge_record *out, const struct kind *kind,
    const struct entry *const *entries, size_t count);
void merge_record_close(struct merge_record *record);
const struct merge_field *merge_field(const struct merge_record *record, const char *name);
/** The shown value of a field, or NULL. */
const json_t *merge_shown(const struct merge_record *record, const char *name);
/** What an entry that now sets these fields must name (`was`): every surviving version of each. New
 * reference. */
json_t *merge_was(const struct merge_record *record, const json_t *set);
/** The same for an entry of this device: it also names the versions set by its own entries of this
 * record that no receipt covers yet, or that are held, and whatever these named (8.2), so that a
 * chain survives when one link of it is held. */
json_t *merge_was_own(const struct merge_record *record, const json_t *set,
    const struct entry *const *own, size_t own_count);
/** The bytes of 8.6 after the label: id || le16 len, kind || per field with a survivor: le16 len,
 * name || le16 count || versions ascending. */
void merge_digest_bytes(struct buf *out, const struct merge_record *record);

enum merge_verdict {
	MERGE_OK,
	MERGE_MOVE /* undeclared move */,
	MERGE_WAITING /* `was` names a version not here */,
	MERGE_KIND /* kind of the record differs */,
	MERGE_APPEND_ONLY,
	MERGE_AUTHOR_ONLY,
	MERGE_SUBJECT /* whom a record is about stays as it was made */,
	MERGE_BY /* a move that is its author's alone, or never its author's; an edit of what a
	            second person agreed to */
};
/** A move is judged from the states its `was` names, less those that another of them had replaced:
 * declared from all of them, or, for a refusing state, from one. A state set without a verb settles
 * a conflict: it must be one of those named. On stubs: the hub has judged, so MERGE_OK. kind may be
 * NULL (unknown: nothing but the record's kind is judged). Judge one entry against all others of
 * its record that are here, admitted or not (8.2: states, moves, rules of the kind). */
enum merge_verdict merge_judge(const struct kind *kind, const struct entry *entry,
    const struct entry *const *others, size_t count);

#endif
