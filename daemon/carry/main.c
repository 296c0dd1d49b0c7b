/* main.c - pamoja-carry: moves sealed segments, holds no key. */
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/os.h"
#include "base/sandbox.h"
#include "carry/once.h"
#include "carry/session.h"

static const char usage[] =
    "usage: pamoja-carry --home DIR\n"
    "       pamoja-carry --once --spool DIR --store DIR --write 1|2 [--create]\n"
    "                    [--have MAILBOX:LANE:INCARNATION:SEGNO]... [--acked ...]...\n"
    "                    --remote MAILBOX=FOLDER|https://HOST/PATH|ssh://USER@HOST...\n"
    "                    [--token-file FILE] [--key-file FILE] [--pin-file FILE]\n"
    "                    [--ca-file FILE] [--patience SECONDS] [--parcel FOLDER]\n";

int
main(int argc, char **argv)
{
	struct pmj_error err = {0};
	enum pmj_code rc;

	sandbox_basics();
	diag_open("pamoja-carry", NULL, true);
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		(void)printf("pamoja-carry %s\n", PAMOJA_VERSION);
		return 0;
	}
	if (argc >= 2 && strcmp(argv[1], "--once") == 0) {
		rc = once_run(argc - 2, argv + 2, &err);
	} else if (argc == 3 && strcmp(argv[1], "--home") == 0) {
		rc = session_run(argv[2], &err);
	} else {
		(void)fputs(usage, stderr);
		return pmj_code_exit(PMJ_USAGE);
	}
	if (rc != PMJ_OK) {
		(void)fprintf(stderr, "pamoja-carry: %s\n", err.message);
		if (err.hint[0] != '\0')
			(void)fprintf(stderr, "  %s\n", err.hint);
	}
	diag_close();
	return pmj_code_exit(rc);
}
