/* How often a passphrase may be tried (security 4.3). */
#include "base/date.h"
#include "crypto/keyfile.h"

enum pmj_code
keyfile_tries_take(struct keyfile_tries *tries, const struct os *os, struct pmj_error *err)
{
	/* Boot time: the wall clock may be set back, and suspend must not lengthen the minute. */
	int64_t now = os->boot_ms(os->ctx);
	int64_t oldest = tries->at_ms[tries->next];

	if (oldest != 0 && now - oldest < MINUTE_MS) {
		(void)pmj_fail(err, PMJ_BUSY, "%d tries within a minute", KEYFILE_TRIES);
		pmj_hint(
		    err, "wait %d seconds, then try again", (int)((60999 - (now - oldest)) / 1000));
		return PMJ_BUSY;
	}
	tries->at_ms[tries->next] = now;
	tries->next = (tries->next + 1) % KEYFILE_TRIES;
	return PMJ_OK;
}
