/* consent_inner.h - one decision about consent, shared by its two halves. Only for consent*.c.
 * Pure. */
#ifndef DOMAIN_CONSENT_INNER_H
#define DOMAIN_CONSENT_INNER_H
#include "domain/consent.h"

/* One decision being made. */
struct deciding {
	const struct kind *kind;
	const struct merge_record *records;
	size_t record_count;
	const struct entry *const *entries;
	size_t entry_count;
	const struct consent_request *request;
};

/* What speaks against one consent. */
struct doubts {
	char words[256];
	char hint[256];
	unsigned weight; /* the nearest consent has the least */
	bool taken_back;
};

/* Adds a reason; the first one's hint is kept. weight: how far this reason is from what would
 * cover. */
void consent_doubt(struct doubts *doubts, unsigned weight, const char *what, const char *hint);
/* Something was said: neither nothing, nor "chose not to say". */
bool consent_is_answer(const json_t *value);
/* Does one value of `recipient` name whom the request names? */
bool consent_names_recipient(const json_t *value, const struct consent_request *request);
/* Does a value, one word or a list of them, hold this word? */
bool consent_lists(const json_t *value, const char *word);
/* Have two values a word in common? */
bool consent_overlap(const json_t *a, const json_t *b);

/* Of consent_whole.c: */

/* Is the field filled, by every value of it that stands? A yes-no is filled by yes. */
bool consent_is_filled(const struct merge_record *grant, const char *name);
/* Is what is asked for of those things that the general purpose stands for? */
bool consent_is_general_purpose(const struct kind *kind, const struct consent_request *request);
/* Doubts what is missing of a complete consent, and purposes that must not stand together. */
void consent_check_complete(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant);

/* Of consent_who.c: */

/* Doubts a child's own signature, and of one who may still be a child. */
void consent_check_guardian(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant);
/* Doubts that this worker is one of those who may tell. */
void consent_check_discloser(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant);
/* Doubts what the kind here does not know. */
void consent_check_known(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant);

/* Of consent_revoke.c: */

/* Does a refusing state stand in the record, be it one of several? */
bool consent_refusing_stands(const struct kind *kind, const struct merge_record *grant);
/* Doubts every revocation, in whichever record, that speaks of what the grant grants and that it
 * does not know. */
void consent_check_revocations(
    struct doubts *doubts, const struct deciding *d, const struct merge_record *grant);

#endif
