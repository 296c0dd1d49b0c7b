#include "carry/fence.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/sandbox.h"

/* Does `outer` hold `inner`, or is it the same? Both are full paths without links. */
static bool
holds(const char *outer, const char *inner)
{
	size_t n = strlen(outer);

	return strncmp(outer, inner, n) == 0 && (inner[n] == '\0' || inner[n] == '/' || n == 1);
}

static enum pmj_code
check_folder(const char *folder, const char *home, const char *run, struct pmj_error *err)
{
	char *real = realpath(folder, NULL); /* what is not there fails where it is used */
	bool bad = real != NULL && (holds(real, home) || holds(run, real));

	free(real);
	if (!bad)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID,
	    "%.120s holds Pamoja's own files, so nothing is carried there", folder);
	pmj_hint(err, "make a folder of its own for it: mkdir %.120s/parcel", folder);
	return PMJ_INVALID;
}

enum pmj_code
fence_check(const struct job *job, const char *home, struct pmj_error *err)
{
	char *run = fs_join(home, "run");
	enum pmj_code rc = PMJ_OK;

	if (job->parcel != NULL)
		rc = check_folder(job->parcel, home, run, err);
	for (size_t i = 0; i < job->remote_count && job->parcel == NULL && rc == PMJ_OK; i++)
		if (job->remotes[i].url[0] == '/' &&
		    (i == 0 || strcmp(job->remotes[i].url, job->remotes[i - 1].url) != 0))
			rc = check_folder(job->remotes[i].url, home, run, err);
	free(run);
	return rc;
}

enum pmj_code
fence_job(const struct job *job, struct pmj_error *err)
{
	static const char *const readable[] = {
		"/usr",
		"/lib",
		"/etc",
#if defined(PAMOJA_ALLOW_DUMPS) && PAMOJA_ALLOW_DUMPS
		"/proc", /* where the sanitizers look */
#endif
		/* Where /etc/resolv.conf leads to; of use only for names of hosts. */
		"/run/systemd/resolve"
	};
	bool network = job_by_network(job);
	const char **writable = mem_array(job->remote_count + 3, sizeof(*writable));
	size_t count = 0;
	bool in_force = false;
	enum pmj_code rc;

	writable[count++] = job->ex.spool;
	writable[count++] = job->ex.store;
	if (job->parcel != NULL)
		writable[count++] = job->parcel;
	for (size_t i = 0; i < job->remote_count && job->parcel == NULL; i++)
		if (job->remotes[i].url[0] == '/' &&
		    (i == 0 || strcmp(job->remotes[i].url, job->remotes[i - 1].url) != 0))
			writable[count++] = job->remotes[i].url;
	rc = sandbox_folders(
	    &in_force, writable, count, readable, COUNT(readable) - (network ? 0 : 1), err);
	free(writable);
	if (rc == PMJ_OK)
		rc = network ? sandbox_no_programs(err) : sandbox_no_network(err);
	return rc;
}

enum pmj_code
fence_session(bool *in_force, const char *home, struct pmj_error *err)
{
	enum pmj_code rc = sandbox_names(in_force, home, err);

	return rc == PMJ_OK ? sandbox_no_network(err) : rc;
}
