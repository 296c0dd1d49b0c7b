/* kept.c - the rules of retention.ini and those of the country's profile, together: a programme may
 * keep longer than its country asks, never shorter. */
#include "hub/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub_inner.h"

struct countrys {
	struct profile *profile;
	struct pmj_error *err;
	enum pmj_code rc;
};

static void
keep_country(void *ctx, const struct published_got *got)
{
	struct countrys *to = ctx;

	if (to->rc == PMJ_OK && to->profile->name == NULL)
		to->rc = profile_read_text(
		    to->profile, got->name, (const char *)got->bytes, got->len, to->err);
}

static void
add_rules(struct kept *kept, const struct retain *retain, const char *where)
{
	for (size_t i = 0; i < retain->count; i++) {
		kept->rules = mem_grow(kept->rules, kept->count + 1, sizeof(*kept->rules));
		kept->rules[kept->count++] = (struct kept_rule){&retain->rules[i], where};
	}
}

enum pmj_code
kept_read(struct kept *out, struct hub *hub, struct pmj_error *err)
{
	struct countrys to = {.profile = &out->country, .err = err, .rc = PMJ_OK};
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = retain_read(&out->own, hub->os, hub->home, journal_kinds(hub->journal), err)) !=
	        PMJ_OK ||
	    (rc = hub_published_each(hub->journal, "profiles/", keep_country, &to, err)) !=
	        PMJ_OK ||
	    (rc = to.rc) != PMJ_OK) {
		kept_close(out);
		return rc;
	}
	add_rules(out, &out->own, "retention.ini");
	add_rules(out, &out->country.retain, "the profile of this programme's country");
	return PMJ_OK;
}

void
kept_close(struct kept *kept)
{
	free(kept->rules);
	retain_close(&kept->own);
	profile_close(&kept->country);
	memset(kept, 0, sizeof(*kept));
}
