#include "carry/once.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "carry/chain.h"
#include "carry/job.h"
#include "carry/order.h"

static void
tell(void *ctx, enum exchange_event what, const struct shape_place *place, size_t count)
{
	struct buf line;

	(void)ctx;
	buf_init(&line, 0);
	order_put_event(&line, what, place, count);
	(void)fputs(buf_text(&line), stdout);
	/* Said only after it is so: whoever reads this may count on it. */
	(void)fflush(stdout);
	buf_close(&line);
}

/* MAILBOX:LANE:INCARNATION:SEGNO */
static enum pmj_code
add_place(struct places *out, const char *text, struct pmj_error *err)
{
	struct shape_place place = {0};
	char mailbox[33];
	char incarnation[33];
	unsigned lane;
	uint64_t segno;

	/* NOLINTNEXTLINE(cert-err34-c): typed by hand, and checked right below. */
	if (sscanf(text, "%32[0-9a-f]:%1u:%32[0-9a-f]:%15" SCNu64, mailbox, &lane, incarnation,
	        &segno) != 4 ||
	    !text_unhex(place.mailbox, sizeof(place.mailbox), mailbox) ||
	    !text_unhex(place.incarnation, sizeof(place.incarnation), incarnation))
		return pmj_fail(
		    err, PMJ_USAGE, "%.80s is not MAILBOX:LANE:INCARNATION:SEGNO", text);
	place.lane = (uint8_t)lane;
	place.segno = segno;
	places_add(out, &place);
	return PMJ_OK;
}

static enum pmj_code
add_remote(struct job *job, const char *text, struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	const char *equals = strchr(text, '=');
	char *hex = mem_strndup(text, equals != NULL ? (size_t)(equals - text) : 0);
	bool good = text_unhex(mailbox, sizeof(mailbox), hex);

	free(hex);
	if (!good)
		return pmj_fail(err, PMJ_USAGE, "%.80s is not MAILBOX=FOLDER", text);
	job_add_remote(job, mailbox, equals + 1);
	return PMJ_OK;
}

static enum pmj_code
set_option(struct job *job, const char *name, const char *value, struct pmj_error *err)
{
	char **text = strcmp(name, "--spool") == 0    ? &job->ex.spool
	              : strcmp(name, "--store") == 0  ? &job->ex.store
	              : strcmp(name, "--parcel") == 0 ? &job->parcel
	                                              : NULL;

	if (text != NULL) {
		free(*text);
		*text = mem_strdup(value);
		return PMJ_OK;
	}
	if (strcmp(name, "--write") == 0 && (strcmp(value, "1") == 0 || strcmp(value, "2") == 0)) {
		job->ex.write_lane = (uint8_t)(value[0] - '0');
		return PMJ_OK;
	}
	if (strcmp(name, "--remote") == 0)
		return add_remote(job, value, err);
	if (strcmp(name, "--have") == 0)
		return add_place(&job->ex.have, value, err);
	if (strcmp(name, "--acked") == 0)
		return add_place(&job->ex.acked, value, err);
	return pmj_fail(err, PMJ_USAGE, "%.40s %.40s is not known", name, value);
}

static enum pmj_code
parse(struct job *job, int argc, char **argv, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (int i = 0; i < argc && rc == PMJ_OK; i++) {
		if (strcmp(argv[i], "--create") == 0) {
			job->ex.create = true;
		} else if (i + 1 == argc) {
			rc = pmj_fail(err, PMJ_USAGE, "%.40s needs a value", argv[i]);
		} else {
			rc = set_option(job, argv[i], argv[i + 1], err);
			i++;
		}
	}
	if (rc == PMJ_OK &&
	    (job->ex.spool == NULL || job->ex.store == NULL || job->ex.write_lane == 0))
		rc = pmj_fail(err, PMJ_USAGE, "--spool, --store and --write are needed");
	places_sort(&job->ex.have);
	places_sort(&job->ex.acked);
	return rc;
}

enum pmj_code
once_run(int argc, char **argv, struct pmj_error *err)
{
	struct job job = {.ex = {.os = &os_real, .tell = tell, .lock = -1}};
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, 0);
	if ((rc = parse(&job, argc, argv, err)) != PMJ_OK)
		goto out;
	if ((rc = chain_setup(err)) != PMJ_OK)
		goto out;
	rc = job_run(&job, err);
	order_put_done(&line, 0, rc, err, job.ex.sent, job.ex.got);
	(void)fputs(buf_text(&line), stdout);
	(void)fflush(stdout);
	chain_teardown();
out:
	buf_close(&line);
	job_close(&job);
	return rc;
}
