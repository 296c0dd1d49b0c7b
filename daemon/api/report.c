/* report.c - the programme's report, published in steps between requests. */
#include <stdlib.h>

#include "api/handlers.h"
#include "base/mem.h"

struct publishing {
	struct publishing *next;
	struct request *request;
	struct hub_report *report;
};

/* Answer the first of them, and it is no more. */
static void
end_publishing(struct core *core, json_t *out, const struct pmj_error *err)
{
	struct publishing *first = core->reports;

	core->reports = first->next;
	if (out != NULL)
		server_reply(first->request, out);
	else
		server_fail(first->request, err);
	hub_report_free(first->report);
	free(first);
}

bool
core_report_step(struct core *core)
{
	struct pmj_error err;
	json_t *out;

	if (core->reports == NULL)
		return false;
	core->step_name = "report";
	if (hub_report_step(core->reports->report, &out,
	        core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS, &err) != PMJ_OK ||
	    out != NULL)
		end_publishing(core, out, &err);
	return true;
}

void
core_report_drop(struct core *core, const struct pmj_error *err)
{
	while (core->reports != NULL)
		end_publishing(core, NULL, err);
}

void
report_publish(const struct call *call, struct request *request)
{
	struct core *core = call->core;
	struct publishing **last = &core->reports, *publishing;
	struct hub_report *report;
	struct pmj_error err;

	if (hub_report_new(core->hub, &report, call->part[0], core->settings.report_months,
	        core->settings.report_least, call->lang, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	publishing = mem_new(sizeof(*publishing));
	publishing->request = request;
	publishing->report = report;
	while (*last != NULL)
		last = &(*last)->next;
	*last = publishing;
	core_wake(core);
}

enum pmj_code
report_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct core_settings *settings = &call->core->settings;

	return hub_report_list(
	    call->core->hub, out, settings->report_months, settings->report_least, err);
}

enum pmj_code
report_kept(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_report_kept(call->core->hub, out, call->part[0],
	    call->core->settings.report_months, call->lang, err);
}
