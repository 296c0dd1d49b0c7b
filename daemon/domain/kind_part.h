/* kind_part.h - one section of a kind's file, its values taken one by one. Used by kind_read.c
 * only. Pure. */
#ifndef DOMAIN_KIND_PART_H
#define DOMAIN_KIND_PART_H
#include "base/conf.h"
#include "domain/kind.h"

/* The section being read. */
struct part {
	const struct conf *conf;
	const char *section; /* its name, such as "field name" */
	int line;            /* where it begins */
	struct pmj_error *err;
};

extern const char *const kind_lang_names[LANG_COUNT]; /* the ends of keys: title.en, title.sw */

/* A key with no value counts as absent, here and in all that follow; NULL. */
const struct conf_item *part_item(const struct part *part, const char *key);
/* PMJ_INVALID: the section has no such key; example: of its value. */
enum pmj_code part_missing(const struct part *part, const char *key, const char *example);
/* The value for the caller to free, or NULL. */
char *part_text(const struct part *part, const char *key);

/* The rest return PMJ_INVALID with line, what is wrong and what would be right. Absent: no, 0, or
 * an empty list. */
PMJ_MUST_CHECK enum pmj_code part_flag(bool *to, const struct part *part, const char *key);
PMJ_MUST_CHECK enum pmj_code part_number(int64_t *to, const struct part *part, const char *key);
/* 0 to 3650. */
PMJ_MUST_CHECK enum pmj_code part_days(int *to, const struct part *part, const char *key);
/* The place of the value among words; `otherwise` when absent (count: it must be there). */
PMJ_MUST_CHECK enum pmj_code part_word(size_t *to, const struct part *part, const char *key,
    const char *const *words, size_t count, size_t otherwise);
/* KEY = FIELD is VALUE, after `lead` ("when " or nothing); both stay NULL when absent, and are for
 * the caller to free. */
PMJ_MUST_CHECK enum pmj_code part_when(
    char **field, char **value, const struct part *part, const char *key, const char *lead);
/* STEM.en and STEM.sw; required: English must be there. */
PMJ_MUST_CHECK enum pmj_code part_texts(
    struct texts *to, const struct part *part, const char *stem, bool required);
/* a | b | c: appended to *list, which grows; the caller frees words and list, also on failure. */
PMJ_MUST_CHECK enum pmj_code part_list(
    char ***list, size_t *count, const struct part *part, const char *key);

/* PMJ_INVALID: the section has a key that is none of these; of a field also choice.VALUE.LANG. */
PMJ_MUST_CHECK enum pmj_code kind_check_keys(
    const struct part *part, const char *const *keys, size_t count, struct field *field);
PMJ_MUST_CHECK enum pmj_code kind_read_reminder(struct kind *kind, const struct part *part);
PMJ_MUST_CHECK enum pmj_code kind_read_report(struct kind *kind, const struct part *part);
PMJ_MUST_CHECK enum pmj_code kind_read_receives(struct kind *kind, const struct part *part);
PMJ_MUST_CHECK enum pmj_code kind_read_consent(struct kind *kind, const struct part *part);

#endif
