/* core_inner.h - what the parts of core share; nobody else includes it. */
#ifndef API_CORE_INNER_H
#define API_CORE_INNER_H
#include "api/core.h"

#define CORE_TICK_MS 15000

/** HOME/pamoja.ini, or what holds without it. */
PMJ_MUST_CHECK enum pmj_code core_read_settings(struct core *core, struct pmj_error *err);
/** End what open keys made possible, in reverse. */
void core_close_parts(struct core *core);
/** One step of what people decided to forget; false: there is nothing, or it cannot be done now. */
bool core_erase_step(struct core *core);
/** At a hub: of a reminder that two laptops made of one change one stays. */
bool core_twins_step(struct core *core);
/** One step of locking; false when it is locked. */
bool core_lock_step(struct core *core);
bool core_renew_step(struct core *core);

/* Given to the loop; ctx is the core. */
/** When something is due: idle, a look for mail, the WAL of a quiet time. */
void core_tick(void *ctx);
/** The clock was set, or the machine is back from sleep. */
void core_jumped(void *ctx);
void core_exchange_due(void *ctx);
void core_carrier_due(void *ctx);
/** One step of background work; false when there is nothing to do. */
bool core_work(void *ctx);

#endif
