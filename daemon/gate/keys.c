#include "gate/keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "carry/letin.h"

#define PATH_ROOM 512

/* sshd and a shell read the line: nothing in it may mean anything to them. */
static bool
is_plain(const char *path)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                           "0123456789._/-+";

	return path[0] == '/' && strspn(path, good) == strlen(path);
}

enum pmj_code
keys_print(const char *root, const char *key, struct pmj_error *err)
{
	char own[PATH_ROOM], hex[2 * PMJ_MAILBOX_BYTES + 1];
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t lane;
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	enum pmj_code rc;

	own[len > 0 ? len : 0] = '\0';
	if (!is_plain(own) || !is_plain(root))
		return pmj_fail(err, PMJ_INVALID,
		    "%.80s or %.80s has characters that a line of keys cannot have", own, root);
	rc = letin_find(mailbox, &lane, root, key, err);
	if (rc != PMJ_OK)
		return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
	(void)printf("restrict,command=\"%s --mailbox %s --root %s --lane %d\" ssh-ed25519 %s\n",
	    own, text_hex(hex, mailbox, sizeof(mailbox)), root, lane, key);
	return PMJ_OK;
}
