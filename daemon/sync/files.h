/* files.h - names and places of segment files (security 2), and the outgoing folder, which is a
 * cache of the journal. */
#ifndef SYNC_FILES_H
#define SYNC_FILES_H
#include "sync/lane.h"

#define FILES_NAME_MAX 128

/** MAILBOX-LANE-INC-SEGNO.seg; out has room for FILES_NAME_MAX. */
void files_name(char *out, const uint8_t *mailbox, int lane, const uint8_t *inc, uint64_t segno);
/** False for anything that is no name of a segment file. A second file of one place
 * (…-SEGNO.xxxxxxxx.seg) is fine too. */
bool files_parse(struct sync_place_of *out, const char *name);
/** What sync_spool_step keeps between its steps; NULL is fine. */
void files_pass_free(struct files_pass *pass);

#endif
