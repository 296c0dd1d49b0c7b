/* date.h - days and times of day as people type and read them, and spans in milliseconds. Pure.
 * The calendar is the proleptic Gregorian one. */
#ifndef BASE_DATE_H
#define BASE_DATE_H
#include <stdbool.h>
#include <stdint.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/** A date as people type it: 2026-11-23, today, yesterday, tomorrow, 3 days ago, in 2 weeks, monday
 * (the coming or present week's), leo, jana, kesho. now_ms and the local offset give "today".
 * Writes YYYY-MM-DD. False when it is none. */
bool date_read(char out[static 11], const char *text, int64_t now_ms, int offset_minutes);
/** Calendar check of exactly YYYY-MM-DD. */
bool date_is_day(const char *text);
/** Exactly HH:MM, 00:00 to 23:59. */
bool date_is_time(const char *text);
/** Days since 1970-01-01 of a valid YYYY-MM-DD, and back. */
int64_t date_days(const char *date);
void date_of_days(char out[static 11], int64_t days);
/** 2026-11-23 14:05, local by offset. */
char *date_stamp(char out[static 17], int64_t ms, int offset_minutes);

#endif
