/* made_lines.h - a worker's device in a bench: where it stands in its lane, and what its worker
 * writes. All of it is made up. */
#ifndef BENCH_MADE_LINES_H
#define BENCH_MADE_LINES_H
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "domain/line.h"
#include "log/chain.h"
#include "log/segment.h"

#define RUN 12 /* lines about one person */

struct worker {
	struct ring *ring;
	uint8_t mailbox[16], incarnation[16], reader_pk[32];
	uint8_t prev[32], chain[32];
	uint64_t segno, seq;
	int64_t pt;
	uint8_t person[PMJ_RECORD_BYTES], person_e[PMJ_ENTRY_BYTES];
	uint8_t followup[PMJ_RECORD_BYTES], followup_e[PMJ_ENTRY_BYTES];
};

struct made { /* a line, and what a later one must know of it */
	char *line;
	size_t len;
	uint8_t e[PMJ_ENTRY_BYTES];
};

static struct made
write_line(struct line_draft *draft)
{
	struct made made;
	struct buf line;

	buf_init(&line, PMJ_LINE_MAX);
	prim_random(draft->n, sizeof(draft->n));
	line_write(&line, draft);
	chain_entry(made.e, line.bytes, line.len);
	made.line = mem_strndup(buf_text(&line), line.len);
	made.len = line.len;
	buf_close(&line);
	return made;
}

/* set and was are stolen. */
static struct made
make_line(struct worker *worker, const char *kind, const uint8_t *rec, json_t *set, json_t *was,
    const char *verb)
{
	struct line_draft draft = {.kind = kind,
	    .kv = 1,
	    .rec = rec,
	    .by = ring_device_id(worker->ring),
	    .pt = worker->pt++,
	    .set = set,
	    .was = was,
	    .verb = verb};
	struct made made = write_line(&draft);

	json_decref(set);
	json_decref(was);
	return made;
}

static json_t *
was_of(const char *field, const uint8_t *e)
{
	char version[2 * PMJ_VERSION_BYTES + 1];

	return json_pack("{s:[s]}", field, text_hex(version, e, PMJ_VERSION_BYTES));
}

static const char *const notes[] = {
    "talked about the market work; asked about the clinic. will call on Monday",
    "worried about the landlord; made a plan for sleep; came back to the choir. feels stronger",
    "tulizungumza kuhusu usingizi; aliuliza kuhusu kliniki. tutaonana wiki ijayo",
    "asked about money for the bus. asked for company",
    "made a plan for a week without; talked about her children; worried about his sister; came "
    "back to the next step. wants to try again"};
static const char *const places[] = {"Loitokitok", "Kimana", "Rombo", "Namanga", "Tarakea"};
static const char *const names[] = {"Asha", "Baraka", "Chausiku", "Daudi", "Esther", "Faraja",
    "Grace", "Hamisi", "Imani", "Juma", "Kezia", "Leah", "Musa"};

static struct made
contact_line(struct worker *worker, const char *person, long i)
{
	char on[24];

	(void)snprintf(on, sizeof(on), "2026-%02ld-%02ld", 1 + i % 10, 1 + i % 28);
	return make_line(worker, "contact", NULL,
	    json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "person", person, "kind",
	        i % 3 == 0 ? "one-on-one" : "phone", "on", on, "minutes", (int)(5 + i % 80),
	        "place", places[i % 5], "note", notes[i * 7 % 5]),
	    NULL, NULL);
}

static struct made
person_line(struct worker *worker, long i)
{
	char name[48], phone[32];
	struct made made;

	(void)snprintf(name, sizeof(name), "%s %c.", names[i / RUN % 13], (char)('A' + i % 26));
	(void)snprintf(phone, sizeof(phone), "+2547%08ld", i * 7919 % 100000000);
	made = make_line(worker, "person", NULL,
	    json_pack("{s:s,s:i,s:s,s:s,s:s}", "name", name, "birth_year", (int)(1950 + i % 56),
	        "village", places[i % 5], "language", "swahili", "phone", phone),
	    NULL, NULL);
	memcpy(worker->person, made.e, PMJ_RECORD_BYTES);
	memcpy(worker->person_e, made.e, PMJ_ENTRY_BYTES);
	return made;
}

static struct made
followup_line(struct worker *worker, const char *person)
{
	struct made made = make_line(worker, "followup", NULL,
	    json_pack("{s:s,s:s,s:s,s:s}", "person", person, "due", "2026-12-11", "what",
	        "call about the clinic", "state", "open"),
	    NULL, NULL);

	memcpy(worker->followup, made.e, PMJ_RECORD_BYTES);
	memcpy(worker->followup_e, made.e, PMJ_ENTRY_BYTES);
	return made;
}

/* A dozen lines about each person: who, seven contacts, a follow-up that gets done, a goal, an
 * edit. */
static struct made
next_line(struct worker *worker, long i)
{
	char person[PMJ_RECORD_CHARS + 1];

	(void)text_base32(person, worker->person, PMJ_RECORD_BYTES);
	switch (i % RUN) {
	case 0:
		return person_line(worker, i);
	case 3:
		return followup_line(worker, person);
	case 5:
		return make_line(worker, "goal", NULL,
		    json_pack("{s:s,s:s,s:s}", "person", person, "text",
		        "back to the workshop, then see the children every Sunday", "state",
		        "open"),
		    NULL, NULL);
	case 8:
		return make_line(worker, "followup", worker->followup,
		    json_pack("{s:s}", "state", "done"), was_of("state", worker->followup_e),
		    "done");
	case 10:
		return make_line(worker, "person", worker->person,
		    json_pack("{s:s}", "village", places[(i + 2) % 5]),
		    was_of("village", worker->person_e), NULL);
	default:
		return contact_line(worker, person, i);
	}
}

#endif
