/* lines.h - lines as the journal keeps them. Private to the folder and to statements that read a
 * line. */
#ifndef STORE_LINES_H
#define STORE_LINES_H
#include <sqlite3.h>

struct journal;

/** SQL functions of this connection. An SQLite result.
 *   pmj_line(line, by, pt, rec)     the line as it was appended; NULL for a stub; SQLITE_CORRUPT
 *                                   for what was not packed here
 *   pmj_packed(line, by, pt, rec)   as it is kept
 *   pmj_hash(e, line, by, pt, rec)  e, or where that is NULL the hash of the line */
int lines_functions(sqlite3 *db, struct journal *journal);

#endif
