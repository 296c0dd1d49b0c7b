/* verify.c - `verify`: the tables, the chain, the projections and the digest, in steps between
 * requests. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "base/text.h"

enum verify_phase {
	VERIFY_TABLES,
	VERIFY_CHAIN,
	VERIFY_PROJECTIONS,
	VERIFY_REBUILD,
	VERIFY_DIGEST
};

struct verify {
	struct core *core;
	struct request *request;
	enum verify_phase phase;
	bool rebuild;
	bool of_person;
	uint8_t person[PMJ_RECORD_BYTES];
	struct records_digest digest; /* theirs, as far as it is */
	bool digesting;
	struct journal_walk *walk;
	uint64_t checked;
	int64_t records, differed;
};

static void
verify_free(struct verify *verify)
{
	journal_walk_free(verify->walk);
	if (verify->digesting)
		records_digest_close(&verify->digest);
	free(verify);
}

#define DIGESTS_AT_ONCE 16

/* Of a person: each record is read for it. */
static enum pmj_code
digest_step(struct verify *verify, int64_t until_ms, bool *done, struct pmj_error *err)
{
	const struct os *os = verify->core->os;
	struct journal *journal = verify->core->journal;
	enum pmj_code rc = PMJ_OK;

	if (!verify->digesting) {
		verify->digesting = true;
		rc = records_digest_begin(journal, &verify->digest, verify->person, err);
	}
	*done = false;
	while (rc == PMJ_OK && !*done && os->mono_ms(os->ctx) < until_ms)
		rc = records_digest_step(journal, &verify->digest, DIGESTS_AT_ONCE, done, err);
	return rc;
}

/* One step; *more: not finished. */
static enum pmj_code
verify_step(struct verify *verify, bool *more, struct pmj_error *err)
{
	struct journal *journal = verify->core->journal;
	struct core *core = verify->core;
	int64_t began = core->os->mono_ms(core->os->ctx);
	uint8_t j[32];
	uint64_t count;
	bool done = true;
	enum pmj_code rc = PMJ_OK;

	*more = true;
	switch (verify->phase) {
	case VERIFY_TABLES:
		if (verify->walk == NULL)
			rc = journal_walk_new(&verify->walk, journal, err);
		if (rc == PMJ_OK)
			rc = journal_walk_step(verify->walk, began + CORE_PIECE_MS, &done, err);
		if (rc == PMJ_OK && done)
			verify->phase = VERIFY_CHAIN;
		return rc;
	case VERIFY_CHAIN:
		journal_head(journal, &count, j);
		if (verify->checked < count)
			return core_check_chain(core, &verify->checked, err);
		verify->phase = verify->rebuild ? VERIFY_REBUILD : VERIFY_PROJECTIONS;
		return PMJ_OK;
	case VERIFY_PROJECTIONS:
		rc = core_check_rows(core, true, &done, err);
		if (rc != PMJ_OK)
			pmj_hint(
			    err, "mend the projections from the entries: pamoja verify --rebuild");
		break;
	case VERIFY_REBUILD:
		rc = core_mend_rows(core, &done, &verify->records, &verify->differed, err);
		if (rc == PMJ_OK && done && verify->of_person) {
			verify->phase = VERIFY_DIGEST;
			done = false;
		}
		break;
	case VERIFY_DIGEST:
		rc = digest_step(verify, began + CORE_PIECE_MS, &done, err);
		break;
	}
	if (rc == PMJ_OK && done)
		*more = false;
	return rc;
}

static enum pmj_code
verify_answer(const struct verify *verify, json_t **out, struct pmj_error *err)
{
	int64_t entries = verify->digest.entries;
	enum pmj_code rc = PMJ_OK;
	uint8_t digest[32];
	char hex[65];

	if (verify->of_person)
		records_digest_end(digest, &verify->digest);
	else
		rc = records_digest(verify->core->journal, digest, &entries, NULL, err);
	if (rc == PMJ_OK)
		*out = json_pack("{s:s,s:I,s:b,s:b,s:I,s:I}", "digest",
		    text_hex(hex, digest, sizeof(digest)), "entries", (json_int_t)entries, "ok", 1,
		    "rebuilt", verify->rebuild, "records", (json_int_t)verify->records, "differed",
		    (json_int_t)verify->differed);
	return rc;
}

bool
core_verify_step(struct core *core)
{
	struct verify *verify = core->verify;
	struct pmj_error err;
	json_t *out = NULL;
	enum pmj_code rc;
	bool more;

	if (verify == NULL)
		return false;
	core->step_name = verify->phase == VERIFY_TABLES ? "verify, tables" : "verify";
	rc = verify_step(verify, &more, &err);
	if (rc == PMJ_OK && more)
		return true;
	if (rc == PMJ_OK)
		rc = verify_answer(verify, &out, &err);
	if (rc == PMJ_OK)
		server_reply(verify->request, out);
	else
		server_fail(verify->request, &err);
	verify_free(verify);
	core->verify = NULL;
	return true;
}

void
core_verify_drop(struct core *core, const struct pmj_error *err)
{
	if (core->verify == NULL)
		return;
	server_fail(core->verify->request, err);
	verify_free(core->verify);
	core->verify = NULL;
}

void
status_verify(const struct call *call, struct request *request)
{
	const char *person = json_str(call->query, "person");
	struct verify *verify;
	struct pmj_error err;

	if (call->core->verify != NULL) {
		(void)pmj_fail(&err, PMJ_BUSY, "another verify is under way");
		pmj_hint(&err, "wait until it has finished");
		server_fail(request, &err);
		return;
	}
	verify = mem_new(sizeof(*verify));
	verify->core = call->core;
	verify->request = request;
	verify->rebuild = json_str(call->query, "rebuild") != NULL;
	verify->of_person = person != NULL;
	if (person != NULL && records_resolve(call->core->journal, verify->person, "person", person,
	                          &err) != PMJ_OK) {
		free(verify);
		server_fail(request, &err);
		return;
	}
	/* One person's digest needs no look at the whole journal. */
	verify->phase = person == NULL    ? VERIFY_TABLES
	                : verify->rebuild ? VERIFY_REBUILD
	                                  : VERIFY_DIGEST;
	call->core->verify = verify;
	core_wake(call->core);
}
