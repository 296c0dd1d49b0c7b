/* kept.h - what must be kept before something is erased (security 11.1): of the programme, and of
 * its country. Private to daemon/hub. */
#ifndef HUB_KEPT_H
#define HUB_KEPT_H
#include "domain/profile.h"

struct hub;

struct kept_rule {
	const struct retain_rule *rule;
	const char *where; /* for messages: who says so */
};
struct kept {
	struct retain own; /* retention.ini */
	struct profile country;
	struct kept_rule *rules; /* of both: whichever keeps longer, keeps */
	size_t count;
};
/** PMJ_INVALID with file, line and mend. To be ended with kept_close. */
PMJ_MUST_CHECK enum pmj_code kept_read(struct kept *out, struct hub *hub, struct pmj_error *err);
void kept_close(struct kept *kept);

#endif
