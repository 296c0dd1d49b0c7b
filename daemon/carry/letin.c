#include "carry/letin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/bare.h"

#define TYPE "ssh-ed25519"
/* Length and type, length of the key: all keys of this type begin so. */
static const uint8_t front[] = {
    0, 0, 0, 11, 's', 's', 'h', '-', 'e', 'd', '2', '5', '5', '1', '9', 0, 0, 0, 32};
#define BLOB_BYTES (sizeof(front) + LETIN_KEY_BYTES)
#define BLOB_CHARS 68 /* 51 bytes: no padding */
#define FILE_CHARS 35 /* lane, space, mailbox, line end */

enum pmj_code
letin_key(uint8_t key[static LETIN_KEY_BYTES], const char *text, struct pmj_error *err)
{
	char plain[BLOB_CHARS + 1];
	uint8_t blob[BLOB_BYTES];

	if (strncmp(text, TYPE " ", strlen(TYPE " ")) == 0)
		text += strlen(TYPE " ");
	if (strnlen(text, BLOB_CHARS + 1) != BLOB_CHARS || strpbrk(text, "-_") != NULL)
		return pmj_fail(err, PMJ_INVALID, "this is not a key of the type " TYPE);
	/* Ours is the alphabet for addresses. */
	for (size_t i = 0; i <= BLOB_CHARS; i++)
		plain[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	if (!text_unbase64(blob, sizeof(blob), plain) || memcmp(blob, front, sizeof(front)) != 0)
		return pmj_fail(err, PMJ_INVALID, "this is not a key of the type " TYPE);
	memcpy(key, blob + sizeof(front), LETIN_KEY_BYTES);
	return PMJ_OK;
}

/* The folder as its parent: where the group may write mailboxes, it may read who is let in. */
static enum pmj_code
make_folder(const char *root, const char *folder, struct pmj_error *err)
{
	struct stat st;
	bool shared = stat(root, &st) == 0 && (st.st_mode & S_IWGRP) != 0;

	if (mkdir(folder, 0700) != 0)
		return errno == EEXIST ? PMJ_OK : pmj_fail_errno(err, errno, "cannot make", folder);
	if (shared && chmod(folder, 02770) != 0)
		return pmj_fail_errno(err, errno, "cannot open to the group", folder);
	return fs_sync_dir(&os_real, root, err);
}

enum pmj_code
letin_put(const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *key,
    struct pmj_error *err)
{
	char hex[2 * PMJ_MAILBOX_BYTES + 1], name[2 * LETIN_KEY_BYTES + 1];
	uint8_t bytes[LETIN_KEY_BYTES];
	char *folder = fs_join(root, LETIN_FOLDER);
	char *text = mem_printf("1 %s\n", text_hex(hex, mailbox, PMJ_MAILBOX_BYTES));
	enum pmj_code rc = letin_key(bytes, key, err);

	if (rc == PMJ_OK)
		rc = make_folder(root, folder, err);
	if (rc == PMJ_OK)
		rc = bare_put_text(folder, text_hex(name, bytes, sizeof(bytes)), text, err);
	free(text);
	free(folder);
	return rc;
}

/* ROOT/keys/<hex of the key>. Caller frees; NULL for what is no key. */
static char *
path_of(const char *root, const char *key, struct pmj_error *err)
{
	char name[2 * LETIN_KEY_BYTES + 1];
	uint8_t bytes[LETIN_KEY_BYTES];

	if (letin_key(bytes, key, err) != PMJ_OK)
		return NULL;
	return mem_printf("%s/%s/%s", root, LETIN_FOLDER, text_hex(name, bytes, sizeof(bytes)));
}

enum pmj_code
letin_shut(const char *root, const char *key, struct pmj_error *err)
{
	char *path = path_of(root, key, err);
	char *folder = fs_join(root, LETIN_FOLDER);
	enum pmj_code rc = PMJ_OK;

	if (path == NULL)
		rc = PMJ_INVALID;
	else if (unlink(path) == 0)
		rc = fs_sync_dir(&os_real, folder, err);
	else if (errno != ENOENT)
		rc = pmj_fail_errno(err, errno, "cannot remove", path);
	free(path);
	free(folder);
	return rc;
}

enum pmj_code
letin_find(uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t *lane, const char *root,
    const char *key, struct pmj_error *err)
{
	char *path = path_of(root, key, err);
	struct buf text;
	enum pmj_code rc;

	if (path == NULL)
		return PMJ_INVALID;
	buf_init(&text, 0);
	rc = fs_read(&text, &os_real, path, FILE_CHARS, err);
	if (rc == PMJ_OK) {
		char *line = (char *)text.bytes;

		if (text.len != FILE_CHARS || line[FILE_CHARS - 1] != '\n' ||
		    (line[0] != '1' && line[0] != '2') || line[1] != ' ') {
			rc = pmj_fail(err, PMJ_INVALID, "%s is not LANE and a mailbox", path);
		} else {
			line[FILE_CHARS - 1] = '\0';
			*lane = (uint8_t)(line[0] - '0');
			if (!text_unhex(mailbox, PMJ_MAILBOX_BYTES, line + 2))
				rc = pmj_fail(
				    err, PMJ_INVALID, "%s is not LANE and a mailbox", path);
		}
	}
	buf_close(&text);
	free(path);
	return rc;
}
