/* line.h - the line of 5.1: read strictly, written once, never re-serialised. Pure; e is computed
 * by the caller (log/chain). */
#ifndef DOMAIN_LINE_H
#define DOMAIN_LINE_H
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "pamoja/limits.h"

struct entry {
	uint8_t e[PMJ_ENTRY_BYTES];
	json_t *json; /* the whole object; owned. NULL strings below point into it */
	const char *kind;
	bool control;                  /* kind begins with "ctl." */
	bool makes;                    /* no `rec`: the entry that makes the record */
	uint8_t rec[PMJ_RECORD_BYTES]; /* given, or first 10 of e; unset for control lines without
	                                  one */
	bool has_rec;
	uint8_t by[PMJ_DEVICE_BYTES];
	int64_t pt;       /* at[0], ms */
	uint16_t counter; /* at[1] */
	int64_t rv;
	int64_t kv;
	const json_t *set;   /* object or NULL */
	const json_t *was;   /* object field -> list of version ids (hex, 32 chars), or NULL */
	const char *verb;    /* `do` */
	const json_t *knows; /* list or NULL */
	bool stub; /* payload gone: `set` NULL, `was` has a key for each field that was set */
};

/** A line of the engine (ctl.*, bak.*), not of a record? */
bool line_is_control(const char *kind);
/** Read a line (without "\n") as it came. Checks shape, names, sizes (64 KiB; 130 KiB for ctl.fwd
 * and ctl.return). PMJ_INVALID says what. version ids in `was`/`knows` are 32 hex characters. Field
 * names: [a-z][a-z0-9_]{0,31}. */
PMJ_MUST_CHECK enum pmj_code line_read(struct entry *out, const char *bytes, size_t len,
    const uint8_t e[static PMJ_ENTRY_BYTES], struct pmj_error *err);
void entry_close(struct entry *entry);
/** A stub from what the journal keeps of it. was: object, taken over (stolen reference). */
void entry_stub(struct entry *out, const uint8_t e[static PMJ_ENTRY_BYTES], const char *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    int64_t pt, uint16_t counter, json_t *was);

struct line_draft {
	uint8_t n[16]; /* fresh random */
	const char *kind;
	int kv;
	const uint8_t *rec; /* NULL: makes the record (or a control line without one) */
	const uint8_t *by;
	int64_t pt;
	uint16_t counter;
	int64_t rv;          /* < 0: left out (control lines) */
	const json_t *set;   /* or NULL */
	const json_t *was;   /* or NULL */
	const char *verb;    /* or NULL */
	const json_t *knows; /* or NULL */
	const json_t *more;  /* further members of a control line, or NULL */
};
/** The line's bytes, without "\n". */
void line_write(struct buf *out, const struct line_draft *draft);
/** The version id of values an entry set: first 16 of e. */
static inline const uint8_t *
entry_version(const struct entry *entry)
{
	return entry->e;
}

/* Hybrid clock of 8.1. */
struct hlc {
	int64_t pt;
	uint16_t counter;
};
/** Next own stamp: max(wall, last, hub_time at most not_after); counter, overflow adds 1 ms; a wall
 * clock more than 24 h behind `last` but not before hub_time starts anew from the wall. */
void hlc_next(struct hlc *last, int64_t wall_ms, int64_t hub_time_ms, int64_t not_after_ms);

#endif
