/* powercut_sim.h - one journal on a simulated disk, its plain twin in memory, and the judge that
 * opens what a power cut left and says whether anything acknowledged is gone. */
#ifndef SIMULATION_POWERCUT_SIM_H
#define SIMULATION_POWERCUT_SIM_H
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lower_disk.h"

#define SIM_LEVELS 3 /* the living, after a cut, after a cut during the recovery from a cut */
#define SIM_HISTORY_MAX 4096
#define SIM_JOURNAL "journal"

struct tally {
	unsigned long cuts;
	unsigned long unopenable, lost, wrong; /* each is a fault of the VFS */
	unsigned long undone; /* the transaction in flight was there after all, or not */
	unsigned long faults; /* calls made to fail */
};

/** Which cuts are made. */
enum sim_plan { SIM_NO_CUTS, SIM_EVERY_CALL, SIM_RANDOM_CALLS };

struct sim {
	struct disk *disks[SIM_LEVELS];
	sqlite3 *db;
	sqlite3 *twin; /* plain, in memory: what the content must be */
	enum sim_plan plan;
	struct rng rng;     /* of the scenario */
	struct rng cut_rng; /* of the cuts: apart, so that --cuts does not change the story */
	uint64_t seed;      /* of the story */
	const char *story;
	unsigned calls; /* seen in this story: a cut is found again by it */
	bool busy;
	bool exists;       /* the journal's creation was acknowledged */
	bool has_inflight; /* a COMMIT is running */
	uint64_t acked, inflight;
	uint64_t history[SIM_HISTORY_MAX];
	size_t history_count;
	bool loose; /* nobody waits for what is committed now */
	size_t
	    durable; /* of history: the last that was waited for; what came after it may be lost */
	unsigned long cuts_wanted;
	struct tally tally;
	/* A cut during the recovery at level 1. */
	unsigned second_at;
	unsigned second_calls;
	uint64_t second_expected;
};

void sim_init(struct sim *sim, uint64_t seed, unsigned long cuts_wanted);
void sim_close_all(struct sim *sim);
/** A fresh disk, twin and story. */
void sim_begin(struct sim *sim, const char *story, uint64_t seed, enum sim_plan plan);
/** Close whatever is open, and look at the disk once more as a cut would leave it at this moment.
 */
void sim_end(struct sim *sim);
bool sim_done(const struct sim *sim);

/* Steps of a story. Each survives one failing call (disk_fail) and judges what it left. */

/** Make the journal under a temporary name, rename it, sync the folder, open it. */
void sim_create(struct sim *sim);
void sim_open(struct sim *sim);
/** Close as a program ends; checkpointed or not. */
void sim_close(struct sim *sim, bool checkpoint);
/** Close as `kill -9` ends: nothing more is written. */
void sim_kill(struct sim *sim);
/** One transaction, in both; tried again after a failing call. SQL may use noise(seed, bytes), a
 * text. */
void sim_tx(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same, and nobody waits for the disk: it may be lost until the next transaction, and only
 * whole, and only if nothing after it is there. */
void sim_tx_loose(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Begun, run and rolled back. */
void sim_tx_undone(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Outside any transaction and not in the twin: a pragma. */
void sim_pragma(struct sim *sim, const char *sql);
void sim_checkpoint(struct sim *sim);

/* For the bit flips. */

/** Open the journal on a level's disk and prepare it. *db is NULL after an error. */
int sim_open_level(struct sim *sim, int level, sqlite3 **db);
/** One number for all tables and their content; an SQLite error code when it cannot be read. */
int sim_content(sqlite3 *db, uint64_t *out);
/** Count and, the first few times, print a fault. */
void sim_fault(struct sim *sim, unsigned long *counter, const char *what);

#endif
