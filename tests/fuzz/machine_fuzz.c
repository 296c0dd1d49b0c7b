/* Texts of /proc and of dpkg-query, any bytes: read within their ends, and ordered without
 * contradiction. */
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "cli/packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
proc(const char *text, size_t len)
{
	struct machine_process process = {0};
	struct machine_swap_line line;
	struct machine_mount mount;
	const char *at = text;

	if (machine_mount_find(&mount, text, "/home/a/b") &&
	    (strlen(mount.point) >= sizeof(mount.point) || mount.point[0] != '/'))
		abort();
	while (machine_mounts_next(&mount, &at))
		if (memchr(mount.point, '\0', sizeof(mount.point)) == NULL || at > text + len)
			abort();
	at = text;
	while (machine_swaps_next(&line, &at))
		if (line.name[0] != '/' || at > text + len)
			abort();
	(void)machine_locks_holder(text, 77, "08:02");
	(void)machine_locks_holder(text, 77, "");
	machine_status_read(&process, text);
	if (memchr(process.name, '\0', sizeof(process.name)) == NULL)
		abort();
	(void)machine_limits_no_core(text);
	(void)machine_words_have(text, len, "--home", "/x");
	(void)machine_stat_start(text);
}

static void
versions(const char *text)
{
	char version[64], upstream[64];
	const char *half = strchr(text, '\n');
	char *first;

	for (size_t i = 0; i < packages_needed_count; i++)
		if (packages_find(version, sizeof(version), text, &packages_needed[i]))
			packages_upstream(upstream, sizeof(upstream), version);
	if (half == NULL)
		return;
	first = strndup(text, (size_t)(half - text));
	if (first == NULL)
		return;
	if (packages_compare(first, first) != 0 ||
	    (packages_compare(first, half + 1) < 0) != (packages_compare(half + 1, first) > 0))
		abort();
	free(first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);

	if (text == NULL)
		return 0;
	memcpy(text, bytes, len);
	text[len] = '\0';
	proc(text, len);
	versions(text);
	free(text);
	return 0;
}
