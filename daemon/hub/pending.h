/* pending.h - operations that need more than one person (7.2), as the hub keeps them. Private to
 * daemon/hub. */
#ifndef HUB_PENDING_H
#define HUB_PENDING_H
#include "hub/hub_inner.h"
#include "log/act.h"

/* In the file. Doing: agreed to and stated, and not all of it is done yet. */
enum pending_state { PENDING_WAITS = 0, PENDING_DONE = 1, PENDING_REFUSED = 2, PENDING_DOING = 3 };
#define PENDING_ID_CHARS 8

struct pending {
	struct act act;
	char *extra; /* what carrying it out takes besides, or NULL */
	int64_t n;   /* the line that asks */
	enum pending_state state;
};
/** PMJ_NOT_FOUND. Close it also on failure. */
PMJ_MUST_CHECK enum pmj_code pending_get(struct hub *hub, struct pending *out,
    const uint8_t hash[static ACT_HASH_BYTES], struct pmj_error *err);
/** One that waits, by the beginning of its id as it was typed. */
PMJ_MUST_CHECK enum pmj_code pending_find(
    struct hub *hub, struct pending *out, const char *typed, struct pmj_error *err);
void pending_close(struct pending *pending);
/** All that wait, the oldest first. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code pending_waiting(
    struct hub *hub, uint8_t (**out)[ACT_HASH_BYTES], size_t *count, struct pmj_error *err);
/** As people type it. */
void pending_id(char out[static PENDING_ID_CHARS + 1], const uint8_t hash[static ACT_HASH_BYTES]);

/* Inside a transaction. */
/** Ask for an operation (fields: op and its members; stolen): whoever may answer is told. */
PMJ_MUST_CHECK enum pmj_code pending_ask(struct hub *hub, json_t *fields, const char *extra,
    uint8_t hash[static ACT_HASH_BYTES], struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code pending_settle(struct hub *hub, const struct pending *pending,
    enum pending_state state, struct pmj_error *err);
/** What was doing is done; whoever was asked heard of it when it began. */
PMJ_MUST_CHECK enum pmj_code pending_is_over(
    struct hub *hub, const struct pending *pending, struct pmj_error *err);

/* pending_need.c */
enum pending_rule {
	PENDING_TWO_SUPERVISORS, /* the root key while there are fewer */
	PENDING_SUPERVISOR /* and the coordinator, who asked; where there is none, all there are,
	                      a day later */
};
struct pending_need {
	bool root;             /* only the root key would do */
	int64_t signed_by;     /* of those that count */
	int64_t missing;       /* signatures */
	bool all;              /* of all coordinators there are: there is no supervisor */
	int64_t not_before_ms; /* 0: no time to wait for */
	json_t *by;            /* the signatures that count, for the statement; owned */
};
/** Who has signed, and what is missing. The caller frees need->by. */
PMJ_MUST_CHECK enum pmj_code pending_need(
    struct hub *hub, struct pending_need *out, const struct act *act, struct pmj_error *err);
/** Live laptops of supervisors. */
int64_t pending_supervisors(struct hub *hub);

/* pending_do.c */
/** The rule of an operation; false: there is no such one. */
bool pending_rule(enum pending_rule *rule, const char *op);

/* erase.c */
PMJ_MUST_CHECK enum pmj_code erase_agreed(
    struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err);
/** What an order of several people means here. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code erase_ordered(
    struct hub *hub, const struct act *act, struct pmj_error *err);
/** done: removed or unreadable. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code erase_said(struct hub *hub, const uint8_t act[static ACT_HASH_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES], const char *done, struct pmj_error *err);

/* release_many.c */
PMJ_MUST_CHECK enum pmj_code release_agreed(
    struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err);
/** Go on letting in what was agreed to, until mono ms until_ms, in a transaction of its own; *did:
 * there was some. */
PMJ_MUST_CHECK enum pmj_code release_step(
    struct hub *hub, int64_t until_ms, bool *did, struct pmj_error *err);

/* end.c */
PMJ_MUST_CHECK enum pmj_code end_agreed(
    struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err);

/* role.c */
PMJ_MUST_CHECK enum pmj_code role_agreed(
    struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err);

/* enlist_office.c */
struct enrol_request;
PMJ_MUST_CHECK enum pmj_code enlist_agreed(
    struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err);

#endif
