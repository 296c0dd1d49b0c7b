/* home.h - the lock of a home: unlock, lock, passphrase, recover; and what making one, or making it
 * anew, shares with them. */
#ifndef CLI_HOME_H
#define CLI_HOME_H
#include "cli/cli.h"

extern const struct option home_new_options[], home_recover_options[];
enum pmj_code home_unlock(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code home_lock(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code home_passphrase(struct cli *cli, const struct args *args, struct pmj_error *err);
enum pmj_code home_recover(struct cli *cli, const struct args *args, struct pmj_error *err);
/** Where questions follow whose answers must not be lost: is it locked, the passphrase is asked for
 * first. PMJ_USAGE when the person gives up. */
PMJ_MUST_CHECK enum pmj_code home_open(struct cli *cli, struct pmj_error *err);
/** Did what was asked for fail because it locked itself meanwhile, and is it open again? Then once
 * more. */
bool home_opened_again(struct cli *cli, enum pmj_code rc, struct pmj_error *err);
/** "One moment …" before a key is stretched. */
void home_say_moment(const struct cli *cli);
/** A secret that is shown once, with what it is and what to do with it; nothing for NULL. */
void home_say_secret(const char *title, const char *text, const char *advice);
/** Tell the daemon that what is shown only once was shown: from now on the home counts. */
PMJ_MUST_CHECK enum pmj_code home_say_seen(struct cli *cli, struct pmj_error *err);
/** Was a passphrase refused that was just chosen on the terminal? Then it says why, and it may be
 * chosen again. */
bool home_too_weak(enum pmj_code rc, const char *file, const struct pmj_error *err);
/** An absolute path for the daemon, which stands in another folder; what names a scheme stays.
 * PMJ_USAGE for an empty word, as an unset variable of a script leaves it: it is not the folder one
 * happens to stand in. Caller frees. */
PMJ_MUST_CHECK enum pmj_code home_absolute(char **out, const char *typed, struct pmj_error *err);

#endif
