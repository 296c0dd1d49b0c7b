/* backup.c - a copy of the records in a file. The daemon has the keys and no way out of its home;
 * the file is the person's, so it is written here, in parts that are sealed already. */
#include "cli/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/backup_key.h"
#include "cli/home.h"
#include "cli/print.h"
#include "cli/term.h"

#define AT_STORE 8 /* of which journal: 16 bytes */

/* ---- the file that is written ---- */

struct target {
	char *path, *part, *dir; /* absolute; part: the name it has until it is whole */
	int fd;
};

static void
target_close(struct target *target)
{
	if (target->fd >= 0) {
		(void)close(target->fd);
		(void)unlink(target->part);
	}
	free(target->path);
	free(target->part);
	free(target->dir);
}

/* In the home it would be lost with the laptop. */
static enum pmj_code
check_outside(const struct cli *cli, const struct target *target, struct pmj_error *err)
{
	char dir[PATH_MAX], home[PATH_MAX];
	size_t len;
	enum pmj_code rc;

	if (realpath(target->dir, dir) == NULL) {
		rc = pmj_fail_errno(err, errno, "looking for the folder", target->dir);
		pmj_hint(err, "name a folder that is there, such as /media/stick");
		return rc;
	}
	if (realpath(cli->client.home, home) == NULL)
		return PMJ_OK;
	len = strlen(home);
	if (strncmp(dir, home, len) != 0 || (dir[len] != '\0' && dir[len] != '/'))
		return PMJ_OK;
	rc = pmj_fail(
	    err, PMJ_REFUSED, "%s lies in the home itself; it would be lost with it", target->path);
	pmj_hint(err, "keep the backup elsewhere: a stick, or another disk");
	return rc;
}

/* A file that is there is replaced only when it is an older backup of this very journal. */
static enum pmj_code
check_replaced(const struct target *target, const char *store, struct pmj_error *err)
{
	char head[AT_STORE + 16], hex[33] = "";
	struct stat st;
	ssize_t got = 0;
	enum pmj_code rc;
	int fd;

	if (lstat(target->path, &st) != 0)
		return PMJ_OK;
	if (S_ISDIR(st.st_mode)) {
		rc = pmj_fail(err, PMJ_USAGE, "%s is a folder", target->path);
		pmj_hint(err, "name a file in it: %s/pamoja.backup", target->path);
		return rc;
	}
	fd = open(target->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		got = read(fd, head, sizeof(head));
		(void)close(fd);
	}
	if (got == (ssize_t)sizeof(head) &&
	    strncmp(head, BACKUP_MAGIC, strlen(BACKUP_MAGIC)) == 0 &&
	    strcmp(text_hex(hex, (const uint8_t *)head + AT_STORE, 16), store) == 0)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "%s is there already, and is no backup of these records",
	    target->path);
	pmj_hint(err, "name another file; nothing was overwritten");
	return rc;
}

static enum pmj_code
target_open(struct target *target, const struct cli *cli, const char *typed, struct pmj_error *err)
{
	enum pmj_code rc;

	target->fd = -1;
	if ((rc = home_absolute(&target->path, typed, err)) != PMJ_OK)
		return rc;
	target->part = mem_printf("%s.part", target->path);
	target->dir = fs_dirname(target->path);
	return check_outside(cli, target, err);
}

/* What a run that was cut off left goes; its name is ours. */
static enum pmj_code
target_make(struct target *target, struct pmj_error *err)
{
	enum pmj_code rc;

	(void)unlink(target->part);
	target->fd = open(target->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (target->fd >= 0)
		return PMJ_OK;
	rc = pmj_fail_errno(err, errno, "writing", target->part);
	if (err->hint[0] == '\0')
		pmj_hint(err, "choose a place where you may write, such as your stick");
	return rc;
}

static enum pmj_code
write_failed(const struct target *target, struct pmj_error *err)
{
	enum pmj_code rc = pmj_fail_errno(err, errno, "writing", target->part);

	if (rc == PMJ_FULL)
		pmj_hint(err, "free some space there, or name another place; an older backup "
		              "there was not touched");
	return rc;
}

static enum pmj_code
target_put(const struct target *target, const char *base64, struct pmj_error *err)
{
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;
	size_t at = 0;

	buf_init(&bytes, 0);
	if (base64 == NULL || !text_unbase64_buf(&bytes, base64))
		rc = pmj_fail(err, PMJ_IO, "the background program answered strangely");
	while (rc == PMJ_OK && at < bytes.len) {
		ssize_t put = write(target->fd, bytes.bytes + at, bytes.len - at);

		if (put > 0)
			at += (size_t)put;
		else if (put == 0 || errno != EINTR)
			rc = write_failed(target, err);
	}
	buf_close(&bytes);
	return rc;
}

/* Whole and durable, then under its name. */
static enum pmj_code
target_finish(struct target *target, struct pmj_error *err)
{
	if (fsync(target->fd) != 0)
		return write_failed(target, err);
	if (rename(target->part, target->path) != 0)
		return pmj_fail_errno(err, errno, "naming", target->path);
	(void)close(target->fd);
	target->fd = -1;
	return fs_sync_dir(&os_real, target->dir, err);
}

/* ---- backup ---- */

static enum pmj_code
fetch_parts(struct cli *cli, const struct target *target, const char *id, struct pmj_error *err)
{
	char *path = mem_printf("/v1/backup/%s/part", id);
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;
	bool done = false;

	do {
		rc = client_post(&cli->client, &answer, path, body, err);
		if (rc == PMJ_OK)
			rc = target_put(target, json_str(answer, "bytes"), err);
		done = json_flag(answer, "done");
		json_decref(answer);
		answer = NULL;
	} while (rc == PMJ_OK && !done);
	json_decref(body);
	free(path);
	return rc;
}

static enum pmj_code
tell_kept(struct cli *cli, json_t **answer, const char *id, struct pmj_error *err)
{
	char *path = mem_printf("/v1/backup/%s/kept", id);
	json_t *body = json_object();
	enum pmj_code rc = client_post(&cli->client, answer, path, body, err);

	json_decref(body);
	free(path);
	return rc;
}

struct made { /* one file, for one reader */
	json_t *begun, *kept;
};

/* reader: "recovery" or "halves". */
static enum pmj_code
make_one(struct cli *cli, struct made *made, const char *typed, const char *reader,
    struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "reader", reader);
	struct target target = {.fd = -1};
	const char *id;
	enum pmj_code rc;

	if ((rc = target_open(&target, cli, typed, err)) != PMJ_OK ||
	    (rc = client_post(&cli->client, &made->begun, "/v1/backup", body, err)) != PMJ_OK)
		goto out;
	id = json_str(made->begun, "id");
	if ((rc = check_replaced(&target, json_str(made->begun, "store"), err)) != PMJ_OK ||
	    (rc = target_make(&target, err)) != PMJ_OK ||
	    (rc = target_put(&target, json_str(made->begun, "head"), err)) != PMJ_OK ||
	    (rc = fetch_parts(cli, &target, id, err)) != PMJ_OK ||
	    (rc = target_finish(&target, err)) != PMJ_OK ||
	    (rc = tell_kept(cli, &made->kept, id, err)) != PMJ_OK)
		goto out;
	(void)json_object_set_new(made->kept, "file", json_string(target.path));
out:
	target_close(&target);
	json_decref(body);
	return rc;
}

static void
made_close(struct made *made)
{
	json_decref(made->begun);
	json_decref(made->kept);
}

static void
say_second(const json_t *second, const json_t *key)
{
	char *advice = backup_key_advice(key);

	if (second != NULL)
		term_say("The same for the two papers of backup key %lld, in %s.\n"
		         "It opens with both of them, and with nothing else.\n",
		    (long long)json_int(key, "number", 0), json_str(second, "file"));
	else if (key != NULL)
		term_say("No second file, for two papers: there is no backup key in force.\n");
	if (*advice != '\0')
		term_say("Backup key: %s\n", advice);
	free(advice);
}

static void
say_backup(const struct cli *cli, json_t *first, json_t *second, const json_t *key)
{
	const char *file = json_str(first, "file");
	char *many;

	if (cli->json) {
		json_t *files = json_pack("[O]", first);

		if (second != NULL)
			(void)json_array_append(files, second);
		first = json_copy(first);
		(void)json_object_set_new(first, "files", files);
		print_json(first);
		json_decref(first);
		return;
	}
	many = print_count(PRINT_ENTRIES, json_int(first, "entries", 0));
	term_say("Kept: %s, sealed, in %s.\n", many, file);
	free(many);
	term_say("Only your recovery code opens it. Keep the two in different places.\n");
	say_second(second, key);
	term_say(
	    "\nNext:\n  pamoja restore %s --dry-run    try once a month whether it opens\n", file);
	if (second != NULL)
		term_say("  pamoja restore %s --dry-run    and this, with both papers\n",
		    json_str(second, "file"));
}

/* Is there a key that a second file may be sealed to? */
static bool
key_in_force(const json_t *key)
{
	const char *state = json_str(key, "state");

	return state != NULL && (strcmp(state, "good") == 0 || strcmp(state, "due") == 0);
}

enum pmj_code
backup_make(struct cli *cli, const char *file, json_t **first_out, json_t **second_out,
    struct pmj_error *err)
{
	struct made first = {NULL, NULL}, second = {NULL, NULL};
	char *other = mem_printf("%s%s", file, BACKUP_HALVES_SUFFIX);
	enum pmj_code rc = make_one(cli, &first, file, "recovery", err);

	if (rc == PMJ_OK && key_in_force(json_obj(first.begun, "backup_key")))
		rc = make_one(cli, &second, other, "halves", err);
	*first_out = json_incref(first.kept);
	*second_out = json_incref(second.kept);
	made_close(&first);
	made_close(&second);
	free(other);
	return rc;
}

enum pmj_code
backup_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	struct made first = {NULL, NULL}, second = {NULL, NULL};
	const json_t *key;
	char *other = mem_printf("%s%s", args->words[0], BACKUP_HALVES_SUFFIX);
	enum pmj_code rc = make_one(cli, &first, args->words[0], "recovery", err);

	key = json_obj(first.begun, "backup_key");
	if (rc == PMJ_OK && key_in_force(key) &&
	    (rc = make_one(cli, &second, other, "halves", err)) != PMJ_OK)
		pmj_context(err, "the file for the recovery code is kept; the second one is not");
	if (rc == PMJ_OK)
		say_backup(cli, first.kept, second.kept, key);
	made_close(&first);
	made_close(&second);
	free(other);
	return rc;
}
