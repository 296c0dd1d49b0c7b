/* record_inner.h - what the files about records share. */
#ifndef API_RECORD_INNER_H
#define API_RECORD_INNER_H
#include "api/handlers.h"
#include "domain/consent.h"

struct notice;

struct value_context record_context(const struct call *call);
/** Today here, YYYY-MM-DD. */
void record_date(const struct call *call, char out[static 11]);
/** Typed fields into the values of a line, put into set. */
PMJ_MUST_CHECK enum pmj_code record_take(const struct call *call, json_t *set,
    const struct kind *kind, const json_t *typed, struct pmj_error *err);
/** The body's "fields", or an empty object. Borrowed. */
const json_t *record_fields(const struct call *call);
/** The person that was named. PMJ_USAGE: it is another record. */
PMJ_MUST_CHECK enum pmj_code record_person(const struct call *call, struct record_full *record,
    const struct kind **kind, uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** The record that the path names, merged, and its kind; also one of which nothing is admitted.
 * *record must be closed in any case. */
PMJ_MUST_CHECK enum pmj_code record_look(const struct call *call, struct record_full *record,
    const struct kind **kind, uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** The same, to be changed: PMJ_REFUSED when nothing of it is admitted. */
PMJ_MUST_CHECK enum pmj_code record_open(const struct call *call, struct record_full *record,
    const struct kind **kind, uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** Refuse a change of whom the record is about; the same person named again is taken out of *set.
 */
PMJ_MUST_CHECK enum pmj_code record_keeps_subjects(
    const struct kind *kind, const struct merge_record *merged, json_t *set, struct pmj_error *err);
/* record_remind.c */
#define REMINDERS_MAX 32
struct reminders {
	struct core_draft drafts[REMINDERS_MAX];
	json_t *sets[REMINDERS_MAX];
	size_t count;
	const char *says; /* at the keyboard, at once; or NULL */
	char person[PMJ_RECORD_CHARS + 1];
};
/** What this change brings about. rec: of the record, NULL when the change makes it. merged: what
 * stood, or NULL. To be closed with record_reminders_close. */
void record_reminders(struct reminders *out, const struct call *call, const struct kind *kind,
    const uint8_t *rec, const json_t *set, const struct merge_record *merged);
/** `reminders` and `says` of the answer; recs: the records that were made of them. */
/** "unusable" {missing, hint} of the answer about a consent that allows nothing as it stands. */
void record_say_unusable(json_t *answer, const struct call *call, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES]);
void record_say_reminders(json_t *answer, const struct call *call,
    const struct reminders *reminders, uint8_t (*recs)[PMJ_RECORD_BYTES]);
void record_reminders_close(struct reminders *reminders);
/** The value a move works with: what it sets, else what stands (merged NULL: nothing does). */
const json_t *record_moved_value(
    const struct merge_record *merged, const json_t *set, const char *name);
/* copy.c */
/** A move that makes a record of another kind (`copies`), in one transaction. set: what was typed,
 * which goes into the copy alone. */
PMJ_MUST_CHECK enum pmj_code record_copy(const struct call *call, json_t **out,
    const struct kind *kind, const struct move *move, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct record_full *record, const json_t *set, struct pmj_error *err);
/* around.c */
PMJ_MUST_CHECK enum pmj_code record_put_uncovered(const struct call *call, json_t *item,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/* country.c: what the profile of the programme's country says. */
/** PMJ_REFUSED: a way on which something is told without a consent is shut in this country. */
PMJ_MUST_CHECK enum pmj_code country_route(
    const struct call *call, const struct move *move, struct pmj_error *err);
struct profile;
/** `under` of the item: the law that this way rests on. */
void country_put_law(json_t *item, const struct profile *profile, const char *verb, enum lang lang);
struct notice;
/** The notice that goes along with what is told, or that stands above the accounting of it. */
PMJ_MUST_CHECK enum pmj_code country_notice(
    const struct call *call, struct notice *out, bool accounting, struct pmj_error *err);
/** The first day that an accounting is about unless another is named. */
void country_since(const struct call *call, char since[static 11]);
/** Is the person old enough, in this country, to sign a consent alone? */
enum consent_age country_age(
    const struct call *call, const uint8_t person[static PMJ_RECORD_BYTES]);
/** `kinds check` of a profile: {"ok","name"}; PMJ_INVALID with line and mend. */
PMJ_MUST_CHECK enum pmj_code country_check(const struct call *call, json_t **out, const char *name,
    const char *text, struct pmj_error *err);
/** The day by which the law wants something of a record that is made: its `due`, unless said. */
void country_date(const struct call *call, const struct kind *kind, json_t *set);
/** Whom to call (`says`), what is to be reported (`duty`), and `warnings` where a recipient is. */
void country_say(json_t *answer, const struct call *call, const struct kind *kind,
    const json_t *set, const struct merge_record *merged);
/* photo.c */
/** "photo" of the answer: how much of the photo of its paper is here; NULL: none is. New reference.
 */
json_t *record_photo_said(const struct call *call, const struct record_full *record);
/** What a record names a photo by, in hex. */
void photo_hash_text(char out[static 2 * PRIM_HASH_BYTES + 1], const struct buf *bytes);
/** PMJ_FULL where a file of so many bytes would take the last of the disk, which is for records. */
PMJ_MUST_CHECK enum pmj_code paper_fits(
    const struct core *core, size_t bytes, struct pmj_error *err);
/* record_class.c */
/** The words by which a consent may name this record: "category:health", "treating providers". New
 * reference. */
json_t *record_classes(const struct kind *kind, const struct merge_record *merged);
/** Is the recipient of a consent a class to which nobody belongs who could be told anything? */
bool record_class_empty(
    const struct call *call, const struct kind *consents, const json_t *recipient);
/* record_warn.c */
/** `warnings` of the answer, where what was saved cannot be used as it stands. */
void record_warn(
    json_t *answer, const struct call *call, const struct kind *kind, const json_t *set);
/** PMJ_INVALID: an edit makes two people each other's parent. */
PMJ_MUST_CHECK enum pmj_code record_keeps_one_way(const struct call *call, const struct kind *kind,
    const struct merge_record *merged, const json_t *set, struct pmj_error *err);
/** PMJ_INVALID: a purpose that takes a consent of its own stands beside others. */
PMJ_MUST_CHECK enum pmj_code record_apart(
    const struct kind *kind, const json_t *set, struct pmj_error *err);
/** PMJ_INVALID: a consent that is added ran out already, or ends before it begins. */
PMJ_MUST_CHECK enum pmj_code record_lasts(
    const struct call *call, const struct kind *kind, const json_t *set, struct pmj_error *err);
/* record_consent.c */
/* What stands of the recipient in the directory. */
struct recipient {
	bool known;   /* it is a record */
	bool closed;  /* it takes nobody any more */
	bool nothing; /* it is never told anything about a person */
	bool through; /* it passes on what it receives */
	char *name;
	json_t *classes; /* to which it belongs, or NULL */
	char *country;   /* where it is; NULL: not said */
};
#define ASKED_MAX 32
/* What a consent is asked about. Its texts are the record's, and those of `to`. */
struct asked {
	struct consent_request request;
	uint8_t person[PMJ_RECORD_BYTES];
	struct recipient to;
	const char *information[ASKED_MAX], *classes[ASKED_MAX];
	char *by_name, *by_role; /* who would tell it: this laptop's worker */
};
/** What would be told, by what would stand in the record. To be closed in any case. */
PMJ_MUST_CHECK enum pmj_code record_ask(const struct call *call, struct asked *out,
    const struct kind *kind, const struct merge_record *merged, const json_t *set,
    struct pmj_error *err);
void record_asked_close(struct asked *asked);
/** May something still be sent from this state, so that it was not yet? */
bool record_unsent(const struct kind *kind, const char *state);
#define RECORD_TOLD_NOTHING "nothing" /* the word of `information` that says so */
struct told {
	uint8_t person[PMJ_RECORD_BYTES];
	uint8_t consent[PMJ_RECORD_BYTES]; /* that covers it; not when nothing is told */
	bool nothing;                      /* the recipient is never told anything */
};
/** May this be told today, by what would stand in the record? PMJ_REFUSED says what is missing.
 * merged: what stands of it, or NULL; set: what is set along, or NULL. */
PMJ_MUST_CHECK enum pmj_code record_covered(const struct call *call, struct told *out,
    const struct kind *kind, const struct merge_record *merged, const json_t *set,
    struct pmj_error *err);
/** Of a move that tells something: may it? *set receives what is told, and under what. */
PMJ_MUST_CHECK enum pmj_code record_discloses(const struct call *call, const struct kind *kind,
    const struct move *move, const struct merge_record *merged, json_t *set, struct pmj_error *err);
/** What is disclosed is set by the entry that discloses it, so that one who changes it elsewhere
 * without knowing of this raises a conflict, and does not silently change what was sent. */
void record_set_disclosed(const struct kind *kind, const struct merge_record *merged, json_t *set);
/** `consent` and `notice` of a kind that has such fields. */
PMJ_MUST_CHECK enum pmj_code record_put_told(const struct call *call, const struct kind *kind,
    const struct told *told, json_t *set, struct pmj_error *err);
/** Does `information` say that nothing was told? */
bool record_told_nothing(const json_t *information);
enum pmj_code record_fail_nothing(const char *name, struct pmj_error *err);
/* disclose.c: a record that accounts for what is told, and its move, in one transaction. */
struct disclosed {
	const struct kind *kind;
	const struct move *move;
	json_t *set; /* of the record */
	uint8_t rec[PMJ_RECORD_BYTES];
};
PMJ_MUST_CHECK enum pmj_code record_save_disclosed(const struct call *call, struct disclosed *d,
    const struct core_draft *made, struct pmj_error *err);
/* packet.c */
/** The notice of this name in force, read anew. */
PMJ_MUST_CHECK enum pmj_code record_notice(
    const struct call *call, struct notice *out, const char *name, struct pmj_error *err);
/** What a consent describes; of values in conflict what each of them allows. New reference. */
json_t *record_information(const struct merge_record *consent);
/** Is any of it left? PMJ_REFUSED: nothing may be told, which is never to be read as all. */
PMJ_MUST_CHECK enum pmj_code record_check_information(
    const json_t *words, const uint8_t consent[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** A value in words; what links to a record by its title. Caller frees. */
char *record_words(const struct call *call, const struct field *field, const json_t *value);
/** May a record of this kind be made: consent_for and consent_to, of each of its persons? */
PMJ_MUST_CHECK enum pmj_code record_made_under_consent(
    const struct call *call, const struct kind *kind, const json_t *set, struct pmj_error *err);
/** What was sent under a consent may be changed (to whom, for what, what of it) only to what a
 * consent covers; what was not sent yet, freely. to: the state it moves to; NULL when it stays. */
PMJ_MUST_CHECK enum pmj_code record_keeps_consent(const struct call *call, const struct kind *kind,
    const struct merge_record *merged, const json_t *set, const char *to, struct pmj_error *err);
/** Does the record stand as a second person agreed to it (`by = another`)? Its fields stay so. */
bool record_is_agreed(const struct kind *kind, const struct merge_record *merged);
/** Append one entry to a record that is here; set is borrowed. *out receives {"id","short"}. */
PMJ_MUST_CHECK enum pmj_code record_append(const struct call *call, json_t **out,
    const struct kind *kind, const uint8_t rec[PMJ_RECORD_BYTES], const struct record_full *record,
    const json_t *set, const char *verb, struct pmj_error *err);
/** "new_words" of it. */
void record_say_new_words(json_t *answer, const struct kind *kind, const json_t *set);
/** The answer when fields were saved: {"id","short"}, and "new_words" where an open list got a word
 * that is near to one of it: perhaps mistyped. A new reference. */
json_t *record_saved(const struct call *call, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct kind *kind, const json_t *set);
struct record_new {
	const char *kind;
	const json_t *fields; /* as typed */
	const char *verb;     /* the move that makes it in a state that may be a start; NULL: add */
};
/** A record to be made: checked, with its first state; with the kind's defaults when it is added.
 * *set and *knows are new references (also on failure), which the draft borrows. */
PMJ_MUST_CHECK enum pmj_code record_prepare(const struct call *call, struct core_draft *draft,
    json_t **set, json_t **knows, const struct record_new *wanted, struct pmj_error *err);
/** PMJ_REFUSED when the record that the field names was voided. */
PMJ_MUST_CHECK enum pmj_code record_stands(const struct call *call, const char *field,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** The declared move of this name; else PMJ_USAGE with the nearest. */
PMJ_MUST_CHECK enum pmj_code record_find_move(
    const struct move **out, const struct kind *kind, const char *verb, struct pmj_error *err);

/** Received by the hub and still not merged: does what it belongs to (its record, whom it is about)
 * stand held there, so that it waits for a release? Never at a hub. */
bool record_waits(const struct call *call, const struct record_full *record);
/** How far one entry came, as `sync` of an answer says it; waits: record_waits of its record. */
const char *record_row_sync(const struct call *call, const struct entry_row *row, bool waits);
/** Of all that was written here of a record the one furthest from being merged; *reason of a hold,
 * or NULL. */
const char *record_sync(
    const struct call *call, const struct record_full *record, const char **reason);
/* alike.c */
/** Who here may be the same person as one with these fields:
 * [{"id","short","title","texts","same"}…]. Never an error: to be recorded matters more. NULL: not
 * a person, or not asked. New reference. */
json_t *record_alike(const struct call *call, const struct kind *kind, const json_t *set);
/** The same of a row among thousands, where a name that many have tells nothing: only where
 * something else is the same, too, or nothing else is said. */
json_t *record_likely(const struct call *call, const struct kind *kind, const json_t *set);
/* taken_back.c */
/** Does the consent under which this open record was sent not stand any more? Told from what is
 * shown here; to say so, never to decide. */
PMJ_MUST_CHECK enum pmj_code record_taken_back(
    const struct call *call, bool *out, const struct record_full *record, struct pmj_error *err);
/** After a change of this record: when it took a consent back or refused one, `told` of the answer
 * lists what was sent under it and is open, and for each a follow-up stands in `today`. */
void record_say_told(json_t *answer, const struct call *call, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], const json_t *set);
/** Of which record a follow-up made so says what to do, in any language: its short id within the
 * words. NULL: they are others. */
const char *record_told_of(const char *words);
/** Items of `today` that were sent under a consent that was taken back: `why` says so. */
PMJ_MUST_CHECK enum pmj_code record_mark_taken_back(
    const struct call *call, json_t *items, struct pmj_error *err);

#endif
