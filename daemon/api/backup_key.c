/* backup_key.c - a hub's monthly backup key (11.5): its halves are shown once and kept nowhere; it
 * counts when both were typed back from paper. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/date.h"
#include "crypto/halves.h"
#include "crypto/restored.h"
#include "crypto/secret.h"

void
typed_halves_close(struct typed_halves *typed)
{
	for (size_t i = 0; i < 2; i++)
		words_free(typed->words[i]);
}

enum pmj_code
typed_halves_read(struct typed_halves *out, const struct call *call, struct pmj_error *err)
{
	const json_t *texts = json_arr(call->body, "halves");

	memset(out, 0, sizeof(*out));
	if (json_array_size(texts) != 2 || !json_is_string(json_array_get(texts, 0)) ||
	    !json_is_string(json_array_get(texts, 1)))
		return pmj_fail(err, PMJ_USAGE, "\"halves\" must be two texts");
	for (size_t i = 0; i < 2; i++) {
		out->words[i] = words_in(call->core, i == 0 ? LANG_EN : LANG_SW, err);
		if (out->words[i] == NULL)
			return err->code;
		out->lists[i] = out->words[i];
		out->halves.text[i] = json_string_value(json_array_get(texts, i));
	}
	out->halves.lists = out->lists;
	out->halves.count = 2;
	return PMJ_OK;
}

/* The public half, and both papers' words. */
static enum pmj_code
draw(struct core *core, json_t **texts, enum lang lang, struct pmj_error *err)
{
	struct hub_backup_key *key = &core->key_draft;
	struct words *words = words_in(core, lang, err);
	struct { /* in guarded memory */
		struct half halves[2];
		uint8_t sk[32];
		char text[HALF_TEXT_MAX];
	} * work;
	struct secret *secret = NULL;
	enum pmj_code rc;

	if (words == NULL)
		return err->code;
	if ((rc = secret_new(&secret, sizeof(*work), err)) != PMJ_OK)
		goto out;
	work = (void *)secret_use(secret);
	halves_new(work->halves, (uint16_t)(key->made_ms / DAY_MS), key->number);
	rc = halves_sk(work->sk, work->halves, keyfile_store_uuid(core->keys), err);
	if (rc == PMJ_OK) {
		prim_dh_public(key->pk, work->sk);
		*texts = json_array();
		for (size_t i = 0; i < 2; i++) {
			half_text(words, work->text, &work->halves[i]);
			(void)json_array_append_new(*texts, json_string(work->text));
		}
	}
	secret_done(secret);
out:
	secret_free(secret);
	words_free(words);
	return rc;
}

static json_t *
told(const struct hub_backup_key *key)
{
	return json_pack("{s:I,s:I,s:I}", "number", (json_int_t)key->number, "made",
	    (json_int_t)key->made_ms, "until",
	    (json_int_t)key->made_ms + HUB_BACKUP_KEY_DAYS * DAY_MS);
}

enum pmj_code
backup_key_make(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	json_t *texts = NULL;
	enum pmj_code rc;

	/* A date in doubt would make a key too old, or keep its papers too long. */
	if ((rc = hub_clock(core->hub, err)) != PMJ_OK)
		return rc;
	core->key_draft.number = hub_backup_key_next(core->hub);
	core->key_draft.made_ms = os_now(core->os);
	if ((rc = draw(core, &texts, call->lang, err)) != PMJ_OK) {
		core->key_draft.number = 0;
		return rc;
	}
	*out = told(&core->key_draft);
	(void)json_object_set_new(*out, "halves", texts);
	return PMJ_OK;
}

/* What was typed from the papers opens what will be sealed to the key: only then it counts. */
static enum pmj_code
check_papers(const struct call *call, struct pmj_error *err)
{
	struct core *core = call->core;
	struct typed_halves typed;
	struct ring *ring = NULL;
	struct ring_epoch epoch;
	enum pmj_code rc;

	if ((rc = typed_halves_read(&typed, call, err)) != PMJ_OK ||
	    (rc = restored_reader_halves(
	         &ring, &typed.halves, keyfile_store_uuid(core->keys), err)) != PMJ_OK)
		goto out;
	ring_epoch_current(ring, &epoch);
	if (memcmp(epoch.pk, core->key_draft.pk, sizeof(epoch.pk)) != 0) {
		rc = pmj_fail(err, PMJ_INVALID, "these are not the halves that were just shown");
		pmj_hint(err, "take the two papers of today, or begin again");
	}
	ring_free(ring);
out:
	typed_halves_close(&typed);
	return rc;
}

enum pmj_code
backup_key_kept(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	enum pmj_code rc;

	if (core->key_draft.number == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "this backup key was given up meanwhile");
		pmj_hint(err, "burn what you wrote, and begin again: pamoja hub backup-key");
		return rc;
	}
	if ((rc = check_papers(call, err)) != PMJ_OK ||
	    (rc = hub_backup_key_put(core->hub, &core->key_draft, err)) != PMJ_OK)
		return rc;
	*out = told(&core->key_draft);
	memset(&core->key_draft, 0, sizeof(core->key_draft));
	return PMJ_OK;
}

enum pmj_code
backup_key_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_backup_keys(call->core->hub, out, err);
}

enum pmj_code
backup_key_destroyed(const struct call *call, json_t **out, struct pmj_error *err)
{
	unsigned long number = strtoul(call->part[0], NULL, 10);
	enum pmj_code rc = hub_backup_key_destroyed(
	    call->core->hub, number <= UINT32_MAX ? (uint32_t)number : 0, err);

	if (rc == PMJ_OK)
		*out = hub_backup_key_state(call->core->hub);
	return rc;
}
