/* renew_test.c - the hub's certificate is made anew with its root key (7.1), and laptops follow. */
#include "base/date.h"
#include "office_lab.h"

static enum pmj_code
renew(struct lab *lab, const struct cert_root *root)
{
	struct pmj_error err = {0};
	struct buf text;
	enum pmj_code rc;

	buf_init(&text, 0);
	cert_root_put(&text, root);
	rc = hub_renew(lab->hub, buf_text(&text), &err);
	buf_wipe(&text);
	return rc;
}

static uint32_t
serial(const struct lab_end *end)
{
	struct ring_pin pin;

	ring_pin(end->ring, &pin);
	return pin.serial;
}

static void
passes(struct lab *lab, int days)
{
	for (int i = 0; i < lab->count; i++)
		lab->ends[i].os.now_ms += days * DAY_MS;
}

static void
test_renewed_after_its_end(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	assert_int_equal(serial(a), 1);
	passes(&lab, 410);
	assert_int_equal(hub_clock(lab.hub, &err), PMJ_REFUSED);
	assert_int_equal(renew(&lab, &lab.root), PMJ_OK);
	check_ok(hub_clock(lab.hub, &err), &err);
	assert_true(hub_certificate_end(lab.hub) == hub->os.now_ms + 400 * DAY_MS);
	office_exchange(a);
	assert_int_equal(serial(a), 2);
	assert_true(device_certificate_end(a->journal) == hub_certificate_end(lab.hub));
	assert_int_equal(renew(&lab, &lab.root), PMJ_OK);
	office_exchange(a);
	assert_int_equal(serial(a), 3);
	/* one more laptop begins with it */
	office_enrol(lab_add(&lab));
	assert_int_equal(serial(&lab.ends[2]), 3);
	lab_close(&lab);
}

static void
test_another_root(void **state)
{
	struct lab lab;
	struct cert_root other, half;
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 1);
	cert_root_new(&other);
	assert_int_equal(renew(&lab, &other), PMJ_REFUSED);
	half = lab.root; /* its next one is not what laptops are bound to */
	memcpy(half.next_seed, other.next_seed, sizeof(half.next_seed));
	assert_int_equal(renew(&lab, &half), PMJ_REFUSED);
	assert_int_equal(hub_renew(lab.hub, "PAMOJA ROOT KEY 1\nno key", &err), PMJ_INVALID);
	assert_int_equal(serial(lab_hub(&lab)), 1);
	lab_hub(&lab)->os.now_ms -= 30 * DAY_MS;
	assert_int_equal(renew(&lab, &lab.root), PMJ_REFUSED);
	lab_close(&lab);
}

/* The key file was not written any more: what the journal says counts. */
static void
test_cut_off(void **state)
{
	struct lab lab;
	struct ring_pin old;

	(void)state;
	office_open(&lab, 1);
	ring_pin(lab_hub(&lab)->ring, &old);
	assert_int_equal(renew(&lab, &lab.root), PMJ_OK);
	ring_set_pin(lab_hub(&lab)->ring, &old);
	lab_restart(lab_hub(&lab));
	assert_int_equal(serial(lab_hub(&lab)), 2);
	lab_close(&lab);
}

/* Restored from a backup of before: a laptop gives it back. */
static void
test_given_back(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	char *kept;
	struct ring_pin old;
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	kept = mem_printf("%s/kept", lab.dir);
	lab_stop(hub);
	folder_copy(hub->home, kept);
	lab_start(hub);
	ring_pin(hub->ring, &old);
	passes(&lab, 1);
	assert_int_equal(renew(&lab, &lab.root), PMJ_OK);
	office_exchange(a);
	lab_stop(hub);
	folder_remove(hub->home);
	folder_copy(kept, hub->home);
	ring_set_pin(hub->ring, &old);
	lab_start(hub);
	check_ok(hub_restored(lab.hub, &err), &err);
	assert_int_equal(serial(hub), 1);
	passes(&lab, 1);
	office_exchange(a);
	office_exchange(a);
	assert_int_equal(serial(hub), 2);
	assert_true(device_certificate_end(a->journal) == hub_certificate_end(lab.hub));
	free(kept);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_renewed_after_its_end),
	    cmocka_unit_test(test_another_root),
	    cmocka_unit_test(test_cut_off),
	    cmocka_unit_test(test_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
