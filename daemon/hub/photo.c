/* photo.c - photos of signed papers, as laptops send them: kept as they come, within bounds; shown
 * to nobody before all parts are here, give the hash, and the record names that. So what a hostile
 * laptop pours out stays here, and ends at a day's share. */
#include "sync/photo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"

/* Of a device, as lines: what no record names, and what one does. A laptop is not told of a part
 * that was refused, only that no more are taken (photo_tell), so a day's work of somebody honest
 * has to fit: a hundred of the biggest. */
#define DAY_BYTES (32LL * 1024 * 1024)
#define DAY_NAMED_BYTES (8 * DAY_BYTES)
#define ROOM_MOST (1024 * 1024) /* whatever a laptop says it takes at once */

/* Of hashes in conflict each counts. */
static bool
is_named(const struct record_full *record, const uint8_t *hash)
{
	const struct merge_field *field = merge_field(&record->merged, PHOTO_FIELD);
	char text[2 * PRIM_HASH_BYTES + 1];
	bool named = false;

	(void)text_hex(text, hash, PRIM_HASH_BYTES);
	for (size_t i = 0; field != NULL && i < field->count && !named; i++) {
		const char *value = json_string_value(field->values[i].value);

		named = value != NULL && strcmp(value, text) == 0;
	}
	return named;
}

static bool
record_names(struct hub *hub, const uint8_t *rec, const uint8_t *hash)
{
	struct record_full record = {.row_count = 0};
	bool named =
	    records_load(hub->journal, &record, rec, NULL) == PMJ_OK && is_named(&record, hash);

	record_full_close(&record);
	return named;
}

/* ---- in ---- */

static int64_t
came_today(struct hub *hub, const uint8_t *device, int64_t day)
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT bytes FROM pmj_photo_intake WHERE device = ?1 AND day = ?2");

	return sql_first_int(sql_int(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, day), 0);
}

static enum pmj_code
count_today(
    struct hub *hub, const uint8_t *device, int64_t day, int64_t bytes, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_photo_intake(device, day, bytes) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT(device) DO UPDATE SET day = ?2, bytes = ?3");

	return sql_run(
	    sql_int(sql_int(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, day), 3, bytes), err);
}

static enum pmj_code
refuse(struct hub *hub, const char *why, struct pmj_error *err)
{
	char *message = mem_printf("a part of a photo was not taken: %s", why);
	enum pmj_code rc = journal_event(hub->journal, "line_refused", "refused", message, err);

	free(message);
	return rc;
}

/* What is here already asks for no more room. */
static bool
is_too_much(struct hub *hub, const struct entry *entry, int64_t today)
{
	struct photo_part part;
	struct pmj_error err;

	if (today < DAY_BYTES)
		return false;
	if (photo_read(&part, NULL, entry->json, &err) != PMJ_OK)
		return true;
	if (photo_number(hub->journal, entry->rec, &part, entry->by) != 0)
		return false;
	return today >= DAY_NAMED_BYTES || !record_names(hub, entry->rec, part.hash);
}

/* `new` came in this line of the peer, by itself or given back. */
static enum pmj_code
take_in(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct photo_new *new, struct pmj_error *err)
{
	int64_t day = os_now(hub->os) / DAY_MS, today = came_today(hub, peer->device, day);
	struct photo_taken taken;
	enum pmj_code rc;

	new->origin = ENTRY_RECEIVED;
	new->recv_ms = os_now(hub->os);
	new->sum = &hub->photo;
	new->until_ms = line->until_ms;
	if (is_too_much(hub, new->entry, today))
		return refuse(hub, "it is more than a day's share of one laptop", err);
	if ((rc = photo_take(hub->journal, new, &taken, err)) != PMJ_OK)
		return rc;
	if (taken.refused != NULL)
		return refuse(hub, taken.refused, err);
	*line->again = taken.more;
	if (taken.n != 0)
		rc = count_today(hub, peer->device, day, today + (int64_t)line->len, err);
	if (rc == PMJ_OK && taken.whole &&
	    (rc = photo_not_wanted(hub, new->entry->rec, err)) == PMJ_OK)
		rc = photo_share(hub, new->entry->rec, NULL, err);
	return rc;
}

enum pmj_code
photo_came(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	struct photo_new new = {.entry = line->entry, .line = line->bytes, .len = line->len};

	if (photo_is_word(line->entry->json))
		return photo_asked(hub, peer, line->entry, err);
	return take_in(hub, peer, line, &new, err);
}

enum pmj_code
photo_returned(struct hub *hub, const struct sync_peer *peer, const struct sync_line *outer,
    const struct entry *entry, const char *line, size_t len, struct pmj_error *err)
{
	struct photo_new new = {.entry = entry, .line = line, .len = len};

	if (!photo_may_return(hub, entry, peer->device))
		return refuse(hub, "nobody asked this laptop for it", err);
	return take_in(hub, peer, outer, &new, err);
}

/* A hub that does not say so gets none: an older one drops them, and its receipt says that they
 * came. So does this one beyond a day's share, and ends saying it before what may be on its way. */
void
photo_tell(struct hub *hub, const struct sync_peer *peer, json_t *ack)
{
	if (came_today(hub, peer->device, os_now(hub->os) / DAY_MS) < DAY_NAMED_BYTES - DAY_BYTES)
		json_object_set_new(ack, PHOTO_TAKES, json_true());
	json_object_set_new(ack, PHOTO_TELLS, json_true());
}

enum pmj_code
photo_heard(struct hub *hub, const struct sync_peer *peer, const json_t *ack, struct pmj_error *err)
{
	int64_t room = json_int(ack, "photos", 0);

	return photo_room_say(hub->sync, peer->mailbox,
	    room < 0           ? 0
	    : room > ROOM_MOST ? ROOM_MOST
	                       : room,
	    err);
}

/* ---- out ---- */

struct whole_photo {
	uint8_t hash[PRIM_HASH_BYTES], by[PMJ_DEVICE_BYTES];
};

/* Those that the record names and that are whole, one for each who sent it. What it names no more,
 * or never did, takes no place of theirs. */
static enum pmj_code
whole_photos(struct hub *hub, struct whole_photo *out, size_t most, size_t *count,
    const uint8_t *rec, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT hash, by FROM pmj_photo WHERE rec = ?1 AND part = 1 AND whole = 1 ORDER BY n");
	struct record_full record = {.row_count = 0};
	enum pmj_code rc;
	bool row, loaded = false;

	*count = 0;
	(void)sql_blob(q, 1, rec, PMJ_RECORD_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row && *count < most) {
		if (!loaded && (rc = records_load(hub->journal, &record, rec, err)) != PMJ_OK)
			break;
		loaded = true;
		(void)sql_col_copy(q, 0, out[*count].hash, PRIM_HASH_BYTES);
		(void)sql_col_copy(q, 1, out[*count].by, PMJ_DEVICE_BYTES);
		*count += is_named(&record, out[*count].hash);
	}
	sql_done(q);
	record_full_close(&record);
	return rc;
}

/* The parts of one, to one device that did not have them yet. */
static enum pmj_code
send_photo(struct hub *hub, const uint8_t *rec, const struct whole_photo *photo,
    const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT n FROM pmj_photo WHERE rec = ?1 AND hash = ?2 AND by = ?3 ORDER BY part");
	enum pmj_code rc;
	bool row;

	(void)sql_blob(sql_blob(q, 1, rec, PMJ_RECORD_BYTES), 2, photo->hash, PRIM_HASH_BYTES);
	(void)sql_blob(q, 3, photo->by, PMJ_DEVICE_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		int64_t n = sql_col_int(q, 0);

		if (!sync_was_sent(hub->sync, device->mailbox, n) &&
		    (rc = photo_queue(hub->sync, device->mailbox, n, true, err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	return rc;
}

enum pmj_code
photo_share(struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct hub_device *only, struct pmj_error *err)
{
	struct whole_photo photos[8];
	struct hub_device *devices = NULL;
	size_t count, device_count = 0;
	enum pmj_code rc;

	if ((rc = whole_photos(hub, photos, COUNT(photos), &count, rec, err)) != PMJ_OK ||
	    count == 0)
		return rc;
	if (only == NULL && (rc = share_audience(hub, &devices, &device_count, rec, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		if (only != NULL && memcmp(only->device, photos[i].by, PMJ_DEVICE_BYTES) != 0)
			rc = send_photo(hub, rec, &photos[i], only, err);
		for (size_t d = 0; d < device_count && rc == PMJ_OK; d++)
			if (memcmp(devices[d].device, photos[i].by, PMJ_DEVICE_BYTES) != 0)
				rc = send_photo(hub, rec, &photos[i], &devices[d], err);
	}
	free(devices);
	return rc;
}

enum pmj_code
photo_forget_sent(struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "SELECT n FROM pmj_photo WHERE rec = ?1");
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, rec, PMJ_RECORD_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		if ((rc = sync_forget_sent(hub->sync, device->mailbox, sql_col_int(q, 0), err)) !=
		    PMJ_OK)
			break;
	sql_done(q);
	return rc;
}

/* Asked for each part when it is sealed: mostly of the same photo as the one before. */
bool
photo_may_have(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], int64_t n)
{
	struct hub_may_have *known = &hub->may_have;
	struct sql *q =
	    sql_get(hub->journal, "SELECT rec, hash, by FROM pmj_photo WHERE n = ?1 AND whole = 1");
	uint8_t rec[PMJ_RECORD_BYTES], hash[PRIM_HASH_BYTES], by[PMJ_DEVICE_BYTES];
	bool row = false;

	if (sql_row(sql_int(q, 1, n), &row, NULL) != PMJ_OK || !row)
		return false;
	(void)sql_col_copy(q, 0, rec, sizeof(rec));
	(void)sql_col_copy(q, 1, hash, sizeof(hash));
	(void)sql_col_copy(q, 2, by, sizeof(by));
	sql_done(q);
	if (memcmp(by, device, sizeof(by)) != 0 && !share_may_have_known(hub, rec))
		return false;
	if (memcmp(known->photo_rec, rec, sizeof(rec)) != 0 ||
	    memcmp(known->photo_hash, hash, sizeof(hash)) != 0) {
		memcpy(known->photo_rec, rec, sizeof(rec));
		memcpy(known->photo_hash, hash, sizeof(hash));
		known->photo = record_names(hub, rec, hash);
	}
	return known->photo;
}

enum pmj_code
hub_photo_taken(struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	return photo_share(hub, rec, NULL, err);
}
