/* pending_need.c - how many people an operation needs, who there is, and who has signed (7.2). */
#include <string.h>

#include "hub/pending.h"

#define COOL_MS DAY_MS /* where there are too few people, any of them can cancel so long */

/* Also one who is suspended, and so cannot sign: one person alone may do that, and undo it. */
int64_t
pending_supervisors(struct hub *hub)
{
	return sql_first_int(
	    sql_get(hub->journal, "SELECT count(*) FROM pmj_device WHERE mailbox IS NOT NULL AND"
	                          " state <> 'revoked' AND role = 'supervisor'"),
	    0);
}

/* When the last of the supervisors was taken off the roster, which one person alone may do; 0: none
 * was. */
static int64_t
last_left_ms(struct hub *hub)
{
	return sql_first_int(
	    sql_get(hub->journal,
	        "SELECT max(x.pt) FROM pmj_roster r CROSS JOIN pmj_device d ON d.device = r.device"
	        " CROSS JOIN pmj_entry x ON x.n = r.n WHERE r.op = 'revoke' AND d.role ="
	        " 'supervisor'"),
	    0);
}

/* Signatures of those who have this role now, and how many of them have not signed. */
static enum pmj_code
count_role(struct hub *hub, struct pending_need *need, const struct act *act, const char *role,
    int64_t *unsigned_count, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT d.sign_pk, s.g FROM pmj_device d LEFT JOIN pmj_pending_sign s ON s.id = ?1 AND"
	    " s.device = d.device WHERE d.mailbox IS NOT NULL AND d.state = 'live' AND d.role = ?2"
	    " ORDER BY s.at_ms");
	uint8_t pk[32], sig[PRIM_SIGNATURE_BYTES];
	enum pmj_code rc;
	bool row;

	*unsigned_count = 0;
	(void)sql_text(sql_blob(q, 1, act->hash, ACT_HASH_BYTES), 2, role);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		if (!sql_col_copy(q, 0, pk, sizeof(pk)) || !sql_col_copy(q, 1, sig, sizeof(sig)) ||
		    !act_signed_by(act, sig, pk)) {
			(*unsigned_count)++;
			continue;
		}
		need->signed_by++;
		(void)json_array_append_new(need->by, act_signature(pk, sig));
	}
	return rc;
}

/* The coordinator at the hub asked for it, and that is their signature. */
static void
sign_here(struct hub *hub, struct pending_need *need, const struct act *act)
{
	uint8_t sig[PRIM_SIGNATURE_BYTES];

	act_sign(sig, hub->ring, act);
	(void)json_array_append_new(need->by, act_signature(ring_sign_pk(hub->ring), sig));
}

enum pmj_code
pending_need(
    struct hub *hub, struct pending_need *out, const struct act *act, struct pmj_error *err)
{
	enum pending_rule rule = PENDING_TWO_SUPERVISORS;
	int64_t there = pending_supervisors(hub), unsigned_count, left;
	enum pmj_code rc;

	*out = (struct pending_need){.by = json_array()};
	(void)pending_rule(&rule, act->op);
	sign_here(hub, out, act);
	if ((rc = count_role(hub, out, act, "supervisor", &unsigned_count, err)) != PMJ_OK)
		return rc;
	if (rule == PENDING_TWO_SUPERVISORS) {
		out->root = there < 2;
		out->missing = out->signed_by < 2 ? 2 - out->signed_by : 0;
		return PMJ_OK;
	}
	if (there > 0) {
		out->missing = out->signed_by > 0 ? 0 : 1;
		return PMJ_OK;
	}
	out->all = true;
	left = last_left_ms(hub);
	out->not_before_ms = (left > act->asked_ms ? left : act->asked_ms) + COOL_MS;
	return count_role(hub, out, act, "coordinator", &out->missing, err);
}
