/* pending_do.c - what was agreed is done, and what waits is listed. */
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "hub/pending.h"

/* by: the signatures, for the statement; stolen. */
typedef enum pmj_code carry_out(
    struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err);

static const struct {
	const char *op;
	carry_out *carry_out;
	enum pending_rule rule;
	enum pending_state then;
} operations[] = {
    {"enrol", enlist_agreed, PENDING_TWO_SUPERVISORS, PENDING_DONE},
    {"role", role_agreed, PENDING_TWO_SUPERVISORS, PENDING_DONE},
    {"erase", erase_agreed, PENDING_SUPERVISOR, PENDING_DONE},
    {"end", end_agreed, PENDING_SUPERVISOR, PENDING_DONE},
    {"release", release_agreed, PENDING_SUPERVISOR, PENDING_DOING},
};
#define OPERATIONS (sizeof(operations) / sizeof(*operations))

static size_t
operation(const char *op)
{
	size_t i = 0;

	while (i < OPERATIONS && strcmp(operations[i].op, op) != 0)
		i++;
	return i;
}

bool
pending_rule(enum pending_rule *rule, const char *op)
{
	size_t i = operation(op);

	if (i == OPERATIONS)
		return false;
	*rule = operations[i].rule;
	return true;
}

static bool
is_agreed(struct hub *hub, const struct pending_need *need)
{
	return !need->root && need->missing == 0 && os_now(hub->os) >= need->not_before_ms;
}

/* Done and settled in one transaction: a crash leaves it waiting, whole. */
static enum pmj_code
do_agreed(struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err)
{
	size_t i = operation(pending->act.op);
	enum pmj_code rc;

	if (i == OPERATIONS || (rc = journal_begin(hub->journal, err)) != PMJ_OK) {
		json_decref(by);
		return i == OPERATIONS ? PMJ_OK : rc;
	}
	rc = operations[i].carry_out(hub, pending, by, err);
	if (rc == PMJ_OK)
		rc = pending_settle(hub, pending, operations[i].then, err);
	return decide_end(hub, rc, err);
}

/* One that waits: done, if enough people have signed; else when time alone may do. */
static enum pmj_code
look_at(struct hub *hub, const uint8_t *hash, bool *done, struct pmj_error *err)
{
	struct pending_need need = {.by = NULL};
	struct pending pending;
	enum pmj_code rc;

	if ((rc = pending_get(hub, &pending, hash, err)) != PMJ_OK ||
	    (rc = pending_need(hub, &need, &pending.act, err)) != PMJ_OK)
		goto out;
	if (is_agreed(hub, &need)) {
		rc = do_agreed(hub, &pending, json_incref(need.by), err);
		*done = *done || rc == PMJ_OK;
	} else if (!need.root && need.missing == 0 &&
	           (hub->pending_due_ms == 0 || need.not_before_ms < hub->pending_due_ms)) {
		hub->pending_due_ms = need.not_before_ms;
	}
out:
	json_decref(need.by);
	pending_close(&pending);
	return rc;
}

bool
hub_pending_due(struct hub *hub)
{
	return hub->pending_news ||
	       (hub->pending_due_ms != 0 && os_now(hub->os) >= hub->pending_due_ms);
}

/* What is agreed to already goes on; one that cannot is tried again tomorrow. */
static bool
goes_on(struct hub *hub, int64_t until_ms)
{
	struct pmj_error why = {.code = PMJ_OK};
	bool did = false;

	if (release_step(hub, until_ms, &did, &why) == PMJ_OK)
		return did;
	diag_error("doing what two people agreed to", &why);
	hub->pending_due_ms = os_now(hub->os) + DAY_MS;
	return false;
}

enum pmj_code
hub_pending_step(struct hub *hub, int64_t until_ms, bool *done, struct pmj_error *err)
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL;
	size_t count;
	enum pmj_code rc;

	*done = false;
	if (!hub_pending_due(hub))
		return PMJ_OK;
	hub->pending_news = false;
	hub->pending_due_ms = 0;
	if ((*done = goes_on(hub, until_ms)))
		return PMJ_OK;
	rc = pending_waiting(hub, &ids, &count, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct pmj_error why = {.code = PMJ_OK};

		/* One that cannot be done now (the clock, a full disk, a name that is taken) stops
		 * no other; it is looked at again with the next news, or tomorrow. */
		if (look_at(hub, ids[i], done, &why) != PMJ_OK) {
			diag_error("doing what two people agreed to", &why);
			hub->pending_due_ms = os_now(hub->os) + DAY_MS;
		}
	}
	free(ids);
	return rc;
}

/* ---- what waits ---- */

static json_t *
signed_list(struct hub *hub, const uint8_t *hash)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT d.name, d.role, s.at_ms FROM pmj_pending_sign s JOIN pmj_device d ON d.device ="
	    " s.device WHERE s.id = ?1 ORDER BY s.at_ms");
	json_t *list = json_array();
	bool row;

	(void)sql_blob(q, 1, hash, ACT_HASH_BYTES);
	while (sql_row(q, &row, NULL) == PMJ_OK && row)
		(void)json_array_append_new(
		    list, json_pack("{s:s,s:s,s:I}", "name", sql_col_text(q, 0), "role",
		              sql_col_text(q, 1), "at", (json_int_t)sql_col_int(q, 2)));
	return list;
}

static enum pmj_code
pending_item(struct hub *hub, json_t **out, const uint8_t *hash, struct pmj_error *err)
{
	char id[PENDING_ID_CHARS + 1];
	struct pending_need need = {.by = NULL};
	struct pending pending;
	enum pmj_code rc;

	if ((rc = pending_get(hub, &pending, hash, err)) == PMJ_OK &&
	    (rc = pending_need(hub, &need, &pending.act, err)) == PMJ_OK) {
		pending_id(id, hash);
		*out = json_pack("{s:s,s:I,s:o,s:o,s:I,s:b,s:b,s:o}", "id", id, "asked_at",
		    (json_int_t)pending.act.asked_ms, "what", act_about(&pending.act), "signed",
		    signed_list(hub, hash), "missing", (json_int_t)need.missing, "root",
		    (int)need.root, "all", (int)need.all, "not_before",
		    need.not_before_ms != 0 ? json_integer((json_int_t)need.not_before_ms)
		                            : json_null());
	}
	json_decref(need.by);
	pending_close(&pending);
	return rc;
}

enum pmj_code
hub_pending(struct hub *hub, json_t **out, struct pmj_error *err)
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL;
	json_t *items = json_array(), *item = NULL;
	size_t count;
	enum pmj_code rc = pending_waiting(hub, &ids, &count, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if ((rc = pending_item(hub, &item, ids[i], err)) == PMJ_OK)
			(void)json_array_append_new(items, item);
	free(ids);
	if (rc == PMJ_OK)
		*out = json_pack("{s:O}", "items", items);
	json_decref(items);
	return rc;
}

enum pmj_code
hub_pending_one(struct hub *hub, json_t **out, const uint8_t hash[static 32], struct pmj_error *err)
{
	return pending_item(hub, out, hash, err);
}

/* The hub's own word is in it already. */
enum pmj_code
hub_approve(struct hub *hub, const char *typed, struct pmj_error *err)
{
	struct pending_need need = {.by = NULL};
	struct pending pending;
	enum pmj_code rc;

	if ((rc = pending_find(hub, &pending, typed, err)) == PMJ_OK &&
	    (rc = pending_need(hub, &need, &pending.act, err)) == PMJ_OK) {
		rc = pmj_fail(err, PMJ_REFUSED, "it was asked for here: that is your approval");
		pmj_hint(err, need.missing == 0 ? "it is done by itself a day after it was asked"
		                                : "another person approves it, on a laptop of "
		                                  "their own; to take it back: pamoja refuse ID");
	}
	json_decref(need.by);
	pending_close(&pending);
	return rc;
}
