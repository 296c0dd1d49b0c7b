/* report.c - what the office asks that goes through many records: the report, the caseload, who
 * fits a person. In steps between requests, first come first served. */
#include <stdlib.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "domain/profile.h"

typedef enum pmj_code office_step(
    void *work, json_t **out, int64_t until_ms, struct pmj_error *err);

struct office_work {
	struct office_work *next;
	struct request *request;
	void *work;
	office_step *step;
	void (*end)(void *work);
};

/* Answer the first of them, and it is no more. */
static void
end_work(struct core *core, json_t *out, const struct pmj_error *err)
{
	struct office_work *first = core->office;

	core->office = first->next;
	if (out != NULL)
		server_reply(first->request, out);
	else
		server_fail(first->request, err);
	first->end(first->work);
	free(first);
}

bool
core_office_step(struct core *core)
{
	struct pmj_error err;
	json_t *out;

	if (core->office == NULL)
		return false;
	core->step_name = "office";
	if (core->office->step(core->office->work, &out,
	        core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS, &err) != PMJ_OK ||
	    out != NULL)
		end_work(core, out, &err);
	return true;
}

void
core_office_drop(struct core *core, const struct pmj_error *err)
{
	while (core->office != NULL)
		end_work(core, NULL, err);
}

static void
begin_work(struct core *core, struct request *request, const struct office_work *begun)
{
	struct office_work **last = &core->office, *work = mem_new(sizeof(*work));

	*work = *begun;
	work->request = request;
	while (*last != NULL)
		last = &(*last)->next;
	*last = work;
	core_wake(core);
}

static enum pmj_code
step_report(void *work, json_t **out, int64_t until_ms, struct pmj_error *err)
{
	return hub_report_step(work, out, until_ms, err);
}

static void
end_report(void *work)
{
	hub_report_free(work);
}

static enum pmj_code
step_caseload(void *work, json_t **out, int64_t until_ms, struct pmj_error *err)
{
	return hub_caseload_step(work, out, until_ms, err);
}

static void
end_caseload(void *work)
{
	hub_caseload_free(work);
}

/* As strict as the programme or its country is. */
static enum pmj_code
report_least(const struct core *core, int64_t *least, struct pmj_error *err)
{
	struct profile profile;
	enum pmj_code rc = office_profile(core, &profile, err);

	*least = core->settings.report_least;
	if (rc != PMJ_OK)
		return rc;
	if (profile.least > *least)
		*least = profile.least;
	profile_close(&profile);
	return PMJ_OK;
}

void
report_publish(const struct call *call, struct request *request)
{
	const struct core_settings *settings = &call->core->settings;
	struct hub_report *report;
	struct pmj_error err;
	int64_t least;

	if (report_least(call->core, &least, &err) != PMJ_OK ||
	    hub_report_new(call->core->hub, &report, call->part[0], settings->report_months, least,
	        call->lang, &err) != PMJ_OK)
		server_fail(request, &err);
	else
		begin_work(call->core, request,
		    &(struct office_work){.work = report, .step = step_report, .end = end_report});
}

enum pmj_code
report_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct core_settings *settings = &call->core->settings;
	int64_t least;
	enum pmj_code rc = report_least(call->core, &least, err);

	return rc != PMJ_OK
	           ? rc
	           : hub_report_list(call->core->hub, out, settings->report_months, least, err);
}

enum pmj_code
report_kept(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_report_kept(call->core->hub, out, call->part[0],
	    call->core->settings.report_months, call->lang, err);
}

static void
begin_caseload(const struct call *call, struct request *request, const struct hub_match *match)
{
	struct hub_caseload *load;
	struct pmj_error err;

	if (hub_caseload_new(call->core->hub, &load, match, call->lang, &err) != PMJ_OK)
		server_fail(request, &err);
	else
		begin_work(call->core, request,
		    &(struct office_work){
		        .work = load, .step = step_caseload, .end = end_caseload});
}

void
office_caseload(const struct call *call, struct request *request)
{
	begin_caseload(call, request, NULL);
}

void
office_match(const struct call *call, struct request *request)
{
	struct hub_match match = {
	    .tag = json_str(call->body, "tag"), .language = json_str(call->body, "language")};
	const char *typed;
	struct pmj_error err;

	if (call_text(call, &typed, "person", &err) != PMJ_OK ||
	    records_resolve(call->core->journal, match.person, "person", typed, &err) != PMJ_OK)
		server_fail(request, &err);
	else
		begin_caseload(call, request, &match);
}
