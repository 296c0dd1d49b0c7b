/* record_find.c - `find`: what it cannot answer at once goes on in steps between requests. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"

struct find {
	struct find *next;
	struct request *request;
	struct records_find *search;
};

/* Answer the first of them, and it is no more. */
static void
end_first(struct core *core, json_t *out, const struct pmj_error *err)
{
	struct find *find = core->finds;

	core->finds = find->next;
	if (out != NULL)
		server_reply(find->request, out);
	else
		server_fail(find->request, err);
	records_find_free(find->search);
	free(find);
}

bool
core_find_step(struct core *core)
{
	struct pmj_error err;
	json_t *out;

	if (core->finds == NULL)
		return false;
	core->step_name = "find";
	if (records_find_step(core->finds->search, &out,
	        core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS, &err) != PMJ_OK ||
	    out != NULL)
		end_first(core, out, &err);
	return true;
}

void
core_find_drop(struct core *core, const struct pmj_error *err)
{
	while (core->finds != NULL)
		end_first(core, NULL, err);
}

void
record_find(const struct call *call, struct request *request)
{
	const char *words = json_str(call->query, "q");
	struct find **last = &call->core->finds, *find;
	struct pmj_error err;

	if (words == NULL || words[strspn(words, " ")] == '\0') {
		(void)pmj_fail(&err, PMJ_USAGE, "say what to look for");
		pmj_hint(&err, "pamoja find juma");
		server_fail(request, &err);
		return;
	}
	find = mem_new(sizeof(*find));
	find->request = request;
	find->search =
	    records_find_new(call->core->journal, words, call_limit(call, 20), call->lang);
	while (*last != NULL)
		last = &(*last)->next;
	*last = find;
	if (call->core->finds == find) /* most are answered in one piece */
		(void)core_find_step(call->core);
	if (call->core->finds != NULL)
		core_wake(call->core);
}
