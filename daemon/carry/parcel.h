/* parcel.h - segment files in the folder PAMOJA of a stick or share. Media are never trusted: no
 * repository is opened there, no link followed, and only whole segment files are looked at. */
#ifndef CARRY_PARCEL_H
#define CARRY_PARCEL_H
#include <stdbool.h>

#include "pamoja/error.h"

struct buf;
struct job;
struct shape_place;

/**
 * Leave copies of what is in spool/out, take what is for the lanes we read, remove what receipts
 * cover. Taking is tried also when the stick cannot be written.
 *
 * job      its remotes say which mailboxes are ours.
 * Errors   PMJ_UNREACHED without the folder; PMJ_INTEGRITY when it does not give back what was left
 *          there; PMJ_READ_ONLY, PMJ_FULL, PMJ_PERMISSION when nothing
 *          could be left there; PMJ_PARTIAL when only some.
 */
PMJ_MUST_CHECK enum pmj_code parcel_exchange(struct job *job, struct pmj_error *err);

/** Is there a parcel folder on this stick, or is it one? */
bool parcel_is_there(const char *dir);
/** What to do where a stick went away. */
void parcel_hint_pulled(struct pmj_error *err);

/* ---- for relay.c, and between parcel.c and parcel_leave.c ---- */

/** Leave copies of spool/out, and read them back: only what the stick gives back is carried. */
PMJ_MUST_CHECK enum pmj_code parcel_leave(
    struct job *job, const char *folder, struct pmj_error *err);
/** Does a receipt cover it? */
bool parcel_is_acked(const struct job *job, const struct shape_place *place);
/** Of a mailbox of ours? */
bool parcel_is_ours(const struct job *job, const struct shape_place *place);
/** The folder, which others must be able to write into, too. There already: nothing to do. */
PMJ_MUST_CHECK enum pmj_code parcel_make_folder(
    const struct job *job, const char *folder, struct pmj_error *err);
/** A file that was put there may be read by whoever has the stick. */
void parcel_open_to_all(
    const char *folder, const struct shape_place *place, const struct buf *bytes);

#endif
