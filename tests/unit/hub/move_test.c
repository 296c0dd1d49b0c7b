/* move_test.c - the hub gets another address, and laptops follow from a line of their own lane. */
#include "office_lab.h"

#define URL "https://hub.example.org/pamoja"
#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static enum pmj_code
move(struct lab *lab, const char *url, const char *pin, struct pmj_error *err)
{
	return hub_move(lab->hub, &(struct hub_move){.url = url, .pin = pin}, err);
}

static json_t *
state(struct lab *lab)
{
	struct pmj_error err = {0};
	json_t *out = NULL;

	check_ok(hub_move_state(lab->hub, &out, &err), &err);
	return out;
}

/* How one laptop stands, and how many have not come. */
static void
stands(const struct lab_end *device, const char *word, int behind)
{
	json_t *now = state(device->lab), *hex = json_hex(ring_device_id(device->ring), 16);
	const json_t *item, *found = NULL;
	size_t i;

	json_array_foreach(json_arr(now, "items"), i,
	    item) if (json_equal(json_object_get(item, "device"), hex)) found = item;
	assert_non_null(found);
	assert_string_equal(json_str(found, "state"), word);
	assert_int_equal(json_int(now, "behind", -1), behind);
	json_decref(now);
	json_decref(hex);
}

/* The places that a carrier of this laptop is told, one after the other. */
static void
goes_to(const struct lab_end *device, const char *first, const char *second, const char *third)
{
	const char *const wanted[] = {first, second, third};
	json_t *lines = device_remote_lines(device->journal);

	for (size_t i = 0; i < 3; i++) {
		const json_t *line = json_array_get(lines, i);

		if (wanted[i] == NULL) {
			assert_null(line);
			break;
		}
		assert_string_equal(json_str(line, "url"), wanted[i]);
		assert_int_equal(json_flag(line, "old"), i > 0);
		assert_int_equal(json_str(line, "token") != NULL, wanted[i][0] != '/');
	}
	json_decref(lines);
}

static void
came(struct lab_end *device, int64_t mark)
{
	struct pmj_error err = {0};

	check_ok(device_came(device->journal, device->sync, mark, &err), &err);
}

static void
test_followed(void **ctx)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2];
	struct pmj_error err = {0};
	int64_t mark;

	(void)ctx;
	office_open(&lab, 2);
	goes_to(a, "/mail", NULL, NULL);
	check_ok(move(&lab, URL, PIN, &err), &err);
	check_ok(move(&lab, URL, PIN, &err), &err); /* asking twice is no error */
	stands(a, "waits", 2);
	mark = device_places_mark(a->journal);
	office_exchange(a);
	goes_to(a, URL, "/mail", NULL);
	/* that exchange was begun when it knew only the old place */
	came(a, mark);
	office_exchange(a);
	stands(a, "told", 2);
	came(a, device_places_mark(a->journal));
	came(a, device_places_mark(a->journal));
	office_exchange(a);
	stands(a, "followed", 1);
	stands(b, "waits", 1);
	/* once more before all have come: the first laptop's word is of the address before */
	lab_hub(&lab)->os.now_ms += 1000;
	check_ok(move(&lab, "/new", NULL, &err), &err);
	stands(a, "waits", 2);
	office_exchange(b);
	goes_to(b, "/new", URL, "/mail");
	office_exchange(a);
	goes_to(a, "/new", URL, "/mail");
	lab_close(&lab);
}

static void
test_ended(void **ctx)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *late = &lab.ends[2];
	struct pmj_error err = {0};
	json_t *remotes = NULL;

	(void)ctx;
	office_open(&lab, 1);
	check_ok(move(&lab, "/new", NULL, &err), &err);
	/* both folders are looked into, and a new laptop is told both */
	check_ok(hub_remotes(lab.hub, &remotes, &err), &err);
	assert_int_equal(json_array_size(remotes), 2);
	assert_string_equal(json_str(json_array_get(remotes, 0), "url"), "/new");
	assert_false(json_flag(json_array_get(remotes, 0), "old"));
	assert_true(json_flag(json_array_get(remotes, 1), "old"));
	json_decref(remotes);
	office_enrol(lab_add(&lab));
	goes_to(late, "/new", "/mail", NULL);
	assert_int_equal(hub_move_end(lab.hub, false, &err), PMJ_REFUSED);
	lab_restart(lab_hub(&lab)); /* it stands in the journal */
	stands(a, "waits", 2);
	office_exchange(a);
	came(a, device_places_mark(a->journal));
	office_exchange(a);
	stands(a, "followed", 1);
	assert_int_equal(hub_move_end(lab.hub, false, &err), PMJ_REFUSED);
	lab_hub(&lab)->os.now_ms += 1000;
	check_ok(hub_move_end(lab.hub, true, &err), &err);
	office_exchange(a);
	goes_to(a, "/new", NULL, NULL);
	check_ok(hub_remotes(lab.hub, &remotes, &err), &err);
	assert_int_equal(json_array_size(remotes), 2); /* one for each laptop */
	json_decref(remotes);
	lab_close(&lab);
}

/* An older word, by a slow way or from a hub that was put back, changes nothing. */
static void
test_older(void **ctx)
{
	struct lab lab;
	struct lab_end *hub, *a = &lab.ends[1];
	struct pmj_error err = {0};
	int64_t now;

	(void)ctx;
	office_open(&lab, 1);
	hub = lab_hub(&lab);
	hub->os.now_ms += 5000;
	check_ok(move(&lab, "/new", NULL, &err), &err);
	office_exchange(a);
	now = hub->os.now_ms;
	hub->os.now_ms = now - 1000;
	lab_control(
	    hub, a, "ctl.remotes", json_pack("{s:[{s:s}]}", "remotes", "url", "/older"), NULL);
	hub->os.now_ms = now;
	office_exchange(a);
	goes_to(a, "/new", "/mail", NULL);
	/* one that names no place, too */
	hub->os.now_ms = now + 1000;
	lab_control(hub, a, "ctl.remotes", json_pack("{s:[i]}", "remotes", 7), NULL);
	office_exchange(a);
	goes_to(a, "/new", "/mail", NULL);
	lab_control(
	    hub, a, "ctl.remotes", json_pack("{s:[{s:s}]}", "remotes", "url", "/newer"), NULL);
	office_exchange(a);
	goes_to(a, "/newer", NULL, NULL);
	lab_close(&lab);
}

static void
test_refused(void **ctx)
{
	static const char *const wrong[] = {
	    "", "mail", "http://hub.example.org", "ssh://hub", "https://-x/"};
	struct lab lab;
	struct pmj_error err = {0};
	json_t *now;

	(void)ctx;
	office_open(&lab, 1);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_not_equal(move(&lab, wrong[i], NULL, &err), PMJ_OK);
	assert_int_equal(move(&lab, "ssh://a@hub.example.org", NULL, &err), PMJ_USAGE);
	assert_int_not_equal(move(&lab, URL, "ssh-ed25519 AAAA", &err), PMJ_OK);
	assert_int_equal(move(&lab, "/new", PIN, &err), PMJ_USAGE);
	now = state(&lab);
	assert_string_equal(json_str(now, "url"), "/mail");
	json_decref(now);
	check_ok(move(&lab, "/1", NULL, &err), &err);
	check_ok(move(&lab, "/2", NULL, &err), &err);
	check_ok(move(&lab, "/3", NULL, &err), &err);
	assert_int_equal(move(&lab, "/4", NULL, &err), PMJ_REFUSED);
	check_ok(move(&lab, "/1", NULL, &err), &err); /* back to one of them */
	now = state(&lab);
	assert_string_equal(json_str(now, "url"), "/1");
	assert_int_equal(json_array_size(json_arr(now, "old")), 3);
	json_decref(now);
	lab_close(&lab);
}

/* pamoja.ini says an address, too: it counts when it changes. */
static void
test_settings(void **ctx)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err = {0};
	uint64_t before, after;
	uint8_t j[32];

	(void)ctx;
	office_open(&lab, 1);
	check_ok(hub_reach_settings(lab.hub, URL, PIN, &err), &err);
	office_exchange(a);
	goes_to(a, URL, "/mail", NULL);
	lab_hub(&lab)->os.now_ms += 1000;
	check_ok(hub_move(lab.hub,
	             &(struct hub_move){.url = "https://new.example.org", .folder = "/disk"}, &err),
	    &err);
	journal_head(lab_hub(&lab)->journal, &before, j);
	check_ok(hub_reach_settings(lab.hub, URL, PIN, &err), &err); /* as at the next start */
	check_ok(hub_reach_settings(lab.hub, "https://new.example.org", NULL, &err), &err);
	check_ok(hub_reach_settings(lab.hub, NULL, NULL, &err), &err);
	journal_head(lab_hub(&lab)->journal, &after, j);
	assert_true(after == before);
	office_exchange(a);
	goes_to(a, "https://new.example.org", URL, "/mail");
	lab_hub(&lab)->os.now_ms += 1000;
	check_ok(hub_reach_settings(lab.hub, "https://third.example.org", NULL, &err), &err);
	office_exchange(a);
	goes_to(a, "https://third.example.org", "https://new.example.org", URL);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_followed),
	    cmocka_unit_test(test_ended),
	    cmocka_unit_test(test_older),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
