/* pending.c - what needs more than one person (7.2): at the hub that asked, and on the laptops of
 * those who are asked. */
#include <stdlib.h>

#include "api/handlers.h"

enum pmj_code
pending_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;

	if (core->hub != NULL && hub_pending_due(core->hub))
		core_wake(core); /* time alone may have made it ready */
	return core->hub != NULL ? hub_pending(core->hub, out, err)
	                         : device_asks(core->journal, out, err);
}

static enum pmj_code
word_of_person(const struct call *call, bool approve, json_t **out, struct pmj_error *err)
{
	enum pmj_code rc;
	const char *id;

	if ((rc = call_text(call, &id, "id", err)) != PMJ_OK ||
	    (rc = device_answer(call->core->sync, id, approve, out, err)) != PMJ_OK)
		return rc;
	core_queued(call->core, true);
	return PMJ_OK;
}

enum pmj_code
pending_approve(const struct call *call, json_t **out, struct pmj_error *err)
{
	enum pmj_code rc;
	const char *id;

	if (call->core->hub == NULL)
		return word_of_person(call, true, out, err);
	rc = call_text(call, &id, "id", err);
	return rc == PMJ_OK ? hub_approve(call->core->hub, id, err) : rc;
}

enum pmj_code
pending_refuse(const struct call *call, json_t **out, struct pmj_error *err)
{
	enum pmj_code rc;
	const char *id;

	if (call->core->hub == NULL)
		return word_of_person(call, false, out, err);
	if ((rc = call_text(call, &id, "id", err)) != PMJ_OK ||
	    (rc = hub_refuse(call->core->hub, id, err)) != PMJ_OK)
		return rc;
	core_queued(call->core, true);
	*out = json_pack("{s:s,s:s}", "id", id, "answer", "refused");
	return PMJ_OK;
}
