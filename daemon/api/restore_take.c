#include "api/restore_take.h"

#include <stdlib.h>
#include <string.h>

#include "api/backup_tables.h"
#include "api/restore_mark.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/restored.h"
#include "log/chain.h"

#define CHECKPOINT_FRAMES 1000

static enum pmj_code
unfit(const char *what, struct pmj_error *err)
{
	enum pmj_code rc =
	    pmj_fail(err, PMJ_INTEGRITY, "the backup is not as it should be: %s", what);

	pmj_hint(err, "look for another copy of it, or for an older backup");
	return rc;
}

/* ---- the journal ---- */

static enum pmj_code
make_journal(struct restore_take *take, struct pmj_error *err)
{
	struct journal_setup setup = core_setup(take->core, take->ring, take->outside.store_uuid);
	char hex[17], *name;
	enum pmj_code rc;

	name = mem_printf("journal-%s", text_hex(hex, ring_file_id(take->ring), 8));
	rc = restore_mark_write(take->core, name, err);
	if (rc == PMJ_OK)
		rc = journal_create(&take->journal, &setup, err);
	free(name);
	return rc;
}

struct ring *
restore_take_ring(struct restore_take *take)
{
	struct ring *ring = take->ring;

	take->ring = NULL;
	restore_mark_remove(take->core);
	return ring;
}

void
restore_take_close(struct restore_take *take)
{
	char hex[17], *name;

	journal_close(take->journal);
	if (take->ring != NULL && !take->check) {
		name = mem_printf("journal-%s", text_hex(hex, ring_file_id(take->ring), 8));
		restore_mark_sweep(take->core, name);
		restore_mark_remove(take->core);
		free(name);
	}
	ring_free(take->ring);
	json_decref(take->head);
	json_decref(take->note);
	memset(take, 0, sizeof(*take));
}

/* ---- the head ---- */

static enum pmj_code
make_ring(struct restore_take *take, const json_t *head, struct pmj_error *err)
{
	char *hex = (char *)(uintptr_t)json_str(head, "ring");
	size_t len = hex != NULL ? strlen(hex) / 2 : 0;
	uint8_t *records = mem_new(len + 1);
	enum pmj_code rc;

	if (hex == NULL || !text_unhex(records, len, hex))
		rc = unfit("it holds no keys", err);
	else
		rc = restored_ring(&take->ring, records, len, (uint32_t)json_int(head, "epoch", 0),
		    (uint64_t)os_now(take->core->os), err);
	mem_wipe(records, len);
	free(records);
	if (hex != NULL)
		mem_wipe(hex, strlen(hex));
	if (rc == PMJ_OK && memcmp(ring_sign_pk(take->ring), take->outside.sign_pk, 32) != 0)
		rc = unfit("its keys are another laptop's", err);
	return rc;
}

static enum pmj_code
take_head(struct restore_take *take, json_t *head, struct pmj_error *err)
{
	enum pmj_code rc;

	if (json_int(head, "v", 0) > BACKUP_VERSION) {
		rc = pmj_fail(err, PMJ_TOO_NEW,
		    "this backup is of version %lld, this program knows %d",
		    (long long)json_int(head, "v", 0), BACKUP_VERSION);
		pmj_hint(err, "restore it with the newer Pamoja that wrote it");
		return rc;
	}
	if ((rc = make_ring(take, head, err)) != PMJ_OK)
		return rc;
	(void)json_object_del(head, "ring");
	take->head = json_incref(head);
	chain_journal_start(take->j, take->outside.store_uuid);
	return PMJ_OK;
}

/* ---- entries ---- */

/* One entry, as the note before it says; e continues the journal's chain. */
static enum pmj_code
append(struct restore_take *take, struct entries_new *new, struct pmj_error *err)
{
	const json_t *recv = json_arr(take->note, "recv");
	int64_t n, usual = new->entry->control ? ENTRY_CONTROL : ENTRY_ADMITTED;
	bool known = false;
	enum pmj_code rc;

	new->status = (enum entry_status)json_int(take->note, "s", usual);
	new->origin = (enum entry_origin)json_int(take->note, "o", ENTRY_OWN);
	new->reason = json_str(take->note, "reason");
	new->mark = json_str(take->note, "mark");
	new->recv_ms = json_integer_value(json_array_get(recv, 0));
	new->recv_counter = (uint16_t)json_integer_value(json_array_get(recv, 1));
	if (new->status > ENTRY_ERASED || new->origin > ENTRY_RECEIVED)
		return unfit("an entry has no such status", err);
	chain_journal_next(take->j, new->entry->e);
	take->entries++;
	take->records += new->entry->makes && !new->entry->control;
	if (new->entry->pt > take->newest_ms)
		take->newest_ms = new->entry->pt;
	if (take->check)
		return PMJ_OK;
	if ((rc = entries_append(take->journal, new, &n, &known, err)) != PMJ_OK)
		return rc;
	return known || n != take->entries ? unfit("an entry is there twice", err) : PMJ_OK;
}

static enum pmj_code
take_line(struct restore_take *take, const struct segment_line *line, const uint8_t *e,
    struct pmj_error *err)
{
	struct entry entry = {.json = NULL};
	struct entries_new new = {.entry = &entry, .line = line->bytes, .len = line->len};
	enum pmj_code rc;

	rc = line_read(&entry, line->bytes, line->len, e, err);
	if (rc == PMJ_NO_MEMORY)
		return rc;
	if (rc != PMJ_OK)
		return unfit("a line cannot be read", err);
	rc = append(take, &new, err);
	entry_close(&entry);
	return rc;
}

/* An entry of a person who was erased: its hash, for the chain, and who wrote one that came late.
 */
static enum pmj_code
take_erased(struct restore_take *take, const json_t *stub, struct pmj_error *err)
{
	struct entry entry = {.kind = ""};
	struct entries_new new = {.entry = &entry};

	if (!json_unhex(stub, "e", entry.e, sizeof(entry.e)) ||
	    !json_unhex(stub, "by", entry.by, sizeof(entry.by)))
		return unfit("an entry that was erased cannot be read", err);
	return append(take, &new, err);
}

/* An entry whose line was handed over: what is left of it. */
static enum pmj_code
take_stub(struct restore_take *take, const json_t *stub, struct pmj_error *err)
{
	uint8_t e[PMJ_ENTRY_BYTES], rec[PMJ_RECORD_BYTES], by[PMJ_DEVICE_BYTES];
	const char *kind = json_str(stub, "k"), *was = json_str(stub, "line");
	const json_t *at = json_arr(stub, "at");
	struct entry entry = {.json = NULL};
	struct entries_new new = {.entry = &entry, .stub_was = was};
	json_t *object = NULL;
	enum pmj_code rc;

	if (kind == NULL || was == NULL || !json_unhex(stub, "e", e, sizeof(e)) ||
	    !json_unhex(stub, "rec", rec, sizeof(rec)) || !json_unhex(stub, "by", by, sizeof(by)) ||
	    json_read(&object, was, strlen(was), &json_limits_entry, NULL) != PMJ_OK)
		return unfit("an entry that was handed over cannot be read", err);
	entry_stub(&entry, e, kind, rec, by, json_integer_value(json_array_get(at, 0)),
	    (uint16_t)json_integer_value(json_array_get(at, 1)), object);
	entry.has_rec = true;
	entry.rv = json_int(stub, "rv", 0);
	rc = append(take, &new, err);
	entry_close(&entry);
	return rc;
}

static enum pmj_code
take_end(struct restore_take *take, const json_t *end, struct pmj_error *err)
{
	uint8_t j[32];

	if (json_int(end, "entries", -1) != take->entries || !json_unhex(end, "j", j, sizeof(j)) ||
	    memcmp(j, take->j, sizeof(j)) != 0)
		return unfit("its entries are not those that were saved", err);
	take->ended = true;
	return PMJ_OK;
}

static enum pmj_code
take_object(struct restore_take *take, enum backup_kind kind, json_t *object, struct pmj_error *err)
{
	switch (kind) {
	case BACKUP_NOTE:
		json_decref(take->note);
		take->note = json_incref(object);
		return PMJ_OK;
	case BACKUP_STUB:
		return json_int(take->note, "s", 0) == ENTRY_ERASED ? take_erased(take, object, err)
		                                                    : take_stub(take, object, err);
	case BACKUP_ROW:
		return take->check ? PMJ_OK : backup_tables_put(take->journal, object, err);
	case BACKUP_END:
		return take_end(take, object, err);
	case BACKUP_HEAD:
	case BACKUP_LINE:
		break;
	}
	return unfit("it begins twice", err);
}

static enum pmj_code
take_one(struct restore_take *take, const struct segment_line *line, const uint8_t *e,
    struct pmj_error *err)
{
	enum backup_kind kind;
	json_t *object = NULL;
	enum pmj_code rc;

	if ((rc = backup_line_read(&kind, &object, line, err)) != PMJ_OK)
		return rc;
	if (take->head == NULL || take->ended)
		rc = unfit(take->ended ? "something follows its end" : "it has no head", err);
	else if (kind == BACKUP_LINE)
		rc = take_line(take, line, e, err);
	else
		rc = take_object(take, kind, object, err);
	if (kind != BACKUP_NOTE) {
		json_decref(take->note);
		take->note = NULL;
	}
	json_decref(object);
	return rc;
}

/* The first line is the head: the journal is made for the keys in it. */
static enum pmj_code
begin(struct restore_take *take, const struct segment_line *line, struct pmj_error *err)
{
	enum backup_kind kind;
	json_t *object = NULL;
	enum pmj_code rc;

	if ((rc = backup_line_read(&kind, &object, line, err)) != PMJ_OK)
		return rc;
	rc = kind == BACKUP_HEAD ? take_head(take, object, err) : unfit("it has no head", err);
	json_decref(object);
	if (rc != PMJ_OK || take->check)
		return rc;
	if ((rc = make_journal(take, err)) != PMJ_OK ||
	    (rc = journal_begin(take->journal, err)) != PMJ_OK)
		return rc;
	rc = backup_settings_put(take->journal, json_obj(take->head, "settings"), err);
	if (rc == PMJ_OK)
		rc = journal_commit(take->journal, err);
	else
		journal_rollback(take->journal);
	return rc;
}

/* The lines from the i-th on, in one transaction: all of them count, or none. */
static enum pmj_code
take_segment_lines(
    struct restore_take *take, const struct segment_open *opened, size_t i, struct pmj_error *err)
{
	struct restore_take before = *take;
	enum pmj_code rc = PMJ_OK;

	if (!take->check && (rc = journal_begin(take->journal, err)) != PMJ_OK)
		return rc;
	for (; i < opened->count && rc == PMJ_OK; i++)
		rc = take_one(take, &opened->lines[i], opened->e[i], err);
	if (rc == PMJ_OK && !take->check)
		rc = journal_commit(take->journal, err);
	else if (!take->check)
		journal_rollback(take->journal);
	if (rc != PMJ_OK) {
		take->entries = before.entries;
		take->records = before.records;
		take->newest_ms = before.newest_ms;
		take->ended = false;
	}
	return rc;
}

enum pmj_code
restore_take_segment(
    struct restore_take *take, const struct segment_open *opened, struct pmj_error *err)
{
	size_t from = take->head == NULL ? 1 : 0;
	enum pmj_code rc;

	if (from == 1 && (rc = begin(take, &opened->lines[0], err)) != PMJ_OK)
		return rc;
	if ((rc = take_segment_lines(take, opened, from, err)) != PMJ_OK || take->check)
		return rc;
	if (rc == PMJ_OK && journal_wal_frames(take->journal) > CHECKPOINT_FRAMES)
		rc = journal_checkpoint(take->journal, err);
	return rc;
}

/* ---- the end ---- */

static enum pmj_code
go_on_as_hub(struct restore_take *take, struct pmj_error *err)
{
	struct hub *hub = NULL;
	enum pmj_code rc;

	if ((rc = hub_new(&hub, take->journal, take->core->home, err)) != PMJ_OK)
		return rc;
	rc = hub_restored(hub, err);
	hub_free(hub);
	return rc;
}

static enum pmj_code
go_on_as_device(struct restore_take *take, struct pmj_error *err)
{
	struct device *device = NULL;
	struct sync_hooks hooks;
	struct sync *sync = NULL;
	enum pmj_code rc;

	if (!device_enrolled(take->journal))
		return PMJ_OK;
	if ((rc = device_new(&device, take->journal, err)) != PMJ_OK)
		return rc;
	device_hooks(device, &hooks);
	if ((rc = sync_new(&sync, take->journal, take->core->home, &hooks, err)) == PMJ_OK)
		rc = sync_restored(sync, err);
	sync_free(sync);
	device_free(device);
	return rc;
}

static enum pmj_code
note_restored(struct restore_take *take, struct pmj_error *err)
{
	struct journal *journal = take->journal;
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if (take->outside.key_number > 0 &&
	    (rc = hub_backup_key_used(journal, take->outside.key_number, err)) != PMJ_OK)
		goto out;
	if ((rc = journal_put_int(journal, "backup.at", json_int(take->head, "at", 0), err)) ==
	        PMJ_OK &&
	    (rc = journal_put_int(journal, "backup.entries", take->entries, err)) == PMJ_OK &&
	    (rc = journal_event(
	         journal, "restore", "ok", "this journal came out of a backup", err)) == PMJ_OK)
		return journal_commit(journal, err);
out:
	journal_rollback(journal);
	return rc;
}

enum pmj_code
restore_take_finish(struct restore_take *take, struct pmj_error *err)
{
	struct ring_anchor anchor;
	enum pmj_code rc;

	if ((rc = note_restored(take, err)) != PMJ_OK)
		return rc;
	rc = ring_is_hub(take->ring) ? go_on_as_hub(take, err) : go_on_as_device(take, err);
	if (rc != PMJ_OK || (rc = journal_checkpoint(take->journal, err)) != PMJ_OK)
		return rc;
	memset(&anchor, 0, sizeof(anchor));
	journal_head(take->journal, &anchor.count, anchor.j);
	ring_set_anchor(take->ring, &anchor);
	journal_close(take->journal);
	take->journal = NULL;
	return PMJ_OK;
}
