/* consent.h - may this be disclosed? Decided from entries, never from a cache (security 8.4, 6.6). Pure. */
#ifndef DOMAIN_CONSENT_H
#define DOMAIN_CONSENT_H
#include "domain/merge.h"

struct consent_request {
	const char *recipient;      /* record id text of the resource, or NULL */
	const char *recipient_name; /* its name, or the plain text recipient */
	const char *purpose;        /* e.g. "referral" */
	const char *category;       /* a consent whose purpose names the category covers too; may be NULL */
	const char *const *information; /* what would be disclosed; count 0: what the consent describes */
	size_t information_count;
	const char *on;             /* YYYY-MM-DD */
};
struct consent_verdict {
	bool covered;
	uint8_t consent[PMJ_RECORD_BYTES]; /* the consent that covers, or the nearest that does not */
	bool nearest;                      /* `consent` is set although not covered */
	char missing[256];                 /* in words: what is missing, expired, revoked ... */
	char hint[256];
};
/**
 * records: all consent records of one person, each with its admitted entries merged; entries: all admitted entries of these
 * records (grants and revocations are judged by `knows` over them). A consent is complete with person, recipient, purpose, information,
 * from, expires and how (a signed form); active when not revoked, refused or voided and from <= on <= expires, with no conflict
 * that would make it narrower: of conflicting values each must cover.
 */
void consent_decide(struct consent_verdict *out, const struct kind *kind, const struct merge_record *records, size_t record_count,
                    const struct entry *const *entries, size_t entry_count, const struct consent_request *request);
/** Versions of the revocations that cover what this grant grants: what its `knows` must name. New reference. */
json_t *consent_knows(const struct merge_record *records, size_t record_count, const struct entry *const *entries, size_t entry_count,
                      const json_t *grant_set);

#endif
