/* record.h - the commands about one record, whatever its kind, and finding the record a person
 * means. */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H
#include "cli/cli.h"

/**
 * The full id of the record meant by an id, its beginning, or a title (of this kind; NULL: any).
 *
 * out     caller frees.
 * Errors  PMJ_NOT_FOUND; PMJ_AMBIGUOUS with the candidates in the hint.
 */
PMJ_MUST_CHECK enum pmj_code record_resolve(
    struct cli *cli, char **out, const char *kind, const char *typed, struct pmj_error *err);
/** The same for a move: the record may be meant by the person it is about, too, where only one of
 * theirs can be moved so; move NULL: where there is only one. */
PMJ_MUST_CHECK enum pmj_code record_resolve_move(struct cli *cli, char **out, const json_t *kind,
    const json_t *move, const char *typed, struct pmj_error *err);
/** Does each word typed begin a word of the title? Folded. Pure. */
bool record_title_fits(const char *title, const char *typed);
/** Records whose title fits what was typed, at most 20, of this kind (NULL: any). The caller
 * decrefs. */
PMJ_MUST_CHECK enum pmj_code record_candidates(
    struct cli *cli, json_t **out, const char *kind, const char *typed, struct pmj_error *err);
/** Print a list of items, of one kind (its fields as columns) or NULL (any). */
void record_print_items(const json_t *items, const json_t *kind);
/** One answer more, its items behind those that came before it. *answer: the one before, if any,
 * and then this one. */
PMJ_MUST_CHECK enum pmj_code record_next_answer(struct cli *cli, json_t *items, json_t **answer,
    const char *path, long limit, struct pmj_error *err);
/** Up to `limit` items of a list, however many answers they come in: {"items","more"}. path has its
 * query begun. New reference. */
PMJ_MUST_CHECK enum pmj_code record_list_get(
    struct cli *cli, json_t **out, const char *path, long limit, struct pmj_error *err);

enum pmj_code record_show(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_edit(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_void(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_history(struct cli *cli, const struct args *args, struct pmj_error *err);
/** GET, or with a body POST, /v1/record/ID<tail> for the record a person named. */
PMJ_MUST_CHECK enum pmj_code record_about(struct cli *cli, json_t **out, const char *typed,
    const char *tail, const json_t *body, struct pmj_error *err);
/** `materials`: what the office sends to read. */
enum pmj_code materials_run(struct cli *cli, const struct args *args, struct pmj_error *err);
/** `guide`: the first hour of a practice home. */
enum pmj_code guide_run(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_plan(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_slip(struct cli *cli, const struct args *args, struct pmj_error *err);
/** KIND answer CODE VERB …: what a service answered, by the code of its slip. */
enum pmj_code record_answer(
    struct cli *cli, const struct args *args, const json_t *kind, struct pmj_error *err);
/** KIND paper ID FILE: which file is the signed paper. */
enum pmj_code record_paper(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_photo(struct cli *cli, const struct args *args, struct pmj_error *err);
/** The file of a signed paper, to be read. */
PMJ_MUST_CHECK enum pmj_code paper_open(FILE **out, const char *path, struct pmj_error *err);
/** Is this file the paper that was noted for a record? It is read from its beginning. */
bool paper_is_noted(struct cli *cli, const char *id, FILE *file);
#define PAPER_PIECE_BYTES ((size_t)192 * 1024)
/** The next of it, as much as one request takes. *end: that was all. */
PMJ_MUST_CHECK enum pmj_code paper_piece(FILE *file, uint8_t bytes[static PAPER_PIECE_BYTES],
    size_t *len, bool *end, struct pmj_error *err);
/** How much of the photo of its paper is here, of the item as `show` answers it. */
void photo_say(const json_t *item, size_t width);
enum pmj_code record_packet(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_disclosures(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_find(struct cli *cli, const struct args *args, struct pmj_error *err);
/** Items of an answer: what is urgent and due, then in the order of their days. */
void record_by_day(json_t *items);
/** " (overdue)", or what else is to be said beside a day. */
const char *record_due_mark(const json_t *item);
/** Where no consent covers what a record tells its recipient (any more): that, and why. */
void record_say_uncovered(const json_t *item, size_t indent);
/** What there is about a person, however many pieces it comes in: {"items","heard"}. New reference.
 */
PMJ_MUST_CHECK enum pmj_code record_get_around(
    struct cli *cli, json_t **out, const char *id, struct pmj_error *err);
/** Beneath a person (their short id): what /v1/record/ID/around answered. */
PMJ_MUST_CHECK enum pmj_code record_around(
    struct cli *cli, const json_t *answer, const char *person, struct pmj_error *err);
/** What is due, however many answers it comes in, by the day that is shown: the answer of
 * /v1/today, whose path may have a query. New reference. */
PMJ_MUST_CHECK enum pmj_code record_due_get(
    struct cli *cli, json_t **out, const char *path, long limit, struct pmj_error *err);
/** `today --print`: the day on paper. */
enum pmj_code day_sheet(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_today(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code record_week(struct cli *cli, const struct args *args, struct pmj_error *err);

#endif
