/* error.h - how every part of Pamoja says that something went wrong. */
#ifndef PAMOJA_ERROR_H
#define PAMOJA_ERROR_H

#define PMJ_MUST_CHECK __attribute__((warn_unused_result))
#define PMJ_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One list: base/error.c gives each its JSON name, HTTP status and exit status. */
enum pmj_code {
	PMJ_OK = 0,
	PMJ_FAILED,           /* exit 1: something that has no better name */
	PMJ_NO_MEMORY,        /* exit 1 */
	PMJ_IO,               /* exit 1: the system refused a read or write */
	PMJ_FULL,             /* exit 1: no space left */
	PMJ_READ_ONLY,        /* exit 1: read-only disk */
	PMJ_PERMISSION,       /* exit 1: modes or owner wrong; the hint is the chmod */
	PMJ_BUSY,             /* exit 1: another holds it, or too many tries */
	PMJ_TOO_NEW,          /* exit 1: written by a newer program */
	PMJ_USAGE,            /* exit 2: wrong command or argument */
	PMJ_INVALID,          /* exit 2: a value that cannot be taken */
	PMJ_NOT_ENROLLED,     /* exit 2 */
	PMJ_NOT_INITIALISED,  /* exit 2 */
	PMJ_NOT_CONFIRMED,    /* exit 2: words were not compared */
	PMJ_NOT_FOUND,        /* exit 3 */
	PMJ_AMBIGUOUS,        /* exit 3: a prefix or a name that fits several */
	PMJ_LOCKED,           /* exit 4 */
	PMJ_WRONG_PASSPHRASE, /* exit 4 */
	PMJ_REFUSED,          /* exit 5: a rule says no */
	PMJ_UNREACHED,        /* exit 6: nothing was reached, or it broke off */
	PMJ_INTEGRITY,        /* exit 7: tampered, corrupt or forged */
	PMJ_DAMAGED_KEYS,     /* exit 7: the key file is damaged */
	PMJ_PARTIAL,          /* exit 8: done in part */
	PMJ_TOO_BIG,          /* exit 2: over a limit */
	PMJ_CODE_COUNT
};

struct pmj_error {
	enum pmj_code code; /* what a program decides on */
	char message[320];  /* what happened, one line */
	char hint[320];     /* what the person can do next, or "" */
};

/** Set err (may be NULL) and return code, for `return pmj_fail(...)`. Clears the hint. */
enum pmj_code pmj_fail(struct pmj_error *err, enum pmj_code code, const char *fmt, ...)
    PMJ_PRINTF(3, 4);
/** Put words in front of the message on the way up: "WORDS: message". Keeps code and hint. */
void pmj_context(struct pmj_error *err, const char *fmt, ...) PMJ_PRINTF(2, 3);
/** Say what the person can do next. */
void pmj_hint(struct pmj_error *err, const char *fmt, ...) PMJ_PRINTF(2, 3);
/** Set err from errno of a system call about `what` (a path): ENOSPC, EROFS, EACCES get their
 * codes. */
enum pmj_code pmj_fail_errno(
    struct pmj_error *err, int errnum, const char *doing, const char *what);

/** The stable JSON name of a code, such as "not_found". */
const char *pmj_code_name(enum pmj_code code);
/** The code of a JSON name; PMJ_FAILED for an unknown one. */
enum pmj_code pmj_code_from_name(const char *name);
int pmj_code_exit(enum pmj_code code);
/** What an exit status says, for the manual; NULL for one that no code has. */
const char *pmj_exit_meaning(int status);
int pmj_code_http(enum pmj_code code);

#endif
