/* report.h - [report NAME] of a kind: what of its records is counted in the programme's report,
 * which names nobody. Pure. */
#ifndef DOMAIN_REPORT_H
#define DOMAIN_REPORT_H
#include "base/conf.h"
#include "domain/kind.h"

void report_close(struct report *report);
/** Of the kind alone. */
PMJ_MUST_CHECK enum pmj_code kind_check_report(const struct kind *kind, const struct report *report,
    const struct conf *conf, struct pmj_error *err);
/** Are the kinds and fields there that it names of others? */
PMJ_MUST_CHECK enum pmj_code report_check_links(const struct kinds *kinds, const struct kind *kind,
    const struct report *report, const char *dir, struct pmj_error *err);

/** What a name of `by` means. */
struct report_by {
	const struct kind *kind;   /* whose field it is: the record's own, or that of its person */
	const struct field *field; /* NULL: the record's state */
	bool of_person;
};
/** False: it is of no kind or field that is declared here. */
bool report_by(
    struct report_by *out, const struct kinds *kinds, const struct kind *kind, const char *name);

#endif
