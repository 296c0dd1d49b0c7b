/* main.c - pamoja: hide what was typed, do it, say how it went. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/term.h"

/* Passphrases and records pass through JSON values: what is freed is wiped. */
static void
wipe_and_free(void *bytes)
{
	if (bytes != NULL)
		mem_wipe(bytes, malloc_usable_size(bytes));
	free(bytes);
}

int
main(int argc, char **argv)
{
	char **typed = args_hide(argc, argv);
	struct pmj_error err = {0};
	enum pmj_code rc;
	bool json = false, left = false;

	json_set_alloc_funcs(malloc, wipe_and_free);
	rc = command_run(argc > 0 ? typed + 1 : typed, &json, &err);
	if (rc == PMJ_OK && fflush(stdout) != 0) {
		left = errno == EPIPE; /* `| head` has read enough: no news for anybody */
		rc = pmj_fail(&err, PMJ_IO, "the answer could not be written");
	}
	if (rc != PMJ_OK && !left)
		print_failure(&err, json);
	args_forget();
	term_obey_stop();
	return pmj_code_exit(rc);
}
