/* The key pair that a token stands for: it is told to laptops once, so it may never become another.
 */
#include "crypto/token_ssh.h"

#include <string.h>

#include "check.h"

static void
a_token_stands_for_one_pair(void **state)
{
	uint8_t token[TOKEN_BYTES];
	struct buf text;

	(void)state;
	for (size_t i = 0; i < sizeof(token); i++)
		token[i] = (uint8_t)i;
	buf_init(&text, 0);
	token_ssh_public(&text, token);
	/* Of the same seed by openssl pkey. */
	assert_string_equal(buf_text(&text), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILMwPazYbPhXt8V7"
	                                     "+e2PPtq2UpHOYWhNXA3NADpli2yn");
	buf_clear(&text);
	token_ssh_private(&text, token);
	/* As ssh-keygen -y reads it; 51_ssh shows that ssh does. */
	assert_memory_equal(buf_text(&text),
	    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAA"
	    "AAABAAAAMwAAAAtzc2gtZW\n",
	    107);
	assert_non_null(strstr(buf_text(&text), "\n-----END OPENSSH PRIVATE KEY-----\n"));
	token[0] = 1;
	buf_clear(&text);
	token_ssh_public(&text, token);
	assert_null(strstr(buf_text(&text), "AAAAILMwPazYbPhXt8V7"));
	buf_close(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_token_stands_for_one_pair)};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
