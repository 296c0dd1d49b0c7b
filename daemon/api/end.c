/* end.c - the programme ends (practice 2.4): asked for at the hub; and in the end the hub itself is
 * destroyed. HOME/ended is the certificate, without a name; HOME/revoked says that the keys go. */
#include <string.h>

#include "api/core_inner.h"
#include "api/handlers.h"
#include "base/diag.h"
#include "base/fs.h"

enum pmj_code
end_ask(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct hub_end end = {
	    .until = json_str(call->body, "until"), .opener = json_str(call->body, "opener")};
	json_t *item = NULL;
	uint8_t id[32];
	enum pmj_code rc;

	if ((rc = hub_end_ask(core->hub, &end, id, err)) != PMJ_OK ||
	    (rc = hub_pending_one(core->hub, &item, id, err)) != PMJ_OK)
		return rc;
	core_queued(core, true);
	core_wake(core);
	*out = json_pack("{s:o}", "pending", item);
	return PMJ_OK;
}

enum pmj_code
end_state(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_end_state(call->core->hub, out, err);
}

/* ---- the hub itself ---- */

/* Where something must be kept, a sealed file of all that is here was made and kept. */
static bool
is_sealed(const struct core *core)
{
	uint8_t j[32];
	uint64_t count;

	journal_head(core->journal, &count, j);
	return journal_int(core->journal, "backup.entries", -1) == (int64_t)count;
}

static enum pmj_code
check_finish(const struct core *core, const json_t *state, bool without, struct pmj_error *err)
{
	long long missing = (long long)json_int(state, "missing", 0);
	const char *until = json_str(state, "until");
	enum pmj_code rc;

	if (!json_flag(state, "ending")) {
		rc = pmj_fail(err, PMJ_REFUSED, "the end of this programme was not agreed to");
		pmj_hint(err, "ask for it: pamoja programme end; a second person approves it");
		return rc;
	}
	if (missing > 0 && !without) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "%lld laptops have not handed in what they have, or not confirmed it", missing);
		pmj_hint(err, "see which: pamoja programme end --status; to end without them: "
		              "--without-them");
		return rc;
	}
	if (until != NULL && *until != '\0' && !is_sealed(core)) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "a law keeps these records until %.10s, and no sealed file of them all is made",
		    until);
		pmj_hint(
		    err, "name a file on a stick: pamoja programme end --finish --sealed FILE");
		return rc;
	}
	return PMJ_OK;
}

/* Names of workers are shown once, to who is there; the file has none. */
static json_t *
without_names(const json_t *certificate)
{
	json_t *out = json_deep_copy(certificate), *one;
	size_t i;

	json_array_foreach(json_object_get(out, "laptops"), i, one)(void)
	    json_object_del(one, "name");
	return out;
}

static enum pmj_code
write_json(const struct core *core, const char *name, const json_t *json, struct pmj_error *err)
{
	char *path = core_path(core, name), *text = json_text(json);
	enum pmj_code rc = fs_write(core->os, path, text, strlen(text), err);

	free(text);
	free(path);
	return rc;
}

/* The mark is what counts: from then on a start destroys what is left, wherever it was cut off. */
static enum pmj_code
write_end(struct core *core, const json_t *certificate, struct pmj_error *err)
{
	json_t *bare = without_names(certificate);
	json_t *mark = json_pack("{s:O,s:b,s:[],s:{},s:{}}", "at",
	    json_object_get(certificate, "destroyed_at"), "hub", 1, "remotes", "have", "acked");
	enum pmj_code rc;

	if ((rc = write_json(core, "ended", bare, err)) == PMJ_OK &&
	    (rc = write_json(core, "revoked", mark, err)) == PMJ_OK)
		rc = fs_sync_dir(core->os, core->home, err);
	json_decref(bare);
	json_decref(mark);
	return rc;
}

enum pmj_code
end_finish(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	json_t *state = NULL;
	enum pmj_code rc;

	if ((rc = hub_end_state(core->hub, &state, err)) == PMJ_OK &&
	    (rc = check_finish(core, state, json_flag(call->body, "without"), err)) == PMJ_OK) {
		(void)json_object_set_new(
		    state, "destroyed_at", json_integer((json_int_t)os_now(core->os)));
		rc = write_end(core, state, err);
	}
	if (rc == PMJ_OK) {
		core->end_now = true;
		core_wake(core);
		*out = json_incref(state);
	}
	json_decref(state);
	return rc;
}
