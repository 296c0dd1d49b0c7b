/* kinds.h - the kinds as the daemon declares them (GET /v1/kinds), read by the names of their keys.
 */
#ifndef CLI_KINDS_H
#define CLI_KINDS_H
#include "cli/cli.h"

/** All kinds: a list owned by cli. Asked once. */
PMJ_MUST_CHECK enum pmj_code kinds_load(struct cli *cli, const json_t **out, struct pmj_error *err);
/** One of a list by its "name" (of kinds, fields, states), or NULL. */
const json_t *kinds_in(const json_t *list, const char *name);
/** One by name, NULL when there is none. Only it is asked for: all take 6 ms. */
PMJ_MUST_CHECK enum pmj_code kinds_find(
    struct cli *cli, const json_t **out, const char *name, struct pmj_error *err);
/** Those of the items' "kind", each once, by their names: asked for in one request. A new list, the
 * caller's. */
PMJ_MUST_CHECK enum pmj_code kinds_of(
    struct cli *cli, json_t **out, const json_t *items, struct pmj_error *err);
/** One by name; NULL when there is none (or they could not be asked). Never an error. */
const json_t *kinds_named(struct cli *cli, const char *name);
const json_t *kinds_field(const json_t *kind, const char *name);
const json_t *kinds_move(const json_t *kind, const char *verb);
/** Does the list hold this text? */
bool kinds_lists(const json_t *list, const char *text);
/** The field a note's text goes to: the first of type note, else of type text; NULL when there is
 * none. */
const char *kinds_text_field(const json_t *kind);
/** The label of a field or kind, or its name. */
const char *kinds_label(const json_t *thing);

/** "Next:" and the moves possible from this state, as commands; nothing when there is none. own: it
 * was made here, so what is for a second person is left out. */
void kinds_say_moves(const json_t *kind, const char *state, const char *id, bool own);
/** That it was saved, and what may follow. answer: of POST /v1/records/KIND. */
void kinds_say_added(const json_t *kind, const json_t *answer);
/** What the change brought about: records for days to come, and what is to be known at once. */
void kinds_say_reminders(const json_t *answer);
/** Is it "chose not to say", in any of the words that the daemon takes for it? */
bool kinds_declines(const char *typed);
/** A country's file that was checked or published: whom to call in it is a draft. */
void kinds_say_draft(const json_t *file);
/** On standard error, of an answer's "new_words": what may be mistyped, and how it is mended. */
void kinds_say_new_words(const json_t *kind, const json_t *answer);
/** On standard error, of a consent just recorded: that it allows nothing as it is, and the mend. */
void kinds_say_unusable(const json_t *answer);
/**
 * Turn names typed in link fields into ids, where one record of that kind is meant; what is not
 * found stays for the daemon to judge. A field that also takes plain text gives way only to a whole
 * title.
 *
 * Errors  PMJ_AMBIGUOUS with the candidates.
 */
PMJ_MUST_CHECK enum pmj_code kinds_resolve_links(
    struct cli *cli, json_t *fields, const json_t *kind, struct pmj_error *err);

/** GROUP_KIND's one command: KIND add|list|VERB. */
enum pmj_code kinds_command(struct cli *cli, const struct args *args, struct pmj_error *err);
/** `pamoja kinds`, and `pamoja kinds check FILE`. */
enum pmj_code kinds_list(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code kinds_check(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
