#include "cli/packages.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct package_need packages_needed[] = {
    {"libgit2", "libgit2-[0-9]*", "libgit2-", "1.5.1+ds-1+deb12u2"},
    {"libssh2", "libssh2-1*", "libssh2-1", "1.10.0-3+deb12u1"},
    {"libsodium", "libsodium[0-9]*", "libsodium", "1.0.18-1+deb12u1"},
    {"sqlite3", "libsqlite3-0*", "libsqlite3-0", "3.40.1-2+deb12u2"},
};
const size_t packages_needed_count = sizeof(packages_needed) / sizeof(*packages_needed);

/* ~ sorts before the end of the text, letters before all else. */
static int
weight(char c)
{
	if (c == '~')
		return -1;
	if (isdigit((unsigned char)c) || c == '\0')
		return 0;
	return isalpha((unsigned char)c) ? (unsigned char)c : (unsigned char)c + 256;
}

static bool
ends(const char *at, const char *end)
{
	return at >= end;
}

/* A part without a digit, then a number, and so on: dpkg's verrevcmp. */
static int
compare_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (!ends(a, a_end) || !ends(b, b_end)) {
		int first = 0;

		while ((!ends(a, a_end) && !isdigit((unsigned char)*a)) ||
		       (!ends(b, b_end) && !isdigit((unsigned char)*b))) {
			int left = ends(a, a_end) ? 0 : weight(*a);
			int right = ends(b, b_end) ? 0 : weight(*b);

			if (left != right)
				return left - right;
			a += !ends(a, a_end);
			b += !ends(b, b_end);
		}
		while (!ends(a, a_end) && *a == '0')
			a++;
		while (!ends(b, b_end) && *b == '0')
			b++;
		while (!ends(a, a_end) && !ends(b, b_end) && isdigit((unsigned char)*a) &&
		       isdigit((unsigned char)*b)) {
			if (first == 0)
				first = *a - *b;
			a++;
			b++;
		}
		if (!ends(a, a_end) && isdigit((unsigned char)*a))
			return 1;
		if (!ends(b, b_end) && isdigit((unsigned char)*b))
			return -1;
		if (first != 0)
			return first;
	}
	return 0;
}

/* [EPOCH:]UPSTREAM[-REVISION] */
struct version {
	unsigned long epoch;
	const char *upstream, *upstream_end, *end;
};

static struct version
split(const char *text)
{
	const char *colon = strchr(text, ':'), *dash = strrchr(text, '-');
	struct version v = {.upstream = text, .end = text + strlen(text)};

	if (colon != NULL) {
		v.epoch = strtoul(text, NULL, 10);
		v.upstream = colon + 1;
	}
	v.upstream_end = dash != NULL && dash >= v.upstream ? dash : v.end;
	return v;
}

int
packages_compare(const char *a, const char *b)
{
	struct version left = split(a), right = split(b);
	int order;

	if (left.epoch != right.epoch)
		return left.epoch < right.epoch ? -1 : 1;
	order = compare_part(left.upstream, left.upstream_end, right.upstream, right.upstream_end);
	if (order != 0)
		return order;
	/* An absent revision is as low as "0"; the dash itself weighs nothing. */
	return compare_part(left.upstream_end + (left.upstream_end < left.end), left.end,
	    right.upstream_end + (right.upstream_end < right.end), right.end);
}

bool
packages_find(char *out, size_t room, const char *list, const struct package_need *need)
{
	char state[8], name[128], version[128];
	bool found = false;

	for (const char *line = list; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		char text[320];

		(void)snprintf(text, sizeof(text), "%.*s", (int)(len < 319 ? len : 319), line);
		line += len + (line[len] == '\n');
		/* Only "ii" is there whole; other states are half removed or half put in. */
		if (sscanf(text, "%7s %127s %127s", state, name, version) != 3 ||
		    strncmp(state, "ii", 2) != 0 ||
		    strncmp(name, need->prefix, strlen(need->prefix)) != 0)
			continue;
		if (!found || packages_compare(version, out) > 0)
			(void)snprintf(out, room, "%s", version);
		found = true;
	}
	return found;
}

void
packages_upstream(char *out, size_t room, const char *version)
{
	struct version v = split(version);
	const char *end = v.upstream;

	/* "1.5.1+ds": what Debian added begins with a plus. */
	while (end < v.upstream_end && (isdigit((unsigned char)*end) || *end == '.'))
		end++;
	(void)snprintf(out, room, "%.*s", (int)(end - v.upstream), v.upstream);
}
