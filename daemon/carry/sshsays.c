#include "carry/sshsays.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WORDS_MAX 90 /* of a foreign message in ours */
/* Everything behind this line may come from the host itself. */
#define LET_IN "Authenticated to "
#define COUNTED "Transferred: sent "
#define GATE "pamoja-gate: "
#define NO_GATE " has no pamoja-gate"
#define NO_SSH "pamoja-carry: cannot run ssh"

enum side { OF_SSH, OF_HOST };

struct meaning {
	enum side side;
	const char *words;
	enum pmj_code code;
	bool broke;
	const char *front; /* the message is front, the host's name, back */
	const char *back;
	const char *hint;
};

static const char other_host[] =
    "a hotspot that wants you to sign in does this; elsewhere tell your coordinator. Nothing was "
    "sent";
static const char later[] = "nothing is lost; it is tried again when there is a link";
static const char its_log[] = "nothing is lost; whoever runs the host finds the reason in its log";

/* The first that fits. */
static const struct meaning meanings[] = {
    {OF_SSH, NO_SSH, PMJ_FAILED, false, "there is no ssh on this laptop to reach ", " with",
        "install it: apt-get install openssh-client"},
    {OF_SSH, "Host key verification failed", PMJ_INTEGRITY, false, "",
        " shows another key than the hub told us", other_host},
    {OF_SSH, "no matching host key type", PMJ_INTEGRITY, false, "",
        " has no key of the kind that the hub told us", other_host},
    {OF_SSH, "Permission denied", PMJ_REFUSED, false, "", " does not let this laptop in",
        "nothing is lost; ask your coordinator whether this laptop was taken off the list"},
    {OF_SSH, "Could not resolve hostname", PMJ_UNREACHED, false, "",
        " is not found: is there a network?", later},
    {OF_SSH, "during banner exchange", PMJ_UNREACHED, false, "the link to ", " went silent", later},
    {OF_SSH, "Connection refused", PMJ_UNREACHED, false, "", " does not answer", later},
    {OF_SSH, "No route to host", PMJ_UNREACHED, false, "", " does not answer", later},
    {OF_SSH, "Network is unreachable", PMJ_UNREACHED, false, "", " does not answer", later},
    {OF_SSH, "Connection timed out", PMJ_UNREACHED, false, "", " does not answer", later},
    {OF_HOST, "Timeout, server", PMJ_UNREACHED, true, "the link to ", " went silent", later},
    {OF_HOST, "unrecognized command", PMJ_FAILED, false, "", NO_GATE, its_log},
    {OF_HOST, "pamoja-gate: No such file", PMJ_FAILED, false, "", NO_GATE, its_log},
    {OF_HOST, "command not found", PMJ_FAILED, false, "", NO_GATE, its_log},
    {OF_HOST, ": not found", PMJ_FAILED, false, "", NO_GATE, its_log},
};

/* The line that begins at `from`, without what a terminal would obey. */
static void
one_line(char out[static WORDS_MAX + 1], const char *from)
{
	size_t count = strcspn(from, "\r\n");

	count = count < WORDS_MAX ? count : WORDS_MAX;
	for (size_t i = 0; i < count; i++)
		out[i] = (char)(from[i] >= ' ' && from[i] <= '~' ? from[i] : '?');
	out[count] = '\0';
}

/* Its last line that says something. */
static void
last_line(char out[static WORDS_MAX + 1], const char *text)
{
	size_t from = strlen(text);

	while (from > 0 && (text[from - 1] == '\n' || text[from - 1] == '\r'))
		from--;
	while (from > 0 && text[from - 1] != '\n')
		from--;
	one_line(out, text + from);
}

static void
read_counts(struct sshsays *out, const char *text)
{
	const char *at = strstr(text, COUNTED);
	char *end;

	if (at == NULL)
		return;
	out->up = strtoull(at + strlen(COUNTED), &end, 10);
	if (strncmp(end, ", received ", 11) != 0)
		return;
	out->down = strtoull(end + 11, &end, 10);
	out->counted = strncmp(end, " bytes", 6) == 0;
}

/* The first line that begins so; NULL. */
static const char *
line_of(const char *text, const char *front)
{
	while (strncmp(text, front, strlen(front)) != 0) {
		text += strcspn(text, "\n");
		if (*text++ == '\0')
			return NULL;
	}
	return text;
}

static enum pmj_code
explain(
    struct sshsays *out, const char *own, const char *far, const char *host, struct pmj_error *err)
{
	char words[WORDS_MAX + 1];
	const char *gate = line_of(far, GATE);

	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		const struct meaning *meaning = &meanings[i];

		if (strstr(meaning->side == OF_SSH ? own : far, meaning->words) == NULL)
			continue;
		out->broke = meaning->broke;
		out->no_gate = strcmp(meaning->back, NO_GATE) == 0;
		(void)pmj_fail(err, meaning->code, "%s%s%s", meaning->front, host, meaning->back);
		pmj_hint(err, "%s", meaning->hint);
		return meaning->code;
	}
	if (gate != NULL) {
		one_line(words, gate + strlen(GATE));
		(void)pmj_fail(err, PMJ_FAILED, "the gate at %s says: %s", host, words);
		pmj_hint(err, "%s", its_log);
		return PMJ_FAILED;
	}
	last_line(words, out->let_in ? far : own);
	out->broke = true;
	(void)pmj_fail(err, PMJ_UNREACHED, "the link to %s broke off%s%s%s", host,
	    words[0] != '\0' ? " (" : "", words, words[0] != '\0' ? ")" : "");
	pmj_hint(err, "%s", later);
	return PMJ_UNREACHED;
}

enum pmj_code
sshsays_read(
    struct sshsays *out, const char *text, size_t len, const char *host, struct pmj_error *err)
{
	char *own = mem_array(len + 1, 1);
	char *far;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < len; i++)
		own[i] = (char)(text[i] == '\0' ? '?' : text[i]);
	far = strstr(own, LET_IN);
	out->let_in = far != NULL && (far == own || far[-1] == '\n');
	if (!out->let_in)
		far = NULL;
	read_counts(out, own);
	if (far != NULL) {
		char *line_end = strchr(far, '\n');

		*far = '\0';
		far = line_end != NULL ? line_end + 1 : own + len;
	}
	rc = explain(out, own, far != NULL ? far : "", host, err);
	free(own);
	return rc;
}
