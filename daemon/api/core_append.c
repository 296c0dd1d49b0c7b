/* core_append.c - own entries: stamped, written, appended and queued in one transaction. */
#include <string.h>

#include "api/core.h"
#include "base/diag.h"
#include "base/text.h"
#include "log/chain.h"
#include "log/vouch.h"
#include "pamoja/limits.h"

enum pmj_code
core_stamp(struct core *core, int64_t *pt, uint16_t *counter, struct pmj_error *err)
{
	if (core->hub != NULL)
		return hub_stamp(core->hub, pt, counter, err);
	device_stamp(core->journal, pt, counter);
	return PMJ_OK;
}

enum pmj_code
core_append_inside(struct core *core, const struct core_draft *draft,
    uint8_t rec[static PMJ_RECORD_BYTES], bool *urgent, struct pmj_error *err)
{
	struct line_draft line = {.kind = draft->kind->name,
	    .kv = draft->kind->version,
	    .rec = draft->rec,
	    .by = ring_device_id(core->ring),
	    .set = draft->set,
	    .was = draft->was,
	    .verb = draft->verb,
	    .knows = draft->knows};
	struct entry entry = {.json = NULL};
	struct entries_new new_entry = {
	    .entry = &entry, .origin = ENTRY_OWN, .status = ENTRY_ADMITTED};
	uint8_t e[PMJ_ENTRY_BYTES];
	struct buf bytes;
	enum pmj_code rc;
	int64_t n;
	bool known, this_urgent;

	buf_init(&bytes, PMJ_LINE_MAX);
	core->os->random(core->os->ctx, line.n, sizeof(line.n));
	line.rv = core->hub != NULL ? hub_roster_version(core->hub)
	                            : device_roster_version(core->journal);
	if ((rc = core_stamp(core, &line.pt, &line.counter, err)) != PMJ_OK)
		goto out;
	line_write(&bytes, &line);
	if (core->hub != NULL)
		vouch_put(&bytes, core->ring);
	if ((rc = buf_check(&bytes, err)) != PMJ_OK) {
		pmj_context(err, "this %s is too long for one entry", draft->kind->name);
		goto out;
	}
	chain_entry(e, bytes.bytes, bytes.len);
	if ((rc = line_read(&entry, buf_text(&bytes), bytes.len, e, err)) != PMJ_OK)
		goto out;
	new_entry.line = buf_text(&bytes);
	new_entry.len = bytes.len;
	if ((rc = entries_append(core->journal, &new_entry, &n, &known, err)) != PMJ_OK)
		goto out;
	memcpy(rec, entry.rec, PMJ_RECORD_BYTES);
	this_urgent = kind_is_urgent(draft->kind, draft->verb, draft->set);
	*urgent = *urgent || this_urgent;
	rc = core->hub != NULL
	         ? hub_shared(core->hub, n, rec, this_urgent, err)
	         : device_queue(core->journal, core->sync, n, draft->kind, this_urgent, err);
out:
	entry_close(&entry);
	buf_wipe(&bytes);
	return rc;
}

/* A record about the one that was made a moment ago. */
static enum pmj_code
append_about(struct core *core, const struct core_draft *draft,
    const uint8_t about[static PMJ_RECORD_BYTES], uint8_t rec[static PMJ_RECORD_BYTES],
    bool *urgent, struct pmj_error *err)
{
	char id[PMJ_RECORD_CHARS + 1];
	struct core_draft whole = *draft;
	json_t *set = json_copy((json_t *)draft->set);
	enum pmj_code rc;

	text_base32(id, about, PMJ_RECORD_BYTES);
	(void)json_object_set_new(set, draft->about, json_string(id));
	whole.set = set;
	rc = core_append_inside(core, &whole, rec, urgent, err);
	json_decref(set);
	return rc;
}

static enum pmj_code
append_all(struct core *core, const struct core_draft *drafts, size_t count,
    uint8_t (*recs)[PMJ_RECORD_BYTES], bool *urgent, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = journal_begin(core->journal, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = drafts[i].about != NULL
		         ? append_about(core, &drafts[i], recs[0], recs[i], urgent, err)
		         : core_append_inside(core, &drafts[i], recs[i], urgent, err);
	if (rc == PMJ_OK)
		return journal_commit(core->journal, err);
	journal_rollback(core->journal);
	return rc;
}

enum pmj_code
core_append(struct core *core, const struct core_draft *drafts, size_t count,
    uint8_t (*recs)[PMJ_RECORD_BYTES], struct pmj_error *err)
{
	bool urgent = false;
	enum pmj_code rc = append_all(core, drafts, count, recs, &urgent, err);

	if (rc == PMJ_FULL && journal_reserve_release(core->journal, NULL) == PMJ_OK) {
		diag("the disk is full: the reserve was given up to save an entry");
		core->disk_full = true;
		rc = append_all(core, drafts, count, recs, &urgent, err);
	}
	if (rc == PMJ_OK)
		core_written(core, urgent);
	return rc;
}
