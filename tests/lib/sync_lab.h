/* sync_lab.h - a hub and devices over real journals in temporary homes; a folder copy is the
 * carrier. The clock is the test's; a call of the outside world may end the process. */
#ifndef TESTS_SYNC_LAB_H
#define TESTS_SYNC_LAB_H
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "check.h"
#include "folders.h"
#include "log/chain.h"
#include "log/enrol.h"
#include "log/roster.h"
#include "store/records.h"
#include "sync/device.h"
#include "sync/files.h"
#include "test_ring.h"

#define LAB_START_MS INT64_C(1790000000000)
#define LAB_ENDS_MAX 8

struct lab_os {
	struct os os;
	int64_t now_ms;
	int64_t mono_ms;
	int64_t mono_step; /* added at each look: makes steps short */
	int until;         /* calls to the disk left until the process ends; -1: never */
	int names;         /* renames that no sync of a folder followed */
	int folder_syncs;
};

struct lab_end {
	struct lab *lab;
	int index; /* 0 is the hub */
	char *home;
	struct lab_os os;
	struct ring *ring;
	struct journal *journal;
	struct sync *sync;
	struct device *device;
	uint8_t mailbox[16];
	bool closed; /* the hub seals nothing more to it */
	bool deaf;   /* the hub forwards nothing to it */
};

struct lab {
	char dir[64];
	struct kinds kinds;
	struct cert_root root;
	struct buf cert;
	struct lab_end ends[LAB_ENDS_MAX];
	int count;
	int resends; /* how often the hub was asked for everything */
	/* The real hub instead (office_lab.h). */
	const char *const *schema;
	void (*hub_start)(struct lab_end *end); /* sets end->sync */
	void (*hub_stop)(struct lab_end *end);
	struct hub *hub;
};

/* A lab: one hub and devices that are enrolled as people do it. Whatever fails stops the test. */
void lab_open_with(struct lab *lab, int devices);
/** Its folder, kinds and root; no ends yet. */
void lab_begin(struct lab *lab);
void lab_close(struct lab *lab);
/** One more end, not enrolled; the first is the hub. */
struct lab_end *lab_add(struct lab *lab);
struct lab_end *lab_hub(struct lab *lab);
/** The world of an end: the clock at LAB_START_MS, a disk that never ends the process. */
void lab_os_init(struct lab_os *os);
/** Open journal and sync of an end whose home is there. A device that is not enrolled has no sync.
 */
void lab_start(struct lab_end *end);
void lab_stop(struct lab_end *end);
void lab_restart(struct lab_end *end);
/** A command of the shell, which must succeed. */
void lab_shell(const char *fmt, ...) PMJ_PRINTF(1, 2);

/* Enrolment. */
/** The text of an invitation for this device, as the hub makes it. */
void lab_invitation(struct lab_end *device, struct buf *text);
void lab_enrol(struct lab_end *device);
/** A control line of the hub, queued to one end; more is stolen, e_out (or NULL) receives its hash.
 */
void lab_control(
    struct lab_end *hub, const struct lab_end *to, const char *kind, json_t *more, uint8_t *e_out);

/* Work. */
/** An own entry that makes a record of this kind with one field; queued. Returns its number. */
int64_t lab_write_entry(
    struct lab_end *end, const char *kind, const char *field, const char *value);
/** The same for a record that somebody made; NULL makes one. */
int64_t lab_change_entry(struct lab_end *end, const uint8_t *rec, const char *kind,
    const char *field, const char *value);
/** ... with these fields, which are stolen. */
int64_t lab_change_fields(struct lab_end *end, const uint8_t *rec, const char *kind, json_t *set);
int64_t lab_person(struct lab_end *end, const char *name);
/** Seal all that waits and bring the spool up to date. Returns the number of segments. */
int lab_seal(struct lab_end *end);
/** Take all that lies in spool/in. Returns the lines. */
int64_t lab_take(struct lab_end *end);
/** The file of this name from one folder to another. */
void lab_copy_file(const char *from, const char *to, const char *name);
/** From one's spool/out to the mailbox, from there to the other's spool/in. pick may say no, on
 * either leg (a lossy carrier). */
void lab_carry(const struct lab_end *from, const struct lab_end *to,
    bool (*pick)(void *ctx, const char *name), void *ctx);
/** What one end does, in a process of its own that ends at the disk's call `until`. Returns whether
 * it came to its end. */
bool lab_dies(struct lab_end *end, void (*work)(struct lab_end *end), int until);
/** One full exchange of a device with the hub, both ways. */
void lab_exchange(struct lab_end *device);

/* Looking. */
/** The number that a query without parameters gives. */
int64_t lab_number(struct lab_end *end, const char *query);
/** How many entries of records are admitted. */
int64_t lab_admitted(struct lab_end *end);
/** Both hold the same: digests and counts. */
void lab_same(struct lab_end *a, struct lab_end *b);
/** How many refusals with this reason does the end show? */
int lab_refused(struct lab_end *end, const char *fault);

#endif
