/* device_schema.h - tables of the worker's side, part of sync_schema. Private to daemon/sync. */
#ifndef SYNC_DEVICE_SCHEMA_H
#define SYNC_DEVICE_SCHEMA_H

#define DEVICE_SCHEMA                                                                              \
	"CREATE TABLE IF NOT EXISTS pmj_hold(hold BLOB PRIMARY KEY,e BLOB NOT NULL,"               \
	"reason TEXT NOT NULL) WITHOUT ROWID",                                                     \
	    "CREATE INDEX IF NOT EXISTS pmj_hold_e ON pmj_hold(e)",                                \
	    "CREATE TABLE IF NOT EXISTS pmj_who(device BLOB PRIMARY KEY,name TEXT NOT NULL,"       \
	    "role TEXT NOT NULL,until TEXT) WITHOUT ROWID",                                        \
	    "CREATE TABLE IF NOT EXISTS pmj_handed(record BLOB PRIMARY KEY,name TEXT NOT NULL,"    \
	    "at INTEGER NOT NULL) WITHOUT ROWID",                                                  \
	    "CREATE TABLE IF NOT EXISTS pmj_ask(id BLOB PRIMARY KEY,act TEXT NOT NULL,"            \
	    "at_ms INTEGER NOT NULL,answer TEXT,state TEXT NOT NULL) WITHOUT ROWID",               \
	    "CREATE TABLE IF NOT EXISTS pmj_file(name TEXT PRIMARY KEY,hash BLOB NOT NULL,"        \
	    "version INTEGER NOT NULL,bytes BLOB NOT NULL)",                                       \
	    "CREATE TABLE IF NOT EXISTS pmj_file_part(hash BLOB NOT NULL,part INTEGER NOT NULL,"   \
	    "bytes BLOB NOT NULL,PRIMARY KEY(hash,part))"

#endif
