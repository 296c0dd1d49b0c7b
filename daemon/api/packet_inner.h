/* packet_inner.h - a packet being made, shared by its files. Only for packet*.c. */
#ifndef API_PACKET_INNER_H
#define API_PACKET_INNER_H
#include "api/record_inner.h"

#define PACKET_REST_MS (10 * INT64_C(60000)) /* so long its other parts may be asked for */

struct packet {
	const struct kind *kind; /* of the record it goes with */
	const struct merge_record *merged;
	uint8_t person[PMJ_RECORD_BYTES];
	uint8_t consent[PMJ_RECORD_BYTES];
	json_t *classes; /* what is told, in the words of the consent */
};

/** Does any kind's file, or a field of the person, answer to this class of information? */
bool packet_resolves(const struct kinds *kinds, const char *class);
/** `sections` of what the classes cover, from a record of a kind on; `next` where there is more. */
PMJ_MUST_CHECK enum pmj_code packet_put(const struct call *call, json_t *out,
    const struct packet *packet, size_t kind_at, size_t record_at, struct pmj_error *err);
/** {"label","text"} of a field, or NULL when it says nothing. New reference. */
json_t *packet_line(const struct call *call, const struct kind *kind,
    const struct merge_record *merged, const char *name);
/** {"id","short","lines"}: a copy of the consent. New reference. */
json_t *packet_consent(
    const struct call *call, const struct kind *kind, const struct record_full *consent);

#endif
