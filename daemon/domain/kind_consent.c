/* kind_consent.c - the rules of a kind about consents: of the one that records them, of what is
 * made under one, and of whom one may name by a class. */
#include "base/conf.h"
#include "base/text.h"
#include "domain/kind_check_inner.h"
#include "domain/kind_part.h"

enum pmj_code
kind_read_consent(struct kind *kind, const struct part *part)
{
	const struct {
		const char *key;
		char ***list;
		size_t *count;
	} lists[] = {{"consent_needs", &kind->consent_needs, &kind->consent_needs_count},
	    {"consent_signed", &kind->consent_signed, &kind->consent_signed_count},
	    {"consent_apart", &kind->consent_apart, &kind->consent_apart_count},
	    {"consent_general", &kind->consent_general, &kind->consent_general_count},
	    {"consent_general_needs", &kind->consent_general_needs,
	        &kind->consent_general_needs_count},
	    {"consent_through", &kind->consent_through, &kind->consent_through_count},
	    {"classes", &kind->classes, &kind->classes_count}};
	enum pmj_code rc = PMJ_OK;

	kind->through = part_text(part, "through");
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists) && rc == PMJ_OK; i++)
		rc = part_list(lists[i].list, lists[i].count, part, lists[i].key);
	return rc;
}

static enum pmj_code
need_all(const struct kind *kind, char *const *names, size_t count, const char *key,
    const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = kind_check_field_named(
		    kind, names[i], conf, kind_check_line(conf, "rules", key), key, err);
	return rc;
}

static enum pmj_code
check_consent_for(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	if ((kind->consent_for == NULL) == (kind->consent_to == NULL) &&
	    (kind->consent_for == NULL || kind->subject_count > 0))
		return PMJ_OK;
	(void)conf_fail(err, conf,
	    kind_check_line(
	        conf, "rules", kind->consent_for != NULL ? "consent_for" : "consent_to"),
	    "a kind that is made under a consent must say whose, for what and to whom");
	pmj_hint(err, "write subjects = FIELD, consent_for = PURPOSE and consent_to = WHO");
	return PMJ_INVALID;
}

/* A field of words by which it may be named, a yes-no that asks for more. */
static enum pmj_code
check_types(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	const struct field *through = kind->consent_through_count > 0
	                                  ? kind_field(kind, kind->consent_through[0])
	                              : kind->through != NULL ? kind_field(kind, kind->through)
	                                                      : NULL;

	for (size_t i = 0; i < kind->classes_count; i++) {
		const struct field *field = kind_field(kind, kind->classes[i]);

		if (field->type == FIELD_CHOICE || field->type == FIELD_CHOICES)
			continue;
		(void)conf_fail(err, conf, kind_check_line(conf, "rules", "classes"),
		    "classes names %.40s, which is no choice", field->name);
		pmj_hint(err, "in [field %.32s] write type = choice or choices", field->name);
		return PMJ_INVALID;
	}
	if (through == NULL || through->type == FIELD_YES_NO)
		return PMJ_OK;
	(void)conf_fail(err, conf,
	    kind_check_line(
	        conf, "rules", kind->consent_through_count > 0 ? "consent_through" : "through"),
	    "%.40s is not a yes-no field", through->name);
	pmj_hint(err, "in [field %.32s] write type = yes-no", through->name);
	return PMJ_INVALID;
}

enum pmj_code
kind_check_consent(const struct kind *kind, const struct conf *conf, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = need_all(kind, kind->consent_needs, kind->consent_needs_count, "consent_needs",
	         conf, err)) != PMJ_OK ||
	    (rc = need_all(kind, kind->consent_general_needs, kind->consent_general_needs_count,
	         "consent_general_needs", conf, err)) != PMJ_OK ||
	    (rc = need_all(kind, kind->consent_through, kind->consent_through_count,
	         "consent_through", conf, err)) != PMJ_OK ||
	    (rc = need_all(kind, kind->classes, kind->classes_count, "classes", conf, err)) !=
	        PMJ_OK ||
	    (rc = kind_check_field_named(kind, kind->through, conf,
	         kind_check_line(conf, "rules", "through"), "through", err)) != PMJ_OK ||
	    (rc = check_types(kind, conf, err)) != PMJ_OK)
		return rc;
	return check_consent_for(kind, conf, err);
}
