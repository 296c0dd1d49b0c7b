#include "carry/once.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/chain.h"
#include "carry/fence.h"
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
	struct job_remote remote = {.url = NULL};
	const char *equals = strchr(text, '=');
	char *hex = mem_strndup(text, equals != NULL ? (size_t)(equals - text) : 0);
	bool good = text_unhex(remote.mailbox, sizeof(remote.mailbox), hex);

	free(hex);
	if (!good)
		return pmj_fail(err, PMJ_USAGE,
		    "%.80s is not MAILBOX=FOLDER, MAILBOX=https://HOST/PATH or "
		    "MAILBOX=ssh://USER@HOST",
		    text);
	remote.url = (char *)(uintptr_t)(equals + 1);
	job_add_remote(job, &remote, NULL);
	return PMJ_OK;
}

/* How a host is known, from files: what stands in arguments is everybody's to read. */
static enum pmj_code
add_file(struct job *job, size_t at, const char *path, struct pmj_error *err)
{
	struct buf text;
	enum pmj_code rc;

	buf_init(&text, 0);
	rc = fs_read(&text, &os_real, path, PMJ_CONF_FILE_MAX, err);
	for (size_t i = 0; i < job->remote_count && rc == PMJ_OK; i++) {
		char **to = (char **)(void *)((char *)&job->remotes[i] + at);

		free(*to);
		*to = mem_strdup(buf_text(&text));
		if (at != offsetof(struct job_remote, ca) && at != offsetof(struct job_remote, key))
			(*to)[strcspn(*to, "\r\n")] = '\0';
	}
	buf_wipe(&text);
	return rc;
}

static enum pmj_code
set_option(struct job *job, const char *name, const char *value, struct pmj_error *err)
{
	/* Of the remotes named before them. */
	static const struct {
		const char *option;
		size_t at;
	} files[] = {
	    {"--token-file", offsetof(struct job_remote, token)},
	    {"--key-file", offsetof(struct job_remote, key)},
	    {"--pin-file", offsetof(struct job_remote, pin)},
	    {"--ca-file", offsetof(struct job_remote, ca)},
	};
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
	if (strcmp(name, "--patience") == 0 && strspn(value, "0123456789") == strlen(value) &&
	    strlen(value) < 5 && (job->patience_s = (int)strtol(value, NULL, 10)) > 0)
		return PMJ_OK;
	if (strcmp(name, "--remote") == 0)
		return add_remote(job, value, err);
	if (strcmp(name, "--have") == 0)
		return add_place(&job->ex.have, value, err);
	if (strcmp(name, "--ended") == 0)
		return add_place(&job->ex.ended, value, err);
	if (strcmp(name, "--acked") == 0)
		return add_place(&job->ex.acked, value, err);
	for (size_t i = 0; i < COUNT(files); i++)
		if (strcmp(name, files[i].option) == 0)
			return add_file(job, files[i].at, value, err);
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
	places_sort(&job->ex.ended);
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
	job.tickets = ticket_shelf_new();
	if ((rc = fs_make_dir(&os_real, job.ex.spool, err)) == PMJ_OK &&
	    (rc = fs_make_dir(&os_real, job.ex.store, err)) == PMJ_OK &&
	    (rc = job_prepare(&job, err)) == PMJ_OK)
		rc = fence_job(&job, err);
	if (rc == PMJ_OK)
		rc = job_run(&job, err);
	ticket_shelf_free(job.tickets);
	order_put_done(&line, 0, rc, err, &job.ex);
	(void)fputs(buf_text(&line), stdout);
	(void)fflush(stdout);
	chain_teardown();
out:
	buf_close(&line);
	job_close(&job);
	return rc;
}
