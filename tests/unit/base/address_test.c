/* Addresses of mailboxes: what is taken, and that nothing taken can be an option or a shell's. */
#include "base/address.h"

#include <string.h>

#include "check.h"

static void
takes_what_is_an_address(void **state)
{
	static const struct {
		const char *text;
		enum address_way way;
		const char *user, *host, *port;
	} good[] = {
	    {"/srv/mail", ADDRESS_FOLDER, "", "", ""},
	    {"https://hub.example.org", ADDRESS_HTTPS, "", "hub.example.org", ""},
	    {"https://localhost:8443/pamoja", ADDRESS_HTTPS, "", "localhost:8443", ""},
	    {"ssh://pamoja@hub.example.org", ADDRESS_SSH, "pamoja", "hub.example.org", "22"},
	    {"ssh://a.b-c_d@10.0.0.1:65535", ADDRESS_SSH, "a.b-c_d", "10.0.0.1", "65535"},
	    {"ssh://git@host:2222/srv/mail-1", ADDRESS_SSH, "git", "host", "2222"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct pmj_error err;
		struct address at;

		check_ok(address_read(&at, good[i].text, &err), &err);
		assert_int_equal(at.way, good[i].way);
		assert_string_equal(at.user, good[i].user);
		assert_string_equal(at.host, good[i].host);
		assert_string_equal(at.port, good[i].port);
	}
}

static void
refuses_the_rest(void **state)
{
	static const char *const bad[] = {"", "mail", "http://hub/x", "git://hub/x", "file:///srv",
	    "https://", "https:///x", "https://-x/", "https://:1/", "https://a@b/", "https://a b/",
	    "https://a/?q", "https://a/#f", "ssh://", "ssh://hub", "ssh://@hub", "ssh://a@",
	    "ssh://-oProxyCommand=x@hub", "ssh://a@-oProxyCommand=x",
	    "ssh://a@hub:", "ssh://a@hub:0", "ssh://a@hub:022", "ssh://a@hub:65536",
	    "ssh://a@hub:123456", "ssh://a@hub:2x", "ssh://a@hub/", "ssh://a@hub x",
	    "ssh://a@hub/x/", "ssh://a@hub/..", "ssh://a@hub/a//b", "ssh://a@hub/-x",
	    "ssh://a@hub/a b", "ssh://a@hub/a'b", "ssh://a@hub:/x", "ssh://a;b@hub", "ssh://a@b@c",
	    "ssh://a@$(x)", "ssh://.a@hub", "ssh://a@.hub"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pmj_error err;
		struct address at;

		assert_int_equal(address_read(&at, bad[i], &err), PMJ_INVALID);
		assert_true(err.hint[0] != '\0');
	}
}

static void
knows_a_pin(void **state)
{
	static const char https[] = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static const char ssh[] =
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILMwPazYbPhXt8V7+e2PPtq2UpHOYWhNXA3NADpli2yn";

	(void)state;
	assert_int_equal(address_pin(ADDRESS_HTTPS, https, NULL), PMJ_OK);
	assert_int_equal(address_pin(ADDRESS_SSH, ssh, NULL), PMJ_OK);
	assert_int_equal(address_pin(ADDRESS_HTTPS, ssh, NULL), PMJ_INVALID);
	assert_int_equal(address_pin(ADDRESS_SSH, https, NULL), PMJ_INVALID);
	assert_int_equal(address_pin(ADDRESS_SSH, ssh + 1, NULL), PMJ_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(takes_what_is_an_address),
	    cmocka_unit_test(refuses_the_rest), cmocka_unit_test(knows_a_pin)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
