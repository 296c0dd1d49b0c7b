/* move.c - the hub moves to another address, and who has followed. */
#include "api/handlers.h"

enum pmj_code
office_moving(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_move_state(call->core->hub, out, err);
}

enum pmj_code
office_move(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct hub *hub = call->core->hub;
	struct hub_move to = {
	    .pin = json_str(call->body, "pin"), .folder = json_str(call->body, "mailboxes")};
	enum pmj_code rc;

	if (json_flag(call->body, "end"))
		rc = hub_move_end(hub, json_flag(call->body, "sure"), err);
	else if ((rc = call_text(call, &to.url, "address", err)) == PMJ_OK)
		rc = hub_move(hub, &to, err);
	if (rc != PMJ_OK)
		return rc;
	carrylink_remotes(call->core);
	core_queued(call->core, true);
	core_wake(call->core);
	return hub_move_state(hub, out, err);
}
