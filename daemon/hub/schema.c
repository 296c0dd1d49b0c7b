/* schema.c - what the hub keeps beside the journal's entries; all of it but the backup keys is made
 * from lines of the journal. */
#include "hub/hub.h"

const char *const hub_schema[] = {
    /* state: live, suspended, revoked. The hub's own device has no mailbox. */
    "CREATE TABLE IF NOT EXISTS pmj_device(device BLOB PRIMARY KEY, sign_pk BLOB NOT NULL, seal_pk "
    "BLOB NOT NULL,"
    " mailbox BLOB UNIQUE, role TEXT NOT NULL, name TEXT NOT NULL, until TEXT, state TEXT NOT NULL,"
    " enrolled_ms INTEGER NOT NULL, beacon_seen BLOB, roster_seen INTEGER NOT NULL DEFAULT 0) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_roster(ver INTEGER PRIMARY KEY, hash BLOB NOT NULL, n INTEGER "
    "NOT NULL, op TEXT NOT NULL,"
    " device BLOB)",
    "CREATE INDEX IF NOT EXISTS pmj_roster_hash ON pmj_roster(hash)",
    /* What each laptop last said of itself, and the beacons sealed to it since the one that it
       echoed (heard.c). */
    "CREATE TABLE IF NOT EXISTS pmj_heard(device BLOB PRIMARY KEY, inc BLOB NOT NULL, seq INTEGER "
    "NOT NULL, waits INTEGER NOT NULL, at_ms INTEGER NOT NULL, came_ms INTEGER NOT NULL, beacon_ms "
    "INTEGER NOT NULL, stale INTEGER NOT NULL, stale_day INTEGER NOT NULL, rv INTEGER NOT NULL, "
    "head BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_beacon(mailbox BLOB NOT NULL, e BLOB NOT NULL, at_ms INTEGER "
    "NOT NULL, PRIMARY KEY(mailbox, e)) WITHOUT ROWID",
    /* What came to a restored hub until all laptops were heard (returned.c). */
    "CREATE TABLE IF NOT EXISTS pmj_since(n INTEGER PRIMARY KEY, device BLOB NOT NULL, inc BLOB "
    "NOT NULL, seq INTEGER NOT NULL)",
    /* Entries that this laptop gave back and nobody vouches for (returned_entry.c); name: as it
       calls their author. */
    "CREATE TABLE IF NOT EXISTS pmj_back(n INTEGER PRIMARY KEY, giver BLOB NOT NULL, name TEXT NOT "
    "NULL)",
    /* Entries that were let in after the backup that this hub was restored from. */
    "CREATE TABLE IF NOT EXISTS pmj_let_in(e BLOB PRIMARY KEY) WITHOUT ROWID",
    /* Two laptops of one worker, the one in place of the other (same.c); n: the line that says so.
     */
    "CREATE TABLE IF NOT EXISTS pmj_same(device BLOB NOT NULL, of BLOB NOT NULL, n INTEGER NOT "
    "NULL, PRIMARY KEY(of, device)) WITHOUT ROWID",
    /* The key that a laptop will be sealed to, 30 days after it came. */
    "CREATE TABLE IF NOT EXISTS pmj_next_key(device BLOB PRIMARY KEY, epoch INTEGER NOT NULL, pk "
    "BLOB NOT NULL, came_ms INTEGER NOT NULL) WITHOUT ROWID",
    /* The line that says where a laptop's mailbox is; and when it first came that way. */
    "CREATE TABLE IF NOT EXISTS pmj_moved(device BLOB PRIMARY KEY, n INTEGER NOT NULL, e BLOB NOT "
    "NULL, came_ms INTEGER NOT NULL) WITHOUT ROWID",
    /* On the team from roster version from_ver (0: made the person) until before to_ver. */
    "CREATE TABLE IF NOT EXISTS pmj_team(person BLOB NOT NULL, device BLOB NOT NULL, from_ver "
    "INTEGER NOT NULL, to_ver INTEGER,"
    " PRIMARY KEY(person, device, from_ver)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS pmj_team_device ON pmj_team(device)",
    /* n: the hold line; held: the entry it holds; released: the release line. */
    "CREATE TABLE IF NOT EXISTS pmj_hold_line(n INTEGER PRIMARY KEY, e BLOB NOT NULL, held INTEGER "
    "NOT NULL, reason TEXT NOT NULL,"
    " released INTEGER)",
    "CREATE INDEX IF NOT EXISTS pmj_hold_held ON pmj_hold_line(held)",
    /* What one device had merged on that day of the hub's clock, and what is put off since. */
    "CREATE TABLE IF NOT EXISTS pmj_intake(device BLOB PRIMARY KEY, day INTEGER NOT NULL, entries "
    "INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_photo_intake(device BLOB PRIMARY KEY, day INTEGER NOT NULL, "
    "bytes INTEGER NOT NULL) WITHOUT ROWID",
    /* A photo that is not here, of which a laptop has what `by` wrote: since when that is known,
       whom it was asked of, and when. */
    "CREATE TABLE IF NOT EXISTS pmj_photo_wanted(rec BLOB NOT NULL, hash BLOB NOT NULL, by BLOB "
    "NOT NULL, since_ms INTEGER NOT NULL, giver BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY(rec, hash, by)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_deferred(n INTEGER PRIMARY KEY, device BLOB NOT NULL, mailbox "
    "BLOB NOT NULL, inc BLOB NOT NULL, seq INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS pmj_deferred_device ON pmj_deferred(device, n)",
    "CREATE INDEX IF NOT EXISTS pmj_deferred_lane ON pmj_deferred(mailbox, inc, seq)",
    /* What a device is still to be sent or to have forgotten (share_work.c): why (roster version),
       and how far it is: `rec` up to entry n, and what comes before it. */
    "CREATE TABLE IF NOT EXISTS pmj_share(id INTEGER PRIMARY KEY, device BLOB NOT NULL, work "
    "INTEGER NOT NULL, person BLOB, kind TEXT, ver INTEGER NOT NULL, at INTEGER NOT NULL, rec "
    "BLOB, n INTEGER NOT NULL)",
    /* Which authors a device was told the name of. */
    "CREATE TABLE IF NOT EXISTS pmj_told(mailbox BLOB NOT NULL, device BLOB NOT NULL, PRIMARY "
    "KEY(mailbox, device)) WITHOUT ROWID",
    /* What needs more than one person (pending.c); id: the hash that is signed, n: the line that
       asks, extra: what carrying it out takes besides. */
    "CREATE TABLE IF NOT EXISTS pmj_pending(id BLOB PRIMARY KEY, n INTEGER NOT NULL, act TEXT NOT "
    "NULL, extra TEXT, asked_ms INTEGER NOT NULL, state INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pmj_pending_sign(id BLOB NOT NULL, device BLOB NOT NULL, g BLOB "
    "NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(id, device)) WITHOUT ROWID",
    /* Whoever had something of an erased person (erase.c), and when they said that it is gone. */
    "CREATE TABLE IF NOT EXISTS pmj_erased(act BLOB NOT NULL, device BLOB NOT NULL, removed_ms "
    "INTEGER, unreadable_ms INTEGER, PRIMARY KEY(act, device)) WITHOUT ROWID",
    /* used: both halves were typed into a machine. No secret is here (backup_key.c). */
    "CREATE TABLE IF NOT EXISTS pmj_backup_key(number INTEGER PRIMARY KEY, made_ms INTEGER NOT "
    "NULL, pk BLOB NOT NULL, used INTEGER NOT NULL DEFAULT 0, destroyed_ms INTEGER)",
    NULL};
