/* parcel.h - segment files in the folder PAMOJA of a stick or share. Media are never trusted: no
 * repository is opened there, no link followed, and only whole segment files are looked at. */
#ifndef CARRY_PARCEL_H
#define CARRY_PARCEL_H
#include "pamoja/error.h"

struct job;

/**
 * Leave copies of what is in spool/out, take what is for the lanes we read, remove what receipts
 * cover. Taking is tried also when the stick cannot be written.
 *
 * job      its remotes say which mailboxes are ours.
 * Errors   PMJ_UNREACHED without the folder; PMJ_READ_ONLY, PMJ_FULL, PMJ_PERMISSION when nothing
 *          could be left there; PMJ_PARTIAL when only some.
 */
PMJ_MUST_CHECK enum pmj_code parcel_exchange(struct job *job, struct pmj_error *err);

#endif
