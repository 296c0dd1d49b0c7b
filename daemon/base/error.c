/* error.c - the one list of codes, and the fixed-size error that cannot itself fail. */
#include "pamoja/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_status;
	int http_status;
} codes[PMJ_CODE_COUNT] = {
    [PMJ_OK] = {"ok", 0, 200},
    [PMJ_FAILED] = {"failed", 1, 500},
    [PMJ_NO_MEMORY] = {"no_memory", 1, 500},
    [PMJ_IO] = {"io", 1, 500},
    [PMJ_FULL] = {"disk_full", 1, 507},
    [PMJ_READ_ONLY] = {"read_only", 1, 507},
    [PMJ_PERMISSION] = {"permission", 1, 500},
    [PMJ_BUSY] = {"busy", 1, 503},
    [PMJ_TOO_NEW] = {"too_new", 1, 500},
    [PMJ_USAGE] = {"usage", 2, 400},
    [PMJ_INVALID] = {"invalid", 2, 400},
    [PMJ_NOT_ENROLLED] = {"not_enrolled", 2, 409},
    [PMJ_NOT_INITIALISED] = {"not_initialised", 2, 409},
    [PMJ_NOT_CONFIRMED] = {"not_confirmed", 2, 409},
    [PMJ_NOT_FOUND] = {"not_found", 3, 404},
    [PMJ_AMBIGUOUS] = {"ambiguous", 3, 404},
    [PMJ_LOCKED] = {"locked", 4, 423},
    [PMJ_WRONG_PASSPHRASE] = {"wrong_passphrase", 4, 403},
    [PMJ_REFUSED] = {"refused", 5, 409},
    [PMJ_UNREACHED] = {"unreached", 6, 502},
    [PMJ_INTEGRITY] = {"integrity", 7, 500},
    [PMJ_DAMAGED_KEYS] = {"damaged_keys", 7, 500},
    [PMJ_PARTIAL] = {"partial", 8, 200},
    [PMJ_TOO_BIG] = {"too_big", 2, 413},
};

/* By exit status: what the manual says of it. */
static const char *const statuses[] = {"done; saving while there is no link is done", "failed",
    "not understood, or not enrolled", "not found", "locked, or wrong passphrase",
    "refused by a rule", "sync or carry reached nothing or broke off; nothing is lost",
    "integrity: tampered, damaged or forged", "done in part; the rest is listed"};

enum pmj_code
pmj_fail(struct pmj_error *err, enum pmj_code code, const char *fmt, ...)
{
	va_list args;

	if (err != NULL) {
		err->code = code;
		err->hint[0] = '\0';
		va_start(args, fmt);
		(void)vsnprintf(err->message, sizeof(err->message), fmt, args);
		va_end(args);
	}
	return code;
}

void
pmj_context(struct pmj_error *err, const char *fmt, ...)
{
	char words[sizeof(err->message)];
	char old[sizeof(err->message)];
	va_list args;

	if (err == NULL)
		return;
	va_start(args, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	memcpy(old, err->message, sizeof(old));
	(void)snprintf(err->message, sizeof(err->message), "%.150s: %.160s", words, old);
}

void
pmj_hint(struct pmj_error *err, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return;
	va_start(args, fmt);
	(void)vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
}

enum pmj_code
pmj_fail_errno(struct pmj_error *err, int errnum, const char *doing, const char *what)
{
	enum pmj_code code = PMJ_IO;

	if (errnum == ENOSPC || errnum == EDQUOT)
		code = PMJ_FULL;
	else if (errnum == EROFS)
		code = PMJ_READ_ONLY;
	else if (errnum == EACCES || errnum == EPERM)
		code = PMJ_PERMISSION;
	else if (errnum == ENOENT)
		code = PMJ_NOT_FOUND;
	else if (errnum == ENOMEM)
		code = PMJ_NO_MEMORY;
	(void)pmj_fail(err, code, "%s %s: %s", doing, what, strerror(errnum));
	if (code == PMJ_FULL)
		pmj_hint(err, "free some space on this disk, then try again");
	else if (code == PMJ_READ_ONLY)
		pmj_hint(err, "the disk is read-only; make it writable, then try again");
	return code;
}

const char *
pmj_code_name(enum pmj_code code)
{
	return (unsigned)code < PMJ_CODE_COUNT ? codes[code].name : "failed";
}

enum pmj_code
pmj_code_from_name(const char *name)
{
	for (unsigned i = 0; i < PMJ_CODE_COUNT; i++)
		if (strcmp(codes[i].name, name) == 0)
			return (enum pmj_code)i;
	return PMJ_FAILED;
}

int
pmj_code_exit(enum pmj_code code)
{
	return (unsigned)code < PMJ_CODE_COUNT ? codes[code].exit_status : 1;
}

const char *
pmj_exit_meaning(int status)
{
	bool known = status >= 0 && (size_t)status < sizeof(statuses) / sizeof(*statuses);

	return known ? statuses[status] : NULL;
}

int
pmj_code_http(enum pmj_code code)
{
	return (unsigned)code < PMJ_CODE_COUNT ? codes[code].http_status : 500;
}
