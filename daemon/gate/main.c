/* main.c - pamoja-gate: a leaner way into the mailboxes of a hub host, beside plain git. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "carry/bell.h"
#include "carry/chain.h"
#include "crypto/prim.h"
#include "gate/cgi.h"
#include "gate/fence.h"
#include "gate/keys.h"
#include "gate/pipe.h"
#include "gate/receive.h"

static const char usage[] =
    "usage: pamoja-gate --mailbox HEX --root DIR [--lane 1|2]   by ssh, as a forced command\n"
    "       pamoja-gate --key KEY --root DIR                    as sshd's AuthorizedKeysCommand\n"
    "       pamoja-gate --receive                               as git's pre-receive hook\n"
    "       PAMOJA_GATE_ROOT=DIR pamoja-gate                    as CGI, behind a web server\n";

struct options {
	const char *mailbox;
	const char *root;
	const char *lane;
	const char *key;
};

static bool
parse(struct options *out, int argc, char **argv)
{
	*out = (struct options){NULL, NULL, "1", NULL};
	for (int i = 1; i < argc; i += 2) {
		const char **to = strcmp(argv[i], "--mailbox") == 0 ? &out->mailbox
		                  : strcmp(argv[i], "--root") == 0  ? &out->root
		                  : strcmp(argv[i], "--lane") == 0  ? &out->lane
		                  : strcmp(argv[i], "--key") == 0   ? &out->key
		                                                    : NULL;

		if (to == NULL || i + 1 == argc)
			return false;
		*to = argv[i + 1];
	}
	return (out->mailbox != NULL) != (out->key != NULL) && out->root != NULL &&
	       out->root[0] == '/' && (strcmp(out->lane, "1") == 0 || strcmp(out->lane, "2") == 0);
}

static enum pmj_code
run_pipe(const struct options *options, struct pmj_error *err)
{
	const char *asked = getenv("SSH_ORIGINAL_COMMAND");
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct serve_box box = {0};
	enum pmj_code rc;
	int bell;

	if (!text_unhex(mailbox, sizeof(mailbox), options->mailbox))
		return pmj_fail(err, PMJ_USAGE, "--mailbox takes 32 hex digits");
	if (asked != NULL && strcmp(asked, "pamoja-gate") != 0)
		return pmj_fail(err, PMJ_REFUSED, "this key may only run pamoja-gate");
	bell = bell_reach(options->root);
	rc = fence_mailbox(options->root, mailbox, err);
	if (rc == PMJ_OK)
		rc = chain_setup(err);
	if (rc == PMJ_OK)
		rc = serve_open(
		    &box, options->root, mailbox, (uint8_t)(options->lane[0] - '0'), err);
	box.bell = bell;
	if (rc == PMJ_OK)
		rc = pipe_serve(&box, STDIN_FILENO, STDOUT_FILENO, err);
	serve_close(&box);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct pmj_error err = {0};
	enum pmj_code rc;

	sandbox_basics();
	prim_start();
	diag_open("pamoja-gate", NULL, true);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)printf("pamoja-gate %s\n", PAMOJA_VERSION);
		return 0;
	}
	if (argc == 1 && getenv("REQUEST_METHOD") != NULL)
		return cgi_run();
	if (argc == 2 && strcmp(argv[1], "--receive") == 0) {
		if ((rc = receive_judge(stdin, &err)) != PMJ_OK)
			(void)fprintf(stderr, "pamoja: %s\n", err.message);
		return pmj_code_exit(rc);
	}
	if (!parse(&options, argc, argv)) {
		(void)fputs(usage, stderr);
		return pmj_code_exit(PMJ_USAGE);
	}
	rc = options.key != NULL ? keys_print(options.root, options.key, &err)
	                         : run_pipe(&options, &err);
	if (rc != PMJ_OK)
		(void)fprintf(stderr, "pamoja-gate: %s\n", err.message);
	return pmj_code_exit(rc);
}
