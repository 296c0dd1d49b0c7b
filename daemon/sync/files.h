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
/** Put one segment of ours into spool/out; a failure only makes the folder dirty. */
void files_put(struct sync *sync, const struct lane *lane, uint64_t segno, const struct buf *bytes);

#endif
