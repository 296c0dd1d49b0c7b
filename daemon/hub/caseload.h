/* caseload.h - what the files of the caseload share. */
#ifndef HUB_CASELOAD_H
#define HUB_CASELOAD_H
#include "hub/hub_inner.h"

struct load { /* of one worker */
	uint8_t device[PMJ_DEVICE_BYTES];
	char name[128], role[16], until[11];
	int64_t people, most;     /* who are with them; how many they want; 0: not said */
	int64_t contacts, crises; /* in four weeks */
	int64_t overdue;
	int64_t minutes, times, week;   /* supervision: this month, in the last seven days */
	int64_t certificates, consents; /* that run out within 30 days, or have */
	int64_t boundaries;
	json_t *tags, *languages;
};

struct load_name { /* every laptop there was, and whose it is now */
	uint8_t device[PMJ_DEVICE_BYTES];
	size_t at;
};

struct hub_caseload {
	struct hub *hub;
	enum lang lang;
	bool matches; /* who could take `person` */
	uint8_t person[PMJ_RECORD_BYTES];
	json_t *wants, *language; /* tags, and languages */
	const struct kind *expected;
	char today[11], soon[11], contacts_from[11], month_from[11], week_from[11], early_from[11];
	struct load *list;
	size_t count;
	struct load_name *names; /* by device */
	size_t name_count;
	int64_t nobodys;
	json_t *without; /* the first of them */
	json_t *consents;
	/* How far it is: */
	size_t walk;
	int64_t at;
	size_t at_kind;
	bool amid_day;
	int64_t at_num;
	char at_due[11];
	uint8_t at_rec[PMJ_RECORD_BYTES];
};

/* caseload_tell.c */
struct load *load_of(struct hub_caseload *load, const uint8_t device[static PMJ_DEVICE_BYTES]);
struct load *load_named(struct hub_caseload *load, const char *name);
void load_consent(struct hub_caseload *load, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t person[static PMJ_RECORD_BYTES], const char *expires);
void load_without(struct hub_caseload *load, const uint8_t person[static PMJ_RECORD_BYTES]);
PMJ_MUST_CHECK enum pmj_code caseload_tell(
    struct hub_caseload *load, json_t **out, struct pmj_error *err);

#endif
