/* passphrase.h - passphrases and codes: a prompt that shows nothing, or a file; never an argument.
 */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H
#include "cli/cli.h"

#define PASSPHRASE_FILE_MAX 4096u

/**
 * A secret from a file (its first line), or asked for.
 *
 * out     the caller wipes.
 * file    NULL: ask; "-": standard input.
 * Errors  PMJ_USAGE when there is neither file nor terminal; PMJ_INVALID when it is empty or not
 * UTF-8.
 */
PMJ_MUST_CHECK enum pmj_code passphrase_read(
    struct buf *out, const char *file, const char *prompt, struct pmj_error *err);
/** A new passphrase: from the file; on a terminal six offered words typed back once, or the
 * person's own typed twice. name: whose it is, which is not among the words; NULL: the daemon
 * knows. */
PMJ_MUST_CHECK enum pmj_code passphrase_choose(
    struct cli *cli, struct buf *out, const char *file, const char *name, struct pmj_error *err);

#endif
