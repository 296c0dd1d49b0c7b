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

static int
set_up(void **state)
{
	(void)state;
	return chain_setup(NULL) == PMJ_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_network_is_its_gateway)};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
