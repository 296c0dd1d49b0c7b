/* entries.h - the immutable facts: appended, admitted or held, stubbed; never changed otherwise.
 * Every change of what is admitted projects the record anew inside the same transaction. Call
 * inside journal_begin/commit. */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H
#include "domain/kind.h"
#include "domain/line.h"
#include "store/journal.h"

enum entry_status {
	ENTRY_ADMITTED = 0,
	ENTRY_HELD = 1,
	ENTRY_WAITING = 2,
	ENTRY_CONTROL = 3,
	ENTRY_ERASED = 4 /* of a person who was erased: number and hash are left, for the chain */
};
/* For the WHERE of a statement: SQLite uses the index of the few that are not admitted only where
 * its own condition stands in the statement, too. */
#define ENTRY_IS_HELD "status IN (1, 2) AND status = 1"
#define ENTRY_IS_WAITING "status IN (1, 2) AND status = 2"
/* The chain is kept with each so many-th entry; between them it is made anew. */
#define ENTRY_CHAINED 64
/* The hash and the line of an entry, as SQL: `e` is not kept whole where the line is, and
 * lines are packed; `by` and `kind` are short numbers (shorts.h). */
#define ENTRY_HASH "pmj_hash(e, line, by, pt, rec)"
#define ENTRY_HASH_OF(x) "pmj_hash(" x ".e, " x ".line, " x ".by, " x ".pt, " x ".rec)"
#define ENTRY_LINE "pmj_line(line, by, pt, rec)"
#define ENTRY_LINE_OF(x) "pmj_line(" x ".line, " x ".by, " x ".pt, " x ".rec)"
/* Where the line is there, `e` is only what an entry is looked up by: so many bytes of its hash. */
#define ENTRY_KEPT 8
/* For the WHERE of those that are looked up by hash: those that make a record go by its id. */
#define ENTRY_BY_HASH "(rec IS NULL OR rec <> substr(e, 1, 10))"
/* The whole question, of a hash that is bound. */
#define ENTRY_FOUND_BY(hash)                                                                       \
	"e IN (" hash ", substr(" hash ", 1, 8)) AND " ENTRY_BY_HASH " AND " ENTRY_HASH " = " hash
enum entry_origin { ENTRY_OWN = 0, ENTRY_RECEIVED = 1 };

struct entries_new {
	const struct entry *entry; /* parsed, with e */
	const char *line;          /* bytes as received, without "\n"; NULL: only a stub is known */
	size_t len;
	const char *stub_was; /* of a stub: JSON, field -> versions for each field that was set */
	enum entry_origin origin;
	enum entry_status status; /* control lines: ENTRY_CONTROL */
	const char *reason;       /* of a hold or waiting, or NULL */
	const char *mark;         /* "after_handover", "clock_suspect", or NULL */
	int64_t recv_ms;          /* the hub's note; 0: none */
	uint16_t recv_counter;
};
/** Append, chain, project. *known: e was here already with its line (nothing done; *n is its
 * number). A stub with this e gets its line back. */
PMJ_MUST_CHECK enum pmj_code entries_append(struct journal *journal,
    const struct entries_new *entry, int64_t *n, bool *known, struct pmj_error *err);
/** Hold, release, stop waiting: sets status and reason, projects. PMJ_NOT_FOUND. */
PMJ_MUST_CHECK enum pmj_code entries_set_status(struct journal *journal, int64_t n,
    enum entry_status status, const char *reason, struct pmj_error *err);
/** Replace the payload by a stub (number, e, rec, kind, `was` per field set); projects. */
PMJ_MUST_CHECK enum pmj_code entries_stub(
    struct journal *journal, int64_t n, struct pmj_error *err);

/** Every entry of a record, whatever its status, to number and hash; its rows go. A line of it that
 * comes later is not taken back in. *count: how many. */
PMJ_MUST_CHECK enum pmj_code entries_erase_record(struct journal *journal,
    const uint8_t rec[static PMJ_RECORD_BYTES], int64_t *count, struct pmj_error *err);
/** One entry that is not admitted. */
PMJ_MUST_CHECK enum pmj_code entries_erase(
    struct journal *journal, int64_t n, struct pmj_error *err);
/** One that comes of a record that was erased: its hash and author, and nothing of what it says.
 * *known: it was here. */
PMJ_MUST_CHECK enum pmj_code entries_append_erased(struct journal *journal,
    const struct entry *entry, enum entry_origin origin, int64_t *n, bool *known,
    struct pmj_error *err);

struct entry_row {
	int64_t n;
	enum entry_status status;
	enum entry_origin origin;
	char *reason; /* or NULL */
	char *mark;   /* or NULL */
	int64_t recv_ms;
	uint16_t recv_counter;
	char *line; /* NULL for a stub */
	size_t len;
	struct entry entry; /* parsed (or the stub) */
};
PMJ_MUST_CHECK enum pmj_code entries_get(
    struct journal *journal, struct entry_row *out, int64_t n, struct pmj_error *err);

/* What sending an entry on needs of it: its line is not read again. */
struct entry_raw {
	char kind[KIND_NAME_MAX + 5]; /* "" where none could be told */
	bool control;
	int64_t recv_ms;
	uint16_t recv_counter;
	char *line; /* NULL for a stub; free() */
	size_t len;
};
/** PMJ_NOT_FOUND; then, and after any failure, there is nothing to free. */
PMJ_MUST_CHECK enum pmj_code entries_raw(
    struct journal *journal, struct entry_raw *out, int64_t n, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code entries_find(struct journal *journal, struct entry_row *out,
    const uint8_t e[static PMJ_ENTRY_BYTES], struct pmj_error *err);
/** The line that makes a record, with that line. PMJ_NOT_FOUND. */
PMJ_MUST_CHECK enum pmj_code entries_maker(struct journal *journal, struct entry_row *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
void entry_row_close(struct entry_row *row);
/** All of one record, by number. admitted_only leaves out held and waiting ones. */
PMJ_MUST_CHECK enum pmj_code entries_of_record(struct journal *journal, struct entry_row **out,
    size_t *count, const uint8_t rec[static PMJ_RECORD_BYTES], bool admitted_only,
    struct pmj_error *err);
void entry_rows_free(struct entry_row *rows, size_t count);

#endif
