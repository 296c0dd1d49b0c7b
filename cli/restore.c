/* restore.c - a home made out of a backup. The file is read here and sent in parts, sealed as they
 * are; the daemon has the keys. */
#include "cli/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/backup.h"
#include "cli/halves.h"
#include "cli/home.h"
#include "cli/lang.h"
#include "cli/passphrase.h"
#include "cli/print.h"
#include "cli/term.h"

#define HEAD_BYTES 56 /* what the daemon is shown first */
#define KEY_BYTES 8   /* more of it, in a file for a backup key */
#define FORM_AT 7     /* the digit that says so */
#define READ_BYTES (32 * 1024)

const struct option restore_options[] = {
    {"dry-run", NULL, "only look whether it could be restored; write nothing"},
    {"partial", NULL, "take what is whole of a damaged file"},
    {"recovery-code-file", "FILE", "the recovery code, where there is no terminal"},
    HALVES_OPTIONS,
    {"new-passphrase-file", "FILE", "the new passphrase, where there is no terminal"},
    {NULL, NULL, NULL},
};

struct source {
	const char *path;
	FILE *file;
	uint8_t bytes[READ_BYTES];
	size_t len;
};

/* The next bytes, at most `most`; none at the end. */
static enum pmj_code
source_read(struct source *source, size_t most, struct pmj_error *err)
{
	source->len = fread(source->bytes, 1, most, source->file);
	if (ferror(source->file))
		return pmj_fail_errno(err, errno, "reading", source->path);
	return PMJ_OK;
}

/* Behind what was read already. */
static enum pmj_code
source_more(struct source *source, size_t count, struct pmj_error *err)
{
	source->len += fread(source->bytes + source->len, 1, count, source->file);
	if (ferror(source->file))
		return pmj_fail_errno(err, errno, "reading", source->path);
	return PMJ_OK;
}

/* Is it sealed to a backup key, which opens with two papers? */
static bool
source_for_halves(const struct source *source)
{
	return source->len > FORM_AT && source->bytes[FORM_AT] == '2';
}

static enum pmj_code
source_open(struct source *source, const char *path, struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc;

	source->path = path;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		rc = pmj_fail(err, PMJ_USAGE, "%s is a folder", path);
		pmj_hint(err, "name the backup's file in it");
		return rc;
	}
	source->file = fopen(path, "re");
	if (source->file == NULL) {
		rc = pmj_fail_errno(err, errno, "reading", path);
		pmj_hint(err, "name the file that `pamoja backup` wrote");
		return rc;
	}
	if ((rc = source_read(source, HEAD_BYTES, err)) != PMJ_OK ||
	    (source_for_halves(source) && (rc = source_more(source, KEY_BYTES, err)) != PMJ_OK))
		return rc;
	if (source->len >= strlen(BACKUP_MAGIC) &&
	    memcmp(source->bytes, BACKUP_MAGIC, strlen(BACKUP_MAGIC)) == 0)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_INVALID, "%s is not a backup of Pamoja", path);
	pmj_hint(err, "name the file that `pamoja backup` wrote");
	return rc;
}

static json_t *
base64_of(const uint8_t *bytes, size_t len)
{
	char *text = mem_new(len * 4 / 3 + 8);
	json_t *value = json_string(text_base64(text, bytes, len));

	free(text);
	return value;
}

/* Told before anybody types a code. */
static enum pmj_code
check_empty(struct cli *cli, struct pmj_error *err)
{
	json_t *status = NULL;
	enum pmj_code rc = client_get(&cli->client, &status, "/v1/status", err);

	if (rc == PMJ_OK && json_flag(status, "initialised")) {
		rc = pmj_fail(
		    err, PMJ_BUSY, "%s has records already; nothing was changed", cli->client.home);
		pmj_hint(err, "restore into an empty home: pamoja --home DIR restore FILE");
	}
	json_decref(status);
	return rc;
}

/* The recovery code, or the two halves, into the request. */
static enum pmj_code
put_secret(
    json_t *body, const struct source *source, const struct args *args, struct pmj_error *err)
{
	bool for_halves = source_for_halves(source);
	struct halves halves;
	struct buf code;
	enum pmj_code rc;

	if (for_halves && args_has(args, "recovery-code-file")) {
		rc = pmj_fail(err, PMJ_USAGE, "%s opens with two papers, not with a recovery code",
		    source->path);
		pmj_hint(
		    err, "give both halves, or name the file without %s", BACKUP_HALVES_SUFFIX);
		return rc;
	}
	if (!for_halves && (args_has(args, "half-file") || args_has(args, "other-half-file"))) {
		rc = pmj_fail(err, PMJ_USAGE,
		    "%s opens with the recovery code, not with two papers", source->path);
		pmj_hint(err, "the file for them has a name that ends in %s", BACKUP_HALVES_SUFFIX);
		return rc;
	}
	halves_init(&halves);
	buf_init(&code, 0);
	if (for_halves) {
		if ((rc = halves_read(&halves, args, err)) == PMJ_OK)
			halves_put(body, &halves);
	} else {
		rc = passphrase_read(&code, args_value(args, "recovery-code-file"),
		    "The recovery code from your paper (not shown): ", err);
		if (rc == PMJ_OK)
			(void)json_object_set_new(body, "code", json_string(buf_text(&code)));
	}
	halves_wipe(&halves);
	buf_wipe(&code);
	return rc;
}

/* *id receives the restore's name; the caller frees. */
static enum pmj_code
begin(struct cli *cli, char **id, const struct source *source, const struct args *args,
    struct pmj_error *err)
{
	json_t *answer = NULL, *body;
	enum pmj_code rc;

	body = json_pack("{s:o,s:b,s:b}", "head", base64_of(source->bytes, source->len), "check",
	    args_has(args, "dry-run"), "partial", args_has(args, "partial"));
	if ((rc = put_secret(body, source, args, err)) == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/restore", body, err);
	if (rc == PMJ_OK)
		*id = mem_strdup(json_str(answer, "id") != NULL ? json_str(answer, "id") : "");
	json_decref(body);
	json_decref(answer);
	return rc;
}

/* *ended: the last part came, and nothing after it. */
static enum pmj_code
send_parts(
    struct cli *cli, struct source *source, const char *id, bool *ended, struct pmj_error *err)
{
	char *path = mem_printf("/v1/restore/%s/part", id);
	enum pmj_code rc;

	*ended = false;
	while (
	    (rc = source_read(source, sizeof(source->bytes), err)) == PMJ_OK && source->len > 0) {
		json_t *body = json_pack("{s:o}", "bytes", base64_of(source->bytes, source->len));
		json_t *answer = NULL;

		rc = client_post(&cli->client, &answer, path, body, err);
		*ended = json_flag(answer, "ended");
		json_decref(body);
		json_decref(answer);
		if (rc != PMJ_OK)
			break;
	}
	free(path);
	return rc;
}

static enum pmj_code
finish(
    struct cli *cli, json_t **answer, const char *id, const char *passphrase, struct pmj_error *err)
{
	char *path = mem_printf("/v1/restore/%s/finish", id);
	json_t *body = json_object();
	enum pmj_code rc;

	if (passphrase != NULL)
		(void)json_object_set_new(body, "passphrase", json_string(passphrase));
	rc = client_post(&cli->client, answer, path, body, err);
	json_decref(body);
	free(path);
	return rc;
}

/* A passphrase for the new home, chosen again while it is too weak. */
static enum pmj_code
finish_with_new(struct cli *cli, json_t **answer, const char *id, const struct args *args,
    struct pmj_error *err)
{
	const char *file = args_value(args, "new-passphrase-file");
	struct buf next;
	enum pmj_code rc;

	if (file == NULL)
		file = cli->passphrase_file;
	buf_init(&next, 0);
	do {
		if ((rc = passphrase_choose(cli, &next, file, NULL, err)) != PMJ_OK)
			break;
		home_say_moment(cli);
		rc = finish(cli, answer, id, buf_text(&next), err);
	} while (home_too_weak(rc, file, err));
	buf_wipe(&next);
	return rc;
}

static void
say_checked(const json_t *answer, bool for_halves)
{
	char when[PRINT_WHEN_MAX], newest[PRINT_WHEN_MAX];
	char *records = print_count(PRINT_RECORDS, json_int(answer, "records", 0));
	char *entries = print_count(PRINT_ENTRIES, json_int(answer, "entries", 0));

	term_say("Whole: %s in %s, saved %s; the newest is of %s.\n", records, entries,
	    print_when(when, json_object_get(answer, "at")),
	    print_when(newest, json_object_get(answer, "newest")));
	term_say(for_halves ? LANG_N("It opens with these two papers. Nothing was written.\n")
	                    : LANG_N("It opens with this recovery code. Nothing was written.\n"));
	free(records);
	free(entries);
}

static void
say_restored(const struct cli *cli, const json_t *answer)
{
	char when[PRINT_WHEN_MAX];
	bool halves = json_str(answer, "recovery_code") != NULL;
	char *records, *entries;

	if (cli->json) {
		print_json(answer);
		return;
	}
	(void)print_when(when, json_object_get(answer, "at"));
	records = print_count(PRINT_RECORDS, json_int(answer, "records", 0));
	entries = print_count(PRINT_ENTRIES, json_int(answer, "entries", 0));
	term_say("Restored: %s in %s, as they were %s.\n", records, entries,
	    json_flag(answer, "partial") ? lang_text(LANG_N("up to the damaged place")) : when);
	free(records);
	free(entries);
	if (halves)
		home_say_secret(
		    LANG_N("This machine has a new recovery code; the old one opens older "
		           "backups only:"),
		    json_str(answer, "recovery_code"),
		    LANG_N(
		        "Write it on paper now and keep it away from this machine. It is not shown "
		        "again."));
	else
		term_say("Your recovery code stays the same; the new passphrase is in force.\n");
	term_say("\nNext:\n  pamoja status       how things stand\n");
	if (json_flag(answer, "hub"))
		term_say("  pamoja hub merge    take in what the laptops have sent meanwhile\n");
	else
		term_say("  pamoja sync         get what the hub has and the backup lacks\n");
	if (halves)
		term_say(
		    "  pamoja hub backup-key    a new key: this one was typed into a machine\n");
}

enum pmj_code
restore_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	struct source *source = mem_new(sizeof(*source));
	bool check = args_has(args, "dry-run"), partial = args_has(args, "partial"), ended, halves;
	struct pmj_error fault = {0};
	json_t *answer = NULL;
	char *id = NULL;
	enum pmj_code rc;

	if ((rc = source_open(source, args->words[0], err)) != PMJ_OK ||
	    (!check && (rc = check_empty(cli, err)) != PMJ_OK))
		goto out;
	halves = source_for_halves(source);
	if ((rc = begin(cli, &id, source, args, err)) != PMJ_OK)
		goto out;
	rc = send_parts(cli, source, id, &ended, err);
	if (rc == PMJ_INTEGRITY && partial) {
		fault = *err;
		rc = PMJ_OK;
	}
	if (rc != PMJ_OK)
		goto out;
	/* A file that is cut off is told before anybody thinks of a passphrase. */
	rc = check || (!ended && !partial) ? finish(cli, &answer, id, NULL, err)
	                                   : finish_with_new(cli, &answer, id, args, err);
	/* Given up there, since nothing before the damage is whole. */
	if (rc == PMJ_NOT_FOUND && fault.code != PMJ_OK) {
		*err = fault;
		rc = fault.code;
	}
	if (rc == PMJ_OK && check && !cli->json)
		say_checked(answer, halves);
	else if (rc == PMJ_OK)
		say_restored(cli, answer);
	if (rc == PMJ_OK && json_str(answer, "recovery_code") != NULL)
		rc = home_say_seen(cli, err);
out:
	if (source->file != NULL)
		(void)fclose(source->file);
	free(source);
	json_decref(answer);
	free(id);
	return rc;
}
