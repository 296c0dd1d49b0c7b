/* chain.h - the hashes that number and chain lines (security 5.1, 5.3). Pure. */
#ifndef LOG_CHAIN_H
#define LOG_CHAIN_H
#include <stddef.h>
#include <stdint.h>

/** e = H("pmj entry v1", line without "\n"). */
void chain_entry(uint8_t e[static 32], const void *line, size_t len);
/** Lane: chain_0 = H("pmj chain 0 v1", mailbox || incarnation); chain_i = H("pmj chain v1",
 * chain_{i-1} || e_i). */
void chain_lane_start(uint8_t chain[static 32], const uint8_t mailbox[static 16],
    const uint8_t incarnation[static 16]);
void chain_lane_next(uint8_t chain[static 32], const uint8_t e[static 32]);
/** Journal: j_0 = H("pmj jrnl 0 v1", store_uuid), j_i = H("pmj jrnl v1", j_{i-1} || e_i). */
void chain_journal_start(uint8_t j[static 32], const uint8_t store_uuid[static 16]);
void chain_journal_next(uint8_t j[static 32], const uint8_t e[static 32]);
/** prev of segno 1: H("pmj seg start v1", mailbox || incarnation). */
void chain_segment_start(uint8_t prev[static 32], const uint8_t mailbox[static 16],
    const uint8_t incarnation[static 16]);
/** id' of a forked suffix (section 9): first 16 of H("pmj fork v1", incarnation || segment id). */
void chain_fork(uint8_t out[static 16], const uint8_t incarnation[static 16],
    const uint8_t segment_id[static 32]);

#endif
