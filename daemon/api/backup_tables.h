/* backup_tables.h - the tables beside the entries that a backup holds row by row: lanes, what
 * waits, what is done, and what the roles keep. */
#ifndef API_BACKUP_TABLES_H
#define API_BACKUP_TABLES_H
#include "base/json.h"
#include "store/journal.h"

struct backup_place { /* how far the tables were written; zero it to begin */
	size_t table;
	json_t *after; /* key of the last row, or NULL at a table's beginning */
};
struct backup_until {   /* the state that is being saved: nothing later is written */
	int64_t n;      /* journal entries */
	int64_t roster; /* version of the roster */
};
/** The next rows, at most `most`, each as members of a `bak.row` line into *out (new references).
 * *done: there are no more. */
PMJ_MUST_CHECK enum pmj_code backup_tables_next(struct journal *journal, json_t **out,
    struct backup_place *place, const struct backup_until *until, size_t most, bool *done,
    struct pmj_error *err);
void backup_place_close(struct backup_place *place);
/** Put one row back. PMJ_INTEGRITY for a table or column that is none. */
PMJ_MUST_CHECK enum pmj_code backup_tables_put(
    struct journal *journal, const json_t *row, struct pmj_error *err);

/** A column as a backup has it; type: integer, text or bytes, by its first letter. New reference.
 */
json_t *backup_value(struct sql *sql, int col, char type);
/** What the journal keeps by name, as {key: value} (a blob as {"x": hex}), and back. What only
 * belongs to this file is left out. */
PMJ_MUST_CHECK enum pmj_code backup_settings(
    struct journal *journal, json_t **out, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code backup_settings_put(
    struct journal *journal, const json_t *settings, struct pmj_error *err);

#endif
