/* powercut.c - cuts the power under the sealed VFS, flips its bits and lets its calls fail, and
 * says what became of the journal.
 *
 *   powercut [--cuts N] [--seed S]     stories cut at every call, then random ones at random, N in
 * all powercut --flips [--seed S]        every byte of a WAL and of a journal powercut --faults
 * [--seed S]       every call of every story fails once: EIO, no space, failed fsync powercut ...
 * --without RULE        with one rule of the VFS off; must find something
 *
 * Exit status 1 when anything was lost, wrong or would not open. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pamoja/pmjvfs.h"
#include "powercut_sim.h"
#include "powercut_stories.h"
#ifdef PMJVFS_RULES_SWITCHED
#include "store/vfs_file.h"

static const struct {
	const char *name;
	enum vfs_rule rule;
} rules[] = {
    {"short-read", VFS_RULE_SHORT_READ},
    {"page1", VFS_RULE_PAGE1},
    {"torn-tail", VFS_RULE_TORN_TAIL},
    {"synced", VFS_RULE_SYNCED},
    {"truncate-sync", VFS_RULE_TRUNCATE_SYNC},
    {"final-fsync", VFS_RULE_FINAL_FSYNC},
    {"flush", VFS_RULE_FLUSH},
    {"sums", VFS_RULE_SUMS},
};
#endif

#define FAULTS_ENOUGH 5 /* with a rule off, that many show it */
#define LAST_ROWS 6
#define LOG "journal-wal"

enum campaign { CUTS, FLIPS, FAULTS };

struct options {
	enum campaign campaign;
	unsigned long cuts;
	uint64_t seed;
	uint64_t story; /* 0 for all */
	bool rule_off;
};

static unsigned long
found(const struct sim *sim)
{
	return sim->tally.unopenable + sim->tally.lost + sim->tally.wrong;
}

static bool
enough(const struct sim *sim, const struct options *options)
{
	return options->rule_off && found(sim) >= FAULTS_ENOUGH;
}

static void
run_cuts(struct sim *sim, const struct options *options)
{
	unsigned long scripted;

	while (options->story != 0 && !sim_done(sim)) {
		sim_begin(sim, "random", options->story, SIM_EVERY_CALL);
		story_random(sim);
		sim_end(sim);
	}
	for (size_t i = 0; i < story_count && !sim_done(sim) && !enough(sim, options); i++) {
		sim_begin(sim, stories[i].name, options->seed, SIM_EVERY_CALL);
		stories[i].tell(sim);
		sim_end(sim);
	}
	scripted = sim->tally.cuts;
	for (uint64_t n = 0; !sim_done(sim) && !enough(sim, options); n++) {
		sim_begin(sim, "random", options->seed * 1000003 + n, SIM_RANDOM_CALLS);
		story_random(sim);
		sim_end(sim);
	}
	printf(
	    "powercut: %lu in %zu stories at every call, %lu at random; in flight and kept %lu\n",
	    scripted, story_count, sim->tally.cuts - scripted, sim->tally.undone);
}

/* Call n of the story fails. False when the story has no call n any more. */
static bool
run_fault(struct sim *sim, const struct story *story, uint64_t seed, int n, int rc)
{
	bool failed;

	sim_begin(sim, story->name, seed, SIM_NO_CUTS);
	disk_fail(sim->disks[0], n, rc);
	story->tell(sim);
	failed = disk_failed(sim->disks[0], NULL);
	sim->tally.faults += failed;
	sim_end(sim);
	return failed;
}

static void
run_faults(struct sim *sim, const struct options *options)
{
	static const int codes[] = {SQLITE_IOERR, SQLITE_FULL};

	for (size_t i = 0; i < story_count; i++)
		for (size_t c = 0; c < 2; c++)
			for (int n = 0; run_fault(sim, &stories[i], options->seed, n, codes[c]);
			     n++)
				if (enough(sim, options))
					return;
	printf("faults: %lu calls failed\n", sim->tally.faults);
}

struct flips {
	unsigned long made, detected, undone, harmless;
};

/* Judge one flipped bit on level 2's disk. may_undo: it lies in the last transaction of the WAL. */
static void
look_at_flip(struct sim *sim, struct flips *flips, bool may_undo, bool may_not_matter, size_t at)
{
	sqlite3 *db = NULL;
	uint64_t content = 0;
	char text[80];
	int rc = sim_open_level(sim, 2, &db);

	sim->calls = (unsigned)at;
	flips->made++;
	if (rc == SQLITE_OK) {
		rc = sim_content(db, &content);
		(void)sqlite3_close(db);
	}
	if ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CORRUPT) {
		flips->detected++;
	} else if (rc != SQLITE_OK) {
		(void)snprintf(text, sizeof(text), "byte %zu flipped: unexpected code %d", at, rc);
		sim_fault(sim, &sim->tally.wrong, text);
	} else if (may_undo && content == sim->history[sim->history_count - 2]) {
		flips->undone++;
	} else if (may_not_matter && content == sim->acked) {
		flips->harmless++;
	} else {
		(void)snprintf(text, sizeof(text), "byte %zu flipped and not seen", at);
		sim_fault(sim, content == sim->acked ? &sim->tally.wrong : &sim->tally.lost, text);
	}
}

static void
flip(struct sim *sim, const char *name, size_t at)
{
	struct disk_cut none = {.rng = &sim->cut_rng};
	size_t bytes;
	uint8_t *file;

	disk_cut(sim->disks[2], sim->disks[1], &none);
	file = disk_bytes(sim->disks[2], name, &bytes);
	file[at] ^= (uint8_t)(1u << rng_below(&sim->cut_rng, 8));
}

/* A journal with a WAL of some transactions, the last of which begins at *last; copied to level 1.
 */
static void
build_for_flips(struct sim *sim, const struct options *options, bool checkpoint, size_t *last)
{
	struct disk_cut all = {.rng = &sim->cut_rng, .keep_of_256 = 256};
	size_t bytes;

	sim_begin(sim, checkpoint ? "journal flips" : "WAL flips", options->seed, SIM_NO_CUTS);
	sim_create(sim);
	sim_tx(sim, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
	sim_checkpoint(sim);
	for (int i = 0; i < LAST_ROWS; i++) {
		(void)disk_bytes(sim->disks[0], LOG, last);
		sim_tx(sim, "INSERT INTO t (a, b) VALUES (noise(%d, 20), noise(%d, 3000))", i, i);
	}
	if (checkpoint)
		sim_checkpoint(sim);
	sim_kill(sim);
	(void)disk_bytes(sim->disks[0], LOG, &bytes);
	disk_cut(sim->disks[1], sim->disks[0], &all);
}

static void
flip_wal(struct sim *sim, const struct options *options)
{
	struct flips flips = {0};
	size_t last = 0;
	size_t bytes;

	build_for_flips(sim, options, false, &last);
	(void)disk_bytes(sim->disks[1], LOG, &bytes);
	for (size_t at = 0; at < bytes && !enough(sim, options); at++) {
		flip(sim, LOG, at);
		look_at_flip(sim, &flips, at >= last, false, at);
	}
	sim_end(sim);
	printf("flips: WAL of %zu bytes, %lu flips: %lu detected, %lu undid the last transaction\n",
	    bytes, flips.made, flips.detected, flips.undone);
}

/* Every byte of the journal as the VFS reads it, page by page. */
static void
flip_pages(struct sim *sim, struct flips *flips, uint8_t *file, size_t bytes, sqlite3 *db)
{
	sqlite3_file *handle = NULL;
	uint8_t page[PMJVFS_PAGE_BYTES];

	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &handle);
	for (size_t at = 0; at < bytes; at++) {
		uint8_t bit = (uint8_t)(1u << rng_below(&sim->cut_rng, 8));
		sqlite3_int64 offset = (sqlite3_int64)(at - at % sizeof(page));

		file[at] ^= bit;
		flips->made++;
		sim->calls = (unsigned)at;
		if (handle->pMethods->xRead(handle, page, sizeof(page), offset) ==
		    SQLITE_IOERR_DATA)
			flips->detected++;
		else
			sim_fault(sim, &sim->tally.wrong, "a flipped page was read");
		file[at] ^= bit;
	}
}

static void
flip_journal(struct sim *sim, const struct options *options)
{
	struct disk_cut all = {.rng = &sim->cut_rng, .keep_of_256 = 256};
	struct flips pages = {0};
	struct flips whole = {0};
	sqlite3 *db = NULL;
	uint8_t *file;
	size_t bytes;
	size_t last;

	build_for_flips(sim, options, true, &last);
	disk_cut(sim->disks[2], sim->disks[1], &all);
	if (sim_open_level(sim, 2, &db) != SQLITE_OK)
		abort();
	file = disk_bytes(sim->disks[2], SIM_JOURNAL, &bytes);
	flip_pages(sim, &pages, file, bytes, db);
	(void)sqlite3_close(db);
	for (size_t at = 0; at < bytes; at += 11) {
		flip(sim, SIM_JOURNAL, at);
		look_at_flip(sim, &whole, false, true, at);
	}
	sim_end(sim);
	printf(
	    "flips: journal of %zu bytes, %lu flips: %lu detected; %lu through SQL: %lu detected, "
	    "%lu in pages nobody read\n",
	    bytes, pages.made, pages.detected, whole.made, whole.detected, whole.harmless);
}

static void
usage(void)
{
	fputs("usage: powercut [--cuts N] [--seed S | --story S] [--flips | --faults] [--without "
	      "RULE]\n",
	    stderr);
	exit(2);
}

static void
switch_off(struct options *options, const char *name)
{
#ifdef PMJVFS_RULES_SWITCHED
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].name, name) == 0) {
			vfs_rules_off |= (unsigned)rules[i].rule;
			options->rule_off = true;
			return;
		}
#endif
	(void)options;
	fprintf(stderr, "powercut: no rule %s to switch off in this build\n", name);
	exit(2);
}

static struct options
options_of(int argc, char **argv)
{
	struct options options = {.campaign = CUTS, .cuts = 20000, .seed = 1};

	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--flips") == 0)
			options.campaign = FLIPS;
		else if (strcmp(argv[i], "--faults") == 0)
			options.campaign = FAULTS;
		else if (strcmp(argv[i], "--cuts") == 0 && more)
			options.cuts = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--story") == 0 && more)
			options.story = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0 && more)
			options.seed = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--without") == 0 && more)
			switch_off(&options, argv[++i]);
		else
			usage();
	}
	return options;
}

int
main(int argc, char **argv)
{
	struct options options = options_of(argc, argv);
	static struct sim sim;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("powercut: seed %" PRIu64 "\n", options.seed);
	sim_init(&sim, options.seed, options.campaign == CUTS ? options.cuts : (unsigned long)-1);
	if (options.campaign == CUTS) {
		run_cuts(&sim, &options);
	} else if (options.campaign == FAULTS) {
		run_faults(&sim, &options);
	} else {
		flip_wal(&sim, &options);
		flip_journal(&sim, &options);
	}
	printf("powercut: %lu cuts, %lu unopenable, %lu acknowledged lost, %lu wrong\n",
	    sim.tally.cuts, sim.tally.unopenable, sim.tally.lost, sim.tally.wrong);
	sim_close_all(&sim);
	return found(&sim) == 0 ? 0 : 1;
}
