/* consent.h - may this be disclosed? Decided from entries, never from a cache (security 8.4, 6.6).
 * Pure. */
#ifndef DOMAIN_CONSENT_H
#define DOMAIN_CONSENT_H
#include "domain/merge.h"

/* May the person sign alone in this country? Who may still be a child is taken for one. */
enum consent_age { CONSENT_OF_AGE, CONSENT_CHILD, CONSENT_PERHAPS_CHILD };
struct consent_request {
	const char *recipient;      /* record id text of the resource, or NULL */
	const char *recipient_name; /* its name, or the plain text recipient */
	/* What else a consent may call it: words of its classes, "category:health" */
	const char *const *classes;
	size_t class_count;
	bool through;         /* it passes on what it receives: an intermediary */
	const char *purpose;  /* e.g. "referral" */
	const char *category; /* a consent whose purpose names it covers too; may be NULL */
	/* What would be disclosed; count 0: what the consent describes. */
	const char *const *information;
	size_t information_count;
	const char *on; /* YYYY-MM-DD */
	enum consent_age age;
	/* Who would tell it: the name and role of this worker; NULL: nobody is told anything. */
	const char *by_name, *by_role;
	/* The country it would go to, over a border that it may cross only where the consent says
	 * so (`abroad`); NULL: it stays. */
	const char *abroad;
	/* Record id text: only this person's grants cover, while revocations of every record given
	 * count (8.7: people joined as the same); NULL: not asked. */
	const char *person;
};
struct consent_verdict {
	bool covered;
	bool nearest;                      /* `consent` is set although not covered */
	uint8_t consent[PMJ_RECORD_BYTES]; /* that covers, or the nearest that does not */
	bool taken_back;                   /* among what is missing: it was revoked or refused */
	char missing[256];                 /* in words: what is missing, expired, revoked ... */
	char hint[256];
};
/**
 * May it be disclosed?
 *
 * A grant is complete with everything the kind's consent_needs names (a yes-no must say yes) and a
 * signed form (`how` among its consent_signed); the general purpose alone may leave `expires` out,
 * and a purpose of consent_apart stands alone. What the kind does not know (a field of a newer
 * version) may narrow it, so such a one covers nothing here. It is active when it is not revoked,
 * refused or voided and from <= on <= expires. It covers when it is both, for this recipient,
 * purpose (or category) and information, and when it names in `knows` every revocation or refusal,
 * in whichever record, that covers the recipient and one of its purposes. A revocation stays one
 * when its record is voided; without recipient or purpose it covers all of them. Of conflicting
 * values each must cover. Clocks play no part.
 *
 * kind     of the consents, never NULL.
 * records  all consent records of one person, each with its admitted entries merged.
 * entries  all admitted entries of these records.
 */
void consent_decide(struct consent_verdict *out, const struct kind *kind,
    const struct merge_record *records, size_t record_count, const struct entry *const *entries,
    size_t entry_count, const struct consent_request *request);
/**
 * Could this record ever cover something on this day, by its own words? `covered` is true where it
 * could, and where it was not given, or is over: then nobody expects it to. Else `missing` and
 * `hint` say what is left out, out of its days, or not signed.
 */
void consent_usable(struct consent_verdict *out, const struct kind *kind,
    const struct merge_record *record, const char *on, enum consent_age age);
/**
 * What the `knows` of a grant that sets grant_set must name: versions of the revocations that cover
 * what it grants. A new reference. To be asked also for an edit that widens a grant, with the whole
 * resulting set.
 */
json_t *consent_knows(const struct kind *kind, const struct merge_record *records,
    size_t record_count, const struct entry *const *entries, size_t entry_count,
    const json_t *grant_set);
/** The purpose that takes a consent of its own and stands beside others, or NULL. */
const char *consent_mixes(const struct kind *kind, const json_t *purposes);

#endif
