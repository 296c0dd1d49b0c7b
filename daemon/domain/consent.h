/* consent.h - may this be disclosed? Decided from entries, never from a cache (security 8.4, 6.6).
 * Pure. */
#ifndef DOMAIN_CONSENT_H
#define DOMAIN_CONSENT_H
#include "domain/merge.h"

struct consent_request {
	const char *recipient;      /* record id text of the resource, or NULL */
	const char *recipient_name; /* its name, or the plain text recipient */
	const char *purpose;        /* e.g. "referral" */
	const char
	    *category; /* a consent whose purpose names the category covers too; may be NULL */
	const char *const
	    *information; /* what would be disclosed; count 0: what the consent describes */
	size_t information_count;
	const char *on; /* YYYY-MM-DD */
	const char
	    *person; /* record id text: only this person's grants cover, while revocations of every
	              * record given count (8.7: people joined as the same); NULL: not asked */
};
struct consent_verdict {
	bool covered;
	uint8_t
	    consent[PMJ_RECORD_BYTES]; /* the consent that covers, or the nearest that does not */
	bool nearest;                  /* `consent` is set although not covered */
	char missing[256];             /* in words: what is missing, expired, revoked ... */
	char hint[256];
};
/**
 * May it be disclosed? A grant covers when it is complete (the kind's consent_needs: a yes-no among
 * them must say yes), signed
 * (`how` among the kind's consent_signed), active on the day, for this recipient, purpose (or
 * category) and information, and when it names in `knows` every revocation or refusal, in whichever
 * record, that covers the recipient and one of its purposes. A revocation stays one when its record
 * is voided; without recipient or purpose it covers all of them. Clocks play no part. kind: of the
 * consents, never NULL. records: all consent records of one person, each with its admitted entries
 * merged; entries: all admitted entries of these records (grants and revocations are judged by
 * `knows` over them). A consent is complete with person, recipient, purpose, information, from,
 * expires and how (a signed form); active when not revoked, refused or voided and from <= on <=
 * expires, with no conflict that would make it narrower: of conflicting values each must cover.
 */
void consent_decide(struct consent_verdict *out, const struct kind *kind,
    const struct merge_record *records, size_t record_count, const struct entry *const *entries,
    size_t entry_count, const struct consent_request *request);
/** Also to be called for an edit that widens a grant (with the whole resulting set).
 *  Versions of the revocations that cover what this grant grants: what its `knows` must name. New
 * reference. */
json_t *consent_knows(const struct kind *kind, const struct merge_record *records,
    size_t record_count, const struct entry *const *entries, size_t entry_count,
    const json_t *grant_set);

#endif
