/* A roster line. First byte odd: the whole line as JSON. Even: the text of a statement, signed by
 * the hub, so that its parser is reached; and in either case the rest as an operation
 * that people sign. */
#include <string.h>

#include "base/text.h"
#include "log/act.h"
#include "log/cert.h"
#include "log/roster.h"
#include "test_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static json_t *
signed_line(struct ring *hub, const uint8_t *text, size_t len)
{
	uint8_t sig[64];
	uint8_t kid[8];
	char sig_text[128];
	json_t *line;

	ring_sign(hub, RING_KEY_OP, sig, "pmj rost sig v1", PRIM_PARTS({text, len}));
	prim_sign_key_id(kid, ring_op_pk(hub));
	line = json_object();
	json_object_set_new(line, "p", json_stringn((const char *)text, len));
	json_object_set_new(line, "s", json_array());
	json_array_append_new(json_object_get(line, "s"), json_object());
	json_object_set_new(json_array_get(json_object_get(line, "s"), 0), "k", json_hex(kid, 8));
	json_object_set_new(json_array_get(json_object_get(line, "s"), 0), "g",
	    json_string(text_base64(sig_text, sig, sizeof(sig))));
	return line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct ring *hub;
	struct roster_statement statement;
	struct pmj_error err;
	json_t *line = NULL;
	struct act act;
	uint32_t epoch;
	uint8_t pk[32];

	if (hub == NULL)
		hub = test_ring(1, 2, 3);
	if (len < 1)
		return 0;
	if (bytes[0] % 2 == 0)
		line = signed_line(hub, bytes + 1, len - 1);
	else if (json_read(&line, (const char *)bytes + 1, len - 1, &json_limits_entry, &err) !=
	         PMJ_OK)
		return 0;
	if (roster_read(&statement, line, ring_op_pk(hub), &err) == PMJ_OK) {
		if (statement.ver == 0 || statement.op == NULL ||
		    !roster_signed_by(&statement, ring_op_pk(hub)))
			abort();
		if (act_of_statement(&act, &statement, &err) == PMJ_OK) {
			if (act.op == NULL || strcmp(act.op, statement.op) != 0)
				abort();
			(void)act_agreed_by(&act, &statement, ring_sign_pk(hub));
			act_close(&act);
		}
		roster_statement_close(&statement);
	}
	if (act_read(&act, (const char *)bytes + 1, len - 1, &err) == PMJ_OK) {
		json_decref(act_about(&act));
		act_close(&act);
	}
	if (cert_epoch_read(&epoch, pk, line, ring_op_pk(hub), &err) == PMJ_OK && epoch == 0)
		abort();
	json_decref(line);
	return 0;
}
