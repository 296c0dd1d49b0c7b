/* recipe.h - of a record that one line alone makes, what it is found by is told by that line and
 * the fields of its kind: a recipe, kept once, stands for the text. Private to the folder. A recipe
 * is never changed: a kind that is declared otherwise gets another, and texts that were made by the
 * former are still told by it when they are to be taken out of the full-text table. */
#ifndef STORE_RECIPE_H
#define STORE_RECIPE_H
#include "domain/merge.h"
#include "store/journal_inner.h"

/* Whoever changes what search_text makes of the same fields (search.c, base/sound, text_fold, the
 * words of value_text) counts this up, and has the full-text table made anew: texts that recipes of
 * a former one stand for cannot be told any more. */
#define RECIPE_CODE 1

/** The number of the recipe of a kind in force; one that is new is kept, so inside a transaction.
 */
PMJ_MUST_CHECK enum pmj_code recipe_number(
    struct journal *journal, int64_t *no, const struct kind *kind, struct pmj_error *err);
/** What is found of a record that this entry alone makes. NULL: there is no such recipe. Caller
 * frees. */
char *recipe_text(struct journal *journal, int64_t no, const struct entry *entry);
/** As it is kept, and back. Caller frees; of recipe_read by kind_free. NULL: it is none. */
char *recipe_write(const struct kind *kind);
struct kind *recipe_read(const char *text);
/** They are read anew. */
void recipe_forget(struct journal *journal);

#endif
