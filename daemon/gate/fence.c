#include "gate/fence.h"

#include <stdlib.h>

#include "base/sandbox.h"
#include "carry/bare.h"

enum pmj_code
fence_mailbox(
    const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	static const char *const readable[] = {"/usr", "/lib", "/etc"};
	char *path = bare_path(root, mailbox);
	const char *writable[] = {path};
	bool in_force;
	enum pmj_code rc;

	rc = sandbox_folders(&in_force, writable, 1, readable, 3, err);
	if (rc == PMJ_OK)
		rc = sandbox_no_network(err);
	free(path);
	return rc;
}
