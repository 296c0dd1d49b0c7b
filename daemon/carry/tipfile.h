/* tipfile.h - the tips that a mailbox showed last, beside our own stores: so that "nothing new" is
 * a short answer, and a mailbox that shows less than before is noticed. A cache. */
#ifndef CARRY_TIPFILE_H
#define CARRY_TIPFILE_H
#include <git2.h>

#include "carry/wire.h"

struct tipfile {
	char *path;
	git_oid place; /* of which mailbox at which address it speaks */
	struct wire_tip *tips;
	size_t count;
	git_oid seen; /* of the list, as the gate makes it */
	bool known;
};

/** What was kept of a mailbox at a url; nothing, where there is none or it is of another place. */
void tipfile_open(struct tipfile *out, const char *folder, const char *url,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);
/**
 * Take a list as the gate sent it; what is kept on disk follows, best effort.
 *
 * less     true when a run ends before where it ended.
 * Errors   PMJ_INVALID: it is no list.
 */
PMJ_MUST_CHECK enum pmj_code tipfile_take(
    struct tipfile *file, const uint8_t *bytes, size_t len, bool *less, struct pmj_error *err);
/** The tip of a run; NULL when it is not listed. Its run has no mailbox. */
const struct wire_tip *tipfile_find(const struct tipfile *file, const struct shape_place *run);
void tipfile_close(struct tipfile *file);

#endif
