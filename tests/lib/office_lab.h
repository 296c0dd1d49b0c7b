/* office_lab.h - the lab of sync_lab.h with the real hub at its head: it enrols, judges, shares and
 * decides as it does in the office. */
#ifndef TESTS_OFFICE_LAB_H
#define TESTS_OFFICE_LAB_H
#include "hub/hub.h"
#include "sync_lab.h"

/** A hub and so many enrolled peers, called "Worker 1" and so on. */
void office_open(struct lab *lab, int devices);
/** Enrol one more end, as people do it. */
void office_enrol(struct lab_end *device);
/** One exchange both ways, with all that the hub does between. */
void office_exchange(struct lab_end *device);
/** What the hub answers to: has everything of this laptop arrived? New reference. */
json_t *office_arrived(const struct lab_end *device);
/** A decision about this device, which must succeed. */
void office_revoke(const struct lab_end *device);
/** The hub's journal as it is now is what a backup holds of it ... */
void office_keep(struct lab *lab);
/** ... and this is the hub restored from that. */
void office_restore(struct lab *lab);
/** A second, on every clock. */
void office_passes(struct lab *lab);

#endif
