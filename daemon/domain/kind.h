/* kind.h - a sort of record, declared in conf/kinds/NAME.ini: fields, states, moves, rules, texts.
 * Data, never code. */
#ifndef DOMAIN_KIND_H
#define DOMAIN_KIND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

struct os;

/* Bytes of the name of a kind, field, state or verb: [a-z][a-z0-9_]*; a verb may hold "-". */
#define KIND_NAME_MAX 32
#define KIND_FIELDS_MAX 100
#define KIND_STATES_MAX 32
#define KIND_MOVES_MAX 64
#define KIND_REMINDERS_MAX 16
#define KIND_REPORTS_MAX 8
#define REMINDER_DAYS_MAX 12

enum lang { LANG_EN, LANG_SW, LANG_COUNT };
struct texts {
	char *in[LANG_COUNT]; /* sw may be NULL: then en is shown */
};

enum field_type {
	FIELD_TEXT,
	FIELD_NOTE,
	FIELD_INTEGER,
	FIELD_DECIMAL,
	FIELD_DATE,
	FIELD_TIME,
	FIELD_YES_NO,
	FIELD_CHOICE,
	FIELD_CHOICES,
	FIELD_LINK,
	FIELD_PHONE,
	FIELD_PLACE
};
enum field_privacy { PRIVACY_IDENTITY, PRIVACY_CLINICAL, PRIVACY_OPEN };
enum kind_scope { SCOPE_PERSON, SCOPE_PROGRAMME, SCOPE_AUTHOR, SCOPE_SUPERVISION, SCOPE_OFFICE };

struct choice {
	char *value;
	struct texts label;
};
struct field {
	char *name;
	enum field_type type;
	bool required;
	char *otherwise; /* default as typed, or NULL; "today" for dates is kept as such */
	enum field_privacy privacy;
	bool searchable;
	bool open; /* choice(s): other values may be typed; link: plain text may stand instead of a
	              record */
	bool past; /* date: no day to come may be typed */
	int64_t least, most; /* integers and decimals; both 0: no bounds */
	char *link_kind;     /* of a link */
	struct choice *choices;
	size_t choice_count;
	struct texts label, help;
	char *example; /* for --help */
	/* Words of a consent's `information` under which it may be told; none: those of its kind */
	char **told_as;
	size_t told_count;
};
struct state {
	char *name;
	bool refusing;   /* terminal refusing: revoked, withdrawn, declined - shown first among
	                    concurrent ones */
	bool closed;     /* no longer work to do: leaves `today` */
	int silent_days; /* so long nothing may be heard in it; then it stands in `today`. 0: for
	                    ever */
	struct texts silent; /* what is to be done then */
	bool rests;          /* what was due is done in it: it leaves `today` too */
	bool start;          /* a record may be made in it at once; the first state always is one */
	struct texts label;
};
enum move_by { BY_ANYONE, BY_AUTHOR, BY_ANOTHER };
struct move {
	char *verb;
	char **from; /* state names */
	size_t from_count;
	char *to;
	char **asks; /* fields that must be set by or before this move */
	size_t asks_count;
	char *copies;       /* a kind of which a record is made with it: what both have; or NULL */
	char *dates;        /* a date field that is today's unless another is given, or NULL */
	enum move_by by;    /* the author of the record, or somebody else: a second pair of eyes */
	bool needs_consent; /* the person's consent must cover it (rule of domain/consent) */
	bool answers;       /* it tells what the recipient answered: by the code of the slip */
	bool discloses;     /* the same without a consent: to the person, an emergency, the law */
	struct texts label;
};
/* What a value brings about: records of another kind, so many days later. */
struct reminder {
	char *name;
	char *field, *value; /* `when = FIELD is VALUE`: set to it, and it was another before */
	char *makes;         /* a kind with a due date and one subject */
	int days[REMINDER_DAYS_MAX]; /* from the day it happened */
	size_t day_count;
	struct texts text; /* what is to be done */
	struct texts says; /* said at the keyboard at once; or none */
};
/* What is counted of a kind in the programme's report. */
struct report {
	char *name;
	int64_t place; /* among the other reports: the smallest first */
	struct texts title;
	char *on;     /* the date field that tells when; NULL: the day it was written down */
	char *sums;   /* an integer field that is added up; NULL: records are counted */
	char *seen;   /* counts people about whom there is a record of this kind in that time */
	char *change; /* an integer field: of these people from the first to the last time */
	char **by;    /* how it is divided: fields, "state", or "person.FIELD" of its person */
	size_t by_count;
};
struct kind {
	char *name;
	int version;
	enum kind_scope scope;
	struct texts title, plural, help;
	char **next; /* names of kinds that mostly follow: offered after a new record */
	size_t next_count;
	char *shows;  /* the field that names a record in lists, e.g. "name" */
	char **brief; /* fields that come first in a list, and stand beside it where its person is
	               * shown */
	size_t brief_count;
	struct field *fields;
	size_t field_count;
	struct state *states; /* the first is the initial one; may be none */
	size_t state_count;
	struct move *moves;
	size_t move_count;
	struct {
		int64_t place; /* among the other kinds: the smallest first; 0: it is not there */
		struct texts title;
		char **shows; /* fields, each a line */
		size_t show_count;
		char *only_if; /* a yes-no: no leaves it out, and so does nothing said of what a
		                  reminder made; or NULL */
	} plan;                /* what of it stands on the paper that a person takes home */
	struct reminder *reminders;
	size_t reminder_count;
	struct report *reports;
	size_t report_count;
	/* A field, and values of it that two people cannot be for each other. */
	char **one_way;
	size_t one_way_count;
	char **subjects; /* link fields that name the person(s); for person itself none */
	size_t subject_count;
	bool append_only; /* fields are never edited: mistakes are voided */
	bool author_only; /* only the author may edit */
	bool revocation_wins;
	char *due;      /* a date field that makes the record appear in `today` until its state is
	                   closed, or NULL */
	int due_before; /* days before it that it appears */
	struct texts due_says; /* what that day means; none: how far the record is */
	char *checked;         /* a date field: when it was last seen to be still so, or NULL */
	int64_t stale_days;    /* after so many it is to be checked again */
	int64_t month_minutes; /* of each worker, in a month, at least so much of it; 0: none */
	int64_t week_times;    /* ... and so often a week */
	char *total;           /* an integer field: the sum of `adds`, or NULL */
	char **adds;           /* integer fields */
	size_t adds_count;
	char *urgent_field; /* `urgent = when FIELD is VALUE`, or NULL */
	char *urgent_value;
	char *urgent_verb; /* `urgent_move = VERB`, or NULL */
	/* What a move with needs_consent discloses: names of fields of this kind, or NULL. */
	char *discloses_to;       /* a link (or plain text) that names the recipient */
	char *discloses_for;      /* the purpose */
	char *discloses_country;  /* where it goes, of a recipient outside the directory */
	char *discloses_category; /* a consent whose purpose names this covers too */
	char *discloses; /* the choices of information; empty: what the consent describes */
	/* Words of a consent's `information` under which such a record may be told; none: only
	 * under "all". */
	char **told_as;
	size_t told_count;
	char *told_by; /* a choice whose value is such a word of its record, too; or NULL */
	/* Of the kind that recipients are: who is never told anything. FIELD, VALUE, FIELD ... */
	char **receives_nothing;
	size_t receives_nothing_count;
	char **slip; /* fields that stand on a slip: of the record, and of its recipient */
	size_t slip_count;
	char *slip_called; /* of a recipient: what a slip calls it instead, or NULL */
	/* A record is only made under a consent of its person for this purpose, given to this
	 * recipient (plain words); both or neither. */
	char *consent_for, *consent_to;
	/* Of the kind that records consents. */
	char **consent_needs; /* fields that must be filled (a yes-no: with yes) before anything is
	                         disclosed */
	size_t consent_needs_count;
	char **consent_signed; /* values of `how` that suffice to disclose */
	size_t consent_signed_count;
	char **consent_apart; /* purposes that take a consent of their own (42 CFR 2.31) */
	size_t consent_apart_count;
	/* The one purpose that need not expire, then the purposes and categories it covers. */
	char **consent_general;
	size_t consent_general_count;
	char **consent_general_needs; /* fields it needs besides */
	size_t consent_general_needs_count;
	char **consent_through; /* a yes-no: the recipient passes it on; then the fields that say to
	                         * whom
	                         */
	size_t consent_through_count;
	/* Of the kind that recipients are. */
	char *
	    *classes; /* fields by whose words a consent may name it; the first needs no "FIELD:" */
	size_t classes_count;
	char *through; /* a yes-no: it passes on what it receives; or NULL */
};
struct kinds {
	struct kind **list; /* sorted by name */
	size_t count;
};

/**
 * Read every *.ini of a folder.
 *
 * out      the caller ends it with kinds_close. Left as it was on failure, so that the last good
 *          set stays in force.
 * Errors   PMJ_INVALID with file, line, what is wrong and what would be right; PMJ_NOT_FOUND for a
 *          folder without kinds; of reading.
 */
PMJ_MUST_CHECK enum pmj_code kinds_read(
    struct kinds *out, const struct os *os, const char *dir, struct pmj_error *err);
void kinds_close(struct kinds *kinds);
/**
 * A kind that the office published, over the program's own: it takes the place of the one of its
 * name, unless that is of a later version and follows it.
 *
 * file     its name, for errors: kinds/NAME.ini
 * Errors   PMJ_INVALID, as kinds_read; PMJ_REFUSED: one does not follow the other. The set is left
 *          as it was.
 */
PMJ_MUST_CHECK enum pmj_code kinds_lay_over(
    struct kinds *kinds, const char *file, const char *text, size_t len, struct pmj_error *err);
/** Does all that they speak of belong to the set? Else PMJ_INVALID. */
PMJ_MUST_CHECK enum pmj_code kinds_hold_together(const struct kinds *kinds, struct pmj_error *err);
/**
 * One kind from text.
 *
 * out      the caller frees it with kind_free. Left as it was on failure.
 * name     of the file, for errors.
 * Errors   PMJ_INVALID, as kinds_read.
 */
PMJ_MUST_CHECK enum pmj_code kind_read_text(
    struct kind **out, const char *name, const char *text, size_t len, struct pmj_error *err);
void kind_free(struct kind *kind);

/* Looking up. What is found belongs to the kind, NULL when there is none. */

const struct kind *kinds_get(const struct kinds *kinds, const char *name);
/** As kinds_get, but PMJ_NOT_FOUND with the nearest name in the hint. */
PMJ_MUST_CHECK enum pmj_code kinds_need(
    const struct kind **out, const struct kinds *kinds, const char *name, struct pmj_error *err);
const struct field *kind_field(const struct kind *kind, const char *name);
/** As kind_field, but PMJ_INVALID with the nearest name in the hint. */
PMJ_MUST_CHECK enum pmj_code kind_need_field(
    const struct field **out, const struct kind *kind, const char *name, struct pmj_error *err);
const struct state *kind_state(const struct kind *kind, const char *name);
/** The state that is meant, by its name or by its label in any language; else PMJ_INVALID with the
 * nearest name in the hint. */
PMJ_MUST_CHECK enum pmj_code kind_need_state(
    const struct state **out, const struct kind *kind, const char *typed, struct pmj_error *err);
const struct move *kind_move(const struct kind *kind, const char *verb);
const struct choice *field_choice(const struct field *field, const char *value);
/** The label in this language; the value itself when it is not among the choices. */
const char *field_choice_label(const struct field *field, const char *value, enum lang lang);
/** The text in this language, or in English. */
const char *texts_in(const struct texts *texts, enum lang lang);
/** As a kind's file writes it, such as "yes-no". */
const char *field_type_name(enum field_type type);

/** [a-z][a-z0-9_]{0,31} */
bool kind_is_name(const char *name);
/** May a record be made in this state? */
bool kind_starts_in(const struct kind *kind, const char *state);
/** Does an entry that sets these fields (or NULL) by this move (or NULL) go before others? */
bool kind_is_urgent(const struct kind *kind, const char *verb, const json_t *set);
/** May this field be told under one of these words of a consent? "all" is whatever some word
 * covers, and what none does takes a consent of its own (42 CFR 2.31); what a subject is called
 * goes with whatever is told of them. */
bool kind_tells(
    const struct kind *kind, const struct field *field, const char *const *words, size_t count);
/** Are its records sent to somebody, with what a consent covers? */
bool kind_sends(const struct kind *kind);
/** Does a record's value of `told_by` name one of these words, so that all of it is told? */
bool kind_tells_by(
    const struct kind *kind, const json_t *value, const char *const *words, size_t count);
/** Is this a recipient that is never told anything about a person? shown(ctx, field): what stands.
 */
bool kind_receives_nothing(const struct kind *kind,
    const json_t *(*shown)(const void *ctx, const char *field), const void *ctx);
/** Does this field name whom a record is about? */
bool kind_is_subject(const struct kind *kind, const char *field_name);
/**
 * May `next` take the place of `old` (security 8.3)? Fields, types, privacy, states and moves never
 * change or vanish, and the version grows when anything does. PMJ_REFUSED names the first thing
 * that does not follow.
 */
PMJ_MUST_CHECK enum pmj_code kind_follows(
    const struct kind *old, const struct kind *next, struct pmj_error *err);
/**
 * What a client needs for help, questions and completion; a new reference:
 *
 *     {"name","title","plural","help","scope","version","shows",
 *      "fields":[{"name","type","required","default","choices":[{"value","label"}],"link",
 *                 "label","help","example",...}],
 *      "states":[...], "moves":[{"verb","from","to","asks","label"}], ...}
 */
json_t *kind_json(const struct kind *kind, enum lang lang);

#endif
