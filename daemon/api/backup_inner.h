/* backup_inner.h - a backup under way, and the part that is asked for. Private to backup.c and
 * backup_lines.c. */
#ifndef API_BACKUP_INNER_H
#define API_BACKUP_INNER_H
#include "api/backup_tables.h"
#include "api/core.h"
#include "log/backup.h"

#define BACKUP_LINES_MOST 4000 /* in a part */

enum backup_stage { STAGE_HEAD, STAGE_ENTRIES, STAGE_TABLES, STAGE_END, STAGE_DONE };

struct backup {
	struct core *core;
	char id[33];
	struct backup_writer writer;
	struct backup_until until;
	uint8_t j[32]; /* the journal's chain there */
	int64_t at;    /* when it was begun */
	enum backup_stage stage;
	int64_t n; /* last entry that was written */
	struct backup_place place;
	struct loop_timer *timer;
};

struct backup_part {
	struct backup *backup;
	struct buf raw; /* the lines, one after the other */
	size_t at[BACKUP_LINES_MOST + 8], count;
	int64_t began_ms;
};

/** The next lines of the backup, as many as go into one part. */
PMJ_MUST_CHECK enum pmj_code backup_gather(struct backup_part *part, struct pmj_error *err);

#endif
