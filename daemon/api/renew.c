/* renew.c - the hub's certificate, renewed with the root key that a person brought. */
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"

enum pmj_code
office_renew(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	const char *root;
	enum pmj_code rc;

	if ((rc = call_text(call, &root, "root", err)) != PMJ_OK)
		return rc;
	rc = hub_renew(core->hub, root, err);
	mem_wipe((char *)(uintptr_t)root, strlen(root));
	if (rc != PMJ_OK || (rc = core_save_anchor(core, err)) != PMJ_OK)
		return rc;
	core_queued(core, true);
	core_wake(core);
	*out = json_pack("{s:I}", "until", (json_int_t)hub_certificate_end(core->hub));
	return PMJ_OK;
}
