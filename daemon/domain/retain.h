/* retain.h - what must be kept before a person may be erased (security 11.1): the programme's data,
 * retention.ini, and its country's, a profile; never the program's. */
#ifndef DOMAIN_RETAIN_H
#define DOMAIN_RETAIN_H
#include "base/conf.h"
#include "domain/kind.h"

struct retain_rule {
	const char *kind; /* points into the file */
	int line;
	int64_t days;
	bool changed;    /* counted from the last change, else from when it was made */
	const char *but; /* causes, " | " between them; or NULL */
};
struct retain {
	struct conf conf;
	const char *causes;
	struct retain_rule *rules;
	size_t count;
};
/** HOME/retention.ini, else the one that ships. PMJ_INVALID with file, line and mend. */
PMJ_MUST_CHECK enum pmj_code retain_read(struct retain *out, const struct os *os, const char *home,
    const struct kinds *kinds, struct pmj_error *err);
/** The same of a text. */
PMJ_MUST_CHECK enum pmj_code retain_read_text(struct retain *out, const char *name,
    const char *text, const struct kinds *kinds, struct pmj_error *err);
/** The sections [keep KIND] of another file, whose conf it takes over, also on failure: then it is
 * closed. Whether there are such kinds is asked by retain_kinds. */
PMJ_MUST_CHECK enum pmj_code retain_of(
    struct retain *out, struct conf *conf, struct pmj_error *err);
/** PMJ_INVALID: a rule is about a kind that there is not. */
PMJ_MUST_CHECK enum pmj_code retain_kinds(
    const struct retain *retain, const struct kinds *kinds, struct pmj_error *err);
void retain_close(struct retain *retain);
/** The cause that was given (NULL: the first); PMJ_INVALID names those there are. */
PMJ_MUST_CHECK enum pmj_code retain_cause(
    const struct retain *retain, const char *typed, char out[static 40], struct pmj_error *err);
/** Does the rule hold for this cause? */
bool retain_holds(const struct retain_rule *rule, const char *cause);

#endif
