/* record_sync.c - how far what was written here has got: saved, on its way, merged, held, or
 * waiting at the hub for something that is held. */
#include <string.h>

#include "api/record_inner.h"
#include "base/text.h"

/* Is one of the persons this record is about held at the hub? */
static bool
subject_is_held(const struct call *call, const struct entry_row *maker)
{
	const struct kind *kind = kinds_get(&call->core->kinds, maker->entry.kind);
	bool held = false;

	for (size_t i = 0; kind != NULL && i < kind->subject_count && !held; i++) {
		const char *id = json_str(maker->entry.set, kind->subjects[i]);
		uint8_t rec[PMJ_RECORD_BYTES];
		struct entry_row *rows = NULL;
		size_t count = 0;

		if (id == NULL || !text_unbase32(rec, sizeof(rec), id, strlen(id)) ||
		    entries_of_record(call->core->journal, &rows, &count, rec, false, NULL) !=
		        PMJ_OK)
			continue;
		for (size_t r = 0; r < count; r++)
			held = held || (rows[r].entry.makes && rows[r].status == ENTRY_HELD);
		entry_rows_free(rows, count);
	}
	return held;
}

bool
record_waits(const struct call *call, const struct record_full *record)
{
	for (size_t i = 0; i < record->row_count && !call->core->is_hub; i++)
		if (record->rows[i].entry.makes)
			return record->rows[i].status == ENTRY_HELD ||
			       subject_is_held(call, &record->rows[i]);
	return false;
}

const char *
record_row_sync(const struct call *call, const struct entry_row *row, bool waits)
{
	const char *state;

	if (row->status == ENTRY_HELD)
		return "refused";
	if (row->status == ENTRY_WAITING) /* at the hub: put off, or for what it goes on from */
		return "deferred";
	if (row->origin != ENTRY_OWN || call->core->is_hub)
		return "merged";
	state = call->core->sync != NULL ? sync_entry_state(call->core->sync, row->n) : "saved";
	return waits && strcmp(state, "merged") == 0 ? "deferred" : state;
}

const char *
record_sync(const struct call *call, const struct record_full *record, const char **reason)
{
	bool waits = record_waits(call, record);
	static const char *const order[] = {
	    "refused", "saved", "deferred", "carried", "delivered", "merged"};
	size_t worst = 5;

	*reason = NULL;
	for (size_t i = 0; i < record->row_count; i++) {
		const struct entry_row *row = &record->rows[i];
		const char *state = record_row_sync(call, row, waits);

		if (row->status == ENTRY_HELD)
			*reason = row->reason;
		for (size_t at = 0; at < worst; at++)
			if (strcmp(order[at], state) == 0)
				worst = at;
	}
	return order[worst];
}
