/* Which network this is, by the texts of the kernel. */
#include "carry/chain.h"
#include "carry/network.h"
#include "check.h"

#define HEAD "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
#define ARP "IP address       HW type     Flags       HW address            Mask     Device\n"

static void
a_network_is_its_gateway(void **state)
{
	static const char wlan[] = HEAD "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n"
	                                "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\n";
	static const char at_home[] = ARP "192.168.1.1  0x1  0x2  aa:bb:cc:dd:ee:01  *  wlan0\n";
	static const char elsewhere[] = ARP "192.168.1.1  0x1  0x2  aa:bb:cc:dd:ee:02  *  wlan0\n";
	static const char both[] = HEAD "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n"
	                                "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\n";
	network_id home = network_of(wlan, at_home);

	(void)state;
	assert_int_not_equal(home, NETWORK_NONE);
	assert_int_equal(network_of(wlan, at_home), home);
	/* The same numbers behind another box are another network. */
	assert_int_not_equal(network_of(wlan, elsewhere), home);
	/* The hardware address of somebody else, or none yet, is not the gateway's. */
	assert_int_equal(network_of(wlan, ARP "192.168.1.7 0x1 0x2 aa:bb:cc:dd:ee:01 * wlan0\n"),
	    network_of(wlan, ""));
	assert_int_equal(network_of(wlan, ARP "192.168.1.1 0x1 0x0 00:00:00:00:00:00 * wlan0\n"),
	    network_of(wlan, ""));
	/* The least metric counts. */
	assert_int_not_equal(network_of(both, at_home), home);
	assert_int_equal(network_of("", ""), NETWORK_NONE);
	assert_int_equal(network_of(HEAD, at_home), NETWORK_NONE);
	assert_int_equal(
	    network_of(HEAD "eth0\t000200C0\t00000000\t1\t0\t0\t0\t0\n", at_home), NETWORK_NONE);
}

#define ZERO "00000000000000000000000000000000"

static void
a_way_leads_out(void **state)
{
	static const char wlan[] = HEAD "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\n"
	                                "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n";
	static const char office[] = HEAD "lo\t0000007F\t00000000\t1\t0\t0\t0\t000000FF\n"
	                                  "eth0\t0002000A\t00000000\t1\t0\t0\t0\t00FFFFFF\n";
	static const char six[] = ZERO
	    " 00 " ZERO " 00 " ZERO " ffffffff 00000001 00000000 00200200       lo\n"
	    "fe800000000000000000000000000000 40 " ZERO " 00 " ZERO " 00000100 1 0 1 wlan0\n" ZERO
	    " 00 " ZERO " 00 fe800000000000000000000000000009 00000400 1 0 00000003 wwan0\n" ZERO
	    " 00 " ZERO " 00 fe800000000000000000000000000001 00000258 1 0 00000003 wlan0\n";
	char way[NETWORK_WAY_CHARS];

	(void)state;
	network_way(way, wlan, six);
	assert_string_equal(way, "wlan0 0101a8c0");
	network_way(way, HEAD, six); /* the least metric, and no route that refuses */
	assert_string_equal(way, "wlan0 fe800000000000000000000000000001");
	network_way(way, office, ""); /* no Internet, and a hub perhaps: by where it leads */
	assert_string_equal(way, "eth0 0002000a");
	network_way(way, HEAD "lo\t0000007F\t00000000\t1\t0\t0\t0\t000000FF\n",
	    ZERO " 00 " ZERO " 00 " ZERO " ffffffff 00000001 00000000 00200200       lo\n");
	assert_string_equal(way, "");
	network_way(way, "", "");
	assert_string_equal(way, "");
}

static int
set_up(void **state)
{
	(void)state;
	return chain_setup(NULL) == PMJ_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_network_is_its_gateway), cmocka_unit_test(a_way_leads_out)};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
