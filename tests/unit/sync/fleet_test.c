/* fleet_test.c - seeded runs of a hub and devices with clocks wrong by years, over a carrier that
 * loses, repeats and reorders, with restarts, lost spools, clones put back: in the end all hold the
 * same. A failing seed is printed; PAMOJA_FLEET_SEED=N runs only that one, PAMOJA_FLEET_RUNS=N so
 * many. */
#include "base/date.h"
#include "entries.h"
#include "sync_lab.h"

#ifdef __SANITIZE_ADDRESS__
#define RUNS 30
#else
#define RUNS 150
#endif

struct fleet {
	struct lab lab;
	uint64_t seed;
	int entries;
	bool clones; /* a device may be put back: then what never left it is lost with it */
	bool saved[LAB_ENDS_MAX];
	uint8_t incarnation[LAB_ENDS_MAX][16];
};

static uint64_t current_seed;

static bool
loses_some(void *ctx, const char *name)
{
	(void)name;
	return test_below(ctx, 3) != 0;
}

/* What is there already is put there once more, or goes away. */
static void
stir_spool(struct fleet *fleet, struct lab_end *end)
{
	char *in = mem_printf("%s/spool/in", end->home);
	char hex[33];
	char *mail = mem_printf("%s/mail/%s", fleet->lab.dir,
	    text_hex(hex, end->index == 0 ? fleet->lab.ends[1].mailbox : end->mailbox, 16));
	char **names = NULL;
	size_t count = 0;

	if (fs_exists(&os_real, mail) && fs_list(&names, &count, mail, NULL) == PMJ_OK) {
		for (size_t i = 0; i < count; i++)
			if (test_below(&fleet->seed, 3) == 0)
				lab_copy_file(mail, in, names[i]);
		fs_list_free(names, count);
	}
	free(mail);
	free(in);
}

static void
some_steps(struct fleet *fleet, struct lab_end *end)
{
	struct pmj_error err;
	int64_t taken;
	bool more;

	end->os.mono_step = (int64_t)test_below(&fleet->seed, 8);
	for (size_t i = test_below(&fleet->seed, 5); i > 0; i--)
		check_ok(sync_take_step(end->sync, &more, &taken, &err), &err);
	for (size_t i = test_below(&fleet->seed, 3); i > 0; i--)
		check_ok(sync_seal_step(end->sync, &more, &err), &err);
	check_ok(sync_spool_step(end->sync, &more, &err), &err);
	end->os.mono_step = 0;
}

/* Put a device back to an earlier day. What it wrote since and never left it is lost with it, as in
 * life: only what reached the hub is counted on. */
static void
back_in_time(struct fleet *fleet, struct lab_end *end)
{
	char *old = mem_printf("%s.old", end->home);
	int i = end->index;

	lab_stop(end);
	if (!fleet->saved[i]) {
		folder_copy(end->home, old);
		memcpy(fleet->incarnation[i], ring_incarnation(end->ring), 16);
		fleet->saved[i] = true;
	} else {
		folder_remove(end->home);
		folder_copy(old, end->home);
		ring_set_incarnation(end->ring, fleet->incarnation[i]);
	}
	lab_start(end);
	free(old);
}

static void
lose_spool(const struct lab_end *end)
{
	char *spool = fs_join(end->home, "spool");

	folder_remove(spool);
	free(spool);
}

static void
one_event(struct fleet *fleet)
{
	struct lab *lab = &fleet->lab;
	struct lab_end *hub = lab_hub(lab);
	struct lab_end *end = &lab->ends[test_below(&fleet->seed, (size_t)lab->count)];
	struct lab_end *device = &lab->ends[1 + test_below(&fleet->seed, (size_t)lab->count - 1)];
	struct pmj_error err;

	switch (test_below(&fleet->seed, 12)) {
	case 0:
	case 1:
		(void)lab_person(end, "Somebody");
		fleet->entries++;
		break;
	case 2:
	case 3:
		lab_carry(device, hub, loses_some, &fleet->seed);
		break;
	case 4:
	case 5:
		lab_carry(hub, device, loses_some, &fleet->seed);
		break;
	case 6:
		stir_spool(fleet, end);
		break;
	case 7:
		lab_restart(end);
		break;
	case 8:
		end->os.now_ms += ((int64_t)test_below(&fleet->seed, 20) - 10) * DAY_MS;
		break;
	case 9:
		if (test_below(&fleet->seed, 4) == 0)
			lose_spool(end);
		lab_restart(end);
		break;
	case 10:
		if (test_below(&fleet->seed, 4) == 0)
			check_ok(sync_incarnate(device->sync, device->mailbox, "size", &err), &err);
		else if (test_below(&fleet->seed, 4) == 0)
			check_ok(sync_incarnate(hub->sync, device->mailbox, "size", &err), &err);
		break;
	default:
		if (fleet->clones && test_below(&fleet->seed, 4) == 0)
			back_in_time(fleet, device);
		break;
	}
	some_steps(fleet, end);
	some_steps(fleet, device);
}

static bool
alike(struct lab *lab)
{
	uint8_t want[32];
	uint8_t got[32];
	struct pmj_error err;
	int64_t entries;

	check_ok(records_digest(lab->ends[0].journal, want, &entries, NULL, &err), &err);
	for (int i = 1; i < lab->count; i++) {
		check_ok(records_digest(lab->ends[i].journal, got, &entries, NULL, &err), &err);
		if (memcmp(want, got, 32) != 0)
			return false;
	}
	return true;
}

/* A good link at last: after few exchanges all hold the same, and nothing waits. */
static void
converge(struct fleet *fleet)
{
	struct lab *lab = &fleet->lab;
	struct pmj_error err;

	for (int round = 0; round < 12; round++) {
		for (int i = 1; i < lab->count; i++) {
			lab_exchange(&lab->ends[i]);
			check_ok(sync_exchanged(lab->ends[i].sync, &err), &err);
			lab->ends[i].os.now_ms += DAY_MS + 1;
		}
		if (round >= 2 && alike(lab))
			break;
	}
	assert_true(alike(lab));
	if (!fleet->clones)
		assert_int_equal(lab_admitted(lab_hub(lab)), fleet->entries);
	for (int i = 0; i < lab->count; i++)
		assert_int_equal(
		    lab_number(&lab->ends[i], "SELECT count(*)-count(DISTINCT pmj_hash(e, line, "
		                              "by, pt, rec)) FROM pmj_entry"),
		    0);
}

static void
run_seed(uint64_t seed)
{
	struct fleet fleet = {.seed = seed, .clones = seed % 2 == 0};
	int devices = 1 + (int)test_below(&fleet.seed, 3);

	lab_open_with(&fleet.lab, devices);
	for (int i = 0; i < fleet.lab.count; i++)
		fleet.lab.ends[i].os.now_ms +=
		    i == 0 ? 0 : ((int64_t)test_below(&fleet.seed, 7300) - 3650) * DAY_MS;
	for (size_t i = 0, events = 15 + test_below(&fleet.seed, 25); i < events; i++)
		one_event(&fleet);
	converge(&fleet);
	lab_close(&fleet.lab);
}

static void
test_fleets(void **state)
{
	const char *only = getenv("PAMOJA_FLEET_SEED");
	const char *runs = getenv("PAMOJA_FLEET_RUNS");
	uint64_t count = runs != NULL ? strtoull(runs, NULL, 10) : RUNS;
	uint64_t from = only != NULL ? strtoull(only, NULL, 10) : 1;

	(void)state;
	for (uint64_t seed = from; seed < from + (only != NULL ? 1 : count); seed++) {
		current_seed = seed;
		run_seed(seed);
	}
}

static int
say_seed(void **state)
{
	(void)state;
	print_message("last seed: %llu\n", (unsigned long long)current_seed);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_fleets, say_seed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
