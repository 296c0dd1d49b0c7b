/* date.c - dates as people type them. The calendar arithmetic is the proleptic Gregorian one, days
 * from 1970-01-01. */
#include "base/date.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool
digits(const char *text, size_t from, size_t count, int *out)
{
	*out = 0;
	for (size_t i = from; i < from + count; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return true;
}

static int
month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
date_is_day(const char *text)
{
	int year, month, day;

	return strlen(text) == 10 && text[4] == '-' && text[7] == '-' &&
	       digits(text, 0, 4, &year) && digits(text, 5, 2, &month) &&
	       digits(text, 8, 2, &day) && year >= 1800 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= month_days(year, month);
}

bool
date_is_time(const char *text)
{
	int hour, minute;

	return strlen(text) == 5 && text[2] == ':' && digits(text, 0, 2, &hour) &&
	       digits(text, 3, 2, &minute) && hour <= 23 && minute <= 59;
}

/* Counting from 1 March makes the leap day the last of its year. */
int64_t
date_days(const char *date)
{
	int year, month, day;
	int64_t y, era_days;

	if (!digits(date, 0, 4, &year) || !digits(date, 5, 2, &month) || !digits(date, 8, 2, &day))
		return 0;
	y = month <= 2 ? year - 1 : year;
	era_days = y * 365 + y / 4 - y / 100 + y / 400;
	return era_days + (153 * ((month + 9) % 12) + 2) / 5 + day - 1 - 719468;
}

void
date_of_days(char out[static 11], int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
	    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	int day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	int year = (int)(year_of_era + era * 400 + (month <= 2));
	char text[48];

	(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
	memcpy(out, text, 10);
	out[10] = '\0';
}

char *
date_stamp(char out[static 17], int64_t ms, int offset_minutes)
{
	int64_t local = ms + (int64_t)offset_minutes * MINUTE_MS;
	int64_t days = (local >= 0 ? local : local - (DAY_MS - 1)) / DAY_MS;
	int64_t minute = (local - days * DAY_MS) / MINUTE_MS;
	char text[48];
	char date[11];

	date_of_days(date, days);
	(void)snprintf(
	    text, sizeof(text), "%s %02d:%02d", date, (int)(minute / 60), (int)(minute % 60));
	memcpy(out, text, 16);
	out[16] = '\0';
	return out;
}

static const struct {
	const char *word;
	int days;
} day_words[] = {
    {"today", 0},
    {"leo", 0},
    {"now", 0},
    {"yesterday", -1},
    {"jana", -1},
    {"tomorrow", 1},
    {"kesho", 1},
    {"juzi", -2},
    {"kesho kutwa", 2},
};
/* Monday first; 1970-01-01 was a Thursday. */
static const char *const weekdays[2][7] = {
    {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
    {"jumatatu", "jumanne", "jumatano", "alhamisi", "ijumaa", "jumamosi", "jumapili"},
};

static bool
unit_days(const char *unit, int *days)
{
	static const struct {
		const char *name;
		int days;
	} units[] = {{"day", 1}, {"days", 1}, {"week", 7}, {"weeks", 7}, {"month", 30},
	    {"months", 30}, {"year", 365}, {"years", 365}};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(unit, units[i].name) == 0) {
			*days = units[i].days;
			return true;
		}
	}
	return false;
}

/* "3 days ago", "in 2 weeks" */
static bool
relative_days(const char *folded, int64_t *days)
{
	char unit[12], tail[8] = "";
	int count, each;

	if (sscanf(folded, "in %4d %11s %7s", &count, unit, tail) == 2 && unit_days(unit, &each)) {
		*days = (int64_t)count * each;
		return true;
	}
	if (sscanf(folded, "%4d %11s %7s", &count, unit, tail) == 3 && strcmp(tail, "ago") == 0 &&
	    unit_days(unit, &each)) {
		*days = -(int64_t)count * each;
		return true;
	}
	return false;
}

static bool
weekday_days(const char *folded, int64_t today, int64_t *days)
{
	for (int i = 0; i < 14; i++) {
		if (strcmp(folded, weekdays[i / 7][i % 7]) == 0) {
			*days = ((int64_t)(i % 7) - (today + 3) % 7 + 7) % 7;
			return true;
		}
	}
	return false;
}

bool
date_read(char out[static 11], const char *text, int64_t now_ms, int offset_minutes)
{
	int64_t today = (now_ms + (int64_t)offset_minutes * MINUTE_MS) / DAY_MS;
	int64_t days = 0;
	bool known = false;
	char *folded;

	if (date_is_day(text)) {
		memcpy(out, text, 11);
		return true;
	}
	folded = text_fold(text);
	for (size_t i = 0; i < sizeof(day_words) / sizeof(*day_words) && !known; i++) {
		if (strcmp(folded, day_words[i].word) == 0) {
			days = day_words[i].days;
			known = true;
		}
	}
	known = known || relative_days(folded, &days) || weekday_days(folded, today, &days);
	free(folded);
	if (known)
		date_of_days(out, today + days);
	return known;
}
